/** @file
 * The cores that a rank may use, divided among the ranks of its node.
 *
 * Two steps with one exchange between them, because this part of the library does not know MPI:
 *
 *     tri_place_create(&place);
 *     tri_place_mask_get(place, &mine);
 *     (gather the masks of the ranks of this node into masks[local_size])
 *     tri_place_share(place, local_size, local_rank, masks);
 *     tri_place_describe(place)->cores ...
 *
 * The mask is the calling thread's binding within what cgroups allow. Ranks with the same mask (mpirun bound
 * them to one socket, or not at all) divide it among themselves: whole cores, adjacent for each rank;
 * hardware threads of a core only where there are more ranks than cores; and where even those are too few,
 * ranks share. Ranks with a mask of their own keep all of it. Nothing is bound here: tri_team_create() does
 * that.
 *
 * All functions are local; one thread at a time uses a place. Without hwloc tri_place_create() returns
 * TRI_ERR_ABSENT, and the other functions must not be called.
 */
#ifndef TRIREME_PLACE_H
#define TRIREME_PLACE_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The machine and this rank's share of it. Opaque. */
typedef struct tri_place tri_place;

/** The capacity of tri_place_mask. */
enum {
    TRI_PLACE_MASK_CPUS = 8192 /**< in cpus */
};

/** A set of cpus by the operating system's index, bit 0 of word 0 first. Ranks of one node send it as
 * bytes. */
typedef struct tri_place_mask {
    unsigned long words[TRI_PLACE_MASK_CPUS / (8 * sizeof(unsigned long))]; /**< one bit for each cpu */
} tri_place_mask;

/** The room for descriptions. */
enum {
    TRI_PLACE_TEXT = 256 /**< in bytes */
};

/** A rank's share of its node. */
typedef struct tri_place_info {
    int cores;                 /**< cores that this rank uses, wholly or in part, >= 1 */
    int cpus;                  /**< hardware threads of these cores that it may use, >= cores */
    int sharing;               /**< other ranks of the node that use one of these cpus; > 0: oversubscribed */
    int node_cores;            /**< cores of the node that this job may use */
    int node_cpus;             /**< their hardware threads */
    int numa_nodes;            /**< memory nodes of the machine */
    size_t node_bytes;         /**< memory of all of them */
    size_t local_bytes;        /**< memory of those nearest to this rank's cores */
    char text[TRI_PLACE_TEXT]; /**< such as "cores 0-3 of 16, package 0, NUMA 0" */
} tri_place_info;

/** Reads the machine's topology and the calling thread's binding. I/O devices are skipped, so it takes
 * milliseconds. Until tri_place_share() the rank is taken to be alone on its node. The caller frees *out with
 * tri_place_destroy(). TRI_ERR_ABSENT: no hwloc. TRI_ERR_SYSTEM: hwloc fails, or the machine has more than
 * 8192 cpus. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_place_create(tri_place **out);

/** Frees the place and sets *place to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_place_destroy(tri_place **place);

/** Writes this rank's mask. */
TRI_API void tri_place_mask_get(const tri_place *place, tri_place_mask *out);

/** Divides the cpus among the ranks of this node; masks[i] is the mask of its rank i. With the same masks
 * every rank computes the same division. TRI_ERR_ARGUMENT: local_rank is not in [0, local_size), or its mask
 * has no cpu of this machine. */
TRI_API TRI_MUST_CHECK tri_status tri_place_share(tri_place *place, int local_size, int local_rank,
                                                  const tri_place_mask *masks);

/** This rank's share. Valid until the next tri_place_share() or tri_place_destroy(). */
TRI_API const tri_place_info *tri_place_describe(const tri_place *place);

/** Writes cpus[i], the cpu for thread i of this rank, for i < threads (>= 1), as tri_team_create() takes
 * them: one hardware thread of each core first, then the others, then from the start again. */
TRI_API void tri_place_cpus(const tri_place *place, int threads, int *cpus);

/** How far apart two cpus are. */
typedef enum tri_place_distance {
    TRI_PLACE_CORE = 0,    /**< hardware threads of one core */
    TRI_PLACE_PACKAGE = 1, /**< cores of one NUMA node */
    TRI_PLACE_NUMA = 2     /**< cores of different NUMA nodes, in one package or two */
} tri_place_distance;

/** Writes two of this rank's cpus at a distance, the first such pair in the order of tri_place_cpus().
 * Returns 0 if there is none. */
TRI_API int tri_place_pair(const tri_place *place, tri_place_distance distance, int cpus[2]);

/** Bytes of memory of NUMA node `numa` in [0, numa_nodes), in hwloc's logical order. */
TRI_API size_t tri_place_numa_bytes(const tri_place *place, int numa);

/** The distance of a device from a rank's cores. */
typedef struct tri_place_near {
    int distance; /**< 0: the device is nearest to a core of this rank; 1: same package; 2: another */
    char text[TRI_PLACE_TEXT]; /**< such as "near cores 8-15, package 1, NUMA 1" */
} tri_place_near;

/** Finds the distance of the PCI device "0000:3b:00.0" (the domain may be missing) from this rank's cores.
 * The first call reads the I/O devices, which may take tenths of a second. TRI_ERR_ARGUMENT: no such
 * device. */
TRI_API TRI_MUST_CHECK tri_status tri_place_near_pci(tri_place *place, const char *address,
                                                     tri_place_near *out);

#ifdef __cplusplus
}
#endif
#endif
