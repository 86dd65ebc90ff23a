/** @file
 * Output files: written under a temporary name beside the destination and renamed when they are complete, so
 * that a destination holds the old file or the new one, whole.
 *
 * The temporary name is NAME.RANDOM.part. The file is made with O_EXCL and O_NOFOLLOW, so neither a file nor
 * a link that somebody has put there is ever opened; its permissions are those of the umask. The destination
 * may be missing or, where the caller replaces, a regular file; a link to a regular file is replaced itself.
 * Folders, devices, named pipes and sockets, and links to them, are never replaced.
 *
 * All functions are local. An output belongs to one thread at a time; different threads may write different
 * outputs. tri_output_abandon() is also safe in a signal handler. */
#ifndef TRIREME_OUTPUT_H
#define TRIREME_OUTPUT_H

#include <stdio.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An output file that is being written. Opaque. */
typedef struct tri_output tri_output;

/** Whether `path` may become an output, to be asked before long work. replace: a regular file there may be
 * replaced. Local. TRI_ERR_FILE: the name is empty or too long; something is there that may not be replaced;
 * the text has the cure. */
TRI_API TRI_MUST_CHECK tri_status tri_output_check(const char *path, int replace);

/** Makes the missing folders above `path`. Local. TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_output_folders(const char *path);

/** Draws a random temporary name for `path`, in its folder. The caller frees *temporary with free() and
 * creates it exclusively. Local. TRI_ERR_MEMORY, TRI_ERR_SYSTEM, TRI_ERR_FILE: the name is too long. */
TRI_API TRI_MUST_CHECK tri_status tri_output_name(const char *path, char **temporary);

/** Renames `temporary`, a file or folder, to `path` under the rule of tri_output_check(), and syncs the
 * folder; without `replace` it never replaces anything. Local. TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_output_publish(const char *temporary, const char *path, int replace);

/** Starts an output: tri_output_check(), then the temporary file. The caller frees *out with
 * tri_output_destroy(). Local. TRI_ERR_FILE, TRI_ERR_MEMORY, TRI_ERR_SYSTEM. */
TRI_API TRI_MUST_CHECK tri_status tri_output_create(const char *path, int replace, tri_output **out);

/** The stream of the temporary file, for reading and writing. It belongs to the output. Local. */
TRI_API FILE *tri_output_stream(tri_output *output);

/** The temporary name. Belongs to the output. Local. */
TRI_API const char *tri_output_temporary(const tri_output *output);

/** Completes the file: writes what is buffered, syncs, renames to `path`, or with NULL to the name of the
 * creation, and syncs the folder. After a failure the output can be finished under another name or
 * destroyed. Local. TRI_ERR_FILE: a write has failed, a file of that name has appeared, another program has
 * replaced the destination since the creation or has removed the temporary file. */
TRI_API TRI_MUST_CHECK tri_status tri_output_finish(tri_output *output, const char *path);

/** Frees the output and sets *output to NULL; an unfinished file is removed. NULL and a pointer to NULL are
 * allowed. Local. */
TRI_API void tri_output_destroy(tri_output **output);

/** Removes the temporary files of all unfinished outputs of this process: for a signal handler that ends the
 * process. Async-signal-safe. Local. */
TRI_API void tri_output_abandon(void);

/** Fails with TRI_ERR_FILE and the reason of errno: "cannot WHAT 'PATH': the disk is full ...". `what` is a
 * verb, such as "write", or "read" of a file that is no output. Local. */
TRI_API tri_status tri_output_failure(const char *what, const char *path);

#ifdef __cplusplus
}
#endif
#endif
