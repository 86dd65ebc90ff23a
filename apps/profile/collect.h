/* Parts of profile: from the mapped files of the ranks to one result file. */
#ifndef TRIREME_APPS_PROFILE_COLLECT_H
#define TRIREME_APPS_PROFILE_COLLECT_H

#include "apps/driver/app.h"
#include "preload/profile_file.h"

/* A rank for which calls wait. */
typedef struct profile_blame {
    int rank;
    double seconds;
} profile_blame;

/* Call site x function x communicators, over all ranks. */
typedef struct profile_line {
    char *site, *within, *communicator; /* "solve.c:47", the function around it, "MPI_COMM_WORLD" */
    char function[PROFILE_NAME];
    int kind; /* profile_kind */
    int64_t calls, bytes, served, sizes[PROFILE_SIZES];
    double seconds, most, waiting, transferring; /* sums over the ranks, but `most` */
    profile_blame *blames;
    size_t blame_count;
} profile_line;

typedef struct profile_rank {
    int node, present, ended;
    double elapsed, mpi, waiting, transferring; /* seconds; elapsed: until the last call */
    double waited_for;                          /* by the ranks of its node */
    int64_t late;                               /* how often */
    double last_utc;                            /* seconds since 1970 */
    double inside_s;                            /* in a call for so long when the file ends; 0: outside */
    size_t inside;                              /* the line of that call */
} profile_rank;

enum { PROFILE_STEPS = 256 }; /* of the time line of the job */

typedef struct profile_job {
    const char *folder;
    int ranks, nodes, missing; /* missing: ranks without a file */
    int ended, boost;
    profile_rank *rank;
    profile_line *line; /* the longest first */
    size_t lines;
    double began_utc, seconds; /* of the whole job */
    double step_s;             /* of the time line */
    double *busy, *waits;      /* ranks x PROFILE_STEPS: shares of the time */
    int64_t *bytes, *messages; /* ranks x ranks; NULL: too many ranks */
    int64_t *node_bytes;       /* nodes x nodes */
    char command[PROFILE_TEXT], slurm[64];
    char **hosts;
} profile_job;

/* Ranks with a matrix of their own. */
enum { PROFILE_MATRIX = 1024 };

/* Reads the files of the folder. The caller frees *out with profile_free(), after a failure, too.
 * TRI_ERR_FILE, TRI_ERR_DATA: there is none, or one is damaged. TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status profile_read(const char *folder, profile_job *out);
void profile_free(profile_job *job);

/* A place in a program: module and offset; file, line and function from its debugging data. */
typedef struct profile_place {
    const char *module;
    uint64_t offset;
    char *site, *within; /* "solve.c:47", else "solver+0x1234"; the function, or "" */
} profile_place;

/* Sets site and within of each place; the caller frees them. Places of one module follow each other.
 * TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status profile_find_lines(profile_place *places, size_t count);

/* What the numbers advise: at most `most` sentences, to be freed. */
size_t profile_advise(const profile_job *job, char **out, size_t most);

/* Writes the result file, and sets *path to its name, to be freed. */
TRI_MUST_CHECK tri_status profile_write(const profile_job *job, const char *results, char **path);

#endif
