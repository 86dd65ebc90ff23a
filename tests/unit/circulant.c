/* The schedules of pieces on a circulant graph, for every number of ranks up to some hundred: each receive
 * matches a send of the same piece by a rank that has it, and in the end all ranks have all pieces. */
#include "collectives/graphs/circulant.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { MOST_RANKS = 260, MOST_PIECES = 23 };

typedef struct state {
    tri_circulant plan[MOST_RANKS];
    int before[MOST_RANKS][MOST_PIECES],
        now[MOST_RANKS][MOST_PIECES]; /* how often a rank has received a piece */
} state;

/* Returns the number of wrong messages. */
static int run_round(state *s, int size, int round) {
    int wrong = 0;
    memcpy(s->before, s->now, sizeof s->before);
    for (int rank = 0; rank < size; rank++) {
        int from, to, next, piece = tri_circulant_recv(&s->plan[rank], round, &from);
        wrong += tri_circulant_send(&s->plan[from], round, &to) != piece || to != rank;
        if (piece >= 0) {
            wrong += !s->before[from][piece];
            s->now[rank][piece]++;
        }
        /* Every send has a receive. */
        int sent = tri_circulant_send(&s->plan[rank], round, &next);
        wrong += tri_circulant_recv(&s->plan[next], round, &from) != sent || from != rank;
    }
    return wrong;
}

static void try_one(state *s, int size, int pieces) {
    int wrong = 0, missing = 0;
    memset(s, 0, sizeof *s);
    for (int rank = 0; rank < size; rank++)
        tri_circulant_plan(&s->plan[rank], size, rank, pieces);
    for (int k = 0; k < pieces; k++)
        s->now[0][k] = 1;
    int first = s->plan[0].idle, end = tri_circulant_end(&s->plan[0]);
    CHECK(end - first == pieces - 1 + tri_log2_up(size), "%d ranks, %d pieces: %d rounds", size, pieces,
          end - first);
    for (int round = first; round < end; round++)
        wrong += run_round(s, size, round);
    for (int rank = 0; rank < size; rank++)
        for (int k = 0; k < pieces; k++)
            missing += s->now[rank][k] != 1;
    CHECK(!wrong && !missing, "%d ranks, %d pieces: %d messages are wrong, %d pieces do not come once", size,
          pieces, wrong, missing);
}

int main(void) {
    static const int pieces[] = {1, 2, 3, 8, MOST_PIECES};
    state *s = malloc(sizeof *s);
    if (!s) abort();
    for (int size = 2; size <= MOST_RANKS; size++)
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
            try_one(s, size, pieces[i]);
    free(s);
    return check_result("circulant");
}
