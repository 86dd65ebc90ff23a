/* What the MPI library says: its errors as statuses, and its name. */
#include <stdio.h>
#include <string.h>

#include "trireme/comm.h"

tri_status tri_mpi_status(int mpi_error, const char *call) {
    if (mpi_error == MPI_SUCCESS) return TRI_OK;
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int length;
    MPI_Error_string(mpi_error, text, &length);
    return tri_fail(TRI_ERR_MPI, "%.*s: %s", (int)strcspn(call, "("), call, text);
}

void tri_mpi_library(char *out, size_t room) {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length;
    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) strcpy(text, "unknown");
    text[strcspn(text, ",\n")] = 0;
    for (char *tab = text; (tab = strchr(tab, '\t'));)
        *tab = ' ';
    snprintf(out, room, "%s", text);
}
