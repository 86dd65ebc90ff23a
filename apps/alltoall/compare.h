/* Checks element by element that B is A with permuted axes. */
#ifndef TRIREME_APPS_ALLTOALL_COMPARE_H
#define TRIREME_APPS_ALLTOALL_COMPARE_H

#include "apps/alltoall/plan.h"

/* Reads the boxes of rank `mine` from both files and compares them, without communication and in another
 * order than the run. The first two buffers have room for p->room elements each and are overwritten.
 * TRI_ERR_WRONG: an element differs. Local. */
TRI_MUST_CHECK tri_status compare_files(const plan *p, int mine, tri_dataset *a, tri_dataset *b,
                                        char *const buffer[]);

#endif
