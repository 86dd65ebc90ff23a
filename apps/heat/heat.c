/* The heat equation u_t = u_xx + u_yy (+ u_zz) with u = 0 at the border, by explicit steps.
 *
 * The pattern is a halo exchange on a grid of blocks: in every step a rank sends the faces of its block,
 * updates the inner points while the faces travel, then the points at the faces. A point depends only on
 * points of the previous step, so the bits do not depend on the order of updates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/heat_field.h"
#include "apps/driver/app.h"
#include "apps/heat/output.h"

typedef struct state {
    /* options */
    const char *file, *points_text, *initial_text, *grid_text;
    size_t steps, energy_every;
    double factor, share;
    bool check;
    heat_output output;
    int initial;
    /* the grid */
    int dims;
    size_t points[TRI_GRID_DIMS];
    double spacing;
    tri_grid *grid;
    const tri_grid_info *info;
    heat_field field;
    double *profile[TRI_GRID_DIMS]; /* factors of the initial field at this rank's indices */
    double *block;                  /* this rank's points, packed */
    tri_dataset *dataset;
    /* results */
    double *energy; /* at steps 0, energy_every, 2 energy_every, ...; on rank 0 */
    double sum, steps_s, error, discrete_error;
    bool right; /* according to --verify */
    uint64_t hash;
} state;

enum { SINE, GAUSS, BOX };
static const tri_option options[] = {
    TRI_OPTION(state, file, "FILE.h5:/DATASET", NULL,
               "initial field in two or three dimensions, also FILE.npy; default: the field of --initial",
               .argument = true),
    TRI_OPTION(state, points_text, "points", NULL,
               "inner points in each dimension, two or three; default: 256x256"),
    TRI_OPTION(state, steps, "steps", "100", "time steps"),
    TRI_OPTION(state, factor, "factor", "0.125", "dt / h^2; at most 1/4 in two dimensions, 1/6 in three"),
    TRI_OPTION(state, initial_text, "initial", NULL,
               "field at step 0; default: sine, which has a known solution", .choices = "sine|gauss|box"),
    TRI_OPTION(state, energy_every, "energy-every", "100",
               "steps between two exact sums of the field; 0: none"),
    TRI_OPTION(state, grid_text, "grid", NULL,
               "ranks in each dimension, such as 2x4; default: the grid with the least communication"),
    TRI_OPTION(state, share, "share", "1", "fraction of each rank's points that the device computes, 0 to 1"),
    TRI_OPTION(state, output.prefix, "out", NULL, "write fields as PREFIX-<step>.h5 and PREFIX.xmf"),
    TRI_OPTION(state, output.every, "out-every", "0",
               "steps between two fields; 0: write only the last field"),
    TRI_OPTION(state, output.plot, "plot", "none",
               "a picture of each field of --out: svg has axes and a scale, png a pixel for each point",
               .choices = "none|png|svg"),
    TRI_OPTION(state, check, "verify", NULL, "compare with the known solution; needs --initial sine"),
    {.name = NULL},
};

/* ---- setup ---- */

/* Parses "256x256"; returns the number of dimensions, 0 if malformed. */
static int read_numbers(const char *text, size_t out[TRI_GRID_DIMS]) {
    char word[64];
    for (int d = 0; d < TRI_GRID_DIMS; d++) {
        size_t length = strcspn(text, "x");
        if (length >= sizeof word) return 0;
        memcpy(word, text, length);
        word[length] = 0;
        if (tri_size_parse(word, &out[d]) != TRI_OK) return 0;
        if (!text[length]) return d + 1;
        text += length + 1;
    }
    return 0;
}

static tri_status read_points(state *s, tri_run *run) {
    if (!s->file) {
        if (!s->points_text) s->points_text = "256x256";
        if (!s->initial_text) s->initial_text = "sine";
        s->initial = !strcmp(s->initial_text, "sine") ? SINE : !strcmp(s->initial_text, "box") ? BOX : GAUSS;
        s->dims = read_numbers(s->points_text, s->points);
        if (s->dims >= 2) return TRI_OK;
        return tri_fail(TRI_ERR_ARGUMENT, "--points: '%s' is not 256x256 or 64x64x64", s->points_text);
    }
    if (s->points_text || s->initial_text)
        return tri_fail(TRI_ERR_ARGUMENT, "--%s: the initial field and its points come from '%s'; omit it",
                        s->points_text ? "points" : "initial", s->file);
    TRI_TRY(tri_dataset_open(run->comm, s->file, NULL, &s->dataset));
    s->dims = tri_dataset_rank(s->dataset);
    if (s->dims < 2 || s->dims > 3)
        return tri_fail(TRI_ERR_DATA, "'%s' in '%s' has %d dimension%s; a field needs two or three",
                        tri_dataset_path(s->dataset), tri_dataset_file(s->dataset), s->dims,
                        s->dims == 1 ? "" : "s");
    memcpy(s->points, tri_dataset_dims(s->dataset), (size_t)s->dims * sizeof *s->points);
    if (tri_dataset_element(s->dataset) != TRI_ELEMENT_F64)
        return tri_fail(TRI_ERR_DATA, "'%s' in '%s' has type %s, which doubles cannot represent exactly",
                        tri_dataset_path(s->dataset), tri_dataset_file(s->dataset),
                        tri_dataset_stored_type(s->dataset));
    if (tri_dataset_count(s->dataset)) return TRI_OK;
    return tri_fail(TRI_ERR_DATA, "'%s' in '%s' is empty", tri_dataset_path(s->dataset),
                    tri_dataset_file(s->dataset));
}

static tri_status check_options(const state *s) {
    double most = s->dims == 3 ? 1.0 / 6 : 0.25;
    if (!(s->factor > 0) || s->factor > most)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--factor: above 0 and at most 1/%d in %d dimensions, for stability", 2 * s->dims,
                        s->dims);
    if (!(s->share >= 0 && s->share <= 1)) return tri_fail(TRI_ERR_ARGUMENT, "--share: from 0 to 1");
    if (s->check && (s->file || s->initial != SINE))
        return tri_fail(TRI_ERR_ARGUMENT, "--verify needs --initial sine, which has a known solution");
    if (s->output.every && !s->output.prefix)
        return tri_fail(TRI_ERR_ARGUMENT, "--out-every needs --out PREFIX");
    return heat_output_check(&s->output);
}

/* The ranks in each dimension. With a device only the first dimension is divided, so that layers are
 * contiguous. */
static tri_status make_grid(state *s, tri_run *run) {
    size_t asked[TRI_GRID_DIMS] = {0};
    int ranks[TRI_GRID_DIMS] = {0};
    for (int d = 1; d < s->dims && run->gpu; d++)
        ranks[d] = 1;
    if (s->grid_text && read_numbers(s->grid_text, asked) != s->dims)
        return tri_fail(TRI_ERR_ARGUMENT, "--grid: '%s' is not %d numbers, such as 2x4%s", s->grid_text,
                        s->dims, s->dims == 3 ? "x1" : "");
    for (int d = 0; s->grid_text && d < s->dims; d++)
        ranks[d] = asked[d] > 0 && asked[d] < 1000000 ? (int)asked[d] : -1;
    TRI_TRY(tri_grid_create(run->comm, s->dims, s->points, ranks, &s->grid));
    s->info = tri_grid_describe(s->grid);
    return TRI_OK;
}

/* The initial field is a product of one factor for each dimension, at x = h, 2 h, ... */
static double profile_at(const state *s, int d, size_t index) {
    double x = (double)(index + 1) / (double)(s->points[d] + 1);
    switch (s->initial) {
    case SINE:
        return sin(M_PI * x);
    case GAUSS:
        return exp(-50 * (x - 0.5) * (x - 0.5));
    default:
        return x >= 0.25 && x <= 0.75 ? 1 : 0;
    }
}

static size_t block_points(const tri_grid_info *g) {
    return g->count[0] * g->count[1] * g->count[2];
}

static tri_status allocate(state *s) {
    size_t energies = s->energy_every ? s->steps / s->energy_every + 1 : 1;
    s->energy = calloc(energies, sizeof *s->energy);
    s->block = malloc((block_points(s->info) + 1) * sizeof *s->block);
    int bad = !s->energy || !s->block;
    for (int d = 0; d < s->dims; d++) {
        s->profile[d] = malloc((s->info->count[d] + 1) * sizeof *s->profile[d]);
        bad |= !s->profile[d];
        for (size_t i = 0; s->profile[d] && i < s->info->count[d]; i++)
            s->profile[d][i] = profile_at(s, d, s->info->start[d] + i);
    }
    return bad ? tri_fail(TRI_ERR_MEMORY,
                          "no memory for a block of %zu points; use more nodes or fewer points",
                          block_points(s->info))
               : TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    TRI_TRY(read_points(s, run));
    TRI_TRY(check_options(s));
    TRI_TRY(make_grid(s, run));
    size_t longest = 0;
    for (int d = 0; d < s->dims; d++)
        if (s->points[d] > longest) longest = s->points[d];
    s->spacing = 1.0 / (double)(longest + 1);
    s->output.spacing = s->spacing;
    s->output.step_time = s->factor * s->spacing * s->spacing;
    TRI_TRY(allocate(s));
    return heat_field_create(&s->field, s->grid, s->factor, run->team, run->gpu, s->share);
}

/* ---- steps ---- */

/* After `step` steps: the exact sum of the field and the output files, if due. */
static tri_status look(tri_run *run, state *s, size_t step) {
    if (s->energy_every && step % s->energy_every == 0) {
        tri_sum mine, all;
        tri_sum_clear(&mine);
        TRI_TRY(tri_agree(run->comm, heat_field_sum(&s->field, &mine)));
        TRI_TRY(tri_merge_sum(&mine, &all, 0, run->comm));
        if (tri_comm_rank(run->comm) == 0) s->energy[step / s->energy_every] = tri_sum_round(&all);
    }
    if (!heat_output_due(&s->output, step, run->steps)) return TRI_OK;
    TRI_TRY(tri_agree(run->comm, heat_field_get(&s->field, s->block)));
    return heat_output_write(&s->output, run, s->info, step, s->block);
}

static tri_status begin(tri_run *run, void *argument) {
    state *s = argument;
    run->steps = s->steps;
    s->steps_s = s->field.halo_s = s->field.compute_s = 0;
    TRI_TRY(heat_output_begin(&s->output, run));
    tri_status status = TRI_OK;
    if (s->dataset && block_points(s->info))
        status = tri_dataset_read_block(s->dataset, s->info->start, s->info->count, s->block);
    if (status == TRI_OK)
        status = s->dataset ? heat_field_set(&s->field, s->block) : heat_field_fill(&s->field, s->profile);
    TRI_TRY(tri_agree(run->comm, status));
    return look(run, s, 0);
}

static tri_status step(tri_run *run, void *argument) {
    state *s = argument;
    double start = tri_now_s(), halo_s = s->field.halo_s, compute_s = s->field.compute_s;
    TRI_TRY(heat_field_step(&s->field));
    s->steps_s += tri_now_s() - start;
    tri_report_phase(run, "compute", s->field.compute_s - compute_s, 0);
    tri_report_phase(run, "wait", s->field.halo_s - halo_s, 0);
    return look(run, s, run->step + 1);
}

static tri_status keep(tri_run *run, void *argument, tri_checkpoint *checkpoint) {
    static const char *const names[] = {"points in dimension 0", "points in dimension 1",
                                        "points in dimension 2"};
    state *s = argument;
    TRI_TRY(tri_checkpoint_same(checkpoint, "dimensions", s->dims));
    for (int d = 0; d < s->dims; d++)
        TRI_TRY(tri_checkpoint_same(checkpoint, names[d], (double)s->points[d]));
    TRI_TRY(tri_checkpoint_same(checkpoint, "factor", s->factor));
    TRI_TRY(tri_checkpoint_same(checkpoint, "initial", s->file ? -1 : s->initial));
    TRI_TRY(tri_checkpoint_same(checkpoint, "energy-every", (double)s->energy_every));
    if (s->energy_every)
        TRI_TRY(tri_checkpoint_values(checkpoint, "energy", run->step / s->energy_every + 1, s->energy));
    /* The block is copied out and back in, for saving and loading alike. */
    TRI_TRY(tri_agree(run->comm, heat_field_get(&s->field, s->block)));
    TRI_TRY(tri_checkpoint_array(checkpoint, "field", s->dims, s->points, s->info->start, s->info->count,
                                 s->block, "1", "the field, on the inner points"));
    return tri_agree(run->comm, heat_field_set(&s->field, s->block));
}

/* ---- verify ---- */

/* In the difference equation a sine decays in each step by the factor 1 - 4 factor (sum of the squares of
 * sin(pi / 2 (points + 1))). So the field is known except for rounding; its distance from the solution of
 * the heat equation falls with the square of the spacing. */
static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    double decay = 0, fall = 0, time = (double)s->steps * s->output.step_time, worst[2] = {0, 0};
    for (int d = 0; d < s->dims; d++) {
        double length = s->spacing * (double)(s->points[d] + 1);
        double half = sin(M_PI / (2 * (double)(s->points[d] + 1)));
        decay += M_PI * M_PI / (length * length);
        fall += 4 * s->factor * half * half;
    }
    double heat = exp(-decay * time), difference = pow(1 - fall, (double)s->steps);
    TRI_TRY(tri_agree(run->comm, heat_field_get(&s->field, s->block)));
    const size_t *count = s->info->count;
    for (size_t i = 0, all = block_points(s->info); i < all; i++) {
        size_t rest = i;
        double initial = 1;
        for (int d = s->dims - 1; d >= 0; d--) {
            initial *= s->profile[d][rest % count[d]];
            rest /= count[d];
        }
        worst[0] = fmax(worst[0], fabs(s->block[i] - heat * initial));
        /* not fmax, so that a NaN counts */
        if (!(fabs(s->block[i] - difference * initial) <= worst[1]))
            worst[1] = fabs(s->block[i] - difference * initial);
    }
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, worst, 2, MPI_DOUBLE, MPI_MAX, run->comm));
    s->error = worst[0];
    s->discrete_error = worst[1];
    /* A few roundings per step, of values of at most 1. */
    double most = 8 * 0x1p-53 * (double)(s->steps + 8);
    s->right = worst[1] <= most;
    if (s->right) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "the field differs from the solution by %.3g; rounding accounts for %.3g",
                    worst[1], most);
}

/* ---- record ---- */

static tri_status describe_field(tri_run *run, state *s) {
    TRI_TRY(tri_agree(run->comm, heat_field_get(&s->field, s->block)));
    s->hash = tri_block_hash(s->dims, s->points, s->info->start, s->info->count, s->block);
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &s->hash, 1, MPI_UINT64_T, MPI_SUM, run->comm));
    tri_sum mine, all;
    tri_sum_clear(&mine);
    TRI_TRY(tri_agree(run->comm, heat_field_sum(&s->field, &mine)));
    TRI_TRY(tri_merge_sum(&mine, &all, 0, run->comm));
    if (tri_comm_rank(run->comm) == 0) s->sum = tri_sum_round(&all);
    return TRI_OK;
}

static void report_grid(tri_run *run, const state *s) {
    const tri_grid_info *g = s->info;
    char text[96];
    int at = 0;
    for (int d = 0; d < s->dims; d++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%zu", d ? " x " : "", s->points[d]);
    tri_report_text(run, "points", text);
    at = 0;
    for (int d = 0; d < s->dims; d++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%d", d ? " x " : "", g->ranks[d]);
    tri_report_text(run, "grid", text);
    tri_report_integer(run, "between_ranks", (int64_t)(g->between_ranks * sizeof(double)), "B",
                       "bytes between ranks in each step");
    tri_report_integer(run, "between_nodes", (int64_t)(g->between_nodes * sizeof(double)), "B",
                       "bytes between nodes in each step");
    tri_report_integer(run, "unplaced", (int64_t)(g->between_nodes_unplaced * sizeof(double)), "B",
                       "bytes between nodes in each step with ranks in numerical order");
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    TRI_TRY(describe_field(run, s));
    double updates = (double)block_points(s->info) * (double)(run->steps - run->resumed);
    double seconds = s->steps_s;
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &updates, 1, MPI_DOUBLE, MPI_SUM, run->comm));
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, run->comm));
    report_grid(run, s);
    tri_report_integer(run, "steps", (int64_t)run->steps, "1", "steps in time");
    if (run->resumed)
        tri_report_integer(run, "resumed", (int64_t)run->resumed, "1",
                           "step of the checkpoint from which the run resumed");
    tri_report_real(run, "time_end", (double)run->steps * s->output.step_time, "1",
                    "time after the last step");
    tri_report_real(run, "sum", s->sum, "1", "exact sum of the field after the last step");
    char text[32];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)s->hash);
    tri_report_text(run, "field", text);
    if (s->check) {
        tri_report_real(run, "error", s->error, "1",
                        "largest distance from the solution of the heat equation");
        tri_report_real(run, "rounding", s->discrete_error, "1",
                        "largest distance from the solution of the difference equation");
        tri_report_text(run, "verify",
                        s->right ? "the field is the solution of the difference equation, except for rounding"
                                 : "the field differs from the solution of the difference equation");
    }
    if (seconds > 0)
        tri_report_real(run, "updates", updates / seconds, "1/s", "points updated per second by all ranks");
    if (s->energy_every && run->result) {
        size_t count = s->steps / s->energy_every + 1;
        tri_result_reals(run->result, "energy", 1, &count, s->energy, "1",
                         "exact sum of the field every energy-every steps, from step 0");
    }
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    heat_field_destroy(&s->field);
    tri_grid_destroy(&s->grid);
    tri_dataset_destroy(&s->dataset);
    for (int d = 0; d < TRI_GRID_DIMS; d++)
        free(s->profile[d]);
    free(s->block);
    free(s->energy);
}

static const tri_app app = {
    .name = "heat",
    .summary = "solves the heat equation in two or three dimensions; the bits do not depend on ranks, "
               "threads or device",
    .examples = "mpirun -np 4 trireme heat --points 1024x1024 --steps 1000 --verify\n"
                "mpirun -np 4 trireme heat --checkpoint run.h5 --checkpoint-every 10m --resume\n"
                "mpirun -np 4 trireme heat --initial gauss --out field --out-every 100 --plot png\n",
    .options = options,
    .state_bytes = sizeof(state),
    .outputs = true,
    .setup = setup,
    .begin = begin,
    .step = step,
    .keep = keep,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
