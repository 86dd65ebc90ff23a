/* Specifications FILE:/path, and lists of datasets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/hdf5.h"

static int is_file(const char *name) {
    struct stat status;
    return !stat(name, &status) && !S_ISDIR(status.st_mode);
}

size_t tri_is_input(const char *spec) {
    static const char *const names[] = {"-", "/dev/stdin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (!strncmp(spec, names[i], length) && (!spec[length] || spec[length] == ':')) return length;
    }
    return 0;
}

/* The ':' between file and path, or NULL. Modifies `copy` temporarily. */
static char *find_split(char *copy) {
    if (is_file(copy)) return NULL;
    for (char *colon = strchr(copy, ':'); colon; colon = strchr(colon + 1, ':')) {
        *colon = 0;
        int found = is_file(copy);
        *colon = ':';
        if (found) return colon;
    }
    char *last = NULL;
    for (char *at = strstr(copy, ":/"); at; at = strstr(at + 1, ":/"))
        last = at;
    return last;
}

tri_status tri_spec_split(const char *spec, char **file, char **path) {
    char *copy = strdup(spec), *inside = NULL;
    if (!copy) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", spec);
    size_t input = tri_is_input(copy);
    char *colon = !input ? find_split(copy) : copy[input] ? copy + input : NULL;
    if (colon) {
        *colon = 0;
        inside = strdup(colon + 1);
        if (!inside) {
            free(copy);
            return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", spec);
        }
    }
    *file = copy;
    *path = inside;
    return TRI_OK;
}

typedef struct listing {
    const char *prefix;
    char *text;
    size_t bytes, used;
    int seen;
} listing;

static herr_t list_link(hid_t group, const char *name, const H5L_info_t *info, void *data) {
    listing *list = data;
    if (info->type == H5L_TYPE_EXTERNAL) return 0;
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    /* A soft link may name what is not there. */
    if (object < 0) return info->type == H5L_TYPE_HARD ? -1 : 0;
    int is_dataset = H5Iget_type(object) == H5I_DATASET;
    H5Oclose(object);
    if (!is_dataset) return 0;
    int full = list->seen++ == 8;
    int length = snprintf(list->text + list->used, list->bytes - list->used, full ? "%s..." : "%s%s/%s",
                          list->seen > 1 ? ", " : "", list->prefix, name);
    list->used += (size_t)length;
    if (list->used >= list->bytes) list->used = list->bytes - 1;
    return full;
}

int tri_h5_list(hid_t group, const char *prefix, char *text, size_t bytes) {
    listing list = {.prefix = prefix, .text = text, .bytes = bytes};
    text[0] = 0;
    return H5Lvisit(group, H5_INDEX_NAME, H5_ITER_INC, list_link, &list) < 0 ? -1 : list.seen;
}
