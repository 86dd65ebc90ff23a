#include "preload/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tri_settings tri_setting;

int tri_settings_first_rank(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return strtol(getenv(names[i]), NULL, 10) == 0;
    return 1;
}

static int function_of(const char *name, size_t length) {
    for (int f = 0; f < TRI_MPI_COLLECTIVES; f++)
        if (strlen(tri_mpi_names[f]) == length && !memcmp(tri_mpi_names[f], name, length)) return f;
    return -1;
}

/* "4x1:barrier=3,bcast=3fffff": ranks, nodes, and the classes of each function in hexadecimal digits. */
static int read_rule(const char *text, size_t length, tri_rule *out) {
    int at = 0;
    *out = (tri_rule){.ranks = 0};
    if (sscanf(text, "%dx%d:%n", &out->ranks, &out->nodes, &at) < 2 || !at || out->ranks < 1 ||
        out->nodes < 1)
        return 0;
    for (const char *word = text + at, *end = text + length; word < end;) {
        size_t name = strcspn(word, "=");
        int function = function_of(word, name);
        char *rest;
        if (function < 0) return 0;
        out->served[function] = strtoull(word + name + 1, &rest, 16);
        if (rest == word + name + 1 || (rest < end && *rest != ',')) return 0;
        word = rest + 1;
    }
    return 1;
}

static int read_rules(const char *text, tri_settings *s) {
    while (*text && s->rules < TRI_RULES) {
        size_t length = strcspn(text, ";");
        if (!read_rule(text, length, &s->rule[s->rules])) return 0;
        s->rules++;
        text += length + (text[length] == ';');
    }
    return s->rules > 0 && !*text;
}

static void read_modes(const char *text, tri_settings *s) {
    const struct {
        const char *name;
        int *on;
    } modes[] = {
        {"boost", &s->boost}, {"watch", &s->watch}, {"profile", &s->profile}, {"strict", &s->strict}};
    while (*text) {
        size_t length = strcspn(text, ","), known = 0;
        for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
            if (strlen(modes[i].name) == length && !strncmp(text, modes[i].name, length))
                *modes[i].on = (int)(known = 1);
        if (!known && !*s->wrong)
            snprintf(s->wrong, sizeof s->wrong,
                     "TRIREME_PRELOAD=%.60s: the modes are: boost, watch, profile, strict", text);
        text += length + (text[length] == ',');
    }
}

static int word_of(const char *name, const char *const *words, tri_settings *s) {
    const char *text = getenv(name);
    if (!text || !*text) return 0;
    for (int i = 0; words[i]; i++)
        if (!strcmp(text, words[i])) return i;
    snprintf(s->wrong, sizeof s->wrong, "%s=%.80s is not one of its words", name, text);
    return 0;
}

tri_settings *tri_settings_read(void) {
    static const char *const bits[] = {"same", "any", "fixed", NULL}, *const yes[] = {"0", "1", NULL};
    tri_settings *s = &tri_setting;
    const char *modes = getenv("TRIREME_PRELOAD"), *serve = getenv("TRIREME_PRELOAD_SERVE");
    if (!modes || !*modes) return s;
    read_modes(modes, s);
    s->bits = word_of("TRIREME_PRELOAD_BITS", bits, s);
    s->report = word_of("TRIREME_PRELOAD_REPORT", yes, s);
    s->all = serve && !strcmp(serve, "all");
    if (serve && *serve && strcmp(serve, "safe") != 0 && !s->all && !read_rules(serve, s))
        snprintf(s->wrong, sizeof s->wrong,
                 "TRIREME_PRELOAD_SERVE=%.60s: not safe, all, or a list of classes", serve);
    return s;
}

/* The classes of sizes from `first` on. */
#define FROM(first) (UINT64_MAX << (first) & ~(UINT64_C(1) << TRI_CLASS_UNEVEN))

/* Without a tuning file: those classes in which this library was ahead on every machine measured
 * (doc/collectives-on-a-node.md). Blocks of different lengths have not been measured. */
static void safe_classes(const tri_shape *shape, uint64_t served[TRI_MPI_COLLECTIVES]) {
    static const int equal_blocks[] = {TRI_MPI_Barrier,
                                       TRI_MPI_Bcast,
                                       TRI_MPI_Scatter,
                                       TRI_MPI_Gather,
                                       TRI_MPI_Reduce,
                                       TRI_MPI_Allreduce,
                                       TRI_MPI_Reduce_scatter_block,
                                       TRI_MPI_Scan};
    enum { CLASS_64KI = 17, CLASS_256KI = 19, CLASS_1MI = 21 };
    memset(served, 0, TRI_MPI_COLLECTIVES * sizeof *served);
    if (shape->nodes > 1) return;
    for (size_t i = 0; i < sizeof equal_blocks / sizeof *equal_blocks; i++)
        served[equal_blocks[i]] = FROM(0);
    served[TRI_MPI_Exscan] = ~FROM(CLASS_64KI) & FROM(0);
    served[TRI_MPI_Alltoall] = ~FROM(CLASS_256KI) & FROM(0);
    served[TRI_MPI_Allgather] = ~FROM(CLASS_1MI) & FROM(0);
}

/* How far apart two numbers of ranks are. */
static double distance(int a, int b) {
    return a > b ? (double)a / b : (double)b / a;
}

void tri_settings_classes(const tri_shape *shape, int ranks, uint64_t served[TRI_MPI_COLLECTIVES]) {
    const tri_settings *s = &tri_setting;
    const tri_rule *best = NULL;
    if (s->all) {
        memset(served, 0xff, TRI_MPI_COLLECTIVES * sizeof *served);
        return;
    }
    for (int i = 0; i < s->rules; i++) {
        const tri_rule *rule = &s->rule[i];
        if ((rule->nodes > 1) != (shape->nodes > 1)) continue;
        if (!best || distance(rule->ranks, ranks) < distance(best->ranks, ranks)) best = rule;
    }
    if (best)
        memcpy(served, best->served, sizeof best->served);
    else
        safe_classes(shape, served);
}

void tri_settings_share(void) {
    PMPI_Bcast(&tri_setting, (int)sizeof tri_setting, MPI_BYTE, 0, MPI_COMM_WORLD);
}
