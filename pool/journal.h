/* The layout of a journal, and reading it.
 *
 *     head    64 bytes: "trireme journal\n", version (u32), 0 (u32), name (32), checksum (8)
 *     record  length (u32), kind (u32), checksum (8), then `length` bytes
 *
 * Numbers are little-endian. A checksum is the first 8 bytes of the SHA-256 of what is before it and, for a
 * record, of its place in the file and its bytes: blocks that a file system has put into the wrong place, or
 * has left from an older file, are no records. */
#ifndef TRIREME_POOL_JOURNAL_H
#define TRIREME_POOL_JOURNAL_H

#include "pool/digest.h"
#include "trireme/journal.h"

enum { TRI_JOURNAL_HEAD = 64, TRI_JOURNAL_RECORD = 16, TRI_JOURNAL_VERSION = 1 };

/* Makes the head of a journal of this name. TRI_ERR_ARGUMENT: the name is too long. */
tri_status tri_journal_head(tri_digester *digester, const char *name, uint8_t head[TRI_JOURNAL_HEAD]);

/* Makes the head of a record whose place is `at`. */
tri_status tri_journal_record_head(tri_digester *digester, const tri_journal_record *record,
                                   uint8_t head[TRI_JOURNAL_RECORD]);

/* Reads the records of a file from `from` on. TRI_ERR_DATA: its head is not `head`. A file that ends inside
 * an otherwise right head has no records: its end->at is 0. */
tri_status tri_journal_scan(int file, const char *path, tri_digester *digester,
                            const uint8_t head[TRI_JOURNAL_HEAD], uint64_t from, tri_journal_visit visit,
                            void *argument, tri_journal_end *end);

#endif
