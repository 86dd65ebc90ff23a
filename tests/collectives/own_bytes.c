/* Which bytes a call reads and writes: types with gaps, extents and lower bounds of all kinds, displacements,
 * addresses from MPI_BOTTOM; and types and operations that are freed while a call is pending. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/collectives/sample.h"
#include "trireme/request.h"

static int rank, size;
static tri_comm *world;
static int mpi_keeps; /* whether MPI keeps an operation that is freed while a call is pending */

/* ---- Types whose elements do not own all bytes between their first and their last ---- */

enum { ITEMS_MOST = 6, FILLED = 0x5A };

/* 32-bit numbers at displs[] of each element. */
typedef struct shape {
    const char *name;
    int items;
    ptrdiff_t displs[ITEMS_MOST], lower, extent;
    int owns_all; /* all bytes */
} shape;

static const shape shapes[] = {
    {"a column of a matrix", 4, {0, 256, 512, 768}, 0, 4, 0},
    {"gaps", 6, {0, 4, 8, 20, 24, 28}, 0, 40, 0},
    {"an extent beyond the data", 1, {0}, 0, 4096, 0},
    {"an extent shorter than the data", 2, {0, 1024}, 0, 4, 0},
    {"a lower bound of 4", 1, {4}, 0, 8, 0},
    {"data before the buffer", 2, {-20, -8}, -20, 24, 0},
    {"data far behind the buffer", 2, {100000, 100004}, 0, 8, 0},
    {"backwards", 2, {0, 4}, 0, -12, 0},
    {"another order", 2, {4, 0}, 0, 8, 1},
    {"all its bytes", 4, {0, 4, 8, 12}, 0, 16, 1},
    {"nothing", 0, {0}, 0, 0, 0},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };
static const shape *current; /* of the call, for its operation */

static MPI_Datatype type_of(const shape *s) {
    MPI_Aint displs[ITEMS_MOST];
    int ones[ITEMS_MOST];
    MPI_Datatype bare, out;
    for (int i = 0; i < s->items; i++)
        displs[i] = s->displs[i], ones[i] = 1;
    MPI_Type_create_hindexed(s->items, ones, displs, MPI_INT32_T, &bare);
    MPI_Type_create_resized(bare, s->lower, s->extent, &out);
    MPI_Type_commit(&out);
    MPI_Type_free(&bare);
    return out;
}

/* Sums; where items come in pairs, compositions of functions a x + b, which do not commute. */
static void merge(const uint32_t *left, uint32_t *right, int items) {
    for (int i = 0; i < items; i++) {
        if (items % 2) right[i] += left[i];
        if (i % 2) right[i] = left[i - 1] * right[i] + left[i], right[i - 1] *= left[i - 1];
    }
}

/* By integers: with an absolute type neither the buffer nor the sum need to lie in an object. */
static void *item(const void *base, ptrdiff_t offset) {
    return (void *)((uintptr_t)base + (uintptr_t)offset);
}

static void operate(void *left, void *right, int *count, MPI_Datatype *type) {
    MPI_Aint lower, extent;
    MPI_Type_get_extent(*type, &lower, &extent);
    if (extent != current->extent) abort();
    for (int e = 0; e < *count; e++) {
        uint32_t a[ITEMS_MOST], b[ITEMS_MOST];
        for (int i = 0; i < current->items; i++) {
            memcpy(&a[i], item(left, e * extent + current->displs[i]), 4);
            memcpy(&b[i], item(right, e * extent + current->displs[i]), 4);
        }
        merge(a, b, current->items);
        for (int i = 0; i < current->items; i++)
            memcpy(item(right, e * extent + current->displs[i]), &b[i], 4);
    }
}

static void refuse(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)left, (void)right, (void)count, (void)type;
    abort();
}

/* Room for `count` elements that ends where they end, followed by a page that cannot be touched. */
typedef struct room {
    char *raw, *base; /* base: what a call is given */
    size_t bytes, all;
} room;

static room room_new(const shape *s, size_t count) {
    ptrdiff_t low = 0, high = 0;
    for (size_t e = 0; e<count; e += count> 1 ? count - 1 : 1)
        for (int i = 0; i < s->items; i++) {
            ptrdiff_t at = (ptrdiff_t)e * s->extent + s->displs[i];
            if ((!e && !i) || at < low) low = at;
            if ((!e && !i) || at + 4 > high) high = at + 4;
        }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    room r = {.bytes = ((size_t)(high - low) + page - 1) / page * page};
    r.all = r.bytes + 2 * page;
    char *at = mmap(NULL, r.all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at, page, PROT_NONE) || mprotect(at + page + r.bytes, page, PROT_NONE))
        abort();
    r.raw = at + page;
    memset(r.raw, FILLED, r.bytes);
    r.base = r.raw + r.bytes - high;
    return r;
}

static void room_free(room *r) {
    munmap(r->raw - (r->all - r->bytes) / 2, r->all);
}

static uint32_t number_of(int from, size_t element, int item) {
    return (uint32_t)sample_value((uint64_t)from, element, (uint64_t)item);
}

/* The combination of ranks 0 to `last` for one element. */
static void expect(const shape *s, int last, size_t element, uint32_t *out) {
    for (int r = 0; r <= last; r++) {
        uint32_t next[ITEMS_MOST], so_far[ITEMS_MOST];
        for (int i = 0; i < s->items; i++)
            next[i] = number_of(r, element, i), so_far[i] = out[i];
        if (r) merge(so_far, next, s->items);
        memcpy(out, next, sizeof next);
    }
}

static void put(const shape *s, const room *r, size_t at, const uint32_t *items) {
    for (int i = 0; i < s->items; i++)
        memcpy(r->base + (ptrdiff_t)at * s->extent + s->displs[i], &items[i], 4);
}

static void put_input(const shape *s, const room *r, size_t count) {
    for (size_t e = 0; e < count; e++) {
        uint32_t items[ITEMS_MOST];
        for (int i = 0; i < s->items; i++)
            items[i] = number_of(rank, e, i);
        put(s, r, e, items);
    }
}

typedef struct job {
    tri_operation operation;
    int uneven, in_place, nonblocking, root;
    size_t count; /* of the vector, or of an equal block */
} job;

static tri_status run(const job *j, const void *send, void *recv, const size_t *counts, MPI_Datatype type,
                      MPI_Op op, tri_request **request) {
#define FORM(name, ...) (j->nonblocking ? tri_i##name(__VA_ARGS__, request) : tri_##name(__VA_ARGS__))
    switch (j->operation) {
    case TRI_REDUCE:
        return FORM(reduce, send, recv, j->count, type, op, j->root, world);
    case TRI_ALLREDUCE:
        return FORM(allreduce, send, recv, j->count, type, op, world);
    case TRI_SCAN:
        return FORM(scan, send, recv, j->count, type, op, world);
    case TRI_EXSCAN:
        return FORM(exscan, send, recv, j->count, type, op, world);
    default:
        if (j->uneven) return FORM(reduce_scatter, send, recv, counts, type, op, world);
        return FORM(reduce_scatter_block, send, recv, j->count, type, op, world);
    }
#undef FORM
}

/* Other handles take the place of those that are freed. */
static void free_both(MPI_Datatype *type, MPI_Op *op) {
    enum { OTHERS = 4 };
    MPI_Datatype types[OTHERS];
    MPI_Op ops[OTHERS];
    MPI_Type_free(type);
    MPI_Op_free(op);
    for (int i = 0; i < OTHERS; i++) {
        MPI_Type_contiguous(3, MPI_CHAR, &types[i]);
        MPI_Op_create(refuse, 1, &ops[i]);
    }
    for (int i = 0; i < OTHERS; i++) {
        MPI_Type_free(&types[i]);
        MPI_Op_free(&ops[i]);
    }
}

/* One reduction. Where the header allows it, type and operation are freed while a nonblocking one is
 * pending. */
static void try_shape(const shape *s, job j) {
    size_t inputs = j.count, mine = j.count, first = 0, counts[64];
    int gets = (j.operation != TRI_REDUCE || rank == j.root) && (j.operation != TRI_EXSCAN || rank);
    if (size > 64) abort();
    j.in_place = j.in_place && (j.operation != TRI_REDUCE || rank == j.root);
    if (j.operation == TRI_REDUCE_SCATTER) {
        inputs = 0;
        for (int b = 0; b < size; b++) {
            counts[b] = j.uneven ? (size_t)b % 3 * j.count : j.count;
            if (b == rank) mine = counts[b], first = inputs;
            inputs += counts[b];
        }
    }
    room send = room_new(s, inputs), kept = room_new(s, inputs),
         got = room_new(s, j.in_place ? inputs : mine), want = room_new(s, j.in_place ? inputs : mine);
    put_input(s, &send, inputs);
    put_input(s, &kept, inputs);
    if (j.in_place) put_input(s, &got, inputs);
    if (j.in_place) put_input(s, &want, inputs);
    for (size_t e = 0; gets && e < mine; e++) {
        uint32_t items[ITEMS_MOST] = {0};
        int last = j.operation == TRI_SCAN ? rank : j.operation == TRI_EXSCAN ? rank - 1 : size - 1;
        expect(s, last, first + e, items);
        put(s, &want, e, items);
    }
    MPI_Datatype type = type_of(s);
    MPI_Op op;
    MPI_Op_create(operate, s->items % 2, &op);
    tri_request *request = NULL;
    CHECK_OK(run(&j, j.in_place ? MPI_IN_PLACE : send.base, got.base, counts, type, op, &request));
    int early = s->owns_all && (mpi_keeps || !j.nonblocking);
    if (early) free_both(&type, &op);
    CHECK_OK(tri_request_wait(&request));
    if (!early) free_both(&type, &op);
    /* In place, reduce_scatter leaves the input behind its block undefined. */
    for (size_t e = mine; e < inputs && j.in_place && j.operation == TRI_REDUCE_SCATTER; e++) {
        uint32_t items[ITEMS_MOST];
        for (int i = 0; i < s->items; i++)
            memcpy(&items[i], got.base + (ptrdiff_t)e * s->extent + s->displs[i], 4);
        put(s, &want, e, items);
    }
    CHECK(!memcmp(got.raw, want.raw, want.bytes) && !memcmp(send.raw, kept.raw, kept.bytes),
          "%s%s%s of %zu elements with %s, %d ranks%s", j.nonblocking ? "nonblocking " : "",
          tri_operation_name(j.operation), j.uneven ? ", uneven" : "", j.count, s->name, size,
          j.in_place ? ", in place" : "");
    room_free(&send);
    room_free(&kept);
    room_free(&got);
    room_free(&want);
}

static void reductions(void) {
    static const size_t counts[] = {0, 1, 2, 5};
    for (int i = 0; i < SHAPES; i++)
        for (int o = TRI_REDUCE; o < TRI_OPERATION_COUNT; o++)
            for (int k = 0; k < 32; k++) {
                job j = {.operation = (tri_operation)o,
                         .count = counts[k % 4],
                         .in_place = k >> 2 & 1,
                         .nonblocking = k >> 3 & 1,
                         .uneven = k >> 4 & 1,
                         .root = (i + k) % size};
                current = &shapes[i];
                if (!j.uneven || o == TRI_REDUCE_SCATTER) try_shape(&shapes[i], j);
            }
}

/* Elements of a predefined type with a gap, and longer vectors than fit into one stage. */
static void pairs(void) {
    enum { COUNT = 20000 };
    typedef struct pair {
        double value;
        int index;
    } pair;
    pair *in = calloc(COUNT, sizeof *in), *out = calloc(COUNT, sizeof *out);
    if (!in || !out) abort();
    memset(out, FILLED, COUNT * sizeof *out);
    for (int e = 0; e < COUNT; e++)
        in[e] = (pair){(e * 7 + rank) % size, 100 * e + rank};
    CHECK_OK(tri_allreduce(in, out, COUNT, MPI_DOUBLE_INT, MPI_MAXLOC, world));
    int wrong = 0;
    for (int e = 0; e < COUNT; e++) {
        int best = 0;
        while ((e * 7 + best) % size != size - 1)
            best++;
        const unsigned char *gap = (const unsigned char *)&out[e] + 12;
        wrong += out[e].value != size - 1 || out[e].index != 100 * e + best;
        wrong += gap[0] != FILLED || gap[3] != FILLED;
    }
    CHECK(!wrong, "%d of %d pairs", wrong, COUNT);
    free(in);
    free(out);
}

/* ---- Displacements ---- */

/* One element for each rank, `first` elements from the address that the call is given. */
static void one_each(ptrdiff_t first, int in_place, int nonblocking) {
    static const shape number = {"numbers", 1, {0}, 0, 4, 0};
    room to = room_new(&number, (size_t)size), from = room_new(&number, (size_t)size);
    size_t counts[64];
    ptrdiff_t displs[64];
    for (int r = 0; r < size; r++) {
        uint32_t value = number_of(rank, 7, r);
        counts[r] = 1, displs[r] = first + r;
        put(&number, in_place ? &to : &from, (size_t)r, &value);
    }
    char *base = (char *)((uintptr_t)to.base - (uintptr_t)(4 * first)),
         *sent = (char *)((uintptr_t)from.base - (uintptr_t)(4 * first));
    const void *send = in_place ? MPI_IN_PLACE : sent;
    tri_request *request = NULL;
    CHECK_OK(nonblocking ? tri_ialltoallv(send, counts, displs, MPI_INT32_T, base, counts, displs,
                                          MPI_INT32_T, world, &request)
                         : tri_alltoallv(send, counts, displs, MPI_INT32_T, base, counts, displs, MPI_INT32_T,
                                         world));
    CHECK_OK(tri_request_wait(&request));
    int wrong = 0;
    for (int r = 0; r < size; r++) {
        uint32_t value = number_of(r, 7, rank);
        wrong += memcmp(to.base + 4 * r, &value, 4) != 0;
    }
    CHECK(!wrong, "alltoallv, displacements from %td on, in place %d, nonblocking %d", first, in_place,
          nonblocking);
    /* The same places for the blocks of all ranks in gather, scatter and allgather. */
    memset(to.raw, FILLED, to.bytes);
    uint32_t mine = number_of(rank, 8, 0), back = 0;
    int root = size - 1;
    CHECK_OK(tri_gatherv(&mine, 1, MPI_INT32_T, base, counts, displs, MPI_INT32_T, root, world));
    CHECK_OK(tri_scatterv(base, counts, displs, MPI_INT32_T, &back, 1, MPI_INT32_T, root, world));
    CHECK(back == mine, "gatherv and scatterv, displacements from %td on", first);
    memset(to.raw, FILLED, to.bytes);
    CHECK_OK(tri_allgatherv(&mine, 1, MPI_INT32_T, base, counts, displs, MPI_INT32_T, world));
    for (int r = 0; r < size; r++) {
        uint32_t value = number_of(r, 8, 0);
        CHECK(!memcmp(to.base + 4 * r, &value, 4), "allgatherv, displacements from %td on", first);
    }
    room_free(&to);
    room_free(&from);
}

static void displacements(void) {
    static const ptrdiff_t firsts[] = {0, -1, -1000, 100000, (ptrdiff_t)1 << 40};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        for (int k = 0; k < 4; k++)
            one_each(firsts[i], k & 1, k >> 1);
}

/* ---- Types that are freed, addresses from MPI_BOTTOM ---- */

static void freed_types(void) {
    const shape *s = &shapes[1];
    room to = room_new(s, (size_t)size), from = room_new(s, 1), want = room_new(s, (size_t)size);
    for (int r = 0; r < size; r++) {
        uint32_t items[ITEMS_MOST];
        for (int i = 0; i < s->items; i++)
            items[i] = number_of(r, 3, i);
        put(s, &want, (size_t)r, items);
        if (r == rank) put(s, &from, 0, items);
    }
    tri_request *request[2];
    MPI_Datatype sent = type_of(s), received = type_of(s), again = type_of(s);
    CHECK_OK(tri_iallgather(from.base, 1, sent, to.base, 1, received, world, &request[0]));
    MPI_Type_free(&sent);
    MPI_Type_free(&received);
    CHECK_OK(tri_ibcast(from.base, 1, again, 0, world, &request[1]));
    MPI_Type_free(&again);
    CHECK_OK(tri_request_wait(&request[1]));
    CHECK_OK(tri_request_wait(&request[0]));
    CHECK(!memcmp(to.raw, want.raw, want.bytes), "allgather with types that are freed");
    for (int i = 0; i < s->items; i++) {
        uint32_t value = number_of(0, 3, i);
        CHECK(!memcmp(from.base + s->displs[i], &value, 4), "bcast with a type that is freed: item %d", i);
    }
    room_free(&to);
    room_free(&from);
    room_free(&want);
}

static void absolute(void) {
    static const shape plain = {"", 2, {0, 4}, 0, 8, 1};
    uint32_t x[3] = {number_of(rank, 1, 0), 7, number_of(rank, 1, 1)};
    MPI_Aint addresses[2];
    MPI_Get_address(&x[0], &addresses[0]);
    MPI_Get_address(&x[2], &addresses[1]);
    MPI_Datatype here;
    tri_request *request;
    MPI_Type_create_hindexed(2, (int[]){1, 1}, addresses, MPI_UINT32_T, &here);
    MPI_Type_commit(&here);
    shape far = {"", 2, {addresses[0], addresses[1]}, 0, addresses[1] - addresses[0] + 4, 0};
    current = &far;
    MPI_Op op;
    MPI_Op_create(operate, 0, &op);
    CHECK_OK(tri_allreduce(MPI_IN_PLACE, MPI_BOTTOM, 1, here, op, world));
    uint32_t want[ITEMS_MOST] = {0};
    expect(&plain, size - 1, 1, want);
    CHECK(x[0] == want[0] && x[1] == 7 && x[2] == want[1], "allreduce from MPI_BOTTOM");
    if (rank) x[0] = x[2] = 0;
    CHECK_OK(tri_ibcast(MPI_BOTTOM, 1, here, 0, world, &request));
    MPI_Type_free(&here);
    CHECK_OK(tri_request_wait(&request));
    CHECK(x[0] == want[0] && x[1] == 7 && x[2] == want[1], "bcast from MPI_BOTTOM");
    MPI_Op_free(&op);
}

void own_bytes_trials(tri_comm *comm) {
    tri_comm *halves;
    CHECK_OK(tri_comm_split(comm, tri_comm_rank(comm) % 2, 0, &halves));
    for (int own = 0; own < 2; own++) {
        world = halves, rank = tri_comm_rank(halves), size = tri_comm_size(halves), mpi_keeps = own;
        if (own) CHECK(tri_comm_mpi(halves) != MPI_COMM_NULL, "no communicator of MPI's");
        reductions();
    }
    tri_comm_destroy(&halves);
    world = comm, rank = tri_comm_rank(comm), size = tri_comm_size(comm), mpi_keeps = 1;
    reductions();
    pairs();
    displacements();
    freed_types();
    absolute();
}
