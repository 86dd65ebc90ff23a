/* Selection of devices, invalid arguments, and the cache of compiled kernels. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "trireme/gpu.h"

static void names(const tri_gpu_info *info) {
    char part[8], index[24], lower[8];
    snprintf(part, sizeof part, "%.6s", info->name);
    snprintf(lower, sizeof lower, "%.6s", info->name);
    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    snprintf(index, sizeof index, "%zu", info->index);
    const char *filters[] = {NULL,  "auto",       index,          part,
                             lower, info->vendor, info->platform, tri_gpu_type_name(info->type)};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        tri_gpu *gpu = NULL;
        CHECK_OK(tri_gpu_open(filters[i], 0, 1, &gpu));
        if (gpu && i > 1)
            CHECK(strcmp(tri_gpu_describe(gpu)->name, info->name) == 0, "'%s' opens '%s'", filters[i],
                  tri_gpu_describe(gpu)->name);
        tri_gpu_close(&gpu);
        CHECK(!gpu, "a closed device is NULL");
    }
    tri_gpu *gpu = NULL;
    CHECK_OK(tri_gpu_open(index, 7, 8, &gpu));
    tri_gpu_close(&gpu);
    tri_gpu_close(&gpu);
}

static void refused(const tri_gpu_info *info) {
    tri_gpu *gpu = NULL;
    CHECK_STATUS(tri_gpu_open("no such thing", 0, 1, &gpu), TRI_ERR_DEVICE);
    CHECK(strstr(tri_error_text(), "'no such thing'") && strstr(tri_error_text(), info->name), "%s",
          tri_error_text());
    CHECK_STATUS(tri_gpu_open("999", 0, 1, &gpu), TRI_ERR_DEVICE);
    CHECK_STATUS(tri_gpu_open("auto", 1, 1, &gpu), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_open("auto", -1, 1, &gpu), TRI_ERR_ARGUMENT);
    CHECK(!gpu, "outputs are written on success only");
}

/* Counts the files in the cache; sets `path` to the last. */
static int cache_file(const char *folder, char path[512]) {
    int found = 0;
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.') {
            snprintf(path, 512, "%s/%s", folder, entry->d_name);
            found++;
        }
    if (d) closedir(d);
    return found;
}

/* Opens the device and sums, to detect a broken kernel. */
static void works(const char *index, const char *what) {
    tri_gpu *gpu = NULL;
    double x[100], sum = 0;
    for (int i = 0; i < 100; i++)
        x[i] = i;
    CHECK_OK(tri_gpu_open(index, 0, 1, &gpu));
    if (gpu) CHECK_OK(tri_gpu_sum_plain(gpu, x, 100, &sum));
    CHECK(sum == 4950, "%s: %g", what, sum);
    tri_gpu_close(&gpu);
}

static void cache(const tri_gpu_info *info) {
    char root[] = "/tmp/trireme-test-XXXXXX", folder[64], path[512], index[24];
    CHECK(mkdtemp(root), "no folder in /tmp");
    snprintf(folder, sizeof folder, "%s/trireme", root);
    snprintf(index, sizeof index, "%zu", info->index);
    setenv("XDG_CACHE_HOME", root, 1);
    works(index, "a cold cache");
    CHECK(cache_file(folder, path) == 1, "one file for one program");
    struct stat fresh = {0}, again = {0};
    CHECK(stat(path, &fresh) == 0 && fresh.st_size > 100, "its size");
    works(index, "a warm cache");
    CHECK(stat(path, &again) == 0 && again.st_ino == fresh.st_ino, "a good file is not written again");

    for (int damage = 0; damage < 2; damage++) {
        FILE *file = fopen(path, "r+");
        CHECK(file, "cannot open the file");
        if (!file) break;
        /* First a wrong word, then a truncated file. */
        CHECK(fseek(file, 1000, SEEK_SET) == 0 && fputs("#wrong#", file) >= 0, "cannot write");
        CHECK(fclose(file) == 0, "cannot write");
        if (damage) CHECK(truncate(path, fresh.st_size / 2) == 0, "cannot cut");
        works(index, "a damaged file");
        CHECK(stat(path, &again) == 0 && again.st_size == fresh.st_size, "a damaged file is replaced");
    }
    CHECK(unlink(path) == 0 && cache_file(folder, path) == 0, "no other file is left");

    /* A folder that cannot be created: a file has its name. */
    CHECK(rmdir(folder) == 0, "remove '%s'", folder);
    FILE *file = fopen(folder, "w");
    CHECK(file && fclose(file) == 0, "cannot write");
    setenv("HOME", folder, 1);
    setenv("TMPDIR", folder, 1);
    works(index, "no cache folder at all");
    CHECK(unlink(folder) == 0 && rmdir(root) == 0, "clean up");
}

static void handler(int number) {
    (void)number;
}

/* OpenCL drivers install signal handlers; the program's actions must be restored. */
static void signals(tri_gpu_info list[16], size_t *count) {
    struct sigaction before[32], after;
    struct sigaction mine = {.sa_handler = handler, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &mine, NULL) == 0, "SIGUSR1");
    for (int s = 1; s < 32; s++)
        CHECK(sigaction(s, NULL, before + s) == 0, "signal %d", s);
    CHECK_OK(tri_gpu_list(list, 16, count));
    tri_gpu *gpu = NULL;
    if (*count) CHECK_OK(tri_gpu_open("auto", 0, 1, &gpu));
    tri_gpu_close(&gpu);
    for (int s = 1; s < 32; s++)
        CHECK(sigaction(s, NULL, &after) == 0 && (s == SIGFPE || after.sa_handler == before[s].sa_handler),
              "signal %d is not as it was", s);
}

int main(void) {
    tri_gpu_info list[16];
    size_t count = 0;
    signals(list, &count);
    CHECK(strcmp(tri_gpu_type_name(TRI_GPU_ACCELERATOR), "accelerator") == 0, "name of a type");
    for (size_t i = 0; i < count && i < 16; i++) {
        CHECK(list[i].index == i && list[i].name[0] && list[i].compute_units && list[i].memory_bytes,
              "device %zu", i);
        if (!list[i].fp64) continue;
        names(list + i);
        refused(list + i);
        if (i == 0) cache(list + i);
    }
    if (!count) {
        tri_gpu *gpu = NULL;
        CHECK_STATUS(tri_gpu_open("auto", 0, 1, &gpu), TRI_ERR_DEVICE);
        CHECK(strstr(tri_error_text(), "-1001"), "%s", tri_error_text());
    }
    return check_result("device");
}
