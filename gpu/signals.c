/* PoCL, by the compiler in it, takes over nearly every signal at the first OpenCL call of a process: SIGUSR1 is
 * swallowed from then on, SIGTERM and SIGINT go another way, a crash prints two stacks. What a program has decided
 * about its signals stands, so the library puts everything back. SIGFPE alone stays with PoCL where the program had
 * no use for it: kernels rely on it, since dividing an integer by zero is no error in OpenCL. */
#include "gpu/device.h"

void tri_gpu_signals_save(tri_gpu_signals *signals) {
    for (int s = 1; s < TRI_GPU_SIGNALS; s++)
        signals->known[s] = sigaction(s, NULL, &signals->action[s]) == 0;
}

void tri_gpu_signals_restore(const tri_gpu_signals *signals) {
    for (int s = 1; s < TRI_GPU_SIGNALS; s++) {
        struct sigaction now;
        const struct sigaction *before = &signals->action[s];
        if (!signals->known[s] || (s == SIGFPE && before->sa_handler == SIG_DFL)) continue;
        if (sigaction(s, NULL, &now) != 0 || now.sa_handler == before->sa_handler) continue;
        sigaction(s, before, NULL);
    }
}
