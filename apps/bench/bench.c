/* Benchmarks: `bench SUBJECT [OPTION...]`. */
#include "apps/bench/bench.h"
#include "apps/driver/machine.h"
#include "apps/driver/options.h"

#include <stdio.h>
#include <string.h>

static const tri_app *const subjects[] = {
#define ROW(name) &bench_##name,
    BENCH_LIST(ROW)
#undef ROW
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static const char *subject_name(size_t i) {
    return strchr(subjects[i]->name, '-') + 1;
}

static void completion(const tri_command *bench) {
    for (size_t i = 0; i < bench->count; i++)
        (void)tri_main(subjects[i], 2, (char *[]){"bench", "--completion", NULL});
    /* $4: the index of the word bench, where a command stands before it. */
    printf("_trireme_bench() {\n    local at=${4:-0}\n    if ((COMP_CWORD > at + 1)); then\n"
           "        declare -F \"_trireme_bench_${COMP_WORDS[at + 1]}\" >/dev/null &&\n"
           "            \"_trireme_bench_${COMP_WORDS[at + 1]}\" \"$@\"\n    else\n"
           "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < bench->count; i++)
        printf("%s ", bench->names[i]);
    printf("--help --version --man --completion\" -- \"$2\"))\n    fi\n}\n"
           "complete -o filenames -F _trireme_bench bench ./apps/bench\n");
}

int main(int argc, char **argv) {
    /* Here too: tri_main() sees other arguments. */
    tri_store_look_first(argc, argv);
    const char *names[SUBJECTS + 1], *summaries[SUBJECTS], *word = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < SUBJECTS; i++) {
        names[i] = subject_name(i);
        summaries[i] = subjects[i]->summary;
        if (!strcmp(word, names[i]) || (!strcmp(word, "--compare") && !strcmp(names[i], "compare")))
            return tri_main(subjects[i], argc - 1, argv + 1);
    }
    const tri_command bench = {
        .page = "trireme-bench",
        .summary = "measures collectives, sums, devices, files and the network, and compares results",
        .kind = "SUBJECT",
        .examples = "mpirun -np 4 trireme bench collectives    # compared with the MPI library\n"
                    "mpirun -np 2 trireme bench network        # the numbers by which algorithms are chosen\n"
                    "trireme bench compare OLD.h5 NEW.h5       # what has become slower\n",
        .names = names,
        .summaries = summaries,
        .count = SUBJECTS,
    };
    /* Other ranks exit with 0, since a launcher might kill this one at another status. */
    if (tri_launcher_rank() != 0) return 0;
    if (!strcmp(word, "--help") || !strcmp(word, "-h"))
        tri_command_help(&bench, stdout);
    else if (!strcmp(word, "--man"))
        tri_command_man(&bench, stdout);
    else if (!strcmp(word, "--completion"))
        completion(&bench);
    else if (!strcmp(word, "--version"))
        tri_version_write("bench", stdout);
    else
        return tri_command_unknown("bench", &bench, word);
    return fflush(stdout) ? 4 : 0;
}
