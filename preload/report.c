/* TRIREME_PRELOAD_REPORT=1: at MPI_Finalize one table of the calls, on rank 0. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "preload/settings.h"

int tri_reports;

/* Size classes of the table: X(bytes at most, text). */
static const struct {
    uint64_t most;
    const char *text;
} sizes[] = {{64, "64 B"},           {1 << 10, "1 KiB"}, {16 << 10, "16 KiB"},
             {256 << 10, "256 KiB"}, {4 << 20, "4 MiB"}, {UINT64_MAX, "larger"}};
enum { SIZES = sizeof sizes / sizeof *sizes };

typedef struct cell {
    uint64_t why[TRI_WHYS]; /* calls; TRI_WHY_SERVED: those that were served */
    uint64_t bytes, nanoseconds;
} cell;
enum { NUMBERS = sizeof(cell) / sizeof(uint64_t) };

static cell cells[TRI_MPI_COLLECTIVES][SIZES];

double tri_report_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void add(uint64_t *to, uint64_t number) {
    __atomic_fetch_add(to, number, __ATOMIC_RELAXED);
}

void tri_report_call(const tri_mpi_call *call, double seconds) {
    int size = 0;
    while (call->bytes > sizes[size].most)
        size++;
    cell *c = &cells[call->function][size];
    add(&c->why[call->why], 1);
    add(&c->bytes, call->bytes);
    add(&c->nanoseconds, (uint64_t)(1e9 * seconds));
}

/* "boosted calls: 3 of 4", with the reasons why others were not. */
static void write_cell(int function, int size, const cell *c) {
    static const char *const texts[] = {
#define TEXT(NAME, text) text,
        TRI_WHY_LIST(TEXT)
#undef TEXT
    };
    uint64_t calls = 0;
    int most = TRI_WHY_SERVED;
    for (int w = 0; w < TRI_WHYS; w++) {
        calls += c->why[w];
        if (w != TRI_WHY_SERVED && (most == TRI_WHY_SERVED || c->why[w] > c->why[most])) most = w;
    }
    if (!calls) return;
    uint64_t served = c->why[TRI_WHY_SERVED];
    fprintf(stderr, "%-21s %8s %11llu %11llu %14llu %11.4g  %s\n", tri_mpi_names[function], sizes[size].text,
            (unsigned long long)served, (unsigned long long)(calls - served), (unsigned long long)c->bytes,
            1e-9 * (double)c->nanoseconds, served < calls ? texts[most] : "");
}

void tri_report_write(void) {
    static cell all[TRI_MPI_COLLECTIVES][SIZES];
    int rank;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (PMPI_Reduce(cells, all, TRI_MPI_COLLECTIVES * SIZES * NUMBERS, MPI_UINT64_T, MPI_SUM, 0,
                    MPI_COMM_WORLD) != MPI_SUCCESS ||
        rank != 0)
        return;
    fprintf(stderr, "%-21s %8s %11s %11s %14s %11s  %s\n", "trireme-preload: call", "up to", "served",
            "forwarded", "bytes", "seconds", "why forwarded");
    for (int f = 0; f < TRI_MPI_COLLECTIVES; f++)
        for (int s = 0; s < SIZES; s++)
            write_cell(f, s, &all[f][s]);
}
