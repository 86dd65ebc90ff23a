/* The parts of image: filters, chains of them over tiles, codecs, the frames of a run, and the ways in which
 * the ranks share the work.
 *
 * Between filters a pixel is a float, one plane for each channel: 8 and 16 bits are exact in it. A tile of
 * the output is computed from the tile of the input that it needs, through the whole chain. The bits of a
 * pixel depend on its position in the image and on its neighbourhood only, never on the tile. */
#ifndef TRIREME_APPS_IMAGE_H
#define TRIREME_APPS_IMAGE_H

#include "apps/image/codec.h"

enum {
    IMAGE_STAGES = 64,
    IMAGE_PARAMETERS = 4,
    IMAGE_PLANES = 8,
    IMAGE_TILE_ROWS = 64,
    IMAGE_TILE_COLUMNS = 512
};

typedef enum image_edge { IMAGE_REFLECT, IMAGE_NEAREST, IMAGE_CONSTANT } image_edge;

/* Rows [top, bottom) and columns [left, right); below 0 and above the size are positions beyond an edge. */
typedef struct image_box {
    ptrdiff_t top, bottom, left, right;
} image_box;

/* ---- filters.c: the table of filters, and chains as users write them ---- */

typedef enum image_kind {
    IMAGE_POINT,   /* of a plane: needs the same pixel */
    IMAGE_MIX,     /* of several planes: needs the same pixel of all */
    IMAGE_STENCIL, /* of a plane: needs a square of `reach` pixels to every side */
    IMAGE_SHAPE,   /* of a plane: changes the size or the place of pixels */
    IMAGE_WHOLE,   /* needs all pixels of the image */
    IMAGE_STACK    /* needs all frames */
} image_kind;

typedef struct image_stage image_stage;
typedef struct image_work image_work;
typedef struct image_job image_job;

typedef struct image_filter {
    const char *name, *parameters, *text;
    const char *neighbourhood; /* as --help shows it */
    const char *words;         /* values of a parameter that are words; each has its number */
    const char *expands;       /* other filters in its place; $1 is its first parameter */
    image_kind kind;
    int least, most; /* number of parameters */
    double initial[IMAGE_PARAMETERS], low[IMAGE_PARAMETERS], high[IMAGE_PARAMETERS];
    size_t (*reach)(const double *p);
    int kernel; /* in image_kernels */
    /* IMAGE_SHAPE: size and channels of the output */
    tri_status (*shape)(const image_stage *stage, image_form *form);
    /* IMAGE_WHOLE: works on all planes in place */
    tri_status (*whole)(const image_stage *stage, image_job *job);
} image_filter;

struct image_stage {
    const image_filter *filter;
    double p[IMAGE_PARAMETERS];
    size_t reach;
    bool second;    /* works on the second half of the planes, which .fork has made */
    float *weights; /* of gauss: centre first */
};

typedef struct image_chain {
    image_stage stage[IMAGE_STAGES];
    size_t count;
    image_edge edge;
    float constant;
    /* flat and dark field: planes of floats of the form of the frames */
    float *flat, *dark;
    image_form field;
    float field_mean;
} image_chain;

extern const image_filter image_filters[];
tri_status image_chain_parse(const char *text, image_chain *chain);
void image_chain_free(image_chain *chain);
/* Finds the place of a kind of filter from stage `from` on; chain->count: none. */
size_t image_chain_find(const image_chain *chain, image_kind kind, size_t from);
/* Writes the table of filters. */
void image_filters_list(FILE *out);

/* ---- plan.c: the chain for images of one form ---- */

/* Weights of one axis of a resized image: output i is the sum over k < count[i] of weight[i * most + k] times
 * input first[i] + k. */
typedef struct image_axis {
    size_t *first, *count, most;
    float *weight;
} image_axis;

typedef struct image_plan {
    const image_chain *chain;
    image_form form[IMAGE_STAGES + 1]; /* before each stage, and of the output; type: that of the input */
    int planes[IMAGE_STAGES + 1];      /* with those of .fork */
    image_axis axis[IMAGE_STAGES][2];  /* of stages that resize: rows, columns */
    float range;                       /* the value of white: 255, 65535 or 1 */
    float *gamma[IMAGE_STAGES];        /* results for whole numbers up to range */
} image_plan;

tri_status image_plan_create(const image_chain *chain, const image_form *form, image_plan **out);
void image_plan_destroy(image_plan **plan);
/* The part of the input of stage k that `box` of its output needs; may reach beyond the edges. */
image_box image_plan_source(const image_plan *plan, size_t k, image_box box);
image_box image_box_clip(image_box box, const image_form *form);
/* The position inside [0, size) that stands for `at` beyond an edge; -1: the constant. */
ptrdiff_t image_edge_index(image_edge edge, ptrdiff_t at, ptrdiff_t size);
size_t image_type_bytes(image_type type);
float image_type_range(image_type type);
size_t image_form_bytes(const image_form *form);

/* ---- kernels.c: the code of filters, once for each SIMD level ---- */

/* One stage on one tile. Pointers are to the first pixel of the tile's output, and to the same position of
 * the input (IMAGE_SHAPE: to the first pixel of the needed part). */
struct image_work {
    const image_plan *plan;
    const image_stage *stage;
    const float *from, *all_from[IMAGE_PLANES];
    float *to, *all_to[IMAGE_PLANES];
    size_t from_line, to_line, rows, columns;
    image_box box, source; /* of the output and of the input */
    size_t number;         /* of the stage */
    int plane, planes;
    float *scratch;
};

/* X(name): void image_NAME_LEVEL(const image_work *) */
#define IMAGE_KERNELS(X)                                                                                     \
    X(copy)                                                                                                  \
    X(gray)                                                                                                  \
    X(invert)                                                                                                \
    X(gamma)                                                                                                 \
    X(levels)                                                                                                \
    X(threshold)                                                                                             \
    X(field)                                                                                                 \
    X(sharpen)                                                                                               \
    X(minus)                                                                                                 \
    X(above)                                                                                                 \
    X(gauss)                                                                                                 \
    X(box)                                                                                                   \
    X(median)                                                                                                \
    X(erode)                                                                                                 \
    X(dilate)                                                                                                \
    X(sobel)                                                                                                 \
    X(laplace)                                                                                               \
    X(crest)                                                                                                 \
    X(resize)                                                                                                \
    X(rotate)

enum {
#define IMAGE_ENUM(name) IMAGE_K_##name,
    IMAGE_KERNELS(IMAGE_ENUM)
#undef IMAGE_ENUM
        IMAGE_K_COUNT
};

typedef struct image_kernels {
    void (*run[IMAGE_K_COUNT])(const image_work *work);
    /* Between files and planes: `count` pixels of a row, the channels of a pixel together. */
    void (*load)(const void *from, image_type type, int channels, size_t count, float *const to[]);
    void (*store)(const float *const from[], image_type type, int channels, size_t count, void *to);
} image_kernels;

const image_kernels *image_kernels_choose(void);
float image_gamma(double gamma, float range, float x);

/* ---- chain.c: a frame through a chain ---- */

/* What one thread needs; zero at first. */
typedef struct image_scratch {
    float *buffer[4];
    size_t room[4];
} image_scratch;
void image_scratch_free(image_scratch *scratch);

/* A frame under way. */
struct image_job {
    const image_plan *plan;
    const char *name;       /* of the frame, for tables */
    const image_pixels *in; /* the stages before `planes` exists read it */
    float *planes;          /* after a stage of IMAGE_WHOLE: all planes, one after another */
    size_t done;            /* stages that `planes` has passed */
    char *table;            /* lines of filters with tables; may be NULL */
    size_t table_count, table_room;
    uint64_t regions; /* the most that a plane has */
};

/* A place that tiles are read from: rows [first, first + rows of form) of an image, or planes. */
typedef struct image_source {
    const void *bytes; /* NULL: planes */
    const float *planes;
    image_form form; /* of the whole image */
    size_t first, rows;
} image_source;

/* Runs stages [from, to) for the pixels `box` of their output; the result is in planes at `out`, a line being
 * `line` floats and a plane `plane` floats. TRI_ERR_MEMORY. */
tri_status image_tile(const image_plan *plan, size_t from, size_t to, const image_source *source,
                      image_box box, float *out, size_t line, size_t plane, image_scratch *scratch);
/* The same, into pixels whose first row is row `first` of the output. */
tri_status image_tile_store(const image_plan *plan, size_t from, size_t to, const image_source *source,
                            image_box box, const image_pixels *out, size_t first, image_scratch *scratch);
/* The bytes that image_frame() needs for an image of this form, those of `in` included. */
double image_frame_bytes(const image_plan *plan, image_type type);
/* Runs all stages; allocates out->bytes, which the caller frees. */
tri_status image_frame(const image_plan *plan, const image_pixels *in, image_type type, image_job *job,
                       image_scratch *scratch, image_pixels *out);
/* The form of the output, of type `type`. */
image_form image_plan_form(const image_plan *plan, image_type type);

/* ---- whole.c, regions.c: filters that need the whole image ---- */

tri_status image_otsu(const image_stage *stage, image_job *job);
tri_status image_stripes(const image_stage *stage, image_job *job);
tri_status image_histogram(const image_stage *stage, image_job *job);
tri_status image_components(const image_stage *stage, image_job *job);
tri_status image_hysteresis(const image_stage *stage, image_job *job);
tri_status image_table_add(image_job *job, const char *format, ...) TRI_PRINTF(2, 3);
/* plan.c: the form that the stage after image_job.done sees, and a plane of it. */
const image_form *image_job_form(const image_job *job);
float *image_job_plane(const image_job *job, int plane);
/* Planes without alpha. */
int image_colours(int channels);

/* ---- frames.c: what a run works on ---- */

typedef struct image_frames {
    char *names; /* all names of files, each with its 0 */
    size_t names_bytes, files, count;
    size_t *name;    /* of each file, in names */
    uint64_t *place; /* of each frame: its file, its page, the place of the page */
    /* one dataset instead of files */
    tri_dataset *dataset;
    tri_lock *lock;  /* of its readers; NULL: one thread reads it */
    image_form form; /* of its slices */
} image_frames;

tri_status image_frames_list(tri_run *run, const tri_texts *inputs, image_frames *frames);
void image_frames_free(image_frames *frames);
/* "a.png", "a.tif page 3", "a.h5:/x 17"; returns text. */
const char *image_frames_name(const image_frames *frames, size_t frame, char *text, size_t room);
/* The name that its output has in a folder: "a.png", "a-0003.tif". */
tri_status image_frames_output(const image_frames *frames, size_t frame, const char *folder,
                               const char *ending, char **out);
/* Any thread may call it. */
tri_status image_frames_form(image_frames *frames, size_t frame, image_form *form);
tri_status image_frames_read(image_frames *frames, size_t frame, double limit, image_pixels *out);
/* By rows: of a file; of a dataset. */
tri_status image_frames_open(image_frames *frames, size_t frame, image_reader **out);
tri_status image_frames_rows(image_frames *frames, size_t frame, size_t row, size_t rows, void *to);
double image_frames_time(const image_frames *frames, size_t frame); /* of change, since 1970 */

/* ---- the program ---- */

/* What one thread of a rank has, and what it has done. */
typedef struct image_worker {
    image_scratch scratch;
    image_plan *plan; /* of the last frame */
    double read_s, filter_s, write_s, bytes_in, bytes_out, pixels;
} image_worker;

typedef enum image_mode { IMAGE_FARM, IMAGE_ROUNDS, IMAGE_BLOCKS } image_mode;

typedef struct image_state {
    /* options */
    const char *filters, *out, *flat, *dark, *journal, *table, *preview, *format;
    tri_texts inputs;
    int type, edge, png_filter, tiff_kind;
    int png_level, quality;
    double constant;
    size_t memory;
    bool keep_going, resume, check, blocks, list;
    /* of the words above */
    image_chain chain;
    image_chain after; /* filters behind one over the stack */
    int stack;         /* which one; -1: none */
    image_writing how;
    image_frames frames;
    image_mode mode;
    char *out_file, *out_path; /* of an HDF5 output */
    /* the work */
    int threads, least_threads; /* of this rank; on any rank */
    bool replaces;              /* the outputs of this repeat may replace files */
    image_worker *worker;
    size_t done, resumed, broken;
    tri_status worst;
    char broken_text[512]; /* the first failure of a frame */
    char **tables;         /* of each frame, on rank 0; may be NULL */
    image_worker total;    /* of all workers of all ranks, on rank 0 */
} image_state;

/* ---- work.c: frames in memory, and what all ways of sharing the work need ---- */

/* The type of outputs for an input of this type. */
image_type image_output_type(const image_state *s, image_type input);
/* Reads a frame and runs the chain; the caller frees out->bytes and *table, which may be NULL. */
tri_status image_frame_do(image_state *s, size_t frame, image_worker *worker, image_pixels *out,
                          char **table);
/* The plan of the worker for images of this form. */
tri_status image_worker_plan(const image_chain *chain, const image_form *form, image_worker *worker);
/* Counts a frame that failed with the text of tri_error_text(); rank 0. */
void image_broken(image_state *s, tri_status status, const char *text);
/* Adds up the workers of all ranks. Collective. */
tri_status image_count(tri_run *run, image_state *s);
/* Reads --flat and --dark. */
tri_status image_fields(image_state *s);

/* ---- sink.c: an output of several frames, which all ranks write together ---- */

typedef struct image_sink {
    tri_run *run;
    image_form form;
    size_t frames, next_row; /* of a file: the next row of all frames, one below another */
    tri_result *result;      /* HDF5, or */
    tri_array *array;
    image_writer *writer; /* a file, on rank 0 */
} image_sink;

/* Makes the output of `frames` images of this form. Collective. */
tri_status image_sink_create(tri_run *run, image_state *s, const image_form *form, size_t frames,
                             image_sink *sink);
/* Each rank writes `rows` whole rows from row `first` on, where the rows of all frames are numbered on; those
 * of rank r + 1 follow those of rank r, and lie in one frame or are whole frames. Collective. */
tri_status image_sink_write(image_sink *sink, size_t first, size_t rows, const void *bytes);
tri_status image_sink_finish(image_sink *sink);
void image_sink_destroy(image_sink *sink);

/* ---- ways of sharing the work ---- */

/* farm.c: files to files, by a pool of tasks. Collective. */
tri_status image_farm(tri_run *run, image_state *s);
/* joint.c: to one HDF5 file or multi-page TIFF, and statistics over the stack. Collective. */
tri_status image_rounds(tri_run *run, image_state *s);
/* rounds.c: calls take(argument, first frame, frames, their pixels, valid) on all ranks for each round. */
tri_status image_rounds_do(tri_run *run, image_state *s, const image_form *form,
                           tri_status (*take)(void *, size_t, size_t, const char *, const int *),
                           void *argument);
/* The frames of a rank in a round, at most: the same on all ranks. */
size_t image_round_most(const tri_run *run, const image_state *s, const image_form *form);
/* stack.c: a statistic of the frames, which have floats of this form; `input`: their type in files. */
tri_status image_stack(tri_run *run, image_state *s, const image_form *form, image_type input);
/* blocks.c: each frame in bands of rows over the ranks. Collective. */
tri_status image_blocks(tri_run *run, image_state *s);
/* verify.c: an independent plain form. Collective. */
tri_status image_verify(tri_run *run, image_state *s);
tri_status image_preview(tri_run *run, image_state *s);
/* plain.c: all stages from `from` on, pixel by pixel over whole planes; the caller frees *planes. */
tri_status image_plain(const image_plan *plan, const image_pixels *in, image_job *job, float **planes);

#endif
