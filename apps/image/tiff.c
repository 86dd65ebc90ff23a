/* TIFF by libtiff: strips and tiles, 8 and 16 bits and floats of 32, all pages, either byte order. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tiffio.h>

#include "apps/image/image.h"

typedef struct tiff_file {
    TIFF *tiff;
    image_form form;
    size_t line, row;
    image_writing how;
    /* rows of tiles that are in memory: from `first` on */
    bool tiled, separate, white_is_zero;
    uint32_t tile_rows, tile_columns;
    size_t first, have;
    uint8_t *band, *tile;
} tiff_file;

static bool is_tiff(const uint8_t *head, size_t count) {
    return count >= 4 && ((head[0] == 'I' && head[1] == 'I' && (head[2] == 42 || head[2] == 43)) ||
                          (head[0] == 'M' && head[1] == 'M' && (head[3] == 42 || head[3] == 43)));
}

/* libtiff's messages, for the thread that reads. */
static _Thread_local char why[256];

static void on_error(const char *module, const char *format, va_list list) {
    (void)module;
    vsnprintf(why, sizeof why, format, list);
}

static void quiet(void) {
    TIFFSetErrorHandler(on_error);
    TIFFSetWarningHandler(NULL);
    *why = 0;
}

static tri_status damaged(const char *path) {
    return tri_fail(TRI_ERR_DATA, "'%s' is damaged: %s", path, *why ? why : "not readable as TIFF");
}

static void close_tiff(void *file) {
    tiff_file *f = file;
    if (f->tiff) TIFFClose(f->tiff);
    free(f->band);
    free(f->tile);
    free(f);
}

static tri_status describe(tiff_file *f, const char *path) {
    uint32_t rows = 0, columns = 0;
    uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG, photometric = 1;
    TIFFGetField(f->tiff, TIFFTAG_IMAGELENGTH, &rows);
    TIFFGetField(f->tiff, TIFFTAG_IMAGEWIDTH, &columns);
    TIFFGetFieldDefaulted(f->tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(f->tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(f->tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(f->tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetField(f->tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    bool whole = format == SAMPLEFORMAT_UINT && (bits == 8 || bits == 16);
    if (!whole && !(format == SAMPLEFORMAT_IEEEFP && bits == 32))
        return tri_fail(TRI_ERR_DATA,
                        "'%s' has %d bits of sample format %d; supported are 8 and 16 bits "
                        "without sign and floats of 32 bits",
                        path, bits, format);
    if (samples < 1 || samples > 4 || photometric > PHOTOMETRIC_RGB)
        return tri_fail(TRI_ERR_DATA,
                        "'%s' has %d samples of photometric kind %d; supported are grey and RGB", path,
                        samples, photometric);
    f->form = (image_form){rows, columns, samples, bits == 8 ? IMAGE_U1 : bits == 16 ? IMAGE_U2 : IMAGE_F4};
    f->line = columns * (size_t)samples * image_type_bytes(f->form.type);
    f->separate = planar == PLANARCONFIG_SEPARATE && samples > 1;
    f->white_is_zero = photometric == PHOTOMETRIC_MINISWHITE && whole;
    f->tiled = TIFFIsTiled(f->tiff);
    if (f->tiled &&
        (!TIFFGetField(f->tiff, TIFFTAG_TILELENGTH, &f->tile_rows) ||
         !TIFFGetField(f->tiff, TIFFTAG_TILEWIDTH, &f->tile_columns) || !f->tile_rows || !f->tile_columns))
        return damaged(path);
    return TRI_OK;
}

static tri_status open_tiff(const char *path, uint64_t place, image_form *form, void **out) {
    tiff_file *f = calloc(1, sizeof *f);
    if (!f) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    quiet();
    f->tiff = TIFFOpen(path, "r");
    tri_status status = f->tiff ? TRI_OK : damaged(path);
    if (status == TRI_OK && place && !TIFFSetSubDirectory(f->tiff, place)) status = damaged(path);
    if (status == TRI_OK) status = describe(f, path);
    if (status != TRI_OK) {
        close_tiff(f);
        return status;
    }
    *form = f->form;
    *out = f;
    return TRI_OK;
}

/* Copies a sample of a separate plane, or whole pixels, into rows of pixels. */
static void place_samples(const tiff_file *f, const uint8_t *from, uint8_t *to, size_t pixels, int sample) {
    size_t each = image_type_bytes(f->form.type), pixel = each * (size_t)f->form.channels;
    if (!f->separate)
        memcpy(to, from, pixels * pixel);
    else
        for (size_t i = 0; i < pixels; i++)
            memcpy(to + i * pixel + (size_t)sample * each, from + i * each, each);
}

static tri_status read_band(tiff_file *f, const char *path) {
    size_t first = f->row / f->tile_rows * f->tile_rows, columns = f->form.columns,
           bytes = (size_t)TIFFTileSize(f->tiff), each = image_type_bytes(f->form.type);
    int samples = f->separate ? f->form.channels : 1;
    size_t pixel = each * (size_t)f->form.channels, in_tile = f->separate ? each : pixel;
    if (bytes < in_tile * f->tile_columns * f->tile_rows) return damaged(path);
    if (!f->band) {
        f->band = malloc(f->line * f->tile_rows + 1);
        f->tile = malloc(bytes);
    }
    if (!f->band || !f->tile) return tri_fail(TRI_ERR_MEMORY, "no memory for the tiles of '%s'", path);
    for (int s = 0; s < samples; s++)
        for (size_t c = 0; c < columns; c += f->tile_columns) {
            size_t width = columns - c < f->tile_columns ? columns - c : f->tile_columns;
            if (TIFFReadTile(f->tiff, f->tile, (uint32_t)c, (uint32_t)first, 0, (uint16_t)s) < 0)
                return damaged(path);
            for (size_t r = 0; r < f->tile_rows && first + r < f->form.rows; r++)
                place_samples(f, f->tile + r * f->tile_columns * in_tile, f->band + r * f->line + c * pixel,
                              width, s);
        }
    f->first = first;
    f->have = f->tile_rows;
    return TRI_OK;
}

static tri_status read_line(tiff_file *f, const char *path, uint8_t *to) {
    if (f->tiled) {
        if (!f->have || f->row < f->first || f->row >= f->first + f->have) TRI_TRY(read_band(f, path));
        memcpy(to, f->band + (f->row - f->first) * f->line, f->line);
        return TRI_OK;
    }
    if ((size_t)TIFFScanlineSize(f->tiff) > f->line) return damaged(path);
    if (f->separate && !f->tile) f->tile = malloc(f->line + 1);
    if (f->separate && !f->tile) return tri_fail(TRI_ERR_MEMORY, "no memory for a row of '%s'", path);
    for (int s = 0; s < (f->separate ? f->form.channels : 1); s++) {
        uint8_t *row = f->separate ? f->tile : to;
        if (TIFFReadScanline(f->tiff, row, (uint32_t)f->row, (uint16_t)s) < 0) return damaged(path);
        if (f->separate) place_samples(f, row, to, f->form.columns, s);
    }
    return TRI_OK;
}

static tri_status read_tiff(void *file, const char *path, size_t rows, void *to) {
    tiff_file *f = file;
    quiet();
    for (size_t r = 0; r < rows; r++, f->row++) {
        uint8_t *line = (uint8_t *)to + r * f->line;
        TRI_TRY(read_line(f, path, line));
        for (size_t i = 0; f->white_is_zero && i < f->line; i++)
            line[i] = (uint8_t)~line[i];
    }
    return TRI_OK;
}

static tri_status seek_tiff(void *file, const char *path, size_t row) {
    (void)path;
    ((tiff_file *)file)->row = row;
    return TRI_OK;
}

static tri_status pages_tiff(const char *path, uint64_t **places, size_t *count) {
    size_t room = 0;
    *places = NULL;
    *count = 0;
    quiet();
    TIFF *tiff = TIFFOpen(path, "r");
    if (!tiff) return damaged(path);
    tri_status status = TRI_OK;
    do {
        if (*count == room) {
            room = room ? 2 * room : 4;
            uint64_t *more = realloc(*places, room * sizeof *more);
            if (!more) {
                status = tri_fail(TRI_ERR_MEMORY, "no memory for the pages of '%s'", path);
                break;
            }
            *places = more;
        }
        (*places)[(*count)++] = TIFFCurrentDirOffset(tiff);
    } while (TIFFReadDirectory(tiff));
    TIFFClose(tiff);
    if (status != TRI_OK) free(*places);
    return status;
}

/* ---- writing ---- */

static tri_status begin_page(tiff_file *f) {
    static const uint16_t kinds[] = {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZW};
    const image_form *form = &f->form;
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(f->tiff, TIFFTAG_IMAGELENGTH, (uint32_t)form->rows);
    TIFFSetField(f->tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)form->columns);
    TIFFSetField(f->tiff, TIFFTAG_BITSPERSAMPLE, (int)(8 * image_type_bytes(form->type)));
    TIFFSetField(f->tiff, TIFFTAG_SAMPLESPERPIXEL, form->channels);
    TIFFSetField(f->tiff, TIFFTAG_SAMPLEFORMAT,
                 form->type == IMAGE_F4 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(f->tiff, TIFFTAG_PHOTOMETRIC,
                 form->channels >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(f->tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(f->tiff, TIFFTAG_COMPRESSION, kinds[f->how.compression]);
    if (form->channels % 2 == 0) TIFFSetField(f->tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    TIFFSetField(f->tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(f->tiff, 0));
    return TRI_OK;
}

static tri_status create_tiff(FILE *stream, const char *path, const image_form *form,
                              const image_writing *how, void **out) {
    if (!form->rows || !form->columns || form->rows > UINT32_MAX || form->columns > UINT32_MAX)
        return tri_fail(TRI_ERR_DATA, "'%s': an image of %zu x %zu pixels is no TIFF", path, form->rows,
                        form->columns);
    tiff_file *f = calloc(1, sizeof *f);
    int file = dup(fileno(stream));
    quiet();
    /* Above 4 GiB only BigTIFF has room. Its pages are not counted here, so several pages always are. */
    if (f && file >= 0) f->tiff = TIFFFdOpen(file, path, (double)image_form_bytes(form) > 3.5e9 ? "w8" : "w");
    if (!f || !f->tiff) {
        if (file >= 0 && (!f || !f->tiff)) close(file);
        free(f);
        return tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, *why ? why : "no memory");
    }
    f->form = *form;
    f->how = *how;
    f->line = form->columns * (size_t)form->channels * image_type_bytes(form->type);
    *out = f;
    return begin_page(f);
}

static tri_status failed(const char *path) {
    return tri_fail(TRI_ERR_FILE, "cannot write '%s': %s", path, *why ? why : "the disk may be full");
}

static tri_status write_tiff(void *file, const char *path, size_t rows, const void *from) {
    tiff_file *f = file;
    quiet();
    for (size_t r = 0; r < rows; r++, f->row++) {
        void *line = (void *)(uintptr_t)((const uint8_t *)from + r * f->line);
        if (TIFFWriteScanline(f->tiff, line, (uint32_t)f->row, 0) < 0) return failed(path);
    }
    return TRI_OK;
}

static tri_status next_tiff(void *file, const char *path) {
    tiff_file *f = file;
    quiet();
    if (!TIFFWriteDirectory(f->tiff)) return failed(path);
    f->row = 0;
    return begin_page(f);
}

static tri_status finish_tiff(void *file, const char *path) {
    tiff_file *f = file;
    quiet();
    return TIFFFlush(f->tiff) ? TRI_OK : failed(path);
}

const image_codec image_tiff = {.name = "tiff",
                                .endings = ".tif.tiff",
                                .is = is_tiff,
                                .open = open_tiff,
                                .read = read_tiff,
                                .seek = seek_tiff,
                                .close = close_tiff,
                                .pages = pages_tiff,
                                .create = create_tiff,
                                .write = write_tiff,
                                .next = next_tiff,
                                .finish = finish_tiff,
                                .abandon = close_tiff};
