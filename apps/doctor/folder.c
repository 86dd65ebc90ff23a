/* Linked into doctor and doctor-probe. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/doctor/doctor.h"

void doctor_existing_folder(const char *folder, char *out, size_t bytes) {
    struct stat s;
    snprintf(out, bytes, "%s", folder);
    while (stat(out, &s) && errno == ENOENT && strcmp(out, ".") != 0 && strcmp(out, "/") != 0) {
        const char *parent = dirname(out); /* it shortens `out` */
        memmove(out, parent, strlen(parent) + 1);
    }
}
