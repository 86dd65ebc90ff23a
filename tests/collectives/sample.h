/* Buffers for the tests of collective operations. An image is a buffer with a guard on both sides, all filled
 * with one byte before use. A test writes input or expected data into one image and compares whole images, so
 * guards, gaps of a derived type and bytes that must stay untouched are checked as well. */
#ifndef TRIREME_TESTS_COLLECTIVES_SAMPLE_H
#define TRIREME_TESTS_COLLECTIVES_SAMPLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "trireme/algorithms.h"
#include "trireme/collectives.h"
#include "trireme/select.h"

enum { GUARD = 64, FILL = 0xA5, ITEMS = 6, OPERANDS = 4 };

/* A type by its items: `items` numbers of item_bytes at displs[] in each element. */
typedef struct sample_type {
    MPI_Datatype mpi;
    size_t items, item_bytes, extent, displs[ITEMS];
} sample_type;

/* The types of the two sides of a call: `count` elements of the pair are count * per of each side's type. */
typedef struct sample_side {
    sample_type type;
    size_t per;
} sample_side;

typedef struct sample_pair {
    const char *name;
    sample_side send, recv;
} sample_pair;

enum { PAIRS = 4 };

typedef struct image {
    unsigned char *raw, *data;
    size_t bytes;
} image;

/* Space for `elements` of a type, `shift` bytes off the alignment of malloc(). */
static inline image image_new(size_t elements, size_t extent, size_t shift) {
    image im = {.bytes = 2 * GUARD + shift + elements * extent};
    im.raw = malloc(im.bytes);
    if (!im.raw) abort();
    memset(im.raw, FILL, im.bytes);
    im.data = im.raw + GUARD + shift;
    return im;
}

static inline int image_same(const image *got, const image *want) {
    return got->bytes == want->bytes && !memcmp(got->raw, want->raw, got->bytes);
}

static inline void image_free(image *im) {
    free(im->raw);
}

/* A number that encodes the sender, the receiver and the item of the block. */
static inline uint64_t sample_value(uint64_t from, uint64_t to, uint64_t item) {
    uint64_t x = (from * 131071 + to * 8191 + item + 1) * 0x9E3779B97F4A7C15u;
    return x ^ x >> 29;
}

/* Writes `count` elements of the pair, from `from` for `to`, beginning at element `first` of the image. */
static inline void image_put(image *im, const sample_side *side, size_t first, size_t count, int from,
                             int to) {
    const sample_type *t = &side->type;
    uint64_t item = 0;
    for (size_t e = first * side->per; e < (first + count) * side->per; e++)
        for (size_t i = 0; i < t->items; i++) {
            uint64_t value = sample_value((uint64_t)from, (uint64_t)to, item++);
            memcpy(im->data + e * t->extent + t->displs[i], &value, t->item_bytes);
        }
}

static inline sample_pair pair_of(const char *name, sample_type send, size_t send_per, sample_type recv,
                                  size_t recv_per) {
    sample_pair pair = {name, {send, send_per}, {recv, recv_per}};
    return pair;
}

/* Bytes, integers, and six integers with gaps against six without, both ways. */
static inline void sample_pairs(sample_pair pairs[PAIRS], MPI_Datatype *gaps) {
    sample_type byte = {MPI_BYTE, 1, 1, 1, {0}}, word = {MPI_INT64_T, 1, 8, 8, {0}},
                number = {MPI_INT32_T, 1, 4, 4, {0}}, gap = {.items = 6, .item_bytes = 4, .extent = 40};
    MPI_Datatype vector;
    MPI_Type_vector(2, 3, 5, MPI_INT32_T, &vector);
    MPI_Type_create_resized(vector, 0, 40, gaps);
    MPI_Type_commit(gaps);
    MPI_Type_free(&vector);
    gap.mpi = *gaps;
    for (size_t i = 0; i < 6; i++)
        gap.displs[i] = 4 * (i / 3 * 5 + i % 3);
    pairs[0] = pair_of("bytes", byte, 1, byte, 1);
    pairs[1] = pair_of("int64", word, 1, word, 1);
    pairs[2] = pair_of("gaps to int32", gap, 1, number, 6);
    pairs[3] = pair_of("int32 to gaps", number, 6, gap, 1);
}

/* One algorithm on one communicator. */
typedef struct trial {
    tri_comm *comm;
    int rank, size;
    int index; /* in the list of algorithms */
    int turn;  /* index of the communicator: with many ranks, only every third tests long vectors */
    const char *where;
    const sample_pair *pairs;
    struct operands *operands;
    long *ran; /* calls of each algorithm so far */
} trial;

/* Selects the algorithm by name; returns 0 if it cannot handle the case. */
int trial_select(const trial *t, size_t bytes, int uneven, int commutes);

void move_trials(const trial *t);
void combine_trials(const trial *t);
void own_bytes_trials(tri_comm *comm);

struct operands *operands_new(int rank, int size);
void operands_free(struct operands *all);

extern const size_t sample_counts[];
enum { COUNTS = 5 };
/* Every root for short vectors and up to 8 ranks, else three. Returns the root after `root`, or `size`. */
int root_after(int root, int size, size_t count);

#endif
