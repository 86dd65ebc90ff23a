/** @file
 * The vector instructions that the library's kernels use. Levels differ in speed; where the comment of a
 * function says so, every level gives the same bits. All functions are local and thread-safe.
 */
#ifndef TRIREME_SIMD_H
#define TRIREME_SIMD_H

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The levels, slowest first: X(name, value, text). New ones are appended. */
#define TRI_SIMD_LIST(X)                                                                                     \
    X(plain, 0, "plain C, as the compiler makes it for every processor of this kind")                        \
    X(avx2, 1, "AVX2 and FMA (x86-64-v3)")                                                                   \
    X(avx512, 2, "AVX-512 F, CD, BW, DQ, VL (x86-64-v4)")

/** A SIMD level: TRI_SIMD_plain and so on, the names of TRI_SIMD_LIST(). */
typedef enum tri_simd {
#define TRI_SIMD_ENUM(name, value, text) TRI_SIMD_##name = value,
    TRI_SIMD_LIST(TRI_SIMD_ENUM)
#undef TRI_SIMD_ENUM
        TRI_SIMD_COUNT /**< number of levels; grows */
} tri_simd;

/** The name of a level, such as "avx2"; "unknown" for any other value. A static string. */
TRI_API const char *tri_simd_name(tri_simd level);

/** Finds a level by name. TRI_ERR_ARGUMENT: unknown; the text lists the names. */
TRI_API TRI_MUST_CHECK tri_status tri_simd_parse(const char *name, tri_simd *out);

/** The best level that this processor, its operating system and this build support. */
TRI_API tri_simd tri_simd_best(void);

/** The level of functions that take no level: the environment variable TRIREME_SIMD where it names one, but
 * never above tri_simd_best(). The variable is read at every call (a fraction of a microsecond). */
TRI_API tri_simd tri_simd_level(void);

#ifdef __cplusplus
}
#endif
#endif
