/* Save files of GMP-ECM: a line for each curve whose stage 1 is done. */
#include <ecm.h>
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

static const char *const names[] = {"ECM", "P-1", "P+1"};
enum { METHODS = 3 };
static const unsigned long check_modulus = 4294967291u;

/* The checksum: the product of all fields modulo 2^32 - 5. */
static unsigned long checksum(const factor_saved *s) {
    mpz_t sum, n;
    mpz_init(n);
    mpz_init(sum);
    mpz_set_d(sum, s->b1);
    if (s->method == FACTOR_ECM) {
        mpz_set_str(n, s->sigma, 10);
        mpz_mul_ui(sum, sum, mpz_fdiv_ui(n, check_modulus));
    }
    mpz_set_str(n, s->n, 10);
    mpz_mul_ui(sum, sum, mpz_fdiv_ui(n, check_modulus));
    mpz_set_str(n, s->x, 0);
    mpz_mul_ui(sum, sum, mpz_fdiv_ui(n, check_modulus));
    if (s->method == FACTOR_ECM) mpz_mul_ui(sum, sum, (unsigned long)s->param + 1);
    unsigned long value = mpz_fdiv_ui(sum, check_modulus);
    mpz_clear(sum);
    mpz_clear(n);
    return value;
}

/* The value of NAME=VALUE; between the fields, each of which ends with ';'. NULL: there is none. */
static char *field(const char *line, const char *name) {
    size_t length = strlen(name);
    for (const char *at = line; *at;) {
        at += strspn(at, " \t;");
        if (!strncmp(at, name, length) && at[length] == '=')
            return strndup(at + length + 1, strcspn(at + length + 1, ";\r\n"));
        at += strcspn(at, ";");
    }
    return NULL;
}

static bool is_number(const char *text, int base) {
    mpz_t n;
    bool good = text && mpz_init_set_str(n, text, base) == 0;
    if (text) mpz_clear(n);
    return good && *text != '-';
}

void factor_saved_free(factor_saved *s) {
    free(s->sigma);
    free(s->n);
    free(s->x);
    *s = (factor_saved){0};
}

tri_status factor_saved_parse(const char *line, factor_saved *out) {
    char *method = field(line, "METHOD"), *param = field(line, "PARAM"), *b1 = field(line, "B1"),
         *check = field(line, "CHECKSUM"), *n = field(line, "N");
    factor_saved s = {.sigma = field(line, "SIGMA"), .x = field(line, "X")};
    const char *why = NULL;
    mpz_t number;
    mpz_init(number);
    int m = 0;
    while (m < METHODS && (!method || strcmp(method, names[m]) != 0))
        m++;
    s.method = (factor_method)m;
    s.param = param ? (int)strtol(param, NULL, 10) : ECM_PARAM_SUYAMA;
    s.b1 = b1 ? strtod(b1, NULL) : 0;
    if (m == METHODS)
        why = "its METHOD is none of ECM, P-1, P+1";
    else if (!n || factor_parse(n, number) != TRI_OK || mpz_cmp_ui(number, 1) <= 0)
        why = "it has no N";
    else if (!is_number(s.x, 0) || !(s.b1 >= 1))
        why = "it has no X or no B1";
    else if (m == FACTOR_ECM && (!is_number(s.sigma, 10) || s.param < 0 || s.param > 3))
        why = "it has no SIGMA, or a PARAM other than 0, 1, 2, 3";
    if (!why) {
        s.n = mpz_get_str(NULL, 10, number);
        if (check && strtoul(check, NULL, 10) != checksum(&s)) why = "its CHECKSUM is wrong";
    }
    mpz_clear(number);
    free(method);
    free(param);
    free(b1);
    free(check);
    free(n);
    if (why) {
        factor_saved_free(&s);
        return tri_fail(TRI_ERR_DATA, "%s", why);
    }
    *out = s;
    return TRI_OK;
}

void factor_saved_write(const factor_saved *s, FILE *to) {
    fprintf(to, "METHOD=%s; ", names[s->method]);
    if (s->method == FACTOR_ECM) fprintf(to, "PARAM=%d; SIGMA=%s; ", s->param, s->sigma);
    fprintf(to, "B1=%.0f; N=%s; X=%s; CHECKSUM=%lu; PROGRAM=Trireme %s; Y=0x0; X0=0x0; Y0=0x0;\n", s->b1,
            s->n, s->x, checksum(s), TRIREME_VERSION_TEXT);
}
