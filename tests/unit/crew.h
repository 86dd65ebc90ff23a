/* Threads of a test: crew_run(n, work, argument) calls work(argument, i) on n threads and joins them. */
#ifndef TRIREME_TESTS_CREW_H
#define TRIREME_TESTS_CREW_H

#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "trireme/sync.h"

typedef struct crew_member {
    void (*work)(void *argument, int thread);
    void *argument;
    int thread;
    tri_thread *id;
} crew_member;

static inline void crew_main(void *data) {
    crew_member *self = data;
    self->work(self->argument, self->thread);
}

static inline void crew_start(crew_member *crew, int threads, void (*work)(void *, int), void *argument) {
    for (int i = 0; i < threads; i++) {
        crew[i] = (crew_member){work, argument, i, NULL};
        tri_status status = tri_thread_create("crew", crew_main, &crew[i], &crew[i].id);
        CHECK(status == TRI_OK, "%s", tri_error_text());
        if (status != TRI_OK) exit(check_result("no threads"));
    }
}

static inline void crew_join(crew_member *crew, int threads) {
    for (int i = 0; i < threads; i++)
        tri_thread_join(&crew[i].id);
}

enum { CREW_MOST = 16 };

static inline void crew_run(int threads, void (*work)(void *, int), void *argument) {
    crew_member crew[CREW_MOST];
    crew_start(crew, threads, work, argument);
    crew_join(crew, threads);
}

#endif
