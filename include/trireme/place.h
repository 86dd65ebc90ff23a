/* Where a rank sits: the cores it may use, assigned out among the ranks of its node.
 *
 * Two steps with one exchange between them, since this part of the library knows no MPI:
 *
 *     tri_place_create(&place);
 *     tri_place_mask_get(place, &mine);
 *     (gather the masks of the ranks of this node into masks[local_size])
 *     tri_place_share(place, local_size, local_rank, masks);
 *     tri_place_describe(place)->cores ...
 *
 * The mask is the calling thread's binding inside what cgroups allow. Ranks with the same mask (mpirun bound
 * them to one socket, or not at all) divide it among themselves: whole cores, each rank's next to each other;
 * hardware threads of a core only where there are more ranks than cores; and where even those are too few,
 * ranks share. Ranks with a mask of their own keep all of it. Nothing is bound here: tri_team_create does
 * that.
 *
 * Without hwloc tri_place_create returns TRI_ERR_ABSENT and the other functions are not called. */
#ifndef TRIREME_PLACE_H
#define TRIREME_PLACE_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_place tri_place;

/* A set of cpus by the operating system's index, bit 0 of word 0 first. Sent as bytes between ranks of one
 * node. */
enum { TRI_PLACE_MASK_CPUS = 8192 };
typedef struct tri_place_mask {
    unsigned long words[TRI_PLACE_MASK_CPUS / (8 * sizeof(unsigned long))];
} tri_place_mask;

enum { TRI_PLACE_TEXT = 256 };

typedef struct tri_place_info {
    int cores;          /* cores this rank uses, wholly or in part, >= 1: the natural number of threads */
    int cpus;           /* hardware threads of them that it may use, >= cores */
    int sharing;        /* other ranks of the node that use one of these cpus: > 0 is oversubscription */
    int node_cores;     /* cores of the node that are allowed to this job, */
    int node_cpus;      /* and their hardware threads */
    int numa_nodes;     /* memory nodes of the machine */
    size_t node_bytes;  /* memory of all of them */
    size_t local_bytes; /* memory of those nearest to this rank's cores */
    char text[TRI_PLACE_TEXT]; /* "cores 0-3 of 16, package 0, NUMA 0" */
} tri_place_info;

/* Looks at the machine and at the calling thread's binding; I/O devices are left out, so it takes
 * milliseconds. Until tri_place_share the rank is taken to be alone on its node. TRI_ERR_ABSENT: no hwloc.
 * TRI_ERR_SYSTEM: hwloc fails, or the machine has more than 8192 cpus. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_place_create(tri_place **out);
TRI_API void tri_place_destroy(tri_place **place);

TRI_API void tri_place_mask_get(const tri_place *place, tri_place_mask *out);

/* Deals out the cpus among the ranks of this node; masks[i] is what tri_place_mask_get gave rank i of it. The
 * same on every rank, so no two ranks disagree on who has what. TRI_ERR_ARGUMENT: local_rank is not in [0,
 * local_size), or its mask has no cpu of this machine. */
TRI_API TRI_MUST_CHECK tri_status tri_place_share(tri_place *place, int local_size, int local_rank,
                                                  const tri_place_mask *masks);

/* Valid until the next tri_place_share or tri_place_destroy. */
TRI_API const tri_place_info *tri_place_describe(const tri_place *place);

/* cpus[i] for i < threads: the cpu for thread i of this rank, for tri_team_create. One hardware thread of
 * each core first, then the others, then from the beginning. threads >= 1. */
TRI_API void tri_place_cpus(const tri_place *place, int threads, int *cpus);

/* Memory of NUMA node `numa` in [0, numa_nodes), hwloc's logical order. */
TRI_API size_t tri_place_numa_bytes(const tri_place *place, int numa);

typedef struct tri_place_near {
    int distance; /* 0: this rank has a core that is nearest to the device; 1: same package; 2: another
                     package */
    char text[TRI_PLACE_TEXT]; /* "near cores 8-15, package 1, NUMA 1" */
} tri_place_near;

/* How near the PCI device "0000:3b:00.0" (the domain may be missing) is to this rank's cores. The first call
 * looks through the I/O devices, which may take tenths of a second. TRI_ERR_ARGUMENT: no such device. */
TRI_API TRI_MUST_CHECK tri_status tri_place_near_pci(tri_place *place, const char *address,
                                                     tri_place_near *out);

#ifdef __cplusplus
}
#endif
#endif
