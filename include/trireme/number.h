/** @file
 * The kinds of numbers that elements of datasets and of device buffers can have. All functions are local and
 * thread-safe. */
#ifndef TRIREME_NUMBER_H
#define TRIREME_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds: X(NAME, value, C type, name in texts, type in OpenCL C). New ones are appended. */
#define TRI_NUMBER_LIST(X)                                                                                   \
    X(INT8, 0, int8_t, "int8", "char")                                                                       \
    X(UINT8, 1, uint8_t, "uint8", "uchar")                                                                   \
    X(INT16, 2, int16_t, "int16", "short")                                                                   \
    X(UINT16, 3, uint16_t, "uint16", "ushort")                                                               \
    X(INT32, 4, int32_t, "int32", "int")                                                                     \
    X(UINT32, 5, uint32_t, "uint32", "uint")                                                                 \
    X(INT64, 6, int64_t, "int64", "long")                                                                    \
    X(UINT64, 7, uint64_t, "uint64", "ulong")                                                                \
    X(FLOAT32, 8, float, "float32", "float")                                                                 \
    X(FLOAT64, 9, double, "float64", "double")

/** A kind of number: TRI_INT8 to TRI_FLOAT64, the names of TRI_NUMBER_LIST(). */
typedef enum tri_number {
#define TRI_NUMBER_ENUM(NAME, value, type, text, opencl) TRI_##NAME = value,
    TRI_NUMBER_LIST(TRI_NUMBER_ENUM)
#undef TRI_NUMBER_ENUM
        TRI_NUMBER_COUNT /**< number of kinds; grows */
} tri_number;

/** The name of a kind, such as "float32". A static string. */
TRI_API const char *tri_number_name(tri_number number);

/** Its type in OpenCL C, such as "float". A static string. */
TRI_API const char *tri_number_opencl(tri_number number);

/** Bytes of one number. */
TRI_API size_t tri_number_bytes(tri_number number);

/** Converts `count` numbers to the nearest doubles. `from` and `to` must not overlap. */
TRI_API void tri_number_as_doubles(tri_number number, const void *from, size_t count, double *to);

#ifdef __cplusplus
}
#endif
#endif
