/** @file
 * Status codes: what every function returns that can fail.
 *
 *  - A function that can fail returns tri_status, and the compiler warns where the caller ignores it.
 *  - The failing function explains the failure with tri_fail(). Callers return the code with TRI_TRY() and
 *    add nothing.
 *  - The text is kept per thread until the thread's next tri_fail(); tri_error_text() returns it.
 *  - Outputs are written on success only. The library prints nothing and never exits.
 *  - tri_agree() in trireme/comm.h agrees on a failure across ranks.
 *
 * All functions are local and thread-safe.
 */
#ifndef TRIREME_STATUS_H
#define TRIREME_STATUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @def TRI_API
 * Marks a public function or datum. All other symbols are hidden in the shared library. */
/** @def TRI_MUST_CHECK
 * Makes the compiler warn where the result of a function is ignored. */
/** @def TRI_PRINTF
 * Makes the compiler check arguments against a printf format; takes the positions of the format and of the
 * first argument. */
#if defined(__GNUC__)
#define TRI_API              __attribute__((visibility("default")))
#define TRI_MUST_CHECK       __attribute__((warn_unused_result))
#define TRI_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#else
#define TRI_API
#define TRI_MUST_CHECK
#define TRI_PRINTF(fmt, arg)
#endif

/** The statuses: X(name, value, exit status of a program that ends with it, text). The order is that of
 * severity, the worst one last. A value never changes; a new status takes the next free one, wherever it
 * stands in the list. */
#define TRI_STATUS_LIST(X)                                                                                   \
    X(TRI_OK, 0, 0, "success")                                                                               \
    X(TRI_STOPPED, 1, 75, "stopped at a checkpoint; start it again to continue")                             \
    X(TRI_ERR_IMPOSSIBLE, 2, 77, "not possible on this machine")                                             \
    X(TRI_ERR_WRONG, 3, 1, "wrong result")                                                                   \
    X(TRI_ERR_ARGUMENT, 4, 2, "invalid argument")                                                            \
    X(TRI_ERR_ABSENT, 5, 3, "not part of this build")                                                        \
    X(TRI_ERR_ENVIRONMENT, 6, 3, "not possible in this environment")                                         \
    X(TRI_ERR_DEVICE, 7, 3, "device failure")                                                                \
    X(TRI_ERR_MEMORY, 8, 3, "out of memory")                                                                 \
    X(TRI_ERR_SYSTEM, 9, 3, "operating system failure")                                                      \
    X(TRI_ERR_MPI, 10, 3, "MPI failure")                                                                     \
    X(TRI_ERR_DATA, 11, 4, "the file does not contain the expected data")                                    \
    X(TRI_ERR_FILE, 12, 4, "input or output failure")

/** Success or the kind of a failure: the names of TRI_STATUS_LIST(). */
typedef enum tri_status {
#define TRI_STATUS_ENUM(name, value, exit_status, text) name = value,
    TRI_STATUS_LIST(TRI_STATUS_ENUM)
#undef TRI_STATUS_ENUM
} tri_status;

/** The name of a status, such as "TRI_ERR_FILE". A static string; "unknown status" for any other value. */
TRI_API const char *tri_status_name(tri_status status);

/** The meaning of a status, such as "input or output failure". A static string; "unknown status" for any
 * other value. */
TRI_API const char *tri_status_text(tri_status status);

/** Exit status of a program that ends with this code: 0, 1, 2, 3, 4, 75 or 77 (README.md, "Exit status"). */
TRI_API int tri_status_exit(tri_status status);

/** How bad a status is: 0 for TRI_OK, larger for worse ones, largest for an unknown value. The numbers may
 * change between versions; their order does not within a SOVERSION. */
TRI_API int tri_status_severity(tri_status status);

/** The worse of two statuses; `a` where they are equally bad. */
TRI_API tri_status tri_status_worse(tri_status a, tri_status b);

/** Records the text of a failure for this thread and returns `status`. `format` and what follows are as for
 * printf; the text is cut at 1023 bytes and escaped by tri_text_line(). It names the object and, where one is
 * known, the cure: "cannot open 'a.h5': no such file". */
TRI_API tri_status tri_fail(tri_status status, const char *format, ...) TRI_PRINTF(2, 3);

/** The text of this thread's last tri_fail(); "" before the first. Valid until the next tri_fail() of the
 * thread. */
TRI_API const char *tri_error_text(void);

/** Copies `text` to `out` as one line of valid UTF-8 of less than `room` > 0 bytes: control characters and
 * bytes that are not UTF-8 become \\n, \\t, \\r or \\xNN. A line break before two spaces is kept: it is part
 * of a message, not of a name. Returns `out`. */
TRI_API char *tri_text_line(const char *text, char *out, size_t room);

/** Returns from the calling function where `call` fails, with its status: TRI_TRY(tri_team_create(...)); */
#define TRI_TRY(call)                                                                                        \
    do {                                                                                                     \
        tri_status tri_try_status_ = (call);                                                                 \
        if (tri_try_status_ != TRI_OK) return tri_try_status_;                                               \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
