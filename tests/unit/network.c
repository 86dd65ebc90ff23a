/* The file of network numbers: what is written is read, what is not in order is refused with its line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "trireme/network.h"

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
    "inside.rank_byte = 1e-10 s/byte\ninside.node_byte = 1e-11 s/byte\n"
    "shared.flag = 3e-07 s\nshared.slot_byte = 5e-11 s/byte\nshared.reach = 2e-06 s\nshared.reach_byte = "
    "9e-11 s/byte\n"
    "memory.byte = 1e-10 s/byte\ncombine.byte = 2e-10 s/byte\neager = 4096 bytes\n";
static const char *const between =
    "between.latency = 1e-05 s\nbetween.overhead = 3e-06 s\nbetween.byte = 8e-09 s/byte\n"
    "between.rank_byte = 8e-09 s/byte\nbetween.node_byte = 7.5e-09 s/byte\n";

static tri_status read_text(const char *first, const char *second, tri_network *out) {
    FILE *to = fopen(in_folder("file"), "w");
    if (!to) abort();
    fprintf(to, "%s%s", first, second);
    fclose(to);
    return tri_network_read(in_folder("file"), out);
}

static void test_read(void) {
    tri_network n;
    CHECK_OK(read_text(whole, "", &n));
    CHECK(n.measured[TRI_INSIDE] && !n.measured[TRI_BETWEEN], "one level was measured");
    CHECK(n.net.level[TRI_INSIDE].latency_s == 2e-7 && n.net.level[TRI_INSIDE].overhead_s == 1e-7 &&
              n.net.level[TRI_INSIDE].byte_s == 1e-10 && n.net.level[TRI_INSIDE].node_byte_s == 1e-11,
          "the numbers of a level");
    CHECK(n.net.flag_s == 3e-7 && n.net.reach_byte_s == 9e-11 && n.net.eager_bytes == 4096 &&
              n.net.memory_byte_s == 1e-10 && n.net.combine_byte_s == 2e-10,
          "the other numbers");
    CHECK(!memcmp(&n.net.level[TRI_BETWEEN], &tri_net_default.level[TRI_BETWEEN], sizeof n.net.level[0]),
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
    } bad[] = {{"speed = 3 s\n", "line 20: there is no number 'speed'"},
               {"inside.latency = 1 s\n", "line 20: inside.latency stands there twice"},
               {"between.latency = 1e-6 s\n", "lacks between.overhead"},
               {"between.latency = fast s\n", "line 20: 'fast s' is no number"},
               {"between.latency = -1 s\n", "line 20: '-1 s' is no number"},
               {"between.latency = inf s\n", "line 20: 'inf s' is no number"},
               {"between.latency = nan s\n", "line 20: 'nan s' is no number"},
               {"between.latency = 3 us\n", "between.latency is in s: write '3 s'"},
               {"between.latency = 3\n", "between.latency is in s: write '3 s'"},
               {"hello\n", "line 20: 'hello' is not 'name = value'"},
               {"cores = many\n", "line 20: 'many' is no whole number"},
               {"cores = 0\n", "'0' is no whole number"}};
    tri_network n = {.cores = 77};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(read_text(whole, bad[i].line, &n), TRI_ERR_DATA);
        CHECK(strstr(tri_error_text(), bad[i].says), "'%s' says '%s'", bad[i].line, tri_error_text());
    }
    CHECK_STATUS(read_text("", "", &n), TRI_ERR_DATA);
    CHECK(strstr(tri_error_text(), "memory.byte"), "an empty file: %s", tri_error_text());
    CHECK_STATUS(tri_network_read(in_folder("none"), &n), TRI_ERR_FILE);
    CHECK_STATUS(tri_network_read(folder, &n), TRI_ERR_FILE);
    CHECK(n.cores == 77, "a failure changes nothing");
}

static void test_round_trip(void) {
    tri_network n = tri_network_here(), again;
    n.nodes = 3, n.ranks_per_node = 2;
    n.measured[TRI_INSIDE] = n.measured[TRI_BETWEEN] = 1;
    n.net.level[TRI_BETWEEN].latency_s = 1.25e-5;
    strcpy(n.date, "2026-01-02T03:04:05Z");
    CHECK_OK(tri_network_write(in_folder("a/b/numbers"), &n));
    CHECK_OK(tri_network_read(in_folder("a/b/numbers"), &again));
    CHECK(fabs(again.net.level[TRI_BETWEEN].latency_s - 1.25e-5) < 1e-11 &&
              fabs(again.net.reach_byte_s / n.net.reach_byte_s - 1) < 1e-5,
          "the numbers come back");
    CHECK(tri_network_fits(&again, &n) && again.nodes == 3 && !strcmp(again.date, n.date),
          "the machine comes back");
    n.cores++;
    CHECK(!tri_network_fits(&again, &n), "a machine with another core is another machine");
    n.cores--;
    strcpy(n.mpi, "another");
    CHECK(!tri_network_fits(&again, &n), "another MPI library sends in its own way");
    CHECK_STATUS(tri_network_write(in_folder("a/b/numbers/c"), &n), TRI_ERR_FILE);
    CHECK_STATUS(tri_network_write(in_folder("a"), &n), TRI_ERR_FILE);
}

static void test_path(void) {
    char path[300];
    tri_network m = {.mpi = "Open MPI v4.1.4", .processor = "Some (R) CPU @ 2 GHz", .cores = 8};
    setenv("XDG_CONFIG_HOME", "/conf", 1);
    CHECK_OK(tri_network_path(&m, path, sizeof path));
    CHECK(!strcmp(path, "/conf/trireme/network-open-mpi-v4-1-4-some-r-cpu-2-ghz-8"), "%s", path);
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/home/me", 1);
    CHECK_OK(tri_network_path(&m, path, sizeof path));
    CHECK(!strncmp(path, "/home/me/.config/trireme/network-open", 37), "%s", path);
    unsetenv("HOME");
    CHECK_STATUS(tri_network_path(&m, path, sizeof path), TRI_ERR_ENVIRONMENT);
}

int main(void) {
    snprintf(folder, sizeof folder, "/tmp/trireme-network-%ld", (long)getpid());
    if (mkdir(folder, 0700)) abort();
    test_read();
    test_bad();
    test_round_trip();
    test_path();
    remove(in_folder("a/b/numbers"));
    remove(in_folder("a/b"));
    remove(in_folder("a"));
    remove(in_folder("file"));
    CHECK(!rmdir(folder), "nothing else was left in the folder");
    return check_result("network");
}
