/* What the user sees: results in the order of the list, progress, and the end. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

static void end_line(factor_state *s) {
    if (s->terminal && s->said_s > 0) fputs("\r\x1b[K", stderr);
}

static void print(factor_state *s, const factor_number *number, const factor_number *same) {
    if (same->whole)
        s->complete++;
    else
        s->partial++;
    if (s->options->json) {
        json_t *one = json_copy(same->json);
        json_object_set_new(one, "number", json_string(number->text));
        if (mpz_sgn(number->n) < 0) {
            json_t *all = json_copy(json_object_get(one, "factors"));
            json_array_insert_new(all, 0, json_pack("{s:s, s:s}", "value", "-1", "kind", "unit"));
            json_object_set_new(one, "factors", all);
        }
        if (!s->json) s->json = json_array();
        json_array_append_new(s->json, one);
        return;
    }
    printf("%s:%s%s\n", number->text, mpz_sgn(number->n) < 0 ? " -1" : "", same->result);
}

void factor_tell_results(factor_state *s) {
    bool any = false;
    for (; s->printed < s->numbers; s->printed++) {
        const factor_number *number = s->number + s->printed, *same = s->number + number->same;
        if (!same->done) break;
        if (!any && !s->options->quiet && !s->options->json) end_line(s);
        print(s, number, same);
        any = true;
    }
    if (any) fflush(stdout);
}

static void write_progress(const factor_state *s, char *text, size_t room) {
    char excluded[128];
    const factor_piece *now = NULL;
    if (s->tickets) now = s->tickets->piece[0];
    int at =
        snprintf(text, room, "factor: %zu of %zu number%s, %zu curves, %d task%s", s->printed, s->numbers,
                 s->numbers > 1 ? "s" : "", s->curves, s->outstanding, s->outstanding == 1 ? "" : "s");
    if (now && now->kind == FACTOR_COMPOSITE)
        snprintf(text + at, room - (size_t)at, ", c%zu: %s%s", now->digits,
                 factor_piece_excluded(now, excluded), now->sieve_given ? ", sieve" : "");
}

void factor_tell_progress(factor_state *s, bool now) {
    const double in_place_s = 0.5;
    const factor_options *o = s->options;
    char text[512];
    if (o->quiet || o->json || o->progress <= 0) return;
    double wait_s = s->terminal ? in_place_s : o->progress, clock_s = tri_now_s();
    if (!now && clock_s - (s->said_s > 0 ? s->said_s : s->begin_s) < wait_s) return;
    s->said_s = clock_s;
    write_progress(s, text, sizeof text);
    fprintf(stderr, s->terminal ? "\r%s\x1b[K" : "%s\n", text);
    fflush(stderr);
}

/* What is left of a number, for those who read no JSON. */
static void explain(const factor_number *number) {
    const json_t *factors = json_object_get(number->json, "factors");
    for (size_t i = 0; i < json_array_size(factors); i++) {
        const json_t *one = json_array_get(factors, i);
        const char *excluded = json_string_value(json_object_get(one, "excluded"));
        if (!excluded) continue;
        fprintf(stderr, "factor: %.40s%s: a composite factor of %lld digits is left; excluded: %s\n",
                number->text, strlen(number->text) > 40 ? "..." : "",
                (long long)json_integer_value(json_object_get(one, "digits")), excluded);
    }
}

void factor_tell_end(factor_state *s, tri_status status) {
    const factor_options *o = s->options;
    double seconds = tri_now_s() - s->begin_s;
    size_t left = s->numbers - s->complete - s->partial;
    if (o->json) {
        json_t *all =
            json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "status", tri_status_exit(status),
                      "complete", (json_int_t)s->complete, "partial", (json_int_t)s->partial, "left",
                      (json_int_t)left, "curves", (json_int_t)s->curves, "lost_curves",
                      (json_int_t)factor_lost_curves(), "lost_before", (json_int_t)s->lost_before, "seconds",
                      seconds, "numbers", s->json ? (json_t *)s->json : json_array());
        json_dumpf(all, stdout, JSON_INDENT(2));
        puts("");
        json_decref(all);
        return;
    }
    if (o->quiet) return;
    end_line(s);
    for (size_t i = 0; i < s->printed; i++)
        if (s->number[i].same == i && !s->number[i].whole) explain(s->number + i);
    if (s->lost_before)
        fprintf(stderr, "factor: %zu curves of earlier runs were given out and not ended; they ran again\n",
                s->lost_before);
    if (factor_lost_curves())
        fprintf(stderr, "factor: %zu curves were lost with their workers and ran again\n",
                factor_lost_curves());
    if (left && status == TRI_STOPPED) fprintf(stderr, "factor: %zu numbers are left\n", left);
}
