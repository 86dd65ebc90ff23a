/* Long element-wise reductions on the threads of a rank. */
#include "apps/driver/app.h"

enum { CHUNK = 1 << 15 }; /* doubles that a thread takes at a time; they fit its caches */

typedef struct work {
    const double *left;
    double *right;
    size_t count;
    int multiplies;
} work;

static void combine_chunk(void *argument, int thread, size_t chunk) {
    (void)thread;
    const work *w = argument;
    size_t first = chunk * CHUNK, count = w->count - first < CHUNK ? w->count - first : CHUNK;
    const double *left = w->left + first;
    double *right = w->right + first;
    if (w->multiplies)
        for (size_t i = 0; i < count; i++)
            right[i] = left[i] * right[i];
    else
        for (size_t i = 0; i < count; i++)
            right[i] = left[i] + right[i];
}

int tri_team_combine(void *team, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op) {
    if (type != MPI_DOUBLE || (op != MPI_SUM && op != MPI_PROD) || !tri_team_idle(team)) return 0;
    work w = {left, right, count, op == MPI_PROD};
    tri_team_for(team, count / CHUNK + (count % CHUNK != 0), combine_chunk, &w);
    return 1;
}
