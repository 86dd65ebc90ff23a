/* The results folder, HDF5 and /dev/shm. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "apps/doctor.h"

/* X(magic number as in statfs(2) and the file systems' own headers, name, where: shared by nodes or not) */
#define FILE_SYSTEMS(X)                                                                                      \
    X(0xEF53, "ext4", false)                                                                                 \
    X(0x58465342, "XFS", false)                                                                              \
    X(0x9123683E, "Btrfs", false)                                                                            \
    X(0x2FC12FC1, "ZFS", false)                                                                              \
    X(0x01021994, "tmpfs (memory)", false)                                                                   \
    X(0x794C7630, "overlay (of a container)", false)                                                         \
    X(0x6969, "NFS", true)                                                                                   \
    X(0x0BD00BD0, "Lustre", true)                                                                            \
    X(0x47504653, "GPFS (Spectrum Scale)", true)                                                             \
    X(0x19830326, "BeeGFS", true)                                                                            \
    X(0x00C36400, "Ceph", true)                                                                              \
    X(0xAAD7AAEA, "PanFS", true)                                                                             \
    X(0x01021997, "9p (of a virtual machine)", false)                                                        \
    X(0xFF534D42, "SMB", true)                                                                               \
    X(0x65735546, "FUSE", true)

static const char *file_system(const char *path, bool *shared) {
    struct statfs s;
    *shared = true; /* the unknown gets the benefit of the doubt */
    if (statfs(path, &s)) return "unknown";
#define ROW(magic, name, shared_)                                                                            \
    if ((unsigned long)s.f_type == magic) {                                                                  \
        *shared = shared_;                                                                                   \
        return name;                                                                                         \
    }
    FILE_SYSTEMS(ROW)
#undef ROW
    return "unknown";
}

/* Writes, locks and removes a file in a folder. Returns errno; *lock is that of locking alone. */
static int try_file(const char *folder, int *lock) {
    char path[4096], block[4096] = "";
    *lock = 0;
    if (snprintf(path, sizeof path, "%s/.trireme-doctor-XXXXXX", folder) >= (int)sizeof path)
        return ENAMETOOLONG;
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) return errno;
    int error = write(file, block, sizeof block) != sizeof block || fsync(file) ? errno : 0;
    if (flock(file, LOCK_EX | LOCK_NB)) *lock = errno; /* what HDF5 does */
    close(file);
    unlink(path);
    return error;
}

static double free_bytes(const char *path) {
    struct statfs s;
    return statfs(path, &s) ? 0 : (double)s.f_bavail * (double)s.f_bsize;
}

/* The folder itself, or the nearest one above it that is there, in which it would be made. */
static void existing(const char *folder, char *out, size_t bytes) {
    struct stat s;
    snprintf(out, bytes, "%s", folder);
    while (stat(out, &s) && errno == ENOENT && strcmp(out, ".") != 0 && strcmp(out, "/") != 0)
        memmove(out, dirname(out), strlen(dirname(out)) + 1);
}

void doctor_check_results(doctor *d) {
    char folder[4096];
    bool shared;
    int lock;
    if (!strcmp(d->results, "none")) {
        doctor_say(d, DOCTOR_FINE, NULL, "no result files are asked for");
        return;
    }
    existing(d->results, folder, sizeof folder);
    const char *kind = file_system(folder, &shared);
    int error = try_file(folder, &lock),
        nodes = (int)json_integer_value(json_object_get(d->started, "nodes"));
    const char *locking = getenv("HDF5_USE_FILE_LOCKING");
    bool locking_off = locking && (!strcmp(locking, "FALSE") || !strcmp(locking, "0"));
    if (error)
        doctor_say(d, DOCTOR_FAILURE, "--results FOLDER on a file system that can be written",
                   "no result can be written in '%s': %s (%s%s)", d->results, strerror(error), kind,
                   error == EROFS ? ", mounted read-only" : "");
    else if (lock && !locking_off)
        doctor_say(d, DOCTOR_WARNING, "export HDF5_USE_FILE_LOCKING=FALSE",
                   "'%s' on %s cannot lock files (%s), and HDF5 asks for locks", d->results, kind,
                   strerror(lock));
    else if (free_bytes(folder) < 1e9)
        doctor_say(d, DOCTOR_WARNING, "remove files, or --results FOLDER elsewhere",
                   "'%s' on %s has %.2g GB left", d->results, kind, free_bytes(folder) * 1e-9);
    else if (nodes > 1 && !shared)
        doctor_say(d, DOCTOR_WARNING, "--results FOLDER on the file system that all nodes share",
                   "'%s' is on %s, which other nodes do not see", d->results, kind);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "'%s' on %s can be written, %.0f GB free, locks work%s", d->results,
                   kind, free_bytes(folder) * 1e-9, locking_off ? " (HDF5 does not use them)" : "");
}

void doctor_check_hdf5(doctor *d) {
    json_t *hdf5 = json_object_get(d->loaded, "hdf5");
    const char *compiled = json_string_value(json_object_get(hdf5, "compiled"));
    const char *loaded = json_string_value(json_object_get(hdf5, "loaded"));
    if (!d->loaded)
        doctor_say(d, DOCTOR_NOTE, "see mpi", "not known: the programs do not load");
    else if (!compiled || !loaded)
        doctor_say(d, DOCTOR_NOTE, "install libhdf5-openmpi-dev (or the -mpich- one) and build again",
                   "this build has no HDF5: no files are read, no results written");
    else if (strcmp(compiled, loaded) != 0)
        doctor_say(d, DOCTOR_FAILURE, "load the module with which this was built, or build again",
                   "HDF5 %s is loaded, but the programs are compiled for %s", loaded, compiled);
    else if (!json_is_true(json_object_get(hdf5, "parallel")))
        doctor_say(d, DOCTOR_FAILURE, "install the parallel HDF5 (libhdf5-openmpi-dev) and build again",
                   "HDF5 %s is not the parallel one", loaded);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "HDF5 %s, parallel; compiled and loaded are the same", loaded);
}

/* What MPI libraries map for a rank on a node, and a little for shared windows. */
static const double SHM_EACH = 16e6;

void doctor_check_shm(doctor *d) {
    int ranks = doctor_local_size(d);
    double left = free_bytes("/dev/shm");
    if (access("/dev/shm", W_OK))
        doctor_say(d, DOCTOR_WARNING, "mount -t tmpfs -o mode=1777 shm /dev/shm",
                   "/dev/shm cannot be written: %s", strerror(errno));
    else if (left < SHM_EACH * ranks)
        doctor_say(
            d, DOCTOR_WARNING,
            "mount -o remount,size=1g /dev/shm; docker --shm-size=1g; or remove what dead jobs left there",
            "/dev/shm has %.1f MB free, too small for %d rank%s: about %.0f MB are used", left * 1e-6, ranks,
            ranks == 1 ? "" : "s", SHM_EACH * ranks * 1e-6);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "/dev/shm has %.1f GB free for %d rank%s", left * 1e-9, ranks,
                   ranks == 1 ? "" : "s");
}
