/* The thread of each rank. Those of a node sleep; one, the watcher, looks at the steps of all ranks now and
 * then, and starts watch-judge where a rank waits for long. The threads also end or stop their ranks where
 * the judge says so, and write down where Python is.
 *
 * watch-judge is no child of the program: the program's wait() and SIGCHLD do not see it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/watch.h"

enum { TICK_MS = 200, CHECK_MS = 2000, GAP_MOST_MS = 30000, STATUS = 86, STACK = 1 << 16 };

static int board_file;
static char judge_path[4096];
static char **judge_environment;

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Until the bell rings or the time is over. */
static void sleep_on_bell(uint32_t seen, int ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    syscall(SYS_futex, &tri_watch_board->bell, FUTEX_WAIT, seen, &time, NULL, 0);
}

static void ring(void) {
    atomic_fetch_add(&tri_watch_board->bell, 1);
    syscall(SYS_futex, &tri_watch_board->bell, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

/* ---- watch-judge ---- */

static int is_launchers(const char *variable) {
    static const char *const starts[] = {"LD_PRELOAD=", "TRIREME_PRELOAD=", "PMI", "OMPI_", "MPI_", "SLURM_"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncmp(variable, starts[i], strlen(starts[i]))) return 1;
    return 0;
}

/* The judge: named by the launcher, or beside this library: installed, or of this build. */
static int find_judge(void) {
    static const char *const below[] = {TRIREME_TO_JUDGE, "../apps"};
    const char *named = getenv("TRIREME_WATCH_JUDGE");
    Dl_info self;
    if (named && *named) snprintf(judge_path, sizeof judge_path, "%s", named);
    for (size_t i = 0; i < 2 && !*judge_path && dladdr(judge_path, &self) && self.dli_fname; i++) {
        const char *end = strrchr(self.dli_fname, '/');
        snprintf(judge_path, sizeof judge_path, "%.*s/%s/watch-judge", end ? (int)(end - self.dli_fname) : 1,
                 end ? self.dli_fname : ".", below[i]);
        if (access(judge_path, X_OK)) *judge_path = 0;
    }
    extern char **environ;
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    judge_environment = calloc(count + 1, sizeof *judge_environment);
    for (size_t i = 0; i < count && judge_environment; i++)
        if (!is_launchers(environ[i])) judge_environment[kept++] = strdup(environ[i]);
    return judge_environment && *judge_path && !access(judge_path, X_OK);
}

static int become_judge(void *reason) {
    char file[16], *words[] = {judge_path, file, reason, NULL};
    snprintf(file, sizeof file, "%d", board_file);
    pid_t pid = vfork();
    if (pid) _exit(pid < 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fcntl(board_file, F_SETFD, 0);
    execve(judge_path, words, judge_environment);
    _exit(127);
}

static void start_judge(const char *reason) {
    static char stack[STACK] __attribute__((aligned(64)));
    char word[16];
    snprintf(word, sizeof word, "%s", reason);
    int old = atomic_load(&tri_watch_board->judge);
    if (old && !kill(old, 0)) return;
    /* Without a signal at its end, it is invisible to a wait() of the program. */
    pid_t between = clone(become_judge, stack + STACK, CLONE_VM | CLONE_VFORK, word);
    if (between > 0) waitpid(between, NULL, (int)__WCLONE);
}

/* ---- what the watcher sees ---- */

static int is_dead(const tri_slot *slot) {
    char path[32], line[512] = "";
    if (kill(slot->pid, 0) && errno == ESRCH) return 1;
    snprintf(path, sizeof path, "/proc/%d/stat", slot->pid);
    FILE *file = fopen(path, "r");
    if (!file) return errno == ENOENT;
    if (!fgets(line, sizeof line, file)) *line = 0;
    fclose(file);
    const char *at = strrchr(line, ')');
    return at && at[1] && (at[2] == 'Z' || at[2] == 'X');
}

typedef struct view {
    uint64_t hash;    /* of the calls that wait for long */
    uint64_t longest; /* ms */
    int dead, alive;
} view;

static void look_at_slot(tri_slot *slot, uint64_t now, uint64_t first, int asleep, view *v) {
    int state = atomic_load(&slot->state), lanes = atomic_load(&slot->lanes);
    if (state == TRI_SLOT_RUNS || state == TRI_SLOT_ENDS) v->alive++;
    for (int i = 0; i < lanes && i < TRI_SLOT_LANES; i++) {
        tri_slot_lane *lane = &slot->lane[i];
        uint64_t step = atomic_load_explicit(&lane->step, memory_order_acquire);
        if (lane->seen_step != step || asleep) {
            lane->seen_step = step;
            lane->seen_ms = now;
        }
        uint64_t waits = now - lane->seen_ms;
        if (!(step % 2) || state == TRI_SLOT_LEFT || waits < first) continue;
        if (waits > v->longest) v->longest = waits;
        v->hash = (v->hash ^ (step + (uint64_t)slot->rank * 977)) * UINT64_C(0x100000001b3);
    }
}

static void tick(void) {
    static uint64_t last, last_start, gap = CHECK_MS, hash, check_dead;
    static int dead_told;
    tri_board *b = tri_watch_board;
    uint64_t now = now_ms(), first = (uint64_t)(1000 * b->first_s), quiet = (uint64_t)(1000 * b->quiet_s);
    /* This process was stopped, and others perhaps, too: what it saw before counts no longer. */
    int asleep = last && now - last > 5 * TICK_MS;
    view v = {.hash = 7};
    for (int i = 0; i < b->slots; i++)
        look_at_slot(&b->slot[i], now, first, asleep, &v);
    if (now - check_dead > 1000) {
        check_dead = now;
        for (int i = 0; i < b->slots; i++) {
            int state = atomic_load(&b->slot[i].state);
            v.dead += (state == TRI_SLOT_RUNS || state == TRI_SLOT_ENDS) && is_dead(&b->slot[i]);
        }
    }
    last = now;
    if (atomic_exchange(&b->look, 0)) {
        start_judge("look");
        return;
    }
    if (v.dead > dead_told && v.dead < v.alive) {
        dead_told = v.dead;
        last_start = 0;
        v.longest = v.longest ? v.longest : 1;
    }
    uint64_t since = now - last_start;
    int again = since >= gap || (v.longest >= quiet && v.longest < quiet + TICK_MS);
    if (!v.longest || !again) return;
    last_start = now;
    gap = v.hash != hash ? CHECK_MS : gap * 2 < GAP_MOST_MS ? gap * 2 : GAP_MOST_MS;
    hash = v.hash;
    start_judge("wait");
}

/* ---- orders of the judge ---- */

static void *flush(void *unused) {
    fflush(NULL);
    return unused;
}

/* One rank ends first, and none that is in MPI_Finalize: launchers take the status of the first, and end the
 * others; where they do not, these follow.
 *
 * What the program has printed stays; but a thread of it may hold a lock of the output for ever. */
static void end(void) {
    pthread_t thread;
    struct timespec until;
    int runs = atomic_load(&tri_watch_slot->state) == TRI_SLOT_RUNS;
    if (!runs || atomic_exchange(&tri_watch_board->ends, 1)) sleep(5);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    if (!pthread_create(&thread, NULL, flush, NULL)) pthread_timedjoin_np(thread, NULL, &until);
    _exit(STATUS);
}

/* The lines of Python's threads, as faulthandler writes them. */
static void write_python(void) {
    typedef const char *dump(int file, void *interpreter, void *thread);
    void *address = dlsym(RTLD_DEFAULT, "_Py_DumpTracebackThreads");
    dump *write_lines;
    tri_slot *slot = tri_watch_slot;
    memcpy(&write_lines, &address, sizeof write_lines);
    int file = address ? memfd_create("trireme", MFD_CLOEXEC) : -1;
    if (file < 0) return;
    write_lines(file, NULL, NULL);
    ssize_t length = pread(file, slot->python, sizeof slot->python - 1, 0);
    slot->python[length > 0 ? length : 0] = 0;
    close(file);
}

static void obey(void) {
    static uint32_t answered;
    static int done;
    tri_board *b = tri_watch_board;
    uint32_t ask = atomic_load(&b->ask);
    int verdict = atomic_load(&b->verdict);
    if (ask != answered) {
        answered = ask;
        /* Yama lets nobody else look at the stack of this process. */
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        if (atomic_load(&b->ask_python)) write_python();
        atomic_store(&tri_watch_slot->strangers, tri_strangers_count());
        atomic_store(&tri_watch_slot->answered, ask);
    }
    if (verdict == TRI_SLOT_END + 1) end();
    if (verdict == TRI_SLOT_STOP + 1 && !done) {
        done = 1;
        kill(getpid(), SIGSTOP);
    }
}

static void *watch(void *unused) {
    tri_board *b = tri_watch_board;
    prctl(PR_SET_NAME, "trireme-watch");
    for (;;) {
        uint32_t seen = atomic_load(&b->bell);
        obey();
        int watcher = atomic_load(&b->watcher), mine = (int)getpid();
        if (watcher != mine && (!watcher || (kill(watcher, 0) && errno == ESRCH)))
            atomic_compare_exchange_strong(&b->watcher, &watcher, mine);
        int is_watcher = atomic_load(&b->watcher) == mine;
        if (is_watcher) tick();
        sleep_on_bell(seen, is_watcher ? TICK_MS : CHECK_MS);
    }
    return unused;
}

/* A user wants a report. */
static void on_signal(int number) {
    int error = errno;
    (void)number;
    atomic_store(&tri_watch_board->look, 1);
    ring();
    errno = error;
}

static double seconds_of(const char *variable, double otherwise) {
    const char *text = getenv(variable);
    double value = text ? strtod(text, NULL) : 0;
    return value > 0 ? value : otherwise;
}

static void read_settings(void) {
    const char *action = getenv("TRIREME_WATCH_HANG");
    tri_board *b = tri_watch_board;
    b->first_s = seconds_of("TRIREME_WATCH_AFTER", 3);
    b->quiet_s = seconds_of("TRIREME_WATCH_QUIET", 60);
    b->action = !action || !strcmp(action, "end") ? TRI_SLOT_END
                : !strcmp(action, "stop")         ? TRI_SLOT_STOP
                                                  : TRI_SLOT_REPORT;
}

int tri_watcher_start(int file) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    struct sigaction old;
    const struct sigaction look = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    board_file = file;
    if (tri_watch_slot == tri_watch_board->slot) {
        read_settings();
        atomic_store(&tri_watch_board->watcher, (int)getpid());
    }
    if (!find_judge()) {
        tri_say("watch stands aside: there is no program watch-judge: install Trireme on every node");
        return 0;
    }
    if (!sigaction(SIGUSR2, NULL, &old) && old.sa_handler == SIG_DFL) sigaction(SIGUSR2, &look, NULL);
    tri_strangers_init();
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 4 * STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attributes, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed) tri_say("watch stands aside: no thread: %s", strerror(failed));
    return !failed;
}
