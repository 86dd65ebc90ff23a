/* What a worker has to offer. */
#include "pool/worker.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static size_t available_memory(void) {
    char line[128];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) break;
    if (file) fclose(file);
    return (size_t)kib * 1024;
}

int tri_worker_slots(const tri_pool_options *options) {
    cpu_set_t cores;
    if (options->slots < 0) return 0;
    if (options->slots) return options->slots;
    return sched_getaffinity(0, sizeof cores, &cores) ? 1 : CPU_COUNT(&cores);
}

size_t tri_worker_memory(const tri_pool_options *options) {
    return options->memory_bytes ? options->memory_bytes : available_memory();
}

tri_status tri_worker_functions(const tri_pool_function *functions, uint8_t out[TRI_DIGEST]) {
    tri_digester *digester = NULL;
    tri_digest_part parts[256];
    size_t count = 0;
    while (functions[count].name && count < sizeof parts / sizeof *parts) {
        parts[count] = (tri_digest_part){functions[count].name, strlen(functions[count].name) + 1};
        count++;
    }
    if (functions[count].name) return tri_fail(TRI_ERR_ARGUMENT, "a pool has at most 256 functions");
    TRI_TRY(tri_digester_create(&digester));
    tri_status status = tri_digester_run(digester, parts, count, out);
    tri_digester_destroy(&digester);
    return status;
}
