/** @file
 * Sizes as people write them ("64Ki", "1.5Gi", "4M"), and the division of items into blocks. All functions
 * are local and thread-safe. */
#ifndef TRIREME_SIZE_H
#define TRIREME_SIZE_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Reads a non-negative decimal number with an optional suffix: k M G T P E are powers of 1000, Ki Mi Gi Ti
 * Pi Ei powers of 1024; an optional B follows. A power of ten may be in place of a suffix ("1e6", "2.5e3").
 * The result must be a whole number ("1.5Ki" is 1536).
 * TRI_ERR_ARGUMENT: not such a number, or above SIZE_MAX. */
TRI_API TRI_MUST_CHECK tri_status tri_size_parse(const char *text, size_t *out);

/** The room for a text of tri_size_format(). */
enum {
    TRI_SIZE_TEXT = 32 /**< in bytes */
};

/** Writes the shortest exact form ("64Ki", "1000"), which tri_size_parse() reads as the same number. Returns
 * `text`. */
TRI_API char *tri_size_format(size_t size, char text[TRI_SIZE_TEXT]);

/** The items [first, first + count). */
typedef struct tri_range {
    size_t first; /**< the first item */
    size_t count; /**< number of items */
} tri_range;

/** Block `part` of `parts` >= 1 blocks of `count` items. Sizes differ by at most one; the larger blocks come
 * first. */
TRI_API tri_range tri_range_block(size_t count, size_t parts, size_t part);

/** tri_range_block() in whole units of `block` >= 1 items; the last unit may be short. */
TRI_API tri_range tri_range_block_of_units(size_t count, size_t block, size_t parts, size_t part);

#ifdef __cplusplus
}
#endif
#endif
