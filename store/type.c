/* The types of elements that can be read, and their native types. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/dataset.h"

static tri_status refuse(const tri_dataset *dataset, const char *what) {
    return tri_fail(TRI_ERR_DATA, "'%s' in '%s' holds %s: choose a dataset of integers or floats",
                    dataset->path, dataset->file, what);
}

static const char *class_text(H5T_class_t class) {
    switch (class) {
    case H5T_STRING:
        return "strings";
    case H5T_COMPOUND:
        return "compounds (records of several fields, or complex numbers)";
    case H5T_REFERENCE:
        return "references";
    case H5T_VLEN:
        return "variable-length lists";
    case H5T_ARRAY:
        return "arrays as elements";
    case H5T_BITFIELD:
        return "bit fields";
    case H5T_OPAQUE:
        return "opaque bytes";
    default:
        return "elements that are not numbers";
    }
}

static void set_native(tri_dataset *dataset, tri_native native, hid_t type, tri_element element) {
    dataset->native = native;
    dataset->native_type = type;
    dataset->native_bytes = H5Tget_size(type);
    dataset->element = element;
}

static tri_status learn_integer(tri_dataset *dataset, hid_t type) {
    int is_signed = H5Tget_sign(type) == H5T_SGN_2;
    size_t bits = H5Tget_precision(type);
    if (bits <= 8)
        is_signed ? set_native(dataset, TRI_NATIVE_I8, H5T_NATIVE_INT8, TRI_ELEMENT_F64)
                  : set_native(dataset, TRI_NATIVE_U8, H5T_NATIVE_UINT8, TRI_ELEMENT_F64);
    else if (bits <= 16)
        is_signed ? set_native(dataset, TRI_NATIVE_I16, H5T_NATIVE_INT16, TRI_ELEMENT_F64)
                  : set_native(dataset, TRI_NATIVE_U16, H5T_NATIVE_UINT16, TRI_ELEMENT_F64);
    else if (bits <= 32)
        is_signed ? set_native(dataset, TRI_NATIVE_I32, H5T_NATIVE_INT32, TRI_ELEMENT_F64)
                  : set_native(dataset, TRI_NATIVE_U32, H5T_NATIVE_UINT32, TRI_ELEMENT_F64);
    else if (bits <= 64)
        is_signed ? set_native(dataset, TRI_NATIVE_8_BYTES, H5T_NATIVE_INT64, TRI_ELEMENT_I64)
                  : set_native(dataset, TRI_NATIVE_8_BYTES, H5T_NATIVE_UINT64, TRI_ELEMENT_U64);
    else
        return refuse(dataset, "integers of more than 64 bits");
    snprintf(dataset->stored_type, sizeof dataset->stored_type, "%sint%zu", is_signed ? "" : "u", bits);
    return TRI_OK;
}

static void learn_float(tri_dataset *dataset, hid_t type) {
    if (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0)
        set_native(dataset, TRI_NATIVE_F32, H5T_NATIVE_FLOAT, TRI_ELEMENT_F64);
    else
        set_native(dataset, TRI_NATIVE_8_BYTES, H5T_NATIVE_DOUBLE, TRI_ELEMENT_F64);
    snprintf(dataset->stored_type, sizeof dataset->stored_type, "float%zu", H5Tget_precision(type));
}

/* Whether elements have fixed size and the same meaning in another file. */
static int is_self_contained(hid_t type) {
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_STRING) return H5Tis_variable_str(type) == 0;
    if (class == H5T_ARRAY) {
        hid_t of = H5Tget_super(type);
        int yes = is_self_contained(of);
        H5Tclose(of);
        return yes;
    }
    int members = class == H5T_COMPOUND ? H5Tget_nmembers(type) : 0, yes = 1;
    for (int i = 0; i < members && yes; i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        yes = is_self_contained(member);
        H5Tclose(member);
    }
    return yes && class != H5T_VLEN && class != H5T_REFERENCE;
}

/* Names a type that is not a number by a hash of its description (FNV-1a). */
static void name_type(tri_dataset *dataset, hid_t type) {
    size_t bytes = 0;
    uint32_t sum = 2166136261U;
    H5Tencode(type, NULL, &bytes);
    unsigned char *text = calloc(bytes + 1, 1);
    if (!text || H5Tencode(type, text, &bytes) < 0) bytes = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (sum ^ text[i]) * 16777619U;
    free(text);
    snprintf(dataset->stored_type, sizeof dataset->stored_type, "%zu-byte elements (type %08x)",
             H5Tget_size(type), (unsigned)sum);
}

static tri_status learn_numbers(tri_dataset *dataset, hid_t type, int any) {
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_INTEGER && (!any || H5Tget_precision(type) <= 64)) return learn_integer(dataset, type);
    if (class == H5T_FLOAT) {
        learn_float(dataset, type);
        return TRI_OK;
    }
    if (!any) return refuse(dataset, class_text(class));
    if (!is_self_contained(type))
        return tri_fail(
            TRI_ERR_DATA,
            "'%s' in '%s' holds variable-length strings or lists, or references: only elements of fixed "
            "size can be moved",
            dataset->path, dataset->file);
    name_type(dataset, type);
    return TRI_OK;
}

tri_status tri_dataset_learn_type(tri_dataset *dataset, int any) {
    hid_t type = H5Dget_type(dataset->h5_dataset);
    if (type < 0 || (dataset->h5_type = H5Tcopy(type)) < 0) {
        char reason[TRI_H5_REASON];
        if (type >= 0) H5Tclose(type);
        return tri_fail(TRI_ERR_FILE, "cannot read the type of '%s' in '%s': %s", dataset->path,
                        dataset->file, tri_h5_reason(reason));
    }
    int is_enum = H5Tget_class(type) == H5T_ENUM;
    if (is_enum) {
        hid_t base = H5Tget_super(type);
        H5Tclose(type);
        type = base;
    }
    dataset->stored_bytes = H5Tget_size(type);
    tri_status status = learn_numbers(dataset, type, any);
    if (status == TRI_OK && dataset->native_bytes) {
        size_t used = strlen(dataset->stored_type);
        snprintf(dataset->stored_type + used, sizeof dataset->stored_type - used, "%s%s",
                 dataset->stored_bytes > 1 && H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : "",
                 is_enum ? " enumeration" : "");
    }
    H5Tclose(type);
    return status;
}

tri_status tri_dataset_check_numbers(const tri_dataset *dataset) {
    return dataset->native_bytes ? TRI_OK : refuse(dataset, class_text(H5Tget_class(dataset->h5_type)));
}

/* Widens from the front in blocks: the end of widened element i is not after the end of native element i. The
 * copy of a block shows the compiler that nothing overlaps. */
enum { BLOCK = 512 };

#define WIDEN(type)                                                                                          \
    do {                                                                                                     \
        const char *from = (const char *)out + count * (sizeof(double) - sizeof(type));                      \
        for (size_t at = 0; at < count; at += BLOCK) {                                                       \
            type block[BLOCK];                                                                               \
            double wide[BLOCK];                                                                              \
            size_t length = count - at < BLOCK ? count - at : BLOCK;                                         \
            memcpy(block, from + at * sizeof(type), length * sizeof(type));                                  \
            for (size_t i = 0; i < length; i++)                                                              \
                wide[i] = block[i];                                                                          \
            memcpy((double *)out + at, wide, length * sizeof(double));                                       \
        }                                                                                                    \
    } while (0)

void tri_dataset_widen(tri_native native, size_t count, void *out) {
    switch (native) {
    case TRI_NATIVE_I8:
        WIDEN(int8_t);
        break;
    case TRI_NATIVE_U8:
        WIDEN(uint8_t);
        break;
    case TRI_NATIVE_I16:
        WIDEN(int16_t);
        break;
    case TRI_NATIVE_U16:
        WIDEN(uint16_t);
        break;
    case TRI_NATIVE_I32:
        WIDEN(int32_t);
        break;
    case TRI_NATIVE_U32:
        WIDEN(uint32_t);
        break;
    case TRI_NATIVE_F32:
        WIDEN(float);
        break;
    case TRI_NATIVE_8_BYTES:
        break;
    }
}
