/* This node: cores, memory, clock, network interfaces, and cross-memory attach. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"
#include "trireme/place.h"
#include "trireme/size.h"

/* Limits of a cgroup: quota of cores (containers) and bytes of memory. */
static const double NO_LIMIT = 1e30;

static double cpu_limit(const char *folder) {
    char path[512], line[128];
    double quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (sscanf(doctor_first_line(path, line, sizeof line), "%lf %lf", &quota, &period) == 2)
        return quota / period;
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (sscanf(doctor_first_line(path, line, sizeof line), "%lf", &quota) != 1 || quota <= 0) return NO_LIMIT;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    return sscanf(doctor_first_line(path, line, sizeof line), "%lf", &period) == 1 ? quota / period
                                                                                   : NO_LIMIT;
}

static double memory_limit(const char *folder) {
    static const char *const files[] = {"memory.max", "memory.limit_in_bytes"};
    for (size_t i = 0; i < 2; i++) {
        char path[512], line[128];
        double bytes;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        if (sscanf(doctor_first_line(path, line, sizeof line), "%lf", &bytes) == 1) return bytes;
    }
    return NO_LIMIT;
}

/* The lowest limit from the cgroup of this process up to the root. A container may not see its own folder,
 * but sees the limit in its root. */
static double least_limit(const char *controller, double (*limit)(const char *folder)) {
    double least = NO_LIMIT;
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[512];
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path) continue;
        *path++ = 0;
        names++;
        if (*names && !strstr(names, controller)) continue;
        for (char *end = path + strlen(path);; end = strrchr(path, '/')) {
            if (end) *end = 0;
            char folder[1024];
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s%s", *names ? "/" : "", names, path);
            double found = limit(folder);
            least = found < least ? found : least;
            if (!end || end == path) break;
        }
    }
    if (file) fclose(file);
    return least;
}

void doctor_check_cores(doctor *d) {
    tri_place *place;
    tri_status status = tri_place_create(&place);
    if (status != TRI_OK) {
        doctor_say(d, status == TRI_ERR_ABSENT ? DOCTOR_NOTE : DOCTOR_WARNING,
                   "install libhwloc-dev and build again; until then set --threads", "%s", tri_error_text());
        return;
    }
    const tri_place_info *info = tri_place_describe(place);
    double quota = least_limit("cpu", cpu_limit);
    if (quota < info->cores)
        doctor_say(d, DOCTOR_WARNING, "fewer --threads, or a larger quota (docker --cpus, cpu.max)",
                   "%s, but a quota of %.3g cores: threads above it are throttled", info->text, quota);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "available: %s", info->text);
    tri_place_destroy(&place);
}

static double available_memory(void) {
    FILE *file = fopen("/proc/meminfo", "re");
    char line[256];
    double kilobytes = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %lf", &kilobytes) == 1) break;
    if (file) fclose(file);
    return kilobytes * 1024;
}

void doctor_check_memory(doctor *d) {
    int ranks = doctor_local_size(d);
    double available = available_memory(), limit = least_limit("memory", memory_limit);
    double least = limit < available ? limit : available, each = least / ranks;
    const char *why = limit < available ? "cgroup's limit" : "available";
    if (each < 256e6)
        doctor_say(d, DOCTOR_WARNING, "fewer ranks per node, or more memory (--mem)",
                   "%.0f MB per rank for %d ranks (%s: %.1f GB)", each * 1e-6, ranks, why, least * 1e-9);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "%.1f GB per rank for %d rank%s (%s: %.1f GB)", each * 1e-9, ranks,
                   ranks == 1 ? "" : "s", why, least * 1e-9);
}

/* Limits of this process (ulimit). The ranks of a node inherit them from its launcher or daemon. */
void doctor_check_limits(doctor *d) {
    /* An idle rank of Open MPI 4.1 has 25 files open, its mpirun about 30 and a few more for each rank; a
     * rank of 1024 hosts one connection to each. */
    enum { FILES_MIN = 64, FILES_FEW = 256 };
    struct rlimit files, space;
    if (getrlimit(RLIMIT_NOFILE, &files)) files.rlim_cur = RLIM_INFINITY;
    if (getrlimit(RLIMIT_AS, &space)) space.rlim_cur = RLIM_INFINITY;
    if (files.rlim_cur < FILES_FEW)
        doctor_say(d, files.rlim_cur < FILES_MIN ? DOCTOR_FAILURE : DOCTOR_WARNING, "ulimit -n 1024",
                   "only %llu open files per process are allowed%s", (unsigned long long)files.rlim_cur,
                   files.rlim_cur < FILES_MIN ? ": too few for MPI" : "");
    if (space.rlim_cur != RLIM_INFINITY)
        doctor_say(
            d, DOCTOR_WARNING, "ulimit -v unlimited",
            "only %.0f MB of addresses per process are allowed: libraries and shared memory may not fit",
            (double)space.rlim_cur * 1e-6);
    if (files.rlim_cur >= FILES_FEW && space.rlim_cur == RLIM_INFINITY)
        doctor_say(d, DOCTOR_FINE, NULL, "open files and addresses per process suffice (ulimit -n, -v)");
}

/* Tests cross-memory attach: one child reads the memory of another, as ranks of a node do. MPI libraries
 * also permit it by PR_SET_PTRACER. Returns the errno of the read, 0 on success. */
static int read_sibling(void) {
    volatile long secret = 4711;
    int ready[2];
    if (pipe(ready)) return errno;
    pid_t holder = fork();
    if (holder == 0) {
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        secret = 1147;
        if (write(ready[1], "", 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char byte;
    pid_t reader = holder > 0 && read(ready[0], &byte, 1) == 1 ? fork() : -1;
    if (reader == 0) {
        long found = 0;
        struct iovec local = {&found, sizeof found}, remote = {(void *)&secret, sizeof secret};
        ssize_t got = process_vm_readv(holder, &local, 1, &remote, 1, 0);
        _exit(got == sizeof found && found == 1147 ? 0 : errno & 0xff);
    }
    int status = 0, error = EAGAIN;
    if (reader > 0 && waitpid(reader, &status, 0) == reader && WIFEXITED(status)) error = WEXITSTATUS(status);
    if (holder > 0) {
        kill(holder, SIGKILL);
        waitpid(holder, NULL, 0);
    }
    close(ready[0]);
    close(ready[1]);
    return error;
}

void doctor_check_cma(doctor *d) {
    char scope[16];
    doctor_first_line("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof scope);
    int error = read_sibling();
    if (error)
        doctor_say(
            d, DOCTOR_WARNING,
            "sysctl kernel.yama.ptrace_scope=1 or lower; in a container --cap-add=SYS_PTRACE, one user "
            "namespace",
            "cross-memory attach fails (process_vm_readv: %s; ptrace_scope %s): large messages are copied "
            "twice",
            strerror(error), *scope ? scope : "not set");
    else
        doctor_say(d, DOCTOR_FINE, NULL, "cross-memory attach works (ptrace_scope %s)",
                   *scope ? scope : "not set");
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void doctor_check_clock(doctor *d) {
    enum { READS = 2000 };
    double best = 1;
    for (int round = 0; round < 5; round++) { /* the minimum, to exclude interruptions */
        double start = seconds(CLOCK_MONOTONIC);
        for (int i = 0; i < READS; i++)
            (void)seconds(CLOCK_MONOTONIC);
        double each = (seconds(CLOCK_MONOTONIC) - start) / READS;
        best = each < best ? each : best;
    }
    char source[64];
    doctor_first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
                      sizeof source);
    if (best > 500e-9)
        doctor_say(d, DOCTOR_WARNING, "boot with clocksource=tsc, if the TSC is stable",
                   "reading the clock takes %.0f ns (source %s): too slow to measure short times", best * 1e9,
                   *source ? source : "unknown");
    else
        doctor_say(d, DOCTOR_FINE, NULL, "reading the clock takes %.0f ns (source %s)", best * 1e9,
                   *source ? source : "unknown");
}

/* Bridges have the same private address on every node, so MPI may take them for a connection to other
 * nodes. */
static bool is_bridge(const char *name) {
    static const char *const prefixes[] = {"docker", "br-",    "virbr", "lxcbr",
                                           "lxdbr",  "podman", "cni",   "flannel"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i]))) return true;
    return false;
}

void doctor_check_network(doctor *d) {
    struct ifaddrs *list = NULL;
    char names[512] = "", bridges[256] = "", host[256] = "";
    if (getifaddrs(&list)) list = NULL;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET) continue;
        if (!(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK)) continue;
        char address[INET_ADDRSTRLEN] = "";
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, address, sizeof address);
        bool bridge = is_bridge(i->ifa_name);
        char *to = bridge ? bridges : names;
        size_t used = strlen(to);
        snprintf(to + used, (bridge ? sizeof bridges : sizeof names) - used, "%s%s %s", used ? ", " : "",
                 i->ifa_name, address);
    }
    if (list) freeifaddrs(list);
    gethostname(host, sizeof host - 1);
    struct addrinfo *found = NULL;
    int unknown = getaddrinfo(host, NULL, NULL, &found);
    if (!unknown) freeaddrinfo(found);
    bool chosen = getenv("OMPI_MCA_btl_tcp_if_include") || getenv("OMPI_MCA_btl_tcp_if_exclude");
    if (*bridges && !chosen)
        doctor_say(d, DOCTOR_WARNING,
                   "export OMPI_MCA_btl_tcp_if_include=INTERFACE (Open MPI), HYDRA_IFACE=INTERFACE (MPICH)",
                   "MPI over TCP may try %s, which does not reach other nodes; other interfaces: %s", bridges,
                   *names ? names : "none");
    else if (unknown)
        doctor_say(d, DOCTOR_WARNING, "add it to /etc/hosts", "the host name '%s' has no address (%s)", host,
                   gai_strerror(unknown));
    else if (!*names)
        doctor_say(d, DOCTOR_NOTE, "ranks on one node need none", "no network interface except loopback");
    else
        doctor_say(d, DOCTOR_FINE, NULL, "MPI over TCP can use %s", names);
}
