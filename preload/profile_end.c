/* The files of all ranks: a folder for them at the start, and the program that reads them at the end. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/profile.h"

extern char **environ;

static char folder[PATH_MAX]; /* of rank 0, on all ranks */
static int rank, ranks;

static void path_of(int owner, char path[PATH_MAX + 32]) {
    snprintf(path, PATH_MAX + 32, "%s/rank-%06d", folder, owner);
}

/* profile-20261128T171500Z-HOST-4711.ranks in the folder of the results, with an absolute name: the program
 * may go elsewhere. */
static int make_folder(void) {
    const char *results = getenv("TRIREME_PROFILE_RESULTS");
    char host[64] = "", when[32] = "", top[PATH_MAX];
    time_t now = time(NULL);
    struct tm utc;
    if (!results || !*results) results = ".";
    if (mkdir(results, 0777) && errno != EEXIST) return 0;
    if (!realpath(results, top)) return 0;
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = 0;
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    int length =
        snprintf(folder, sizeof folder, "%s/profile-%s-%s-%ld.ranks", top, when, host, (long)getpid());
    if (length >= (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return 0;
    }
    return !mkdir(folder, 0777);
}

/* The command line of this process, with blanks between its words. */
static void read_command(char text[PROFILE_TEXT]) {
    FILE *file = fopen("/proc/self/cmdline", "r");
    size_t length = file ? fread(text, 1, PROFILE_TEXT - 1, file) : 0;
    if (file) fclose(file);
    while (length && !text[length - 1])
        length--;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ') text[i] = ' ';
    text[length] = 0;
}

int tri_profile_begin_files(void) {
    char path[PATH_MAX + 32] = "";
    int failed[2] = {0, 0}; /* errno, and the rank that has it */
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (rank == 0 && !make_folder()) failed[0] = errno;
    if (failed[0]) *folder = 0;
    PMPI_Bcast(folder, sizeof folder, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (*folder) {
        /* A node without the folder has one of its own; its files come to rank 0 at the end. */
        if (mkdir(folder, 0777) && errno != EEXIST) failed[0] = errno;
        path_of(rank, path);
        if (!failed[0] && !tri_profile_map(path, rank, ranks)) failed[0] = errno;
    }
    failed[1] = rank;
    PMPI_Allreduce(MPI_IN_PLACE, failed, 1, MPI_2INT, MPI_MAXLOC, MPI_COMM_WORLD);
    if (failed[0]) {
        if (tri_profiled.head) unlink(path);
        tri_profile_unmap();
        PMPI_Barrier(MPI_COMM_WORLD);
        if (*folder) rmdir(folder);
        if (rank == failed[1])
            tri_say("no profile: rank %d cannot make its file in '%s': %s; choose another folder with "
                    "profile --results",
                    rank, *folder ? folder : getenv("TRIREME_PROFILE_RESULTS"), strerror(failed[0]));
        return 0;
    }
    profile_head *head = tri_profiled.head;
    const char *job = getenv("SLURM_JOB_ID");
    gethostname(head->host, sizeof head->host - 1);
    snprintf(head->job, sizeof head->job, "%s", job ? job : "");
    read_command(head->command);
    return 1;
}

/* ---- the end ---- */

/* Whether rank 0 has the file of a rank: on other nodes it may be in another file system. */
static int is_here(int owner) {
    char path[PATH_MAX + 32];
    path_of(owner, path);
    return !access(path, R_OK);
}

static void take_file(int owner) {
    enum { TAG = 1 };
    char path[PATH_MAX + 32];
    MPI_Status status;
    int bytes;
    PMPI_Probe(owner, TAG, MPI_COMM_WORLD, &status);
    PMPI_Get_count(&status, MPI_BYTE, &bytes);
    char *memory = malloc((size_t)bytes);
    if (!memory) {
        PMPI_Recv(NULL, 0, MPI_BYTE, owner, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        return;
    }
    PMPI_Recv(memory, bytes, MPI_BYTE, owner, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    path_of(owner, path);
    FILE *file = fopen(path, "wbx");
    if (!file || fwrite(memory, (size_t)bytes, 1, file) != 1)
        tri_say("cannot write '%s': %s; the profile lacks rank %d", path, strerror(errno), owner);
    if (file) fclose(file);
    free(memory);
}

/* The environment of the program that reads: this library and the launcher's variables are for the ranks. */
static char **other_environment(void) {
    static const char *const without[] = {"LD_PRELOAD=", "TRIREME_PRELOAD", "TRIREME_PROFILE", "OMPI_COMM_",
                                          "PMI",         "PMIX_",           "SLURM_PROCID="};
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **out = calloc(count + 1, sizeof *out);
    for (size_t i = 0; out && i < count; i++) {
        int leave = 0;
        for (size_t k = 0; k < sizeof without / sizeof *without; k++)
            leave |= !strncmp(environ[i], without[k], strlen(without[k]));
        if (!leave) out[kept++] = environ[i];
    }
    return out;
}

static void read_files(void) {
    char *program = getenv("TRIREME_PROFILE_READER");
    char *plot = getenv("TRIREME_PROFILE_PLOT");
    char *words[8] = {program, "--collect", folder, "--remove"};
    char **env = other_environment();
    posix_spawn_file_actions_t actions;
    pid_t child;
    if (!program || !*program || !env) {
        tri_say("the profile is in '%s': trireme profile --collect reads it", folder);
        free(env);
        return;
    }
    if (plot && *plot) {
        words[4] = "--plot";
        words[5] = plot;
        if (getenv("TRIREME_PROFILE_REPLACE")) words[6] = "--replace";
    }
    /* Standard output is the program's. */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    int failed = posix_spawn(&child, program, &actions, NULL, words, env);
    posix_spawn_file_actions_destroy(&actions);
    free(env);
    if (failed)
        tri_say("cannot start '%s': %s; the profile is in '%s'", program, strerror(failed), folder);
    else
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
}

void tri_profile_end_files(void) {
    enum { TAG = 1 };
    profile_head *head = tri_profiled.head;
    char *here = calloc((size_t)ranks, 1);
    int able = here != NULL;
    PMPI_Allreduce(MPI_IN_PLACE, &able, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    for (int r = 0; able && rank == 0 && r < ranks; r++)
        here[r] = (char)is_here(r);
    if (able) PMPI_Bcast(here, ranks, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (able && !here[rank]) {
        char path[PATH_MAX + 32];
        PMPI_Send(head, (int)head->bytes, MPI_BYTE, 0, TAG, MPI_COMM_WORLD);
        path_of(rank, path);
        unlink(path);
        rmdir(folder);
    }
    for (int r = 1; able && rank == 0 && r < ranks; r++)
        if (!here[r]) take_file(r);
    free(here);
    tri_profile_unmap();
    if (rank == 0) read_files();
}
