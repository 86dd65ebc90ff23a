/* What apps/list shows of devices. */
#ifndef TRIREME_APPS_LIST_H
#define TRIREME_APPS_LIST_H

#include "apps/driver/app.h"

/* The devices of rank 0's node, and which one each rank uses, with the speed of copies on it. Collective. */
tri_status list_devices(tri_run *run);

#endif
