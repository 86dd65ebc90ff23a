/* The catalogue: operations and algorithms by number and by name. */
#include <stdio.h>
#include <string.h>

#include "collectives/algorithms/algorithm.h"
#include "trireme/algorithms.h"

static const char *const operation_names[TRI_OPERATION_COUNT] = {
#define ROW(NAME, value, name, text) [TRI_##NAME] = #name,
    TRI_OPERATION_LIST(ROW)
#undef ROW
};

const char *tri_operation_name(tri_operation operation) {
    return (unsigned)operation < TRI_OPERATION_COUNT ? operation_names[operation] : "unknown";
}

int tri_algorithm_count(void) {
    return tri_algorithm_list_count;
}

tri_operation tri_algorithm_operation(int index) {
    return tri_algorithm_list[index]->operation;
}

const char *tri_algorithm_name(int index) {
    return tri_algorithm_list[index]->name;
}

const char *tri_algorithm_text(int index) {
    return tri_algorithm_list[index]->text;
}

/* Appends " word", truncated if it does not fit. */
static void append(char *text, size_t room, const char *word) {
    size_t length = strlen(text);
    snprintf(text + length, room - length, " %s", word);
}

static tri_status find(const char *operation, const char *name, int *out) {
    char known[512] = "";
    int operation_known = 0;
    for (int i = 0; i < tri_algorithm_list_count; i++) {
        const char *of = tri_operation_name(tri_algorithm_list[i]->operation);
        if (strcmp(of, operation)) continue;
        operation_known = 1;
        append(known, sizeof known, tri_algorithm_list[i]->name);
        if (!strcmp(tri_algorithm_list[i]->name, name)) {
            *out = i;
            return TRI_OK;
        }
    }
    if (operation_known)
        return tri_fail(TRI_ERR_ARGUMENT, "no algorithm '%s' for %s; available:%s", name, operation, known);
    for (int i = 0; i < TRI_OPERATION_COUNT; i++)
        append(known, sizeof known, operation_names[i]);
    return tri_fail(TRI_ERR_ARGUMENT, "no operation '%s'; available:%s", operation, known);
}

tri_status tri_algorithms_parse(const char *names, tri_selection selected[TRI_OPERATION_COUNT]) {
    tri_selection found[TRI_OPERATION_COUNT] = {{NULL, 0}};
    while (*names) {
        char word[96];
        size_t length = strcspn(names, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, names);
        names += length + (names[length] == ',');
        char *colon = strchr(word, ':');
        if (!colon)
            return tri_fail(TRI_ERR_ARGUMENT, "'%s' does not name an algorithm; write it as bcast:binomial",
                            word);
        *colon++ = 0;
        size_t last = strlen(colon);
        int index, strict = last && colon[last - 1] == '!';
        if (strict) colon[last - 1] = 0;
        TRI_TRY(find(word, colon, &index));
        found[tri_algorithm_list[index]->operation] = (tri_selection){tri_algorithm_list[index], strict};
    }
    memcpy(selected, found, sizeof found);
    return TRI_OK;
}

int tri_algorithm_can(int index, const tri_case *c) {
    tri_subcase sub = tri_subcase_of(c);
    return tri_algorithm_fits(tri_algorithm_list[index], &sub);
}

tri_cost tri_algorithm_cost(int index, const tri_case *c, const tri_network *net) {
    tri_recipe recipe;
    tri_subcase sub = tri_subcase_of(c);
    tri_recipe_make(&recipe, tri_algorithm_list[index], &sub, net);
    return tri_recipe_cost(&recipe, 0, &sub, net);
}

double tri_algorithm_time_s(int index, const tri_case *c, const tri_network *net) {
    tri_recipe recipe;
    tri_subcase sub = tri_subcase_of(c);
    return tri_recipe_make(&recipe, tri_algorithm_list[index], &sub, net);
}

int tri_algorithm_choose(const tri_case *c, const tri_network *net) {
    tri_recipe recipe;
    tri_subcase sub = tri_subcase_of(c);
    tri_recipe_make(&recipe, NULL, &sub, net);
    int index = 0;
    while (tri_algorithm_list[index] != recipe.pick[0].algorithm)
        index++;
    return index;
}
