/* Messages, agreement on errors, and the shape of a communicator. */
#include <stdio.h>

#include "tests/collectives/sample.h"
#include "trireme/message.h"

static void try_messages(tri_comm *comm) {
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), next = (rank + 1) % size;
    int before = (rank + size - 1) % size;
    for (size_t count = 0; count <= 100000; count = 10 * count + 1) {
        image mine = image_new(count, 8, 1), got = image_new(count, 8, 1), want = image_new(count, 8, 1);
        for (size_t i = 0; i < count; i++) {
            uint64_t given = sample_value((uint64_t)rank, (uint64_t)next, i);
            uint64_t due = sample_value((uint64_t)before, (uint64_t)rank, i);
            memcpy(mine.data + 8 * i, &given, 8);
            memcpy(want.data + 8 * i, &due, 8);
        }
        CHECK_OK(tri_exchange(mine.data, count, next, got.data, count, before, MPI_UINT64_T, 7, comm));
        CHECK(image_same(&got, &want), "exchange of %zu", count);
        memset(got.data, FILL, 8 * count);
        if (size > 1 && rank == 0)
            CHECK_OK(tri_send(mine.data, count, MPI_UINT64_T, next, TRI_TAG_LAST, comm));
        if (size > 1 && rank == 1) {
            CHECK_OK(tri_recv(got.data, count, MPI_UINT64_T, 0, TRI_TAG_LAST, comm));
            CHECK(image_same(&got, &want), "message of %zu", count);
        }
        image_free(&mine);
        image_free(&got);
        image_free(&want);
    }
    char byte = 0;
    CHECK_STATUS(tri_send(&byte, 1, MPI_BYTE, 0, TRI_TAG_LAST + 1, comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_send(&byte, 1, MPI_BYTE, 0, -1, comm), TRI_ERR_ARGUMENT);
    /* A message of unexpected length. */
    char bytes[4] = {0};
    tri_status status = tri_exchange(bytes, 2, next, bytes + 2, 2, before, MPI_BYTE, 3, comm);
    CHECK(status == TRI_OK, "two bytes for two: %s", tri_error_text());
    MPI_Request request;
    CHECK_OK(tri_isend(bytes, 1, MPI_BYTE, next, 4, comm, &request));
    CHECK_STATUS(tri_recv(bytes + 2, 2, MPI_BYTE, before, 4, comm), TRI_ERR_MPI);
    CHECK(strstr(tri_error_text(), "received 1 bytes from rank") && strstr(tri_error_text(), "expected 2"),
          "%s", tri_error_text());
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

/* The worst status wins, with the text of the lowest rank that has it. */
static void try_agreement(tri_comm *comm) {
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    CHECK_OK(tri_agree(comm, TRI_OK));
    char expected[128];
    for (int bad = 0; bad < size; bad++) {
        tri_status mine = rank >= bad ? tri_fail(TRI_ERR_FILE, "cannot open '%d.h5'", rank) : TRI_OK;
        CHECK_STATUS(tri_agree(comm, mine), TRI_ERR_FILE);
        snprintf(expected, sizeof expected, "[rank %d of %d on %s] cannot open '%d.h5'", bad, size,
                 tri_comm_host(comm), bad);
        if (size - bad > 1)
            snprintf(expected + strlen(expected), sizeof expected - strlen(expected), " (and %d more)",
                     size - bad - 1);
        CHECK(!strcmp(tri_error_text(), expected), "'%s' instead of '%s'", tri_error_text(), expected);
    }
    if (size < 2) return;
    tri_status mine = rank == 0 ? tri_fail(TRI_ERR_ARGUMENT, "not this") : TRI_OK;
    if (rank == size - 1) mine = tri_fail(TRI_ERR_MEMORY, "no memory for it");
    CHECK_STATUS(tri_agree(comm, mine), TRI_ERR_MEMORY);
    CHECK(strstr(tri_error_text(), "no memory for it (and 1 more)"), "%s", tri_error_text());
    CHECK_STATUS(tri_agree(comm, TRI_ERR_MEMORY), TRI_ERR_MEMORY);
    CHECK(!strstr(strstr(tri_error_text(), "[rank") + 1, "[rank"), "named twice: %s", tri_error_text());
}

/* Node labels that are neither sorted nor consecutive: rank r is on the node labelled -(r % 3). */
static void try_shape(void) {
    int size, labels[64];
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int r = 0; r < size; r++)
        labels[r] = -(r % 3);
    tri_comm *comm;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = labels}, &comm));
    const tri_shape *s = tri_comm_shape(comm);
    int rank = tri_comm_rank(comm), nodes = size < 3 ? size : 3;
    CHECK(s->nodes == nodes && s->largest == (size + nodes - 1) / nodes, "%d nodes, %d", s->nodes,
          s->largest);
    CHECK(s->node == rank % 3 && s->local_rank == rank / 3, "node %d, local rank %d", s->node, s->local_rank);
    CHECK(s->local_size == (size - rank % 3 + 2) / 3, "%d on this node", s->local_size);
    CHECK(s->irregular == (size > 3), "irregular %d", s->irregular);
    for (int r = 0; r < size; r++) {
        CHECK(s->node_of[r] == r % 3, "node of rank %d: %d", r, s->node_of[r]);
        CHECK(s->members[s->node_start[r % 3] + r / 3] == r, "members of node %d", r % 3);
    }
    CHECK(s->node_start[nodes] == size, "the end of the nodes: %d", s->node_start[nodes]);
    tri_comm_destroy(&comm);
    CHECK(!comm, "a destroyed communicator is NULL");
    tri_comm_destroy(&comm);
    tri_comm_destroy(NULL);
}

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    tri_comm *comm;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    try_messages(comm);
    try_agreement(comm);
    tri_comm_destroy(&comm);
    try_shape();
    MPI_Finalize();
    return check_result("messages");
}
