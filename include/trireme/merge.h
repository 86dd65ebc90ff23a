/** @file
 * Merges the accumulators of all ranks at one rank, by tri_reduce() and tri_gather().
 *
 * All functions are collective. Errors are those of trireme/collectives.h.
 */
#ifndef TRIREME_MERGE_H
#define TRIREME_MERGE_H

#include "trireme/collectives.h"
#include "trireme/moments.h"
#include "trireme/sum.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Merges moments. *out at the root gets the merged moments of all ranks; other ranks may pass NULL, and *out
 * is unchanged there. *mine is normalised. */
TRI_API TRI_MUST_CHECK tri_status tri_merge_moments(tri_moments *mine, tri_moments *out, int root,
                                                    tri_comm *comm);

/** Merges exact sums; arguments as in tri_merge_moments(). */
TRI_API TRI_MUST_CHECK tri_status tri_merge_sum(tri_sum *mine, tri_sum *out, int root, tri_comm *comm);

/** Merges ordered sums; arguments as in tri_merge_moments(), but *mine is unchanged. The blocks of rank r
 * must follow directly those of the lower ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_merge_ordered(const tri_ordered *mine, tri_ordered *out, int root,
                                                    tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
