/* Operations that move data. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tests/collectives/sample.h"

/* One call: communicator, types, lengths. */
typedef struct move {
    const trial *t;
    const sample_pair *pair;
    size_t count;
    int root, in_place;
    /* v-forms: elements and displacement of each block; otherwise NULL */
    size_t *counts, room;
    ptrdiff_t *displs;
} move;

#define SAME(m, got, want)                                                                                   \
    CHECK(image_same(&(got), &(want)), "%s %s, %s, %d ranks, root %d, %zu %s%s%s",                           \
          tri_operation_name(tri_algorithm_operation((m)->t->index)), tri_algorithm_name((m)->t->index),     \
          (m)->t->where, (m)->t->size, (m)->root, (m)->count, (m)->pair->name,                               \
          (m)->in_place ? ", in place" : "", (m)->counts ? ", uneven" : "")

static size_t block_count(const move *m, int b) {
    return m->counts ? m->counts[b] : m->count;
}

static size_t block_place(const move *m, int b) {
    return m->counts ? (size_t)m->displs[b] : (size_t)b * m->count;
}

/* Elements of a buffer with one block per rank. */
static size_t room_of(const move *m) {
    return m->counts ? m->room : (size_t)m->t->size * m->count;
}

static image new_image(const sample_side *side, size_t elements) {
    return image_new(elements * side->per, side->type.extent, 1);
}

static size_t bytes_of(const move *m) {
    return m->count * m->pair->send.per * m->pair->send.type.items * m->pair->send.type.item_bytes;
}

/* Counts, and displs, of a side in elements of its own type; the caller frees them. */
static size_t *scaled(const size_t *numbers, int size, size_t per) {
    size_t *out = malloc((size_t)size * sizeof *out);
    if (!out) abort();
    for (int b = 0; b < size; b++)
        out[b] = numbers[b] * per;
    return out;
}

static ptrdiff_t *scaled_displs(const ptrdiff_t *numbers, int size, size_t per) {
    ptrdiff_t *out = malloc((size_t)size * sizeof *out);
    if (!out) abort();
    for (int b = 0; b < size; b++)
        out[b] = numbers[b] * (ptrdiff_t)per;
    return out;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* No rank leaves before the last has entered, by the clock that all ranks of the machine share. */
static void try_barrier(const trial *t) {
    if (!trial_select(t, 1, 0, 1)) return;
    for (int late = 0; late < t->size; late = root_after(late, t->size, 1000)) {
        if (t->rank == late) usleep(2000);
        double came = now_s(), last;
        CHECK_OK(tri_barrier(t->comm));
        double left = now_s();
        MPI_Allreduce(&came, &last, 1, MPI_DOUBLE, MPI_MAX, tri_comm_mpi(t->comm));
        CHECK(left >= last, "barrier %s, %s: left %g s before the last of %d had come",
              tri_algorithm_name(t->index), t->where, last - left, t->size);
    }
}

static void try_bcast(const move *m) {
    const trial *t = m->t;
    const sample_side *side = t->rank == m->root ? &m->pair->send : &m->pair->recv;
    image got = new_image(side, m->count), want = new_image(side, m->count);
    image_put(&want, side, 0, m->count, m->root, 0);
    if (t->rank == m->root) image_put(&got, side, 0, m->count, m->root, 0);
    CHECK_OK(tri_bcast(got.data, m->count * side->per, side->type.mpi, m->root, t->comm));
    SAME(m, got, want);
    image_free(&got);
    image_free(&want);
}

static void try_scatter(const move *m) {
    const trial *t = m->t;
    const sample_side *s = &m->pair->send, *r = &m->pair->recv;
    int at_root = t->rank == m->root;
    size_t mine = block_count(m, t->rank);
    image send = new_image(s, at_root ? room_of(m) : 0), kept = new_image(s, at_root ? room_of(m) : 0),
          got = new_image(r, mine), want = new_image(r, mine);
    if (at_root)
        for (int b = 0; b < t->size; b++) {
            image_put(&send, s, block_place(m, b), block_count(m, b), m->root, b);
            image_put(&kept, s, block_place(m, b), block_count(m, b), m->root, b);
        }
    int in_place = m->in_place && at_root;
    void *into = in_place ? MPI_IN_PLACE : got.data;
    if (!in_place) image_put(&want, r, 0, mine, m->root, t->rank);
    if (m->counts) {
        size_t *counts = scaled(m->counts, t->size, s->per);
        ptrdiff_t *displs = scaled_displs(m->displs, t->size, s->per);
        CHECK_OK(tri_scatterv(at_root ? send.data : NULL, at_root ? counts : NULL, at_root ? displs : NULL,
                              s->type.mpi, into, mine * r->per, r->type.mpi, m->root, t->comm));
        free(counts);
        free(displs);
    } else {
        CHECK_OK(tri_scatter(at_root ? send.data : NULL, m->count * s->per, s->type.mpi, into, mine * r->per,
                             r->type.mpi, m->root, t->comm));
    }
    SAME(m, got, want);
    SAME(m, send, kept);
    image_free(&send);
    image_free(&kept);
    image_free(&got);
    image_free(&want);
}

static void try_gather(const move *m) {
    const trial *t = m->t;
    const sample_side *s = &m->pair->send, *r = &m->pair->recv;
    int at_root = t->rank == m->root, in_place = m->in_place && at_root;
    size_t mine = block_count(m, t->rank), room = at_root ? room_of(m) : 0;
    image send = new_image(s, mine), kept = new_image(s, mine), got = new_image(r, room),
          want = new_image(r, room);
    image_put(&send, s, 0, mine, t->rank, m->root);
    image_put(&kept, s, 0, mine, t->rank, m->root);
    for (int b = 0; at_root && b < t->size; b++)
        image_put(&want, r, block_place(m, b), block_count(m, b), b, m->root);
    if (in_place) image_put(&got, r, block_place(m, t->rank), mine, t->rank, m->root);
    const void *from = in_place ? MPI_IN_PLACE : send.data;
    if (m->counts) {
        size_t *counts = scaled(m->counts, t->size, r->per);
        ptrdiff_t *displs = scaled_displs(m->displs, t->size, r->per);
        CHECK_OK(tri_gatherv(from, mine * s->per, s->type.mpi, at_root ? got.data : NULL,
                             at_root ? counts : NULL, at_root ? displs : NULL, r->type.mpi, m->root,
                             t->comm));
        free(counts);
        free(displs);
    } else {
        CHECK_OK(tri_gather(from, mine * s->per, s->type.mpi, at_root ? got.data : NULL, m->count * r->per,
                            r->type.mpi, m->root, t->comm));
    }
    SAME(m, got, want);
    SAME(m, send, kept);
    image_free(&send);
    image_free(&kept);
    image_free(&got);
    image_free(&want);
}

static void try_allgather(const move *m) {
    const trial *t = m->t;
    const sample_side *s = &m->pair->send, *r = &m->pair->recv;
    size_t mine = block_count(m, t->rank);
    image send = new_image(s, mine), got = new_image(r, room_of(m)), want = new_image(r, room_of(m));
    image_put(&send, s, 0, mine, t->rank, 0);
    for (int b = 0; b < t->size; b++)
        image_put(&want, r, block_place(m, b), block_count(m, b), b, 0);
    if (m->in_place) image_put(&got, r, block_place(m, t->rank), mine, t->rank, 0);
    const void *from = m->in_place ? MPI_IN_PLACE : send.data;
    if (m->counts) {
        size_t *counts = scaled(m->counts, t->size, r->per);
        ptrdiff_t *displs = scaled_displs(m->displs, t->size, r->per);
        CHECK_OK(
            tri_allgatherv(from, mine * s->per, s->type.mpi, got.data, counts, displs, r->type.mpi, t->comm));
        free(counts);
        free(displs);
    } else {
        CHECK_OK(tri_allgather(from, mine * s->per, s->type.mpi, got.data, m->count * r->per, r->type.mpi,
                               t->comm));
    }
    SAME(m, got, want);
    image_free(&send);
    image_free(&got);
    image_free(&want);
}

/* Rank a's block for rank b has the length of block (a + b) % size, so that both sides know it. */
static void try_alltoallv(const move *m) {
    const trial *t = m->t;
    const sample_side *s = m->in_place ? &m->pair->recv : &m->pair->send, *r = &m->pair->recv;
    size_t *lengths = malloc((size_t)t->size * sizeof *lengths), room = 0;
    ptrdiff_t *starts = malloc((size_t)t->size * sizeof *starts);
    if (!lengths || !starts) abort();
    /* Blocks in descending order, with a gap of one element between them. */
    for (int b = t->size - 1; b >= 0; b--) {
        lengths[b] = m->counts[(t->rank + b) % t->size];
        starts[b] = (ptrdiff_t)room;
        room += lengths[b] + 1;
    }
    image send = new_image(s, room), got = new_image(r, room), want = new_image(r, room);
    for (int b = 0; b < t->size; b++) {
        image_put(m->in_place ? &got : &send, s, (size_t)starts[b], lengths[b], t->rank, b);
        image_put(&want, r, (size_t)starts[b], lengths[b], b, t->rank);
    }
    size_t *sc = scaled(lengths, t->size, s->per), *rc = scaled(lengths, t->size, r->per);
    ptrdiff_t *sp = scaled_displs(starts, t->size, s->per), *rp = scaled_displs(starts, t->size, r->per);
    CHECK_OK(tri_alltoallv(m->in_place ? MPI_IN_PLACE : send.data, sc, sp, s->type.mpi, got.data, rc, rp,
                           r->type.mpi, t->comm));
    SAME(m, got, want);
    void *all[] = {sc, sp, rc, rp, lengths, starts};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    image_free(&send);
    image_free(&got);
    image_free(&want);
}

static void try_alltoall(const move *m) {
    if (m->counts) {
        try_alltoallv(m);
        return;
    }
    const trial *t = m->t;
    const sample_side *s = &m->pair->send, *r = &m->pair->recv;
    image send = new_image(s, room_of(m)), got = new_image(r, room_of(m)), want = new_image(r, room_of(m));
    for (int b = 0; b < t->size; b++) {
        image_put(m->in_place ? &got : &send, m->in_place ? r : s, block_place(m, b), m->count, t->rank, b);
        image_put(&want, r, block_place(m, b), m->count, b, t->rank);
    }
    CHECK_OK(tri_alltoall(m->in_place ? MPI_IN_PLACE : send.data, m->count * s->per, s->type.mpi, got.data,
                          m->count * r->per, r->type.mpi, t->comm));
    SAME(m, got, want);
    image_free(&send);
    image_free(&got);
    image_free(&want);
}

static void try_move(const move *m) {
    if (!trial_select(m->t, m->counts ? 0 : bytes_of(m), m->counts != NULL, 1)) return;
    switch (tri_algorithm_operation(m->t->index)) {
    case TRI_BCAST:
        try_bcast(m);
        break;
    case TRI_SCATTER:
        try_scatter(m);
        break;
    case TRI_GATHER:
        try_gather(m);
        break;
    case TRI_ALLGATHER:
        try_allgather(m);
        break;
    case TRI_ALLTOALL:
        try_alltoall(m);
        break;
    default:
        break;
    }
}

/* Blocks of very unequal lengths, some empty, in descending order with gaps. */
static void try_uneven(move m, int rooted) {
    size_t ranks = (size_t)m.t->size, counts[64];
    ptrdiff_t displs[64];
    if (ranks > 64) abort();
    m.counts = counts;
    m.displs = displs;
    for (size_t b = ranks; b-- > 0;) {
        counts[b] = b % 3 == 0 ? 0 : b == 1 ? 3000 : b * 7 % 11;
        displs[b] = (ptrdiff_t)m.room;
        m.room += counts[b] + 2;
    }
    for (int root = 0; root < (rooted ? m.t->size : 1); root = root_after(root, m.t->size, 1000)) {
        m.root = root;
        for (int p = 0; p < PAIRS; p++) {
            if (m.t->size > 8 && p != root % PAIRS) continue;
            m.pair = &m.t->pairs[p];
            m.in_place = (p + root) % 2;
            try_move(&m);
        }
    }
}

void move_trials(const trial *t) {
    tri_operation operation = tri_algorithm_operation(t->index);
    if (operation == TRI_BARRIER) {
        try_barrier(t);
        return;
    }
    if (operation > TRI_ALLTOALL) return;
    int rooted = operation <= TRI_GATHER, turn = 0;
    for (int i = 0; i < COUNTS; i++) {
        size_t count = sample_counts[i];
        if (count > 1000 && t->size > 8 && t->turn % 3) continue;
        for (int root = 0; root < (rooted ? t->size : 1); root = root_after(root, t->size, count)) {
            move m = {.t = t, .count = count, .root = root};
            for (int p = 0; p < PAIRS; p++) {
                /* All pairs of types for short calls, otherwise one pair in turn. */
                if ((count > 3 || rooted || t->size > 8) && p != (count > 1000 ? 0 : turn % PAIRS)) continue;
                m.pair = &t->pairs[p];
                for (m.in_place = 0; m.in_place < (operation == TRI_BCAST ? 1 : 2); m.in_place++)
                    if ((count <= 1000 && t->size <= 8) || m.in_place == turn % 2) try_move(&m);
            }
            turn++;
        }
    }
    move uneven = {.t = t, .count = 0};
    if (operation != TRI_BCAST) try_uneven(uneven, rooted);
}
