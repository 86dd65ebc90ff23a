/* Addresses in words: file and line where the program has debugging information, else the nearest symbol,
 * else the module. elfutils' libdw reads all of that, and the stack of a rank, which stops for that moment.
 * Both happen when a report is due, never before. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef TRIREME_HAS_LIBDW
#include <elfutils/libdwfl.h>
#endif

#include "apps/watch/judge.h"

/* The MPI library's own part of a stack, and what stands between it and the program. */
static bool is_library(const char *path) {
    static const char *const starts[] = {"libmpi",    "libpmpi",  "libopen-", "libompi",
                                         "mca_",      "libuc",    "libpmi",   "libtrireme-preload",
                                         "libfabric", "libpsm",   "libc.so",  "libpthread",
                                         "ld-linux",  "libevent", "libhwloc", "libm.so",
                                         "librt",     "liboshmem"};
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncmp(name, starts[i], strlen(starts[i]))) return true;
    return !strncmp(name, "MPI.", 4) || strstr(name, "cpython"); /* mpi4py's module */
}

/* Texts by file and place in it, which are the same on all ranks. */
enum { KNOWN = 512 };
static struct {
    char *file, *text;
    uint64_t at;
    bool library;
} known[KNOWN];
static int known_count;

/* The file that is mapped at an address of a process, and the place in it. */
static bool find_file(int pid, uint64_t address, char *file, uint64_t *at) {
    char path[32], line[4600];
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    bool found = false;
    while (maps && !found && fgets(line, sizeof line, maps)) {
        unsigned long long first, last, offset;
        *file = 0;
        if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %4095s", &first, &last, &offset, file) < 3) continue;
        found = address >= first && address < last;
        *at = address - first + offset;
    }
    if (maps) fclose(maps);
    return found && *file;
}

#ifdef TRIREME_HAS_LIBDW
static Dwfl *processes[64];
static int process_of[64], process_count;

static Dwfl *open_process(int pid) {
    static char *no_path = NULL;
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo,
                                             .debuginfo_path = &no_path};
    for (int i = 0; i < process_count; i++)
        if (process_of[i] == pid) return processes[i];
    Dwfl *dwfl = process_count < 64 ? dwfl_begin(&callbacks) : NULL;
    if (!dwfl) return NULL;
    if (dwfl_linux_proc_report(dwfl, pid) || dwfl_report_end(dwfl, NULL, NULL)) {
        dwfl_end(dwfl);
        dwfl = NULL;
    }
    process_of[process_count] = pid;
    processes[process_count++] = dwfl;
    return dwfl;
}

static char *describe(int pid, uint64_t address) {
    Dwfl *dwfl = open_process(pid);
    Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
    if (!module) return NULL;
    int number = 0;
    const char *name = dwfl_module_addrname(module, address), *file = NULL;
    Dwfl_Line *line = dwfl_module_getsrc(module, address);
    if (line) file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
    if (file && strrchr(file, '/')) file = strrchr(file, '/') + 1;
    if (file && name) return words_format("%s:%d (%s)", file, number, name);
    if (file) return words_format("%s:%d", file, number);
    return name ? words_format("%s", name) : NULL;
}
#else
static char *describe(int pid, uint64_t address) {
    (void)pid, (void)address;
    return NULL;
}
#endif

/* Place in `known`; -1: nothing is known. The address is inside the instruction of the call. */
static int look_up(int pid, uint64_t address) {
    char file[4096];
    uint64_t at;
    if (!find_file(pid, address, file, &at)) return -1;
    for (int i = 0; i < known_count; i++)
        if (known[i].at == at && !strcmp(known[i].file, file)) return i;
    if (known_count == KNOWN) return -1;
    char *text = describe(pid, address);
    const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    known[known_count].text = text ? text : words_format("%s+0x%llx", name, (unsigned long long)at);
    known[known_count].file = strdup(file);
    known[known_count].at = at;
    known[known_count].library = is_library(file);
    return known[known_count].file ? known_count++ : -1;
}

const char *place_text(const world *w, int rank, uint64_t address) {
    const tri_slot *slot = w->member[rank].slot;
    int at = slot && address ? look_up(slot->pid, address - 1) : -1;
    return at < 0 ? NULL : known[at].text;
}

/* "solve.py:9 (solve)": the innermost line of the program in what Python has written. */
static const char *python_place(const tri_slot *slot) {
    static char text[600];
    char file[400], function[128];
    int line;
    const char *at = slot->python;
    while ((at = strstr(at, "  File \""))) {
        if (sscanf(at, "  File \"%399[^\"]\", line %d in %127[^\n]", file, &line, function) == 3 &&
            !strstr(file, "mpi4py")) {
            const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
            snprintf(text, sizeof text, "%s:%d (%s)", name, line, function);
            return text;
        }
        at++;
    }
    return NULL;
}

#ifdef TRIREME_HAS_LIBDW
typedef struct walk {
    int pid, found, depth;
} walk;

static int on_frame(Dwfl_Frame *frame, void *argument) {
    walk *k = argument;
    Dwarf_Addr address;
    bool activation;
    if (k->depth++ > 128 || !dwfl_frame_pc(frame, &address, &activation)) return DWARF_CB_ABORT;
    int at = look_up(k->pid, activation ? address : address - 1);
    if (at < 0 || known[at].library) return DWARF_CB_OK;
    k->found = at;
    return DWARF_CB_ABORT;
}

static int walk_stack(int pid, int thread) {
    Dwfl *dwfl = open_process(pid);
    walk k = {pid, -1, 0};
    /* Attaching twice is an error that does not matter. */
    if (!dwfl) return -1;
    dwfl_linux_proc_attach(dwfl, pid, false);
    dwfl_getthread_frames(dwfl, thread, on_frame, &k);
    return k.found;
}
#else
static int walk_stack(int pid, int thread) {
    (void)pid, (void)thread;
    return -1;
}
#endif

const char *place_of_rank(const world *w, int rank) {
    const member *m = &w->member[rank];
    if (!m->slot || m->state == RANK_DEAD) return NULL;
    const char *python = python_place(m->slot);
    if (python) return python;
    const tri_slot_call *c = lane_call(&m->slot->lane[m->lane]);
    int at = c ? look_up(m->slot->pid, (uint64_t)(uintptr_t)c->caller - 1) : -1;
    if (at >= 0 && !known[at].library) return known[at].text;
    int thread = atomic_load(&m->slot->lane[m->lane].thread);
    at = walk_stack(m->slot->pid, thread ? thread : m->slot->pid);
    return at < 0 ? NULL : known[at].text;
}

void places_ask(world *w, bool python) {
    atomic_store(&w->board->ask_python, python);
    uint32_t ask = atomic_fetch_add(&w->board->ask, 1) + 1;
    board_ring(w->board);
    for (int tries = 0; tries < 100; tries++) {
        bool all = true;
        for (int r = 0; r < w->ranks; r++) {
            const member *m = &w->member[r];
            if (!m->slot || m->state == RANK_DEAD || m->state == RANK_STOPPED || m->state == RANK_LEFT)
                continue;
            all = all && atomic_load(&m->slot->answered) == ask;
        }
        if (all) return;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
}
