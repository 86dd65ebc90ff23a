#include "base/sum_engine.h"

#include "base/sum_table.h"

enum {
    FIRST_RUN = 1 << 18, /* opening and closing the table costs 1/15 of this */
    SHORTEST_RUN = 8192, /* below this, adding one by one is faster */
    WIDE_BITS = 90,      /* range of the fastest kernel */
    WIDE_PART = 16,      /* data are wide if more than 1/16 of the elements do not fit */
    MOVED = 2,           /* trouble added by a chunk for which the window moved */
    DECLINED = 4,        /* by a chunk that fits no window */
    TOO_MUCH = 8         /* from here on the table is faster */
};

/* Updates an extreme by that of a piece. Searches for its index only if the extreme changes. */
static void note(const tri_sum_engine *e, tri_extreme *into, uint64_t first, const double *x, size_t count,
                 double value, int sign) {
    tri_extreme here = {value, 0, first};
    if (!tri_extreme_precedes(&here, into, sign)) return;
    size_t at = e->kernels->find(x, count, value);
    tri_extreme_keep(into, (tri_extreme){x[at], 0, first + at},
                     sign); /* reads x[at] for the sign of a zero */
}

static void note_both(const tri_sum_engine *e, uint64_t first, const double *x, size_t count, double min,
                      double max) {
    if (!(min <= max)) return; /* all NaN */
    note(e, &e->extremes->min, first, x, count, min, -1);
    note(e, &e->extremes->max, first, x, count, max, 1);
}

static void note_extremes(const tri_sum_engine *e, uint64_t first, const double *x, size_t count) {
    if (!e->squares.word) return;
    double min, max;
    e->kernels->extremes(x, count, &min, &max);
    note_both(e, first, x, count, min, max);
}

static int fits(tri_sum_engine *e, const double *x, size_t rows, double *min, double *max) {
    if (!e->squares.word) return e->kernels->sum(x, rows, e->slices, &e->window);
    return e->kernels->moments(x, rows, e->slices, e->square_slices, &e->window, min, max);
}

/* Numbers of slices for which kernels exist, the fastest first. */
enum { WAYS = 3 };
static const struct {
    int slices, square_slices;
} sum_ways[WAYS] = {{2, 0}, {3, 0}, {4, 0}}, moments_ways[WAYS] = {{2, 3}, {2, 4}, {3, 5}};

static void choose_way(tri_sum_engine *e, int way) {
    e->way = way;
    e->slices = e->squares.word ? moments_ways[way].slices : sum_ways[way].slices;
    e->square_slices = e->squares.word ? moments_ways[way].square_slices : 0;
}

static void close_window(tri_sum_engine *e) {
    if (e->ready) tri_sum_window_empty(e);
    e->ready = 0;
}

/* Whether many elements of the chunk are below any window, so that more such chunks are likely. A single NaN
 * or outlier does not count. */
static int is_wide(const double *x, size_t rows, const int top[TRI_LANES]) {
    size_t below = 0;
    for (size_t i = 0; i < rows * TRI_LANES; i++) {
        tri_double_fields p = tri_double_fields_of(x[i]);
        below += p.magnitude && p.exponent < top[i % TRI_LANES] - WIDE_BITS;
    }
    return below > rows * TRI_LANES / WIDE_PART;
}

/* Adds a chunk by the kernels, moving the window if necessary. Returns whether it succeeded. */
static int add_chunk(tri_sum_engine *e, const double *x, size_t rows, double *min, double *max) {
    int top[TRI_LANES];
    if (e->ready && fits(e, x, rows, min, max)) {
        e->trouble -= e->trouble > 0;
        return 1;
    }
    if (e->trouble >= TOO_MUCH) return 0;
    int any = tri_sum_window_measure(e, x, rows, top);
    for (int way = e->way; any && way < WAYS; way++) {
        if (e->ready) tri_sum_window_empty(e);
        choose_way(e, way);
        tri_sum_window_set(e, top);
        if (fits(e, x, rows, min, max)) return e->trouble += MOVED, 1;
    }
    e->trouble += is_wide(x, rows, top) ? TOO_MUCH : DECLINED;
    return 0;
}

/* Adds a run by the table, in pieces that stay in the cache while their extremes are computed. */
static void add_by_table(tri_sum_engine *e, uint64_t first, const double *x, size_t count) {
    tri_table table;
    tri_table_open(&table, e->level, e->sum, e->squares);
    for (size_t i = 0; i < count; i += TRI_CHUNK) {
        size_t piece = count - i < TRI_CHUNK ? count - i : TRI_CHUNK;
        tri_table_add(&table, x + i, piece);
        note_extremes(e, first + i, x + i, piece);
    }
    tri_table_close(&table);
}

/* Adds data that fit no window: a long run by the table or, where the table does not pay, this chunk element
 * by element. Returns the number of elements added. */
static size_t add_awkward(tri_sum_engine *e, uint64_t first, const double *x, size_t chunk, size_t left) {
    size_t count = left < e->run ? left : e->run;
    if (e->trouble < TOO_MUCH || count < SHORTEST_RUN) {
        for (size_t i = 0; i < chunk; i++) {
            tri_accumulator_add_double(e->sum, x[i]);
            if (e->squares.word) tri_accumulator_add_square(e->squares, x[i]);
        }
        note_extremes(e, first, x, chunk);
        return chunk;
    }
    add_by_table(e, first, x, count);
    /* The next chunk that does not fit starts a longer run. */
    e->trouble = TOO_MUCH - DECLINED;
    if (e->run < TRI_TABLE_LIMIT) e->run *= 2;
    return count;
}

void tri_sum_engine_run(tri_sum_engine *e, uint64_t first, const double *x, size_t count) {
    size_t done = 0;
    e->kernels = tri_sum_kernels_at(e->level);
    choose_way(e, 0);
    e->run = FIRST_RUN;
    while (count - done >= TRI_LANES) {
        size_t left = count - done, rows = left / TRI_LANES;
        if (rows > TRI_CHUNK_ROWS) rows = TRI_CHUNK_ROWS;
        double min, max;
        if (!add_chunk(e, x + done, rows, &min, &max)) {
            close_window(e);
            choose_way(e, 0);
            done += add_awkward(e, first + done, x + done, rows * TRI_LANES, left);
            continue;
        }
        if (e->squares.word) note_both(e, first + done, x + done, rows * TRI_LANES, min, max);
        if (e->trouble == 0) e->run = FIRST_RUN;
        if (++e->chunks >= TRI_SPAN_LIMIT) {
            tri_sum_window_empty(e);
            choose_way(e, 0); /* the fastest may suffice again */
            tri_sum_window_set(e, e->window.top);
        }
        done += rows * TRI_LANES;
    }
    close_window(e);
    for (; done < count; done++) {
        tri_accumulator_add_double(e->sum, x[done]);
        if (!e->squares.word) continue;
        tri_accumulator_add_square(e->squares, x[done]);
        note_both(e, first + done, x + done, 1, x[done], x[done]);
    }
}
