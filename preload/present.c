/* Whether all ranks have the preload. A rank without it would never come to a collective call of ours, and a
 * message that asks could be received by the program. So each process adds itself to a counter in memory that
 * the ranks of a node share, before MPI_Init; MPI_Init returns when all of them have come that far.
 *
 * Over several nodes: a launcher that starts one command starts it everywhere, and one that starts several
 * says so where it can. */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "preload/settings.h"

enum { WAIT_S = 2, UNDECIDED = 0, EVERYWHERE = 1, ASIDE = 2 };

/* Zeroed by the system when the file is made. */
typedef struct board {
    atomic_int processes, verdict;
} board;

static board *shared;
static char name[128];

static long number_of(const char *variable) {
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

/* Ranks of this job on this node, as the launcher says; 0: it does not. */
static long local_ranks(void) {
    long ranks = number_of("OMPI_COMM_WORLD_LOCAL_SIZE");
    return ranks ? ranks : number_of("MPI_LOCALNRANKS");
}

/* The process `pid`: its parent, and whether it is Hydra's, which starts the ranks of a node. */
static long parent_of(long pid, int *hydra) {
    char path[64], line[256] = "";
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (!fgets(line, sizeof line, file)) *line = 0;
    fclose(file);
    const char *title = strchr(line, '('), *end = strrchr(line, ')');
    *hydra = title && !strncmp(title, "(hydra", 6);
    return end && sscanf(end + 1, " %*c %ld", &parent) == 1 ? parent : 0;
}

/* A name that the ranks of the job on this node have in common: the job's, or that of the process that
 * started them. */
static void make_name(void) {
    const char *space = getenv("PMIX_NAMESPACE");
    long pid = getppid();
    char key[64];
    if (space) {
        snprintf(key, sizeof key, "%s", space);
    } else {
        int hydra = 0;
        for (long up = pid; up > 1; up = parent_of(up, &hydra)) {
            parent_of(up, &hydra);
            if (hydra) pid = up;
            if (hydra) break;
        }
        snprintf(key, sizeof key, "%ld", pid);
    }
    for (char *c = key; *c; c++)
        if (*c == '/') *c = '-';
    snprintf(name, sizeof name, "/trireme-preload-%ld-%s", (long)geteuid(), key);
}

void tri_present_say(void) {
    if (shared || !local_ranks()) return;
    make_name();
    int file = shm_open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    void *memory = ftruncate(file, sizeof(board))
                       ? MAP_FAILED
                       : mmap(NULL, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return;
    shared = memory;
    atomic_fetch_add(&shared->processes, 1);
}

/* One verdict for the node: the first that a rank comes to. All ranks have the file mapped by now, so its
 * name goes first: a job that is killed leaves nothing. */
static int verdict_of_node(long ranks) {
    struct timespec start, now;
    shm_unlink(name);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int verdict; !(verdict = atomic_load(&shared->verdict));) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        int all = atomic_load(&shared->processes) >= ranks;
        if (!all && now.tv_sec - start.tv_sec < WAIT_S) {
            sched_yield();
            continue;
        }
        int expected = UNDECIDED;
        if (atomic_compare_exchange_strong(&shared->verdict, &expected, all ? EVERYWHERE : ASIDE)) {
            if (!all)
                tri_say("stands aside: %d of the %ld ranks on this node have it; start all of them with it",
                        atomic_load(&shared->processes), ranks);
        }
    }
    return atomic_load(&shared->verdict) == EVERYWHERE;
}

static int ask_everywhere(void) {
    int ranks, rank;
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    long local = local_ranks();
    int all = ranks == 1;
    if (local && !shared && !all) {
        tri_say("rank %d cannot say in /dev/shm that it is here: start the program without the preload",
                rank);
        PMPI_Abort(MPI_COMM_WORLD, 3);
    }
    if (shared) {
        all = verdict_of_node(local);
        munmap(shared, sizeof *shared);
        shared = NULL;
    }
    if (!local) all = 1;
    if (local == ranks || ranks == 1) return all;
    if (number_of("OMPI_NUM_APP_CTX") > 1) {
        if (rank == 0) tri_say("stands aside: the job has several programs on several nodes");
        return 0;
    }
    /* The other nodes cannot know. */
    if (!all) {
        tri_say("rank %d ends the job: ranks on other nodes may wait for those without the preload", rank);
        PMPI_Abort(MPI_COMM_WORLD, 3);
    }
    return 1;
}

int tri_present_everywhere(void) {
    static int answer = -1;
    if (answer < 0) answer = ask_everywhere();
    return answer;
}
