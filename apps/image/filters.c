/* The table of filters, and chains of them as users write them. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

static size_t reach_gauss(const double *p) {
    return (size_t)(p[1] * p[0] + 0.5);
}

static size_t reach_radius(const double *p) {
    return (size_t)p[0];
}

static size_t reach_one(const double *p) {
    (void)p;
    return 1;
}

static size_t reach_two(const double *p) {
    (void)p;
    return 2;
}

/* For each side of a size that is 0: what keeps the ratio of the sides. */
static tri_status shape_resize(const image_stage *stage, image_form *form) {
    double rows = stage->p[0], columns = stage->p[1];
    if (!form->rows || !form->columns) return TRI_OK;
    if (rows == 0 && columns == 0) return tri_fail(TRI_ERR_ARGUMENT, "resize: both sides are 0");
    if (rows == 0) rows = fmax(1, floor(columns * (double)form->rows / (double)form->columns + 0.5));
    if (columns == 0) columns = fmax(1, floor(rows * (double)form->columns / (double)form->rows + 0.5));
    form->rows = (size_t)rows;
    form->columns = (size_t)columns;
    return TRI_OK;
}

static tri_status shape_rotate(const image_stage *stage, image_form *form) {
    int angle = (int)stage->p[0];
    if (angle % 90) return tri_fail(TRI_ERR_ARGUMENT, "rotate: 90, 180 or 270 degrees");
    if (angle % 180) {
        size_t rows = form->rows;
        form->rows = form->columns;
        form->columns = rows;
    }
    return TRI_OK;
}

static tri_status shape_crop(const image_stage *stage, image_form *form) {
    const double *p = stage->p;
    if (p[0] + p[2] > (double)form->rows || p[1] + p[3] > (double)form->columns)
        return tri_fail(TRI_ERR_DATA, "crop=%g:%g:%g:%g reaches beyond an image of %zu x %zu", p[0], p[1],
                        p[2], p[3], form->rows, form->columns);
    form->rows = (size_t)p[2];
    form->columns = (size_t)p[3];
    return TRI_OK;
}

static tri_status shape_gray(const image_stage *stage, image_form *form) {
    (void)stage;
    form->channels = 1;
    return TRI_OK;
}

#define RADIUS .least = 1, .most = 1, .low = {0}, .high = {4096}, .reach = reach_radius
#define SIDE   1e9
const image_filter image_filters[] = {
    {"gray", "", "brightness: 0.2125 red + 0.7154 green + 0.0721 blue; drops alpha", "pixel",
     .kind = IMAGE_MIX, .kernel = IMAGE_K_gray, .shape = shape_gray},
    {"invert", "", "white - x", "pixel", .kernel = IMAGE_K_invert},
    {"gamma", "G", "white * (x / white)^G", "pixel", .least = 1, .most = 1, .low = {1e-3}, .high = {1e3},
     .kernel = IMAGE_K_gamma},
    {"levels", "LOW:HIGH", "from LOW..HIGH to black..white, cut at both", "pixel", .least = 2, .most = 2,
     .low = {-1e30, -1e30}, .high = {1e30, 1e30}, .kernel = IMAGE_K_levels},
    {"threshold", "T|otsu", "white where x > T, else black; otsu: T that divides the values best",
     "pixel; otsu: image", .least = 1, .most = 1, .low = {-1e30}, .high = {1e30},
     .kernel = IMAGE_K_threshold},
    {"adaptive", "RADIUS[:OFFSET]", "white where x > mean of a square of 2 RADIUS + 1, minus OFFSET",
     "RADIUS", .expands = ".fork,box=$1,.above=$2", .least = 1, .most = 2, .low = {0, -1e30},
     .high = {4096, 1e30}},
    {"gauss", "SIGMA[:TRUNCATE]", "Gaussian, cut at TRUNCATE (4) times SIGMA", "TRUNCATE * SIGMA",
     .kind = IMAGE_STENCIL, .kernel = IMAGE_K_gauss, .least = 1, .most = 2, .initial = {0, 4},
     .low = {1e-3, 0.5}, .high = {500, 10}, .reach = reach_gauss},
    {"box", "RADIUS", "mean of a square of 2 RADIUS + 1", "RADIUS", .kind = IMAGE_STENCIL,
     .kernel = IMAGE_K_box, RADIUS},
    {"median", "RADIUS", "median of a square of 2 RADIUS + 1", "RADIUS", .kind = IMAGE_STENCIL,
     .kernel = IMAGE_K_median, .least = 1, .most = 1, .high = {100}, .reach = reach_radius},
    {"sharpen", "SIGMA[:AMOUNT]", "unsharp mask: x + AMOUNT (1) times the difference from gauss=SIGMA",
     "4 SIGMA", .expands = ".fork,gauss=$1,.sharpen=$2", .least = 1, .most = 2, .initial = {0, 1},
     .low = {1e-3, -1e3}, .high = {500, 1e3}},
    {"sobel", "", "gradient: root of the mean square of both Sobel differences", "1", .kind = IMAGE_STENCIL,
     .kernel = IMAGE_K_sobel, .reach = reach_one},
    {"laplace", "", "sum of the four neighbours - 4 x", "1", .kind = IMAGE_STENCIL, .kernel = IMAGE_K_laplace,
     .reach = reach_one},
    {"canny", "[SIGMA[:LOW[:HIGH]]]",
     "edges: crests of the gradient above LOW (0.1) that touch one above HIGH (0.2 of white)", "image",
     .expands = "gauss=$1,.crest=$2,.hysteresis=$3", .most = 3, .initial = {1, 0.1, 0.2}, .low = {0.01},
     .high = {500, 1e3, 1e3}},
    {"erode", "RADIUS", "minimum of a square of 2 RADIUS + 1", "RADIUS", .kind = IMAGE_STENCIL,
     .kernel = IMAGE_K_erode, RADIUS},
    {"dilate", "RADIUS", "maximum of a square of 2 RADIUS + 1", "RADIUS", .kind = IMAGE_STENCIL,
     .kernel = IMAGE_K_dilate, RADIUS},
    {"open", "RADIUS", "erode, then dilate", "2 RADIUS", .expands = "erode=$1,dilate=$1", RADIUS},
    {"close", "RADIUS", "dilate, then erode", "2 RADIUS", .expands = "dilate=$1,erode=$1", RADIUS},
    {"background", "RADIUS", "x - open=RADIUS: removes what is wider", "2 RADIUS",
     .expands = ".fork,erode=$1,dilate=$1,.minus", RADIUS},
    {"resize", "ROWS:COLUMNS[:area|bilinear|lanczos]", "another size; a side of 0 keeps the ratio",
     "the pixels under one", .words = "area|bilinear|lanczos", .kind = IMAGE_SHAPE, .kernel = IMAGE_K_resize,
     .shape = shape_resize, .least = 2, .most = 3, .high = {SIDE, SIDE, 2}},
    {"rotate", "90|180|270", "counter-clockwise", "image", .kind = IMAGE_SHAPE, .kernel = IMAGE_K_rotate,
     .shape = shape_rotate, .least = 1, .most = 1, .high = {270}},
    {"crop", "TOP:LEFT:ROWS:COLUMNS", "a part", "pixel", .kind = IMAGE_SHAPE, .kernel = IMAGE_K_copy,
     .shape = shape_crop, .least = 4, .most = 4, .high = {SIDE, SIDE, SIDE, SIDE}},
    {"field", "", "(x - dark) / (flat - dark) * mean(flat - dark), by --flat and --dark", "pixel",
     .kernel = IMAGE_K_field},
    {"stripes", "RADIUS",
     "subtracts from each column its mean, less the median of RADIUS columns on each side", "image",
     .kind = IMAGE_WHOLE, .whole = image_stripes, .least = 1, .most = 1, .low = {1}, .high = {4096}},
    {"components", "[4|8]", "numbers of connected regions of x > 0, and a table of them", "image",
     .kind = IMAGE_WHOLE, .whole = image_components, .most = 1, .initial = {8}, .low = {4}, .high = {8}},
    {"histogram", "[BINS]", "a table of BINS (256) counts from black to white; the image is unchanged",
     "image", .kind = IMAGE_WHOLE, .whole = image_histogram, .most = 1, .initial = {256}, .low = {1},
     .high = {65536}},
    {"stack", "mean|max|min|std|median", "one image of all frames", "frames",
     .words = "mean|max|min|std|median", .kind = IMAGE_STACK, .least = 1, .most = 1, .high = {4}},
    /* parts of those above */
    {".fork", "", "", "", .kind = IMAGE_MIX, .kernel = IMAGE_K_copy},
    {".sharpen", "", "", "", .kind = IMAGE_MIX, .kernel = IMAGE_K_sharpen, .most = 1, .low = {-1e3},
     .high = {1e3}},
    {".minus", "", "", "", .kind = IMAGE_MIX, .kernel = IMAGE_K_minus},
    {".above", "", "", "", .kind = IMAGE_MIX, .kernel = IMAGE_K_above, .most = 1, .low = {-1e30},
     .high = {1e30}},
    {".crest", "", "", "", .kind = IMAGE_STENCIL, .kernel = IMAGE_K_crest, .most = 1, .high = {1e3},
     .reach = reach_two},
    {".hysteresis", "", "", "", .kind = IMAGE_WHOLE, .whole = image_hysteresis, .most = 1, .high = {1e3}},
    {".otsu", "", "", "", .kind = IMAGE_WHOLE, .whole = image_otsu},
    {.name = NULL},
};

void image_filters_list(FILE *out) {
    for (const image_filter *f = image_filters; f->name; f++)
        if (*f->name != '.')
            fprintf(out, "%s%s%s\n    %s; needs: %s\n", f->name, *f->parameters ? "=" : "", f->parameters,
                    f->text, f->neighbourhood);
}

static const image_filter *find(const char *name, size_t length) {
    for (const image_filter *f = image_filters; f->name; f++)
        if (!strncmp(f->name, name, length) && !f->name[length]) return f;
    return NULL;
}

/* The number of a word in "a|b|c"; -1: none of them. */
static int word_of(const char *words, const char *text, size_t length) {
    for (int number = 0; words && *words; number++) {
        size_t each = strcspn(words, "|");
        if (each == length && !strncmp(words, text, length)) return number;
        words += each + (words[each] == '|');
    }
    return -1;
}

static tri_status parameter(const image_filter *f, int index, const char *text, size_t length, double *out) {
    char copy[64], *end;
    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    int word = word_of(f->words, text, length);
    *out = word >= 0 ? word : strtod(copy, &end);
    if (word < 0 && (end == copy || *end || !isfinite(*out)))
        return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is no value; use %s=%s", f->name, copy, f->name,
                        f->parameters);
    if (*out < f->low[index] || *out > f->high[index])
        return tri_fail(TRI_ERR_ARGUMENT, "%s: %s is outside %g to %g", f->name, copy, f->low[index],
                        f->high[index]);
    bool whole = f->kind == IMAGE_SHAPE || f->kind == IMAGE_WHOLE || f->reach == reach_radius;
    if (whole && *out != floor(*out) && *f->name != '.')
        return tri_fail(TRI_ERR_ARGUMENT, "%s: %s is no whole number", f->name, copy);
    return TRI_OK;
}

static tri_status parse(const char *text, image_chain *chain, int depth);

/* The filters that stand for one. */
static tri_status expand(const image_filter *f, const double *p, image_chain *chain, int depth) {
    char text[512];
    size_t at = 0;
    for (const char *c = f->expands; *c && at + 32 < sizeof text; c++)
        if (*c == '$')
            at += (size_t)snprintf(text + at, sizeof text - at, "%.17g", p[*++c - '1']);
        else
            text[at++] = *c;
    text[at] = 0;
    return parse(text, chain, depth + 1);
}

static tri_status weigh(image_stage *stage) {
    size_t reach = stage->reach;
    double total = 0, sigma = stage->p[0];
    stage->weights = malloc((reach + 1) * sizeof *stage->weights);
    if (!stage->weights) return tri_fail(TRI_ERR_MEMORY, "no memory for weights");
    for (size_t k = 0; k <= reach; k++)
        total += (k ? 2 : 1) * exp(-0.5 * (double)k * (double)k / (sigma * sigma));
    for (size_t k = 0; k <= reach; k++)
        stage->weights[k] = (float)(exp(-0.5 * (double)k * (double)k / (sigma * sigma)) / total);
    return TRI_OK;
}

static tri_status add(const image_filter *f, const double *p, image_chain *chain) {
    if (chain->count == IMAGE_STAGES)
        return tri_fail(TRI_ERR_ARGUMENT, "more than %d filters in one chain", IMAGE_STAGES);
    image_stage *stage = &chain->stage[chain->count++];
    *stage = (image_stage){.filter = f};
    memcpy(stage->p, p, sizeof stage->p);
    if (f->reach) stage->reach = f->reach(p);
    return f->kernel == IMAGE_K_gauss && f->kind == IMAGE_STENCIL ? weigh(stage) : TRI_OK;
}

/* One filter: NAME or NAME=A:B. */
static tri_status parse_one(const char *text, size_t length, image_chain *chain, int depth) {
    size_t name = 0;
    while (name < length && text[name] != '=')
        name++;
    const image_filter *f = find(text, name);
    if (!f || (*f->name == '.' && !depth))
        return tri_fail(TRI_ERR_ARGUMENT, "there is no filter '%.*s'; --filters lists them", (int)name, text);
    double p[IMAGE_PARAMETERS];
    memcpy(p, f->initial, sizeof p);
    const char *at = text + name + 1, *end = text + length;
    if (f->kernel == IMAGE_K_threshold && name < length && end - at == 4 && !strncmp(at, "otsu", 4))
        return add(find(".otsu", 5), p, chain);
    int count = 0;
    for (; at <= end && name < length; count++) {
        const char *next = memchr(at, ':', (size_t)(end - at));
        if (!next) next = end;
        if (count == f->most)
            return tri_fail(TRI_ERR_ARGUMENT, "%s has at most %d values: %s%s%s", f->name, f->most, f->name,
                            *f->parameters ? "=" : "", f->parameters);
        TRI_TRY(parameter(f, count, at, (size_t)(next - at), &p[count]));
        at = next + 1;
    }
    if (count < f->least)
        return tri_fail(TRI_ERR_ARGUMENT, "%s has %s%d values: %s=%s", f->name,
                        f->most > f->least ? "at least " : "", f->least, f->name, f->parameters);
    if (f->kernel == IMAGE_K_levels && !f->kind && *f->name == 'l' && p[0] == p[1])
        return tri_fail(TRI_ERR_ARGUMENT, "levels: LOW and HIGH are equal");
    return f->expands ? expand(f, p, chain, depth) : add(f, p, chain);
}

static tri_status parse(const char *text, image_chain *chain, int depth) {
    while (1) {
        size_t length = strcspn(text, ",");
        TRI_TRY(parse_one(text, length, chain, depth));
        if (!text[length]) return TRI_OK;
        text += length + 1;
    }
}

tri_status image_chain_parse(const char *text, image_chain *chain) {
    if (!strcmp(text, "none")) return TRI_OK;
    TRI_TRY(parse(text, chain, 0));
    bool forked = false;
    for (size_t k = 0; k < chain->count; k++) {
        image_stage *stage = &chain->stage[k];
        if (forked && stage->filter->kind == IMAGE_MIX) forked = false;
        stage->second = forked;
        if (!strcmp(stage->filter->name, ".fork")) forked = true;
    }
    return TRI_OK;
}

size_t image_chain_find(const image_chain *chain, image_kind kind, size_t from) {
    while (from < chain->count && chain->stage[from].filter->kind != kind)
        from++;
    return from;
}

void image_chain_free(image_chain *chain) {
    for (size_t k = 0; k < chain->count; k++)
        free(chain->stage[k].weights);
    free(chain->flat);
    free(chain->dark);
    *chain = (image_chain){0};
}
