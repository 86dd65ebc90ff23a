/* The build without hwloc: creation fails with the missing package, destruction does nothing. */
#include "trireme/place.h"

#include <string.h>

#include "check.h"

int main(void) {
    tri_place *place = NULL;
    CHECK_STATUS(tri_place_create(&place), TRI_ERR_ABSENT);
    CHECK(!place && strstr(tri_error_text(), "libhwloc-dev"), "%s", tri_error_text());
    tri_place_destroy(&place);
    tri_place_destroy(NULL);
    return check_result("no places");
}
