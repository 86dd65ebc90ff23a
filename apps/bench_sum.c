/* How quick sums are, beside a plain read of the same memory. */
#include <stdlib.h>
#include <string.h>

#include "apps/bench.h"
#include "apps/reduce_banks.h"

enum { READ, PLAIN, ORDERED, EXACT, STATISTICS, ON_DEVICE, TOGETHER = ON_DEVICE + 3, VARIANTS = TOGETHER + 3 };

typedef struct state {
    size_t bytes;
    int distribution, trials;
    double *x;
    size_t count;
    uint64_t first;
    tri_run *run;
    bench_variant variants[VARIANTS];
    int used;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, bytes, "bytes", "1Gi", "of the vector on each rank"),
    TRI_OPTION(state, distribution, "distribution", "uniform", "of its elements",
               .choices = "uniform|normal|wide|cancel"),
    TRI_OPTION(state, trials, "trials", "11", "of each variant"),
    {.name = NULL},
};

/* Reads all of a chunk, as many bytes at a time as the processor can; what comes out must be used, or the compiler
 * leaves the reading out. */
static void read_chunk(void *argument, int thread, size_t chunk) {
    (void)thread;
    state *s = argument;
    const size_t size = (size_t)1 << 16;
    size_t from = chunk * size, count = s->count - from < size ? s->count - from : size;
    volatile uint64_t sink = tri_read_all(s->x + from, count * sizeof *s->x);
    (void)sink;
}
