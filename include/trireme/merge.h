/* Accumulators of all ranks merged at one rank; carried by tri_reduce and tri_gather, so by whatever algorithm is
 * chosen or asked for. Collective. Errors: those of trireme/collectives.h. */
#ifndef TRIREME_MERGE_H
#define TRIREME_MERGE_H

#include "trireme/collectives.h"
#include "trireme/moments.h"
#include "trireme/sum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *out at the root: the merged moments of all ranks; elsewhere *out is left as it is and may be NULL. *mine is
 * normalised. */
TRI_API TRI_MUST_CHECK tri_status tri_merge_moments(tri_moments *mine, tri_moments *out, int root,
                                                    tri_comm *comm);

/* The same for exact sums. */
TRI_API TRI_MUST_CHECK tri_status tri_merge_sum(tri_sum *mine, tri_sum *out, int root, tri_comm *comm);

/* The same for ordered sums; rank r's blocks must come right behind those of the ranks below it. */
TRI_API TRI_MUST_CHECK tri_status tri_merge_ordered(const tri_ordered *mine, tri_ordered *out, int root,
                                                    tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
