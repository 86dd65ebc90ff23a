/* How an algorithm describes itself to the choice, and what the choice makes of it. No MPI, no messages. */
#ifndef TRI_COLLECTIVES_COST_DESCRIPTOR_H
#define TRI_COLLECTIVES_COST_DESCRIPTOR_H

#include "collectives/cost/terms.h"
#include "trireme/status.h"

/* Parameters that an algorithm is tuned by. Zero where it has no such parameter. */
typedef struct tri_parameters {
    int radix;
    int pieces; /* of a vector that goes through a pipeline */
} tri_parameters;

/* Stages of a composed algorithm; pieces that each stage has in flight at a time. */
enum { TRI_STAGES = 3, TRI_WINDOW = 2, TRI_SCHEDULES = TRI_STAGES * TRI_WINDOW };

struct tri_call;
struct tri_context;
struct tri_stage;

/* Stands at the end of each algorithm's file. */
typedef struct tri_algorithm {
    tri_operation operation;
    const char *name;
    const char *text; /* one sentence: what the ranks do */
    /* Whether it can do this case; NULL: always. */
    int (*can)(const tri_subcase *c);
    /* The best parameters for this case; NULL: it has none. */
    tri_parameters (*tune)(const tri_subcase *c, const tri_network *net);
    /* The cost on the critical path; the network decides which path that is where there are several. NULL: the sum
     * of the stages' costs. */
    tri_cost (*cost)(const tri_subcase *c, const tri_parameters *p, const tri_network *net);
    /* Units of scratch that this rank needs; NULL: none. */
    size_t (*scratch)(const struct tri_context *c, const struct tri_call *call);
    tri_status (*run)(struct tri_context *c, const struct tri_call *call);

    /* A composed algorithm describes its stages instead of `run`; they run in order, and the best algorithm is chosen for
     * each. stages: the cases of up to TRI_STAGES stages; returns how many. plan: their calls; `own_scratch` is the scratch
     * that the composition itself asks for, in units. */
    int (*stages)(const tri_subcase *c, tri_subcase stage[TRI_STAGES]);
    void (*plan)(const struct tri_context *c, const struct tri_call *call, struct tri_stage *stage);
    size_t (*own_scratch)(const struct tri_context *c, const struct tri_call *call);
    /* What all ranks do before stage i, and after the last with i = the number of stages; NULL: nothing. */
    tri_status (*before_stage)(struct tri_context *c, const struct tri_call *call, int i);
    /* Whether the vector may go through the stages in several pieces at once (engine/run.c); needs no `before_stage`. */
    int in_pieces;
} tri_algorithm;

/* An algorithm with its parameters; for a composed one, the picks of its stages as indices in the recipe. */
enum { TRI_PICKS = 1 + TRI_STAGES + TRI_STAGES * TRI_STAGES };
typedef struct tri_pick {
    const tri_algorithm *algorithm;
    tri_parameters parameters;
    int stage[TRI_STAGES];
} tri_pick;

/* All that was chosen for a call; pick[0] is the outermost algorithm. */
typedef struct tri_recipe {
    int used;
    tri_pick pick[TRI_PICKS];
} tri_recipe;

/* The best recipe for a case; `only`: by this algorithm, which can do it; NULL: by any. Returns its predicted seconds. */
double tri_recipe_make(tri_recipe *recipe, const tri_algorithm *only, const tri_subcase *c,
                       const tri_network *net);
tri_cost tri_recipe_cost(const tri_recipe *recipe, int pick, const tri_subcase *c, const tri_network *net);
int tri_algorithm_fits(const tri_algorithm *a, const tri_subcase *c);

/* The list of algorithms, declared here and defined above (algorithms/list.c). */
extern const tri_algorithm *const tri_algorithm_list[];
extern const int tri_algorithm_list_count;
/* Algorithms by name, "bcast:binomial,reduce:linear", into selected[operation]; NULL where none is named. TRI_ERR_ARGUMENT. */
tri_status tri_algorithms_parse(const char *names, const tri_algorithm *selected[TRI_OPERATION_COUNT]);

#endif
