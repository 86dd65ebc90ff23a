/* The board: memory that the ranks of a node share. Its name is gone before the program goes on, so that a
 * job that is killed leaves nothing. */
#include "preload/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

tri_board *tri_watch_board;
tri_slot *tri_watch_slot;

/* The start time of this process tells it from a later one with the same number. */
static uint64_t started(void) {
    char line[512] = "";
    unsigned long long time = 0;
    FILE *file = fopen("/proc/self/stat", "r");
    if (!file) return 0;
    if (!fgets(line, sizeof line, file)) *line = 0;
    fclose(file);
    const char *at = strrchr(line, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at && sscanf(at, "%llu", &time) == 1 ? time : 0;
}

static int open_board(const char *name, size_t bytes, int create) {
    int file = shm_open(name, O_RDWR | (create ? O_CREAT | O_EXCL : 0), 0600);
    if (file < 0) return -1;
    /* Above those that programs expect to get next. */
    int high = fcntl(file, F_DUPFD_CLOEXEC, 200);
    if (high >= 0) {
        close(file);
        file = high;
    }
    if (!create || !ftruncate(file, (off_t)bytes)) return file;
    close(file);
    return -1;
}

static void fill(tri_board *board, MPI_Comm node, int nodes) {
    int ranks, world, rank;
    PMPI_Comm_size(node, &ranks);
    PMPI_Comm_rank(node, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &world);
    tri_slot *slot = &board->slot[rank];
    if (rank == 0) {
        board->magic = TRI_BOARD_MAGIC;
        board->slots = ranks;
        board->world = world;
        board->nodes = nodes;
        for (size_t i = 0; i < tri_symbol_count && i / 2 < TRI_SLOT_NAMES; i += 2)
            snprintf(board->names[i / 2], sizeof board->names[i / 2], "%s", tri_symbols[i].name);
    }
    PMPI_Comm_rank(MPI_COMM_WORLD, &slot->rank);
    PMPI_Query_thread(&slot->threads);
    slot->pid = (int32_t)getpid();
    slot->started = started();
    tri_watch_board = board;
    tri_watch_slot = slot;
    if (rank == 0) tri_codes_init(board);
    atomic_store(&slot->state, TRI_SLOT_RUNS);
}

/* The nodes of the job. */
static int count_nodes(MPI_Comm node) {
    int rank, first, nodes = 1;
    PMPI_Comm_rank(node, &rank);
    first = rank == 0;
    PMPI_Allreduce(&first, &nodes, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return nodes;
}

int tri_slot_open(int *file) {
    MPI_Comm node;
    int rank, ranks, opened = 0, all = 0;
    char name[64] = "";
    if (PMPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node) != MPI_SUCCESS)
        return 0;
    PMPI_Comm_rank(node, &rank);
    PMPI_Comm_size(node, &ranks);
    size_t bytes = sizeof(tri_board) + (size_t)ranks * sizeof(tri_slot);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(name, sizeof name, "/trireme-watch-%ld-%ld-%ld", (long)geteuid(), (long)getpid(), now.tv_nsec);
    *file = rank == 0 ? open_board(name, bytes, 1) : -1;
    PMPI_Bcast(name, (int)sizeof name, MPI_CHAR, 0, node);
    if (rank != 0) *file = open_board(name, bytes, 0);
    void *memory = *file < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
    opened = memory != MAP_FAILED;
    PMPI_Allreduce(&opened, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (rank == 0) shm_unlink(name);
    if (all) fill(memory, node, count_nodes(node));
    PMPI_Barrier(node);
    PMPI_Comm_free(&node);
    if (!all && !opened) tri_say("watch stands aside: no %zu bytes in /dev/shm: %s", bytes, strerror(errno));
    return all;
}
