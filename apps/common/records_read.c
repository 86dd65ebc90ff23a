/* Which files, and reading them. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/common/records_filter.h"

typedef struct name_list {
    char **name;
    size_t count, room;
} name_list;

static tri_status add_name(name_list *list, const char *folder, const char *name) {
    if (list->count == list->room) {
        char **larger = realloc(list->name, (2 * list->room + 16) * sizeof *larger);
        if (!larger) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu names", list->count);
        list->name = larger;
        list->room = 2 * list->room + 16;
    }
    size_t length = strlen(folder) + strlen(name) + 2;
    char *path = malloc(length);
    if (!path) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", name);
    snprintf(path, length, "%s%s%s", folder, *folder ? "/" : "", name);
    list->name[list->count++] = path;
    return TRI_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The result files of a folder, by name. */
static tri_status add_folder(name_list *list, const char *folder) {
    DIR *open = opendir(folder);
    size_t first = list->count;
    tri_status status = TRI_OK;
    if (!open) return tri_fail(TRI_ERR_FILE, "cannot read the folder '%s': %s", folder, strerror(errno));
    for (struct dirent *entry; status == TRI_OK && (entry = readdir(open));) {
        size_t length = strlen(entry->d_name);
        if (*entry->d_name != '.' && length > 3 && !strcmp(entry->d_name + length - 3, ".h5"))
            status = add_name(list, folder, entry->d_name);
    }
    closedir(open);
    if (list->count > first) qsort(list->name + first, list->count - first, sizeof *list->name, by_name);
    if (status == TRI_OK && list->count == first)
        status = tri_fail(TRI_ERR_FILE, "the folder '%s' has no .h5 file", folder);
    return status;
}

static tri_status find_names(const tri_texts *names, name_list *list) {
    for (size_t i = 0; i < names->count; i++) {
        struct stat file;
        bool folder = !stat(names->text[i], &file) && S_ISDIR(file.st_mode);
        TRI_TRY(folder ? add_folder(list, names->text[i]) : add_name(list, "", names->text[i]));
    }
    return TRI_OK;
}

/* Reads what it can; the first failure is returned. */
static tri_status read_all(const name_list *list, const records_filter *filter, records *out) {
    tri_status worst = TRI_OK;
    char why[1024];
    size_t bad = 0;
    out->record = calloc(list->count + 1, sizeof *out->record);
    if (!out->record) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu files", list->count);
    for (size_t i = 0; i < list->count; i++) {
        tri_record *record = NULL;
        tri_status status = tri_record_read(list->name[i], &record);
        if (status == TRI_ERR_ABSENT || status == TRI_ERR_MEMORY) return status;
        if (status != TRI_OK && !bad++) {
            snprintf(why, sizeof why, "%s", tri_error_text());
            worst = status;
        }
        if (status == TRI_OK && records_filter_passes(filter, record))
            out->record[out->count++] = record;
        else
            tri_record_destroy(&record);
    }
    if (bad > 1) return tri_fail(worst, "%s (and %zu more)", why, bad - 1);
    return bad ? tri_fail(worst, "%s", why) : TRI_OK;
}

tri_status records_read(const tri_texts *names, const char *where, records *out) {
    name_list list = {0};
    records_filter filter = {0};
    *out = (records){0};
    tri_status status = where ? records_filter_parse(where, &filter) : TRI_OK;
    if (status == TRI_OK) status = find_names(names, &list);
    if (status == TRI_OK) status = read_all(&list, &filter, out);
    records_filter_free(&filter);
    for (size_t i = 0; i < list.count; i++)
        free(list.name[i]);
    free(list.name);
    return status;
}

void records_free(records *all) {
    for (size_t i = 0; i < all->count; i++)
        tri_record_destroy(&all->record[i]);
    free(all->record);
    *all = (records){0};
}
