#include "apps/common/seconds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

tri_status tri_seconds_read(const char *name, const char *text, double *out) {
    static const char units[] = "smhd";
    static const double factor[] = {1, 60, 3600, 86400};
    char *end;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(units, *end) : units;
    if (end == text || !unit || (*end && end[1]) || !isfinite(value) || value < 0)
        return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is no time; write 90s, 10m, 2h or 1d", name, text);
    *out = value * factor[unit - units];
    return TRI_OK;
}
