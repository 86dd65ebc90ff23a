/* The devices of `list`. */
#ifndef TRIREME_APPS_LIST_H
#define TRIREME_APPS_LIST_H

#include "apps/driver/app.h"

/* Lists the devices of rank 0's node, and the device of each rank with its copy rate. Collective. */
tri_status list_devices(tri_run *run);

#endif
