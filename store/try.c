/* What the child of look.h does: opens a dataset and reads what its parent will read first, to find out
 * whether HDF5 survives it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/array.h"
#include "store/dataset.h"
#include "store/hdf5.h"
#include "store/look.h"
#include "store/record.h"

static const size_t piece_bytes = (size_t)1 << 20, most_bytes = (size_t)16 << 20;
static const double most_s = 0.5;

/* An attribute of the root group, or "": those of the dataset. */
static void try_attribute(const tri_dataset *dataset, const char *name) {
    tri_template like;
    int64_t integer;
    char *text;
    if (!*name) {
        if (tri_template_take(dataset, &like) == TRI_OK) tri_template_free(&like);
        return;
    }
    if (tri_dataset_file_text(dataset, name, &text) == TRI_OK)
        free(text);
    else
        (void)!tri_dataset_file_integer(dataset, name, &integer);
}

/* Reads at most `count` elements from `first` on. *more: how many. False: HDF5 returned an error. */
static int try_block(tri_dataset *dataset, size_t first, size_t count, void *out, size_t *more) {
    hsize_t from[H5S_MAX_RANK], length[H5S_MAX_RANK];
    size_t start[H5S_MAX_RANK], block[H5S_MAX_RANK];
    *more = count;
    if (!dataset->rank)
        return dataset->native_bytes && tri_dataset_read_numbers(dataset, 0, 1, out) == TRI_OK;
    *more = tri_block_at(dataset->rank, dataset->dims, first, count, from, length);
    for (int i = 0; i < dataset->rank; i++) {
        start[i] = from[i];
        block[i] = length[i];
    }
    if (dataset->native_bytes && tri_dataset_read_numbers(dataset, first, *more, out) != TRI_OK) return 0;
    return tri_dataset_read_stored(dataset, start, block, out) == TRI_OK;
}

/* Reads the first elements, for a limited time. A chunk that takes long to decompress is not read: that
 * would not be distinguished from a loop. */
static void try_elements(tri_dataset *dataset) {
    size_t element = dataset->stored_bytes > 8 ? dataset->stored_bytes : 8, chunk_bytes = element;
    for (int i = 0; i < dataset->rank && chunk_bytes <= most_bytes; i++)
        chunk_bytes *= dataset->chunk[i] ? dataset->chunk[i] : 1;
    if (chunk_bytes > most_bytes) return;
    size_t piece = element < piece_bytes ? piece_bytes / element : 1, count = most_bytes / element;
    void *out = malloc(piece * element);
    clock_t end = clock() + (clock_t)(most_s * CLOCKS_PER_SEC);
    if (count > dataset->count) count = dataset->count;
    for (size_t done = 0, more; out && done < count && clock() < end; done += more)
        if (!try_block(dataset, done, count - done < piece ? count - done : piece, out, &more)) break;
    free(out);
}

static void try_dataset(const char *file, const char *path, int any, const char *attribute) {
    tri_dataset *dataset = NULL;
    tri_record *record = NULL;
    if (attribute && !strcmp(attribute, TRI_LOOK_RECORD)) {
        if (tri_record_read_here(file, &record) == TRI_OK) tri_record_destroy(&record);
        H5close();
        return;
    }
    tri_status status = any ? tri_dataset_open_stored(NULL, file, path, &dataset)
                            : tri_dataset_open(NULL, file, path, &dataset);
    if (status == TRI_OK && attribute)
        try_attribute(dataset, attribute);
    else if (status == TRI_OK)
        try_elements(dataset);
    tri_dataset_destroy(&dataset);
    /* What an error has left in HDF5 is closed at the end of a process. */
    H5close();
}

void tri_store_look_first(int argc, char **argv) {
    /* A program reports what went wrong itself. HDF5 may not call anything wrong until it closes itself. */
    tri_h5_stay_quiet();
    tri_look_first(argc, argv, try_dataset);
}
