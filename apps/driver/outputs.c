/* The outputs of a program: when they may replace files, and what a signal does to unfinished ones. */
#include <signal.h>

#include "apps/driver/machine.h"

bool tri_replaces(const tri_run *run) {
    return run->common->replace || run->repeat > -run->common->warmup || run->resumes;
}

/* Removes unfinished files and ends as the signal does by default. */
static void on_end(int signal_number) {
    tri_output_abandon();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

void tri_outputs_guard(void) {
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGXCPU};
    struct sigaction old, ours = {.sa_handler = on_end};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!sigaction(ends[i], NULL, &old) && !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL)
            sigaction(ends[i], &ours, NULL);
}
