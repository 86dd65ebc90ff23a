#include "apps/alltoall/compare.h"

#include <string.h>

/* Compares one box of A with the same elements of B, each in its file's order. */
static tri_status compare(const plan *p, const box *b, size_t element_bytes, const char *of_a,
                          const char *of_b) {
    size_t in_a[AXES], in_b[AXES], at[AXES];
    box_steps(b, p->rank, NULL, in_a);
    box_steps(b, p->rank, p->axes, in_b);
    for (at[0] = 0; at[0] < b->count[0]; at[0]++)
        for (at[1] = 0; at[1] < b->count[1]; at[1]++)
            for (at[2] = 0; at[2] < b->count[2]; at[2]++)
                for (at[3] = 0; at[3] < b->count[3]; at[3]++) {
                    size_t a = 0, to = 0;
                    for (int k = 0; k < AXES; k++) {
                        a += at[k] * in_a[k];
                        to += at[k] * in_b[k];
                    }
                    if (memcmp(of_a + a * element_bytes, of_b + to * element_bytes, element_bytes))
                        return tri_fail(TRI_ERR_WRONG, "element %zu,%zu,%zu,%zu of A differs in B",
                                        b->start[0] + at[0], b->start[1] + at[1], b->start[2] + at[2],
                                        b->start[3] + at[3]);
                }
    return TRI_OK;
}

tri_status compare_files(const plan *p, int mine, tri_dataset *a, tri_dataset *b, char *const buffer[]) {
    plan alone = *p;
    alone.ranks = 1;
    TRI_TRY(plan_make(&alone, p->room));
    for (size_t step = (size_t)mine; step < alone.steps; step += (size_t)p->ranks) {
        box here = plan_box(&alone, step);
        size_t start[AXES], count[AXES];
        for (int k = 0; k < p->rank; k++) {
            start[k] = here.start[p->axes[k]];
            count[k] = here.count[p->axes[k]];
        }
        TRI_TRY(tri_dataset_read_stored(a, here.start, here.count, buffer[0]));
        TRI_TRY(tri_dataset_read_stored(b, start, count, buffer[1]));
        TRI_TRY(compare(p, &here, tri_dataset_stored_bytes(a), buffer[0], buffer[1]));
    }
    return TRI_OK;
}
