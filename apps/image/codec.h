/* Images in memory, and files of them: png.c, tiff.c, jpeg.c, and codec.c over these. */
#ifndef TRIREME_APPS_IMAGE_CODEC_H
#define TRIREME_APPS_IMAGE_CODEC_H

#include "apps/driver/app.h"

typedef enum image_type { IMAGE_U1, IMAGE_U2, IMAGE_F4 } image_type;
#define IMAGE_TYPES "u1|u2|f4"

/* What is known of an image before its pixels. Channels: 1 grey, 2 with alpha, 3 colour, 4 with alpha. */
typedef struct image_form {
    size_t rows, columns;
    int channels;
    image_type type;
} image_form;

/* Pixels as in files: row-major, the channels of a pixel together. */
typedef struct image_pixels {
    image_form form;
    void *bytes;
} image_pixels;

typedef struct image_writing {
    int level, filter, quality; /* of PNG, PNG, JPEG */
    int compression;            /* of TIFF */
} image_writing;
#define IMAGE_PNG_FILTERS "none|sub|up|average|paeth|all"
#define IMAGE_TIFF_KINDS  "none|deflate|lzw"

/* A file that is read row by row. */
typedef struct image_reader image_reader;
typedef struct image_writer image_writer;

typedef struct image_codec {
    const char *name, *endings;
    /* Whether the first bytes of a file are of this format. */
    bool (*is)(const uint8_t *head, size_t count);
    /* `place`: of the page in the file, as pages() has said; 0: the first. */
    tri_status (*open)(const char *path, uint64_t place, image_form *form, void **out);
    tri_status (*read)(void *file, const char *path, size_t rows, void *to);
    /* Whether reading may begin at any row; NULL: not. */
    tri_status (*seek)(void *file, const char *path, size_t row);
    void (*close)(void *file);
    /* The places of all pages; NULL: one page. The caller frees *places. */
    tri_status (*pages)(const char *path, uint64_t **places, size_t *count);
    tri_status (*create)(FILE *stream, const char *path, const image_form *form, const image_writing *how,
                         void **out);
    tri_status (*write)(void *file, const char *path, size_t rows, const void *from);
    tri_status (*next)(void *file, const char *path); /* a further page of the same form; NULL: not */
    tri_status (*finish)(void *file, const char *path);
    void (*abandon)(void *file);
} image_codec;

extern const image_codec image_png, image_tiff, image_jpeg;
const image_codec *image_codec_named(const char *name); /* by the ending of a name; NULL */
tri_status image_codec_of(const char *path, const image_codec **out);

tri_status image_reader_open(const char *path, uint64_t place, image_reader **out);
const image_form *image_reader_form(const image_reader *reader);
/* Reads the next rows. */
tri_status image_reader_read(image_reader *reader, size_t rows, void *to);
/* Goes to a row that is not before the next one. */
tri_status image_reader_skip(image_reader *reader, size_t row);
void image_reader_close(image_reader **reader);

/* An output under its temporary name (trireme/output.h), and its finish. */
tri_status image_writer_create(const char *path, int replace, const image_form *form,
                               const image_writing *how, image_writer **out);
tri_status image_writer_rows(image_writer *writer, size_t rows, const void *from);
tri_status image_writer_page(image_writer *writer); /* begins a further page */
tri_status image_writer_finish(image_writer *writer);
void image_writer_destroy(image_writer **writer);

/* A whole image; limit: bytes of its pixels, at most. */
tri_status image_read(const char *path, uint64_t place, double limit, image_pixels *out);
tri_status image_write(const char *path, int replace, const image_pixels *pixels, const image_writing *how);

#endif
