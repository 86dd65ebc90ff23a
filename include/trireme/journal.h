/** @file
 * A journal: a file of records that is only appended to, and that any crash leaves readable.
 *
 *  - Each record has its length and a checksum, which also covers its place in the file. Reading ends before
 *    the first record that is not whole.
 *  - One process at a time writes a journal (a lock on the file that ends with the process).
 *  - tri_journal_append() returns after the record is with the operating system, so it survives the end of
 *    the process. A thread of the journal syncs the file every 100 ms, so it survives a power cut after that.
 *
 * What the records mean is the program's affair. doc/pool.md has the layout of the file. All functions are
 * local. Different threads may append at the same time; the other functions are for one thread. Without
 * libevent in the build every function that can fail returns TRI_ERR_ABSENT.
 */
#ifndef TRIREME_JOURNAL_H
#define TRIREME_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A journal that is open for writing. Opaque. */
typedef struct tri_journal tri_journal;

/** One record. `bytes` is valid during the call that passes it. */
typedef struct tri_journal_record {
    uint64_t at;       /**< place in the file, in bytes; a journal that is rewritten has other places */
    uint32_t kind;     /**< the program's */
    size_t count;      /**< number of bytes, up to TRI_JOURNAL_MOST */
    const void *bytes; /**< the content */
} tri_journal_record;

/** What a journal contained when it was read. */
typedef struct tri_journal_end {
    uint64_t records; /**< number of whole records, from the place where reading began */
    uint64_t at;      /**< where the last of them ends: the place of the next record */
    uint64_t cut;     /**< bytes behind that place, which are no whole record */
} tri_journal_end;

enum {
    TRI_JOURNAL_MOST = 1 << 28, /**< bytes of a record, at most */
    TRI_JOURNAL_NAME = 32       /**< room for the name of a kind of journal, the final 0 included */
};

/** Called for a record. Another status than TRI_OK ends the reading, which returns it. */
typedef tri_status (*tri_journal_visit)(void *argument, const tri_journal_record *record);

/** Opens the journal `path` for writing, or makes it. `name` says what the records are and which version of
 * them: "trireme pool 1". Calls visit(argument, record) for each record that is there, in order; NULL: none.
 * Then truncates the file after the last whole record; *end, which may be NULL, says how much it removed. The
 * caller frees *out with tri_journal_destroy(). TRI_ERR_FILE: it cannot be opened, or another process writes
 * it. TRI_ERR_DATA: it is no journal of this name and version; the file is unchanged. TRI_ERR_MEMORY,
 * TRI_ERR_SYSTEM. */
TRI_API TRI_MUST_CHECK tri_status tri_journal_open(const char *path, const char *name,
                                                   tri_journal_visit visit, void *argument,
                                                   tri_journal_end *end, tri_journal **out);

/** Appends a record of `count` bytes; *at, which may be NULL, is its place. Thread-safe. TRI_ERR_FILE: the
 * disk is full or has failed; the record is not there, and all others are. TRI_ERR_ARGUMENT: too long. */
TRI_API TRI_MUST_CHECK tri_status tri_journal_append(tri_journal *journal, uint32_t kind, const void *bytes,
                                                     size_t count, uint64_t *at);

/** Returns when all records are on the disk. TRI_ERR_FILE: this or an earlier sync has failed. */
TRI_API TRI_MUST_CHECK tri_status tri_journal_sync(tri_journal *journal);

/** The place of the next record. */
TRI_API uint64_t tri_journal_at(tri_journal *journal);

/** Decides about a record: 0 drops it. */
typedef int (*tri_journal_keep)(void *argument, const tri_journal_record *record);

/** Replaces the file, in one step, by one with the records for which keep(argument, record) is not 0. No
 * thread may append meanwhile. TRI_ERR_FILE: the journal is as before. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_journal_rewrite(tri_journal *journal, tri_journal_keep keep,
                                                      void *argument);

/** Syncs and closes the journal, and sets *journal to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_journal_destroy(tri_journal **journal);

/** Reads a journal that another process may be writing, from the place `from` on; 0: from its first record.
 * Changes nothing. `end` may be NULL. TRI_ERR_FILE, TRI_ERR_DATA as above. */
TRI_API TRI_MUST_CHECK tri_status tri_journal_read(const char *path, const char *name, uint64_t from,
                                                   tri_journal_visit visit, void *argument,
                                                   tri_journal_end *end);

#ifdef __cplusplus
}
#endif
#endif
