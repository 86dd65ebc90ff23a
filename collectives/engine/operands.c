#include "collectives/engine/operands.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectives/engine/layout.h"
#include "mpi/comm.h"
#include "trireme/exact.h"

/* Unpacked elements to combine at a time. */
enum { STAGE_BYTES = 64 << 10, ALIGNMENT = 64 };

/* The name of MPI's own operation; NULL: an operation of the program. */
static const char *name_of(MPI_Op op) {
#define ROW(name)                                                                                            \
    { name, #name }
    const struct {
        MPI_Op op;
        const char *name;
    } all[] = {ROW(MPI_SUM),    ROW(MPI_MAX),    ROW(MPI_MIN),     ROW(MPI_PROD), ROW(MPI_LAND),
               ROW(MPI_BAND),   ROW(MPI_LOR),    ROW(MPI_BOR),     ROW(MPI_LXOR), ROW(MPI_BXOR),
               ROW(MPI_MINLOC), ROW(MPI_MAXLOC), ROW(MPI_REPLACE), ROW(MPI_NO_OP)};
#undef ROW
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (op == all[i].op) return all[i].name;
    return NULL;
}

static tri_status check(tri_comm *comm, MPI_Datatype type, MPI_Op op) {
    char name[MPI_MAX_OBJECT_NAME] = "";
    int length, fits;
    if (op == MPI_OP_NULL) return tri_fail(TRI_ERR_ARGUMENT, "the operation is MPI_OP_NULL");
    TRI_TRY(tri_type_check(type, comm->mpi));
    TRI_TRY(tri_mpi_fits(comm, type, op, &fits));
    if (fits) return TRI_OK;
    TRI_MPI(MPI_Type_get_name(type, name, &length));
    return tri_fail(TRI_ERR_ARGUMENT, "%s does not fit the type%s%s",
                    name_of(op) ? name_of(op) : "the operation", *name ? " " : "", name);
}

/* The operation that stands for the exact sum, once a program has asked for it. */
static _Atomic MPI_Op exact_sum = MPI_OP_NULL;

static void refuse(void *in, void *inout, int *count, MPI_Datatype *type) {
    (void)in, (void)inout, (void)count, (void)type;
    fputs("TRI_EXACT_SUM is for Trireme's functions, such as tri_allreduce(): MPI cannot combine by it\n",
          stderr);
    abort();
}

MPI_Op tri_exact_sum(void) {
    MPI_Op known = atomic_load(&exact_sum), made;
    if (known != MPI_OP_NULL) return known;
    if (MPI_Op_create(refuse, 1, &made) != MPI_SUCCESS) return MPI_OP_NULL;
    if (atomic_compare_exchange_strong(&exact_sum, &known, made)) return made;
    MPI_Op_free(&made);
    return known;
}

static tri_status describe_exact(MPI_Datatype type, MPI_Op op, tri_operands *out) {
    if (type != MPI_DOUBLE)
        return tri_fail(TRI_ERR_ARGUMENT, "TRI_EXACT_SUM does not fit the type: use MPI_DOUBLE");
    *out = (tri_operands){.type = type,
                          .op = op,
                          .unit_bytes = sizeof(double),
                          .size = sizeof(double),
                          .commutes = 1,
                          .exact = 1};
    return TRI_OK;
}

static tri_status describe(MPI_Datatype type, MPI_Op op, tri_operands *out) {
    MPI_Aint lower, extent, true_lower, true_extent;
    size_t size;
    int commutes;
    TRI_TRY(tri_type_bytes(type, &size));
    TRI_MPI(MPI_Type_get_extent(type, &lower, &extent));
    TRI_MPI(MPI_Type_get_true_extent(type, &true_lower, &true_extent));
    TRI_MPI(MPI_Op_commutative(op, &commutes));
    ptrdiff_t data = (ptrdiff_t)size;
    *out = (tri_operands){.type = type,
                          .op = op,
                          .unit_bytes = size ? size : 1,
                          .extent = extent,
                          .lower = true_lower,
                          .true_extent = true_extent,
                          .size = size,
                          .packed = !size || extent != data || true_lower != 0 || true_extent != data,
                          .commutes = commutes != 0,
                          .foreign = !name_of(op)};
    return TRI_OK;
}

tri_status tri_operands_of(tri_comm *comm, tri_operands_cache *cache, MPI_Datatype type, MPI_Op op,
                           const tri_operands **out) {
    unsigned known = cache->count < TRI_OPERANDS_KNOWN ? cache->count : TRI_OPERANDS_KNOWN;
    for (unsigned i = 0; i < known; i++)
        if (cache->known[i].type == type && cache->known[i].op == op) {
            *out = &cache->known[i];
            return TRI_OK;
        }
    tri_operands *o = &cache->other;
    if (op != MPI_OP_NULL && op == atomic_load(&exact_sum)) {
        TRI_TRY(describe_exact(type, op, o));
    } else {
        TRI_TRY(check(comm, type, op));
        TRI_TRY(describe(type, op, o));
    }
    /* The handles of other types and operations may be freed and given to new ones. MPI's operations fit only
     * predefined types. */
    if (!o->foreign) {
        cache->known[cache->count % TRI_OPERANDS_KNOWN] = *o;
        cache->count++;
    }
    *out = o;
    return TRI_OK;
}

/* Memory for `count` elements, as they would lie in a user's buffer. */
typedef struct stage {
    void *memory;
    void *elements; /* the address to give MPI, which may lie outside of `memory` */
} stage;

static tri_status stage_create(const tri_operands *o, size_t count, stage *out) {
    ptrdiff_t last = (ptrdiff_t)(count - 1) * o->extent;
    ptrdiff_t first = (last < 0 ? last : 0) + o->lower;
    size_t bytes = (size_t)((last < 0 ? -last : last) + o->true_extent);
    /* The elements are aligned as in a buffer from malloc(), whatever their lower bound is. */
    size_t shift = (size_t)first % ALIGNMENT;
    out->memory = aligned_alloc(ALIGNMENT, (shift + bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
    if (!out->memory)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of unpacked elements", bytes);
    out->elements = (void *)((uintptr_t)out->memory + shift - (uintptr_t)first);
    return TRI_OK;
}

static size_t elements_at_a_time(const tri_operands *o, size_t count) {
    size_t stride = (size_t)(o->extent < 0 ? -o->extent : o->extent);
    if (stride < o->size) stride = o->size;
    size_t most = stride < STAGE_BYTES ? STAGE_BYTES / stride : 1;
    return count < most ? count : most;
}

static tri_status combine_unpacked(const tri_operands *o, MPI_Comm mpi, const char *left, char *right,
                                   size_t count, const stage stages[2]) {
    int some = (int)count, bytes = (int)(count * o->size), at[3] = {0, 0, 0};
    TRI_MPI(MPI_Unpack(left, bytes, &at[0], stages[0].elements, some, o->type, mpi));
    TRI_MPI(MPI_Unpack(right, bytes, &at[1], stages[1].elements, some, o->type, mpi));
    TRI_MPI(MPI_Reduce_local(stages[0].elements, stages[1].elements, some, o->type, o->op));
    TRI_MPI(MPI_Pack(stages[1].elements, some, o->type, right, bytes, &at[2], mpi));
    return TRI_OK;
}

tri_status tri_combine_packed(const tri_operands *o, MPI_Comm mpi, const void *left, void *right,
                              size_t count) {
    if (!o->size || !count) return TRI_OK;
    size_t most = elements_at_a_time(o, count);
    stage stages[2] = {{NULL, NULL}, {NULL, NULL}};
    tri_status status = stage_create(o, most, &stages[0]);
    if (status == TRI_OK) status = stage_create(o, most, &stages[1]);
    for (size_t done = 0; done < count && status == TRI_OK; done += most) {
        size_t some = count - done < most ? count - done : most;
        status = combine_unpacked(o, mpi, (const char *)left + done * o->size, (char *)right + done * o->size,
                                  some, stages);
    }
    free(stages[0].memory);
    free(stages[1].memory);
    return status;
}
