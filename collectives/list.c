/* The list of operations and of algorithms, and the choice among them. */
#include <stdio.h>
#include <string.h>

#include "collectives/engine.h"

static const tri_algorithm *const algorithms[] = {
#define X(operation, name) &tri_##operation##_##name,
#include "collectives/algorithms.def"
#undef X
};

enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms };

static const char *const operation_names[TRI_OPERATION_COUNT] = {
#define ROW(NAME, name, text) [TRI_##NAME] = #name,
    TRI_OPERATION_LIST(ROW)
#undef ROW
};

/* A server of 2022 or later with 100 Gbit/s between nodes. */
const tri_net tri_net_default = {
    .level = {[TRI_INSIDE] = {.latency_s = 0.2e-6,
                              .overhead_s = 0.1e-6,
                              .byte_s = 1 / 10e9,
                              .rank_byte_s = 1 / 10e9,
                              .node_byte_s = 1 / 100e9},
              [TRI_BETWEEN] = {.latency_s = 1.0e-6,
                               .overhead_s = 0.2e-6,
                               .byte_s = 1 / 12.5e9,
                               .rank_byte_s = 1 / 12.5e9,
                               .node_byte_s = 1 / 12.5e9}},
    .memory_byte_s = 1 / 10e9,
    .combine_byte_s = 1 / 10e9,
};

double tri_cost_time_s(const tri_cost *cost, const tri_net *net) {
    double time = cost->memory_bytes * net->memory_byte_s + cost->combined_bytes * net->combine_byte_s;
    for (int level = 0; level < TRI_LEVELS; level++)
        time += cost->level[level].latencies * net->level[level].latency_s +
                cost->level[level].overheads * net->level[level].overhead_s +
                tri_larger(cost->level[level].bytes * net->level[level].byte_s,
                           tri_larger(cost->level[level].rank_bytes * net->level[level].rank_byte_s,
                                      cost->level[level].node_bytes * net->level[level].node_byte_s));
    return time;
}

const char *tri_operation_name(tri_operation operation) {
    return (unsigned)operation < TRI_OPERATION_COUNT ? operation_names[operation] : "unknown";
}

int tri_algorithm_count(void) {
    return ALGORITHMS;
}

tri_operation tri_algorithm_operation(int index) {
    return algorithms[index]->operation;
}

const char *tri_algorithm_name(int index) {
    return algorithms[index]->name;
}

const char *tri_algorithm_text(int index) {
    return algorithms[index]->text;
}

const tri_algorithm *tri_algorithm_at(int index) {
    return algorithms[index];
}

int tri_algorithm_can(int index, const tri_case *c) {
    const tri_algorithm *a = algorithms[index];
    return a->operation == c->operation && (!a->can || a->can(c));
}

tri_parameters tri_algorithm_tune(const tri_algorithm *a, const tri_case *c, const tri_net *net) {
    tri_parameters none = {0};
    return a->tune ? a->tune(c, net) : none;
}

tri_cost tri_algorithm_cost(int index, const tri_case *c, const tri_net *net) {
    tri_parameters parameters = tri_algorithm_tune(algorithms[index], c, net);
    return algorithms[index]->cost(c, &parameters);
}

double tri_algorithm_time_s(int index, const tri_case *c, const tri_net *net) {
    tri_cost cost = tri_algorithm_cost(index, c, net);
    return tri_cost_time_s(&cost, net);
}

int tri_algorithm_choose(const tri_case *c, const tri_net *net) {
    int best = -1;
    double best_s = 0;
    for (int i = 0; i < ALGORITHMS; i++) {
        if (!tri_algorithm_can(i, c)) continue;
        double time_s = tri_algorithm_time_s(i, c, net);
        if (best < 0 || time_s < best_s) best = i, best_s = time_s;
    }
    return best;
}

/* Appends " word" where it fits. */
static void append(char *text, size_t room, const char *word) {
    size_t length = strlen(text);
    snprintf(text + length, room - length, " %s", word);
}

static tri_status find(const char *operation, const char *name, int *out) {
    char known[512] = "";
    int operation_known = 0;
    for (int i = 0; i < ALGORITHMS; i++) {
        const char *of = tri_operation_name(algorithms[i]->operation);
        if (strcmp(of, operation)) continue;
        operation_known = 1;
        append(known, sizeof known, algorithms[i]->name);
        if (!strcmp(algorithms[i]->name, name)) {
            *out = i;
            return TRI_OK;
        }
    }
    if (operation_known)
        return tri_fail(TRI_ERR_ARGUMENT, "no algorithm '%s' for %s: there are%s", name, operation, known);
    for (int i = 0; i < TRI_OPERATION_COUNT; i++)
        append(known, sizeof known, operation_names[i]);
    return tri_fail(TRI_ERR_ARGUMENT, "no operation '%s': there are%s", operation, known);
}

tri_status tri_algorithms_parse(const char *names, const tri_algorithm *selected[TRI_OPERATION_COUNT]) {
    const tri_algorithm *found[TRI_OPERATION_COUNT] = {NULL};
    while (*names) {
        char word[96];
        size_t length = strcspn(names, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, names);
        names += length + (names[length] == ',');
        char *colon = strchr(word, ':');
        if (!colon)
            return tri_fail(TRI_ERR_ARGUMENT, "'%s' does not name an algorithm: write it as bcast:binomial",
                            word);
        *colon = 0;
        int index;
        TRI_TRY(find(word, colon + 1, &index));
        found[algorithms[index]->operation] = algorithms[index];
    }
    memcpy(selected, found, sizeof found);
    return TRI_OK;
}
