#include "apps/alltoall/permute.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* A tile is read along the contiguous axis of the source and written along the contiguous axis of the
 * destination, one cache line (LINE elements of 8 bytes) at a time, so that lines are used completely.
 * Only few lines at a time, since strides of powers of two map a column to few cache sets. */
enum { TILE = 64, LINE = 8 };

/* Two axes and their strides. x: contiguous in the source, y: contiguous in the destination. */
typedef struct tile {
    size_t xs, ys, x_from, x_to, y_from, y_to, bytes;
} tile;

typedef struct job {
    permutation p;
    tile whole; /* ys is 1 if both orders have the same contiguous axis */
    int run;    /* contiguous runs can be copied */
    int outer[PERMUTE_AXES], outers;
    size_t blocks; /* of TILE along y */
    const char *from;
    char *to;
} job;

typedef struct pair {
    uint64_t low, high;
} pair;

/* Writes whole lines of the destination with non-temporal stores, so that they are not read first. Returns
 * the number of elements done along y. */
#ifdef __SSE2__
#define DEFINE_LINES(type)                                                                                   \
    static size_t lines_of_##type(const type *from, type *to, const tile *t) {                               \
        enum { WORD = sizeof(uint64_t) / sizeof(type), WHOLE = 64 / sizeof(type) };                          \
        size_t done = 0;                                                                                     \
        if (t->y_to != 1 || (uintptr_t)to % 64 || t->x_to % WHOLE) return 0;                                 \
        for (; done + WHOLE <= t->ys; done += WHOLE)                                                         \
            for (size_t x = 0; x < t->xs; x++)                                                               \
                for (size_t y = done; y < done + WHOLE; y += WORD) {                                         \
                    uint64_t word = 0;                                                                       \
                    for (size_t i = y + WORD; i-- > y;)                                                      \
                        word = word << 8 * sizeof(type) % 64 | from[x * t->x_from + i * t->y_from];          \
                    _mm_stream_si64((long long *)(to + x * t->x_to + y), (long long)word);                   \
                }                                                                                            \
        return done;                                                                                         \
    }
/* Makes non-temporal stores visible to other threads. */
static void finish_lines(void) {
    _mm_sfence();
}
#else
#define DEFINE_LINES(type)                                                                                   \
    static size_t lines_of_##type(const type *from, type *to, const tile *t) {                               \
        return (void)from, (void)to, (void)t, 0;                                                             \
    }
static void finish_lines(void) {}
#endif
DEFINE_LINES(uint8_t)
DEFINE_LINES(uint16_t)
DEFINE_LINES(uint32_t)
DEFINE_LINES(uint64_t)
/* Not worth it with four elements per line. */
static size_t lines_of_pair(const pair *from, pair *to, const tile *t) {
    return (void)from, (void)to, (void)t, 0;
}

#define TILE_OF(type)                                                                                        \
    do {                                                                                                     \
        const type *source = (const type *)from;                                                             \
        type *target = (type *)to;                                                                           \
        for (size_t y = lines_of_##type(source, target, &t); y < t.ys; y += LINE)                            \
            for (size_t x = 0; x < t.xs; x++)                                                                \
                for (size_t i = y; i < t.ys && i < y + LINE; i++)                                            \
                    target[x * t.x_to + i * t.y_to] = source[x * t.x_from + i * t.y_from];                   \
    } while (0)

static void copy_tile(const char *from, char *to, tile t) {
    switch (t.bytes) {
    case 1:
        TILE_OF(uint8_t);
        break;
    case 2:
        TILE_OF(uint16_t);
        break;
    case 4:
        TILE_OF(uint32_t);
        break;
    case 8:
        TILE_OF(uint64_t);
        break;
    case 16:
        TILE_OF(pair);
        break;
    default:
        for (size_t x = 0; x < t.xs; x++)
            for (size_t y = 0; y < t.ys; y++)
                memcpy(to + (x * t.x_to + y * t.y_to) * t.bytes,
                       from + (x * t.x_from + y * t.y_from) * t.bytes, t.bytes);
    }
}

/* Chunk number = index along the outer axes x blocks + block along y. */
static void do_chunk(void *argument, int thread, size_t chunk) {
    (void)thread;
    const job *j = argument;
    tile t = j->whole;
    size_t y = chunk % j->blocks * TILE, rest = chunk / j->blocks, xs = t.xs;
    const char *from = j->from + y * t.y_from * t.bytes;
    char *to = j->to + y * t.y_to * t.bytes;
    for (int i = 0; i < j->outers; i++) {
        int axis = j->outer[i];
        size_t at = rest % j->p.length[axis];
        rest /= j->p.length[axis];
        from += at * j->p.from[axis] * t.bytes;
        to += at * j->p.to[axis] * t.bytes;
    }
    if (j->run) {
        memcpy(to, from, xs * t.bytes);
        return;
    }
    t.ys = t.ys - y < TILE ? t.ys - y : TILE;
    for (size_t x = 0; x < xs; x += TILE) {
        t.xs = xs - x < TILE ? xs - x : TILE;
        copy_tile(from + x * t.x_from * t.bytes, to + x * t.x_to * t.bytes, t);
    }
    finish_lines();
}

/* Joins axes that are adjacent in both orders, for longer runs. */
static void join_axes(permutation *p) {
    for (int slow = 0; slow < PERMUTE_AXES; slow++)
        for (int quick = 0; quick < PERMUTE_AXES; quick++) {
            if (slow == quick || p->length[slow] == 1 || p->length[quick] == 1 ||
                p->from[slow] != p->from[quick] * p->length[quick] ||
                p->to[slow] != p->to[quick] * p->length[quick])
                continue;
            p->length[quick] *= p->length[slow];
            p->length[slow] = 1;
            slow = -1; /* restart: the joined axis may have neighbours, too */
            break;
        }
}

/* The axis with the smallest stride among those with more than one element. */
static int quick_axis(const size_t length[], const size_t step[]) {
    int quick = 0;
    for (int k = 1; k < PERMUTE_AXES; k++)
        if (length[k] > 1 && (length[quick] == 1 || step[k] < step[quick])) quick = k;
    return quick;
}

void permute(tri_team *team, const permutation *p, const void *from, void *to) {
    job j = {.p = *p, .from = from, .to = to};
    for (int k = 0; k < PERMUTE_AXES; k++)
        if (!p->length[k]) return;
    join_axes(&j.p);
    int x = quick_axis(j.p.length, j.p.from), y = quick_axis(j.p.length, j.p.to);
    j.whole = (tile){.xs = j.p.length[x],
                     .ys = x == y ? 1 : j.p.length[y],
                     .x_from = j.p.from[x],
                     .x_to = j.p.to[x],
                     .y_from = j.p.from[y],
                     .y_to = j.p.to[y],
                     .bytes = p->element_bytes};
    j.run = x == y && j.p.from[x] == 1 && j.p.to[x] == 1;
    j.blocks = (j.whole.ys + TILE - 1) / TILE;
    size_t chunks = j.blocks;
    for (int k = 0; k < PERMUTE_AXES; k++)
        if (k != x && k != y) {
            j.outer[j.outers++] = k;
            chunks *= j.p.length[k];
        }
    tri_team_for(team, chunks, do_chunk, &j);
}
