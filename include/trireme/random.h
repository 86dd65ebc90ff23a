/** @file
 * Random numbers that are functions of (seed, index) alone, so that any rank, thread or device can make any
 * part of the same vector.
 *
 * The generator is SplitMix64's finaliser over a Weyl sequence (Steele, Lea, Flood 2014, "Fast splittable
 * pseudorandom number generators", section 3): one state per index; as a stream it passes BigCrush. All
 * functions are local and thread-safe.
 */
#ifndef TRIREME_RANDOM_H
#define TRIREME_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The 64 random bits at `index` of stream `seed`. */
TRI_API uint64_t tri_random_bits(uint64_t seed, uint64_t index);

/** Uniform in [0, 1), a multiple of 2^-53. */
TRI_API double tri_random_unit(uint64_t seed, uint64_t index);

/** The distributions: X(name, value, text). New ones are appended. */
#define TRI_DISTRIBUTION_LIST(X)                                                                             \
    X(uniform, 0, "uniform in [0, 1)")                                                                       \
    X(normal, 1, "standard normal")                                                                          \
    X(wide, 2, "random signs and exponents over 600 binary orders")                                          \
    X(cancel, 3, "pairs of huge terms that cancel, with uniform ones between them")

/** A distribution: TRI_DISTRIBUTION_uniform and so on, the names of TRI_DISTRIBUTION_LIST(). */
typedef enum tri_distribution {
#define TRI_DISTRIBUTION_ENUM(name, value, text) TRI_DISTRIBUTION_##name = value,
    TRI_DISTRIBUTION_LIST(TRI_DISTRIBUTION_ENUM)
#undef TRI_DISTRIBUTION_ENUM
        TRI_DISTRIBUTION_COUNT /**< number of distributions; grows */
} tri_distribution;

/** The name of a distribution, such as "uniform"; "unknown" for any other value. A static string. */
TRI_API const char *tri_distribution_name(tri_distribution distribution);

/** Finds a distribution by name. TRI_ERR_ARGUMENT: unknown; the text lists the names. */
TRI_API TRI_MUST_CHECK tri_status tri_distribution_parse(const char *name, tri_distribution *out);

/** Writes out[i] = element first + i of the vector (distribution, seed) for i < count. The bits are the same
 * on every machine with IEEE 754 doubles: only exactly rounded operations are used (no libm). */
TRI_API void tri_random_fill(tri_distribution distribution, uint64_t seed, uint64_t first, size_t count,
                             double *out);

#ifdef __cplusplus
}
#endif
#endif
