/* Programs: compiled from source, or loaded from the cache folder.
 *
 * The name of a cache file is a hash of everything that the binary depends on. The file holds a mark, a hash
 * of the binary, its length, and the binary. It is written under a temporary name and renamed, so that
 * readers see all of it or nothing. A damaged file is replaced after a new compilation. Of the processes that
 * need a program at the same time, one compiles and the others wait for its lock. If the folder cannot be
 * written, every process compiles. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/accumulator.h"
#include "gpu/device.h"
#include "gpu/moments.h"
#include "gpu/program.h"
#include "trireme/moments.h"

enum { PATH_SIZE = 4096, OPTIONS_SIZE = 4096 };

static const char pocl[] = "Portable Computing Language";

/* FNV-1a. */
static uint64_t hash(uint64_t h, const void *data, size_t bytes) {
    for (const unsigned char *p = data; bytes; bytes--, p++)
        h = (h ^ *p) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t hash_text(uint64_t h, const char *text) {
    return hash(h, text, strlen(text) + 1);
}

/* Constants that the kernels share with the C sources. */
static void options_of(const tri_gpu *gpu, char options[OPTIONS_SIZE]) {
    const struct {
        const char *name;
        int value;
    } constants[] = {
        {"ONE_ITEM", gpu->one_item},
        {"GROUP", TRI_GPU_GROUP},
        {"POCL", strcmp(gpu->info.platform, pocl) == 0},
        {"SUM_WORDS", TRI_SUM_WORDS},
        {"SUM_DIGITS", TRI_SUM_DIGITS},
        {"SUM_BASE", TRI_SUM_BASE},
        {"SQUARES_WORDS", TRI_SQUARES_WORDS},
        {"SQUARES_DIGITS", TRI_SQUARES_DIGITS},
        {"SQUARES_BASE", TRI_SQUARES_BASE},
        {"TAIL_NAN", TRI_TAIL_NAN},
        {"TAIL_POSITIVE_INF", TRI_TAIL_POSITIVE_INF},
        {"TAIL_NEGATIVE_INF", TRI_TAIL_NEGATIVE_INF},
        {"TAIL_NEGATIVE_ZERO", TRI_TAIL_NEGATIVE_ZERO},
        {"TAIL_OTHERS", TRI_TAIL_OTHERS},
        {"TAIL_BOUND", TRI_TAIL_BOUND},
        {"MOMENTS_STATE", TRI_MOMENTS_STATE},
        {"ORDERED_BLOCK", TRI_ORDERED_BLOCK},
        {"ORDERED_LANES", TRI_ORDERED_LANES},
        {"TYPE_DOUBLE", TRI_GPU_DOUBLE},
        {"TYPE_FLOAT", TRI_GPU_FLOAT},
        {"TYPE_INT32", TRI_GPU_INT32},
        {"TYPE_INT64", TRI_GPU_INT64},
        {"TYPE_UINT32", TRI_GPU_UINT32},
        {"TYPE_UINT64", TRI_GPU_UINT64},
        {"OP_SUM", TRI_GPU_SUM},
        {"OP_PRODUCT", TRI_GPU_PRODUCT},
        {"OP_MIN", TRI_GPU_MIN},
        {"OP_MAX", TRI_GPU_MAX},
        {"OP_AND", TRI_GPU_AND},
        {"OP_OR", TRI_GPU_OR},
        {"OP_XOR", TRI_GPU_XOR},
    };
    size_t at = (size_t)snprintf(options, OPTIONS_SIZE, "-cl-std=CL1.2");
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        at += (size_t)snprintf(options + at, OPTIONS_SIZE - at, " -D%s=%d", constants[i].name,
                               constants[i].value);
}

/* Creates the folder and its parents. */
static bool make_folder(char *path) {
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The path of the cache file; "" if no folder can be created. */
static void cache_path(const tri_gpu *gpu, const tri_gpu_text *text, char path[PATH_SIZE]) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *tmp = getenv("TMPDIR");
    char folder[PATH_SIZE - 64];
    bool made = false;
    path[0] = 0;
    if (cache && *cache == '/') {
        snprintf(folder, sizeof folder, "%s/trireme", cache);
        made = make_folder(folder);
    }
    if (!made && home && *home == '/') {
        snprintf(folder, sizeof folder, "%s/.cache/trireme", home);
        made = make_folder(folder);
    }
    if (!made) {
        /* /tmp is writable by all: accept the folder only if this user owns it and others cannot write to
         * it. */
        struct stat info;
        snprintf(folder, sizeof folder, "%s/trireme-%ld", tmp && *tmp ? tmp : "/tmp", (long)getuid());
        made = make_folder(folder) && lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) &&
               info.st_uid == getuid() && !(info.st_mode & (S_IWGRP | S_IWOTH));
    }
    if (!made) return;
    uint64_t key[2] = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x9e3779b97f4a7c15)};
    for (int i = 0; i < 2; i++) {
        const char *parts[] = {text->options,    gpu->info.platform, gpu->info.name,
                               gpu->info.vendor, gpu->info.version,  gpu->info.driver};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            key[i] = hash_text(key[i], parts[k]);
        for (unsigned k = 0; k < text->sources; k++)
            key[i] = hash_text(key[i], text->source[k]);
    }
    snprintf(path, PATH_SIZE, "%s/%016llx%016llx.clbin", folder, (unsigned long long)key[0],
             (unsigned long long)key[1]);
}

static const char mark[8] = "TRICLB1";

/* The cached binary, to be freed by the caller; NULL if missing, damaged or out of memory. */
static unsigned char *cache_read(const char *path, size_t *bytes) {
    unsigned char *binary = NULL;
    FILE *file = *path ? fopen(path, "rb") : NULL;
    if (!file) return NULL;
    char head[sizeof mark];
    uint64_t sum, length;
    struct stat info;
    if (fread(head, sizeof head, 1, file) == 1 && memcmp(head, mark, sizeof mark) == 0 &&
        fread(&sum, sizeof sum, 1, file) == 1 && fread(&length, sizeof length, 1, file) == 1 &&
        fstat(fileno(file), &info) == 0 && length > 0 &&
        length + sizeof head + sizeof sum + sizeof length == (uint64_t)info.st_size)
        binary = malloc(length);
    if (binary && (fread(binary, length, 1, file) != 1 || hash(length, binary, length) != sum)) {
        free(binary);
        binary = NULL;
    }
    fclose(file);
    if (binary) *bytes = length;
    return binary;
}

static void cache_write(const char *path, const unsigned char *binary, size_t bytes) {
    char temporary[PATH_SIZE + 16];
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int descriptor = *path ? mkstemp(temporary) : -1;
    if (descriptor < 0) return;
    FILE *file = fdopen(descriptor, "wb");
    uint64_t length = bytes, sum = hash(length, binary, bytes);
    bool written = file && fwrite(mark, sizeof mark, 1, file) == 1 &&
                   fwrite(&sum, sizeof sum, 1, file) == 1 && fwrite(&length, sizeof length, 1, file) == 1 &&
                   fwrite(binary, bytes, 1, file) == 1;
    if (file)
        written &= fclose(file) == 0;
    else
        close(descriptor);
    if (!written || rename(temporary, path) != 0) unlink(temporary);
}

static cl_program load(tri_gpu *gpu, const char *options, const char *path) {
    size_t bytes = 0;
    unsigned char *binary = cache_read(path, &bytes);
    if (!binary) return NULL;
    const unsigned char *binaries = binary;
    cl_int status = CL_SUCCESS, code;
    cl_program program =
        clCreateProgramWithBinary(gpu->context, 1, &gpu->device, &bytes, &binaries, &status, &code);
    free(binary);
    if (code == CL_SUCCESS && status == CL_SUCCESS)
        code = clBuildProgram(program, 1, &gpu->device, options, NULL, NULL);
    if (code == CL_SUCCESS && status == CL_SUCCESS) return program;
    if (program) clReleaseProgram(program);
    return NULL;
}

/* PoCL builds a binary from the files that are present in its folder, and aborts when it loads an incomplete
 * one. A cleanup of /tmp meanwhile makes it incomplete; such a binary must not be cached. */
static bool is_whole(const tri_gpu *gpu, const tri_gpu_text *text, const unsigned char *binary,
                     size_t bytes) {
    static const char program[] = "/program.bc";
    char file[80];
    snprintf(file, sizeof file, "/%s.so", text->kernel);
    return strcmp(gpu->info.platform, pocl) != 0 ||
           (memmem(binary, bytes, program, strlen(program)) && memmem(binary, bytes, file, strlen(file)));
}

static void save(const tri_gpu *gpu, const tri_gpu_text *text, cl_program program, const char *path) {
    size_t bytes = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) != CL_SUCCESS ||
        !bytes)
        return;
    unsigned char *binary = malloc(bytes);
    if (binary &&
        clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS &&
        is_whole(gpu, text, binary, bytes))
        cache_write(path, binary, bytes);
    free(binary);
}

/* The compiler's log, to be freed by the caller; NULL if out of memory. */
static char *log_of(const tri_gpu *gpu, cl_program program) {
    size_t bytes = 0;
    clGetProgramBuildInfo(program, gpu->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    char *log = calloc(1, bytes + 1);
    if (log) clGetProgramBuildInfo(program, gpu->device, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    return log;
}

/* Waits until no other process compiles this program, and locks out others. Returns a descriptor, or -1 where
 * there are no locks or the wait takes too long: then this process compiles, too. */
static int lock(const char *path, char lock_path[PATH_SIZE + 8]) {
    enum { TRIES = 30000 };
    const struct timespec moment = {.tv_nsec = 20000000};
    snprintf(lock_path, PATH_SIZE + 8, "%s.lock", path);
    int descriptor = *path ? open(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    for (int k = 0; descriptor >= 0 && k < TRIES; k++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
        if (errno != EWOULDBLOCK && errno != EINTR) break;
        nanosleep(&moment, NULL);
    }
    if (descriptor >= 0) close(descriptor);
    return -1;
}

/* Processes that wait for this lock find the program in the cache; later ones, too. */
static void unlock(int descriptor, const char *lock_path) {
    if (descriptor < 0) return;
    unlink(lock_path);
    close(descriptor);
}

/* Redirects standard error, to which PoCL's compiler writes beside its log, to /dev/null. Returns a copy of
 * the old descriptor, or -1. */
static int hide_errors(void) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (nowhere >= 0 && before >= 0) dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) close(nowhere);
    return before;
}

static void show_errors(int before) {
    if (before < 0) return;
    dup2(before, STDERR_FILENO);
    close(before);
}

static tri_status compile(tri_gpu *gpu, const tri_gpu_text *text, const char *path, cl_program *out,
                          char **log) {
    cl_int code;
    const char *source[TRI_GPU_SOURCES];
    memcpy(source, text->source, sizeof source);
    cl_program program = clCreateProgramWithSource(gpu->context, text->sources, source, NULL, &code);
    TRI_TRY(tri_cl(gpu, code, "creating a program"));
    int before = hide_errors();
    code = clBuildProgram(program, 1, &gpu->device, text->options, NULL, NULL);
    show_errors(before);
    if (code != CL_SUCCESS) {
        *log = code == CL_BUILD_PROGRAM_FAILURE ? log_of(gpu, program) : NULL;
        clReleaseProgram(program);
        return tri_cl(gpu, code, "compiling a kernel");
    }
    save(gpu, text, program, path);
    *out = program;
    return TRI_OK;
}

tri_status tri_gpu_compile(tri_gpu *gpu, const tri_gpu_text *text, cl_kernel *out, char **log) {
    char path[PATH_SIZE], lock_path[PATH_SIZE + 8];
    cache_path(gpu, text, path);
    cl_program program = load(gpu, text->options, path);
    if (!program) {
        if (gpu->notice) gpu->notice(gpu->notice_context, gpu);
        int descriptor = lock(path, lock_path);
        if (descriptor >= 0) program = load(gpu, text->options, path);
        tri_status status = program ? TRI_OK : compile(gpu, text, path, &program, log);
        unlock(descriptor, lock_path);
        TRI_TRY(status);
    }
    cl_int code;
    cl_kernel kernel = clCreateKernel(program, text->kernel, &code);
    clReleaseProgram(program); /* the kernel keeps it */
    TRI_TRY(tri_cl(gpu, code, "creating a kernel"));
    *out = kernel;
    return TRI_OK;
}

/* A program of its own, so that no other kernel is compiled with it. */
static void text_of(tri_kernel_id id, const char *options, tri_gpu_text *text) {
    static const struct {
        const char *name, *source;
    } kernels[] = {
#define X(name) {#name, tri_source_##name},
#include "gpu/kernels.def"
#undef X
    };
    *text = (tri_gpu_text){.source = {tri_source_common}, .sources = 1, .options = options};
    if (id == TRI_KERNEL_sum || id == TRI_KERNEL_moments) {
        text->source[text->sources++] = tri_source_words;
        text->source[text->sources++] = tri_source_exact;
    }
    text->source[text->sources++] = kernels[id].source;
    text->kernel = kernels[id].name;
}

tri_status tri_gpu_need(tri_gpu *gpu, tri_kernel_id id) {
    if (gpu->kernel[id]) return TRI_OK;
    char options[OPTIONS_SIZE], *log = NULL;
    tri_gpu_text text;
    tri_gpu_signals signals;
    options_of(gpu, options);
    text_of(id, options, &text);
    tri_gpu_signals_save(&signals);
    tri_status status = tri_gpu_compile(gpu, &text, &gpu->kernel[id], &log);
    tri_gpu_signals_restore(&signals);
    if (log)
        status = tri_fail(TRI_ERR_DEVICE, "OpenCL device '%s' cannot compile the kernel '%s': %.800s",
                          gpu->info.name, text.kernel, log);
    free(log);
    return status;
}
