#include "apps/alltoall/plan.h"

#include <string.h>

size_t box_elements(const box *b) {
    size_t elements = 1;
    for (int k = 0; k < AXES; k++)
        elements *= b->count[k];
    return elements;
}

box box_meet(const box *a, const box *b) {
    box both;
    for (int k = 0; k < AXES; k++) {
        size_t start = a->start[k] > b->start[k] ? a->start[k] : b->start[k];
        size_t a_end = a->start[k] + a->count[k], b_end = b->start[k] + b->count[k],
               end = a_end < b_end ? a_end : b_end;
        both.start[k] = start;
        both.count[k] = end > start ? end - start : 0;
    }
    return both;
}

void box_steps(const box *b, int rank, const int *axes, size_t step[AXES]) {
    size_t stride = 1;
    for (int k = AXES - 1; k >= 0; k--) {
        int axis = k < rank && axes ? axes[k] : k;
        step[axis] = stride;
        stride *= b->count[axis];
    }
}

box plan_slice(const plan *p, const box *whole, int cut, int rank) {
    box slice = *whole;
    size_t ranks = (size_t)p->ranks, unit = p->unit[cut];
    if (whole->count[cut] / ranks < unit) unit = 1;
    tri_range part = tri_range_block_of_units(whole->count[cut], unit, ranks, (size_t)rank);
    slice.start[cut] += part.first;
    slice.count[cut] = part.count;
    return slice;
}

/* The first axis, in the order of A or B, with at least one index per rank; otherwise the longest axis. */
static int choose_cut(const plan *p, const int *axes) {
    int best = axes ? axes[0] : 0;
    for (int k = 0; k < p->rank; k++) {
        int axis = axes ? axes[k] : k;
        if (p->length[axis] >= (size_t)p->ranks) return axis;
        if (p->length[axis] > p->length[best]) best = axis;
    }
    return best;
}

/* Elements of the first rank's slice, the largest; *run: how many of them are contiguous in the file. */
static size_t slice_size(const plan *p, int cut, const int *axes, size_t *run) {
    box whole = {{0}, {1, 1, 1, 1}};
    memcpy(whole.count, p->length, sizeof whole.count);
    box slice = plan_slice(p, &whole, cut, 0);
    *run = 1;
    for (int k = p->rank - 1; k >= 0; k--) {
        int axis = axes ? axes[k] : k;
        *run *= slice.count[axis];
        if (slice.count[axis] < p->dims[axis]) break;
    }
    return box_elements(&slice);
}

/* Half of an axis, rounded to whole units. */
static size_t half(const plan *p, int axis) {
    size_t length = (p->length[axis] + 1) / 2;
    return length > p->unit[axis] ? (length + p->unit[axis] - 1) / p->unit[axis] * p->unit[axis] : length;
}

/* Returns the larger slice of a box; *run: the shorter contiguous run of reading and writing. A written
 * run counts a quarter, since short runs cannot bypass the page cache. *written: the written run. */
static size_t judge(plan *p, size_t *run, size_t *written) {
    size_t read_run, write_run;
    p->cut_read = choose_cut(p, NULL);
    p->cut_write = choose_cut(p, p->axes);
    size_t read = slice_size(p, p->cut_read, NULL, &read_run),
           write = slice_size(p, p->cut_write, p->axes, &write_run);
    *run = read_run < write_run / 4 ? read_run : write_run / 4;
    *written = write_run;
    return read > write ? read : write;
}

tri_status plan_make(plan *p, size_t room) {
    size_t run, written;
    memcpy(p->length, p->dims, sizeof p->length);
    while ((p->room = judge(p, &run, &written)) > room) {
        /* Halve the axis that leaves the longest runs; ties: the longest written runs, then the longest
         * axis. */
        int best = -1;
        size_t best_run = 0, best_written = 0;
        for (int k = 0; k < p->rank; k++) {
            plan tried = *p;
            tried.length[k] = half(p, k);
            if (tried.length[k] == p->length[k]) continue;
            judge(&tried, &run, &written);
            if (best < 0 || run > best_run || (run == best_run && written > best_written) ||
                (run == best_run && written == best_written && p->length[k] > p->length[best])) {
                best = k;
                best_run = run;
                best_written = written;
            }
        }
        if (best < 0) return tri_fail(TRI_ERR_ARGUMENT, "--memory: too small for one element; increase it");
        p->length[best] = half(p, best);
    }
    p->steps = 1;
    for (int k = 0; k < AXES; k++)
        p->steps *= p->dims[k] ? (p->dims[k] + p->length[k] - 1) / p->length[k] : 0;
    return TRI_OK;
}

box plan_box(const plan *p, size_t step) {
    box b;
    for (int k = AXES - 1; k >= 0; k--) {
        size_t steps = (p->dims[k] + p->length[k] - 1) / p->length[k];
        b.start[k] = step % steps * p->length[k];
        step /= steps;
        size_t left = p->dims[k] - b.start[k];
        b.count[k] = left < p->length[k] ? left : p->length[k];
    }
    return b;
}
