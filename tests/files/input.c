/* Reads what the lines of standard input name, each "PIECE SPEC": a piece of elements at a time as numbers,
 * or with piece 0 the stored elements in blocks. Prints a line for each: the exit status and the text of the
 * error, or 0, the kind of element, the dimensions and the bytes, separated by tabs. tests/cli/test_input.py
 * compares them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trireme/store.h"

static tri_status read_stored(tri_dataset *d, unsigned char *out) {
    size_t start[32] = {0}, count[32], row = tri_dataset_stored_bytes(d);
    const size_t *dims = tri_dataset_dims(d);
    memcpy(count, dims, (size_t)tri_dataset_rank(d) * sizeof *dims);
    for (int i = 1; i < tri_dataset_rank(d); i++)
        row *= dims[i];
    /* In two blocks, both with rows of their own. */
    count[0] = dims[0] / 2;
    TRI_TRY(tri_dataset_read_stored(d, start, count, out));
    start[0] = count[0];
    count[0] = dims[0] - start[0];
    return tri_dataset_read_stored(d, start, count, out + start[0] * row);
}

static tri_status read_pieces(tri_dataset *d, size_t piece, unsigned char *out) {
    for (size_t first = 0, all = tri_dataset_count(d), count; first < all; first += count) {
        count = all - first < piece ? all - first : piece;
        TRI_TRY(tri_dataset_read(d, first, count, out + 8 * first));
    }
    return TRI_OK;
}

static tri_status one(size_t piece, const char *spec) {
    tri_dataset *d = NULL;
    TRI_TRY(piece ? tri_dataset_open(NULL, spec, NULL, &d) : tri_dataset_open_stored(NULL, spec, NULL, &d));
    size_t bytes = tri_dataset_count(d) * (piece ? 8 : tri_dataset_stored_bytes(d));
    unsigned char *out = malloc(bytes + 1);
    tri_status status = !out    ? tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes", bytes)
                        : piece ? read_pieces(d, piece, out)
                                : read_stored(d, out);
    if (status == TRI_OK) {
        printf("0\t%d\t", piece ? (int)tri_dataset_element(d) : -1);
        for (int i = 0; i < tri_dataset_rank(d); i++)
            printf("%s%zu", i ? "," : "", tri_dataset_dims(d)[i]);
        putchar('\t');
        for (size_t i = 0; i < bytes; i++)
            printf("%02x", out[i]);
        putchar('\n');
    }
    free(out);
    tri_dataset_destroy(&d);
    return status;
}

int main(int argc, char **argv) {
    char line[4096], *spec;
    tri_store_look_first(argc, argv);
    while (fgets(line, sizeof line, stdin)) {
        size_t piece = strtoul(line, &spec, 10);
        spec[strcspn(spec, "\n")] = 0;
        tri_status status = one(piece, spec + 1);
        if (status != TRI_OK) printf("%d\t%s\n", tri_status_exit(status), tri_error_text());
    }
    return 0;
}
