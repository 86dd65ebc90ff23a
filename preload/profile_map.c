/* The mapped file of a rank. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/profile.h"

profile_memory tri_profiled;

static int counter_is_trusted(void) {
    char text[16] = "";
    FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r");
    if (!file) return 0;
    if (!fgets(text, sizeof text, file)) *text = 0;
    fclose(file);
    return !strcmp(text, "tsc\n");
}

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

profile_anchor tri_profile_anchor(void) {
    static int looked;
    if (!looked) tri_profiled.tsc = counter_is_trusted();
    looked = 1;
    return (profile_anchor){.ticks = tri_profile_ticks(),
                            .monotonic_ns = nanoseconds(CLOCK_MONOTONIC),
                            .utc_ns = nanoseconds(CLOCK_REALTIME)};
}

static uint64_t place(uint64_t *end, size_t bytes) {
    uint64_t at = (*end + 63) & ~UINT64_C(63);
    *end = at + bytes;
    return at;
}

int tri_profile_map(const char *path, int rank, int ranks) {
    profile_head head = {.magic = PROFILE_MAGIC, .rank = rank, .ranks = ranks};
    uint64_t end = sizeof head;
    head.at.modules = place(&end, PROFILE_MODULES * sizeof(profile_module));
    head.at.comms = place(&end, PROFILE_COMMS * sizeof(profile_comm_row));
    head.at.cells = place(&end, PROFILE_CELLS * sizeof(profile_cell));
    head.at.bins = place(&end, PROFILE_BINS * sizeof(profile_bin));
    head.at.peers = place(&end, (size_t)ranks * sizeof(profile_peer));
    head.bytes = end;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0) return 0;
    /* A full disk is found out here, and not by a signal in a call. */
    int failed = posix_fallocate(file, 0, (off_t)end);
    char *memory = failed ? MAP_FAILED : mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (!failed && memory == MAP_FAILED) failed = errno;
    close(file);
    if (failed) {
        unlink(path);
        errno = failed;
        return 0;
    }
    profile_memory *m = &tri_profiled;
    memcpy(memory, &head, sizeof head);
    m->modules = (profile_module *)(memory + head.at.modules);
    m->comms = (profile_comm_row *)(memory + head.at.comms);
    m->cells = (profile_cell *)(memory + head.at.cells);
    m->bins = (profile_bin *)(memory + head.at.bins);
    m->peers = (profile_peer *)(memory + head.at.peers);
    m->head = (profile_head *)memory;
    return 1;
}

void tri_profile_unmap(void) {
    profile_head *head = tri_profiled.head;
    tri_profiled.head = NULL;
    if (head) munmap(head, head->bytes);
}

/* The file of an object, by a name that holds in other folders. */
static void full_path(const char *name, char path[PATH_MAX]) {
    if (*name && strchr(name, '/') && realpath(name, path)) return;
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

uint32_t tri_profile_module(const void *caller, uint64_t *offset) {
    profile_memory *m = &tri_profiled;
    Dl_info info;
    char path[PATH_MAX];
    *offset = (uintptr_t)caller - 1;
    if (!dladdr(caller, &info) || !info.dli_fbase) return 0;
    /* An executable at a fixed place has its addresses in its file. */
    if (((const ElfW(Ehdr) *)info.dli_fbase)->e_type == ET_DYN) *offset -= (uintptr_t)info.dli_fbase;
    uint32_t count = m->head->modules ? m->head->modules : 1; /* row 0: unknown */
    for (uint32_t i = 1; i < count; i++)
        if (m->modules[i].base == (uintptr_t)info.dli_fbase) return i;
    if (count == PROFILE_MODULES) return 0;
    full_path(info.dli_fname ? info.dli_fname : "", path);
    m->modules[count].base = (uintptr_t)info.dli_fbase;
    snprintf(m->modules[count].path, PROFILE_TEXT, "%.*s", PROFILE_TEXT - 1, path);
    m->modules[count].ready = 1;
    m->head->modules = count + 1;
    return count;
}
