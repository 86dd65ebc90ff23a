/* The smallest factor of every integer of a range: a segmented sieve on ranks and threads.
 *
 * A rank has a block of the range and does it in pieces. While the team sieves one piece, in chunks that fit
 * in the cache, this thread writes the piece before. Nothing is communicated but the sums at the end. */
#include <flint/flint.h>
#include <flint/ulong_extras.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

enum { SLOTS = 2, LEAST_CHUNK = 1 << 15, MOST_CHUNK = 1 << 22 };
static const uint64_t most_number = 1000000000000000000; /* its square root fits in 32 bits */

typedef struct range_state {
    /* options */
    const char *range, *out;
    size_t memory;
    bool check;
    /* the range, and this rank's block of it */
    uint64_t first;
    size_t count;
    tri_range block;
    size_t piece, pieces, chunk;
    uint32_t *prime; /* up to the square root of the last number */
    size_t primes;
    uint64_t *value[SLOTS]; /* smallest factors of a piece */
    char *file, *path;
    tri_result *result;
    tri_array *array;
    uint64_t total[2]; /* of all ranks: primes, and the sum of all values modulo 2^64 */
} range_state;

static const tri_option options[] = {
    TRI_OPTION(range_state, range, "range", NULL, "A:B: the integers from A to B - 1, up to 10^18",
               .required = true),
    TRI_OPTION(range_state, out, "out", NULL,
               "FILE.h5:/DATASET to write: the smallest factor of each number, 0 for 0, 1 for 1"),
    TRI_OPTION(range_state, memory, "memory", "64Mi", "bytes of factors that each rank holds at a time"),
    TRI_OPTION(range_state, check, "verify", NULL,
               "factor every number by itself, on another rank, and compare, with --out what is in the file"),
    {.name = NULL},
};

static tri_status read_range(range_state *s) {
    char *text = strdup(s->range), *colon = text ? strchr(text, ':') : NULL;
    size_t from = 0, to = 0;
    bool good = colon != NULL;
    if (good) *colon = 0;
    good = good && tri_size_parse(text, &from) == TRI_OK && tri_size_parse(colon + 1, &to) == TRI_OK;
    free(text);
    if (!good || from > to || to > most_number)
        return tri_fail(TRI_ERR_ARGUMENT, "--range: '%s' is not A:B with 0 <= A <= B <= 10^18", s->range);
    s->first = from;
    s->count = to - from;
    return TRI_OK;
}

/* The largest number whose square is at most n. */
static uint64_t root(uint64_t n) {
    uint64_t r = (uint64_t)sqrt((double)n);
    while (r * r > n)
        r--;
    while ((r + 1) * (r + 1) <= n)
        r++;
    return r;
}

static tri_status find_primes(range_state *s) {
    uint64_t most = s->count ? root(s->first + s->count - 1) : 0, p;
    size_t room = 0;
    n_primes_t iterator;
    n_primes_init(iterator);
    tri_status status = TRI_OK;
    while ((p = n_primes_next(iterator)) <= most) {
        if (s->primes == room) {
            uint32_t *more = realloc(s->prime, (room = room ? 2 * room : 1024) * sizeof *more);
            if (!more) {
                status = tri_fail(TRI_ERR_MEMORY, "no memory for the primes up to %" PRIu64, most);
                break;
            }
            s->prime = more;
        }
        s->prime[s->primes++] = (uint32_t)p;
    }
    n_primes_clear(iterator);
    return status;
}

static tri_status allocate(tri_run *run, range_state *s) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm);
    s->block = tri_range_block(s->count, ranks, rank);
    size_t most = tri_range_block(s->count, ranks, 0).count;
    s->piece = s->memory / SLOTS / sizeof *s->value[0];
    if (!s->piece) return tri_fail(TRI_ERR_ARGUMENT, "--memory: too small for two factors of 8 bytes");
    if (s->piece > most) s->piece = most ? most : 1;
    s->pieces = most / s->piece + (most % s->piece != 0);
    uint64_t chunk = root(s->first + s->count);
    s->chunk = chunk < LEAST_CHUNK ? LEAST_CHUNK : chunk > MOST_CHUNK ? MOST_CHUNK : (size_t)chunk;
    for (int k = 0; k < SLOTS; k++)
        if (!(s->value[k] = malloc(s->piece * sizeof *s->value[k])))
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu factors; use a smaller --memory", s->piece);
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    range_state *s = argument;
    TRI_TRY(read_range(s));
    if (s->out) TRI_TRY(tri_spec_split(s->out, &s->file, &s->path));
    if (s->out && !s->path)
        return tri_fail(TRI_ERR_ARGUMENT, "--out: '%s' names no dataset; use FILE.h5:/factor", s->out);
    TRI_TRY(allocate(run, s));
    return find_primes(s);
}

/* ---- the sieve ---- */

/* Smallest factors of the numbers from `first` on. Primes ascend, so the first that hits a number is its
 * smallest factor. */
static void sieve(const range_state *s, uint64_t first, size_t count, uint64_t *value) {
    memset(value, 0, count * sizeof *value);
    for (size_t k = 0; k < s->primes; k++) {
        uint64_t p = s->prime[k], square = p * p, end = first + count;
        if (square >= end) break;
        uint64_t from = square >= first ? square : first + (p - first % p) % p;
        for (uint64_t i = from - first; i < count; i += p)
            if (!value[i]) value[i] = p;
    }
    for (size_t i = 0; i < count; i++)
        if (!value[i]) value[i] = first + i;
    if (first == 0 && count) value[0] = 0; /* 0 is a multiple of every prime */
}

typedef struct work {
    range_state *state;
    tri_range piece; /* of the range */
    uint64_t *value;
    atomic_uint_fast64_t primes, sum;
} work;

static void sieve_chunk(void *argument, int thread, size_t number) {
    work *w = argument;
    const range_state *s = w->state;
    size_t from = number * s->chunk, left = w->piece.count - from, count = left < s->chunk ? left : s->chunk;
    uint64_t first = s->first + w->piece.first + from, *value = w->value + from, primes = 0, sum = 0;
    (void)thread;
    sieve(s, first, count, value);
    for (size_t i = 0; i < count; i++) {
        primes += value[i] == first + i && first + i > 1;
        sum += value[i];
    }
    atomic_fetch_add(&w->primes, primes);
    atomic_fetch_add(&w->sum, sum);
}

static void start_piece(tri_run *run, range_state *s, work *w, size_t number) {
    size_t done = number * s->piece < s->block.count ? number * s->piece : s->block.count,
           left = s->block.count - done;
    w->piece = (tri_range){s->block.first + done, left < s->piece ? left : s->piece};
    w->value = s->value[number % SLOTS];
    tri_team_start(run->team, w->piece.count / s->chunk + (w->piece.count % s->chunk != 0), sieve_chunk, w);
}

static tri_status write_piece(tri_run *run, range_state *s, tri_range piece, const uint64_t *value) {
    double start = tri_now_s();
    if (!s->array) return TRI_OK;
    TRI_TRY(tri_array_write_range(s->array, piece.first, piece.count, value));
    tri_report_phase(run, "write", tri_now_s() - start, (double)piece.count * sizeof *value);
    return TRI_OK;
}

static tri_status open_output(tri_run *run, range_state *s) {
    tri_template form = {NULL, 0};
    tri_array_destroy(&s->array);
    tri_result_destroy(&s->result);
    if (!s->out) return TRI_OK;
    TRI_TRY(tri_result_create_at(
        run->comm, s->file, TRI_RESULT_PLAIN | (tri_replaces(run) ? TRI_RESULT_REPLACE : 0), &s->result));
    tri_result_integer(s->result, "first", (int64_t)s->first); /* the number of the first element */
    TRI_TRY(tri_agree(run->comm, tri_template_number(TRI_UINT64, "smallest factor", &form)));
    tri_status status = tri_array_create(s->result, s->path, &form, 1, &s->count, NULL, &s->array);
    tri_template_free(&form);
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    range_state *s = argument;
    work w = {.state = s};
    TRI_TRY(open_output(run, s));
    tri_range before = {0, 0};
    for (size_t k = 0; k < s->pieces; k++) {
        start_piece(run, s, &w, k);
        tri_status status = k ? write_piece(run, s, before, s->value[(k - 1) % SLOTS]) : TRI_OK;
        double start = tri_now_s();
        tri_team_wait(run->team);
        tri_report_phase(run, "sieve", tri_now_s() - start, 0);
        TRI_TRY(status);
        before = w.piece;
        tri_progress(run, "sieving", (double)(k + 1), (double)s->pieces, "pieces");
    }
    if (s->pieces) TRI_TRY(write_piece(run, s, before, s->value[(s->pieces - 1) % SLOTS]));
    if (s->out) TRI_TRY(tri_result_finish(s->result));
    uint64_t mine[2] = {atomic_load(&w.primes), atomic_load(&w.sum)};
    return tri_allreduce(mine, s->total, 2, MPI_UINT64_T, MPI_SUM, run->comm);
}

/* ---- the check ---- */

typedef struct checking {
    range_state *state;
    tri_range piece;
    const uint64_t *value;
    atomic_size_t wrong; /* index of a wrong value, or SIZE_MAX */
} checking;

enum { CHECK_CHUNK = 4096 };

static void check_chunk(void *argument, int thread, size_t number) {
    checking *c = argument;
    size_t from = number * CHECK_CHUNK;
    (void)thread;
    for (size_t i = from; i < c->piece.count && i < from + CHECK_CHUNK; i++) {
        uint64_t n = c->state->first + c->piece.first + i, smallest = n;
        n_factor_t factors;
        n_factor_init(&factors);
        if (n > 1) n_factor(&factors, n, 1);
        for (int k = 0; k < factors.num; k++)
            if (factors.p[k] < smallest) smallest = factors.p[k];
        if (c->value[i] != smallest) atomic_store(&c->wrong, c->piece.first + i);
    }
}

static tri_status check_piece(tri_run *run, range_state *s, tri_dataset *data, tri_range piece) {
    uint64_t *value = s->value[0];
    if (data)
        TRI_TRY(tri_dataset_read_numbers(data, piece.first, piece.count, value));
    else
        sieve(s, s->first + piece.first, piece.count, value);
    checking c = {.state = s, .piece = piece, .value = value};
    atomic_store(&c.wrong, SIZE_MAX);
    tri_team_for(run->team, piece.count / CHECK_CHUNK + 1, check_chunk, &c);
    size_t wrong = atomic_load(&c.wrong);
    if (wrong == SIZE_MAX) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "%" PRIu64 " is not the smallest factor of %" PRIu64,
                    value[wrong - piece.first], s->first + wrong);
}

static tri_status verify(tri_run *run, void *argument) {
    range_state *s = argument;
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm);
    tri_range block = tri_range_block(s->count, ranks, (rank + 1) % ranks);
    tri_dataset *data = NULL;
    if (s->out) {
        TRI_TRY(tri_dataset_open(run->comm, s->file, s->path, &data));
        if (tri_dataset_count(data) != s->count || tri_dataset_number(data) != TRI_UINT64) {
            tri_dataset_destroy(&data);
            return tri_fail(TRI_ERR_WRONG, "'%s' has another shape or type than written", s->out);
        }
    }
    tri_status status = TRI_OK;
    for (size_t done = 0; done < block.count && status == TRI_OK; done += s->piece) {
        size_t left = block.count - done;
        status =
            check_piece(run, s, data, (tri_range){block.first + done, left < s->piece ? left : s->piece});
    }
    tri_dataset_destroy(&data);
    return status;
}

static tri_status record(tri_run *run, void *argument) {
    const range_state *s = argument;
    char sum[32];
    tri_report_integer(run, "first", (int64_t)s->first, "1", "first number");
    tri_report_integer(run, "count", (int64_t)s->count, "1", "number of numbers");
    tri_report_integer(run, "primes", (int64_t)s->total[0], "1", "primes among them");
    snprintf(sum, sizeof sum, "%016" PRIx64, s->total[1]);
    tri_report_text(run, "checksum", sum); /* of all smallest factors, modulo 2^64 */
    if (s->out) tri_report_text(run, "output", s->out);
    if (s->check) tri_report_text(run, "verify", "every number factored by itself and compared");
    return TRI_OK;
}

static void teardown(void *argument) {
    range_state *s = argument;
    tri_array_destroy(&s->array);
    tri_result_destroy(&s->result);
    for (int k = 0; k < SLOTS; k++)
        free(s->value[k]);
    free(s->prime);
    free(s->file);
    free(s->path);
}

static const tri_app app = {
    .name = "factor",
    .summary = "with --range: the smallest factor of every integer of a range",
    .examples = "mpirun -np 8 trireme factor --range 0:1e9 --out smallest.h5:/factor\n"
                "mpirun -np 8 trireme factor --range 0:1e6 --verify\n",
    .options = options,
    .state_bytes = sizeof(range_state),
    .no_device = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int factor_range_main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
