#include "apps/common/tuning.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void tri_tuning_here(tri_tuning *out) {
    char line[256], model[192] = "unknown processor";
    *out = (tri_tuning){.shapes = 0};
    FILE *info = fopen("/proc/cpuinfo", "r");
    while (info && fgets(line, sizeof line, info))
        if (sscanf(line, "model name : %191[^\n]", model) == 1) break;
    if (info) fclose(info);
    snprintf(out->machine, sizeof out->machine, "%s, %ld cores", model, sysconf(_SC_NPROCESSORS_ONLN));
    snprintf(out->mpi, sizeof out->mpi, "%s", TRIREME_MPI_NAME);
}

static tri_status take_line(tri_tuning *t, const char *line, const char *path, int number) {
    char *to = NULL;
    size_t room = 0, skip = 0;
    if (!strncmp(line, "machine ", 8)) {
        to = t->machine, room = sizeof t->machine, skip = 8;
    } else if (!strncmp(line, "mpi ", 4)) {
        to = t->mpi, room = sizeof t->mpi, skip = 4;
    } else if (!strncmp(line, "shape ", 6) && t->shapes < TRI_TUNING_SHAPES) {
        to = t->shape[t->shapes++], room = sizeof t->shape[0], skip = 6;
    }
    if (!to || strlen(line + skip) >= room)
        return tri_fail(TRI_ERR_DATA, "'%s', line %d: not a line of a tuning file; measure with trireme tune",
                        path, number);
    strcpy(to, line + skip);
    return TRI_OK;
}

tri_status tri_tuning_read(const char *path, tri_tuning *out) {
    char line[TRI_TUNING_LINE + 16];
    *out = (tri_tuning){.shapes = 0};
    FILE *file = fopen(path, "r");
    if (!file) return tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", path, strerror(errno));
    tri_status status = TRI_OK;
    for (int number = 1; status == TRI_OK && fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = 0;
        if (number > 1)
            status = take_line(out, line, path, number);
        else if (strcmp(line, TRI_TUNING_FIRST) != 0)
            status =
                tri_fail(TRI_ERR_DATA, "'%s' is no tuning file; trireme tune --out FILE writes one", path);
    }
    if (status == TRI_OK && !out->shapes) status = tri_fail(TRI_ERR_DATA, "'%s' has no measurements", path);
    fclose(file);
    return status;
}

tri_status tri_tuning_set(tri_tuning *t, const char *shape) {
    size_t name = strcspn(shape, ":") + 1;
    int at = 0;
    while (at < t->shapes && strncmp(t->shape[at], shape, name) != 0)
        at++;
    if (at == TRI_TUNING_SHAPES)
        return tri_fail(TRI_ERR_ARGUMENT, "a tuning file has at most %d shapes; start a new one",
                        TRI_TUNING_SHAPES);
    if (at == t->shapes) t->shapes++;
    snprintf(t->shape[at], sizeof t->shape[at], "%s", shape);
    return TRI_OK;
}
