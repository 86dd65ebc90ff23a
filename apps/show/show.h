/* Parts of show. */
#ifndef TRIREME_APPS_SHOW_H
#define TRIREME_APPS_SHOW_H

#include "apps/common/records.h"

enum { SHOW_COLUMNS = 64 };

/* The columns of a table. */
typedef struct show_columns {
    size_t count;
    const char *name[SHOW_COLUMNS];
} show_columns;

/* One file on a screen. */
void show_file(const tri_record *record);

/* A line for each file. */
tri_status show_table(const records *all, const show_columns *columns);
void show_csv(const records *all, const show_columns *columns);
/* columns == NULL: everything that is in the files. */
tri_status show_json(const records *all, const show_columns *columns);

#endif
