#include "preload/bits.h"

/* Handles are not constants in all MPI libraries, so these are loops and not switches. */
#define IS_ONE_OF(handle, type, ...)                                                                         \
    do {                                                                                                     \
        const type all[] = {__VA_ARGS__};                                                                    \
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)                                                \
            if ((handle) == all[i]) return 1;                                                                \
        return 0;                                                                                            \
    } while (0)

static int is_integer(MPI_Datatype type) {
    IS_ONE_OF(type, MPI_Datatype, MPI_INT, MPI_LONG, MPI_UNSIGNED, MPI_UNSIGNED_LONG, MPI_LONG_LONG,
              MPI_UNSIGNED_LONG_LONG, MPI_SHORT, MPI_UNSIGNED_SHORT, MPI_SIGNED_CHAR, MPI_UNSIGNED_CHAR,
              MPI_INT8_T, MPI_INT16_T, MPI_INT32_T, MPI_INT64_T, MPI_UINT8_T, MPI_UINT16_T, MPI_UINT32_T,
              MPI_UINT64_T, MPI_AINT, MPI_OFFSET, MPI_COUNT, MPI_C_BOOL, MPI_BYTE, MPI_INTEGER, MPI_LOGICAL,
              MPI_INTEGER1, MPI_INTEGER2, MPI_INTEGER4, MPI_INTEGER8);
}

static int is_real(MPI_Datatype type) {
    IS_ONE_OF(type, MPI_Datatype, MPI_DOUBLE, MPI_FLOAT, MPI_LONG_DOUBLE, MPI_REAL, MPI_DOUBLE_PRECISION,
              MPI_REAL4, MPI_REAL8);
}

static int is_pair(MPI_Datatype type) {
    IS_ONE_OF(type, MPI_Datatype, MPI_DOUBLE_INT, MPI_FLOAT_INT, MPI_LONG_INT, MPI_2INT, MPI_SHORT_INT,
              MPI_LONG_DOUBLE_INT, MPI_2INTEGER, MPI_2REAL, MPI_2DOUBLE_PRECISION);
}

static int is_integer_op(MPI_Op op) {
    IS_ONE_OF(op, MPI_Op, MPI_SUM, MPI_PROD, MPI_MIN, MPI_MAX, MPI_LAND, MPI_LOR, MPI_LXOR, MPI_BAND, MPI_BOR,
              MPI_BXOR);
}

int tri_is_predefined(MPI_Datatype type) {
    return type == MPI_CHAR || is_integer(type) || is_real(type) || is_pair(type);
}

int tri_bits_are_same(MPI_Datatype type, MPI_Op op, int ranks) {
    if (type == MPI_DATATYPE_NULL) return 0;
    if (is_integer(type)) return is_integer_op(op);
    if (is_pair(type)) return op == MPI_MINLOC || op == MPI_MAXLOC;
    if (!is_real(type)) return 0;
    return op == MPI_MIN || op == MPI_MAX || (ranks == 2 && (op == MPI_SUM || op == MPI_PROD));
}

int tri_has_same_bits(tri_home *h, const tri_mpi_call *call) {
    if (call->recv_type == h->type && call->op == h->op) return h->same_bits;
    h->same_bits = tri_bits_are_same(call->recv_type, call->op, h->size);
    /* A handle that the program makes may come again for something else, but is never MPI's own: what is
     * remembered stays true. */
    h->type = call->recv_type;
    h->op = call->op;
    return h->same_bits;
}
