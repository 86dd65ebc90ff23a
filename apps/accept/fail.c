#include <stdio.h>
#include <string.h>

#include "apps/accept/accept.h"

void accept_fail(tri_run *run, accept_state *s, const char *name, const char *text) {
    size_t used = strlen(s->failures);
    snprintf(s->failures + used, sizeof s->failures - used, "%s%s", used ? "; " : "", text);
    tri_report_line(run, "%-12s failed     %s", name, text);
}
