/* Status codes: what every fallible function of the library returns.
 *
 * The policy, in full:
 *  - A function that can fail returns tri_status, and the compiler insists that the caller looks at it.
 *  - The failing function says why with tri_fail(); callers pass the code up with TRI_TRY() and add nothing.
 *  - The text stays with the thread that failed until its next tri_fail(); tri_error_text() reads it.
 *  - Outputs are written only on success. The library prints nothing and never exits.
 *  - Across ranks see tri_agree() in trireme/comm.h.
 */
#ifndef TRIREME_STATUS_H
#define TRIREME_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
/* Marks a public function or datum. All other symbols are hidden in the shared library. */
#define TRI_API              __attribute__((visibility("default")))
#define TRI_MUST_CHECK       __attribute__((warn_unused_result))
#define TRI_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#else
#define TRI_API
#define TRI_MUST_CHECK
#define TRI_PRINTF(fmt, arg)
#endif

/* The one list of statuses: X(name, exit status of a program that ends with it, text).
 * Later lines are worse: where ranks disagree, tri_agree() keeps the worst. */
#define TRI_STATUS_LIST(X)                                                                                   \
    X(TRI_OK, 0, "success")                                                                                  \
    X(TRI_STOPPED, 75, "stopped at a checkpoint and wants to be started again")                              \
    X(TRI_ERR_IMPOSSIBLE, 77, "not possible on this machine")                                                \
    X(TRI_ERR_WRONG, 1, "wrong result")                                                                      \
    X(TRI_ERR_ARGUMENT, 2, "invalid argument")                                                               \
    X(TRI_ERR_ABSENT, 3, "not part of this build")                                                           \
    X(TRI_ERR_ENVIRONMENT, 3, "the environment does not allow it")                                           \
    X(TRI_ERR_DEVICE, 3, "device failure")                                                                   \
    X(TRI_ERR_MEMORY, 3, "out of memory")                                                                    \
    X(TRI_ERR_SYSTEM, 3, "operating system failure")                                                         \
    X(TRI_ERR_MPI, 3, "MPI failure")                                                                         \
    X(TRI_ERR_DATA, 4, "the file does not hold what is asked for")                                           \
    X(TRI_ERR_FILE, 4, "input or output failure")

typedef enum tri_status {
#define TRI_STATUS_ENUM(name, exit_status, text) name,
    TRI_STATUS_LIST(TRI_STATUS_ENUM)
#undef TRI_STATUS_ENUM
        TRI_STATUS_COUNT
} tri_status;

/* "TRI_ERR_FILE" and "input or output failure"; never NULL. */
TRI_API const char *tri_status_name(tri_status status);
TRI_API const char *tri_status_text(tri_status status);

/* Exit status of a program that ends with this code: 0, 1, 2, 3, 4, 75 or 77 (README.md, "Exit status"). */
TRI_API int tri_status_exit(tri_status status);

/* Records a text for this thread (printf format, cut at 1023 bytes) and returns `status`. The text names the
 * thing and, where one is known, the cure: "cannot open 'a.h5': no such file". */
TRI_API tri_status tri_fail(tri_status status, const char *format, ...) TRI_PRINTF(2, 3);

/* The text of this thread's last tri_fail(), or "" if it never failed. Valid until the next tri_fail(). */
TRI_API const char *tri_error_text(void);

/* Passes a failure up: TRI_TRY(tri_team_create(...)); */
#define TRI_TRY(call)                                                                                        \
    do {                                                                                                     \
        tri_status tri_try_status_ = (call);                                                                 \
        if (tri_try_status_ != TRI_OK) return tri_try_status_;                                               \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
