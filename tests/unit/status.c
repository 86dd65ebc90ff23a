/* Statuses and the version: values that never change, the order of severity, and the worse of two. */
#include "trireme/status.h"

#include <string.h>

#include "check.h"
#include "trireme/version.h"

int main(void) {
    static const tri_status order[] = {TRI_OK,         TRI_TIMED_OUT,       TRI_CLOSED,     TRI_CANCELLED,
                                       TRI_STOPPED,    TRI_ERR_IMPOSSIBLE,  TRI_ERR_WRONG,  TRI_ERR_ARGUMENT,
                                       TRI_ERR_ABSENT, TRI_ERR_ENVIRONMENT, TRI_ERR_DEVICE, TRI_ERR_MEMORY,
                                       TRI_ERR_SYSTEM, TRI_ERR_MPI,         TRI_ERR_DATA,   TRI_ERR_FILE};
    const int count = sizeof order / sizeof *order;
    const tri_status unknown = (tri_status)4711;
    for (int i = 0; i < count; i++) {
        CHECK(tri_status_severity(order[i]) == i, "%s", tri_status_name(order[i]));
        CHECK(tri_status_severity(unknown) > i, "%d", i);
        for (int j = 0; j < count; j++)
            CHECK(tri_status_worse(order[i], order[j]) == order[i > j ? i : j], "%d and %d", i, j);
        CHECK(tri_status_worse(order[i], unknown) == unknown, "%d", i);
        CHECK(strcmp(tri_status_name(order[i]), tri_status_name(unknown)) != 0, "%d", i);
    }
    CHECK(TRI_OK == 0 && tri_status_exit(TRI_STOPPED) == 75 && tri_status_exit(unknown) == 3,
          "exit statuses");
    CHECK(!strcmp(tri_status_name(TRI_ERR_FILE), "TRI_ERR_FILE"), "%s", tri_status_name(TRI_ERR_FILE));
    CHECK(!strcmp(tri_status_text(unknown), "unknown status"), "%s", tri_status_text(unknown));
    CHECK(tri_version() == TRIREME_VERSION, "%d", tri_version());
    return check_result("status");
}
