/* The report from the driver's side (app.h has the programs'). */
#ifndef TRIREME_APPS_REPORT_H
#define TRIREME_APPS_REPORT_H

#include "apps/driver/app.h"

tri_status tri_report_create(int repeats, tri_report **out);
void tri_report_destroy(tri_report **report);

/* Collective: brings the phases of all ranks to rank 0 and puts all into the result file, where there is one. */
tri_status tri_report_record(tri_run *run);

/* Rank 0: the table, or the JSON text, on standard output. `where` is one line. */
tri_status tri_report_table(tri_run *run, const char *where);
tri_status tri_report_json(tri_run *run, const char *where);

#endif
