/* watch-judge FILE WHY: judges the board that is open as descriptor FILE. The thread in a rank that watches
 * starts it: `wait`, ranks have waited for long; `look`, a user wants a report. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apps/watch/judge.h"

static tri_board *map_board(int file) {
    struct stat of;
    if (fstat(file, &of)) return NULL;
    void *memory = mmap(NULL, (size_t)of.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    tri_board *board = memory == MAP_FAILED ? NULL : memory;
    return board && board->magic == TRI_BOARD_MAGIC ? board : NULL;
}

/* Whether all known ranks have been in calls of messages for so long that a transfer is no reason. */
static bool nothing_moves(const world *w) {
    for (int r = 0; r < w->ranks; r++) {
        const member *m = &w->member[r];
        if (!m->slot || (m->state != RANK_WAITS && m->state != RANK_LEFT)) return false;
        if (m->state == RANK_LEFT) continue;
        const tri_slot_call *c = lane_call(&m->slot->lane[m->lane]);
        if (!c || m->waits_s < w->board->quiet_s || c->kind == TRI_CALL_FILE ||
            c->kind == TRI_CALL_FILE_ALL || c->kind == TRI_CALL_COMM || c->kind == TRI_CALL_FINALIZE)
            return false;
    }
    return true;
}

static bool is_quiet(const world *w) {
    for (int r = 0; r < w->ranks; r++)
        if (w->member[r].state == RANK_WAITS && w->member[r].waits_s >= w->board->quiet_s) return true;
    return false;
}

/* Ranks that have waited for long, though nothing is proven. */
static char *words_unproven(const world *w) {
    int *waits = calloc((size_t)w->ranks, sizeof *waits), *others = calloc((size_t)w->ranks, sizeof *others);
    int n = 0, m = 0, polls = 0;
    for (int r = 0; r < w->ranks && waits && others; r++) {
        if (w->member[r].state == RANK_WAITS && w->member[r].waits_s >= w->board->quiet_s)
            waits[n++] = r;
        else if (w->member[r].state != RANK_LEFT)
            others[m++] = r;
        polls += w->member[r].state == RANK_POLLS;
    }
    char *text = NULL;
    if (n) {
        char *a = words_ranks(waits, n), *b = m ? words_ranks(others, m) : words_format("no rank");
        text = words_format("%s %s waited for %.0f s, %s %s; this is no proof of an error%s", a,
                            n == 1 ? "has" : "have", w->board->quiet_s, b,
                            polls    ? "polls"
                            : m == 1 ? "computes"
                                     : "compute",
                            polls ? " (a loop over MPI_Test or MPI_Iprobe may end at any time)" : "");
        free(a), free(b);
    }
    free(waits), free(others);
    return text;
}

static uint64_t state_of(const world *w) {
    uint64_t hash = 11;
    for (int r = 0; r < w->ranks; r++) {
        const member *m = &w->member[r];
        if (m->state == RANK_WAITS)
            hash = (hash ^ (atomic_load(&m->slot->lane[m->lane].step) * 31 + (uint64_t)r)) *
                   UINT64_C(0x100000001b3);
    }
    return hash;
}

/* The same proof twice, with a pause: a message that was on its way has had time. */
static bool is_proven(world *w, tri_board *board) {
    if (!find_blocked(w)) return false;
    uint64_t before = state_of(w);
    nanosleep(&(struct timespec){0, 500000000}, NULL);
    world again;
    if (!world_read(&again, board)) return false;
    bool same = find_blocked(&again) > 0 && state_of(&again) == before;
    *w = again;
    return same;
}

static void order(tri_board *board) {
    if (board->action == TRI_SLOT_REPORT) return;
    atomic_store(&board->verdict, board->action + 1);
    board_ring(board);
}

static void judge(tri_board *board, const char *why) {
    world w;
    const char *json = getenv("TRIREME_WATCH_JSON");
    if (!world_read(&w, board)) return;
    places_ask(&w, false);
    if (!world_read(&w, board)) return;
    bool proven = is_proven(&w, board), look = !strcmp(why, "look");
    bool still = !proven && nothing_moves(&w);
    uint64_t state = state_of(&w);
    char *first = NULL;
    if (!look && !proven && atomic_load(&board->told) == state) return;
    bool due = proven || still || look || is_quiet(&w);
    if (!due) return;
    places_ask(&w, true);
    if (proven) first = words_verdict(&w);
    if (!first && (still || proven))
        first = words_format("every rank is in MPI, and nothing has moved for %.0f s", board->quiet_s);
    if (!first && look) first = words_format("a report, as asked for; nothing is proven to be wrong");
    if (!first) first = words_unproven(&w);
    if (!first) return;
    /* One report of each state. */
    if (look || atomic_exchange(&board->told, state) != state) report_write(&w, first, stderr, json);
    if (proven || still) order(board);
    free(first);
}

int main(int argc, char **argv) {
    tri_board *board = argc == 3 ? map_board(atoi(argv[1])) : NULL;
    if (!board) {
        fprintf(stderr, "watch-judge: not a board; trireme watch starts this program\n");
        return 2;
    }
    int nobody = 0;
    /* One at a time. */
    if (!atomic_compare_exchange_strong(&board->judge, &nobody, (int)getpid()) &&
        !access(words_format("/proc/%d", nobody), F_OK))
        return 0;
    atomic_store(&board->judge, (int)getpid());
    judge(board, argv[2]);
    atomic_store(&board->judge, 0);
    return 0;
}
