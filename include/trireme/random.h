/* Random numbers that are functions of (seed, index) alone, so that any rank, thread or device makes any part
 * of the same vector. The generator is SplitMix64's finaliser over a Weyl sequence (Steele, Lea, Flood 2014,
 * "Fast splittable pseudorandom number generators", section 3): one state per index, passes BigCrush as a
 * stream. */
#ifndef TRIREME_RANDOM_H
#define TRIREME_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The 64 random bits at `index` of stream `seed`. */
TRI_API uint64_t tri_random_bits(uint64_t seed, uint64_t index);

/* Uniform in [0, 1), a multiple of 2^-53. */
TRI_API double tri_random_unit(uint64_t seed, uint64_t index);

/* The one list of distributions: X(name, value, text). */
#define TRI_DISTRIBUTION_LIST(X)                                                                             \
    X(uniform, 0, "uniform in [0, 1)")                                                                       \
    X(normal, 1, "standard normal")                                                                          \
    X(wide, 2, "random signs and exponents over 600 binary orders")                                          \
    X(cancel, 3, "pairs of huge terms that cancel, with uniform ones between them")

typedef enum tri_distribution {
#define TRI_DISTRIBUTION_ENUM(name, value, text) TRI_DISTRIBUTION_##name = value,
    TRI_DISTRIBUTION_LIST(TRI_DISTRIBUTION_ENUM)
#undef TRI_DISTRIBUTION_ENUM
        TRI_DISTRIBUTION_COUNT
} tri_distribution;

TRI_API const char *tri_distribution_name(tri_distribution distribution);

/* TRI_ERR_ARGUMENT: no such name; the text lists the names. */
TRI_API TRI_MUST_CHECK tri_status tri_distribution_parse(const char *name, tri_distribution *out);

/* out[i] = element first + i of the vector (distribution, seed) for i < count. The same bits on every machine
 * with IEEE 754 doubles: nothing but exactly rounded operations is used (no libm). */
TRI_API void tri_random_fill(tri_distribution distribution, uint64_t seed, uint64_t first, size_t count,
                             double *out);

#ifdef __cplusplus
}
#endif
#endif
