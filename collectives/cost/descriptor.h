/* The descriptor of an algorithm, and recipes. No MPI, no messages. */
#ifndef TRI_COLLECTIVES_COST_DESCRIPTOR_H
#define TRI_COLLECTIVES_COST_DESCRIPTOR_H

#include "collectives/cost/terms.h"
#include "trireme/status.h"

/* Tuning parameters of an algorithm; 0: not used. */
typedef struct tri_parameters {
    int radix;
    int pieces; /* of a pipelined vector */
} tri_parameters;

/* Stages of a composed algorithm; pieces that each stage has in flight. */
enum { TRI_STAGES = 3, TRI_WINDOW = 2, TRI_SCHEDULES = TRI_STAGES * TRI_WINDOW };

struct tri_call;
struct tri_context;
struct tri_stage;

/* Defined at the end of each algorithm file. */
typedef struct tri_algorithm {
    tri_operation operation;
    const char *name;
    const char *text; /* one sentence: what the ranks do */
    /* Whether it can handle the case; NULL: always. */
    int (*can)(const tri_subcase *c);
    /* The best parameters for the case; NULL: no parameters. */
    tri_parameters (*tune)(const tri_subcase *c, const tri_network *net);
    /* The cost of the critical path; if there are several candidates, the network decides. NULL: the sum
     * of the stages' costs. */
    tri_cost (*cost)(const tri_subcase *c, const tri_parameters *p, const tri_network *net);
    /* Units of scratch that this rank needs; NULL: none. */
    size_t (*scratch)(const struct tri_context *c, const struct tri_call *call);
    tri_status (*run)(struct tri_context *c, const struct tri_call *call);

    /* A composed algorithm has stages instead of `run`. They run in order, and the best algorithm is
     * chosen for each. stages: the cases of up to TRI_STAGES stages; returns their number. plan: their
     * calls. own_scratch: units of scratch of the composition itself. */
    int (*stages)(const tri_subcase *c, tri_subcase stage[TRI_STAGES]);
    void (*plan)(const struct tri_context *c, const struct tri_call *call, struct tri_stage *stage);
    size_t (*own_scratch)(const struct tri_context *c, const struct tri_call *call);
    /* Executed by all ranks before stage i, and after the last stage with i = the number of stages; NULL:
     * nothing. */
    tri_status (*before_stage)(struct tri_context *c, const struct tri_call *call, int i);
    /* Whether the stages may overlap on several pieces of the vector (engine/run.c). Requires before_stage
     * = NULL. */
    int in_pieces;
} tri_algorithm;

/* An algorithm with its parameters. Composed: indices of the stages' picks in the recipe. */
enum { TRI_PICKS = 1 + TRI_STAGES + TRI_STAGES * TRI_STAGES };
typedef struct tri_pick {
    const tri_algorithm *algorithm;
    tri_parameters parameters;
    int stage[TRI_STAGES];
} tri_pick;

/* All choices made for a call; pick[0] is the outermost algorithm. */
typedef struct tri_recipe {
    int used;
    tri_pick pick[TRI_PICKS];
} tri_recipe;

/* The best recipe for a case. `only`: use this algorithm, which can handle the case; NULL: any. Returns
 * the predicted seconds. */
double tri_recipe_make(tri_recipe *recipe, const tri_algorithm *only, const tri_subcase *c,
                       const tri_network *net);
tri_cost tri_recipe_cost(const tri_recipe *recipe, int pick, const tri_subcase *c, const tri_network *net);
int tri_algorithm_fits(const tri_algorithm *a, const tri_subcase *c);

/* The list of algorithms, declared here and defined above (algorithms/list.c). */
extern const tri_algorithm *const tri_algorithm_list[];
extern const int tri_algorithm_list_count;

/* The algorithm that is named for an operation. */
typedef struct tri_selection {
    const tri_algorithm *algorithm; /* NULL: none named */
    int strict;                     /* a call that it cannot do fails; 0: the cheapest one does it */
} tri_selection;

/* Parses "bcast:binomial!,reduce:linear" into selected[operation]. TRI_ERR_ARGUMENT. */
tri_status tri_algorithms_parse(const char *names, tri_selection selected[TRI_OPERATION_COUNT]);

#endif
