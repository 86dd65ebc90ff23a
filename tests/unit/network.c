/* The file of network numbers: reading returns what was written; invalid lines are refused with their
 * number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "trireme/algorithms.h"
#include "trireme/network_file.h"

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *const whole =
    "date = 2026-01-02T03:04:05Z\nmpi = Open MPI v4.1.4\nprocessor = Some (R) CPU @ 2 GHz\ncores = 8\nnodes "
    "= 2\n"
    "ranks_per_node = 4\n"
    "inside.latency = 2e-07 s\ninside.overhead = 1e-07 s # a remark\n\n  inside.byte=1e-10 s/byte\n"
    "inside.rank_byte = 1e-10 s/byte\ninside.node_byte = 1e-11 s/byte\ninside.duplex_byte = 4e-11 s/byte\n"
    "shared.flag = 3e-07 s\nshared.slot_byte = 5e-11 s/byte\nshared.single_copy = 2e-06 "
    "s\nshared.single_copy_byte = "
    "9e-11 s/byte\n"
    "memory.byte = 1e-10 s/byte\ncombine.byte = 2e-10 s/byte\neager = 4096 bytes\n";
static const char *const between =
    "between.latency = 1e-05 s\nbetween.overhead = 3e-06 s\nbetween.byte = 8e-09 s/byte\n"
    "between.rank_byte = 8e-09 s/byte\nbetween.node_byte = 7.5e-09 s/byte\nbetween.duplex_byte = 0 s/byte\n";

static tri_status read_text(const char *first, const char *second, tri_network_file *out) {
    FILE *to = fopen(in_folder("file"), "w");
    if (!to) abort();
    fprintf(to, "%s%s", first, second);
    fclose(to);
    return tri_network_file_read(in_folder("file"), out);
}

static void test_read(void) {
    tri_network_file n;
    CHECK_OK(read_text(whole, "", &n));
    CHECK(n.measured[TRI_INSIDE] && !n.measured[TRI_BETWEEN], "one level was measured");
    CHECK(n.net.level[TRI_INSIDE].latency_s == 2e-7 && n.net.level[TRI_INSIDE].overhead_s == 1e-7 &&
              n.net.level[TRI_INSIDE].byte_s == 1e-10 && n.net.level[TRI_INSIDE].node_byte_s == 1e-11 &&
              n.net.level[TRI_INSIDE].duplex_byte_s == 4e-11,
          "the numbers of a level");
    CHECK(n.net.flag_s == 3e-7 && n.net.single_copy_byte_s == 9e-11 && n.net.eager_bytes == 4096 &&
              n.net.memory_byte_s == 1e-10 && n.net.combine_byte_s == 2e-10,
          "the other numbers");
    CHECK(!memcmp(&n.net.level[TRI_BETWEEN], &tri_network_default.level[TRI_BETWEEN], sizeof n.net.level[0]),
          "what was not measured is the default");
    CHECK(!strcmp(n.processor, "Some (R) CPU @ 2 GHz") && n.cores == 8 && n.nodes == 2 &&
              n.ranks_per_node == 4,
          "the machine");
    CHECK_OK(read_text(whole, between, &n));
    CHECK(n.measured[TRI_BETWEEN] && n.net.level[TRI_BETWEEN].node_byte_s == 7.5e-9, "both levels");
}

static void test_bad(void) {
    static const struct {
        const char *line, *says;
    } bad[] = {{"speed = 3 s\n", "line 21: unknown name 'speed'"},
               {"inside.latency = 1 s\n", "line 21: inside.latency is given twice"},
               {"between.latency = 1e-6 s\n", "lacks between.overhead"},
               {"between.latency = fast s\n", "line 21: 'fast s' is not a number"},
               {"between.latency = -1 s\n", "line 21: '-1 s' is not a number"},
               {"between.latency = inf s\n", "line 21: 'inf s' is not a number"},
               {"between.latency = nan s\n", "line 21: 'nan s' is not a number"},
               {"between.latency = 3 us\n", "the unit of between.latency is s; write '3 s'"},
               {"between.latency = 3\n", "the unit of between.latency is s; write '3 s'"},
               {"hello\n", "line 21: 'hello' is not 'name = value'"},
               {"cores = many\n", "line 21: 'many' is not an integer"},
               {"cores = 0\n", "'0' is not an integer"}};
    tri_network_file n = {.cores = 77};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(read_text(whole, bad[i].line, &n), TRI_ERR_DATA);
        CHECK(strstr(tri_error_text(), bad[i].says), "'%s' says '%s'", bad[i].line, tri_error_text());
    }
    CHECK_STATUS(read_text("", "", &n), TRI_ERR_DATA);
    CHECK(strstr(tri_error_text(), "memory.byte"), "an empty file: %s", tri_error_text());
    CHECK_STATUS(tri_network_file_read(in_folder("none"), &n), TRI_ERR_FILE);
    CHECK_STATUS(tri_network_file_read(folder, &n), TRI_ERR_FILE);
    CHECK(n.cores == 77, "a failure changes nothing");
}

static void test_round_trip(void) {
    tri_network_file n = tri_network_file_new(), again;
    n.nodes = 3, n.ranks_per_node = 2;
    n.measured[TRI_INSIDE] = n.measured[TRI_BETWEEN] = 1;
    n.net.level[TRI_BETWEEN].latency_s = 1.25e-5;
    strcpy(n.date, "2026-01-02T03:04:05Z");
    CHECK_OK(tri_network_file_write(in_folder("a/b/numbers"), &n));
    CHECK_OK(tri_network_file_read(in_folder("a/b/numbers"), &again));
    CHECK(fabs(again.net.level[TRI_BETWEEN].latency_s - 1.25e-5) < 1e-11 &&
              fabs(again.net.single_copy_byte_s / n.net.single_copy_byte_s - 1) < 1e-5,
          "the numbers come back");
    CHECK(tri_network_file_fits(&again, &n) && again.nodes == 3 && !strcmp(again.date, n.date),
          "the machine comes back");
    n.cores++;
    CHECK(!tri_network_file_fits(&again, &n), "a machine with another core is another machine");
    n.cores--;
    strcpy(n.mpi, "another");
    CHECK(!tri_network_file_fits(&again, &n), "another MPI library sends in its own way");
    CHECK_STATUS(tri_network_file_write(in_folder("a/b/numbers/c"), &n), TRI_ERR_FILE);
    CHECK_STATUS(tri_network_file_write(in_folder("a"), &n), TRI_ERR_FILE);
}

static double time_of(tri_operation operation, const char *name, int ranks, size_t bytes,
                      const tri_network *net) {
    tri_case c = {.operation = operation,
                  .ranks = ranks,
                  .nodes = ranks,
                  .largest = 1,
                  .bytes = bytes,
                  .commutes = 1,
                  .unit_bytes = 1};
    for (int i = 0; i < tri_algorithm_count(); i++)
        if (tri_algorithm_operation(i) == operation && !strcmp(tri_algorithm_name(i), name))
            return tri_algorithm_time_s(i, &c, net);
    return NAN;
}

/* If only simultaneous sending and receiving costs: a ring pays for each round, a tree nothing, a chain for
 * all pieces after the first, on hops to ranks that forward. */
static void test_both(void) {
    tri_network net = {.eager_bytes = 4096};
    net.level[TRI_BETWEEN].duplex_byte_s = 1e-6;
    CHECK(fabs(time_of(TRI_ALLGATHER, "ring", 5, 1000, &net) - 4 * 1000e-6) < 1e-9, "a ring of 5");
    CHECK(time_of(TRI_BCAST, "binomial", 8, 1000, &net) == 0 &&
              time_of(TRI_GATHER, "linear", 8, 1000, &net) == 0,
          "trees and stars send one way");
    CHECK(time_of(TRI_BCAST, "chain", 2, 1 << 20, &net) == 0, "two ranks pass nothing on");
    CHECK(fabs(time_of(TRI_ALLTOALL, "pairwise", 4, 1000, &net) - 3 * 1000e-6) < 1e-9, "pairs exchange");
    net.level[TRI_BETWEEN].byte_s = 1e-6;
    CHECK(fabs(time_of(TRI_ALLTOALL, "pairwise", 4, 1000, &net) - 6 * 1000e-6) < 1e-9,
          "it comes on top of the bytes");
}

static void test_path(void) {
    char path[300];
    tri_network_file m = {.mpi = "Open MPI v4.1.4", .processor = "Some (R) CPU @ 2 GHz", .cores = 8};
    setenv("XDG_CONFIG_HOME", "/conf", 1);
    CHECK_OK(tri_network_file_path(&m, path, sizeof path));
    CHECK(!strcmp(path, "/conf/trireme/network-open-mpi-v4-1-4-some-r-cpu-2-ghz-8"), "%s", path);
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/home/me", 1);
    CHECK_OK(tri_network_file_path(&m, path, sizeof path));
    CHECK(!strncmp(path, "/home/me/.config/trireme/network-open", 37), "%s", path);
    unsetenv("HOME");
    CHECK_STATUS(tri_network_file_path(&m, path, sizeof path), TRI_ERR_ENVIRONMENT);
}

int main(void) {
    snprintf(folder, sizeof folder, "/tmp/trireme-network-%ld", (long)getpid());
    if (mkdir(folder, 0700)) abort();
    test_read();
    test_bad();
    test_round_trip();
    test_path();
    test_both();
    remove(in_folder("a/b/numbers"));
    remove(in_folder("a/b"));
    remove(in_folder("a"));
    remove(in_folder("file"));
    CHECK(!rmdir(folder), "nothing else was left in the folder");
    return check_result("network");
}
