/* Preloaded into a program: rank 1 reads another value of element 0 of each dataset than the other ranks. */
#include <dlfcn.h>
#include <stdlib.h>

#include "trireme/array.h"

tri_status tri_dataset_read_numbers(tri_dataset *dataset, size_t first, size_t count, void *out) {
    tri_status (*real)(tri_dataset *, size_t, size_t, void *);
    const char *rank = getenv("OMPI_COMM_WORLD_RANK") ? getenv("OMPI_COMM_WORLD_RANK") : getenv("PMI_RANK");
    *(void **)&real = dlsym(RTLD_NEXT, "tri_dataset_read_numbers");
    tri_status status = real(dataset, first, count, out);
    if (!first && count && rank && atoi(rank) == 1) *(double *)out += 1;
    return status;
}
