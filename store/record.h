/* Result files as a whole. Internal. */
#ifndef TRIREME_STORE_RECORD_H
#define TRIREME_STORE_RECORD_H

#include "trireme/record.h"

/* tri_record_read() without a child that looks first. */
TRI_MUST_CHECK tri_status tri_record_read_here(const char *file, tri_record **out);

/* Frees what an item owns. */
void tri_record_free_item(tri_record_item *item);

#endif
