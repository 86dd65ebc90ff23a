/* Which callers of PMPI_ functions are the Fortran libraries of MPI, which call them for the program. */
#include <link.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/call.h"

/* Mapped objects that have called a PMPI_ function. Rows are added, never changed. */
typedef struct object {
    uintptr_t first, last;
    int fortran;
} object;
enum { OBJECTS = 64 };
static object objects[OBJECTS];
static atomic_int object_count;
static atomic_flag adding = ATOMIC_FLAG_INIT;

/* libmpi_mpifh, libmpi_usempif08 (Open MPI), libmpichfort, libmpifort (MPICH, Intel MPI) and their kin. */
static int has_fortran_name(const char *path) {
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    return !strncmp(name, "libmpi", 6) &&
           (strstr(name, "_mpifh") || strstr(name, "_usempi") || strstr(name, "fort"));
}

typedef struct search {
    uintptr_t address;
    object found;
} search;

static int look(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    search *s = data;
    uintptr_t first = UINTPTR_MAX, last = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD) continue;
        uintptr_t from = info->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;
        if (from < first) first = from;
        if (to > last) last = to;
    }
    if (s->address < first || s->address >= last) return 0;
    s->found = (object){first, last, has_fortran_name(info->dlpi_name)};
    return 1;
}

/* An object that is seen for the first time. A program may load the Fortran library at any time. */
static int add_object(uintptr_t address) {
    search s = {.address = address};
    if (!dl_iterate_phdr(look, &s)) return 0;
    if (!atomic_flag_test_and_set(&adding)) {
        int count = atomic_load(&object_count);
        if (count < OBJECTS) {
            objects[count] = s.found;
            atomic_store(&object_count, count + 1);
        }
        atomic_flag_clear(&adding);
    }
    return s.found.fortran;
}

int tri_is_fortran(const void *address) {
    uintptr_t at = (uintptr_t)address;
    int count = atomic_load_explicit(&object_count, memory_order_acquire);
    for (int i = 0; i < count; i++)
        if (at >= objects[i].first && at < objects[i].last) return objects[i].fortran;
    return add_object(at);
}
