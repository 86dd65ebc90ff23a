#include "trireme/random.h"

#include <math.h>
#include <string.h>

uint64_t tri_random_bits(uint64_t seed, uint64_t index) {
    /* The seed is mixed too, so that consecutive seeds do not give shifted copies of one stream. */
    uint64_t z = seed;
    for (int pass = 0; pass < 2; pass++) {
        z += UINT64_C(0x9e3779b97f4a7c15) * (pass ? index + 1 : 1);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
    }
    return z;
}

double tri_random_unit(uint64_t seed, uint64_t index) {
    return (double)(tri_random_bits(seed, index) >> 11) * 0x1p-53;
}

/* ln x for 0 < x < 1 to about 1e-15, by correctly rounded operations only: libm differs between machines. */
static double portable_log(double x) {
    int exponent;
    double m = frexp(x, &exponent); /* exact */
    if (m < 0.70710678118654752) m *= 2, exponent--;
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0; /* ln m = 2 atanh s, |s| < 0.172 */
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return 2 * s * sum + exponent * 0.69314718055994530942;
}

static double ratio(const double num[8], const double den[8], double x) {
    double n = num[7], d = den[7];
    for (int i = 6; i >= 0; i--)
        n = n * x + num[i], d = d * x + den[i];
    return n / d;
}

/* The inverse of the normal distribution function for 0 < p < 1 (Wichura 1988, algorithm AS 241, PPND16). */
static double normal_quantile(double p) {
    static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e+1,
                                6.8718700749205790830e+2,
                                5.3941960214247511077e+3,
                                2.1213794301586595867e+4,
                                3.9307895800092710610e+4,
                                2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5;
    if (fabs(q) <= 0.425) return q * ratio(a, b, 0.180625 - q * q);
    double r = sqrt(-portable_log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5);
    return q < 0 ? -x : x;
}

/* A random sign and fraction, and an exponent of -300 to 299. */
static double wide_element(uint64_t bits) {
    int exponent = (int)((bits >> 53) * 600 / 2048) - 300;
    double fraction = 0.5 + (double)(bits & ((UINT64_C(1) << 52) - 1)) * 0x1p-53;
    return ldexp(bits >> 52 & 1 ? -fraction : fraction, exponent);
}

/* In each group of four: huge, uniform, -huge, uniform. A vector that ends inside a group keeps one huge term
 * uncancelled. */
static double cancel_element(uint64_t seed, uint64_t index) {
    if (index % 2) return tri_random_unit(seed, index);
    double huge = ldexp(1 + tri_random_unit(seed, index - index % 4), 100);
    return index % 4 ? -huge : huge;
}

void tri_random_fill(tri_distribution distribution, uint64_t seed, uint64_t first, size_t count,
                     double *out) {
    switch (distribution) {
    case TRI_DISTRIBUTION_uniform:
        for (size_t i = 0; i < count; i++)
            out[i] = tri_random_unit(seed, first + i);
        break;
    case TRI_DISTRIBUTION_normal:
        /* Offset by half a step, so that 0 does not occur. */
        for (size_t i = 0; i < count; i++)
            out[i] = normal_quantile(tri_random_unit(seed, first + i) + 0x1p-54);
        break;
    case TRI_DISTRIBUTION_wide:
        for (size_t i = 0; i < count; i++)
            out[i] = wide_element(tri_random_bits(seed, first + i));
        break;
    case TRI_DISTRIBUTION_cancel:
        for (size_t i = 0; i < count; i++)
            out[i] = cancel_element(seed, first + i);
        break;
    case TRI_DISTRIBUTION_COUNT:
        break;
    }
}

static const char *const names[TRI_DISTRIBUTION_COUNT] = {
#define ROW(name, value, text) [TRI_DISTRIBUTION_##name] = #name,
    TRI_DISTRIBUTION_LIST(ROW)
#undef ROW
};

const char *tri_distribution_name(tri_distribution distribution) {
    return (unsigned)distribution < TRI_DISTRIBUTION_COUNT ? names[distribution] : "unknown";
}

tri_status tri_distribution_parse(const char *name, tri_distribution *out) {
    for (int i = 0; i < TRI_DISTRIBUTION_COUNT; i++)
        if (!strcmp(name, names[i])) {
            *out = (tri_distribution)i;
            return TRI_OK;
        }
#define ROW(known, value, text) " " #known
    return tri_fail(TRI_ERR_ARGUMENT, "unknown distribution '%s'; choose one of" TRI_DISTRIBUTION_LIST(ROW),
                    name);
#undef ROW
}
