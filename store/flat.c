#include "store/flat.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "trireme/size.h"

static const char npy_start[] = "\x93NUMPY", hdf5_start[] = "\x89HDF\r\n\x1a\n";
/* Elements that are converted or reordered at a time, in bytes. */
static const size_t scratch_bytes = (size_t)4 << 20;

/* ---- Which format ---- */

static int ends_with(const char *name, const char *ending) {
    size_t length = strlen(name), bytes = strlen(ending);
    return length > bytes && !strcasecmp(name + length - bytes, ending);
}

static int is_csv(const char *file) {
    return ends_with(file, ".csv") || ends_with(file, ".tsv");
}

/* The type in "TYPE" or "TYPE:SHAPE"; the caller closes it. *shape: NULL where there is none. */
static hid_t raw_type(const char *path, const char **shape) {
    char word[16];
    size_t length = path ? strcspn(path, ":") : 0;
    if (!length || length >= sizeof word) return H5I_INVALID_HID;
    memcpy(word, path, length);
    word[length] = 0;
    *shape = path[length] ? path + length + 1 : NULL;
    return tri_numpy_type(word);
}

static int is_raw(const char *path) {
    const char *shape;
    hid_t type = raw_type(path, &shape);
    if (type >= 0) H5Tclose(type);
    return type >= 0;
}

int tri_flat_is(const char *file, const char *path) {
    char start[8] = "";
    if (tri_is_input(file) || ends_with(file, ".npy") || is_csv(file)) return 1;
    /* O_NONBLOCK: do not block on a named pipe. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? 0 : read(fd, start, sizeof start);
    if (fd >= 0) close(fd);
    if (got >= 6 && !memcmp(start, npy_start, 6)) return 1;
    return fd >= 0 && (got < 8 || memcmp(start, hdf5_start, 8) != 0) && is_raw(path);
}

/* ---- Raw numbers ---- */

static tri_status raw_shape(const tri_source *source, const char *text, tri_layout *out) {
    char word[32];
    for (out->rank = 0;; out->rank++) {
        size_t length = strcspn(text, "x");
        if (out->rank == H5S_MAX_RANK || !length || length >= sizeof word) break;
        memcpy(word, text, length);
        word[length] = 0;
        if (tri_size_parse(word, &out->dims[out->rank]) != TRI_OK) break;
        text += length;
        if (!*text++) {
            out->rank++;
            return TRI_OK;
        }
    }
    return tri_fail(TRI_ERR_ARGUMENT, "'%s': the shape is not as in FILE:f8:1000x1000", source->name);
}

static tri_status raw_layout(const tri_source *source, const char *path, tri_layout *out) {
    const char *shape;
    out->type = raw_type(path, &shape);
    size_t bytes = H5Tget_size(out->type);
    if (shape) return raw_shape(source, shape, out);
    if (source->bytes % bytes)
        return tri_fail(TRI_ERR_DATA, "'%s' has %llu bytes: not a whole number of elements of %zu bytes",
                        source->name, (unsigned long long)source->bytes, bytes);
    out->rank = 1;
    out->dims[0] = source->bytes / bytes;
    return TRI_OK;
}

/* ---- Open ---- */

/* Compares the layout with the size of the file. exact: nothing may follow the elements; NumPy appends arrays
 * to one file. */
static tri_status check_size(const tri_source *source, const tri_layout *layout, int exact) {
    size_t bytes = H5Tget_size(layout->type), most = SIZE_MAX / 8, all = 1, length = 0;
    char shape[128];
    int empty = 0, over = 0;
    for (int i = 0; i < layout->rank; i++) {
        size_t n = layout->dims[i];
        empty |= !n;
        over |= n > most || (n && all > most / n);
        all *= over || !n ? 1 : n;
        if (length < sizeof shape)
            length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%zu", i ? " x " : "", n);
    }
    if (empty) all = 0;
    uint64_t has = source->bytes - layout->place;
    if (!over && all <= has / bytes && (!exact || all * bytes == has)) return TRI_OK;
    return tri_fail(TRI_ERR_FILE,
                    "'%s' has %llu bytes of elements, but %s elements of %zu bytes are announced: the file "
                    "is incomplete, or type or shape is wrong",
                    source->name, (unsigned long long)has, layout->rank ? shape : "1", bytes);
}

/* The name of the array: that of the file without folder and ending. */
static tri_status name_array(tri_dataset *dataset) {
    const char *slash = strrchr(dataset->file, '/'), *name = slash ? slash + 1 : dataset->file;
    if (!strcmp(name, "-")) name = "stdin";
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    dataset->path = calloc(length + 2, 1);
    if (!dataset->path) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", name);
    dataset->path[0] = '/';
    memcpy(dataset->path + 1, name, length);
    return TRI_OK;
}

/* Makes the HDF5 file in memory. */
static tri_status make_dataset(tri_dataset *dataset, const tri_layout *layout) {
    hsize_t dims[H5S_MAX_RANK];
    char name[64]; /* HDF5 opens a name once */
    snprintf(name, sizeof name, "trireme array %p", (void *)dataset);
    for (int i = 0; i < layout->rank; i++)
        dims[i] = layout->dims[i];
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, (size_t)16 << 10, 0);
    dataset->h5_file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    hid_t space = layout->rank ? H5Screate_simple(layout->rank, dims, NULL) : H5Screate(H5S_SCALAR);
    if (dataset->h5_file >= 0 && space >= 0)
        dataset->h5_dataset =
            H5Dcreate2(dataset->h5_file, "array", layout->type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (space >= 0) H5Sclose(space);
    if (dataset->h5_dataset >= 0) return TRI_OK;
    char reason[TRI_H5_REASON];
    return tri_fail(TRI_ERR_DATA, "cannot describe the array in '%s': %s", dataset->file,
                    tri_h5_reason(reason));
}

/* Finds out what the file holds, and where. */
static tri_status find_layout(tri_dataset *dataset, const char *path, tri_layout *layout) {
    tri_flat *flat = dataset->flat;
    const tri_source *source = &flat->source;
    char start[8] = "";
    size_t got;
    TRI_TRY(tri_source_read(source, 0, start, sizeof start, &got));
    if (got == 8 && !memcmp(start, hdf5_start, 8))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "%s is an HDF5 file, which is read under a name with the ending .h5: name the file",
                        source->name);
    if ((got >= 6 && !memcmp(start, npy_start, 6)) || ends_with(dataset->file, ".npy")) {
        if (path)
            return tri_fail(TRI_ERR_ARGUMENT, "'%s' is an .npy file, which holds one array: leave out ':%s'",
                            source->name, path);
        TRI_TRY(tri_npy_layout(source, layout));
        return check_size(source, layout, 0);
    }
    if (is_csv(dataset->file) || !is_raw(path)) return tri_csv_open(source, path, layout, &flat->csv);
    TRI_TRY(raw_layout(source, path, layout));
    return check_size(source, layout, 1);
}

tri_status tri_flat_open(tri_dataset *dataset, const char *path) {
    tri_source source;
    tri_layout layout = {.type = H5I_INVALID_HID};
    TRI_TRY(tri_source_open(dataset->file, &source));
    dataset->flat = calloc(1, sizeof *dataset->flat);
    if (!dataset->flat) {
        close(source.fd);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a dataset");
    }
    dataset->flat->source = source;
    tri_status status = find_layout(dataset, path, &layout);
    dataset->flat->place = source.begin + layout.place;
    dataset->flat->reversed = layout.reversed && layout.rank > 1;
    if (status == TRI_OK) status = make_dataset(dataset, &layout);
    if (status == TRI_OK) status = name_array(dataset);
    if (layout.type >= 0) H5Tclose(layout.type);
    return status;
}

void tri_flat_close(tri_flat **flat) {
    if (!flat || !*flat) return;
    tri_csv_close((*flat)->csv);
    close((*flat)->source.fd);
    free(*flat);
    *flat = NULL;
}

/* ---- Read ---- */

/* A block in the order of the file: axis 0 varies slowest. step: of each axis in the output, in elements. */
typedef struct reading {
    const tri_dataset *dataset;
    hid_t type;
    size_t stored, wanted; /* bytes of an element in the file and in the output */
    int rank, convert;
    size_t dims[H5S_MAX_RANK], step[H5S_MAX_RANK];
    char *scratch, *out;
    size_t room; /* of the scratch, in elements */
} reading;

typedef struct part {
    size_t start[H5S_MAX_RANK], count[H5S_MAX_RANK], at; /* at: in the output, in elements */
} part;

static size_t elements_of(const reading *r, const part *p) {
    size_t all = 1;
    for (int k = 0; k < r->rank; k++)
        all *= p->count[k];
    return all;
}

static tri_status fetch(const reading *r, const part *p, void *to) {
    const tri_flat *flat = r->dataset->flat;
    errno = 0;
    if (!tri_read_runs(flat->source.fd, flat->place, r->stored, r->rank, r->dims, p->start, p->count, to))
        return tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", r->dataset->file,
                        errno ? strerror(errno) : "it became shorter while it was read");
    if (!r->convert ||
        H5Tconvert(r->dataset->h5_type, r->type, elements_of(r, p), to, NULL, H5P_DEFAULT) >= 0)
        return TRI_OK;
    char reason[TRI_H5_REASON];
    return tri_fail(TRI_ERR_FILE, "cannot convert the elements of '%s': %s", r->dataset->file,
                    tri_h5_reason(reason));
}

#define SPREAD(type)                                                                                         \
    for (size_t i = 0; i < run; i++)                                                                         \
    memcpy(to + i * step * sizeof(type), from + i * sizeof(type), sizeof(type))

/* Copies elements in the order of the file to their places in the output. */
static void spread(const reading *r, const part *p, const char *from) {
    size_t run = p->count[r->rank - 1], step = r->step[r->rank - 1], all = elements_of(r, p);
    for (size_t done = 0; done < all; done += run, from += run * r->wanted) {
        size_t number = done / run, at = p->at;
        for (int k = r->rank - 2; k >= 0; k--) {
            at += number % p->count[k] * r->step[k];
            number /= p->count[k];
        }
        char *to = r->out + at * r->wanted;
        switch (r->wanted) {
        case 1:
            SPREAD(uint8_t);
            break;
        case 2:
            SPREAD(uint16_t);
            break;
        case 4:
            SPREAD(uint32_t);
            break;
        case 8:
            SPREAD(uint64_t);
            break;
        default:
            for (size_t i = 0; i < run; i++)
                memcpy(to + i * step * r->wanted, from + i * r->wanted, r->wanted);
        }
    }
}

/* Reads a part through the scratch, in halves until one fits. */
static tri_status read_part(const reading *r, part p) {
    while (elements_of(r, &p) > r->room) {
        int k = 0;
        while (p.count[k] == 1)
            k++;
        part half = p;
        half.count[k] = p.count[k] / 2;
        TRI_TRY(read_part(r, half));
        p.start[k] += half.count[k];
        p.count[k] -= half.count[k];
        p.at += half.count[k] * r->step[k];
    }
    TRI_TRY(fetch(r, &p, r->scratch));
    spread(r, &p, r->scratch);
    return TRI_OK;
}

static tri_status read_through(reading *r, const part *p) {
    size_t bytes = r->stored > r->wanted ? r->stored : r->wanted, all = elements_of(r, p);
    r->room = scratch_bytes / bytes ? scratch_bytes / bytes : 1;
    if (r->room > all) r->room = all;
    r->scratch = malloc(r->room * bytes);
    if (!r->scratch) return tri_fail(TRI_ERR_MEMORY, "no memory to reorder '%s'", r->dataset->file);
    tri_status status = read_part(r, *p);
    free(r->scratch);
    return status;
}

tri_status tri_flat_read(const tri_dataset *dataset, const size_t start[], const size_t count[], hid_t type,
                         void *out) {
    const tri_flat *flat = dataset->flat;
    if (flat->csv) return tri_csv_read(flat->csv, start[0], count[0], out);
    reading r = {.dataset = dataset,
                 .type = type,
                 .stored = dataset->stored_bytes,
                 .wanted = H5Tget_size(type),
                 .rank = dataset->rank ? dataset->rank : 1,
                 .convert = H5Tequal(type, dataset->h5_type) <= 0,
                 .dims = {1},
                 .out = out};
    part p = {.count = {1}};
    size_t step = 1;
    for (int i = dataset->rank - 1; i >= 0; i--) {
        int k = flat->reversed ? dataset->rank - 1 - i : i;
        r.dims[k] = dataset->dims[i];
        r.step[k] = step;
        p.start[k] = start[i];
        p.count[k] = count[i];
        step *= count[i];
    }
    if (!flat->reversed && r.stored <= r.wanted) return fetch(&r, &p, out);
    if (!dataset->rank) r.step[0] = 1;
    return read_through(&r, &p);
}
