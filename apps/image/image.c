/* Filters over stacks of images: a chain of filters runs over folders of PNG, TIFF and JPEG files, pages of
 * TIFF files and datasets of HDF5.
 *
 * Many frames are tasks of a pool (farm.c). A stack in one file, and statistics over it, are done in rounds
 * of frames (rounds.c). An image that is too large for a rank is cut into bands of rows (blocks.c). */
#include <stdlib.h>
#include <string.h>

#include "apps/driver/machine.h"
#include "apps/image/image.h"

static const tri_option options[] = {
    TRI_OPTION(image_state, filters, "FILTER[,FILTER...]", NULL,
               "chain of filters, such as median=1,gauss=2,threshold=otsu; none: only convert; see --filters",
               .argument = true),
    TRI_OPTION(image_state, inputs, "INPUT", NULL,
               "PNG, TIFF and JPEG files, folders of them, patterns in quotes, or one FILE.h5:/DATASET",
               .argument = true),
    TRI_OPTION(image_state, out, "out", NULL,
               "folder for files of the same names; a file for one image; FILE.h5:/DATASET or FILE.tif for a "
               "stack"),
    TRI_OPTION(image_state, list, "filters", NULL, "list the filters"),
    TRI_OPTION(image_state, type, "type", "keep",
               "of the output's pixels: 8 or 16 bits without sign (rounded and cut), or floats",
               .choices = "keep|" IMAGE_TYPES),
    TRI_OPTION(image_state, format, "format", NULL, "of files in a folder: png, tif or jpg; default: kept"),
    TRI_OPTION(image_state, edge, "edge", "reflect", "what lies beyond the edges of an image",
               .choices = "reflect|nearest|constant"),
    TRI_OPTION(image_state, constant, "constant", "0", "the value beyond the edges with --edge constant"),
    TRI_OPTION(image_state, flat, "flat", NULL, "image of an even light, for the filter field"),
    TRI_OPTION(image_state, dark, "dark", NULL, "image without light, for the filter field"),
    TRI_OPTION(image_state, table, "table", NULL, "CSV file for the tables of components and histogram"),
    TRI_OPTION(image_state, blocks, "blocks", NULL,
               "cut each image into bands of rows over the ranks: for images larger than a rank's memory"),
    TRI_OPTION(image_state, memory, "memory", "1Gi", "bytes of pixels that each rank holds at a time"),
    TRI_OPTION(image_state, keep_going, "keep-going", NULL,
               "do the other frames where one is broken, and end with 1"),
    TRI_OPTION(image_state, journal, "journal", NULL, "file that remembers which frames are done"),
    TRI_OPTION(image_state, resume, "resume", NULL, "do the frames that the journal does not have"),
    TRI_OPTION(image_state, png_level, "png-level", "1", "of compression, 0 to 9"),
    TRI_OPTION(image_state, png_filter, "png-filter", "sub", "of the rows of PNG",
               .choices = IMAGE_PNG_FILTERS),
    TRI_OPTION(image_state, tiff_kind, "tiff-compression", "none", "of TIFF", .choices = IMAGE_TIFF_KINDS),
    TRI_OPTION(image_state, quality, "quality", "95", "of JPEG, 1 to 100"),
    TRI_OPTION(image_state, preview, "preview", NULL, "PNG file of the first frame before and after"),
    TRI_OPTION(image_state, check, "verify", NULL,
               "compute all frames again pixel by pixel, without tiles and vectors, and compare all bits"),
    {.name = NULL},
};

static tri_status split_out(image_state *s) {
    const char *colon = strstr(s->out, ".h5:");
    size_t length = strlen(s->out);
    if (!colon && (length < 3 || strcmp(s->out + length - 3, ".h5") != 0)) return TRI_OK;
    TRI_TRY(tri_spec_split(s->out, &s->out_file, &s->out_path));
    if (s->out_path) return TRI_OK;
    s->out_path = strdup("/images");
    return s->out_path ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a name");
}

/* The filters before and behind one over the stack. */
static tri_status split_chain(image_state *s) {
    size_t at = image_chain_find(&s->chain, IMAGE_STACK, 0), all = s->chain.count;
    s->stack = -1;
    if (at == all) return TRI_OK;
    if (image_chain_find(&s->chain, IMAGE_STACK, at + 1) < all)
        return tri_fail(TRI_ERR_ARGUMENT, "stack can be used once");
    s->stack = (int)s->chain.stage[at].p[0];
    s->after.edge = s->chain.edge;
    s->after.constant = s->chain.constant;
    for (size_t k = at + 1; k < all; k++)
        s->after.stage[s->after.count++] = s->chain.stage[k];
    s->chain.count = at;
    return TRI_OK;
}

static tri_status check_options(image_state *s) {
    if (!s->filters) return tri_fail(TRI_ERR_ARGUMENT, "FILTER is missing; --filters lists the filters");
    if (!s->out) return tri_fail(TRI_ERR_ARGUMENT, "--out is missing; name a folder or a file");
    if (s->png_level > 9) return tri_fail(TRI_ERR_ARGUMENT, "--png-level: 0 to 9");
    if (s->quality < 1 || s->quality > 100) return tri_fail(TRI_ERR_ARGUMENT, "--quality: 1 to 100");
    if (s->resume && !s->journal) return tri_fail(TRI_ERR_ARGUMENT, "--resume needs --journal");
    bool known =
        !s->format || !strcmp(s->format, "png") || !strcmp(s->format, "tif") || !strcmp(s->format, "jpg");
    if (!known) return tri_fail(TRI_ERR_ARGUMENT, "--format: png, tif or jpg, not '%s'", s->format);
    s->chain.edge = (image_edge)s->edge;
    s->chain.constant = (float)s->constant;
    TRI_TRY(image_chain_parse(s->filters, &s->chain));
    TRI_TRY(split_chain(s));
    s->how = (image_writing){s->png_level, s->png_filter, s->quality, s->tiff_kind};
    return split_out(s);
}

static bool has_tables(const image_state *s) {
    for (size_t k = 0; k < s->chain.count + s->after.count; k++) {
        const image_stage *stage =
            k < s->chain.count ? &s->chain.stage[k] : &s->after.stage[k - s->chain.count];
        if (stage->filter->whole == image_components || stage->filter->whole == image_histogram) return true;
    }
    return false;
}

static tri_status choose_mode(image_state *s) {
    bool stack_file = s->out_file || (image_codec_named(s->out) && s->frames.count > 1);
    s->mode = s->blocks ? IMAGE_BLOCKS : stack_file || s->stack >= 0 ? IMAGE_ROUNDS : IMAGE_FARM;
    if (s->mode != IMAGE_FARM && s->journal)
        return tri_fail(TRI_ERR_ARGUMENT, "--journal works with an output folder only");
    if (s->blocks && s->stack >= 0) return tri_fail(TRI_ERR_ARGUMENT, "--blocks does not work with stack");
    if (s->table && !has_tables(s))
        return tri_fail(TRI_ERR_ARGUMENT, "--table needs the filter components or histogram");
    return TRI_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two inputs of one name would have one output. */
static tri_status check_names(image_state *s) {
    size_t count = s->frames.count;
    char **names = calloc(count + 1, sizeof *names), ending[16];
    tri_status status = names ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu names", count);
    snprintf(ending, sizeof ending, ".%s", s->format ? s->format : "");
    for (size_t k = 0; k < count && status == TRI_OK; k++)
        status = image_frames_output(&s->frames, k, s->out, s->format ? ending : NULL, &names[k]);
    if (status == TRI_OK) qsort(names, count, sizeof *names, by_name);
    for (size_t k = 1; k < count && status == TRI_OK; k++)
        if (!strcmp(names[k - 1], names[k]))
            status = tri_fail(TRI_ERR_ARGUMENT, "--out: two inputs have the output '%s'", names[k]);
    if (status == TRI_OK && count) status = tri_output_folders(names[0]);
    for (size_t k = 0; names && k < count; k++)
        free(names[k]);
    free(names);
    return status;
}

static tri_status prepare(tri_run *run, image_state *s) {
    TRI_TRY(image_fields(s));
    TRI_TRY(choose_mode(s));
    s->threads = run->threads;
    s->worker = calloc((size_t)s->threads, sizeof *s->worker);
    s->tables = calloc(s->frames.count + 1, sizeof *s->tables);
    if (!s->worker || !s->tables) return tri_fail(TRI_ERR_MEMORY, "no memory for %d threads", s->threads);
    if (tri_comm_rank(run->comm)) return TRI_OK;
    if (s->table) TRI_TRY(tri_output_check(s->table, run->common->replace));
    if (s->preview) TRI_TRY(tri_output_check(s->preview, run->common->replace));
    return s->mode == IMAGE_FARM && !(s->frames.count == 1 && image_codec_named(s->out)) ? check_names(s)
                                                                                         : TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    image_state *s = argument;
    TRI_TRY(tri_agree(run->comm, check_options(s)));
    TRI_TRY(image_frames_list(run, &s->inputs, &s->frames));
    return prepare(run, s);
}

static tri_status run(tri_run *run, void *argument) {
    image_state *s = argument;
    s->replaces = tri_replaces(run);
    s->done = s->broken = s->resumed = 0;
    TRI_TRY(s->mode == IMAGE_FARM     ? image_farm(run, s)
            : s->mode == IMAGE_ROUNDS ? image_rounds(run, s)
                                      : image_blocks(run, s));
    return image_count(run, s);
}

static tri_status verify(tri_run *run, void *argument) {
    image_state *s = argument;
    return image_verify(run, s);
}

static tri_status record(tri_run *run, void *argument) {
    image_state *s = argument;
    static const char *const modes[] = {"frames to the next free thread", "rounds of frames",
                                        "bands of rows"};
    tri_report_text(run, "filters", s->filters);
    tri_report_text(run, "output", s->out);
    tri_report_text(run, "division", modes[s->mode]);
    tri_report_integer(run, "frames", (int64_t)s->frames.count, "1", "frames of the input");
    tri_report_integer(run, "done", (int64_t)s->done, "1", "frames that this run has done");
    if (s->resumed)
        tri_report_integer(run, "resumed", (int64_t)s->resumed, "1", "frames that an earlier run has done");
    if (s->broken) tri_report_integer(run, "broken", (int64_t)s->broken, "1", "frames without an output");
    tri_report_real(run, "pixels", s->total.pixels, "1", "of all inputs");
    tri_report_real(run, "read", s->total.read_s, "s", "reading and decoding, all threads together");
    tri_report_real(run, "filter", s->total.filter_s, "s", "filters, all threads together");
    tri_report_real(run, "written", s->total.write_s, "s", "encoding and writing, all threads together");
    if (s->total.filter_s > 0)
        tri_report_real(run, "filter_rate", s->total.pixels / s->total.filter_s, "1/s",
                        "pixels that a thread filters in a second");
    return TRI_OK;
}

static tri_status write_table(tri_run *run, image_state *s) {
    tri_output *output;
    TRI_TRY(tri_output_create(s->table, tri_replaces(run), &output));
    FILE *out = tri_output_stream(output);
    fprintf(out, "# region,frame,channel,number,area,row,column,top,left,bottom,right\n"
                 "# histogram,frame,channel,bin,from,count\n");
    for (size_t k = 0; k <= s->frames.count; k++)
        if (s->tables[k]) fputs(s->tables[k], out);
    tri_status status = tri_output_finish(output, NULL);
    tri_output_destroy(&output);
    return status;
}

static tri_status draw(tri_run *run, void *argument) {
    image_state *s = argument;
    if (s->table) TRI_TRY(write_table(run, s));
    if (s->preview) TRI_TRY(image_preview(run, s));
    if (s->broken)
        return tri_fail(TRI_ERR_WRONG, "%zu of %zu frames are broken, the first: %s", s->broken,
                        s->frames.count, s->broken_text);
    return TRI_OK;
}

static void teardown(void *argument) {
    image_state *s = argument;
    for (int t = 0; s->worker && t < s->threads; t++) {
        image_scratch_free(&s->worker[t].scratch);
        image_plan_destroy(&s->worker[t].plan);
    }
    free(s->worker);
    for (size_t k = 0; s->tables && k <= s->frames.count; k++)
        free(s->tables[k]);
    free(s->tables);
    image_frames_free(&s->frames);
    image_chain_free(&s->chain);
    image_chain_free(&s->after);
    free(s->out_file);
    free(s->out_path);
}

static const tri_app app = {
    .name = "image",
    .summary = "runs filters over stacks of images",
    .examples = "mpirun -np 8 trireme image median=1,gauss=2 'frames/*.png' --out filtered\n"
                "trireme image threshold=otsu,components frames --out labels --type u2 --table regions.csv\n"
                "mpirun -np 8 trireme image stack=median frames --out background.tif\n"
                "mpirun -np 8 trireme image gauss=3 scan.h5:/image --out smooth.h5:/image --blocks\n",
    .options = options,
    .state_bytes = sizeof(image_state),
    .no_device = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .draw = draw,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    /* A text, as --help: without MPI, from one rank. */
    for (int k = 1; k < argc; k++)
        if (!strcmp(argv[k], "--filters")) {
            if (tri_launcher_rank() == 0) image_filters_list(stdout);
            return fflush(stdout) ? 4 : 0;
        }
    return tri_main(&app, argc, argv);
}
