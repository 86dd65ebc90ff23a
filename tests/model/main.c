/* main [--planted]: explores all scenarios; or weakens each site in turn, which some scenario must notice. */
#include <stdio.h>
#include <string.h>

#include "../check.h"
#include "scenarios.h"

/* Runs for one scenario. Without a plant all are needed, so that the exploration is complete. */
enum { MOST_RUNS = 100000, MOST_PLANTED_RUNS = 200000 };

static const model_scenario *const groups[] = {sync_scenarios, queue_scenarios, future_scenarios};
enum { GROUPS = sizeof groups / sizeof *groups };

static int is_asked_for(const model_scenario *s, const char *name) {
    return !name || strstr(s->name, name);
}

static void explore_all(const char *name) {
    for (int g = 0; g < GROUPS; g++)
        for (const model_scenario *s = groups[g]; s->name; s++) {
            if (!is_asked_for(s, name)) continue;
            model_result r = model_explore(s, NULL, MOST_RUNS, 1);
            printf("%-34s %8ld runs%s\n", s->name, r.runs, r.complete ? "" : ", incomplete");
            CHECK(!r.fault, "%s: %s", s->name, r.fault);
            CHECK(r.complete, "%s: more than %d runs", s->name, MOST_RUNS);
        }
}

/* Orders that are published (deque.c) and order a load before a later store, which the model does not let
 * pass each other in any case. */
static const struct {
    const char *file;
    int most;
} unneeded[] = {{"threads/deque.c:", 4}};

static const char *explore_site(size_t i, const char **by) {
    for (int g = 0; g < GROUPS; g++)
        for (const model_scenario *s = groups[g]; s->name; s++) {
            const char *fault = NULL;
            if (model_site_used(i, s)) fault = model_explore(s, model_site(i), MOST_PLANTED_RUNS, 0).fault;
            *by = s->name;
            if (fault) return fault;
        }
    return NULL;
}

static void explore_planted(void) {
    const char *site, *by;
    int left[sizeof unneeded / sizeof *unneeded];
    for (size_t k = 0; k < sizeof unneeded / sizeof *unneeded; k++)
        left[k] = unneeded[k].most;
    /* Some runs of each scenario find its sites. */
    for (int g = 0; g < GROUPS; g++)
        for (const model_scenario *s = groups[g]; s->name; s++)
            (void)model_explore(s, NULL, 1000, 0);
    for (size_t i = 0; (site = model_site(i)); i++) {
        const char *found = explore_site(i, &by), *file = strstr(site, "threads/");
        int excused = 0;
        for (size_t k = 0; k < sizeof unneeded / sizeof *unneeded; k++)
            if (!found && file && !strncmp(file, unneeded[k].file, strlen(unneeded[k].file)))
                excused = left[k]-- > 0;
        printf("%-26s %s%s%s\n", file ? file : site, found ? found : "not needed here", found ? ", by " : "",
               found ? by : "");
        CHECK(found || excused, "%s: no scenario needs its order, fence or wake", site);
    }
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && !strcmp(argv[1], "--planted"))
        explore_planted();
    else
        explore_all(argc > 1 ? argv[1] : NULL);
    return check_result("model");
}
