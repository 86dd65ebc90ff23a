/* "Did you mean": the name with the smallest edit distance (Levenshtein 1966). */
#include <string.h>

#include "apps/driver/options.h"

enum { LONGEST = 63 }; /* longer words are near to nothing */

/* Letters to insert, delete or replace to make one word of the other. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t row[LONGEST + 1]; /* row[j]: from the first i letters of a to the first j of b */
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t least = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < least) least = row[j] + 1;
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = least;
        }
    }
    return row[b_length];
}

const char *tri_nearest(const char *word, size_t length, const char *const names[], size_t count) {
    const char *nearest = NULL;
    /* Two swapped letters count as 2. */
    size_t limit = length < 4 ? 1 : length < 9 ? 2 : 3;
    for (size_t i = 0; i < count && length <= LONGEST; i++) {
        size_t letters = strlen(names[i]);
        if (letters > LONGEST) continue;
        size_t d = distance(word, length, names[i], letters);
        if (d > limit || d >= letters) continue;
        nearest = names[i];
        limit = d ? d - 1 : 0;
        if (!d) break;
    }
    return nearest;
}
