#include "mpi/segment.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Description of the segment, broadcast by rank 0. */
typedef struct offer {
    uint64_t token; /* stored after the segment's bytes; identifies the right segment */
    uint64_t bytes;
    int64_t pid;
    int fd; /* -1: rank 0 could not create it */
} offer;

static void write_name(char *name, size_t room, const offer *o) {
    snprintf(name, room, "/trireme-%lld-%llx", (long long)o->pid, (unsigned long long)o->token);
}

static uint64_t make_token(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t x = (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
    x ^= (uint64_t)getpid() << 32 ^ (uint64_t)(uintptr_t)&now;
    return (x ^ x >> 31) * 0x9E3779B97F4A7C15u | 1;
}

static int create_file(const offer *o, tri_segment_kind kind) {
    char name[64];
    write_name(name, sizeof name, o);
    int fd = kind == TRI_SEGMENT_NAMELESS ? memfd_create(name, MFD_CLOEXEC)
                                          : shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    off_t bytes = (off_t)(o->bytes + sizeof o->token);
    /* /dev/shm may be small (64 MiB in containers), and touching a page beyond its limit kills the
     * process. Allocate all pages here. */
    int failed = ftruncate(fd, bytes) || (kind == TRI_SEGMENT_NAMED && posix_fallocate(fd, 0, bytes)) ||
                 pwrite(fd, &o->token, sizeof o->token, (off_t)o->bytes) != (ssize_t)sizeof o->token;
    if (!failed) return fd;
    if (kind == TRI_SEGMENT_NAMED) shm_unlink(name);
    close(fd);
    return -1;
}

static int open_file(const offer *o, tri_segment_kind kind) {
    char name[64];
    if (kind == TRI_SEGMENT_NAMELESS) {
        snprintf(name, sizeof name, "/proc/%lld/fd/%d", (long long)o->pid, o->fd);
        return open(name, O_RDWR | O_CLOEXEC);
    }
    write_name(name, sizeof name, o);
    return shm_open(name, O_RDWR | O_CLOEXEC, 0600);
}

static tri_segment map(int fd, const offer *o) {
    tri_segment none = {NULL, 0}, segment = {NULL, (size_t)o->bytes};
    size_t all = segment.bytes + sizeof o->token;
    uint64_t token = 0;
    if (fd < 0 || pread(fd, &token, sizeof token, (off_t)o->bytes) != (ssize_t)sizeof token) return none;
    if (token != o->token) return none;
    void *base = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) return none;
    segment.base = base;
    return segment;
}

tri_status tri_segment_create_by(const tri_peers *peers, tri_segment_kind kind, size_t bytes,
                                 tri_segment *out) {
    offer o = {0};
    if (peers->rank == 0) {
        o = (offer){.token = make_token(), .bytes = (bytes + 63) / 64 * 64, .pid = getpid()};
        o.fd = create_file(&o, kind);
    }
    TRI_TRY(tri_small_bcast(peers, &o, sizeof o, 0));
    int fd = -1;
    if (o.fd >= 0) fd = peers->rank ? open_file(&o, kind) : o.fd;
    tri_segment segment = map(fd, &o);
    int all = segment.base != NULL;
    tri_status status = tri_small_allreduce(peers, &all, 1, MPI_INT, MPI_MIN);
    if (peers->rank == 0 && o.fd >= 0 && kind == TRI_SEGMENT_NAMED) {
        char name[64];
        write_name(name, sizeof name, &o);
        shm_unlink(name);
    }
    if (fd >= 0) close(fd);
    if (!all || status != TRI_OK) tri_segment_destroy(&segment);
    *out = segment;
    return status;
}

tri_status tri_segment_create(const tri_peers *peers, size_t bytes, tri_segment *out) {
    tri_segment segment = {NULL, 0};
    for (tri_segment_kind kind = 0; kind < TRI_SEGMENT_KINDS && !segment.base; kind++)
        TRI_TRY(tri_segment_create_by(peers, kind, bytes, &segment));
    *out = segment;
    return TRI_OK;
}

void tri_segment_destroy(tri_segment *segment) {
    if (segment->base) munmap(segment->base, segment->bytes + sizeof(uint64_t));
    *segment = (tri_segment){NULL, 0};
}
