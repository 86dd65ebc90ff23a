/* The driver's side of the report; app.h has the side of the programs. */
#ifndef TRIREME_APPS_REPORT_H
#define TRIREME_APPS_REPORT_H

#include "apps/driver/app.h"

tri_status tri_report_create(int repeats, tri_report **out);
void tri_report_destroy(tri_report **report);

/* Gathers the phases of all ranks to rank 0 and writes everything to the result file, if any. Collective. */
tri_status tri_report_record(tri_run *run);

/* Rank 0: print the table or JSON to standard output. `where` is one line; `verdict` is "right",
 * "not checked", or what is wrong. */
tri_status tri_report_table(tri_run *run, const char *where);
tri_status tri_report_json(tri_run *run, const char *where, const char *verdict);

#endif
