/* The file with a machine's network numbers. */
#include "trireme/network_file.h"
#include "trireme/output.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* One number. ALWAYS: measured in any case; otherwise measured with its level. */
enum { ALWAYS = TRI_LEVELS };
typedef struct row {
    const char *name, *unit, *text;
    size_t offset; /* in tri_network */
    int level;
} row;

/* clang-format off */
#define LEVEL_ROW(LEVEL, field, name, unit, text)                                                     \
    {name, unit, text, offsetof(tri_network, level[LEVEL].field), LEVEL},
#define LEVEL_ROWS(LEVEL, name)                                                                   \
    LEVEL_ROW(LEVEL, latency_s, name ".latency", "s", "per message, without overheads")              \
    LEVEL_ROW(LEVEL, overhead_s, name ".overhead", "s", "per message, at each end")           \
    LEVEL_ROW(LEVEL, byte_s, name ".byte", "s/byte", "of a single message")                       \
    LEVEL_ROW(LEVEL, rank_byte_s, name ".rank_byte", "s/byte", "of all messages of one rank")        \
    LEVEL_ROW(LEVEL, node_byte_s, name ".node_byte", "s/byte", "of all messages of one node")           \
    LEVEL_ROW(LEVEL, duplex_byte_s, name ".duplex_byte", "s/byte", "extra, if the receiver also sends")
/* clang-format on */

static const row rows[] = {
    LEVEL_ROWS(TRI_INSIDE, "inside") LEVEL_ROWS(TRI_BETWEEN, "between"){
        "memory.byte", "s/byte", "copied inside a rank", offsetof(tri_network, memory_byte_s), ALWAYS},
    {"combine.byte", "s/byte", "of the sum of two vectors", offsetof(tri_network, combine_byte_s), ALWAYS},
    {"eager", "bytes", "longer messages wait for the receiver", offsetof(tri_network, eager_bytes), ALWAYS},
    {"shared.flag", "s", "until another rank sees a flag", offsetof(tri_network, flag_s), TRI_INSIDE},
    {"shared.slot_byte", "s/byte", "copied into or out of shared memory", offsetof(tri_network, slot_byte_s),
     TRI_INSIDE},
    {"shared.single_copy", "s", "per single copy (cross-memory attach)", offsetof(tri_network, single_copy_s),
     TRI_INSIDE},
    {"shared.single_copy_byte", "s/byte", "of a single copy", offsetof(tri_network, single_copy_byte_s),
     TRI_INSIDE},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Entries that are not network numbers. */
typedef struct about {
    const char *name;
    size_t offset, room; /* in tri_network_file; room 0: an int */
} about;
#define TEXT(field)                                                                                          \
    { #field, offsetof(tri_network_file, field), sizeof((tri_network_file *)0)->field }
#define NUMBER(field)                                                                                        \
    { #field, offsetof(tri_network_file, field), 0 }
static const about abouts[] = {TEXT(date),    TEXT(mpi),     TEXT(processor),
                               NUMBER(cores), NUMBER(nodes), NUMBER(ranks_per_node)};
enum { ABOUTS = sizeof abouts / sizeof *abouts };

static double *number_of(tri_network_file *network, const row *r) {
    return (double *)((char *)&network->net + r->offset);
}
static void *about_of(tri_network_file *network, const about *a) {
    return (char *)network + a->offset;
}

/* ---- this machine ---- */

static void processor_name(char *out, size_t room) {
    char line[256];
    struct utsname names;
    snprintf(out, room, "%s", uname(&names) ? "unknown" : names.machine);
    FILE *from = fopen("/proc/cpuinfo", "r");
    if (!from) return;
    while (fgets(line, sizeof line, from)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, "model name", strlen("model name"))) continue;
        value += 1 + strspn(value + 1, " \t");
        snprintf(out, room, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    fclose(from);
}

tri_network_file tri_network_file_new(void) {
    tri_network_file here = {.net = tri_network_default,
                             .cores = (int)sysconf(_SC_NPROCESSORS_CONF),
                             .nodes = 1,
                             .ranks_per_node = 1};
    tri_mpi_library(here.mpi, sizeof here.mpi);
    processor_name(here.processor, sizeof here.processor);
    return here;
}

int tri_network_file_fits(const tri_network_file *network, const tri_network_file *machine) {
    return !strcmp(network->mpi, machine->mpi) && !strcmp(network->processor, machine->processor) &&
           network->cores == machine->cores;
}

/* Appends the letters and digits of a name, separated by '-'. */
static void add_word(char *text, size_t room, const char *name) {
    size_t length = strlen(text);
    for (int gap = 1; *name && length + 2 < room; name++) {
        int plain = isalnum((unsigned char)*name);
        if (plain && gap) text[length++] = '-';
        if (plain) text[length++] = (char)tolower((unsigned char)*name);
        gap = !plain;
    }
    text[length] = 0;
}

tri_status tri_network_file_path(const tri_network_file *machine, char *out, size_t room) {
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char name[256] = "network", cores[16];
    int set = config && *config == '/';
    if (!set && (!home || *home != '/'))
        return tri_fail(TRI_ERR_ENVIRONMENT, "HOME is not set; name the file with --out or --network");
    snprintf(cores, sizeof cores, "%d", machine->cores);
    add_word(name, sizeof name, machine->mpi);
    add_word(name, sizeof name, machine->processor);
    add_word(name, sizeof name, cores);
    int length = set ? snprintf(out, room, "%s/trireme/%s", config, name)
                     : snprintf(out, room, "%s/.config/trireme/%s", home, name);
    if ((size_t)length >= room)
        return tri_fail(TRI_ERR_ENVIRONMENT, "the path of the home directory is too long");
    return TRI_OK;
}

/* ---- reading ---- */

static char *trim(char *text) {
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        text[--length] = 0;
    return text;
}

static int row_named(const char *name) {
    int i = 0;
    while (i < ROWS && strcmp(rows[i].name, name))
        i++;
    return i;
}

/* `value` looks like "2.5e-07 s". */
static tri_status read_number(const row *r, const char *value, const char *where, double *out) {
    char *end;
    double number = strtod(value, &end);
    if (end == value || !isfinite(number) || number < 0)
        return tri_fail(TRI_ERR_DATA, "%s: '%s' is not a number >= 0", where, value);
    if (strcmp(trim(end), r->unit))
        return tri_fail(TRI_ERR_DATA, "%s: the unit of %s is %s; write '%g %s'", where, r->name, r->unit,
                        number, r->unit);
    *out = number;
    return TRI_OK;
}

static tri_status read_about(const about *a, const char *value, const char *where, void *out) {
    if (a->room) {
        snprintf(out, a->room, "%s", value);
        return TRI_OK;
    }
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || *end || number < 1 || number > 1 << 24)
        return tri_fail(TRI_ERR_DATA, "%s: '%s' is not an integer >= 1", where, value);
    *(int *)out = (int)number;
    return TRI_OK;
}

static tri_status read_line(char *line, const char *where, tri_network_file *out, char given[ROWS]) {
    line[strcspn(line, "#")] = 0;
    char *name = trim(line), *value = strchr(name, '=');
    if (!*name) return TRI_OK;
    if (!value) return tri_fail(TRI_ERR_DATA, "%s: '%.40s' is not 'name = value'", where, name);
    *value++ = 0;
    name = trim(name), value = trim(value);
    for (int a = 0; a < ABOUTS; a++)
        if (!strcmp(abouts[a].name, name))
            return read_about(&abouts[a], value, where, about_of(out, &abouts[a]));
    int i = row_named(name);
    if (i == ROWS) return tri_fail(TRI_ERR_DATA, "%s: unknown name '%.40s'", where, name);
    if (given[i]) return tri_fail(TRI_ERR_DATA, "%s: %s is given twice", where, name);
    given[i] = 1;
    return read_number(&rows[i], value, where, number_of(out, &rows[i]));
}

/* A level has either all its numbers or none; then it keeps the defaults. */
static tri_status check_whole(const char *path, const char given[ROWS], tri_network_file *out) {
    for (int level = 0; level < TRI_LEVELS; level++)
        for (int i = 0; i < ROWS; i++)
            out->measured[level] |= rows[i].level == level && given[i];
    for (int i = 0; i < ROWS; i++)
        if (!given[i] && (rows[i].level == ALWAYS || out->measured[rows[i].level]))
            return tri_fail(TRI_ERR_DATA, "'%s' lacks %s; measure again with bench network", path,
                            rows[i].name);
    return TRI_OK;
}

tri_status tri_network_file_read(const char *path, tri_network_file *out) {
    char line[512], where[300], given[ROWS] = {0};
    tri_network_file found = {.net = tri_network_default};
    tri_status status = TRI_OK;
    struct stat kind;
    /* Opening a named pipe would wait for its writer. */
    if (!stat(path, &kind) && !S_ISREG(kind.st_mode))
        return tri_fail(TRI_ERR_FILE, "cannot read '%s': it is not a regular file; name one", path);
    FILE *from = fopen(path, "r");
    if (!from) return tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", path, strerror(errno));
    for (int number = 1; status == TRI_OK && fgets(line, sizeof line, from); number++) {
        snprintf(where, sizeof where, "'%.255s', line %d", path, number);
        status = read_line(line, where, &found, given);
    }
    if (status == TRI_OK && ferror(from)) status = tri_fail(TRI_ERR_FILE, "cannot read '%s'", path);
    fclose(from);
    TRI_TRY(status);
    TRI_TRY(check_whole(path, given, &found));
    *out = found;
    return TRI_OK;
}

/* ---- writing ---- */

static void write_lines(FILE *to, const tri_network_file *network) {
    tri_network_file copy = *network;
    fprintf(to, "# Network numbers of this machine, measured by bench network.\n");
    for (int a = 0; a < ABOUTS; a++)
        if (abouts[a].room)
            fprintf(to, "%s = %s\n", abouts[a].name, (char *)about_of(&copy, &abouts[a]));
        else
            fprintf(to, "%s = %d\n", abouts[a].name, *(int *)about_of(&copy, &abouts[a]));
    for (int i = 0; i < ROWS; i++)
        if (rows[i].level == ALWAYS || network->measured[rows[i].level])
            fprintf(to, "%s = %.6g %s  # %s\n", rows[i].name, *number_of(&copy, &rows[i]), rows[i].unit,
                    rows[i].text);
}

tri_status tri_network_file_write(const char *path, const tri_network_file *network) {
    tri_output *output = NULL;
    TRI_TRY(tri_output_folders(path));
    TRI_TRY(tri_output_create(path, 1, &output));
    write_lines(tri_output_stream(output), network);
    tri_status status = tri_output_finish(output, NULL);
    tri_output_destroy(&output);
    return status;
}
