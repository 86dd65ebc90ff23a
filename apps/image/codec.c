/* Files of any of the formats, by rows and as a whole. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "apps/image/image.h"

static const image_codec *const codecs[] = {&image_png, &image_tiff, &image_jpeg};
enum { CODECS = sizeof codecs / sizeof *codecs };

struct image_reader {
    const image_codec *codec;
    void *file;
    char *path;
    image_form form;
    size_t row;
};

struct image_writer {
    const image_codec *codec;
    void *file;
    tri_output *output;
    char *path;
};

const image_codec *image_codec_named(const char *name) {
    const char *ending = strrchr(name, '.');
    for (int k = 0; ending && k < CODECS; k++)
        for (const char *at = codecs[k]->endings; *at; at += strcspn(at + 1, ".") + 1)
            if (strlen(ending) == strcspn(at + 1, ".") + 1 && !strncasecmp(at, ending, strlen(ending)))
                return codecs[k];
    return NULL;
}

tri_status image_codec_of(const char *path, const image_codec **out) {
    uint8_t head[16];
    struct stat about;
    /* A named pipe would block, and cannot be read twice. */
    if (stat(path, &about)) return tri_output_failure("read", path);
    if (!S_ISREG(about.st_mode)) return tri_fail(TRI_ERR_FILE, "cannot read '%s': no regular file", path);
    FILE *file = fopen(path, "rb");
    if (!file) return tri_output_failure("read", path);
    size_t count = fread(head, 1, sizeof head, file);
    fclose(file);
    for (int k = 0; k < CODECS; k++)
        if (codecs[k]->is(head, count)) {
            *out = codecs[k];
            return TRI_OK;
        }
    return tri_fail(TRI_ERR_DATA, "'%s' is no PNG, TIFF or JPEG%s", path, count ? "" : ": it is empty");
}

tri_status image_reader_open(const char *path, uint64_t place, image_reader **out) {
    image_reader *r = calloc(1, sizeof *r);
    tri_status status = r ? image_codec_of(path, &r->codec) : tri_fail(TRI_ERR_MEMORY, "no memory");
    if (status == TRI_OK) {
        r->path = strdup(path);
        status = r->path ? r->codec->open(r->path, place, &r->form, &r->file)
                         : tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    }
    if (status != TRI_OK) image_reader_close(&r);
    *out = r;
    return status;
}

const image_form *image_reader_form(const image_reader *reader) {
    return &reader->form;
}

tri_status image_reader_read(image_reader *reader, size_t rows, void *to) {
    if (!rows || !reader->form.columns) return TRI_OK;
    reader->row += rows;
    return reader->codec->read(reader->file, reader->path, rows, to);
}

tri_status image_reader_skip(image_reader *reader, size_t row) {
    if (row == reader->row) return TRI_OK;
    if (reader->codec->seek) {
        reader->row = row;
        return reader->codec->seek(reader->file, reader->path, row);
    }
    image_form one = reader->form;
    one.rows = 1;
    void *line = malloc(image_form_bytes(&one) + 1);
    tri_status status = line ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a row");
    while (status == TRI_OK && reader->row < row)
        status = image_reader_read(reader, 1, line);
    free(line);
    return status;
}

void image_reader_close(image_reader **reader) {
    if (!*reader) return;
    if ((*reader)->file) (*reader)->codec->close((*reader)->file);
    free((*reader)->path);
    free(*reader);
    *reader = NULL;
}

tri_status image_writer_create(const char *path, int replace, const image_form *form,
                               const image_writing *how, image_writer **out) {
    const image_codec *codec = image_codec_named(path);
    if (!codec)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s': the ending is none of .png, .tif, .tiff, .jpg, .jpeg", path);
    image_writer *w = calloc(1, sizeof *w);
    if (!w) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    w->codec = codec;
    w->path = strdup(path);
    tri_status status = w->path ? tri_output_create(path, replace, &w->output)
                                : tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    if (status == TRI_OK) status = codec->create(tri_output_stream(w->output), w->path, form, how, &w->file);
    if (status != TRI_OK) image_writer_destroy(&w);
    *out = w;
    return status;
}

tri_status image_writer_rows(image_writer *writer, size_t rows, const void *from) {
    return writer->codec->write(writer->file, writer->path, rows, from);
}

tri_status image_writer_page(image_writer *writer) {
    if (!writer->codec->next)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s': this format has one page", writer->path);
    return writer->codec->next(writer->file, writer->path);
}

tri_status image_writer_finish(image_writer *writer) {
    TRI_TRY(writer->codec->finish(writer->file, writer->path));
    return tri_output_finish(writer->output, NULL);
}

void image_writer_destroy(image_writer **writer) {
    if (!*writer) return;
    if ((*writer)->file) (*writer)->codec->abandon((*writer)->file);
    tri_output_destroy(&(*writer)->output);
    free((*writer)->path);
    free(*writer);
    *writer = NULL;
}

tri_status image_read(const char *path, uint64_t place, double limit, image_pixels *out) {
    image_reader *reader;
    TRI_TRY(image_reader_open(path, place, &reader));
    out->form = reader->form;
    double bytes = (double)out->form.rows * (double)out->form.columns * out->form.channels *
                   (double)image_type_bytes(out->form.type);
    tri_status status = TRI_OK;
    if (bytes > limit)
        status = tri_fail(TRI_ERR_DATA,
                          "'%s' has %zu x %zu pixels, %.3g MiB: more than --memory allows for one frame; "
                          "raise it, or use --blocks",
                          path, out->form.rows, out->form.columns, bytes / 1048576);
    if (status == TRI_OK) {
        out->bytes = malloc((size_t)bytes + 1);
        if (!out->bytes)
            status = tri_fail(TRI_ERR_MEMORY, "no memory for the %.3g bytes of '%s'", bytes, path);
    }
    if (status == TRI_OK) status = image_reader_read(reader, out->form.rows, out->bytes);
    image_reader_close(&reader);
    if (status != TRI_OK) {
        free(out->bytes);
        out->bytes = NULL;
    }
    return status;
}

tri_status image_write(const char *path, int replace, const image_pixels *pixels, const image_writing *how) {
    image_writer *writer;
    TRI_TRY(image_writer_create(path, replace, &pixels->form, how, &writer));
    tri_status status = image_writer_rows(writer, pixels->form.rows, pixels->bytes);
    if (status == TRI_OK) status = image_writer_finish(writer);
    image_writer_destroy(&writer);
    return status;
}
