/* Sizes as people write them ("64Ki", "1.5Gi", "4M") and who owns which of `count` items. */
#ifndef TRIREME_SIZE_H
#define TRIREME_SIZE_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a non-negative decimal number with an optional suffix: k M G T P E are powers of 1000, Ki Mi Gi Ti Pi
 * Ei powers of 1024, an optional B behind either. A fraction must come out whole ("1.5Ki" is 1536).
 * TRI_ERR_ARGUMENT: not such a number, or above SIZE_MAX. */
TRI_API TRI_MUST_CHECK tri_status tri_size_parse(const char *text, size_t *out);

enum { TRI_SIZE_TEXT = 32 };

/* Writes the shortest exact form ("64Ki", "1000"), so that it reads back as the same number. Returns `text`.
 */
TRI_API char *tri_size_format(size_t size, char text[TRI_SIZE_TEXT]);

/* A range of items, [first, first + count). */
typedef struct tri_range {
    size_t first, count;
} tri_range;

/* Part `part` of `parts` of `count` items: sizes differ by at most one, the larger ones first. parts >= 1. */
TRI_API tri_range tri_range_block(size_t count, size_t parts, size_t part);

/* The same in units of `block` items, so that no block is torn; the last block may be short. block >= 1. */
TRI_API tri_range tri_range_block_of_units(size_t count, size_t block, size_t parts, size_t part);

#ifdef __cplusplus
}
#endif
#endif
