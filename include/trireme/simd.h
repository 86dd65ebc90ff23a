/* Which vector instructions the library's kernels use. Every level gives the same bits wherever the contract
 * of the function says so; levels differ in speed alone. */
#ifndef TRIREME_SIMD_H
#define TRIREME_SIMD_H

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of levels, slowest first: X(name, value, text). */
#define TRI_SIMD_LIST(X)                                                                                     \
    X(plain, 0, "plain C, as the compiler makes it for every processor of this kind")                        \
    X(avx2, 1, "AVX2 and FMA (x86-64-v3)")                                                                   \
    X(avx512, 2, "AVX-512 F, CD, BW, DQ, VL (x86-64-v4)")

typedef enum tri_simd {
#define TRI_SIMD_ENUM(name, value, text) TRI_SIMD_##name = value,
    TRI_SIMD_LIST(TRI_SIMD_ENUM)
#undef TRI_SIMD_ENUM
        TRI_SIMD_COUNT
} tri_simd;

TRI_API const char *tri_simd_name(tri_simd level);

/* TRI_ERR_ARGUMENT: no such name; the text lists the names. */
TRI_API TRI_MUST_CHECK tri_status tri_simd_parse(const char *name, tri_simd *out);

/* The best level that this processor, its operating system and this build have. */
TRI_API tri_simd tri_simd_best(void);

/* The level that functions use when they are not given one: the environment variable TRIREME_SIMD where it
 * names a level, but never above tri_simd_best(). The variable is read at every call (a fraction of a
 * microsecond). */
TRI_API tri_simd tri_simd_level(void);

#ifdef __cplusplus
}
#endif
#endif
