/** @file
 * Reads a whole result file (trireme/result.h) into memory: its attributes and its datasets with their units,
 * for programs that show, compare or judge results. Other HDF5 files work as well; datasets above
 * TRI_RECORD_MOST elements and elements that are neither numbers nor texts come without values.
 *
 * HDF5 is not thread-safe: call these functions from one thread of a process at a time. They need no MPI.
 * Without HDF5 in the build tri_record_read() returns TRI_ERR_ABSENT.
 */
#ifndef TRIREME_RECORD_H
#define TRIREME_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TRI_RECORD_MOST = 1 << 20, /**< elements of a dataset that are read; of larger ones the shape only */
    TRI_RECORD_DIMS = 32       /**< dimensions at most */
};

/** What an item holds. */
typedef enum tri_record_kind {
    TRI_RECORD_REAL = 0,    /**< floats of any width, as double */
    TRI_RECORD_INTEGER = 1, /**< integers of any width, as int64_t; larger ones as the largest */
    TRI_RECORD_TEXT = 2,    /**< strings */
    TRI_RECORD_OTHER = 3    /**< other elements, without values */
} tri_record_kind;

/** An attribute of the root group, or a dataset. */
typedef struct tri_record_item {
    char *name;           /**< "program", or the path of a dataset without the first '/': "timing/run" */
    tri_record_kind kind; /**< which of the three arrays has the values */
    int rank;             /**< number of dimensions; 0: a scalar */
    size_t dims[TRI_RECORD_DIMS]; /**< the first `rank` are set */
    size_t count;                 /**< of elements, row-major */
    double *reals;                /**< NULL: another kind, or too many elements */
    int64_t *integers;            /**< NULL: another kind, or too many elements */
    char **texts;                 /**< NULL: another kind, or too many elements */
    char *units;                  /**< the attribute of that name of a dataset; "" where there is none */
    char *long_name;              /**< the attribute of that name of a dataset; "" where there is none */
} tri_record_item;

/** A file that has been read. */
typedef struct tri_record {
    char *file;                 /**< its name as given */
    size_t attributes;          /**< number of attributes */
    tri_record_item *attribute; /**< in the order of writing where the file has kept it, else by name */
    size_t datasets;            /**< number of datasets */
    tri_record_item *dataset;   /**< by name */
} tri_record;

/** Reads the file. The caller frees *out with tri_record_destroy(). Local. TRI_ERR_FILE: missing, no HDF5
 * file, damaged, locked. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_record_read(const char *file, tri_record **out);

/** The attribute of that name, else the dataset of that path; NULL: there is none. It belongs to the record.
 * Local. */
TRI_API const tri_record_item *tri_record_find(const tri_record *record, const char *name);

/** The first value of a text attribute; "" where there is none. It belongs to the record. Local. */
TRI_API const char *tri_record_text(const tri_record *record, const char *name);

/** Element `index` of an item of numbers; NaN where there is none. Local. */
TRI_API double tri_record_number(const tri_record_item *item, size_t index);

/** Frees the record and sets *record to NULL. NULL and a pointer to NULL are allowed. Local. */
TRI_API void tri_record_destroy(tri_record **record);

#ifdef __cplusplus
}
#endif
#endif
