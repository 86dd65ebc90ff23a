/* Distribution of cores on described machines (HWLOC_SYNTHETIC, HWLOC_XMLFILE), and this machine. */
#include "trireme/place.h"
#include "trireme/random.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

enum { MOST_RANKS = 40, MOST_CPUS = 64, WORD_BITS = 8 * sizeof(unsigned long) };

static tri_place_mask mask_of(int first, int last) {
    tri_place_mask mask = {{0}};
    for (int cpu = first; cpu <= last; cpu++)
        mask.words[cpu / WORD_BITS] |= 1UL << cpu % WORD_BITS;
    return mask;
}

static int in_mask(const tri_place_mask *mask, int cpu) {
    return (int)(mask->words[cpu / WORD_BITS] >> cpu % WORD_BITS & 1);
}

static tri_place *described(const char *variable, const char *machine) {
    tri_place *place = NULL;
    setenv(variable, machine, 1);
    CHECK_OK(tri_place_create(&place));
    unsetenv(variable);
    return place;
}

/* "2: cores 0-1 of 16, ..." and the cpus of the first `threads` threads. */
static void expect(tri_place *place, int size, int rank, const tri_place_mask *masks, const char *text,
                   int threads, const int *expected) {
    CHECK_OK(tri_place_share(place, size, rank, masks));
    const tri_place_info *info = tri_place_describe(place);
    CHECK(!strcmp(info->text, text), "rank %d of %d: '%s', not '%s'", rank, size, info->text, text);
    int cpus[MOST_CPUS];
    tri_place_cpus(place, threads, cpus);
    for (int i = 0; i < threads; i++)
        CHECK(cpus[i] == expected[i], "rank %d of %d: thread %d on cpu %d, not %d", rank, size, i, cpus[i],
              expected[i]);
}

/* Two packages of 8 cores of 2 hardware threads: core c has cpus 2c and 2c + 1. */
static void two_packages(void) {
    tri_place *place = described("HWLOC_SYNTHETIC", "package:2 [numa(memory=4294967296)] core:8 pu:2");
    const tri_place_info *info = tri_place_describe(place);
    CHECK(!strcmp(info->text, "cores 0-15 of 16 (cpus 0-31), packages 0-1, NUMA 0-1"), "%s", info->text);
    CHECK(info->cores == 16 && info->cpus == 32 && info->node_cores == 16 && info->node_cpus == 32,
          "%d %d %d %d", info->cores, info->cpus, info->node_cores, info->node_cpus);
    CHECK(info->numa_nodes == 2 && info->node_bytes == info->local_bytes, "%zu", info->node_bytes);

    tri_place_mask masks[MOST_RANKS];
    for (int i = 0; i < MOST_RANKS; i++)
        masks[i] = mask_of(0, 31);
    expect(place, 4, 1, masks, "cores 4-7 of 16 (cpus 8-15), package 0, NUMA 0", 9,
           (int[]){8, 10, 12, 14, 9, 11, 13, 15, 8});
    CHECK(info->local_bytes == tri_place_numa_bytes(place, 0) && info->local_bytes * 2 == info->node_bytes,
          "%zu of %zu", info->local_bytes, info->node_bytes);
    CHECK(tri_place_numa_bytes(place, 1) == (size_t)4 << 30 && !tri_place_numa_bytes(place, 2), "%zu",
          tri_place_numa_bytes(place, 1));
    expect(place, 3, 0, masks, "cores 0-5 of 16 (cpus 0-11), package 0, NUMA 0", 2, (int[]){0, 2});
    expect(place, 3, 1, masks, "cores 6-10 of 16 (cpus 12-21), packages 0-1, NUMA 0-1", 2, (int[]){12, 14});
    expect(place, 3, 2, masks, "cores 11-15 of 16 (cpus 22-31), package 1, NUMA 1", 2, (int[]){22, 24});
    /* More ranks than cores: hardware threads. */
    expect(place, 32, 5, masks, "core 2 of 16 (cpu 5), package 0, NUMA 0", 2, (int[]){5, 5});
    CHECK(info->cores == 1 && info->cpus == 1 && info->sharing == 0, "%d %d %d", info->cores, info->cpus,
          info->sharing);

    /* Unequal masks: rank 0 alone on package 0's first half, 1 and 2 together, 3 across both. */
    masks[0] = mask_of(0, 7);
    masks[1] = masks[2] = mask_of(16, 31);
    masks[3] = mask_of(6, 17);
    expect(place, 4, 0, masks, "cores 0-3 of 16 (cpus 0-7), package 0, NUMA 0, shared with 1 other rank", 1,
           (int[]){0});
    expect(place, 4, 2, masks, "cores 12-15 of 16 (cpus 24-31), package 1, NUMA 1", 1, (int[]){24});
    expect(place, 4, 3, masks,
           "cores 3-8 of 16 (cpus 6-17), packages 0-1, NUMA 0-1, shared with 2 other ranks", 1, (int[]){6});

    int pair[2] = {-1, -1};
    CHECK(tri_place_pair(place, TRI_PLACE_CORE, pair) && pair[0] == 6 && pair[1] == 7, "%d %d", pair[0],
          pair[1]);
    CHECK(tri_place_pair(place, TRI_PLACE_PACKAGE, pair) && pair[0] == 6 && pair[1] == 8, "%d %d", pair[0],
          pair[1]);
    CHECK(tri_place_pair(place, TRI_PLACE_NUMA, pair) && pair[0] == 6 && pair[1] == 16, "%d %d", pair[0],
          pair[1]);
    masks[0] = mask_of(0, 0);
    CHECK_OK(tri_place_share(place, 4, 0, masks));
    for (int d = TRI_PLACE_CORE; d <= TRI_PLACE_NUMA; d++)
        CHECK(!tri_place_pair(place, (tri_place_distance)d, pair), "a pair of one cpu");
    masks[0] = mask_of(0, 7);
    CHECK_OK(tri_place_share(place, 4, 3, masks));

    masks[1] = mask_of(40, 50);
    CHECK_STATUS(tri_place_share(place, 4, 1, masks), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_place_share(place, 4, 4, masks), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_place_share(place, 4, -1, masks), TRI_ERR_ARGUMENT);
    CHECK(strstr(info->text, "shared with 2"), "a failure changed the place: %s", info->text);
    tri_place_destroy(&place);
    CHECK(!place, "not nulled");
    tri_place_destroy(&place);
    tri_place_destroy(NULL);
}

static void crowded(void) {
    tri_place *place = described("HWLOC_SYNTHETIC", "package:1 core:2 pu:1");
    tri_place_mask masks[8];
    for (int i = 0; i < 8; i++)
        masks[i] = mask_of(0, 1);
    expect(place, 8, 3, masks, "core 0 of 2, package 0, NUMA 0, shared with 3 other ranks", 3,
           (int[]){0, 0, 0});
    expect(place, 8, 4, masks, "core 1 of 2, package 0, NUMA 0, shared with 3 other ranks", 3,
           (int[]){1, 1, 1});
    expect(place, 3, 0, masks, "core 0 of 2, package 0, NUMA 0, shared with 1 other rank", 1, (int[]){0});
    expect(place, 3, 2, masks, "core 1 of 2, package 0, NUMA 0", 1, (int[]){1});
    tri_place_destroy(&place);
}

/* Random masks for random numbers of ranks on 16 cores of 2 hardware threads. Every rank stays in its mask.
 * Ranks with the same mask share no cpu unless they outnumber the cpus, and no core unless they outnumber the
 * cores. */
static void any_masks(void) {
    tri_place *place = described("HWLOC_SYNTHETIC", "package:2 core:8 pu:2");
    for (uint64_t round = 0; round < 200; round++) {
        int size = 1 + (int)(tri_random_bits(round, 0) % MOST_RANKS);
        tri_place_mask kinds[3] = {{{0}}}, masks[MOST_RANKS];
        int kind[MOST_RANKS], ranks[3] = {0}, cores[3] = {0}, cpus[3] = {0};
        for (int k = 0; k < 3; k++) {
            kinds[k].words[0] = tri_random_bits(round, 1 + (uint64_t)k) & 0xffffffff;
            for (int c = 0; c < 16; c++)
                cores[k] += (kinds[k].words[0] >> 2 * c & 3) != 0;
            cpus[k] = __builtin_popcountl(kinds[k].words[0]);
        }
        for (int r = 0; r < size; r++) {
            kind[r] = (int)(tri_random_bits(round, 10 + (uint64_t)r) % 3);
            masks[r] = kinds[kind[r]];
            ranks[kind[r]]++;
        }
        unsigned long dealt[MOST_RANKS], together[3] = {0};
        int sharing[MOST_RANKS];
        for (int r = 0; r < size; r++) {
            CHECK_OK(tri_place_share(place, size, r, masks));
            const tri_place_info *info = tri_place_describe(place);
            int list[MOST_CPUS], k = kind[r];
            tri_place_cpus(place, info->cpus, list);
            dealt[r] = 0;
            for (int i = 0; i < info->cpus; i++)
                dealt[r] |= 1UL << list[i];
            for (int i = 0; i < info->cores; i++)
                for (int j = 0; j < i; j++)
                    CHECK(list[i] / 2 != list[j] / 2, "threads %d and %d on one core of %d", i, j,
                          info->cores);
            sharing[r] = info->sharing;
            CHECK(__builtin_popcountl(dealt[r]) == info->cpus && info->cpus >= 1, "a cpu twice");
            CHECK(!(dealt[r] & ~kinds[k].words[0]), "outside the mask");
            if (ranks[k] <= cpus[k]) CHECK(!(dealt[r] & together[k]), "a cpu of two ranks");
            together[k] |= dealt[r];
            if (ranks[k] <= cores[k]) {
                CHECK(info->cores == cores[k] / ranks[k] || info->cores == cores[k] / ranks[k] + 1,
                      "%d of %d cores for one of %d ranks", info->cores, cores[k], ranks[k]);
                for (int c = 0; c < 16; c++) {
                    unsigned long core = 3UL << 2 * c & kinds[k].words[0];
                    CHECK(!(dealt[r] & core) || (dealt[r] & core) == core, "core %d is torn", c);
                }
            }
        }
        for (int k = 0; k < 3; k++)
            CHECK(!ranks[k] || together[k] == kinds[k].words[0], "cpus left over");
        for (int r = 0; r < size; r++) {
            int others = 0;
            for (int i = 0; i < size; i++)
                others += i != r && (dealt[i] & dealt[r]);
            CHECK(sharing[r] == others, "rank %d shares with %d, not %d", r, others, sharing[r]);
        }
    }
    tri_place_destroy(&place);
}

/* Two packages of two NUMA nodes of one core; a device at the third core. */
static const char xml[] =
    "<?xml version='1.0'?><!DOCTYPE topology SYSTEM 'hwloc2.dtd'><topology version='2.0'>"
    "<object type='Machine' os_index='0' cpuset='0xf' complete_cpuset='0xf' allowed_cpuset='0xf' "
    "nodeset='0xf' "
    "complete_nodeset='0xf' allowed_nodeset='0xf' gp_index='1'>"
#define NUMA(n, bit, children)                                                                               \
    "<object type='Group' cpuset='" bit "' complete_cpuset='" bit "' nodeset='" bit                          \
    "' complete_nodeset='" bit "' gp_index='2" n "' kind='1001' subkind='0'>"                                \
    "<object type='NUMANode' os_index='" n "' cpuset='" bit "' complete_cpuset='" bit "' nodeset='" bit      \
    "' complete_nodeset='" bit "' gp_index='3" n "' local_memory='1000000'/>"                                \
    "<object type='Core' os_index='" n "' cpuset='" bit "' complete_cpuset='" bit "' nodeset='" bit          \
    "' complete_nodeset='" bit "' gp_index='4" n "'>"                                                        \
    "<object type='PU' os_index='" n "' cpuset='" bit "' complete_cpuset='" bit "' nodeset='" bit            \
    "' complete_nodeset='" bit "' gp_index='5" n "'/></object>" children "</object>"
#define PACKAGE(n, set, children)                                                                            \
    "<object type='Package' os_index='" n "' cpuset='" set "' complete_cpuset='" set "' nodeset='" set       \
    "' complete_nodeset='" set "' gp_index='6" n "'>" children "</object>"
    PACKAGE("0", "0x3", NUMA("0", "0x1", "") NUMA("1", "0x2", "")) PACKAGE(
        "1", "0xc",
        NUMA("2", "0x4",
             "<object type='Bridge' gp_index='70' bridge_type='0-1' depth='0' bridge_pci='0000:[3a-3c]'>"
             "<object type='PCIDev' gp_index='71' pci_busid='0000:3b:00.0' pci_type='0302 [10de:1db4] "
             "[10de:1214] a1' "
             "pci_link_speed='0.000000'/></object>") NUMA("3", "0x8", "")) "</object></topology>\n";

static void near_device(void) {
    char path[] = "/tmp/trireme-place-XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, xml, sizeof xml - 1) == (ssize_t)(sizeof xml - 1), "cannot write %s",
          path);
    close(file);
    tri_place *place = described("HWLOC_XMLFILE", path);
    CHECK(tri_place_describe(place)->node_cores == 4, "%s", tri_place_describe(place)->text);
    setenv("HWLOC_XMLFILE", path, 1);
    tri_place_mask masks[4];
    for (int i = 0; i < 4; i++)
        masks[i] = mask_of(0, 3);
    static const int distance[4] = {2, 2, 0, 1};
    for (int r = 0; r < 4; r++) {
        tri_place_near near = {.distance = -1};
        CHECK_OK(tri_place_share(place, 4, r, masks));
        CHECK_OK(tri_place_near_pci(place, r % 2 ? "3b:00.0" : "0000:3b:00.0", &near));
        CHECK(near.distance == distance[r], "core %d: %d", r, near.distance);
        CHECK(!strcmp(near.text, "near core 2, package 1, NUMA 2"), "%s", near.text);
    }
    tri_place_near near;
    CHECK_STATUS(tri_place_near_pci(place, "0000:77:00.0", &near), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_place_near_pci(place, "nonsense", &near), TRI_ERR_ARGUMENT);
    unsetenv("HWLOC_XMLFILE");
    unlink(path);
    tri_place_destroy(&place);
}

static void this_machine(void) {
    cpu_set_t before, one;
    if (sched_getaffinity(0, sizeof before, &before)) return; /* more than 1024 cpus */
    tri_place *place = NULL;
    CHECK_OK(tri_place_create(&place));
    tri_place_mask mask;
    tri_place_mask_get(place, &mask);
    size_t last = 0;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        CHECK(in_mask(&mask, (int)cpu) == !!CPU_ISSET(cpu, &before), "cpu %zu", cpu);
        if (CPU_ISSET(cpu, &before)) last = cpu;
    }
    tri_place_destroy(&place);

    CPU_ZERO(&one);
    CPU_SET(last, &one);
    CHECK(!sched_setaffinity(0, sizeof one, &one), "cannot bind to cpu %zu", last);
    CHECK_OK(tri_place_create(&place));
    int cpu = -1;
    tri_place_cpus(place, 1, &cpu);
    CHECK(cpu == (int)last && tri_place_describe(place)->cpus == 1, "%d, not %zu", cpu, last);
    tri_place_destroy(&place);
    sched_setaffinity(0, sizeof before, &before);
}

int main(void) {
    unsetenv("HWLOC_COMPONENTS"); /* jobs/env.sh sets it, and then hwloc ignores described machines */
    tri_place *place = NULL;
    if (tri_place_create(&place) == TRI_ERR_ABSENT) return 77;
    tri_place_destroy(&place);
    two_packages();
    crowded();
    any_masks();
    near_device();
    this_machine();
    return check_result("places");
}
