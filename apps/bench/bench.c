/* Benchmarks: `bench SUBJECT [OPTION...]`. */
#include "apps/bench/bench.h"
#include "apps/driver/machine.h"

#include <stdio.h>
#include <string.h>

static const tri_app *const subjects[] = {
#define ROW(name) &bench_##name,
    BENCH_LIST(ROW)
#undef ROW
};

int main(int argc, char **argv) {
    /* Here too: tri_main() sees other arguments. */
    tri_store_look_first(argc, argv);
    const size_t count = sizeof subjects / sizeof *subjects;
    const char *word = argc > 1 ? argv[1] : "";
    if (!strcmp(word, "--compare")) word += 2;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(word, strchr(subjects[i]->name, '-') + 1))
            return tri_main(subjects[i], argc - 1, argv + 1);
    int help = !strcmp(word, "--help");
    /* Other ranks exit with 0, since a launcher might kill this one at another status. */
    if (tri_launcher_rank() != 0) return 0;
    if (!help) {
        tri_status status = *word ? tri_fail(TRI_ERR_ARGUMENT, "there is no subject '%s'", word)
                                  : tri_fail(TRI_ERR_ARGUMENT, "a subject is missing");
        fprintf(stderr, "bench: %s; bench --help lists them\n", tri_error_text());
        return tri_status_exit(status);
    }
    printf("Usage: mpirun -np RANKS bench SUBJECT [OPTION...]; bench SUBJECT --help lists its options. "
           "Subjects:\n");
    for (size_t i = 0; i < count; i++)
        printf("  %-12s %s\n", strchr(subjects[i]->name, '-') + 1, subjects[i]->summary);
    return 0;
}
