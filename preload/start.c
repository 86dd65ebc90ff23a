/* Connects the exported functions, when the process starts: to their wrappers in the modes of
 * TRIREME_PRELOAD, and to the next library in all other cases. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "preload/profile.h"
#include "preload/watch.h"

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
    if (!mine && (s->boost || s->watch || s->profile) && tri_settings_first_rank())
        tri_say("stands aside: it belongs to " TRIREME_MPI_LIBRARY ", and this program uses %s",
                file_of(init));
    s->boost = s->boost && mine;
    if (mine && s->watch) tri_mode_add(&tri_watch_mode);
    if (mine && s->profile) tri_mode_add(&tri_profile_mode);
    for (size_t i = 0; i < tri_symbol_count; i++) {
        tri_symbol *symbol = &tri_symbols[i];
        symbol->next = find(RTLD_NEXT, symbol->name);
        if (!symbol->next) symbol->next = absent;
        int boosts = s->boost && symbol->kind != TRI_SYMBOL_CALL &&
                     (symbol->kind != TRI_SYMBOL_COLLECTIVE || symbol->form == TRI_MPI_BLOCKING || s->report);
        int wanted = boosts || tri_mode_count;
        *symbol->to = wanted ? symbol->wrapper : symbol->next;
    }
}
