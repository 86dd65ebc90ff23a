#include "trireme/version.h"

int tri_version(void) {
    return TRIREME_VERSION;
}
