/* Sizes as text, and ranges. */
#include "trireme/size.h"

#include <stdint.h>
#include <string.h>

#include "check.h"

static void parses(void) {
    static const struct {
        const char *text;
        size_t size;
    } good[] = {{"0", 0},
                {"1", 1},
                {"64Ki", 65536},
                {"1.5Ki", 1536},
                {"4M", 4000000},
                {"2k", 2000},
                {"2K", 2000},
                {"1GiB", (size_t)1 << 30},
                {"12B", 12},
                {"0.5Ei", (size_t)1 << 59},
                {"18446744073709551615", SIZE_MAX},
                {"1.000", 1},
                {"0.25Ki", 256},
                {"15Ei", (size_t)15 << 60},
                {"1e6", 1000000},
                {"1E3", 1000},
                {"1e+3", 1000},
                {"2.5e3", 2500},
                {"1e0", 1},
                {"1E", (size_t)1000000000000000000},
                {"1.8e19", (size_t)1800000000 * 10000000000}};
    static const char *const bad[] = {"",
                                      "-3",
                                      "12Qi",
                                      "Ki",
                                      "1.5",
                                      "0.3Ki",
                                      "16Ei",
                                      "18446744073709551616",
                                      "1e3k",
                                      "1e",
                                      "1e-3",
                                      "1e20",
                                      "2e19",
                                      "1.55e1",
                                      "1e99999999999999999999",
                                      "e6",
                                      "1e6B",
                                      "1e 6",
                                      "1 k",
                                      ".",
                                      "1KiX",
                                      "0x10",
                                      "1iB",
                                      "+1",
                                      "99999999999999999999999"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t size = 7;
        CHECK_OK(tri_size_parse(good[i].text, &size));
        CHECK(size == good[i].size, "'%s' gave %zu", good[i].text, size);
        char text[TRI_SIZE_TEXT];
        size_t again = 7;
        CHECK_OK(tri_size_parse(tri_size_format(size, text), &again));
        CHECK(again == size, "%zu was written as %s", size, text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t size = 7;
        CHECK_STATUS(tri_size_parse(bad[i], &size), TRI_ERR_ARGUMENT);
        CHECK(size == 7, "'%s' wrote its output", bad[i]);
        CHECK(bad[i][0] == 0 || strstr(tri_error_text(), bad[i]), "the text does not name '%s'", bad[i]);
    }
}

static void ranges(size_t count, size_t block, size_t parts) {
    size_t next = 0;
    for (size_t part = 0; part < parts; part++) {
        tri_range r = tri_range_block_of_units(count, block, parts, part);
        CHECK(r.first == next, "part %zu of %zu starts at %zu, not %zu", part, parts, r.first, next);
        CHECK(r.first % block == 0 || r.first == count, "part %zu of %zu tears a block", part, parts);
        next = r.first + r.count;
        if (block == 1) {
            tri_range plain = tri_range_block(count, parts, part);
            CHECK(plain.first == r.first && plain.count == r.count, "part %zu differs", part);
            CHECK(plain.count == count / parts || plain.count == count / parts + 1, "part %zu uneven", part);
        }
    }
    CHECK(next == count, "%zu of %zu items owned", next, count);
}

int main(void) {
    parses();
    static const size_t counts[] = {0, 1, 2, 5, 64, 1000, 4097, SIZE_MAX};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t block = 1; block <= 4096; block *= 8)
            for (size_t parts = 1; parts <= 13; parts++)
                ranges(counts[c], block, parts);
    return check_result("sizes and ranges");
}
