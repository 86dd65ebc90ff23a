#include "collectives/algorithms/common/rotated.h"

size_t tri_rotated_units(const tri_context *c, const tri_call *call, const tri_rotated *t, int blocks) {
    if (!t->counts) return tri_run_units(c, call, t->rank, blocks);
    size_t units = 0;
    for (int i = 0; i < blocks; i++)
        units += t->counts[(t->rank + i) % c->size];
    return units;
}

static tri_status one_copy(tri_context *c, const void *vector, void *rotated, size_t units, int back) {
    return back ? tri_do_copy(c, (void *)vector, rotated, units) : tri_do_copy(c, rotated, vector, units);
}

tri_status tri_rotated_copy(tri_context *c, const tri_call *call, const tri_rotated *t,
                            const ptrdiff_t *displs, const void *vector, void *rotated, int back) {
    if (t->counts) {
        size_t units = 0;
        for (int i = 0; i < c->size; i++) {
            int b = (t->rank + i) % c->size;
            TRI_TRY(one_copy(c, tri_unit(c, vector, (size_t)displs[b]), tri_unit(c, rotated, units),
                             t->counts[b], back));
            units += t->counts[b];
        }
        return TRI_OK;
    }
    size_t first = tri_block_start(c, call, t->rank), rest = tri_block_start(c, call, c->size) - first;
    TRI_TRY(one_copy(c, tri_unit(c, vector, first), rotated, rest, back));
    return one_copy(c, vector, tri_unit(c, rotated, rest), first, back);
}
