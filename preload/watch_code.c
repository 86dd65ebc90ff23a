/* Numbers that are the same on all ranks for predefined types and operations: handles differ. */
#include <stdio.h>
#include <string.h>

#include "preload/watch.h"

/* clang-format off */
#define TYPES(X) \
    X(MPI_CHAR) X(MPI_SIGNED_CHAR) X(MPI_UNSIGNED_CHAR) X(MPI_BYTE) X(MPI_WCHAR) X(MPI_SHORT) \
    X(MPI_UNSIGNED_SHORT) X(MPI_INT) X(MPI_UNSIGNED) X(MPI_LONG) X(MPI_UNSIGNED_LONG) \
    X(MPI_LONG_LONG) X(MPI_UNSIGNED_LONG_LONG) X(MPI_FLOAT) X(MPI_DOUBLE) X(MPI_LONG_DOUBLE) \
    X(MPI_PACKED) X(MPI_INT8_T) X(MPI_INT16_T) X(MPI_INT32_T) X(MPI_INT64_T) X(MPI_UINT8_T) \
    X(MPI_UINT16_T) X(MPI_UINT32_T) X(MPI_UINT64_T) X(MPI_C_BOOL) X(MPI_C_FLOAT_COMPLEX) \
    X(MPI_C_DOUBLE_COMPLEX) X(MPI_AINT) X(MPI_OFFSET) X(MPI_COUNT) X(MPI_FLOAT_INT) \
    X(MPI_DOUBLE_INT) X(MPI_LONG_INT) X(MPI_2INT) X(MPI_INTEGER) X(MPI_REAL) X(MPI_DOUBLE_PRECISION) \
    X(MPI_COMPLEX) X(MPI_DOUBLE_COMPLEX) X(MPI_LOGICAL) X(MPI_CHARACTER)
#define OPS(X) \
    X(MPI_SUM) X(MPI_PROD) X(MPI_MIN) X(MPI_MAX) X(MPI_LAND) X(MPI_LOR) X(MPI_LXOR) X(MPI_BAND) \
    X(MPI_BOR) X(MPI_BXOR) X(MPI_MINLOC) X(MPI_MAXLOC) X(MPI_REPLACE) X(MPI_NO_OP)
/* clang-format on */

void tri_codes_init(tri_board *b) {
    int i = 1;
    snprintf(b->types[0], sizeof *b->types, "derived type");
    snprintf(b->ops[0], sizeof *b->ops, "user operation");
#define NAME(name) snprintf(b->types[i++], sizeof *b->types, "%s", #name);
    TYPES(NAME)
#undef NAME
    i = 1;
#define NAME(name) snprintf(b->ops[i++], sizeof *b->ops, "%s", #name);
    OPS(NAME)
#undef NAME
}

/* What was asked last, by handle. A type that is freed empties it. */
enum { KEPT = 16 };
static _Thread_local struct {
    uint64_t handle;
    uint32_t code;
    unsigned epoch;
} kept[KEPT];
static atomic_uint epoch = 1;

void tri_code_forget_types(void) {
    atomic_fetch_add(&epoch, 1);
}

static unsigned predefined(MPI_Datatype type) {
    unsigned i = 1;
#define SAME(name)                                                                                           \
    if (type == name) return i;                                                                              \
    i++;
    TYPES(SAME)
#undef SAME
    return 0;
}

static uint32_t find_type(MPI_Datatype type) {
    MPI_Count bytes = 0;
    if (type == MPI_DATATYPE_NULL || PMPI_Type_size_x(type, &bytes) != MPI_SUCCESS || bytes < 0) bytes = 0;
    return tri_slot_type(predefined(type), (uint64_t)bytes);
}

uint32_t tri_code_of_type(MPI_Datatype type) {
    uint64_t handle = TRI_HANDLE(type);
    unsigned now = atomic_load_explicit(&epoch, memory_order_acquire);
    size_t at = (handle ^ handle >> 6 ^ handle >> 12) % KEPT;
    if (kept[at].handle == handle && kept[at].epoch == now) return kept[at].code;
    kept[at].code = find_type(type);
    kept[at].handle = handle;
    kept[at].epoch = now;
    return kept[at].code;
}

uint16_t tri_code_of_op(MPI_Op op) {
    uint16_t i = 1;
#define SAME(name)                                                                                           \
    if (op == name) return i;                                                                                \
    i++;
    OPS(SAME)
#undef SAME
    return 0;
}
