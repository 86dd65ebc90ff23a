/* trireme PROGRAM [ARGUMENT...] becomes that program (exec): statuses, signals and what the launcher passes
 * on are the program's own. It uses neither MPI nor the library, so `trireme doctor` starts where they do
 * not. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/driver/machine.h"
#include "apps/driver/options.h"

enum { PROGRAMS = 64, LINE = 1024 };

/* The programs in a folder. */
typedef struct fleet {
    char folder[PATH_MAX];
    char *name[PROGRAMS], *summary[PROGRAMS];
    size_t count;
} fleet;

/* The folder of this file, or that of the installed programs: one of them has `list`. */
static int find_folder(char folder[PATH_MAX]) {
    static const char *const below[] = {TRIREME_TO_PROGRAMS, "."};
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return 0;
    self[length] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        char path[2 * PATH_MAX];
        snprintf(path, sizeof path, "%s/%s/list", self, below[i]);
        if (access(path, X_OK)) continue;
        *strrchr(path, '/') = 0;
        return realpath(path, folder) != NULL;
    }
    return 0;
}

/* A program of one that has a hyphen is started by that one alone. */
static int is_program(const char *folder, const char *name) {
    char path[2 * PATH_MAX];
    struct stat file;
    if (!*name || strpbrk(name, "-./") || !strcmp(name, "trireme")) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return !stat(path, &file) && S_ISREG(file.st_mode) && !access(path, X_OK);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_programs(fleet *f) {
    DIR *folder = opendir(f->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder)) && f->count < PROGRAMS;)
        if (is_program(f->folder, entry->d_name) && (f->name[f->count] = strdup(entry->d_name))) f->count++;
    if (folder) closedir(folder);
    qsort(f->name, f->count, sizeof *f->name, by_name);
}

/* Starts a program with one option, to read what it prints; NULL: it does not start. */
static FILE *ask(const fleet *f, const char *name, const char *option) {
    char path[2 * PATH_MAX];
    int ends[2];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    if (fflush(stdout) || pipe(ends)) return NULL;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(path, path, option, (char *)NULL);
        _exit(3);
    }
    close(ends[1]);
    FILE *out = child > 0 ? fdopen(ends[0], "r") : NULL;
    if (!out) close(ends[0]);
    return out;
}

static void end(FILE *answer) {
    char rest[LINE];
    while (fgets(rest, sizeof rest, answer)) {
    }
    fclose(answer);
    wait(NULL);
}

/* The summaries are those in the first lines of --help, "NAME: SUMMARY". */
static void find_summaries(fleet *f) {
    for (size_t i = 0; i < f->count; i++) {
        char line[LINE] = "";
        FILE *answer = ask(f, f->name[i], "--help");
        if (answer) {
            if (!fgets(line, sizeof line, answer)) *line = 0;
            end(answer);
        }
        line[strcspn(line, "\n")] = 0;
        const char *text = strstr(line, ": ");
        f->summary[i] = strdup(text ? text + 2 : "does not start here: trireme doctor finds the cause");
    }
}

/* The libraries are those of a program that uses them. */
static int write_version(const fleet *f) {
    char line[LINE];
    FILE *answer = ask(f, "list", "--version");
    int starts = answer && fgets(line, sizeof line, answer);
    /* "list (trireme 0.1.0, ...)" */
    if (starts) printf("trireme%s", line + strcspn(line, " "));
    while (starts && fgets(line, sizeof line, answer))
        fputs(line, stdout);
    if (answer) end(answer);
    if (starts) return fflush(stdout) ? 4 : 0;
    fprintf(stderr, "trireme: the programs in %s do not start: trireme doctor finds the cause\n", f->folder);
    return 3;
}

/* The script asks each program for its options when they are first completed, and keeps what other packages
 * have registered for the launchers. */
static void write_completion(const fleet *f) {
    printf(
        "# Completion of trireme, also behind mpirun -np 4 and srun. bash loads it at the first `trireme`;\n"
        "# source it in ~/.bashrc to have it behind launchers from the start.\n_trireme_programs=\"");
    for (size_t i = 0; i < f->count; i++)
        printf("%s%s", i ? " " : "", f->name[i]);
    fputs(
        "\"\n"
        "# $1: the index of the word trireme; $2, $3: the current word and the one before it\n"
        "_trireme_at() {\n"
        "    local command=${COMP_WORDS[$1]/#\\~/$HOME} program=${COMP_WORDS[$1 + 1]-}\n"
        "    if ((COMP_CWORD == $1 + 1)); then\n"
        "        COMPREPLY=($(compgen -W \"$_trireme_programs help --help --version --man --completion\" \\\n"
        "            -- \"$2\"))\n"
        "    elif [[ $program = help ]]; then\n"
        "        ((COMP_CWORD > $1 + 2)) || COMPREPLY=($(compgen -W \"$_trireme_programs\" -- \"$2\"))\n"
        "    elif [[ \" $_trireme_programs \" = *\" $program \"* ]]; then\n"
        "        declare -F \"_trireme_$program\" >/dev/null ||\n"
        "            source <(\"$command\" \"$program\" --completion 2>/dev/null | sed '/^complete /d')\n"
        "        declare -F \"_trireme_$program\" >/dev/null &&\n"
        "            \"_trireme_$program\" \"$program\" \"$2\" \"$3\" $(($1 + 1))\n"
        "    fi\n"
        "}\n"
        "_trireme() {\n"
        "    _trireme_at 0 \"$2\" \"$3\"\n"
        "}\n"
        "declare -A _trireme_before\n"
        "_trireme_behind() {\n"
        "    local at before=${_trireme_before[${1##*/}]-}\n"
        "    for ((at = 1; at < COMP_CWORD; at++)); do\n"
        "        if [[ ${COMP_WORDS[at]##*/} = trireme ]]; then\n"
        "            compopt -o filenames 2>/dev/null\n"
        "            _trireme_at \"$at\" \"$2\" \"$3\"\n"
        "            return\n"
        "        fi\n"
        "    done\n"
        "    [[ ! $before ]] || \"$before\" \"$@\"\n"
        "}\n"
        "_trireme_register() {\n"
        "    local launcher words\n"
        "    for launcher in mpirun mpiexec orterun prterun mpirun.openmpi mpirun.mpich srun; do\n"
        "        type -P \"$launcher\" >/dev/null || continue\n"
        "        if ! complete -p \"$launcher\" &>/dev/null && declare -F _completion_loader >/dev/null; "
        "then\n"
        "            _completion_loader \"$launcher\" &>/dev/null\n"
        "        fi\n"
        "        words=$(complete -p \"$launcher\" 2>/dev/null)\n"
        "        if [[ $words =~ -F\\ ([^ ]+) && ${BASH_REMATCH[1]} != _trireme_behind ]]; then\n"
        "            _trireme_before[$launcher]=${BASH_REMATCH[1]}\n"
        "        fi\n"
        "        complete -o bashdefault -o default -F _trireme_behind \"$launcher\"\n"
        "    done\n"
        "}\n"
        "_trireme_register\n"
        "complete -o filenames -F _trireme trireme ./apps/trireme\n",
        stdout);
}

static tri_command describe(fleet *f) {
    return (tri_command){
        .page = "trireme",
        .summary = "runs one of the Trireme programs; mpirun is optional",
        .kind = "PROGRAM",
        .examples = "mpirun -np 8 trireme reduce FILE.h5:/x --verify    # statistics of a dataset\n"
                    "srun -n 64 --mpi=pmix trireme heat --points 4096x4096\n"
                    "trireme doctor                                     # what slows or stops programs here\n"
                    "trireme help reduce                                # the same as trireme reduce --help\n"
                    "source <(trireme --completion)                     # completion in this shell\n",
        .names = (const char *const *)f->name,
        .summaries = (const char **)f->summary,
        .count = f->count,
    };
}

/* One rank answers. The others exit with 0, since a launcher might kill it at another status. */
static int answer(fleet *f, const char *word) {
    if (tri_launcher_rank() != 0) return 0;
    list_programs(f);
    int help = !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
    int man = !strcmp(word, "--man");
    if (help || man) find_summaries(f);
    tri_command command = describe(f);
    if (help)
        tri_command_help(&command, stdout);
    else if (man)
        tri_command_man(&command, stdout);
    else if (!strcmp(word, "--completion"))
        write_completion(f);
    else if (!strcmp(word, "--version"))
        return write_version(f);
    else
        return tri_command_unknown("trireme", &command, word);
    return fflush(stdout) ? 4 : 0;
}

/* "watch,boost PROGRAM" becomes "watch FOLDER/boost PROGRAM": the programs that run a program, one in the
 * other. 0: one of them is no program. */
static int nest(const char *folder, int argc, char **argv, char *nested[]) {
    char words[LINE], *rest = words;
    int count = 1;
    snprintf(words, sizeof words, "%s", argv[1]);
    nested[0] = argv[0];
    for (char *name; (name = strtok_r(NULL, ",", &rest)) && count < PROGRAMS; count++) {
        char path[2 * PATH_MAX];
        if (!is_program(folder, name)) return 0;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        nested[count] = strdup(count == 1 ? name : path);
    }
    memcpy(nested + count, argv + 2, (size_t)(argc - 1) * sizeof *argv);
    return 1;
}

int main(int argc, char **argv) {
    static fleet f;
    char path[2 * PATH_MAX];
    if (!find_folder(f.folder)) {
        fprintf(stderr, "trireme: its programs are neither beside it nor in " TRIREME_TO_PROGRAMS
                        " from there: install it again\n");
        return 3;
    }
    char **nested = calloc((size_t)argc + PROGRAMS, sizeof *nested);
    if (nested && argc > 1 && strchr(argv[1], ',')) {
        if (!nest(f.folder, argc, argv, nested)) return answer(&f, argv[1]);
        argv = nested;
        while (argv[argc])
            argc++;
    }
    int helps = argc > 2 && !strcmp(argv[1], "help");
    char **words = argv + 1 + helps; /* the name of the program comes first */
    if (argc < 2 || !is_program(f.folder, *words)) return answer(&f, argc < 2 ? "" : *words);
    if (helps) {
        /* "help bench sum" becomes "bench sum --help", in the same array. */
        memmove(argv + 1, words, (size_t)(argc - 2) * sizeof *argv);
        argv[argc - 1] = "--help";
        words = argv + 1;
    }
    snprintf(path, sizeof path, "%s/%s", f.folder, *words);
    *words = path;
    execv(path, words);
    fprintf(stderr, "trireme: cannot start %s: %s\n", path, strerror(errno));
    return 3;
}
