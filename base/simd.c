#include "trireme/simd.h"

#include <stdlib.h>
#include <string.h>

#include "base/sum_kernels.h"

static const char *const names[TRI_SIMD_COUNT] = {
#define ROW(name, value, text) [TRI_SIMD_##name] = #name,
    TRI_SIMD_LIST(ROW)
#undef ROW
};

const char *tri_simd_name(tri_simd level) {
    return (unsigned)level < TRI_SIMD_COUNT ? names[level] : "unknown";
}

static int find(const char *name, tri_simd *out) {
    for (int i = 0; i < TRI_SIMD_COUNT; i++)
        if (!strcmp(name, names[i])) {
            *out = (tri_simd)i;
            return 1;
        }
    return 0;
}

tri_status tri_simd_parse(const char *name, tri_simd *out) {
    if (find(name, out)) return TRI_OK;
#define ROW(known, value, text) " " #known
    return tri_fail(TRI_ERR_ARGUMENT, "unknown SIMD level '%s'; choose one of" TRI_SIMD_LIST(ROW), name);
#undef ROW
}

tri_simd tri_simd_best(void) {
#if TRI_HAVE_X86_KERNELS
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return TRI_SIMD_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return TRI_SIMD_avx2;
#endif
    return TRI_SIMD_plain;
}

tri_simd tri_simd_level(void) {
    tri_simd best = tri_simd_best(), wanted;
    const char *name = getenv("TRIREME_SIMD");
    return name && find(name, &wanted) && wanted < best ? wanted : best;
}
