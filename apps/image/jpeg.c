/* JPEG by libjpeg-turbo: grey and colour of 8 bits. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "apps/image/image.h"

typedef struct jpeg_file {
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    struct jpeg_error_mgr errors;
    jmp_buf back;
    FILE *stream;
    size_t line;
    bool started;
    char why[JMSG_LENGTH_MAX];
} jpeg_file;

static bool is_jpeg(const uint8_t *head, size_t count) {
    return count >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff;
}

static void on_error(j_common_ptr common) {
    jpeg_file *f = common->client_data;
    common->err->format_message(common, f->why);
    longjmp(f->back, 1);
}

/* A warning of libjpeg, such as a premature end, is an error here: the pixels would be invented. */
static void on_message(j_common_ptr common, int level) {
    if (level < 0) on_error(common);
}

static void close_jpeg(void *file) {
    jpeg_file *f = file;
    jpeg_destroy_decompress(&f->in);
    if (f->stream) fclose(f->stream);
    free(f);
}

static tri_status start(jpeg_file *f, image_form *form) {
    if (setjmp(f->back)) return TRI_ERR_DATA;
    jpeg_create_decompress(&f->in);
    jpeg_stdio_src(&f->in, f->stream);
    jpeg_read_header(&f->in, TRUE);
    if (f->in.num_components != 1 && f->in.num_components != 3) {
        snprintf(f->why, sizeof f->why, "%d components; only grey and colour are supported",
                 f->in.num_components);
        return TRI_ERR_DATA;
    }
    f->in.out_color_space = f->in.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    f->in.dct_method = JDCT_ISLOW;
    *form = (image_form){f->in.image_height, f->in.image_width, f->in.num_components, IMAGE_U1};
    f->line = form->columns * (size_t)form->channels;
    return TRI_OK;
}

static tri_status open_jpeg(const char *path, uint64_t place, image_form *form, void **out) {
    jpeg_file *f = calloc(1, sizeof *f);
    (void)place;
    if (!f) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    f->in.err = jpeg_std_error(&f->errors);
    f->errors.error_exit = on_error;
    f->errors.emit_message = on_message;
    f->in.client_data = f;
    f->stream = fopen(path, "rb");
    tri_status status = f->stream ? start(f, form) : tri_output_failure("read", path);
    if (status == TRI_ERR_DATA) (void)tri_fail(status, "'%s' is damaged: %s", path, f->why);
    if (status != TRI_OK) {
        close_jpeg(f);
        return status;
    }
    *out = f;
    return TRI_OK;
}

static tri_status read_jpeg(void *file, const char *path, size_t rows, void *to) {
    jpeg_file *f = file;
    if (setjmp(f->back)) return tri_fail(TRI_ERR_DATA, "'%s' is damaged: %s", path, f->why);
    if (!f->started) f->started = jpeg_start_decompress(&f->in);
    for (size_t r = 0; r < rows; r++) {
        JSAMPROW line = (JSAMPROW)to + r * f->line;
        jpeg_read_scanlines(&f->in, &line, 1);
    }
    return TRI_OK;
}

static void abandon_jpeg(void *file) {
    jpeg_file *f = file;
    jpeg_destroy_compress(&f->out);
    free(f);
}

static tri_status begin(jpeg_file *f, FILE *stream, const image_form *form, const image_writing *how) {
    if (setjmp(f->back)) return TRI_ERR_FILE;
    jpeg_create_compress(&f->out);
    jpeg_stdio_dest(&f->out, stream);
    f->out.image_width = (JDIMENSION)form->columns;
    f->out.image_height = (JDIMENSION)form->rows;
    f->out.input_components = form->channels;
    f->out.in_color_space = form->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&f->out);
    jpeg_set_quality(&f->out, how->quality, TRUE);
    jpeg_start_compress(&f->out, TRUE);
    return TRI_OK;
}

static tri_status create_jpeg(FILE *stream, const char *path, const image_form *form,
                              const image_writing *how, void **out) {
    if (form->type != IMAGE_U1 || form->channels % 2 == 0)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s': JPEG has 8 bits and no alpha; use --type u1, or gray", path);
    if (!form->rows || !form->columns || form->rows > JPEG_MAX_DIMENSION ||
        form->columns > JPEG_MAX_DIMENSION)
        return tri_fail(TRI_ERR_DATA, "'%s': an image of %zu x %zu pixels is no JPEG", path, form->rows,
                        form->columns);
    jpeg_file *f = calloc(1, sizeof *f);
    if (!f) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    f->out.err = jpeg_std_error(&f->errors);
    f->errors.error_exit = on_error;
    f->out.client_data = f;
    f->line = form->columns * (size_t)form->channels;
    if (begin(f, stream, form, how) != TRI_OK) {
        tri_status status = tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, f->why);
        abandon_jpeg(f);
        return status;
    }
    *out = f;
    return TRI_OK;
}

static tri_status write_jpeg(void *file, const char *path, size_t rows, const void *from) {
    jpeg_file *f = file;
    if (setjmp(f->back)) return tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, f->why);
    for (size_t r = 0; r < rows; r++) {
        JSAMPROW line = (JSAMPROW)(uintptr_t)((const JSAMPLE *)from + r * f->line);
        jpeg_write_scanlines(&f->out, &line, 1);
    }
    return TRI_OK;
}

static tri_status finish_jpeg(void *file, const char *path) {
    jpeg_file *f = file;
    if (setjmp(f->back)) return tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, f->why);
    jpeg_finish_compress(&f->out);
    return TRI_OK;
}

const image_codec image_jpeg = {.name = "jpeg",
                                .endings = ".jpg.jpeg",
                                .is = is_jpeg,
                                .open = open_jpeg,
                                .read = read_jpeg,
                                .close = close_jpeg,
                                .create = create_jpeg,
                                .write = write_jpeg,
                                .finish = finish_jpeg,
                                .abandon = abandon_jpeg};
