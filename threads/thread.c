#include "trireme/sync.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tri_thread {
    pthread_t id;
    void (*run)(void *argument);
    void *argument;
    char name[TRI_THREAD_NAME];
};

static void *thread_main(void *data) {
    tri_thread *self = data;
    /* Not by the creator: the thread might have ended. */
    pthread_setname_np(pthread_self(), self->name);
    self->run(self->argument);
    return NULL;
}

/* Blocks signals, so that the new thread does not run the program's handlers; except faults and profiling. */
static void block_signals(sigset_t *before) {
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigdelset(&set, kept[i]);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

tri_status tri_thread_create(const char *name, void (*run)(void *argument), void *argument,
                             tri_thread **out) {
    tri_thread *thread = malloc(sizeof *thread);
    if (!thread) return tri_fail(TRI_ERR_MEMORY, "no memory for thread %s", name);
    *thread = (tri_thread){.run = run, .argument = argument};
    snprintf(thread->name, sizeof thread->name, "%s", name);
    sigset_t before;
    block_signals(&before);
    int error = pthread_create(&thread->id, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(thread);
        return tri_fail(TRI_ERR_SYSTEM, "cannot create thread %s: %s (check ulimit -u and memory)", name,
                        strerror(error));
    }
    *out = thread;
    return TRI_OK;
}

void tri_thread_join(tri_thread **thread) {
    if (!thread || !*thread) return;
    pthread_join((*thread)->id, NULL);
    free(*thread);
    *thread = NULL;
}
