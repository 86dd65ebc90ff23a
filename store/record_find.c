/* What is done with a record in memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/record.h"

static const tri_record_item *find(const tri_record_item *items, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(items[i].name, name)) return &items[i];
    return NULL;
}

const tri_record_item *tri_record_find(const tri_record *record, const char *name) {
    const tri_record_item *item = find(record->attribute, record->attributes, name);
    return item ? item : find(record->dataset, record->datasets, name + (*name == '/'));
}

const char *tri_record_text(const tri_record *record, const char *name) {
    const tri_record_item *item = find(record->attribute, record->attributes, name);
    return item && item->texts && item->count ? item->texts[0] : "";
}

double tri_record_number(const tri_record_item *item, size_t index) {
    if (!item || index >= item->count) return NAN;
    if (item->reals) return item->reals[index];
    return item->integers ? (double)item->integers[index] : NAN;
}

void tri_record_free_item(tri_record_item *item) {
    for (size_t i = 0; item->texts && i < item->count; i++)
        free(item->texts[i]);
    free(item->texts);
    free(item->reals);
    free(item->integers);
    free(item->name);
    free(item->units);
    free(item->long_name);
}

void tri_record_destroy(tri_record **record) {
    if (!record || !*record) return;
    for (size_t i = 0; i < (*record)->attributes; i++)
        tri_record_free_item(&(*record)->attribute[i]);
    for (size_t i = 0; i < (*record)->datasets; i++)
        tri_record_free_item(&(*record)->dataset[i]);
    free((*record)->attribute);
    free((*record)->dataset);
    free((*record)->file);
    free(*record);
    *record = NULL;
}
