/* What the user asks of the preload, from the environment. */
#ifndef TRI_PRELOAD_SETTINGS_H
#define TRI_PRELOAD_SETTINGS_H

#include "preload/call.h"

/* Which bits reductions give. SAME: those of the MPI library. ANY: those of the quickest algorithm. FIXED:
 * those of one order, on any placement of the ranks. */
typedef enum tri_bits { TRI_BITS_SAME, TRI_BITS_ANY, TRI_BITS_FIXED } tri_bits;

/* The classes of sizes of a function, as bits: class k has the blocks of 2^(k-1) to 2^k - 1 bytes, class 0
 * those of 0 bytes; TRI_CLASS_UNEVEN is that of functions whose blocks differ. */
enum { TRI_CLASS_UNEVEN = 63, TRI_CLASSES = 64 };

/* What is served on communicators of `ranks` ranks on `nodes` nodes. */
typedef struct tri_rule {
    int ranks, nodes;
    uint64_t served[TRI_MPI_COLLECTIVES];
} tri_rule;

enum { TRI_RULES = 24 };

typedef struct tri_settings {
    int boost, watch, profile, strict; /* modes */
    int report, bits;
    int all;   /* serve all classes */
    int rules; /* number of rules from a tuning file; 0: the safe defaults */
    tri_rule rule[TRI_RULES];
    char wrong[128]; /* a value that cannot be read; empty: none */
} tri_settings;

/* Reads the environment of this process, at its start. */
tri_settings *tri_settings_read(void);

/* Whether the launcher says that this is rank 0, or says nothing. For lines before MPI runs. */
int tri_settings_first_rank(void);

/* The settings of rank 0 on all ranks. Collective over MPI_COMM_WORLD. */
void tri_settings_share(void);

extern tri_settings tri_setting;

/* The classes that are served on a communicator of this shape. */
void tri_settings_classes(const tri_shape *shape, int ranks, uint64_t served[TRI_MPI_COLLECTIVES]);

/* Whether all ranks of the job have the preload. Each process says so before MPI_Init, and asks after it, any
 * number of times. */
void tri_present_say(void);
int tri_present_everywhere(void);

#endif
