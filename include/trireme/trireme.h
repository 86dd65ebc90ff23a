/** @file
 * All public headers. */
#ifndef TRIREME_TRIREME_H
#define TRIREME_TRIREME_H

#include "trireme/algorithms.h"
#include "trireme/array.h"
#include "trireme/collectives.h"
#include "trireme/comm.h"
#include "trireme/cost.h"
#include "trireme/gpu.h"
#include "trireme/gpu_collectives.h"
#include "trireme/gpu_map.h"
#include "trireme/grid.h"
#include "trireme/merge.h"
#include "trireme/message.h"
#include "trireme/moments.h"
#include "trireme/network.h"
#include "trireme/network_file.h"
#include "trireme/number.h"
#include "trireme/output.h"
#include "trireme/persistent.h"
#include "trireme/place.h"
#include "trireme/random.h"
#include "trireme/request.h"
#include "trireme/result.h"
#include "trireme/select.h"
#include "trireme/shared.h"
#include "trireme/simd.h"
#include "trireme/size.h"
#include "trireme/statistics.h"
#include "trireme/status.h"
#include "trireme/store.h"
#include "trireme/sum.h"
#include "trireme/team.h"
#include "trireme/version.h"

#endif
