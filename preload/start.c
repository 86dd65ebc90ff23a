/* Connects the exported functions, when the process starts: to their wrappers in the modes of TRIREME_PRELOAD,
 * and to the next library in all other cases. */
#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/settings.h"

void tri_say(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "trireme-preload: %s\n", text);
}

/* The program has a function that its MPI library lacks. It would not have started without the preload. */
static void absent(void) {
    tri_say("the program calls a function that its MPI library does not have");
    abort();
}

static tri_any find(void *handle, const char *name) {
    void *address = dlsym(handle, name);
    tri_any function = NULL;
    memcpy(&function, &address, sizeof function);
    return function;
}

/* Whether the process uses the MPI library that this file was built for: constants and types are that one's.
 * TRIREME_MPI_LIBRARY is its name; it is loaded in any case, for this file needs it. */
static int is_my_mpi(tri_any next) {
    void *mine = dlopen(TRIREME_MPI_LIBRARY, RTLD_LAZY | RTLD_NOLOAD);
    return mine && next && find(mine, "PMPI_Init") == next;
}

/* The file of the library that a function is in. */
static const char *file_of(tri_any function) {
    void *address;
    Dl_info info;
    memcpy(&address, &function, sizeof address);
    return function && dladdr(address, &info) && info.dli_fname ? info.dli_fname : "none";
}

__attribute__((constructor)) static void start(void) {
    tri_settings *s = tri_settings_read();
    tri_any init = find(RTLD_NEXT, "PMPI_Init");
    int mine = is_my_mpi(init);
    if (!mine && s->boost && tri_settings_first_rank())
        tri_say("stands aside: it belongs to " TRIREME_MPI_LIBRARY ", and this program uses %s",
                file_of(init));
    s->boost = s->boost && mine;
    for (size_t i = 0; i < tri_symbol_count; i++) {
        tri_symbol *symbol = &tri_symbols[i];
        symbol->next = find(RTLD_NEXT, symbol->name);
        if (!symbol->next) symbol->next = absent;
        int wanted = s->boost &&
                     (symbol->kind != TRI_SYMBOL_COLLECTIVE || symbol->form == TRI_MPI_BLOCKING || s->report);
        *symbol->to = wanted ? symbol->wrapper : symbol->next;
    }
}

/* ---- the Fortran libraries ---- */

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
