/* The header of .npy files, versions 1 to 3: after a magic word, a version and a length follows a Python
 * dictionary such as {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/flat.h"

/* A longer header is damaged: NumPy itself refuses more than 10000 bytes. */
enum { HEADER = 1 << 20, WORD = 64 };

/* ---- Types ---- */

/* IEEE half precision; HDF5 has no such predefined type before 1.14.4. */
static hid_t half(void) {
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
}

static hid_t real(size_t bytes) {
    if (bytes == 2) return half();
    if (bytes == 4) return H5Tcopy(H5T_IEEE_F32LE);
    if (bytes == 8) return H5Tcopy(H5T_IEEE_F64LE);
    if (bytes == sizeof(long double)) return H5Tcopy(H5T_NATIVE_LDOUBLE);
    return H5I_INVALID_HID;
}

static hid_t integer(size_t bytes, int is_signed) {
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return H5I_INVALID_HID;
    hid_t type = H5Tcopy(is_signed ? H5T_STD_I8LE : H5T_STD_U8LE);
    H5Tset_size(type, bytes);
    H5Tset_precision(type, 8 * bytes);
    return type;
}

/* An enumeration, as h5py writes it. */
static hid_t boolean(void) {
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    signed char value = 0;
    H5Tenum_insert(type, "FALSE", &value);
    value = 1;
    H5Tenum_insert(type, "TRUE", &value);
    return type;
}

/* A record of r and i, as h5py writes it. */
static hid_t complex_of(hid_t part) {
    if (part < 0) return part;
    size_t bytes = H5Tget_size(part);
    hid_t type = H5Tcreate(H5T_COMPOUND, 2 * bytes);
    H5Tinsert(type, "r", 0, part);
    H5Tinsert(type, "i", bytes, part);
    H5Tclose(part);
    return type;
}

static hid_t bytes_of(char kind, size_t bytes) {
    if (!bytes) return H5I_INVALID_HID;
    if (kind == 'V') return H5Tcreate(H5T_OPAQUE, bytes);
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

static hid_t ordered(hid_t type, char order) {
    if (type >= 0 && H5Tset_order(type, order == '>'   ? H5T_ORDER_BE
                                        : order == '<' ? H5T_ORDER_LE
                                                       : H5Tget_order(H5T_NATIVE_INT)) >= 0)
        return type;
    if (type >= 0) H5Tclose(type);
    return H5I_INVALID_HID;
}

hid_t tri_numpy_type(const char *text) {
    char order = strchr("<>=|", *text) && *text ? *text++ : '=', kind = *text ? *text++ : 0, *end;
    if (kind == '?' && !*text) return boolean();
    if (*text < '1' || *text > '9' || strlen(text) > 9) return H5I_INVALID_HID;
    size_t bytes = strtoul(text, &end, 10);
    if (*end) return H5I_INVALID_HID;
    switch (kind) {
    case 'i':
    case 'u':
        return ordered(integer(bytes, kind == 'i'), order);
    case 'f':
        return ordered(real(bytes), order);
    case 'c':
        return bytes % 2 ? H5I_INVALID_HID : complex_of(ordered(real(bytes / 2), order));
    case 'b':
        return bytes == 1 ? boolean() : H5I_INVALID_HID;
    case 'S':
    case 'V':
        return bytes_of(kind, bytes);
    default:
        return H5I_INVALID_HID;
    }
}

/* ---- The dictionary ---- */

typedef struct cursor {
    const char *at; /* ends with a 0 */
    const char *wrong;
} cursor;

static int take(cursor *c, char expected) {
    while (*c->at && strchr(" \t\n", *c->at))
        c->at++;
    if (*c->at != expected || !expected) return 0;
    c->at++;
    return 1;
}

/* A text in quotes without escapes. */
static int take_text(cursor *c, char word[WORD]) {
    char quote = take(c, '\'') ? '\'' : '"';
    if (quote == '"' && !take(c, '"')) return 0;
    size_t length = strcspn(c->at, quote == '"' ? "\"\\" : "'\\");
    if (c->at[length] != quote || length >= WORD) return 0;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)(isprint((unsigned char)c->at[i]) ? c->at[i] : '?');
    word[length] = 0;
    c->at += length + 1;
    return 1;
}

static int take_word(cursor *c, const char *word) {
    take(c, ' ');
    if (strncmp(c->at, word, strlen(word)) != 0) return 0;
    c->at += strlen(word);
    return 1;
}

/* A tuple of numbers; Python 2 wrote them with an L. */
static int take_shape(cursor *c, tri_layout *out) {
    if (!take(c, '(')) return 0;
    for (out->rank = 0; !take(c, ')'); out->rank++) {
        size_t value = 0;
        char *end;
        take(c, ' ');
        if (!isdigit((unsigned char)*c->at)) return 0;
        value = strtoull(c->at, &end, 10);
        if (end - c->at > 19) return 0;
        if (out->rank == H5S_MAX_RANK) {
            c->wrong = "more than 32 dimensions";
            return 0;
        }
        out->dims[out->rank] = value;
        c->at = end;
        take(c, 'L');
        if (!take(c, ',')) {
            out->rank++;
            return take(c, ')');
        }
    }
    return 1;
}

static tri_status refuse_type(const tri_source *source, const char *type) {
    if (strchr(type, 'O'))
        return tri_fail(TRI_ERR_DATA,
                        "'%s' holds Python objects (pickled), which only Python can read: save numbers, as "
                        "by numpy.save(FILE, a.astype(float))",
                        source->name);
    return tri_fail(TRI_ERR_DATA,
                    "'%s' holds elements of type '%s': booleans, integers, floats, complex numbers and bytes "
                    "can be read; convert it by a.astype()",
                    source->name, type);
}

static tri_status take_type(cursor *c, const tri_source *source, tri_layout *out) {
    char type[WORD];
    if (take(c, '['))
        return tri_fail(TRI_ERR_DATA, "'%s' holds records of several fields: save one field: a['NAME']",
                        source->name);
    if (!take_text(c, type)) {
        c->wrong = "no type";
        return TRI_OK;
    }
    if (out->type >= 0) H5Tclose(out->type);
    out->type = tri_numpy_type(type);
    return out->type < 0 ? refuse_type(source, type) : TRI_OK;
}

static tri_status read_dictionary(cursor *c, const tri_source *source, tri_layout *out) {
    int shape = 0, order = 0;
    char key[WORD];
    if (!take(c, '{')) c->wrong = "no dictionary";
    while (!c->wrong && !take(c, '}')) {
        if (!take_text(c, key) || !take(c, ':'))
            c->wrong = "no name where one is expected";
        else if (!strcmp(key, "descr"))
            TRI_TRY(take_type(c, source, out));
        else if (!strcmp(key, "fortran_order")) {
            out->reversed = take_word(c, "True");
            order = out->reversed || take_word(c, "False");
            if (!order) c->wrong = "no order of the indices";
        } else if (!strcmp(key, "shape")) {
            shape = take_shape(c, out);
            if (!shape && !c->wrong) c->wrong = "no shape";
        } else
            c->wrong = "an unknown name";
        if (!c->wrong && !take(c, ',') && *c->at != '}' && *c->at != ' ')
            c->wrong = "no comma where one is expected";
    }
    if (!c->wrong && (out->type < 0 || !shape || !order)) c->wrong = "type, order or shape is missing";
    if (!c->wrong) return TRI_OK;
    return tri_fail(TRI_ERR_FILE, "'%s' is a damaged .npy file: its header has %s; copy or write it again",
                    source->name, c->wrong);
}

tri_status tri_npy_layout(const tri_source *source, tri_layout *out) {
    unsigned char start[12] = {0};
    size_t got = 0;
    TRI_TRY(tri_source_read(source, 0, start, sizeof start, &got));
    if (got < 10 || memcmp(start, "\x93NUMPY", 6) != 0)
        return tri_fail(TRI_ERR_FILE,
                        "'%s' is not an .npy file: it does not begin as one; write it by numpy.save()",
                        source->name);
    if (start[6] < 1 || start[6] > 3)
        return tri_fail(TRI_ERR_FILE, "'%s' is an .npy file of version %d.%d: versions 1 to 3 can be read",
                        source->name, start[6], start[7]);
    size_t bytes = start[8] | (size_t)start[9] << 8, at = 10;
    if (start[6] > 1) {
        bytes |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
        at = 12;
    }
    if (bytes > HEADER || at + bytes > source->bytes)
        return tri_fail(TRI_ERR_FILE,
                        "'%s' is a damaged .npy file: a header of %zu bytes, but the file has %llu; copy or "
                        "write it again",
                        source->name, bytes, (unsigned long long)source->bytes);
    char *text = calloc(bytes + 1, 1);
    if (!text) return tri_fail(TRI_ERR_MEMORY, "no memory for the header of '%s'", source->name);
    tri_status status = tri_source_read(source, at, text, bytes, &got);
    cursor c = {.at = text};
    if (status == TRI_OK) status = read_dictionary(&c, source, out);
    free(text);
    out->place = at + bytes;
    return status;
}
