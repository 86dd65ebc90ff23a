/* The exported functions and their wrappers, from functions.def and calls.def. */
#include "preload/call.h"

#define UNPACK(...) __VA_ARGS__

/* An exported function jumps where tri_to_NAME points. In assembler: it must leave all arguments as they are,
 * those of another MPI library, too. */
#if defined __x86_64__
#define JUMP(symbol) "endbr64\n\tjmp *tri_to_" #symbol "(%rip)\n"
#elif defined __aarch64__
#define JUMP(symbol) "adrp x16, tri_to_" #symbol "\n\tldr x16, [x16, :lo12:tri_to_" #symbol "]\n\tbr x16\n"
#else
#error "the preload has no jump for this processor"
#endif
#define EXPORT(symbol)                                                                                       \
    extern tri_any tri_to_##symbol;                                                                          \
    __attribute__((visibility("hidden"))) tri_any tri_to_##symbol;                                           \
    __asm__(".pushsection .text\n.globl " #symbol "\n.type " #symbol ", %function\n.p2align 4\n" #symbol     \
            ":\n\t" JUMP(symbol) ".size " #symbol ", . - " #symbol "\n.popsection\n");

/* Places in tri_symbols. */
#define FORM(symbol, ...)    AT_##symbol, AT_P##symbol,
#define ANYCALL(symbol, ...) AT_##symbol, AT_P##symbol,
#define MAKER(Name, ...)     AT_MPI_##Name, AT_PMPI_##Name,
enum {
    AT_MPI_Init,
    AT_PMPI_Init,
    AT_MPI_Init_thread,
    AT_PMPI_Init_thread,
    AT_MPI_Finalize,
    AT_PMPI_Finalize,
#include "preload/each.inc"
#include "preload/functions.def"
    SYMBOLS
};
#undef FORM
#undef ANYCALL
#undef MAKER

#define NEXT(symbol, params) ((int(*) params)tri_symbols[AT_##symbol].next)

/* MPI_X and PMPI_X. The Fortran libraries of MPI call PMPI_X for the program; any other caller wants the
 * MPI library. on_MPI_X(next, caller, ...) is the wrapper's work. */
#define PAIR(symbol, params, args)                                                                           \
    EXPORT(symbol)                                                                                           \
    EXPORT(P##symbol)                                                                                        \
    static int wrap_##symbol params {                                                                        \
        return on_##symbol(NEXT(symbol, params), __builtin_return_address(0), UNPACK args);                  \
    }                                                                                                        \
    static int wrap_P##symbol params {                                                                       \
        const void *caller = __builtin_return_address(0);                                                    \
        if (!tri_is_fortran(caller)) return NEXT(P##symbol, params) args;                                    \
        return on_##symbol(NEXT(P##symbol, params), caller, UNPACK args);                                    \
    }

/* The fields that every call has. */
#define FIRST_FIELDS(symbol_, Name, kind_, form_, large_)                                                    \
    .caller = from, .symbol = AT_##symbol_, .function = TRI_MPI_##Name, .kind = TRI_CALL_##kind_,            \
    .form = TRI_MPI_##form_, .large = large_

#define FORM(symbol, Name, form, large, params, args, fields)                                                \
    static inline                                                                                            \
        __attribute__((always_inline)) int on_##symbol(int(*next) params, const void *from, UNPACK params) { \
        int result;                                                                                          \
        tri_mpi_call call = {FIRST_FIELDS(symbol, Name, COLLECTIVE, form, large), UNPACK fields};            \
        if (tri_mode_count) tri_modes_enter(&call);                                                          \
        double start = tri_reports ? tri_report_clock() : 0;                                                 \
        if (!tri_serves || !tri_boost(&call, &result)) result = next args;                                   \
        if (tri_reports) tri_report_call(&call, tri_report_clock() - start);                                 \
        if (tri_mode_count) tri_modes_leave(&call, result);                                                  \
        return result;                                                                                       \
    }                                                                                                        \
    PAIR(symbol, params, args)
#define ANYCALL(symbol, Name, kind, form, large, params, args, fields)                                       \
    static inline int on_##symbol(int(*next) params, const void *from, UNPACK params) {                      \
        tri_mpi_call call = {FIRST_FIELDS(symbol, Name, kind, form, large), UNPACK fields};                  \
        tri_modes_enter(&call);                                                                              \
        int result = next args;                                                                              \
        tri_modes_leave(&call, result);                                                                      \
        return result;                                                                                       \
    }                                                                                                        \
    PAIR(symbol, params, args)
#include "preload/each.inc"
#undef FORM
#undef ANYCALL

#define MAKER(Name, params, args)                                                                            \
    static inline int on_MPI_##Name(int(*next) params, const void *from, UNPACK params) {                    \
        tri_mpi_call call = {FIRST_FIELDS(MPI_##Name, Name, COMM, BLOCKING, 0), .comm = comm, .made = made}; \
        if (tri_mode_count) tri_modes_enter(&call);                                                          \
        int result = next args;                                                                              \
        if (result == MPI_SUCCESS) tri_made(comm, *made);                                                    \
        if (tri_mode_count) tri_modes_leave(&call, result);                                                  \
        return result;                                                                                       \
    }                                                                                                        \
    PAIR(MPI_##Name, params, args)
#include "preload/functions.def"
#undef MAKER

#define STARTER(symbol, params, args)                                                                        \
    static inline int on_##symbol(int(*next) params, const void *from, UNPACK params) {                      \
        (void)from;                                                                                          \
        tri_before_init();                                                                                   \
        int result = next args;                                                                              \
        if (result == MPI_SUCCESS) tri_after_init();                                                         \
        if (result == MPI_SUCCESS) tri_modes_init();                                                         \
        return result;                                                                                       \
    }                                                                                                        \
    PAIR(symbol, params, args)
STARTER(MPI_Init, (int *argc, char ***argv), (argc, argv))
STARTER(MPI_Init_thread, (int *argc, char ***argv, int required, int *provided),
        (argc, argv, required, provided))

/* Without parameters. */
EXPORT(MPI_Finalize)
EXPORT(PMPI_Finalize)
static int on_MPI_Finalize(tri_any next, const void *from) {
    tri_mpi_call call = {FIRST_FIELDS(MPI_Finalize, Finalize, FINALIZE, BLOCKING, 0), .comm = MPI_COMM_WORLD};
    tri_modes_enter(&call);
    int result = ((int (*)(void))next)();
    tri_modes_leave(&call, result);
    return result;
}
static int wrap_MPI_Finalize(void) {
    return on_MPI_Finalize(tri_symbols[AT_MPI_Finalize].next, __builtin_return_address(0));
}
static int wrap_PMPI_Finalize(void) {
    const void *caller = __builtin_return_address(0);
    tri_any next = tri_symbols[AT_PMPI_Finalize].next;
    return tri_is_fortran(caller) ? on_MPI_Finalize(next, caller) : ((int (*)(void))next)();
}

#define ROW(symbol, kind_, form_)                                                                            \
    [AT_##symbol] = {.name = #symbol,                                                                        \
                     .to = &tri_to_##symbol,                                                                 \
                     .wrapper = (tri_any)wrap_##symbol,                                                      \
                     .kind = TRI_SYMBOL_##kind_,                                                             \
                     .form = TRI_MPI_##form_},
#define ROWS(symbol, kind, form)               ROW(symbol, kind, form) ROW(P##symbol, kind, form)
#define FORM(symbol, Name, form, ...)          ROWS(symbol, COLLECTIVE, form)
#define MAKER(Name, ...)                       ROWS(MPI_##Name, MAKER, BLOCKING)
#define ANYCALL(symbol, Name, kind, form, ...) ROWS(symbol, CALL, form)
tri_symbol tri_symbols[] = {ROWS(MPI_Init, START, BLOCKING) ROWS(MPI_Init_thread, START, BLOCKING)
                                ROWS(MPI_Finalize, CALL, BLOCKING)
#include "preload/each.inc"
#include "preload/functions.def"
};
const size_t tri_symbol_count = SYMBOLS;

const char *tri_call_name(const tri_mpi_call *call) {
    const char *name = tri_symbols[call->symbol].name;
    return name + (*name == 'P');
}
