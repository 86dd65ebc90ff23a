/* Reductions and scans. The expected result is computed from the values of all ranks, in rank order,
 * without communication. */
#include <stdio.h>

#include "tests/collectives/sample.h"

enum { COUNT_MOST = 70000, SHORT_MOST = 1000 };

/* A type and an operation. */
typedef struct operand {
    const char *name;
    MPI_Datatype type;
    MPI_Op op;
    int commutes;
    size_t bytes, most; /* bytes of an element; longest vector */
    size_t shift;       /* bytes off the alignment of malloc() */
    void (*fold)(void *so_far, const void *next);
    /* of `most` elements: this rank's, all ranks', ranks 0 to this one's, ranks below this one's */
    unsigned char *mine, *total, *upto, *before;
} operand;

struct operands {
    operand of[OPERANDS];
};

static void fold_sum(void *so_far, const void *next) {
    int64_t a, b;
    memcpy(&a, so_far, 8);
    memcpy(&b, next, 8);
    a = (int64_t)((uint64_t)a + (uint64_t)b);
    memcpy(so_far, &a, 8);
}

static void fold_max(void *so_far, const void *next) {
    double a, b;
    memcpy(&a, so_far, 8);
    memcpy(&b, next, 8);
    if (b > a) memcpy(so_far, &b, 8);
}

static void fold_xor(void *so_far, const void *next) {
    *(unsigned char *)so_far ^= *(const unsigned char *)next;
}

/* so_far x next for 2 x 2 matrices of integers modulo 2^64. */
static void fold_matrix(void *so_far, const void *next) {
    uint64_t a[4], b[4], c[4];
    memcpy(a, so_far, sizeof a);
    memcpy(b, next, sizeof b);
    for (int i = 0; i < 4; i++)
        c[i] = a[i / 2 * 2] * b[i % 2] + a[i / 2 * 2 + 1] * b[2 + i % 2];
    memcpy(so_far, c, sizeof c);
}

/* MPI's form: right = left op right. */
static void multiply(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)type;
    for (int i = 0; i < *count; i++) {
        unsigned char product[32];
        memcpy(product, (unsigned char *)left + 32 * i, 32);
        fold_matrix(product, (unsigned char *)right + 32 * i);
        memcpy((unsigned char *)right + 32 * i, product, 32);
    }
}

static void make_values(operand *o, int rank, unsigned char *out) {
    for (size_t i = 0; i < o->most; i++) {
        uint64_t value = sample_value((uint64_t)rank, 5, i);
        if (o->fold == fold_max) {
            double number = (double)(int64_t)value;
            memcpy(out + i * 8, &number, 8);
        } else if (o->fold == fold_matrix) {
            uint64_t matrix[4] = {value, value >> 7, value * 3 + 1, value ^ 0x55};
            memcpy(out + i * 32, matrix, 32);
        } else {
            memcpy(out + i * o->bytes, &value, o->bytes);
        }
    }
}

static unsigned char *room(size_t bytes) {
    unsigned char *out = calloc(bytes, 1);
    if (!out) abort();
    return out;
}

static void fold_ranks(operand *o, int rank, int size) {
    size_t bytes = o->most * o->bytes;
    unsigned char *next = room(bytes);
    o->mine = room(bytes), o->total = room(bytes), o->upto = room(bytes), o->before = room(bytes);
    for (int r = 0; r < size; r++) {
        if (r == rank) memcpy(o->before, o->total, bytes);
        make_values(o, r, next);
        if (!r) memcpy(o->total, next, bytes);
        for (size_t i = 0; r && i < o->most; i++)
            o->fold(o->total + i * o->bytes, next + i * o->bytes);
        if (r == rank) {
            memcpy(o->mine, next, bytes);
            memcpy(o->upto, o->total, bytes);
        }
    }
    free(next);
}

struct operands *operands_new(int rank, int size) {
    struct operands *all = calloc(1, sizeof *all);
    if (!all) abort();
    all->of[0] = (operand){.name = "sums of int64",
                           .type = MPI_INT64_T,
                           .op = MPI_SUM,
                           .commutes = 1,
                           .bytes = 8,
                           .most = COUNT_MOST,
                           .shift = 8,
                           .fold = fold_sum};
    all->of[1] = (operand){.name = "products of matrices", .bytes = 32, .most = SHORT_MOST, .shift = 1};
    all->of[1].fold = fold_matrix;
    MPI_Type_contiguous(4, MPI_UINT64_T, &all->of[1].type);
    MPI_Type_commit(&all->of[1].type);
    MPI_Op_create(multiply, 0, &all->of[1].op);
    all->of[2] = (operand){.name = "maxima of double",
                           .type = MPI_DOUBLE,
                           .op = MPI_MAX,
                           .commutes = 1,
                           .bytes = 8,
                           .most = SHORT_MOST,
                           .shift = 8,
                           .fold = fold_max};
    all->of[3] = (operand){.name = "exclusive or of bytes",
                           .type = MPI_UINT8_T,
                           .op = MPI_BXOR,
                           .commutes = 1,
                           .bytes = 1,
                           .most = SHORT_MOST,
                           .shift = 1,
                           .fold = fold_xor};
    for (int i = 0; i < OPERANDS; i++)
        fold_ranks(&all->of[i], rank, size);
    return all;
}

void operands_free(struct operands *all) {
    for (int i = 0; i < OPERANDS; i++) {
        free(all->of[i].mine);
        free(all->of[i].total);
        free(all->of[i].upto);
        free(all->of[i].before);
    }
    MPI_Op_free(&all->of[1].op);
    MPI_Type_free(&all->of[1].type);
    free(all);
}

static tri_status call(const trial *t, const operand *o, const void *from, void *into, size_t count,
                       int root) {
    switch (tri_algorithm_operation(t->index)) {
    case TRI_REDUCE:
        return tri_reduce(from, into, count, o->type, o->op, root, t->comm);
    case TRI_ALLREDUCE:
        return tri_allreduce(from, into, count, o->type, o->op, t->comm);
    case TRI_SCAN:
        return tri_scan(from, into, count, o->type, o->op, t->comm);
    default:
        return tri_exscan(from, into, count, o->type, o->op, t->comm);
    }
}

/* reduce, allreduce, scan, exscan */
static void try_vector(const trial *t, const operand *o, size_t count, int root, int in_place) {
    tri_operation operation = tri_algorithm_operation(t->index);
    if (!trial_select(t, count * o->bytes, 0, o->commutes)) return;
    int gets = (operation != TRI_REDUCE || t->rank == root) && (operation != TRI_EXSCAN || t->rank);
    in_place = in_place && (operation != TRI_REDUCE || t->rank == root);
    const unsigned char *result = operation == TRI_SCAN     ? o->upto
                                  : operation == TRI_EXSCAN ? o->before
                                                            : o->total;
    image send = image_new(count, o->bytes, o->shift), kept = image_new(count, o->bytes, o->shift),
          got = image_new(count, o->bytes, o->shift), want = image_new(count, o->bytes, o->shift);
    memcpy(send.data, o->mine, count * o->bytes);
    memcpy(kept.data, o->mine, count * o->bytes);
    if (in_place) memcpy(got.data, o->mine, count * o->bytes);
    if (in_place && !gets) memcpy(want.data, o->mine, count * o->bytes);
    if (gets) memcpy(want.data, result, count * o->bytes);
    CHECK_OK(call(t, o, in_place ? MPI_IN_PLACE : send.data, got.data, count, root));
    CHECK(image_same(&got, &want), "%s %s, %s, %d ranks, root %d, %zu %s%s", tri_operation_name(operation),
          tri_algorithm_name(t->index), t->where, t->size, root, count, o->name,
          in_place ? ", in place" : "");
    CHECK(image_same(&send, &kept), "%s %s, %s: wrote into what it sends", tri_operation_name(operation),
          tri_algorithm_name(t->index), t->where);
    image_free(&send);
    image_free(&kept);
    image_free(&got);
    image_free(&want);
}

/* reduce_scatter: counts[b] elements to rank b, or `block` to every rank. */
static void try_blocks(const trial *t, const operand *o, const size_t *counts, size_t block, int in_place) {
    size_t all = 0, first = 0;
    for (int b = 0; b < t->size; b++) {
        if (b == t->rank) first = all;
        all += counts ? counts[b] : block;
    }
    size_t mine = counts ? counts[t->rank] : block;
    if (all > o->most || !trial_select(t, counts ? 0 : block * o->bytes, counts != NULL, o->commutes)) return;
    size_t here = in_place ? all : mine;
    image send = image_new(all, o->bytes, o->shift), kept = image_new(all, o->bytes, o->shift),
          got = image_new(here, o->bytes, o->shift), want = image_new(here, o->bytes, o->shift);
    memcpy(send.data, o->mine, all * o->bytes);
    memcpy(kept.data, o->mine, all * o->bytes);
    if (in_place) memcpy(got.data, o->mine, all * o->bytes);
    memcpy(want.data, o->total + first * o->bytes, mine * o->bytes);
    const void *from = in_place ? MPI_IN_PLACE : send.data;
    if (counts)
        CHECK_OK(tri_reduce_scatter(from, got.data, counts, o->type, o->op, t->comm));
    else
        CHECK_OK(tri_reduce_scatter_block(from, got.data, block, o->type, o->op, t->comm));
    /* In place: MPI leaves the data after the rank's own block undefined. */
    if (in_place) memcpy(want.data + mine * o->bytes, got.data + mine * o->bytes, (all - mine) * o->bytes);
    CHECK(image_same(&got, &want), "reduce_scatter %s, %s, %d ranks, blocks of %zu %s%s%s",
          tri_algorithm_name(t->index), t->where, t->size, block, o->name, counts ? ", uneven" : "",
          in_place ? ", in place" : "");
    CHECK(image_same(&send, &kept), "reduce_scatter %s, %s: wrote into what it sends",
          tri_algorithm_name(t->index), t->where);
    image_free(&send);
    image_free(&kept);
    image_free(&got);
    image_free(&want);
}

static void block_trials(const trial *t) {
    static const size_t blocks[] = {0, 1, 3, 61, 4375};
    size_t uneven[64];
    for (int b = 0; b < t->size && b < 64; b++)
        uneven[b] = b % 3 == 0 ? 0 : b == 1 ? 900 : (size_t)b * 7 % 5;
    for (int i = 0; i < OPERANDS; i++)
        for (int in_place = 0; in_place < 2; in_place++) {
            for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
                try_blocks(t, &t->operands->of[i], NULL, blocks[k], in_place);
            try_blocks(t, &t->operands->of[i], uneven, 0, in_place);
        }
}

void combine_trials(const trial *t) {
    tri_operation operation = tri_algorithm_operation(t->index);
    if (operation < TRI_REDUCE) return;
    if (operation == TRI_REDUCE_SCATTER) {
        block_trials(t);
        return;
    }
    int turn = 0;
    for (int k = 0; k < COUNTS; k++) {
        size_t count = sample_counts[k];
        if (count > 1000 && t->size > 8 && t->turn % 3) continue;
        for (int root = 0; root < (operation == TRI_REDUCE ? t->size : 1);
             root = root_after(root, t->size, count), turn++)
            for (int i = 0; i < OPERANDS; i++) {
                const operand *o = &t->operands->of[i];
                /* The order-sensitive product with every root, the others alternately. */
                if (count > o->most || (operation == TRI_REDUCE && i != 1 && i != turn % OPERANDS)) continue;
                if (t->size > 8 && i != 1 && i != turn % OPERANDS) continue;
                for (int in_place = 0; in_place < 2; in_place++)
                    if ((count <= 3 && t->size <= 8) || in_place == turn % 2)
                        try_vector(t, o, count, root, in_place);
            }
    }
}
