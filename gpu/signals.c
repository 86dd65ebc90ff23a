/* At the first OpenCL call of a process, the compiler in PoCL installs handlers for nearly all signals:
 * SIGUSR1 is then ignored, SIGTERM and SIGINT are handled differently, a crash prints two stacks. The library
 * restores the program's handlers. It leaves SIGFPE to PoCL if the program has no handler for it: kernels
 * rely on it, since integer division by zero is no error in OpenCL. */
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
