/* The frames of a run: files, pages of files, or slices of a dataset. Rank 0 lists them. */
#include <dirent.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/image/image.h"

enum { FILE_OF, PAGE_OF, PLACE_OF, WORDS };

typedef struct listing {
    image_frames *frames;
    size_t names_room, files_room, frames_room;
} listing;

static tri_status grow(void **array, size_t *room, size_t needed, size_t each) {
    if (needed <= *room) return TRI_OK;
    size_t more = 2 * *room > needed ? 2 * *room : needed + 64;
    void *bigger = realloc(*array, more * each);
    if (!bigger) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu frames", more);
    *array = bigger;
    *room = more;
    return TRI_OK;
}

static tri_status add_frame(listing *l, size_t file, size_t page, uint64_t place) {
    image_frames *f = l->frames;
    TRI_TRY(grow((void **)&f->place, &l->frames_room, f->count + 1, WORDS * sizeof *f->place));
    uint64_t *to = f->place + WORDS * f->count++;
    to[FILE_OF] = file;
    to[PAGE_OF] = page;
    to[PLACE_OF] = place;
    return TRI_OK;
}

static tri_status add_file(listing *l, const char *path) {
    image_frames *f = l->frames;
    size_t length = strlen(path) + 1, file = f->files;
    TRI_TRY(grow((void **)&f->names, &l->names_room, f->names_bytes + length, 1));
    TRI_TRY(grow((void **)&f->name, &l->files_room, f->files + 1, sizeof *f->name));
    memcpy(f->names + f->names_bytes, path, length);
    f->name[f->files++] = f->names_bytes;
    f->names_bytes += length;
    const image_codec *codec = NULL;
    uint64_t *places = NULL;
    size_t pages = 0;
    /* What cannot be opened is a frame that fails when its turn comes. */
    if (image_codec_of(path, &codec) != TRI_OK || !codec->pages ||
        codec->pages(path, &places, &pages) != TRI_OK || pages < 2) {
        free(places);
        return add_frame(l, file, 0, 0);
    }
    tri_status status = TRI_OK;
    for (size_t k = 0; k < pages && status == TRI_OK; k++)
        status = add_frame(l, file, k + 1, places[k]);
    free(places);
    return status;
}

static int is_image(const struct dirent *entry) {
    return entry->d_name[0] != '.' && image_codec_named(entry->d_name);
}

static tri_status add_folder(listing *l, const char *path) {
    struct dirent **entries;
    int count = scandir(path, &entries, is_image, alphasort);
    if (count < 0) return tri_output_failure("read", path);
    tri_status status = TRI_OK;
    for (int k = 0; k < count; k++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[k]->d_name);
        if (status == TRI_OK) status = add_file(l, name);
        free(entries[k]);
    }
    free(entries);
    return status;
}

static tri_status add_pattern(listing *l, const char *pattern) {
    glob_t found;
    int outcome = glob(pattern, 0, NULL, &found);
    tri_status status = TRI_OK;
    if (outcome)
        status = tri_fail(TRI_ERR_FILE, "there is no file '%s'", pattern);
    else
        for (size_t k = 0; k < found.gl_pathc && status == TRI_OK; k++)
            status = add_file(l, found.gl_pathv[k]);
    globfree(&found);
    return status;
}

static tri_status list_files(const tri_texts *inputs, image_frames *frames) {
    listing l = {.frames = frames};
    for (size_t k = 0; k < inputs->count; k++) {
        struct stat about;
        const char *path = inputs->text[k];
        if (stat(path, &about))
            TRI_TRY(add_pattern(&l, path));
        else if (S_ISDIR(about.st_mode))
            TRI_TRY(add_folder(&l, path));
        else
            TRI_TRY(add_file(&l, path));
    }
    if (!frames->count) return tri_fail(TRI_ERR_FILE, "there is no image in '%s'", inputs->text[0]);
    return TRI_OK;
}

static tri_status share(tri_run *run, image_frames *f) {
    uint64_t sizes[3] = {f->names_bytes, f->files, f->count};
    TRI_TRY(tri_bcast(sizes, 3, MPI_UINT64_T, 0, run->comm));
    tri_status status = TRI_OK;
    if (tri_comm_rank(run->comm)) {
        f->names_bytes = sizes[0];
        f->files = sizes[1];
        f->count = sizes[2];
        f->names = malloc(f->names_bytes);
        f->name = malloc(f->files * sizeof *f->name);
        f->place = malloc(WORDS * f->count * sizeof *f->place);
        if (!f->names || !f->name || !f->place)
            status = tri_fail(TRI_ERR_MEMORY, "no memory for the names of %zu frames", f->count);
    }
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_bcast(f->names, f->names_bytes, MPI_CHAR, 0, run->comm));
    TRI_TRY(tri_bcast(f->name, f->files * sizeof *f->name, MPI_BYTE, 0, run->comm));
    return tri_bcast(f->place, WORDS * f->count, MPI_UINT64_T, 0, run->comm);
}

/* The last two dimensions are rows and columns; those before count frames. A last one of 3 or 4 behind at
 * least two others is the channels of a pixel. */
static tri_status open_dataset(tri_run *run, const char *spec, image_frames *f) {
    TRI_TRY(tri_dataset_open(run->comm, spec, NULL, &f->dataset));
    int rank = tri_dataset_rank(f->dataset);
    const size_t *dims = tri_dataset_dims(f->dataset);
    if (rank < 2 || rank > 4)
        return tri_fail(TRI_ERR_DATA, "'%s' has %d dimensions: images have 2, 3 or 4", spec, rank);
    tri_number number = tri_dataset_number(f->dataset);
    bool colour = rank >= 3 && (dims[rank - 1] == 3 || dims[rank - 1] == 4);
    int plane = rank - (colour ? 3 : 2);
    f->form = (image_form){dims[plane], dims[plane + 1], colour ? (int)dims[rank - 1] : 1,
                           number == TRI_UINT8    ? IMAGE_U1
                           : number == TRI_UINT16 ? IMAGE_U2
                                                  : IMAGE_F4};
    f->count = 1;
    for (int k = 0; k < plane; k++)
        f->count *= dims[k];
    return tri_agree(run->comm, tri_lock_create(&f->lock));
}

tri_status image_frames_list(tri_run *run, const tri_texts *inputs, image_frames *frames) {
    struct stat about;
    const char *first = inputs->count ? inputs->text[0] : "";
    if (!inputs->count)
        return tri_fail(TRI_ERR_ARGUMENT, "there is no INPUT; name files, a folder or FILE.h5:/x");
    int dataset = inputs->count == 1 && !image_codec_named(first) && !strpbrk(first, "*?[") &&
                  (stat(first, &about) || !S_ISDIR(about.st_mode));
    /* All ranks do what rank 0 finds. */
    TRI_TRY(tri_bcast(&dataset, 1, MPI_INT, 0, run->comm));
    if (dataset) return open_dataset(run, first, frames);
    TRI_TRY(tri_agree(run->comm, tri_comm_rank(run->comm) ? TRI_OK : list_files(inputs, frames)));
    return share(run, frames);
}

void image_frames_free(image_frames *frames) {
    free(frames->names);
    free(frames->name);
    free(frames->place);
    tri_dataset_destroy(&frames->dataset);
    tri_lock_destroy(&frames->lock);
}

static const char *path_of(const image_frames *f, size_t frame) {
    return f->names + f->name[f->place[WORDS * frame + FILE_OF]];
}

const char *image_frames_name(const image_frames *f, size_t frame, char *text, size_t room) {
    if (f->dataset)
        snprintf(text, room, "%s %zu", tri_dataset_path(f->dataset), frame);
    else if (f->place[WORDS * frame + PAGE_OF])
        snprintf(text, room, "%s page %zu", path_of(f, frame), (size_t)f->place[WORDS * frame + PAGE_OF]);
    else
        snprintf(text, room, "%s", path_of(f, frame));
    return text;
}

tri_status image_frames_output(const image_frames *f, size_t frame, const char *folder, const char *ending,
                               char **out) {
    const char *path = f->dataset ? tri_dataset_path(f->dataset) : path_of(f, frame);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = f->dataset ? NULL : strrchr(name, '.');
    int length = dot ? (int)(dot - name) : (int)strlen(name);
    size_t page = f->dataset ? frame : f->place[WORDS * frame + PAGE_OF];
    const char *end = ending ? ending : dot ? dot : ".tif";
    int made = f->dataset || page ? asprintf(out, "%s/%.*s-%05zu%s", folder, length, name, page, end)
                                  : asprintf(out, "%s/%.*s%s", folder, length, name, end);
    return made < 0 ? tri_fail(TRI_ERR_MEMORY, "no memory for a name") : TRI_OK;
}

tri_status image_frames_form(image_frames *f, size_t frame, image_form *form) {
    if (f->dataset) {
        *form = f->form;
        return TRI_OK;
    }
    image_reader *reader;
    TRI_TRY(image_reader_open(path_of(f, frame), f->place[WORDS * frame + PLACE_OF], &reader));
    *form = *image_reader_form(reader);
    image_reader_close(&reader);
    return TRI_OK;
}

tri_status image_frames_open(image_frames *f, size_t frame, image_reader **out) {
    return image_reader_open(path_of(f, frame), f->place[WORDS * frame + PLACE_OF], out);
}

/* Integers of other widths, and doubles, become floats. */
static tri_status to_floats(tri_dataset *dataset, size_t first, size_t count, float *to) {
    enum { PIECE = 4096 };
    tri_number number = tri_dataset_number(dataset);
    if (number == TRI_FLOAT32) return tri_dataset_read_numbers(dataset, first, count, to);
    union {
        double real;
        uint64_t bits;
    } raw[PIECE];
    double real[PIECE];
    for (size_t done = 0, more; done < count; done += more) {
        more = count - done < PIECE ? count - done : PIECE;
        TRI_TRY(tri_dataset_read_numbers(dataset, first + done, more, raw));
        tri_number_as_doubles(number, raw, more, real);
        for (size_t i = 0; i < more; i++)
            to[done + i] = (float)real[i];
    }
    return TRI_OK;
}

tri_status image_frames_rows(image_frames *f, size_t frame, size_t row, size_t rows, void *to) {
    size_t line = f->form.columns * (size_t)f->form.channels, first = (frame * f->form.rows + row) * line;
    /* HDF5 takes one thread at a time. */
    if (f->lock) TRI_TRY(tri_lock_take(f->lock, TRI_FOREVER));
    tri_status status = f->form.type == IMAGE_F4
                            ? to_floats(f->dataset, first, rows * line, to)
                            : tri_dataset_read_numbers(f->dataset, first, rows * line, to);
    if (f->lock) (void)tri_lock_release(f->lock);
    return status;
}

tri_status image_frames_read(image_frames *f, size_t frame, double limit, image_pixels *out) {
    if (!f->dataset) return image_read(path_of(f, frame), f->place[WORDS * frame + PLACE_OF], limit, out);
    out->form = f->form;
    size_t bytes = image_form_bytes(&f->form);
    if ((double)bytes > limit)
        return tri_fail(TRI_ERR_DATA,
                        "a frame of '%s' has %zu bytes: more than --memory allows for one; raise it, or use "
                        "--blocks",
                        tri_dataset_path(f->dataset), bytes);
    out->bytes = malloc(bytes + 1);
    if (!out->bytes) return tri_fail(TRI_ERR_MEMORY, "no memory for the %zu bytes of a frame", bytes);
    tri_status status = image_frames_rows(f, frame, 0, f->form.rows, out->bytes);
    if (status != TRI_OK) {
        free(out->bytes);
        out->bytes = NULL;
    }
    return status;
}

double image_frames_time(const image_frames *f, size_t frame) {
    struct stat about;
    const char *path = f->dataset ? tri_dataset_file(f->dataset) : path_of(f, frame);
    if (stat(path, &about)) return 0;
    return (double)about.st_mtim.tv_sec + 1e-9 * (double)about.st_mtim.tv_nsec;
}
