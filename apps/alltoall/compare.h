/* Whether B is A with its axes permuted, element by element. */
#ifndef TRIREME_APPS_ALLTOALL_COMPARE_H
#define TRIREME_APPS_ALLTOALL_COMPARE_H

#include "apps/alltoall/plan.h"

/* Reads rank `mine`'s boxes from both files and compares them; nothing is exchanged, and no order is that of the run. Each
 * of the first two buffers has room for p->room elements; what they held is lost. TRI_ERR_WRONG: an element differs. */
TRI_MUST_CHECK tri_status compare_files(const plan *p, int mine, tri_dataset *a, tri_dataset *b,
                                        char *const buffer[]);

#endif
