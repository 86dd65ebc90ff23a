#include "trireme/number.h"

const char *tri_number_name(tri_number number) {
    static const char *const names[] = {
#define NAME(NAME, value, type, text, opencl) text,
        TRI_NUMBER_LIST(NAME)
#undef NAME
    };
    return names[number];
}

const char *tri_number_opencl(tri_number number) {
    static const char *const names[] = {
#define NAME(NAME, value, type, text, opencl) opencl,
        TRI_NUMBER_LIST(NAME)
#undef NAME
    };
    return names[number];
}

size_t tri_number_bytes(tri_number number) {
    static const size_t bytes[] = {
#define BYTES(NAME, value, type, text, opencl) sizeof(type),
        TRI_NUMBER_LIST(BYTES)
#undef BYTES
    };
    return bytes[number];
}

void tri_number_as_doubles(tri_number number, const void *from, size_t count, double *to) {
    switch (number) {
#define WIDEN(NAME, value, type, text, opencl)                                                               \
    case TRI_##NAME:                                                                                         \
        for (size_t i = 0; i < count; i++)                                                                   \
            to[i] = (double)((const type *)from)[i];                                                         \
        break;
        TRI_NUMBER_LIST(WIDEN)
#undef WIDEN
    case TRI_NUMBER_COUNT:
        break;
    }
}
