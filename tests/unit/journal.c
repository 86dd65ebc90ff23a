/* A journal cut at every byte, with bits flipped, blocks moved and zeroed, two writers, a full disk. */
#include "trireme/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "trireme/random.h"

static const char name[] = "test 1", path[] = "journal";
enum { HEAD = 64, RECORD = 16, MANY = 40 };

/* Record i has i * 7 % 50 bytes of the value i, and the kind i. */
typedef struct seen {
    uint32_t count;
    int wrong;
    uint64_t end[MANY + 2]; /* end[i]: where record i - 1 ends */
} seen;

static tri_status visit(void *argument, const tri_journal_record *record) {
    seen *s = argument;
    s->wrong |= record->kind != s->count || record->count != s->count * 7 % 50;
    for (size_t i = 0; i < record->count; i++)
        s->wrong |= ((const uint8_t *)record->bytes)[i] != (uint8_t)s->count;
    s->count++;
    s->end[s->count] = record->at + RECORD + record->count;
    return TRI_OK;
}

static void append(tri_journal *journal, uint32_t i) {
    uint8_t bytes[64];
    memset(bytes, (int)i, sizeof bytes);
    CHECK_OK(tri_journal_append(journal, i, bytes, i * 7 % 50, NULL));
}

static void make(uint32_t count) {
    tri_journal *journal = NULL;
    unlink(path);
    CHECK_OK(tri_journal_open(path, name, NULL, NULL, NULL, &journal));
    for (uint32_t i = 0; i < count; i++)
        append(journal, i);
    CHECK_OK(tri_journal_sync(journal));
    tri_journal_destroy(&journal);
}

static size_t load(uint8_t **out) {
    FILE *file = fopen(path, "rb");
    static uint8_t bytes[1 << 16];
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    *out = bytes;
    return count;
}

static void store(const uint8_t *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, count, file) == count, "%s", strerror(errno));
    if (file) fclose(file);
}

/* Opens it and appends what is missing: afterwards all records are there, whatever had happened. */
static void resume(const char *what, size_t at, uint32_t expected) {
    tri_journal *journal = NULL;
    tri_journal_end end;
    seen s = {0}, again = {0};
    tri_status status = tri_journal_open(path, name, visit, &s, &end, &journal);
    CHECK(status == TRI_OK && !s.wrong && s.count == expected && end.records == expected,
          "%s at %zu: %s, %u records, expected %u", what, at, tri_error_text(), s.count, expected);
    if (status != TRI_OK) return;
    for (uint32_t i = s.count; i < MANY; i++)
        append(journal, i);
    tri_journal_destroy(&journal);
    CHECK_OK(tri_journal_read(path, name, 0, visit, &again, &end));
    CHECK(again.count == MANY && !again.wrong && !end.cut, "%s at %zu: resumed to %u", what, at, again.count);
}

static void cut_everywhere(void) {
    uint8_t *bytes, copy[1 << 14];
    seen s = {0};
    make(MANY);
    size_t count = load(&bytes);
    memcpy(copy, bytes, count);
    CHECK_OK(tri_journal_read(path, name, 0, visit, &s, NULL));
    CHECK(s.count == MANY && s.end[MANY] == count, "%u records", s.count);
    for (size_t at = 0; at <= count; at++) {
        uint32_t whole = 0;
        while (whole < MANY && s.end[whole + 1] <= at)
            whole++;
        store(copy, at);
        resume("cut", at, at < HEAD ? 0 : whole);
    }
}

static void flip_everywhere(void) {
    uint8_t *bytes, copy[1 << 14];
    seen s = {0};
    make(MANY);
    size_t count = load(&bytes);
    memcpy(copy, bytes, count);
    CHECK_OK(tri_journal_read(path, name, 0, visit, &s, NULL));
    for (size_t bit = 0; bit < 8 * count; bit += bit < 8 * HEAD ? 1 : 5) {
        size_t at = bit / 8;
        copy[at] ^= (uint8_t)(1 << bit % 8);
        store(copy, count);
        if (at < HEAD) {
            tri_journal *journal = NULL;
            CHECK_STATUS(tri_journal_open(path, name, NULL, NULL, NULL, &journal), TRI_ERR_DATA);
        } else {
            uint32_t whole = 0;
            while (s.end[whole + 1] <= at)
                whole++;
            resume("bit", bit, whole);
        }
        copy[at] ^= (uint8_t)(1 << bit % 8);
    }
}

/* What file systems leave after a power cut: zeros, and a block of another place or of an older file. */
static void damage_blocks(void) {
    uint8_t *bytes, copy[1 << 14], older[1 << 14];
    seen s = {0};
    make(MANY);
    size_t count = load(&bytes);
    memcpy(copy, bytes, count);
    CHECK_OK(tri_journal_read(path, name, 0, visit, &s, NULL));
    memset(copy + s.end[20], 0, count - s.end[20]);
    store(copy, count);
    resume("zeros", s.end[20], 20);
    memcpy(older, bytes, count);
    /* Record 30 is whole, and at another place. */
    memcpy(older + s.end[10], bytes + s.end[30], s.end[31] - s.end[30]);
    store(older, count);
    resume("a moved record", s.end[10], 10);
    /* A length beyond the end, and one beyond the limit. */
    for (int high = 0; high < 2; high++) {
        memcpy(copy, bytes, count);
        copy[s.end[5] + (high ? 3 : 2)] = 0x7f;
        store(copy, count);
        resume("a length", s.end[5], 5);
    }
}

static void cut_large(void) {
    uint8_t bytes[1000];
    tri_journal *journal = NULL;
    tri_journal_end end;
    const char large[] = "large";
    unlink(large);
    CHECK_OK(tri_journal_open(large, name, NULL, NULL, NULL, &journal));
    for (uint32_t i = 0; i < 5000; i++) {
        memset(bytes, (int)i, sizeof bytes);
        CHECK_OK(tri_journal_append(journal, i, bytes, tri_random_bits(1, i) % sizeof bytes, NULL));
    }
    uint64_t size = tri_journal_at(journal);
    tri_journal_destroy(&journal);
    for (uint64_t k = 0; k < 1000; k++) {
        uint64_t at = size - 1 - tri_random_bits(2, k) % (size / 1000); /* each cut is before the last one */
        size = at;
        if (size < HEAD) break;
        CHECK(!truncate(large, (off_t)at), "%s", strerror(errno));
        if (k % 10) continue;
        CHECK_OK(tri_journal_read(large, name, 0, NULL, NULL, &end));
        CHECK(end.at + end.cut == at && end.cut < RECORD + sizeof bytes, "cut %zu", (size_t)end.cut);
    }
    unlink(large);
}

static void two_writers(void) {
    tri_journal *first = NULL, *second = NULL;
    make(3);
    CHECK_OK(tri_journal_open(path, name, NULL, NULL, NULL, &first));
    pid_t child = fork();
    if (child == 0) _exit(tri_journal_open(path, name, NULL, NULL, NULL, &second) == TRI_ERR_FILE ? 0 : 1);
    int status = 1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "a second writer was let in");
    CHECK_STATUS(tri_journal_open(path, name, NULL, NULL, NULL, &second), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "another process"), "%s", tri_error_text());
    append(first, 3);
    tri_journal_destroy(&first);
    CHECK_STATUS(tri_journal_open(path, "other", NULL, NULL, NULL, &second), TRI_ERR_DATA);
    store((const uint8_t *)"something else\n", 15);
    CHECK_STATUS(tri_journal_open(path, name, NULL, NULL, NULL, &second), TRI_ERR_DATA);
    unlink(path);
    CHECK_STATUS(tri_journal_read(path, name, 0, NULL, NULL, NULL), TRI_ERR_FILE);
    CHECK_STATUS(tri_journal_open("no/folder", name, NULL, NULL, NULL, &second), TRI_ERR_FILE);
    CHECK_STATUS(tri_journal_open("/dev/null", name, NULL, NULL, NULL, &second), TRI_ERR_FILE);
}

static int keep_even(void *argument, const tri_journal_record *record) {
    (void)argument;
    return record->kind % 2 == 0;
}

static tri_status count_kinds(void *argument, const tri_journal_record *record) {
    uint32_t *sum = argument;
    *sum += record->kind;
    return TRI_OK;
}

/* Another writer stays out during and after it, and the journal goes on. */
static void rewrite(void) {
    tri_journal *journal = NULL, *second = NULL;
    uint32_t sum = 0;
    make(10);
    CHECK_OK(tri_journal_open(path, name, NULL, NULL, NULL, &journal));
    CHECK_OK(tri_journal_rewrite(journal, keep_even, NULL));
    CHECK_STATUS(tri_journal_open(path, name, NULL, NULL, NULL, &second), TRI_ERR_FILE);
    CHECK_OK(tri_journal_append(journal, 100, "", 0, NULL));
    CHECK_OK(tri_journal_read(path, name, 0, count_kinds, &sum, NULL));
    CHECK(sum == 0 + 2 + 4 + 6 + 8 + 100, "%u", sum);
    tri_journal_destroy(&journal);
}

/* A disk that is full in the middle of a record: the record is refused, the others are there. */
static void full_disk(void) {
    tri_journal *journal = NULL;
    tri_journal_end end;
    struct rlimit before, limit;
    seen s = {0};
    make(3);
    CHECK_OK(tri_journal_open(path, name, NULL, NULL, NULL, &journal));
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)tri_journal_at(journal) + 20;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    uint8_t bytes[50] = {0};
    CHECK_STATUS(tri_journal_append(journal, 3, bytes, sizeof bytes, NULL), TRI_ERR_FILE);
    setrlimit(RLIMIT_FSIZE, &before);
    append(journal, 3); /* there is room again */
    tri_journal_destroy(&journal);
    CHECK_OK(tri_journal_read(path, name, 0, visit, &s, &end));
    CHECK(s.count == 4 && !s.wrong && !end.cut, "%u records", s.count);
}

int main(void) {
    /* In memory, where there is room: a disk takes some ms for each of the 8,000 syncs. */
    char folder[64];
    snprintf(folder, sizeof folder, "%s/trireme-journal.XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(folder) || chdir(folder)) return 3;
    cut_everywhere();
    flip_everywhere();
    damage_blocks();
    cut_large();
    two_writers();
    rewrite();
    full_disk();
    unlink(path);
    if (chdir("/") || rmdir(folder)) return 3;
    return check_result("journal");
}
