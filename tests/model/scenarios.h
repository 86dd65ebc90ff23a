/* Small programs of threads/ for the model checker. */
#ifndef TRIREME_TESTS_SCENARIOS_H
#define TRIREME_TESTS_SCENARIOS_H

#include "model.h"

/* The last one has no name. */
extern const model_scenario sync_scenarios[], queue_scenarios[], future_scenarios[];

/* A moment that may pass at any time. */
#define SOON 1e9

#endif
