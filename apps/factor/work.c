/* What workers do: FLINT for small factors and proofs, GMP-ECM for curves. */
#include <ecm.h>
#include <flint/flint.h>
#include <flint/fmpz.h>
#include <flint/fmpz_factor.h>
#include <flint/ulong_extras.h>
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

/* ---- small factors, and what is prime ---- */

enum { TRIAL_PRIMES = 4096, RHO_DIGITS_MOST = 300 };

typedef struct small {
    FILE *out;
    tri_pool_task *task;
    long proof_digits;
    flint_rand_t random;
} small;

static void put(const small *s, char kind, const fmpz_t n) {
    char *text = fmpz_get_str(NULL, 10, n);
    fprintf(s->out, "%c %s ", kind, text);
    flint_free(text);
}

static void divide_small_primes(const small *s, mpz_t n) {
    const mp_limb_t *primes = n_primes_arr_readonly(TRIAL_PRIMES);
    for (int i = 0; i < TRIAL_PRIMES && mpz_cmp_ui(n, 1) > 0; i++)
        while (mpz_divisible_ui_p(n, primes[i])) {
            fprintf(s->out, "P %lu ", (unsigned long)primes[i]);
            mpz_divexact_ui(n, n, primes[i]);
        }
}

/* 'P': proven, 'Q': probable, 'C': composite. */
static char judge(const small *s, const fmpz_t n) {
    if (!fmpz_is_probabprime_BPSW(n)) return 'C';
    if ((long)fmpz_sizeinbase(n, 10) > s->proof_digits || tri_pool_cancelled(s->task)) return 'Q';
    int proof = fmpz_is_prime(n);
    return proof > 0 ? 'P' : proof == 0 ? 'C' : 'Q';
}

static ulong rho_steps(size_t digits) {
    return digits <= 60 ? 50000 : digits <= 120 ? 20000 : 5000;
}

static void split(small *s, const fmpz_t n) {
    fmpz_t root, factor, whole;
    if (fmpz_is_one(n)) return;
    if (fmpz_abs_fits_ui(n)) {
        n_factor_t word;
        n_factor_init(&word);
        n_factor(&word, fmpz_get_ui(n), 1); /* with proofs */
        for (int i = 0; i < word.num; i++)
            for (int k = 0; k < word.exp[i]; k++)
                fprintf(s->out, "P %lu ", (unsigned long)word.p[i]);
        return;
    }
    fmpz_init(root);
    fmpz_init(factor);
    fmpz_init_set(whole, n); /* its interface lacks a const */
    int power = fmpz_is_perfect_power(root, n);
    char kind = power ? 'C' : judge(s, n);
    size_t digits = fmpz_sizeinbase(n, 10);
    if (power) {
        while (power-- > 0)
            split(s, root);
    } else if (kind == 'C' && digits <= RHO_DIGITS_MOST && !tri_pool_cancelled(s->task) &&
               fmpz_factor_pollard_brent(factor, s->random, whole, 1, rho_steps(digits)) > 0 &&
               fmpz_cmp_ui(factor, 1) > 0 && fmpz_cmp(factor, n) < 0 && fmpz_divisible(n, factor)) {
        fmpz_divexact(root, n, factor);
        split(s, factor);
        split(s, root);
    } else
        put(s, kind, n);
    fmpz_clear(root);
    fmpz_clear(factor);
    fmpz_clear(whole);
}

tri_status factor_work_small(tri_pool_task *task, const void *in, size_t bytes) {
    char *input = strndup(in, bytes), *text = NULL, *at = NULL;
    size_t length;
    mpz_t n;
    fmpz_t rest;
    if (!input) return tri_fail(TRI_ERR_MEMORY, "no memory for numbers of %zu bytes", bytes);
    small s = {.out = factor_stream(&text, &length), .task = task};
    flint_randinit(s.random);
    mpz_init(n);
    fmpz_init(rest);
    char *line = strtok_r(input, "\n", &at);
    s.proof_digits = strtol(line ? line : "0", NULL, 10);
    while ((line = strtok_r(NULL, "\n", &at)) && !tri_pool_cancelled(task)) {
        mpz_set_str(n, line, 10);
        divide_small_primes(&s, n);
        fmpz_set_mpz(rest, n);
        split(&s, rest);
        putc('\n', s.out);
    }
    fclose(s.out);
    tri_status status =
        tri_pool_cancelled(task) ? tri_fail(TRI_CANCELLED, "cancelled") : tri_pool_return(task, text, length);
    free(text);
    free(input);
    mpz_clear(n);
    fmpz_clear(rest);
    flint_randclear(s.random);
    return status;
}

/* ---- curves ---- */

/* GMP-ECM asks a function without an argument whether to stop. */
static _Thread_local tri_pool_task *current;
static int must_stop(void) {
    return tri_pool_cancelled(current);
}

typedef struct curves {
    ecm_params ecm;
    mpz_t n, factor;
    FILE *out;
    char *text;
    size_t length;
    bool save;
} curves;

static void begin(curves *c, tri_pool_task *task, const char *number, double memory, bool save) {
    current = task;
    mpz_init_set_str(c->n, number, 10);
    mpz_init(c->factor);
    ecm_init(c->ecm);
    c->ecm->stop_asap = must_stop;
    c->ecm->maxmem = memory;
    c->save = save;
    c->out = factor_stream(&c->text, &c->length);
}

static tri_status end(curves *c, tri_pool_task *task, tri_status status, size_t did) {
    fprintf(c->out, "D %zu\n", did);
    fclose(c->out);
    if (status == TRI_OK && tri_pool_cancelled(task)) status = tri_fail(TRI_CANCELLED, "cancelled");
    if (status == TRI_OK) status = tri_pool_return(task, c->text, c->length);
    free(c->text);
    ecm_clear(c->ecm);
    mpz_clear(c->n);
    mpz_clear(c->factor);
    current = NULL;
    return status;
}

static const int methods[] = {ECM_ECM, ECM_PM1, ECM_PP1};

static void set_start(curves *c, const factor_curve *curve) {
    ecm_params_ptr e = c->ecm;
    e->method = methods[curve->method];
    e->param = curve->method == FACTOR_ECM ? ECM_PARAM_BATCH_SQUARE : ECM_PARAM_DEFAULT;
    mpz_set_ui(e->sigma, curve->sigma);
    mpz_set_ui(e->x, 0);
    if (curve->method == FACTOR_PM1) mpz_set_ui(e->x, 3);
    if (curve->method == FACTOR_PP1) { /* 2/7: 3 divides the order, whether it is p - 1 or p + 1 */
        mpz_set_ui(e->x, 7);
        if (mpz_invert(e->x, e->x, c->n)) mpz_mul_2exp(e->x, e->x, 1);
        mpz_mod(e->x, e->x, c->n);
    }
    e->B1done = ECM_DEFAULT_B1_DONE;
    e->sigma_is_A = 0;
}

/* Runs a curve from where the parameters are. TRI_OK and *found. */
static tri_status run_curve(curves *c, double b1, size_t number, bool *found) {
    mpz_set_si(c->ecm->B2min, -1);
    mpz_set_si(c->ecm->B2, ECM_DEFAULT_B2);
    c->ecm->k = ECM_DEFAULT_K;
    c->ecm->S = ECM_DEFAULT_S;
    int how = ecm_factor(c->factor, c->n, b1, c->ecm);
    if (ECM_ERROR_P(how)) return tri_fail(TRI_ERR_SYSTEM, "GMP-ECM has failed; --memory may be too small");
    *found = ECM_FACTOR_FOUND_P(how) && mpz_cmp_ui(c->factor, 1) > 0 && mpz_cmp(c->factor, c->n) < 0 &&
             mpz_divisible_p(c->n, c->factor);
    if (*found) gmp_fprintf(c->out, "F %zu %Zd\n", number, c->factor);
    return TRI_OK;
}

/* The number is the last word, of any length. */
static const char *last_word(const char *text) {
    const char *space = strrchr(text, ' ');
    return space ? space + 1 : text;
}

tri_status factor_work_curves(tri_pool_task *task, const void *in, size_t bytes) {
    char *input = strndup(in, bytes);
    size_t seed, first, count, did = 0;
    double memory;
    int level, save;
    if (!input ||
        sscanf(input, "%zu %d %zu %zu %lf %d", &seed, &level, &first, &count, &memory, &save) != 6) {
        free(input);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a task");
    }
    curves c;
    bool found = false;
    tri_status status = TRI_OK;
    begin(&c, task, last_word(input), memory, save);
    while (did < count && !found && status == TRI_OK && !tri_pool_cancelled(task)) {
        factor_curve curve = factor_curve_at(seed, level, first + did);
        set_start(&c, &curve);
        status = run_curve(&c, curve.b1, first + did, &found);
        if (save && !found && status == TRI_OK) gmp_fprintf(c.out, "X %zu 0x%Zx\n", first + did, c.ecm->x);
        did++;
    }
    free(input);
    return end(&c, task, status, did);
}

tri_status factor_work_saved(tri_pool_task *task, const void *in, size_t bytes) {
    char *input = strndup(in, bytes), *line = input ? strchr(input, '\n') : NULL;
    factor_saved saved;
    double memory;
    if (!line || sscanf(input, "%lf", &memory) != 1) {
        free(input);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a task");
    }
    *line++ = 0;
    tri_status status = factor_saved_parse(line, &saved);
    if (status != TRI_OK) {
        free(input);
        return status;
    }
    curves c;
    bool found = false;
    begin(&c, task, last_word(input), memory, false);
    c.ecm->method = methods[saved.method];
    c.ecm->param = saved.method == FACTOR_ECM ? saved.param : ECM_PARAM_DEFAULT;
    c.ecm->sigma_is_A = 0;
    c.ecm->B1done = saved.b1;
    if (saved.method == FACTOR_ECM) mpz_set_str(c.ecm->sigma, saved.sigma, 10);
    mpz_set_str(c.ecm->x, saved.x, 0);
    mpz_mod(c.ecm->x, c.ecm->x, c.n);
    status = run_curve(&c, saved.b1, 0, &found);
    free(input);
    factor_saved_free(&saved);
    return end(&c, task, status, 1);
}
