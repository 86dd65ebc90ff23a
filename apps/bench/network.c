/* Measures the cost of messages on this machine, for the choice of collective algorithms by all programs. */
#include <stdio.h>

#include "apps/bench/bench.h"

typedef struct state {
    const char *out;
    double seconds;
    tri_network_file found;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, out, "out", "",
               "file to write; default: the file of this machine, which all programs read"),
    TRI_OPTION(state, seconds, "seconds", "4", "duration of the measurement in seconds"),
    {.name = NULL},
};

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    return tri_network_measure(run->comm, s->seconds, &s->found);
}

static void show_level(tri_run *run, const tri_network_file *n, int level, const char *name) {
    if (!n->measured[level]) {
        tri_report_line(run, "%-8s not measured: needs %s", name,
                        level == TRI_INSIDE ? "two ranks on a node" : "two nodes");
        return;
    }
    tri_report_line(run,
                    "%-8s latency %8.3f us, overhead %8.3f us; %7.3f GB/s a message, %7.3f both ways, %7.3f "
                    "a rank, %7.3f a node",
                    name, 1e6 * n->net.level[level].latency_s, 1e6 * n->net.level[level].overhead_s,
                    1e-9 / n->net.level[level].byte_s,
                    1e-9 / (n->net.level[level].byte_s + n->net.level[level].duplex_byte_s),
                    1e-9 / n->net.level[level].rank_byte_s, 1e-9 / n->net.level[level].node_byte_s);
}

/* Newer numbers of this machine replace older ones; a file that --out names is an output like any other. */
static tri_status setup(tri_run *run, void *argument) {
    const state *s = argument;
    return tri_comm_rank(run->comm) || !*s->out ? TRI_OK : tri_output_check(s->out, run->common->replace);
}

static tri_status write_file(const tri_run *run, const state *s, char *path, size_t room) {
    if (!*s->out) {
        TRI_TRY(tri_network_file_path(&s->found, path, room));
    } else {
        TRI_TRY(tri_output_check(s->out, run->common->replace));
        snprintf(path, room, "%s", s->out);
    }
    return tri_network_file_write(path, &s->found);
}

static tri_status record(tri_run *run, void *argument) {
    const state *s = argument;
    const tri_network *net = &s->found.net;
    char path[4096] = "";
    if (tri_comm_rank(run->comm) == 0) TRI_TRY(write_file(run, s, path, sizeof path));
    show_level(run, &s->found, TRI_INSIDE, "inside");
    show_level(run, &s->found, TRI_BETWEEN, "between");
    tri_report_line(run, "%-8s copies %7.3f GB/s, combines %7.3f GB/s; rendezvous above %.0f bytes", "rank",
                    1e-9 / net->memory_byte_s, 1e-9 / net->combine_byte_s, net->eager_bytes);
    if (s->found.measured[TRI_INSIDE])
        tri_report_line(run, "%-8s flag %8.3f us, slots %7.3f GB/s; single copy %8.3f us, %7.3f GB/s",
                        "shared", 1e6 * net->flag_s, 1e-9 / net->slot_byte_s, 1e6 * net->single_copy_s,
                        1e-9 / net->single_copy_byte_s);
    tri_report_text(run, "written", path);
    return TRI_OK;
}

const tri_app bench_network = {
    .name = "bench-network",
    .summary = "measures the network numbers of this machine, by which collective algorithms are chosen",
    .examples = "mpirun -np 2 trireme bench network    # once on each machine\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .no_result = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .record = record,
};
