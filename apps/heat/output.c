#include "apps/heat/output.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/plot.h"
#include "apps/common/xml.h"

int heat_output_due(const heat_output *o, size_t step, size_t steps) {
    return o->prefix && (step == steps || (o->every && step % o->every == 0));
}

/* The name of the field after `step`, or of its picture. Returns `name`. */
static const char *name_of(const heat_output *o, size_t step, const char *kind, char name[PATH_MAX]) {
    snprintf(name, PATH_MAX, "%s-%08zu.%s", o->prefix, step, kind);
    return name;
}

static const char *kind_of(const heat_output *o) {
    return o->plot == HEAT_PLOT_PNG ? "png" : "svg";
}

/* ---- XDMF: the description that ParaView and VisIt open ---- */

static void xdmf_numbers(FILE *to, int dims, const double value) {
    fprintf(to, "<DataItem Dimensions=\"%d\">", dims);
    for (int d = 0; d < dims; d++)
        fprintf(to, "%s%.17g", d ? " " : "", value);
    fprintf(to, "</DataItem>");
}

static void xdmf_field(const heat_output *o, const tri_grid_info *g, size_t step, FILE *to) {
    const char *slash = strrchr(o->prefix, '/');
    char shape[96];
    int at = 0;
    for (int d = 0; d < g->dims; d++)
        at += snprintf(shape + at, sizeof shape - (size_t)at, "%s%zu", d ? " " : "", g->points[d]);
    fprintf(to, "      <Grid Name=\"step %zu\">\n        <Time Value=\"%.17g\"/>\n", step,
            (double)step * o->step_time);
    fprintf(to, "        <Topology TopologyType=\"%dDCoRectMesh\" Dimensions=\"%s\"/>\n", g->dims, shape);
    fprintf(to, "        <Geometry GeometryType=\"ORIGIN_%s\">", g->dims == 3 ? "DXDYDZ" : "DXDY");
    xdmf_numbers(to, g->dims, o->spacing);
    xdmf_numbers(to, g->dims, o->spacing);
    fprintf(to, "</Geometry>\n        <Attribute Name=\"u\" AttributeType=\"Scalar\" Center=\"Node\">\n");
    fprintf(to, "          <DataItem Format=\"HDF\" NumberType=\"Float\" Precision=\"8\" Dimensions=\"%s\">",
            shape);
    xml_text(to, slash ? slash + 1 : o->prefix);
    fprintf(to, "-%08zu.h5:/u</DataItem>\n        </Attribute>\n      </Grid>\n", step);
}

/* Lists all fields up to `step`, including those before a resume. */
static tri_status write_xdmf(const heat_output *o, const tri_grid_info *g, size_t step) {
    char name[PATH_MAX];
    tri_output *output = NULL;
    snprintf(name, sizeof name, "%s.xmf", o->prefix);
    /* heat_output_begin() has asked whether it may be written. */
    TRI_TRY(tri_output_create(name, 1, &output));
    FILE *to = tri_output_stream(output);
    fprintf(to, "<?xml version=\"1.0\"?>\n<Xdmf Version=\"2.0\">\n  <Domain>\n    <Grid Name=\"heat\" "
                "GridType=\"Collection\" CollectionType=\"Temporal\">\n");
    for (size_t s = 0; o->every && s < step; s += o->every)
        xdmf_field(o, g, s, to);
    xdmf_field(o, g, step, to);
    fprintf(to, "    </Grid>\n  </Domain>\n</Xdmf>\n");
    tri_status status = tri_output_finish(output, NULL);
    tri_output_destroy(&output);
    return status;
}

/* ---- pictures ---- */

tri_status heat_output_check(const heat_output *o) {
    if (o->plot == HEAT_PLOT_NONE) return TRI_OK;
    if (!o->prefix) return tri_fail(TRI_ERR_ARGUMENT, "--plot needs --out PREFIX");
    return TRI_OK;
}

enum { PIXELS = 400 }; /* at most, in each direction */

/* Reads every stride-th point of the field, or of its middle plane. */
static tri_status read_points(const tri_grid_info *g, tri_dataset *dataset, size_t stride, double *out) {
    size_t rows = g->points[g->dims - 2], columns = g->points[g->dims - 1];
    size_t first = g->dims == 3 ? g->points[0] / 2 * rows * columns : 0;
    double *row = malloc(columns * sizeof *row);
    tri_status status = row ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a row of %zu points", columns);
    for (size_t r = 0; r < rows && status == TRI_OK; r += stride) {
        status = tri_dataset_read(dataset, first + r * columns, columns, row);
        for (size_t c = 0; c < columns && status == TRI_OK; c += stride)
            *out++ = row[c];
    }
    free(row);
    return status;
}

static tri_status write_png(const char *name, int replace, const tri_plot_map *map) {
    tri_output *output = NULL;
    TRI_TRY(tri_output_create(name, replace, &output));
    tri_status status = tri_plot_png(tri_output_stream(output), map)
                            ? tri_output_finish(output, NULL)
                            : tri_fail(TRI_ERR_MEMORY, "no memory for the picture '%s'", name);
    tri_output_destroy(&output);
    return status;
}

static tri_status draw(const heat_output *o, const tri_run *run, size_t step, const tri_plot_map *map) {
    char name[PATH_MAX], title[96];
    name_of(o, step, kind_of(o), name);
    if (o->plot == HEAT_PLOT_PNG) return write_png(name, tri_replaces(run), map);
    snprintf(title, sizeof title, "Step %zu, time %.4g", step, (double)step * o->step_time);
    tri_plot panel = {
        .title = title, .x = {.label = "x"}, .y = {.label = "y"}, .map = map, .same_scale = true};
    return tri_plot_file(name, tri_replaces(run), &panel, 1, 1);
}

static tri_status plot(const heat_output *o, const tri_run *run, const tri_grid_info *g, size_t step,
                       const char *file) {
    size_t rows = g->points[g->dims - 2], columns = g->points[g->dims - 1];
    size_t longest = rows > columns ? rows : columns, stride = (longest + PIXELS - 1) / PIXELS;
    /* The first inner point is one spacing from the border, which is at 0. */
    tri_plot_map map = {.rows = (rows + stride - 1) / stride,
                        .columns = (columns + stride - 1) / stride,
                        .x = o->spacing,
                        .y = o->spacing,
                        .dx = (double)stride * o->spacing,
                        .dy = (double)stride * o->spacing,
                        .label = "u"};
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(NULL, file, "u", &dataset));
    double *values = malloc(map.rows * map.columns * sizeof *values);
    tri_status status = values ? read_points(g, dataset, stride, values)
                               : tri_fail(TRI_ERR_MEMORY, "no memory for a picture of '%s'", file);
    map.values = values;
    if (status == TRI_OK) status = draw(o, run, step, &map);
    free(values);
    tri_dataset_destroy(&dataset);
    return status;
}

/* ---- the files of a run ---- */

/* Rank 0: whether all files of the run may be written. */
static tri_status check_names(const heat_output *o, size_t steps, int replace) {
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s.xmf", o->prefix);
    TRI_TRY(tri_output_check(name, replace));
    for (size_t step = o->every ? 0 : steps;;) {
        TRI_TRY(tri_output_check(name_of(o, step, "h5", name), replace));
        if (o->plot != HEAT_PLOT_NONE) TRI_TRY(tri_output_check(name_of(o, step, kind_of(o), name), replace));
        if (step == steps) return TRI_OK;
        step = steps - step < o->every ? steps : step + o->every;
    }
}

tri_status heat_output_begin(const heat_output *o, tri_run *run) {
    if (!o->prefix) return TRI_OK;
    return tri_agree(run->comm,
                     tri_comm_rank(run->comm) ? TRI_OK : check_names(o, run->steps, tri_replaces(run)));
}

tri_status heat_output_write(const heat_output *o, tri_run *run, const tri_grid_info *g, size_t step,
                             const double *block) {
    char name[PATH_MAX];
    tri_result *file = NULL;
    TRI_TRY(tri_result_create_at(run->comm, name_of(o, step, "h5", name),
                                 tri_replaces(run) ? TRI_RESULT_REPLACE : 0, &file));
    tri_result_integer(file, "step", (int64_t)step);
    tri_result_real(file, "time", (double)step * o->step_time);
    tri_result_real(file, "spacing", o->spacing);
    tri_status status = tri_result_array(file, "u", TRI_ELEMENT_F64, g->dims, g->points, g->start, g->count,
                                         block, "1", "the field, on the inner points");
    if (status == TRI_OK) status = tri_result_finish(file);
    tri_result_destroy(&file);
    TRI_TRY(status);
    if (tri_comm_rank(run->comm) == 0) {
        status = write_xdmf(o, g, step);
        if (status == TRI_OK && o->plot != HEAT_PLOT_NONE) status = plot(o, run, g, step, name);
    }
    return tri_agree(run->comm, status);
}
