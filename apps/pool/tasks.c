/* The list of tasks: lines of a file or of standard input, or the combinations of a sweep. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/pool/farm.h"

enum { VALUES_MOST = 100000000, BLOCK = 64 << 10, COMMAND_MOST = 16 << 20 };

/* A name of a sweep: values of a list, or first, first + step, ... */
typedef struct axis {
    char *name;
    char **value; /* NULL: a range */
    double first, step;
    uint64_t count;
    char *copy;
    int decimals;
} axis;

struct farm_source {
    int file; /* -1: a sweep */
    const char *path;
    char end;
    farm_bytes text; /* what is read, from `at` on not yet given out */
    size_t at;
    bool ended;
    const char *form;
    axis *axes;
    size_t axis_count;
    uint64_t next, count;
    farm_bytes command;
};

static int decimals_of(const char *text) {
    const char *point = strchr(text, '.');
    return strpbrk(text, "eE") ? -1 : point ? (int)strlen(point + 1) : 0;
}

/* first:last[:step] */
static tri_status read_range(axis *a, char *text) {
    char *part[3] = {text, NULL, NULL}, *end;
    double value[3] = {0, 0, 1};
    int parts = 1;
    for (char *colon; parts < 3 && (colon = strchr(part[parts - 1], ':'));) {
        *colon = 0;
        part[parts++] = colon + 1;
    }
    a->decimals = 0;
    for (int i = 0; i < parts; i++) {
        int decimals = decimals_of(part[i]);
        value[i] = strtod(part[i], &end);
        if (end == part[i] || *end)
            return tri_fail(TRI_ERR_ARGUMENT, "--sweep: %s: '%s' is no number", a->name, part[i]);
        if (decimals < 0 || a->decimals < 0)
            a->decimals = -1;
        else if (decimals > a->decimals)
            a->decimals = decimals;
    }
    double steps = (value[1] - value[0]) / value[2];
    if (!(steps >= 0 && steps < VALUES_MOST))
        return tri_fail(TRI_ERR_ARGUMENT, "--sweep: %s: the range is empty or has more than %d values",
                        a->name, VALUES_MOST);
    a->first = value[0], a->step = value[2];
    a->count = (uint64_t)(steps + 1e-9) + 1;
    return TRI_OK;
}

static tri_status read_axis(axis *a, const char *word) {
    char *sign;
    a->copy = strdup(word);
    if (!a->copy) return tri_fail(TRI_ERR_MEMORY, "no memory for a sweep");
    sign = strchr(a->copy, '=');
    if (!sign || sign == a->copy || !sign[1])
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--sweep: '%s' is not NAME=VALUE,VALUE,... or NAME=FIRST:LAST[:STEP]", word);
    *sign = 0;
    a->name = a->copy;
    if (strchr(sign + 1, ':') && !strchr(sign + 1, ',')) return read_range(a, sign + 1);
    a->count = 1;
    for (const char *c = sign + 1; *c; c++)
        a->count += *c == ',';
    a->value = calloc(a->count, sizeof *a->value);
    if (!a->value) return tri_fail(TRI_ERR_MEMORY, "no memory for a sweep");
    char *at = sign + 1;
    for (uint64_t i = 0; i < a->count; i++) {
        a->value[i] = at;
        at += strcspn(at, ",");
        if (*at) *at++ = 0;
    }
    return TRI_OK;
}

static tri_status open_sweep(farm_source *s, const farm_options *o) {
    s->form = o->sweep;
    s->axis_count = o->words.count;
    s->axes = calloc(s->axis_count + 1, sizeof *s->axes);
    if (!s->axes) return tri_fail(TRI_ERR_MEMORY, "no memory for a sweep");
    s->count = 1;
    for (size_t i = 0; i < s->axis_count; i++) {
        char name[256];
        TRI_TRY(read_axis(&s->axes[i], o->words.text[i]));
        snprintf(name, sizeof name, "{%s}", s->axes[i].name);
        if (!strstr(s->form, name)) return tri_fail(TRI_ERR_ARGUMENT, "--sweep: the command has no %s", name);
        if (s->count > UINT64_MAX / s->axes[i].count / 2)
            return tri_fail(TRI_ERR_ARGUMENT, "--sweep: too many combinations");
        s->count *= s->axes[i].count;
    }
    return TRI_OK;
}

static tri_status open_source(farm_source *s, const farm_options *o) {
    s->file = -1;
    s->end = o->null ? 0 : '\n';
    if (o->sweep) return open_sweep(s, o);
    if (o->words.count > 1)
        return tri_fail(TRI_ERR_ARGUMENT, "unexpected argument '%s'; quote the command of --sweep",
                        o->words.text[1]);
    s->path = o->words.count ? o->words.text[0] : "-";
    if (!strcmp(s->path, "-")) {
        s->path = "standard input";
        s->file = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    } else
        s->file = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->file < 0) return tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", s->path, strerror(errno));
    return TRI_OK;
}

tri_status farm_source_open(const farm_options *o, farm_source **out) {
    farm_source *s = calloc(1, sizeof *s);
    if (!s) return tri_fail(TRI_ERR_MEMORY, "no memory for the tasks");
    tri_status status = open_source(s, o);
    if (status == TRI_OK)
        *out = s;
    else
        farm_source_close(&s);
    return status;
}

void farm_source_close(farm_source **source) {
    if (!*source) return;
    farm_source *s = *source;
    if (s->file >= 0) close(s->file);
    for (size_t i = 0; i < s->axis_count && s->axes; i++) {
        free(s->axes[i].value);
        free(s->axes[i].copy);
    }
    free(s->axes);
    free(s->text.bytes);
    free(s->command.bytes);
    free(s);
    *source = NULL;
}

uint64_t farm_source_count(const farm_source *source) {
    return source->count;
}

static void put_value(farm_bytes *b, const axis *a, uint64_t index) {
    char number[64];
    if (a->value)
        snprintf(number, sizeof number, "%s", "");
    else if (a->decimals < 0)
        snprintf(number, sizeof number, "%g", a->first + (double)index * a->step);
    else
        snprintf(number, sizeof number, "%.*f", a->decimals, a->first + (double)index * a->step);
    const char *text = a->value ? a->value[index] : number;
    farm_put(b, text, strlen(text));
}

/* The combination s->next; the last name varies fastest. */
static void fill_form(farm_source *s) {
    s->command.count = 0;
    for (const char *at = s->form; *at;) {
        uint64_t rest = s->next;
        size_t used = 0;
        for (size_t i = s->axis_count; i-- > 0 && !used;) {
            const axis *a = &s->axes[i];
            size_t length = strlen(a->name);
            if (*at == '{' && !strncmp(at + 1, a->name, length) && at[length + 1] == '}') {
                put_value(&s->command, a, rest % a->count);
                used = length + 2;
            }
            rest /= a->count;
        }
        if (!used) farm_put(&s->command, at, 1);
        at += used ? used : 1;
    }
    s->next++;
}

/* Reads more; or nothing, if `wake` can be read first. */
static tri_status read_more(farm_source *s, int wake) {
    struct pollfd wait[] = {{.fd = s->file, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
    if (poll(wait, 2, -1) < 0 && errno != EINTR)
        return tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", s->path, strerror(errno));
    if (wait[1].revents || !wait[0].revents) return TRI_STOPPED;
    if (s->at) {
        memmove(s->text.bytes, s->text.bytes + s->at, s->text.count - s->at);
        s->text.count -= s->at;
        s->at = 0;
    }
    if (s->text.count > COMMAND_MOST)
        return tri_fail(TRI_ERR_DATA, "'%s' has a line of more than 16 MiB: is it a list of commands?",
                        s->path);
    size_t before = s->text.count;
    char block[BLOCK];
    ssize_t got = read(s->file, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return TRI_OK;
    if (got < 0) return tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", s->path, strerror(errno));
    farm_put(&s->text, block, (size_t)got);
    s->text.count = before + (size_t)got;
    s->ended = got == 0;
    return TRI_OK;
}

static bool is_empty(const char *line, size_t length) {
    size_t blank = 0;
    while (blank < length && (line[blank] == ' ' || line[blank] == '\t' || line[blank] == '\r'))
        blank++;
    return blank == length || line[blank] == '#';
}

tri_status farm_source_next(farm_source *s, int wake, const char **command, size_t *length) {
    *command = NULL;
    if (s->file < 0) {
        if (s->next == s->count) return TRI_OK;
        fill_form(s);
        *command = (const char *)s->command.bytes;
        *length = s->command.count;
        return TRI_OK;
    }
    for (size_t seen = 0;;) {
        const char *from = (const char *)s->text.bytes + s->at;
        size_t rest = s->text.count - s->at;
        const char *end = rest > seen ? memchr(from + seen, s->end, rest - seen) : NULL;
        if (!end && !s->ended) {
            seen = rest;
            TRI_TRY(read_more(s, wake));
            continue;
        }
        if (!end && !rest) return TRI_OK;
        size_t found = end ? (size_t)(end - from) : rest;
        s->at += found + (end != NULL);
        seen = 0;
        if (s->end ? is_empty(from, found) : !found) continue;
        if (memchr(from, 0, found))
            return tri_fail(TRI_ERR_DATA, "'%s' has a byte 0 in a line; use --null", s->path);
        *command = from;
        *length = found;
        return TRI_OK;
    }
}
