/* Lists the collective algorithms, the choice among them, and the OpenCL devices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/list/list.h"

typedef struct state {
    const char *operation, *sizes;
    int ranks, ppn;
    bool devices, markdown;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, operation, "operation", "", "one operation, such as bcast or allreduce; default: all"),
    TRI_OPTION(state, ranks, "ranks", "0",
               "show the chosen algorithms and predicted times for N ranks; 0: list the algorithms"),
    TRI_OPTION(state, ppn, "ppn", "1", "ranks per node"),
    TRI_OPTION(state, sizes, "bytes", "8,1Ki,64Ki,1Mi,16Mi",
               "sizes of the vector, or of a block for scatter, gather, allgather, alltoall, reduce_scatter"),
    TRI_OPTION(state, devices, "devices", NULL, "list the OpenCL devices and the device of each rank"),
    TRI_OPTION(state, markdown, "markdown", NULL, "write the table of algorithms for doc/algorithms.md"),
    {.name = NULL},
};

static bool wanted(const state *s, tri_operation operation) {
    return !*s->operation || !strcmp(s->operation, tri_operation_name(operation));
}

static tri_status check(const state *s) {
    bool known = !*s->operation;
    for (int op = 0; op < TRI_OPERATION_COUNT; op++)
        known |= wanted(s, (tri_operation)op);
    if (!known)
        return tri_fail(TRI_ERR_ARGUMENT, "--operation: there is no '%s'; omit it to list all", s->operation);
    if (s->ppn < 1) return tri_fail(TRI_ERR_ARGUMENT, "--ppn: at least 1");
    return TRI_OK;
}

static void list_algorithms(tri_run *run, const state *s) {
    tri_operation last = TRI_OPERATION_COUNT;
    for (int i = 0; i < tri_algorithm_count(); i++) {
        tri_operation operation = tri_algorithm_operation(i);
        if (!wanted(s, operation)) continue;
        if (s->markdown && operation != last)
            tri_report_line(run, "\n## %s\n\n| algorithm | what the ranks do |\n|---|---|",
                            tri_operation_name(operation));
        last = operation;
        if (s->markdown)
            tri_report_line(run, "| `%s` | %s |", tri_algorithm_name(i), tri_algorithm_text(i));
        else
            tri_report_line(run, "%-16s %-28s %s", tri_operation_name(operation), tri_algorithm_name(i),
                            tri_algorithm_text(i));
    }
}

/* One row: the chosen algorithm and its time, the lower bound, their ratio, and the second choice. */
static void show_choice(tri_run *run, const tri_case *c, const tri_network *net) {
    /* Like tri_algorithm_choose(): of equal times the first algorithm. */
    int best = -1, second = -1;
    double time_s = 0, second_s = 0;
    for (int i = 0; i < tri_algorithm_count(); i++) {
        if (!tri_algorithm_can(i, c)) continue;
        double this_s = tri_algorithm_time_s(i, c, net);
        if (best < 0 || this_s < time_s) {
            second = best, second_s = time_s;
            best = i, time_s = this_s;
        } else if (second < 0 || this_s < second_s)
            second = i, second_s = this_s;
    }
    if (best < 0) return;
    char size[TRI_SIZE_TEXT], behind[96] = "";
    double bound_s = tri_lower_bound_s(c, net);
    if (second >= 0)
        snprintf(behind, sizeof behind, "%s %.2f us", tri_algorithm_name(second), 1e6 * second_s);
    tri_report_line(run, "%-14s %6s  %-24s %12.2f us %12.2f us %8.2f  %s", tri_operation_name(c->operation),
                    tri_size_format(c->bytes, size), tri_algorithm_name(best), 1e6 * time_s, 1e6 * bound_s,
                    bound_s > 0 ? time_s / bound_s : 1, behind);
}

static tri_status list_choices(tri_run *run, const state *s) {
    const tri_network *net = tri_comm_network(run->comm);
    tri_report_line(run, "network numbers: %s", tri_comm_network_source(run->comm));
    tri_report_line(run, "%-14s %6s  %-24s %15s %15s %8s  %s", "operation", "bytes", "chosen", "predicted",
                    "lower bound", "ratio", "second choice");
    for (int op = 0; op < TRI_OPERATION_COUNT; op++) {
        if (!wanted(s, (tri_operation)op)) continue;
        for (const char *at = s->sizes; *at;) {
            char word[32];
            size_t length = strcspn(at, ",");
            snprintf(word, sizeof word, "%.*s", (int)length, at);
            at += length + (at[length] == ',');
            tri_case c = {.operation = (tri_operation)op,
                          .ranks = s->ranks,
                          .nodes = (s->ranks + s->ppn - 1) / s->ppn,
                          .largest = s->ppn < s->ranks ? s->ppn : s->ranks,
                          .commutes = 1,
                          .unit_bytes = 8};
            if (op != TRI_BARRIER) TRI_TRY(tri_size_parse(word, &c.bytes));
            show_choice(run, &c, net);
            if (op == TRI_BARRIER) break;
        }
    }
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    const state *s = argument;
    TRI_TRY(check(s));
    if (s->devices) return list_devices(run);
    if (s->ranks) return list_choices(run, s);
    list_algorithms(run, s);
    return TRI_OK;
}

static tri_device_use device_use(const void *argument) {
    const state *s = argument;
    return s->devices ? TRI_DEVICE_IF_PRESENT : TRI_DEVICE_NEVER;
}

static const tri_app app = {
    .name = "list",
    .summary = "lists collective algorithms, the algorithm chosen for each operation, and OpenCL devices",
    .examples =
        "trireme list --operation bcast --ranks 1024 --ppn 16    # the chosen algorithms and their cost\n"
        "trireme list --devices\n",
    .options = options,
    .state_bytes = sizeof(state),
    .device_use = device_use,
    .no_result = true,
    .record = record,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
