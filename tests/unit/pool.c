/* A pool in one process and several: every task once, order, failures, limits, lost workers, bad peers. */
#include "trireme/pool.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "trireme/sync.h"

static void nap(double seconds) {
    struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&time, NULL);
}

/* ---- functions ---- */

static tri_status square(tri_pool_task *task, const void *in, size_t bytes) {
    double x;
    if (bytes != sizeof x) return tri_fail(TRI_ERR_ARGUMENT, "%zu bytes", bytes);
    memcpy(&x, in, sizeof x);
    x *= x;
    return tri_pool_return(task, &x, sizeof x);
}

static tri_status echo(tri_pool_task *task, const void *in, size_t bytes) {
    TRI_TRY(tri_pool_send(task, 7, in, bytes));
    return tri_pool_return(task, in, bytes);
}

/* Fails as often as its input says. */
static tri_status fail_first(tri_pool_task *task, const void *in, size_t bytes) {
    int times;
    (void)bytes;
    memcpy(&times, in, sizeof times);
    if (tri_pool_where(task)->attempt <= times)
        return tri_fail(TRI_ERR_WRONG, "attempt %d", tri_pool_where(task)->attempt);
    return TRI_OK;
}

static tri_status wait_cancel(tri_pool_task *task, const void *in, size_t bytes) {
    (void)in, (void)bytes;
    while (!tri_pool_cancelled(task))
        nap(0.002);
    return tri_fail(TRI_CANCELLED, "stopped");
}

static tri_status sleep_s(tri_pool_task *task, const void *in, size_t bytes) {
    double seconds;
    (void)bytes;
    memcpy(&seconds, in, sizeof seconds);
    nap(seconds);
    return tri_pool_return(task, &seconds, sizeof seconds);
}

/* Kills its process; never that of the manager. */
static pid_t manager_process;
static tri_status die(tri_pool_task *task, const void *in, size_t bytes) {
    (void)in, (void)bytes, (void)task;
    if (getpid() != manager_process) raise(SIGKILL);
    return TRI_OK;
}

static atomic_int inside, most;
static tri_status cores(tri_pool_task *task, const void *in, size_t bytes) {
    (void)in, (void)bytes;
    int now = atomic_fetch_add(&inside, tri_pool_where(task)->cores) + tri_pool_where(task)->cores;
    for (int before = atomic_load(&most);
         now > before && !atomic_compare_exchange_weak(&most, &before, now);) {
    }
    nap(0.001);
    atomic_fetch_sub(&inside, tri_pool_where(task)->cores);
    return tri_pool_return(task, tri_pool_where(task)->device,
                           (size_t)tri_pool_where(task)->devices * sizeof(int));
}

static const tri_pool_function functions[] = {
    {"square", square}, {"echo", echo}, {"fail_first", fail_first}, {"wait_cancel", wait_cancel},
    {"sleep", sleep_s}, {"die", die},   {"cores", cores},           {NULL, NULL},
};

/* ---- one process ---- */

static tri_pool *make(int slots, int listens) {
    tri_pool *pool = NULL;
    tri_pool_options options = {.functions = functions, .slots = slots, .listens = listens, .devices = 2};
    CHECK_OK(tri_pool_create(&options, &pool));
    return pool;
}

static void map_sizes(int slots) {
    static const size_t counts[] = {0, 1, 7, 1000}, chunks[] = {0, 1, 3, 5000};
    tri_pool *pool = make(slots, 0);
    double in[1000], out[1000];
    for (size_t i = 0; i < 1000; i++)
        in[i] = (double)i;
    for (int c = 0; c < 4; c++)
        for (int k = 0; k < 4; k++) {
            memset(out, 0, sizeof out);
            CHECK_OK(tri_pool_map(pool, "square", counts[c], in, 8, out, 8, chunks[k], NULL));
            for (size_t i = 0; i < counts[c]; i++)
                CHECK(out[i] == in[i] * in[i], "%g at %zu", out[i], i);
        }
    CHECK_STATUS(tri_pool_map(pool, "square", 10, in, 8, out, 4, 3, NULL), TRI_ERR_WRONG);
    CHECK_STATUS(tri_pool_map(pool, "cube", 10, in, 8, out, 8, 3, NULL), TRI_ERR_ARGUMENT);
    tri_pool_destroy(&pool, TRI_OK);
}

static void results(void) {
    tri_pool *pool = make(2, 0);
    tri_job *job = NULL;
    const tri_pool_result *result = NULL;
    size_t large = 5 << 20;
    char *bytes = malloc(large);
    memset(bytes, 'x', large);
    CHECK_OK(tri_pool_submit(pool, "echo", bytes, large, NULL, &job));
    CHECK_OK(tri_job_wait(job, TRI_FOREVER, &result));
    CHECK(result->count == large && !memcmp(result->bytes, bytes, large), "%zu bytes", result->count);
    CHECK(result->attempts == 1 && result->worker == 0 && *result->host && result->start_s > 1e9,
          "who and when");
    tri_job_destroy(&job);
    free(bytes);
    CHECK_OK(tri_pool_submit(pool, "square", "abc", 3, NULL, &job));
    CHECK_STATUS(tri_job_wait(job, TRI_FOREVER, &result), TRI_ERR_ARGUMENT);
    CHECK(!strcmp(tri_error_text(), "3 bytes") && !strcmp(result->error, "3 bytes"), "%s", tri_error_text());
    tri_job_destroy(&job);
    for (int retries = 0; retries < 3; retries++) {
        int times = 1;
        tri_pool_how how = {.retries = retries};
        CHECK_OK(tri_pool_submit(pool, "fail_first", &times, sizeof times, &how, &job));
        CHECK_STATUS(tri_job_wait(job, TRI_FOREVER, &result), retries ? TRI_OK : TRI_ERR_WRONG);
        CHECK(result->attempts == (retries ? 2 : 1), "%d attempts", result->attempts);
        tri_job_destroy(&job);
    }
    tri_pool_destroy(&pool, TRI_OK);
}

/* The order in which one slot does what waits for it. */
static void order(void) {
    static const struct {
        int priority;
        double estimate_s;
        long expected;
    } all[] = {{0, 1, 3}, {0, 2, 2}, {1, 0, 1}, {0, 1, 4}, {5, 0, 0}, {-1, 9, 5}};
    tri_pool *pool = make(1, 0);
    tri_queue *ended = NULL;
    double x = 1;
    CHECK_OK(tri_queue_create(TRI_QUEUE_FIFO, 0, &ended));
    tri_pool_hold(pool, 1);
    for (int i = 0; i < 6; i++) {
        tri_pool_how how = {.priority = all[i].priority,
                            .estimate_s = all[i].estimate_s,
                            .ended = ended,
                            .tag = (void *)(intptr_t)all[i].expected};
        CHECK_OK(tri_pool_submit(pool, "square", &x, sizeof x, &how, NULL));
    }
    CHECK(tri_pool_wait(pool, tri_deadline(0.05)) == TRI_TIMED_OUT, "held");
    tri_pool_hold(pool, 0);
    for (long i = 0; i < 6; i++) {
        void *item = NULL;
        CHECK_OK(tri_queue_get(ended, TRI_FOREVER, &item));
        tri_job *job = item;
        CHECK((intptr_t)tri_job_tag(job) == i, "%ld came as number %ld", (long)(intptr_t)tri_job_tag(job), i);
        tri_job_destroy(&job);
    }
    CHECK_OK(tri_pool_wait(pool, TRI_FOREVER));
    tri_queue_destroy(&ended);
    tri_pool_destroy(&pool, TRI_OK);
}

static void dependencies(void) {
    enum { CHAIN = 20000 };
    tri_pool *pool = make(2, 0);
    tri_job **job = calloc(CHAIN, sizeof(tri_job *));
    for (int fails = 0; fails < 2; fails++) {
        double x = 2;
        tri_pool_hold(pool, 1);
        for (int i = 0; i < CHAIN; i++) {
            tri_pool_how how = {.after = i ? &job[i - 1] : NULL, .after_count = i > 0};
            CHECK_OK(tri_pool_submit(pool, "square", &x, fails && !i ? 1 : sizeof x, &how, &job[i]));
        }
        tri_pool_hold(pool, 0);
        CHECK_STATUS(tri_job_wait(job[CHAIN - 1], TRI_FOREVER, NULL), fails ? TRI_CANCELLED : TRI_OK);
        /* One that comes after what has ended. */
        tri_pool_how how = {.after = job, .after_count = 2};
        tri_job *late = NULL;
        CHECK_OK(tri_pool_submit(pool, "square", &x, sizeof x, &how, &late));
        CHECK_STATUS(tri_job_wait(late, TRI_FOREVER, NULL), fails ? TRI_CANCELLED : TRI_OK);
        tri_job_destroy(&late);
        for (int i = 0; i < CHAIN; i++)
            tri_job_destroy(&job[i]);
    }
    free(job);
    tri_pool_destroy(&pool, TRI_OK);
}

static void cancel_and_limit(void) {
    tri_pool *pool = make(1, 0);
    tri_job *runs = NULL, *waits = NULL, *late = NULL;
    const tri_pool_result *result = NULL;
    tri_pool_how how = {.limit_s = 0.05};
    CHECK_OK(tri_pool_submit(pool, "wait_cancel", NULL, 0, NULL, &runs));
    CHECK_OK(tri_pool_submit(pool, "wait_cancel", NULL, 0, NULL, &waits));
    tri_job_cancel(waits);
    CHECK_STATUS(tri_job_wait(waits, TRI_FOREVER, NULL), TRI_CANCELLED);
    CHECK_STATUS(tri_job_wait(runs, tri_deadline(0.02), NULL), TRI_TIMED_OUT);
    tri_job_cancel(runs);
    tri_job_cancel(runs);
    CHECK_STATUS(tri_job_wait(runs, TRI_FOREVER, NULL), TRI_CANCELLED);
    CHECK_OK(tri_pool_submit(pool, "wait_cancel", NULL, 0, &how, &late));
    CHECK_STATUS(tri_job_wait(late, TRI_FOREVER, &result), TRI_TIMED_OUT);
    CHECK(strstr(result->error, "time limit of 0.05 s"), "%s", result->error);
    tri_job_destroy(&runs);
    tri_job_destroy(&waits);
    tri_job_destroy(&late);
    /* The pool ends with a task that runs and one that waits. */
    CHECK_OK(tri_pool_submit(pool, "wait_cancel", NULL, 0, NULL, &runs));
    CHECK_OK(tri_pool_submit(pool, "wait_cancel", NULL, 0, NULL, &waits));
    nap(0.02);
    tri_pool_destroy(&pool, TRI_OK);
    CHECK_STATUS(tri_job_wait(runs, TRI_AT_ONCE, NULL), TRI_CANCELLED);
    CHECK_STATUS(tri_job_wait(waits, TRI_AT_ONCE, NULL), TRI_CANCELLED);
    tri_job_destroy(&runs);
    tri_job_destroy(&waits);
}

/* Tasks of several cores and devices never use more than there are, and small ones fill the gaps. */
static void capacities(void) {
    tri_pool *pool = make(4, 0);
    tri_job *job[60];
    for (int i = 0; i < 60; i++) {
        tri_pool_how how = {.cores = 1 + i % 4, .devices = i % 3};
        CHECK_OK(tri_pool_submit(pool, "cores", NULL, 0, &how, &job[i]));
    }
    for (int i = 0; i < 60; i++) {
        const tri_pool_result *result = NULL;
        CHECK_OK(tri_job_wait(job[i], TRI_FOREVER, &result));
        CHECK(result->count == (size_t)(i % 3) * sizeof(int), "%zu bytes for %d devices", result->count,
              i % 3);
        tri_job_destroy(&job[i]);
    }
    CHECK(atomic_load(&most) <= 4, "%d cores", atomic_load(&most));
    tri_pool_destroy(&pool, TRI_OK);
    tri_pool_options options = {.functions = functions, .slots = 1, .patience_s = 0.2};
    tri_pool_how how = {.cores = 2};
    CHECK_OK(tri_pool_create(&options, &pool));
    CHECK_OK(tri_pool_submit(pool, "cores", NULL, 0, &how, &job[0]));
    CHECK_STATUS(tri_job_wait(job[0], TRI_FOREVER, NULL), TRI_ERR_IMPOSSIBLE);
    tri_job_destroy(&job[0]);
    tri_pool_destroy(&pool, TRI_OK);
}

/* ---- other processes ---- */

static char address[TRI_POOL_ADDRESS];

/* Before any thread is made, so that fork() is safe: the child waits for the address. */
static pid_t start_worker(int *pipe_out, int slots) {
    int ends[2];
    if (pipe(ends)) exit(3);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        tri_pool_options options = {.functions = functions, .slots = slots, .patience_s = 10};
        if (read(ends[0], address, sizeof address) <= 0) _exit(0);
        _exit(tri_status_exit(tri_pool_work(address, &options)));
    }
    close(ends[0]);
    *pipe_out = ends[1];
    return child;
}

typedef struct count {
    atomic_int joined, left, lost, given, bytes, ended;
} count;

static void watch(void *argument, const tri_pool_event *event) {
    count *c = argument;
    atomic_int *all[] = {[TRI_POOL_JOINED] = &c->joined,
                         [TRI_POOL_LEFT] = &c->left,
                         [TRI_POOL_LOST] = &c->lost,
                         [TRI_POOL_GIVEN] = &c->given,
                         [TRI_POOL_ENDED] = &c->ended};
    if (event->what == TRI_POOL_BYTES)
        atomic_fetch_add(&c->bytes, (int)event->count);
    else if (event->what <= TRI_POOL_LEFT && all[event->what])
        atomic_fetch_add(all[event->what], 1);
}

static void tell(const tri_pool *pool, int file) {
    snprintf(address, sizeof address, "%s", tri_pool_address(pool));
    CHECK(write(file, address, sizeof address) == sizeof address, "pipe");
    close(file);
}

static void wait_for(atomic_int *value, int least) {
    while (atomic_load(value) < least)
        nap(0.005);
}

static void lose_workers(void) {
    enum { WORKERS = 3, TASKS = 200 };
    int file[WORKERS];
    pid_t child[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        child[i] = start_worker(&file[i], 2);
    count c = {0};
    tri_pool *pool = NULL;
    tri_pool_options options = {
        .functions = functions, .slots = 1, .listens = 1, .watch = watch, .argument = &c};
    CHECK_OK(tri_pool_create(&options, &pool));
    for (int i = 0; i < WORKERS; i++)
        tell(pool, file[i]);
    wait_for(&c.joined, WORKERS + 1);
    tri_job *job[TASKS], *bad = NULL;
    const tri_pool_result *result = NULL;
    for (int i = 0; i < TASKS; i++) {
        double seconds = 0.002;
        CHECK_OK(tri_pool_submit(pool, "sleep", &seconds, sizeof seconds, NULL, &job[i]));
    }
    nap(0.03);
    kill(child[0], SIGKILL);
    for (int i = 0; i < TASKS; i++) {
        CHECK_OK(tri_job_wait(job[i], TRI_FOREVER, &result));
        CHECK(result->count == sizeof(double), "a result");
        tri_job_destroy(&job[i]);
    }
    /* The others' tasks run to their end, although one task kills both workers; it has failed then. */
    double x = 3;
    for (int i = 0; i < 20; i++)
        CHECK_OK(tri_pool_submit(pool, "square", &x, sizeof x, NULL, &job[i]));
    CHECK_OK(tri_pool_submit(pool, "die", NULL, 0, NULL, &bad));
    for (int i = 0; i < 20; i++) {
        CHECK_OK(tri_job_wait(job[i], TRI_FOREVER, NULL));
        tri_job_destroy(&job[i]);
    }
    (void)tri_job_wait(bad, TRI_FOREVER, &result);
    CHECK(result->attempts <= 3, "%d attempts", result->attempts);
    tri_job_destroy(&bad);
    CHECK(atomic_load(&c.ended) == TASKS + 21, "%d ended", atomic_load(&c.ended));
    CHECK(atomic_load(&c.given) == atomic_load(&c.ended) + atomic_load(&c.lost), "given %d",
          atomic_load(&c.given));
    tri_pool_destroy(&pool, TRI_OK);
    for (int i = 0; i < WORKERS; i++)
        waitpid(child[i], NULL, 0);
}

/* A worker whose function ignores its time limit is given up, and the task has failed by its limit. */
static void stuck_worker(void) {
    int file;
    pid_t child = start_worker(&file, 1);
    count c = {0};
    tri_pool *pool = NULL;
    tri_pool_options options = {
        .functions = functions, .slots = -1, .listens = 1, .watch = watch, .argument = &c};
    CHECK_OK(tri_pool_create(&options, &pool));
    tell(pool, file);
    wait_for(&c.joined, 1);
    tri_job *job = NULL;
    double seconds = 9;
    tri_pool_how how = {.limit_s = 0.1};
    CHECK_OK(tri_pool_submit(pool, "sleep", &seconds, sizeof seconds, &how, &job));
    CHECK_STATUS(tri_job_wait(job, TRI_FOREVER, NULL), TRI_TIMED_OUT);
    tri_job_destroy(&job);
    tri_pool_destroy(&pool, TRI_OK);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* The status of the end reaches the workers, and a worker leaves after what it does. */
static void leave(void) {
    int file[2], status = 0;
    pid_t child[2] = {start_worker(&file[0], 1), start_worker(&file[1], 1)};
    count c = {0};
    tri_pool *pool = NULL;
    tri_pool_options options = {
        .functions = functions, .slots = -1, .listens = 1, .watch = watch, .argument = &c};
    CHECK_OK(tri_pool_create(&options, &pool));
    tell(pool, file[0]);
    tell(pool, file[1]);
    wait_for(&c.joined, 2);
    char large[300000] = "x";
    CHECK_OK(tri_pool_submit(pool, "echo", large, sizeof large, NULL, NULL));
    CHECK_OK(tri_pool_wait(pool, TRI_FOREVER));
    CHECK(atomic_load(&c.bytes) == sizeof large, "%d bytes", atomic_load(&c.bytes));
    tri_pool_destroy(&pool, TRI_STOPPED);
    for (int i = 0; i < 2; i++) {
        waitpid(child[i], &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 75, "status %d", status);
    }
    unlink("address");
}

/* ---- strangers ---- */

static int connect_pool(const tri_pool *pool) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *path = strstr(tri_pool_address(pool), " unix:") + 6;
    snprintf(name.sun_path, sizeof name.sun_path, "%.*s", (int)strcspn(path, " "), path);
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(!connect(file, (struct sockaddr *)&name, sizeof name), "connect");
    return file;
}

/* Whatever they send, the pool works on, and they are put out. */
static void strangers(void) {
    static const uint8_t sends[][48] = {
        "GET / HTTP/1.0\r\n\r\n", {255, 255, 255, 255, 1},     {0, 0, 0, 0, 0},  {1, 0, 0, 0, 3},
        {1, 0, 0, 0, 9},          {5, 0, 0, 0, 1, 2, 3, 4, 5}, {33, 0, 0, 0, 3}, {1, 0, 0, 0, 99}};
    tri_pool *pool = make(1, 1);
    double in = 3, out = 0;
    for (size_t i = 0; i < sizeof sends / sizeof *sends; i++) {
        char answer[64];
        int file = connect_pool(pool);
        CHECK(send(file, sends[i], sizeof sends[i], MSG_NOSIGNAL) > 0, "send");
        CHECK(recv(file, answer, sizeof answer, 0) <= 0, "case %zu was answered", i);
        close(file);
    }
    int silent = connect_pool(pool);
    CHECK_OK(tri_pool_map(pool, "square", 1, &in, 8, &out, 8, 0, NULL));
    CHECK(out == 9, "%g", out);
    /* Another key, and another program. */
    tri_pool_options options = {.functions = functions, .slots = 1, .patience_s = 1};
    static const tri_pool_function others[] = {{"square", square}, {NULL, NULL}};
    tri_pool_options other = {.functions = others, .slots = 1, .patience_s = 1};
    char wrong[TRI_POOL_ADDRESS];
    snprintf(wrong, sizeof wrong, "%s", tri_pool_address(pool));
    CHECK_STATUS(tri_pool_work(wrong, &other), TRI_ERR_ENVIRONMENT);
    CHECK(strstr(tri_error_text(), "another version of the program"), "%s", tri_error_text());
    wrong[20] = wrong[20] == '0' ? '1' : '0';
    CHECK_STATUS(tri_pool_work(wrong, &options), TRI_ERR_ENVIRONMENT);
    CHECK(strstr(tri_error_text(), "does not have its key"), "%s", tri_error_text());
    CHECK_STATUS(tri_pool_work("nonsense", &options), TRI_ERR_ARGUMENT);
    close(silent);
    /* Files of addresses */
    char found[TRI_POOL_ADDRESS], path[64];
    snprintf(path, sizeof path, "/tmp/trireme-address.%d", (int)getpid());
    CHECK_STATUS(tri_pool_find(path, TRI_AT_ONCE, found), TRI_TIMED_OUT);
    CHECK_OK(tri_pool_publish(pool, path));
    CHECK_OK(tri_pool_find(path, TRI_AT_ONCE, found));
    CHECK(!strcmp(found, tri_pool_address(pool)), "%s", found);
    chmod(path, 0644);
    CHECK_STATUS(tri_pool_find(path, TRI_AT_ONCE, found), TRI_ERR_DATA);
    unlink(path);
    tri_pool_destroy(&pool, TRI_OK);
    CHECK_STATUS(tri_pool_work(found, &options), TRI_ERR_ENVIRONMENT);
}

int main(void) {
    manager_process = getpid();
    lose_workers();
    leave();
    stuck_worker();
    for (int slots = 1; slots <= 3; slots++)
        map_sizes(slots);
    results();
    order();
    dependencies();
    cancel_and_limit();
    capacities();
    strangers();
    return check_result("pool");
}
