/* The report: what is wrong, who is where, what came before. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "apps/watch/judge.h"

enum { LAST_CALLS = 5, GROUPS_WITH_CALLS = 4 };

/* Ranks that are at the same place in the same call. */
typedef struct group {
    char *key, *text;
    int *ranks, count;
} group;

/* With or without the arguments of the call. */
static char *rank_text(const world *w, int r, bool arguments) {
    const member *m = &w->member[r];
    if (!m->slot) return words_format("on a node that is not known");
    const tri_slot_lane *lane = &m->slot->lane[m->lane];
    const tri_slot_call *c = lane_call(lane);
    const char *place = NULL;
    switch (m->state) {
    case RANK_DEAD:
        return words_format("died");
    case RANK_LEFT:
        return words_format("has left: MPI_Finalize is done");
    case RANK_STOPPED:
        return words_format("is stopped by a signal");
    default:
        break;
    }
    if (c) {
        char *call = arguments ? words_call(w, r, c, true) : words_place(w, r, c);
        char *text = words_format("%s %s", m->state == RANK_POLLS ? "polls with" : "in", call);
        free(call);
        return text;
    }
    place = place_of_rank(w, r);
    return words_format("outside MPI%s%s%s", m->state == RANK_POLLS ? ", polling" : "", place ? ", at " : "",
                        place ? place : "");
}

static int make_groups(const world *w, group *groups) {
    int count = 0;
    for (int r = 0; r < w->ranks; r++) {
        char *key = rank_text(w, r, false), *text = rank_text(w, r, true);
        int g = 0;
        while (g < count && strcmp(groups[g].key, key) != 0)
            g++;
        if (g == count) {
            groups[count++] = (group){key, text, calloc((size_t)w->ranks, sizeof(int)), 0};
        } else {
            /* The arguments differ. */
            if (strcmp(groups[g].text, text) != 0) strcpy(groups[g].text, groups[g].key);
            free(key), free(text);
        }
        if (groups[g].ranks) groups[g].ranks[groups[g].count++] = r;
    }
    return count;
}

/* The last calls of a rank, oldest first. */
static int last_calls(const world *w, int r, const tri_slot_call *out[LAST_CALLS]) {
    const tri_slot *slot = w->member[r].slot;
    const tri_slot_lane *lane = slot ? &slot->lane[w->member[r].lane] : NULL;
    uint64_t before = UINT64_MAX;
    int count = 0;
    const tri_slot_call *found[LAST_CALLS];
    while (lane && count < LAST_CALLS) {
        const tri_slot_call *last = NULL;
        for (int i = 0; i < TRI_SLOT_CALLS + TRI_SLOT_ROUNDS; i++) {
            const tri_slot_call *c = i < TRI_SLOT_CALLS ? &lane->calls[i] : &lane->rounds[i - TRI_SLOT_CALLS];
            if (c->step && c->step < before && (!last || c->step > last->step)) last = c;
        }
        if (!last) break;
        before = last->step;
        found[count++] = last;
    }
    for (int i = 0; i < count; i++)
        out[i] = found[count - 1 - i];
    return count;
}

static char *call_line(const world *w, int r, const tri_slot_call *c) {
    char *call = words_call(w, r, c, true), *on = c->round ? words_object(w, c->object) : NULL;
    char *text = on           ? words_format("%s, call %llu on %s", call, (unsigned long long)c->round, on)
                 : c->repeats ? words_format("%s, %u times", call, c->repeats + 1)
                              : words_format("%s", call);
    free(call), free(on);
    return text;
}

static void print(const world *w, const char *first, const group *groups, int count, FILE *out) {
    fprintf(out, "trireme watch: %s\n", first);
    for (int g = 0; g < count; g++) {
        char *ranks = words_ranks(groups[g].ranks, groups[g].count);
        int r = groups[g].ranks[0];
        const member *m = &w->member[r];
        fprintf(out, "  %s: %s", ranks, groups[g].text);
        if (m->state == RANK_WAITS) fprintf(out, ", for %.0f s", m->waits_s);
        fprintf(out, "\n");
        free(ranks);
    }
    for (int g = 0; g < count && g < GROUPS_WITH_CALLS; g++) {
        const tri_slot_call *calls[LAST_CALLS];
        int r = groups[g].ranks[0], n = last_calls(w, r, calls);
        if (!n) continue;
        fprintf(out, "  last calls of rank %d:\n", r);
        for (int i = 0; i < n; i++) {
            char *line = call_line(w, r, calls[i]);
            fprintf(out, "    %s\n", line);
            free(line);
        }
    }
    fflush(out);
}

static void write_json(const world *w, const char *first, const group *groups, int count, const char *path) {
    json_t *all = json_array();
    for (int g = 0; g < count; g++) {
        json_t *ranks = json_array(), *calls = json_array();
        const tri_slot_call *last[LAST_CALLS];
        int r = groups[g].ranks[0], n = last_calls(w, r, last);
        for (int i = 0; i < groups[g].count; i++)
            json_array_append_new(ranks, json_integer(groups[g].ranks[i]));
        for (int i = 0; i < n; i++) {
            char *line = call_line(w, r, last[i]);
            json_array_append_new(calls, json_string(line));
            free(line);
        }
        json_array_append_new(all, json_pack("{s:o, s:s, s:b, s:f, s:o}", "ranks", ranks, "where",
                                             groups[g].text, "proven", w->member[r].blocked, "seconds",
                                             w->member[r].waits_s, "last_calls", calls));
    }
    json_t *root = json_pack("{s:s, s:i, s:o}", "verdict", first, "ranks", w->ranks, "groups", all);
    if (!root || json_dump_file(root, path, JSON_INDENT(2)))
        fprintf(stderr, "trireme watch: cannot write '%s'; choose another file\n", path);
    json_decref(root);
}

void report_write(const world *w, const char *first, FILE *out, const char *json) {
    group *groups = calloc((size_t)w->ranks, sizeof *groups);
    int count = groups ? make_groups(w, groups) : 0;
    print(w, first, groups, count, out);
    if (json && *json) write_json(w, first, groups, count, json);
    for (int g = 0; g < count; g++) {
        free(groups[g].key);
        free(groups[g].text);
        free(groups[g].ranks);
    }
    free(groups);
}
