/* The results folder, HDF5 and /dev/shm. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"

/* X(magic number as in statfs(2) and the file systems' own headers, name) */
#define FILE_SYSTEMS(X)                                                                                      \
    X(0xEF53, "ext4")                                                                                        \
    X(0x58465342, "XFS")                                                                                     \
    X(0x9123683E, "Btrfs")                                                                                   \
    X(0x2FC12FC1, "ZFS")                                                                                     \
    X(0x01021994, "tmpfs (memory)")                                                                          \
    X(0x794C7630, "overlay (of a container)")                                                                \
    X(0x6969, "NFS")                                                                                         \
    X(0x0BD00BD0, "Lustre")                                                                                  \
    X(0x47504653, "GPFS (Spectrum Scale)")                                                                   \
    X(0x19830326, "BeeGFS")                                                                                  \
    X(0x00C36400, "Ceph")                                                                                    \
    X(0xAAD7AAEA, "PanFS")                                                                                   \
    X(0x01021997, "9p (of a virtual machine)")                                                               \
    X(0xFF534D42, "SMB")                                                                                     \
    X(0x65735546, "FUSE")

static const char *file_system(const char *path) {
    struct statfs s;
    if (statfs(path, &s)) return "unknown";
#define ROW(magic, name)                                                                                     \
    if ((unsigned long)s.f_type == magic) return name;
    FILE_SYSTEMS(ROW)
#undef ROW
    return "an unknown file system";
}

/* Writes, locks and removes a file in a folder. Returns errno; *lock is the errno of locking. */
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

void doctor_check_results(doctor *d) {
    char folder[4096];
    int lock;
    if (!strcmp(d->results, "none")) {
        doctor_say(d, DOCTOR_FINE, NULL, "--results none: no result files");
        return;
    }
    doctor_existing_folder(d->results, folder, sizeof folder);
    const char *kind = file_system(folder);
    int error = try_file(folder, &lock);
    const char *locking = getenv("HDF5_USE_FILE_LOCKING");
    bool locking_off = locking && (!strcmp(locking, "FALSE") || !strcmp(locking, "0"));
    if (error)
        doctor_say(d, DOCTOR_FAILURE, "choose a writable folder with --results FOLDER",
                   "cannot write to '%s': %s (%s%s)", d->results, strerror(error), kind,
                   error == EROFS ? ", mounted read-only" : "");
    else if (lock && !locking_off)
        doctor_say(d, DOCTOR_WARNING, "export HDF5_USE_FILE_LOCKING=FALSE",
                   "'%s' on %s does not support file locks (%s), which HDF5 uses", d->results, kind,
                   strerror(lock));
    else if (free_bytes(folder) < 1e9)
        doctor_say(d, DOCTOR_WARNING, "remove files, or choose another folder with --results FOLDER",
                   "'%s' on %s has only %.2g GB free", d->results, kind, free_bytes(folder) * 1e-9);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "'%s' on %s is writable, %.0f GB free, file locks work%s",
                   d->results, kind, free_bytes(folder) * 1e-9,
                   locking_off ? " (HDF5 does not use them)" : "");
}

void doctor_check_hdf5(doctor *d) {
    json_t *hdf5 = json_object_get(d->loaded, "hdf5");
    const char *compiled = json_string_value(json_object_get(hdf5, "compiled"));
    const char *loaded = json_string_value(json_object_get(hdf5, "loaded"));
    if (!d->loaded)
        doctor_say(d, DOCTOR_NOTE, "see mpi", "unknown: the programs do not load");
    else if (!compiled || !loaded)
        doctor_say(d, DOCTOR_NOTE, "install libhdf5-openmpi-dev (or the -mpich- one) and build again",
                   "built without HDF5: programs read no files and write no results");
    else if (strcmp(compiled, loaded) != 0)
        doctor_say(d, DOCTOR_FAILURE, "load the module of the build, or build again",
                   "HDF5 %s is loaded, but the programs are compiled for %s", loaded, compiled);
    else if (!json_is_true(json_object_get(hdf5, "parallel")))
        doctor_say(d, DOCTOR_FAILURE, "install the parallel HDF5 (libhdf5-openmpi-dev) and build again",
                   "HDF5 %s is not a parallel build", loaded);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "parallel HDF5 %s; compiled and loaded versions agree", loaded);
}

/* The folder in which MPI libraries and OpenCL compilers keep files during a run. */
void doctor_check_tmp(doctor *d) {
    const char *named = getenv("TMPDIR"), *folder = named && *named ? named : "/tmp";
    const char *cure = "export TMPDIR=FOLDER, a folder on this node that you can write to";
    char near[4096];
    int lock, error = try_file(folder, &lock);
    doctor_existing_folder(folder, near, sizeof near);
    if (error == ENOENT && !try_file(near, &lock))
        doctor_say(d, DOCTOR_WARNING, cure, "'%s' does not exist (TMPDIR), and not every MPI creates it",
                   folder);
    else if (error)
        doctor_say(d, DOCTOR_FAILURE, cure, "cannot write to '%s': %s; MPI does not start without", folder,
                   strerror(error));
    else
        doctor_say(d, DOCTOR_FINE, NULL, "'%s' on %s is writable", folder, file_system(folder));
}

/* Segments of MPI libraries for a rank, and a little for shared windows. */
static const double SHM_EACH = 16e6;

void doctor_check_shm(doctor *d) {
    int ranks = doctor_local_size(d);
    double left = free_bytes("/dev/shm");
    if (access("/dev/shm", W_OK))
        doctor_say(d, DOCTOR_WARNING, "mount -t tmpfs -o mode=1777 shm /dev/shm",
                   "/dev/shm is not writable: %s", strerror(errno));
    else if (left < SHM_EACH * ranks)
        doctor_say(d, DOCTOR_WARNING,
                   "mount -o remount,size=1g /dev/shm; docker --shm-size=1g; or remove files of dead jobs",
                   "/dev/shm has %.1f MB free, too little for %d rank%s, which need about %.0f MB",
                   left * 1e-6, ranks, ranks == 1 ? "" : "s", SHM_EACH * ranks * 1e-6);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "/dev/shm has %.1f GB free for %d rank%s", left * 1e-9, ranks,
                   ranks == 1 ? "" : "s");
}
