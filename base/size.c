#include "trireme/size.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefixes[] = "kMGTPE";

/* The factor of the suffix at `text`; 0 if it is not a suffix. */
static size_t suffix_factor(const char *text) {
    if (!*text || !strcmp(text, "B")) return 1;
    char letter = *text == 'K' ? 'k' : *text; /* "64K" is common; only "Ki" is binary. */
    const char *at = strchr(prefixes, letter);
    if (!at) return 0;
    text++;
    int binary = *text == 'i';
    text += binary;
    if (*text == 'B') text++;
    if (*text) return 0;
    size_t factor = 1;
    for (const char *p = prefixes; p <= at; p++)
        factor *= binary ? 1024 : 1000;
    return factor;
}

static int multiply_add(size_t *value, size_t factor, size_t addend) {
    return !__builtin_mul_overflow(*value, factor, value) && !__builtin_add_overflow(*value, addend, value);
}

/* The power of ten at `text`, "e6" or "e+6"; 0: anything else, such as the prefix E. *fits: cleared where it
 * is too large. */
static size_t power_of_ten(const char *text, int *fits) {
    if (*text != 'e' && *text != 'E') return 0;
    text += 1 + (text[1] == '+');
    if (!*text || text[strspn(text, "0123456789")]) return 0;
    size_t power = 1;
    /* No power above 10^19 fits. */
    for (unsigned long exponent = strtoul(text, NULL, 10); exponent && *fits; exponent--)
        *fits &= multiply_add(&power, 10, 0);
    return *fits ? power : 1;
}

tri_status tri_size_parse(const char *text, size_t *out) {
    const char *p = text;
    size_t value = 0, scale = 1;
    int digits = 0, fits = 1;
    for (; isdigit((unsigned char)*p); p++, digits++)
        fits &= multiply_add(&value, 10, (size_t)(*p - '0'));
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++, digits++) {
            fits &= multiply_add(&value, 10, (size_t)(*p - '0'));
            fits &= multiply_add(&scale, 10, 0);
        }
    }
    size_t factor = suffix_factor(p);
    if (!factor) factor = power_of_ten(p, &fits);
    if (!digits || !factor)
        return tri_fail(
            TRI_ERR_ARGUMENT,
            "'%s' is not a size: write digits and at most one of k M G T P E Ki Mi Gi Ti Pi Ei, or e6", text);
    /* Cancels common factors first: "0.5Ei" fits although 5 * 2^60 does not. */
    while (scale > 1 && value % 10 == 0)
        value /= 10, scale /= 10;
    while (scale % 2 == 0 && factor % 2 == 0)
        scale /= 2, factor /= 2;
    while (scale % 5 == 0 && factor % 5 == 0)
        scale /= 5, factor /= 5;
    while (scale % 2 == 0 && value % 2 == 0)
        scale /= 2, value /= 2;
    while (scale % 5 == 0 && value % 5 == 0)
        scale /= 5, value /= 5;
    fits &= multiply_add(&value, factor, 0);
    if (!fits) return tri_fail(TRI_ERR_ARGUMENT, "size '%s' is too large: at most %zu", text, SIZE_MAX);
    if (scale != 1) return tri_fail(TRI_ERR_ARGUMENT, "size '%s' is not a whole number", text);
    *out = value;
    return TRI_OK;
}

char *tri_size_format(size_t size, char text[TRI_SIZE_TEXT]) {
    int power = 0;
    while (size && size % 1024 == 0 && power < 6)
        size /= 1024, power++;
    if (power)
        snprintf(text, TRI_SIZE_TEXT, "%zu%ci", size, power == 1 ? 'K' : prefixes[power - 1]);
    else
        snprintf(text, TRI_SIZE_TEXT, "%zu", size);
    return text;
}

tri_range tri_range_block(size_t count, size_t parts, size_t part) {
    size_t each = count / parts, more = count % parts;
    tri_range range = {.first = each * part + (part < more ? part : more), .count = each + (part < more)};
    return range;
}

tri_range tri_range_block_of_units(size_t count, size_t block, size_t parts, size_t part) {
    size_t blocks = count / block + (count % block != 0);
    tri_range of_blocks = tri_range_block(blocks, parts, part);
    size_t first = of_blocks.first * block, end = (of_blocks.first + of_blocks.count) * block;
    /* The last block may be short, and its end may lie beyond SIZE_MAX. */
    if (of_blocks.first + of_blocks.count == blocks) end = count;
    if (!of_blocks.count) first = end = first < count ? first : count;
    tri_range range = {.first = first, .count = end - first};
    return range;
}
