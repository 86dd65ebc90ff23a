/* PNG by libpng. Palettes and fewer than 8 bits become 8 bits, transparency becomes alpha. */
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

typedef struct png_file {
    png_structp png;
    png_infop info;
    FILE *stream; /* of a reader */
    image_form form;
    size_t line;
    uint8_t *all; /* an interlaced image is decoded as a whole */
    size_t row;
    const char *path;
    char why[256];
} png_file;

static bool is_png(const uint8_t *head, size_t count) {
    return count >= 8 && !png_sig_cmp(head, 0, 8);
}

static void on_error(png_structp png, png_const_charp text) {
    png_file *f = png_get_error_ptr(png);
    snprintf(f->why, sizeof f->why, "%s", text);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void close_png(void *file) {
    png_file *f = file;
    if (f->png) png_destroy_read_struct(&f->png, &f->info, NULL);
    if (f->stream) fclose(f->stream);
    free(f->all);
    free(f);
}

static tri_status start(png_file *f) {
    if (setjmp(png_jmpbuf(f->png))) return TRI_ERR_DATA;
    png_init_io(f->png, f->stream);
    /* The sizes are checked against --memory instead. */
    png_set_user_limits(f->png, 0x7fffffff, 0x7fffffff);
    png_read_info(f->png, f->info);
    int depth = png_get_bit_depth(f->png, f->info), colour = png_get_color_type(f->png, f->info);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(f->png);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(f->png);
    if (png_get_valid(f->png, f->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(f->png);
    const uint16_t one = 1;
    if (depth == 16 && *(const uint8_t *)&one) png_set_swap(f->png);
    png_set_interlace_handling(f->png);
    png_read_update_info(f->png, f->info);
    f->form = (image_form){png_get_image_height(f->png, f->info), png_get_image_width(f->png, f->info),
                           png_get_channels(f->png, f->info), depth == 16 ? IMAGE_U2 : IMAGE_U1};
    f->line = png_get_rowbytes(f->png, f->info);
    return TRI_OK;
}

static tri_status open_png(const char *path, uint64_t place, image_form *form, void **out) {
    png_file *f = calloc(1, sizeof *f);
    (void)place;
    if (!f) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    f->path = path;
    f->stream = fopen(path, "rb");
    tri_status status = f->stream ? TRI_OK : tri_output_failure("read", path);
    if (f->stream) f->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, f, on_error, on_warning);
    if (f->png) f->info = png_create_info_struct(f->png);
    if (status == TRI_OK && !f->info) status = tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    if (status == TRI_OK) status = start(f);
    if (status == TRI_ERR_DATA) (void)tri_fail(status, "'%s' is damaged: %s", path, f->why);
    if (status != TRI_OK) {
        close_png(f);
        return status;
    }
    *form = f->form;
    *out = f;
    return TRI_OK;
}

static tri_status read_all(png_file *f) {
    png_bytep *rows = malloc(f->form.rows * sizeof *rows);
    f->all = malloc(f->form.rows * f->line);
    tri_status status = rows && f->all ? TRI_OK : TRI_ERR_MEMORY;
    for (size_t r = 0; r < f->form.rows && status == TRI_OK; r++)
        rows[r] = f->all + r * f->line;
    png_bytep *volatile kept = rows;
    if (status == TRI_OK) {
        if (setjmp(png_jmpbuf(f->png)))
            status = TRI_ERR_DATA;
        else
            png_read_image(f->png, kept);
    }
    free(kept);
    return status;
}

static tri_status read_rows(png_file *f, size_t rows, void *to) {
    bool interlaced = png_get_interlace_type(f->png, f->info) != PNG_INTERLACE_NONE;
    if (interlaced && !f->all) TRI_TRY(read_all(f));
    if (interlaced) {
        memcpy(to, f->all + f->row * f->line, rows * f->line);
    } else {
        if (setjmp(png_jmpbuf(f->png))) return TRI_ERR_DATA;
        for (size_t r = 0; r < rows; r++)
            png_read_row(f->png, (png_bytep)to + r * f->line, NULL);
    }
    f->row += rows;
    return TRI_OK;
}

static tri_status read_png(void *file, const char *path, size_t rows, void *to) {
    png_file *f = file;
    tri_status status = read_rows(f, rows, to);
    if (status == TRI_ERR_MEMORY) return tri_fail(status, "no memory for '%s'", path);
    return status == TRI_OK ? status : tri_fail(status, "'%s' is damaged: %s", path, f->why);
}

static const int filter_of[] = {PNG_FILTER_NONE, PNG_FILTER_SUB,   PNG_FILTER_UP,
                                PNG_FILTER_AVG,  PNG_FILTER_PAETH, PNG_ALL_FILTERS};

static tri_status begin(png_file *f, FILE *stream, const image_form *form, const image_writing *how) {
    static const int colours[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                  PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(png_jmpbuf(f->png))) return TRI_ERR_FILE;
    png_init_io(f->png, stream);
    png_set_user_limits(f->png, 0x7fffffff, 0x7fffffff);
    png_set_IHDR(f->png, f->info, (png_uint_32)form->columns, (png_uint_32)form->rows,
                 form->type == IMAGE_U2 ? 16 : 8, colours[form->channels], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(f->png, how->level);
    png_set_filter(f->png, PNG_FILTER_TYPE_BASE, filter_of[how->filter]);
    png_write_info(f->png, f->info);
    const uint16_t one = 1;
    if (form->type == IMAGE_U2 && *(const uint8_t *)&one) png_set_swap(f->png);
    return TRI_OK;
}

static void abandon_png(void *file) {
    png_file *f = file;
    if (f->png) png_destroy_write_struct(&f->png, &f->info);
    free(f);
}

static tri_status create_png(FILE *stream, const char *path, const image_form *form, const image_writing *how,
                             void **out) {
    if (form->type == IMAGE_F4)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s': PNG has no floats; use --type u1 or u2, TIFF or HDF5", path);
    if (!form->rows || !form->columns || form->rows > 0x7fffffff || form->columns > 0x7fffffff)
        return tri_fail(TRI_ERR_DATA, "'%s': an image of %zu x %zu pixels is no PNG", path, form->rows,
                        form->columns);
    png_file *f = calloc(1, sizeof *f);
    if (!f) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    f->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, f, on_error, on_warning);
    if (f->png) f->info = png_create_info_struct(f->png);
    f->line = form->columns * (size_t)form->channels * image_type_bytes(form->type);
    tri_status status = f->info ? begin(f, stream, form, how) : TRI_ERR_MEMORY;
    if (status != TRI_OK) {
        (void)tri_fail(status, "cannot write '%s': %s", path, f->info ? f->why : "no memory");
        abandon_png(f);
        return status;
    }
    *out = f;
    return TRI_OK;
}

static tri_status write_png(void *file, const char *path, size_t rows, const void *from) {
    png_file *f = file;
    if (setjmp(png_jmpbuf(f->png))) return tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, f->why);
    for (size_t r = 0; r < rows; r++)
        png_write_row(f->png, (png_const_bytep)from + r * f->line);
    return TRI_OK;
}

static tri_status finish_png(void *file, const char *path) {
    png_file *f = file;
    if (setjmp(png_jmpbuf(f->png))) return tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, f->why);
    png_write_end(f->png, f->info);
    return TRI_OK;
}

const image_codec image_png = {.name = "png",
                               .endings = ".png",
                               .is = is_png,
                               .open = open_png,
                               .read = read_png,
                               .close = close_png,
                               .create = create_png,
                               .write = write_png,
                               .finish = finish_png,
                               .abandon = abandon_png};
