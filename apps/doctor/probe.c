/* doctor-probe IN OUT: the child process in which doctor tries MPI, so that an MPI that aborts, hangs or does
 * not load gives a verdict. It exchanges lines of JSON with doctor over two file descriptors:
 *
 *     out: the loaded libraries                       (before MPI_Init)
 *     out: rank, size, thread level, node             (after it)
 *     in:  the verdicts of this rank's doctor, and the results folder
 *     out: place, time, verdicts, ... of every rank   (rank 0 only)
 *     in:  the exit status                            (rank 0 only)
 *     out: that status                                (every rank)
 */
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"
#include "trireme/collectives.h"
#include "trireme/comm.h"
#include "trireme/message.h"
#include "trireme/place.h"
#include "trireme/store.h"

#if defined(OPEN_MPI)
#define FAMILY           "Open MPI"
#define DIGITS_(a, b, c) #a "." #b "." #c
#define DIGITS(a, b, c)  DIGITS_(a, b, c)
#define COMPILED         DIGITS(OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION)
#elif defined(MPICH_VERSION)
#define FAMILY   "MPICH"
#define COMPILED MPICH_VERSION
#else
#define FAMILY   "another MPI"
#define COMPILED ""
#endif

static void say(FILE *out, json_t *line) {
    json_dumpf(line, out, JSON_COMPACT | JSON_ENCODE_ANY);
    fputc('\n', out);
    fflush(out);
    json_decref(line);
}

/* A line from doctor; an empty object if doctor has ended. */
static json_t *hear(FILE *in) {
    char *line = NULL;
    size_t room = 0;
    json_t *heard = getline(&line, &room, in) > 0 ? json_loads(line, JSON_DECODE_ANY, NULL) : NULL;
    free(line);
    return heard ? heard : json_object();
}

static json_t *libraries(void) {
    char version[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(version, &length);
    version[strcspn(version, ",\n")] = 0; /* "Open MPI v4.1.4, package: ..." */
    for (char *c = version; *c; c++)
        if (*c == '\t') *c = ' '; /* "MPICH Version:\t4.0.2" */
    json_t *hdf5 = json_object();
    tri_store_library store;
    if (tri_store_describe(&store) == TRI_OK)
        hdf5 = json_pack("{s:s, s:s, s:b}", "compiled", store.compiled, "loaded", store.loaded, "parallel",
                         store.parallel);
    return json_pack("{s:s, s:s, s:s, s:o}", "mpi_family", FAMILY, "mpi_compiled", COMPILED, "mpi_loaded",
                     version, "hdf5", hdf5);
}

static const char *level_name(int level) {
    return level == MPI_THREAD_SINGLE       ? "MPI_THREAD_SINGLE"
           : level == MPI_THREAD_FUNNELED   ? "MPI_THREAD_FUNNELED"
           : level == MPI_THREAD_SERIALIZED ? "MPI_THREAD_SERIALIZED"
                                            : "MPI_THREAD_MULTIPLE";
}

/* Divides the cores among the ranks of this node, as every program does, and describes this rank's. */
static tri_status find_place(tri_comm *comm, json_t *row) {
    const tri_shape *shape = tri_comm_shape(comm);
    const int *members = shape->members + shape->node_start[shape->node];
    int size = shape->local_size, rank = shape->local_rank;
    tri_place *place;
    TRI_TRY(tri_place_create(&place));
    tri_place_mask mine, *masks = calloc((size_t)size, sizeof *masks);
    tri_place_mask_get(place, &mine);
    tri_status status = masks ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %d masks", size);
    for (int step = 0; status == TRI_OK && step < size; step++) {
        int from = (rank - step + size) % size;
        status = tri_exchange(&mine, sizeof mine, members[(rank + step) % size], &masks[from], sizeof mine,
                              members[from], MPI_BYTE, 0, comm);
    }
    if (status == TRI_OK) status = tri_place_share(place, size, rank, masks);
    if (status == TRI_OK) {
        const tri_place_info *info = tri_place_describe(place);
        json_object_update_new(row, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "place", info->text, "cores",
                                              info->cores, "cpus", info->cpus, "sharing", info->sharing,
                                              "node_cores", info->node_cores, "node_cpus", info->node_cpus));
    }
    tri_place_destroy(&place);
    free(masks);
    return status;
}

/* Whether this rank sees a file that rank 0 creates in its folder; skipped if rank 0 cannot create one. */
static tri_status find_shared(tri_comm *comm, const char *results, json_t *row) {
    char path[PATH_MAX] = "", near[PATH_MAX] = "", folder[PATH_MAX] = "";
    int file = -1, root = tri_comm_rank(comm) == 0;
    if (root) doctor_existing_folder(results, near, sizeof near);
    if (root && realpath(near, folder) &&
        snprintf(path, sizeof path, "%s/.trireme-doctor-XXXXXX", folder) < (int)sizeof path)
        file = mkstemp(path);
    if (file < 0) path[0] = 0;
    if (file >= 0) close(file);
    TRI_TRY(tri_bcast(path, sizeof path, MPI_CHAR, 0, comm));
    if (*path) json_object_set_new(row, "sees_results", json_boolean(access(path, F_OK) == 0));
    TRI_TRY(tri_barrier(comm));
    if (root && *path) unlink(path);
    return TRI_OK;
}

/* Gathers a JSON text from every rank; rank 0 gets the array. */
static tri_status gather(tri_comm *comm, const char *text, json_t **out) {
    int size = tri_comm_size(comm), root = tri_comm_rank(comm) == 0;
    size_t length = strlen(text) + 1, total = 0;
    size_t *lengths = calloc((size_t)size, sizeof *lengths);
    ptrdiff_t *displs = calloc((size_t)size, sizeof *displs);
    char *all = NULL;
    tri_status status = tri_agree(
        comm, lengths && displs ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %d ranks", size));
    if (status == TRI_OK)
        status = tri_gather(&length, sizeof length, MPI_BYTE, lengths, sizeof length, MPI_BYTE, 0, comm);
    for (int i = 0; root && status == TRI_OK && i < size; total += lengths[i++])
        displs[i] = (ptrdiff_t)total;
    if (status == TRI_OK) {
        bool short_of_memory = root && !(all = malloc(total));
        status = tri_agree(comm, short_of_memory ? tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes", total)
                                                 : TRI_OK);
    }
    if (status == TRI_OK)
        status = tri_gatherv(text, length, MPI_BYTE, all, lengths, displs, MPI_BYTE, 0, comm);
    if (status == TRI_OK && root) {
        *out = json_array();
        for (int i = 0; i < size; i++)
            json_array_append_new(*out, json_loads(all + displs[i], 0, NULL));
    }
    free(lengths);
    free(displs);
    free(all);
    return status;
}

/* Adds to the report of this rank what it finds out together with the others. */
static tri_status examine(tri_comm *comm, const char *results, json_t *row) {
    tri_status status = find_place(comm, row);
    if (status != TRI_OK && status != TRI_ERR_ABSENT)
        json_object_set_new(row, "error", json_string(tri_error_text()));
    TRI_TRY(find_shared(comm, results ? results : "", row));
    TRI_TRY(tri_barrier(comm));
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_object_set_new(row, "time_s", json_real((double)now.tv_sec + 1e-9 * (double)now.tv_nsec));
    return TRI_OK;
}

static tri_status converse(tri_comm *comm, FILE *in, FILE *out) {
    const tri_shape *shape = tri_comm_shape(comm);
    int level, rank = tri_comm_rank(comm), exit_status = 3;
    MPI_Query_thread(&level);
    say(out, json_pack("{s:i, s:i, s:s, s:b, s:i, s:i, s:i, s:s}", "rank", rank, "size", tri_comm_size(comm),
                       "thread_level", level_name(level), "threads_allowed", level >= MPI_THREAD_FUNNELED,
                       "nodes", shape->nodes, "local_rank", shape->local_rank, "local_size",
                       shape->local_size, "host", tri_comm_host(comm)));
    json_t *heard = hear(in), *ranks = NULL;
    json_t *row = json_pack("{s:i, s:s, s:i, s:O*}", "rank", rank, "host", tri_comm_host(comm), "local_size",
                            shape->local_size, "verdicts", json_object_get(heard, "verdicts"));
    tri_status status = examine(comm, json_string_value(json_object_get(heard, "results")), row);
    char *text = json_dumps(row, JSON_COMPACT);
    if (status == TRI_OK) status = gather(comm, text, &ranks);
    free(text);
    json_decref(row);
    json_decref(heard);
    TRI_TRY(status);
    if (rank == 0) {
        say(out, ranks);
        json_t *answer = hear(in);
        if (json_is_integer(answer)) exit_status = (int)json_integer_value(answer);
        json_decref(answer);
    }
    TRI_TRY(tri_bcast(&exit_status, 1, MPI_INT, 0, comm));
    say(out, json_integer(exit_status));
    return TRI_OK;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "doctor-probe: doctor starts this program; run doctor instead\n");
        return 2;
    }
    int in_file = atoi(argv[1]), out_file = atoi(argv[2]);
    FILE *in = fdopen(in_file, "r"), *out = fdopen(out_file, "w");
    if (!in || !out) return 3;
    /* A daemon started by MPI must not keep doctor's pipe open after the death of this process. */
    fcntl(in_file, F_SETFD, FD_CLOEXEC);
    fcntl(out_file, F_SETFD, FD_CLOEXEC);
    say(out, libraries());
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    tri_comm *comm = NULL;
    /* Without the user's settings: a broken network file must not fail the probe. */
    tri_comm_options plain = {.algorithms = "", .network = "none"};
    tri_status status = tri_comm_create_with(MPI_COMM_WORLD, &plain, &comm);
    if (status == TRI_OK) status = converse(comm, in, out);
    if (status != TRI_OK) fprintf(stderr, "%s\n", tri_error_text());
    if (status != TRI_OK) MPI_Abort(MPI_COMM_WORLD, 3);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    fclose(in);
    fclose(out);
    return 0;
}
