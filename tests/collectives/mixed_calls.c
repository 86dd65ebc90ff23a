#include "tests/collectives/mixed.h"

/* 2 x 2 matrices of integers modulo 2^64: right = left x right. */
void multiply(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)type;
    for (int i = 0; i < *count; i++) {
        uint64_t a[4], b[4], c[4];
        memcpy(a, (char *)left + 32 * i, 32);
        memcpy(b, (char *)right + 32 * i, 32);
        for (int k = 0; k < 4; k++)
            c[k] = a[k / 2 * 2] * b[k % 2] + a[k / 2 * 2 + 1] * b[2 + k % 2];
        memcpy((char *)right + 32 * i, c, 32);
    }
}

/* The length of the block that rank `from` has for rank `to`. */
static size_t length_of(const one_call *c, int from, int to) {
    if (!c->uneven) return c->count;
    if (c->operation == TRI_ALLTOALL) return c->lengths[(from + to) % c->size];
    return c->lengths[c->operation == TRI_SCATTER || combines(c) ? to : from];
}

/* The types of the block from `from` to `to`. */
static const sample_side *side_of(const one_call *c, int receives, int from, int to) {
    const sample_pair *pair = c->pairs ? &c->pairs[(from + to) % PAIRS] : c->pair;
    return receives ? &pair->recv : &pair->send;
}

/* Blocks in descending order with gaps, or equal blocks one after another: sets counts and displs in elements
 * of their types, or bytes for alltoallw. Returns the room that they need, likewise. */
static size_t place_blocks(one_call *c, int receives) {
    size_t room = 0;
    for (int i = 0; i < c->size; i++) {
        int b = c->uneven && !combines(c) ? c->size - 1 - i : i;
        const sample_side *side = side_of(c, receives, c->rank, b);
        size_t count = side->per * (receives ? length_of(c, b, c->rank) : length_of(c, c->rank, b));
        c->types[receives][b] = side->type.mpi;
        c->counts[receives][b] = count;
        c->displs[receives][b] = (ptrdiff_t)room;
        room += c->pairs ? (count * side->type.extent + 15) / 8 * 8
                         : count + (c->uneven && !combines(c) ? side->per : 0);
    }
    return room;
}

static size_t *numbers(int count) {
    size_t *out = calloc((size_t)count, sizeof *out);
    if (!out) abort();
    return out;
}

static int has_many(const one_call *c, int receives) {
    int at_root = c->rank == c->root;
    switch (c->operation) {
    case TRI_SCATTER:
        return !receives && at_root;
    case TRI_GATHER:
        return receives && at_root;
    case TRI_ALLGATHER:
        return receives;
    case TRI_ALLTOALL:
        return 1;
    default:
        return 0;
    }
}

/* Input and expected result of a call that moves data. */
static void fill_side(one_call *c, int receives, image *im, int input) {
    const sample_side *side = receives ? &c->pair->recv : &c->pair->send;
    int salt = (int)c->round * 1000;
    if (!has_many(c, receives)) {
        int from = c->operation == TRI_GATHER || c->operation == TRI_ALLGATHER ? c->rank : c->root;
        int to = c->operation == TRI_SCATTER ? c->rank : 0;
        image_put(im, side, 0, length_of(c, c->rank, c->rank), from, to + salt);
        return;
    }
    for (int b = 0; b < c->size; b++) {
        /* The data that an input in place holds, or those that arrive. */
        int from = receives ? b : c->rank, to = receives ? c->rank : b;
        if (input && receives) {
            if (c->operation == TRI_ALLTOALL)
                from = c->rank, to = b;
            else if (b != c->rank)
                continue;
        }
        if (c->operation == TRI_GATHER || c->operation == TRI_ALLGATHER) to = 0;
        size_t length = receives ? length_of(c, b, c->rank) : length_of(c, c->rank, b);
        const sample_side *of = side_of(c, receives, c->rank, b);
        size_t unit = c->pairs ? 1 : of->type.extent;
        image block = {.data = im->data + (size_t)c->displs[receives][b] * unit};
        image_put(&block, of, 0, length, from, to + salt);
    }
}

static void put_element(one_call *c, unsigned char *at, int rank, size_t i) {
    uint64_t value = sample_value((uint64_t)rank, 7 + c->round, i), matrix[4];
    for (int k = 0; k < 4; k++)
        matrix[k] = value >> 5 * k;
    memcpy(at, matrix, element_bytes(c));
}

/* Element i of the combination of ranks first to last. */
static void combine_element(one_call *c, unsigned char *at, int first, int last, size_t i) {
    unsigned char so_far[32];
    put_element(c, so_far, first, i);
    for (int r = first + 1; r <= last; r++) {
        unsigned char next[32];
        int one = 1;
        put_element(c, next, r, i);
        if (c->matrices) {
            multiply(so_far, next, &one, NULL);
            memcpy(so_far, next, 32);
        } else {
            uint64_t a, b;
            memcpy(&a, so_far, 8);
            memcpy(&b, next, 8);
            a += b;
            memcpy(so_far, &a, 8);
        }
    }
    memcpy(at, so_far, element_bytes(c));
}

static size_t vector_of(const one_call *c) {
    if (c->operation != TRI_REDUCE_SCATTER) return c->count;
    size_t all = 0;
    for (int b = 0; b < c->size; b++)
        all += length_of(c, 0, b);
    return all;
}

static void fill_combine(one_call *c, image *input) {
    size_t all = vector_of(c), first = 0, count = all, bytes = element_bytes(c);
    int last = c->size - 1;
    if (c->operation == TRI_REDUCE_SCATTER) {
        for (int b = 0; b < c->rank; b++)
            first += length_of(c, 0, b);
        count = length_of(c, 0, c->rank);
    }
    if (c->operation == TRI_SCAN) last = c->rank;
    if (c->operation == TRI_EXSCAN) last = c->rank - 1;
    for (size_t i = 0; i < all; i++) {
        put_element(c, input->data + i * bytes, c->rank, i);
        if (c->in_place) put_element(c, c->want.data + i * bytes, c->rank, i);
    }
    int gets = (c->operation != TRI_REDUCE || c->rank == c->root) && last >= 0;
    for (size_t i = 0; gets && i < count; i++)
        combine_element(c, c->want.data + i * bytes, 0, last, first + i);
}

static void blank(image *im) {
    memset(im->raw, FILL, im->bytes);
}

void fill(one_call *c) {
    blank(&c->send), blank(&c->kept), blank(&c->got), blank(&c->want);
    if (c->operation == TRI_BARRIER) return;
    if (combines(c)) {
        fill_combine(c, c->in_place ? &c->got : &c->send);
    } else if (c->operation == TRI_BCAST) {
        if (c->rank == c->root) fill_side(c, 1, &c->got, 1);
        fill_side(c, 1, &c->want, 0);
    } else {
        int sends = c->operation != TRI_SCATTER || c->rank == c->root;
        int receives = c->operation != TRI_GATHER || c->rank == c->root;
        if (sends && c->operation == TRI_SCATTER)
            fill_side(c, 0, &c->send, 1);
        else if (sends)
            fill_side(c, c->in_place, c->in_place ? &c->got : &c->send, 1);
        if (receives && !(c->operation == TRI_SCATTER && c->in_place)) fill_side(c, 1, &c->want, 0);
    }
    memcpy(c->kept.raw, c->send.raw, c->send.bytes);
}

void make_images(one_call *c) {
    size_t room[2];
    for (int receives = 0; receives < 2; receives++) {
        const sample_side *side = receives ? &c->pair->recv : &c->pair->send;
        c->counts[receives] = numbers(c->size), c->displs[receives] = (ptrdiff_t *)numbers(c->size);
        c->types[receives] = calloc((size_t)c->size, sizeof *c->types[receives]);
        if (!c->types[receives]) abort();
        size_t all = place_blocks(c, receives);
        room[receives] = has_many(c, receives) ? all : side->per * length_of(c, c->rank, c->rank);
        if (combines(c)) room[receives] = vector_of(c);
    }
    size_t send_bytes = combines(c) ? element_bytes(c) : c->pairs ? 1 : c->pair->send.type.extent;
    size_t recv_bytes = combines(c) ? element_bytes(c) : c->pairs ? 1 : c->pair->recv.type.extent;
    c->send = image_new(room[0], send_bytes, 8), c->kept = image_new(room[0], send_bytes, 8);
    c->got = image_new(room[1], recv_bytes, 8), c->want = image_new(room[1], recv_bytes, 8);
}

/* One form of a call, with its arguments in parentheses. */
#define CALL(c, name, ...)                                                                                   \
    ((c)->form == BLOCKING      ? tri_##name(__VA_ARGS__, (c)->comm)                                         \
     : (c)->form == NONBLOCKING ? tri_i##name(__VA_ARGS__, (c)->comm, &(c)->request)                         \
                                : tri_##name##_init(__VA_ARGS__, (c)->comm, &(c)->request))

static tri_status issue_move(one_call *c) {
    const sample_side *s = &c->pair->send, *r = &c->pair->recv;
    size_t mine = length_of(c, c->rank, c->rank), *const *n = c->counts;
    ptrdiff_t *const *d = c->displs;
    const void *from = c->in_place && c->operation != TRI_SCATTER ? MPI_IN_PLACE : c->send.data;
    void *into = c->in_place && c->operation == TRI_SCATTER ? MPI_IN_PLACE : c->got.data;
    MPI_Datatype st = s->type.mpi, rt = r->type.mpi;
    switch (c->operation) {
    case TRI_BARRIER:
        return c->form == BLOCKING      ? tri_barrier(c->comm)
               : c->form == NONBLOCKING ? tri_ibarrier(c->comm, &c->request)
                                        : tri_barrier_init(c->comm, &c->request);
    case TRI_BCAST:
        return CALL(c, bcast, into, c->count * r->per, rt, c->root);
    case TRI_SCATTER:
        if (c->uneven) return CALL(c, scatterv, from, n[0], d[0], st, into, mine * r->per, rt, c->root);
        return CALL(c, scatter, from, mine * s->per, st, into, mine * r->per, rt, c->root);
    case TRI_GATHER:
        if (c->uneven) return CALL(c, gatherv, from, mine * s->per, st, into, n[1], d[1], rt, c->root);
        return CALL(c, gather, from, mine * s->per, st, into, mine * r->per, rt, c->root);
    case TRI_ALLGATHER:
        if (c->uneven) return CALL(c, allgatherv, from, mine * s->per, st, into, n[1], d[1], rt);
        return CALL(c, allgather, from, mine * s->per, st, into, mine * r->per, rt);
    default:
        if (c->pairs) return CALL(c, alltoallw, from, n[0], d[0], c->types[0], into, n[1], d[1], c->types[1]);
        if (c->uneven) return CALL(c, alltoallv, from, n[0], d[0], st, into, n[1], d[1], rt);
        return CALL(c, alltoall, from, mine * s->per, st, into, mine * r->per, rt);
    }
}

static tri_status issue_combine(one_call *c, const setting *s) {
    const void *from = c->in_place ? MPI_IN_PLACE : c->send.data;
    void *into = c->got.data;
    MPI_Datatype type = c->matrices ? s->matrix : MPI_UINT64_T;
    MPI_Op op = c->matrices ? s->multiply : MPI_SUM;
    switch (c->operation) {
    case TRI_REDUCE:
        return CALL(c, reduce, from, into, c->count, type, op, c->root);
    case TRI_ALLREDUCE:
        return CALL(c, allreduce, from, into, c->count, type, op);
    case TRI_REDUCE_SCATTER:
        if (c->uneven) return CALL(c, reduce_scatter, from, into, c->lengths, type, op);
        return CALL(c, reduce_scatter_block, from, into, c->count, type, op);
    case TRI_SCAN:
        return CALL(c, scan, from, into, c->count, type, op);
    default:
        return CALL(c, exscan, from, into, c->count, type, op);
    }
}

tri_status issue_call(one_call *c, const setting *s) {
    return combines(c) ? issue_combine(c, s) : issue_move(c);
}

void check_call(one_call *c, const char *names, uint64_t seed) {
    if (c->operation == TRI_REDUCE_SCATTER && c->in_place) {
        /* MPI leaves the data after the rank's own block undefined. */
        size_t mine = length_of(c, 0, c->rank) * element_bytes(c);
        size_t rest = vector_of(c) * element_bytes(c) - mine;
        memcpy(c->want.data + mine, c->got.data + mine, rest);
    }
    CHECK(image_same(&c->got, &c->want),
          "%s%s, form %d, %s, rank %d of %d, root %d, %zu %s%s, round %d, algorithms '%s', seed %llu",
          tri_operation_name(c->operation), c->uneven ? " of unequal blocks" : "", (int)c->form, c->where,
          c->rank, c->size, c->root, c->count,
          combines(c) ? c->matrices ? "matrices" : "integers"
          : c->pair   ? c->pair->name
                      : "",
          c->in_place ? ", in place" : "", (int)c->round, names, (unsigned long long)seed);
    CHECK(image_same(&c->send, &c->kept), "%s, %s: wrote into what it sends, seed %llu",
          tri_operation_name(c->operation), c->where, (unsigned long long)seed);
}

void call_free(one_call *c) {
    CHECK_OK(tri_request_free(&c->request));
    for (int side = 0; side < 2; side++) {
        free(c->counts[side]);
        free(c->displs[side]);
        free(c->types[side]);
    }
    free(c->lengths);
    image_free(&c->send);
    image_free(&c->kept);
    image_free(&c->got);
    image_free(&c->want);
}
