/* Threads of the program that have not called MPI so far. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/watch.h"

enum { AT_START = 256 };
static int at_start[AT_START], at_start_count;

typedef int visit(int thread, void *argument);

static void each_thread(visit *call, void *argument) {
    DIR *folder = opendir("/proc/self/task");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int thread = (int)strtol(entry->d_name, NULL, 10);
        if (thread > 0) call(thread, argument);
    }
    if (folder) closedir(folder);
}

static int keep(int thread, void *unused) {
    (void)unused;
    if (at_start_count < AT_START) at_start[at_start_count++] = thread;
    return 0;
}

void tri_strangers_init(void) {
    each_thread(keep, NULL);
}

static int is_known(int thread) {
    if (thread == (int)getpid() || thread == (int)syscall(SYS_gettid)) return 1;
    for (int i = 0; i < at_start_count; i++)
        if (at_start[i] == thread) return 1;
    for (int i = 0; i < TRI_SLOT_LANES; i++)
        if (atomic_load(&tri_watch_slot->lane[i].thread) == thread) return 1;
    return 0;
}

/* Whether a thread sleeps until another one wakes it: in futex() without a limit, the fourth argument. */
static int is_asleep(int thread) {
    char path[64], line[256] = "";
    long number = -1;
    unsigned long limit = 1;
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", thread);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (!fgets(line, sizeof line, file)) *line = 0;
    fclose(file);
    return sscanf(line, "%ld %*x %*x %*x %lx", &number, &limit) == 2 && number == SYS_futex && !limit;
}

static int count(int thread, void *argument) {
    int *strangers = argument;
    *strangers += !is_known(thread) && !is_asleep(thread);
    return 0;
}

int tri_strangers_count(void) {
    int strangers = 0;
    each_thread(count, &strangers);
    return strangers;
}
