/* Enumerates the OpenCL devices and their properties. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/device.h"

/* cl_khr_icd: the loader found no driver. */
enum { NO_PLATFORM = -1001 };

/* cl_khr_pci_bus_info, cl_amd_device_attribute_query and cl_nv_device_attribute_query, whose headers are not
 * always installed. */
enum {
    KHR_PCI_BUS_INFO = 0x410F,
    AMD_TOPOLOGY = 0x4037,
    NV_PCI_BUS = 0x4008,
    NV_PCI_SLOT = 0x4009,
    NV_PCI_DOMAIN = 0x400A
};

const char *tri_gpu_type_name(tri_gpu_type type) {
    static const char *const names[] = {"cpu", "gpu", "accelerator", "other"};
    return names[(unsigned)type <= TRI_GPU_OTHER ? type : TRI_GPU_OTHER];
}

static void text_of(cl_device_id device, cl_device_info what, size_t size, char *out) {
    size_t length = 0;
    char text[1024];
    if (clGetDeviceInfo(device, what, 0, NULL, &length) != CL_SUCCESS || length > sizeof text ||
        clGetDeviceInfo(device, what, sizeof text, text, NULL) != CL_SUCCESS)
        snprintf(text, sizeof text, "unknown");
    /* NVIDIA and Intel pad names with spaces. */
    const char *start = text + strspn(text, " ");
    snprintf(out, size, "%s", *start ? start : "unknown");
    for (size_t n = strlen(out); n && out[n - 1] == ' '; n--)
        out[n - 1] = 0;
}

static uint64_t number_of(cl_device_id device, cl_device_info what, size_t bytes) {
    uint32_t narrow = 0;
    uint64_t wide = 0;
    void *to = bytes == sizeof narrow ? (void *)&narrow : (void *)&wide;
    if (clGetDeviceInfo(device, what, bytes, to, NULL) != CL_SUCCESS) return 0;
    return bytes == sizeof narrow ? narrow : wide;
}

/* Whether the device has an extension. Queries of unknown properties would appear as errors in driver
 * logs. */
static bool extends(cl_device_id device, const char *extension) {
    char text[16384];
    return clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof text, text, NULL) == CL_SUCCESS &&
           strstr(text, extension);
}

static void pci_of(cl_device_id device, char out[16]) {
    struct {
        cl_uint domain, bus, device, function;
    } khr;
    unsigned char amd[24];
    cl_uint bus, slot, domain = 0;
    out[0] = 0;
    if (extends(device, "cl_khr_pci_bus_info") &&
        clGetDeviceInfo(device, KHR_PCI_BUS_INFO, sizeof khr, &khr, NULL) == CL_SUCCESS)
        snprintf(out, 16, "%04x:%02x:%02x.%x", khr.domain & 0xffff, khr.bus & 0xff, khr.device & 0x1f,
                 khr.function & 7);
    else if (extends(device, "cl_nv_device_attribute_query") &&
             clGetDeviceInfo(device, NV_PCI_BUS, sizeof bus, &bus, NULL) == CL_SUCCESS &&
             clGetDeviceInfo(device, NV_PCI_SLOT, sizeof slot, &slot, NULL) == CL_SUCCESS) {
        /* The slot holds device and function as PCI's devfn does. Older drivers do not know the domain. */
        if (clGetDeviceInfo(device, NV_PCI_DOMAIN, sizeof domain, &domain, NULL) != CL_SUCCESS) domain = 0;
        snprintf(out, 16, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff, slot >> 3 & 0x1f, slot & 7);
    } else if (extends(device, "cl_amd_device_attribute_query") &&
               clGetDeviceInfo(device, AMD_TOPOLOGY, sizeof amd, amd, NULL) == CL_SUCCESS && amd[0] == 1)
        snprintf(out, 16, "0000:%02x:%02x.%x", amd[21], amd[22] & 0x1f, amd[23] & 7);
}

static void describe(cl_platform_id platform, cl_device_id device, tri_gpu_info *info) {
    cl_device_type type = number_of(device, CL_DEVICE_TYPE, sizeof(cl_device_type));
    info->type = type & CL_DEVICE_TYPE_GPU           ? TRI_GPU_GPU
                 : type & CL_DEVICE_TYPE_ACCELERATOR ? TRI_GPU_ACCELERATOR
                 : type & CL_DEVICE_TYPE_CPU         ? TRI_GPU_CPU
                                                     : TRI_GPU_OTHER;
    text_of(device, CL_DEVICE_NAME, sizeof info->name, info->name);
    text_of(device, CL_DEVICE_VENDOR, sizeof info->vendor, info->vendor);
    text_of(device, CL_DEVICE_VERSION, sizeof info->version, info->version);
    text_of(device, CL_DRIVER_VERSION, sizeof info->driver, info->driver);
    if (clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof info->platform, info->platform, NULL) !=
        CL_SUCCESS)
        snprintf(info->platform, sizeof info->platform, "unknown");
    pci_of(device, info->pci);
    info->memory_bytes = number_of(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    info->allocation_bytes = number_of(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    info->local_bytes = number_of(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    info->compute_units = (unsigned)number_of(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    info->fp64 = number_of(device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof(cl_device_fp_config)) != 0;
    info->unified = number_of(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool)) != 0;
}

/* Appends the devices of one platform. */
static tri_status find_in(cl_platform_id platform, tri_gpu_found **found, size_t *count) {
    cl_uint devices = 0;
    cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &devices);
    if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && !devices)) return TRI_OK;
    TRI_TRY(tri_cl(NULL, code, "listing devices (clGetDeviceIDs)"));
    tri_gpu_found *longer = realloc(*found, (*count + devices) * sizeof **found);
    cl_device_id *ids = malloc(devices * sizeof *ids);
    if (longer) *found = longer;
    if (!longer || !ids) {
        free(ids);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a list of %u OpenCL devices", devices);
    }
    tri_status status = tri_cl(NULL, clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, devices, ids, NULL),
                               "listing devices (clGetDeviceIDs)");
    for (cl_uint i = 0; status == TRI_OK && i < devices; i++) {
        tri_gpu_found *row = *found + (*count)++;
        *row = (tri_gpu_found){.platform = platform, .device = ids[i], .info.index = *count - 1};
        describe(platform, ids[i], &row->info);
    }
    free(ids);
    return status;
}

static tri_status find_all(tri_gpu_found **found, size_t *count) {
    enum { PLATFORMS = 64 };
    cl_platform_id platforms[PLATFORMS];
    cl_uint platform_count = 0;
    cl_int code = clGetPlatformIDs(PLATFORMS, platforms, &platform_count);
    if (code == NO_PLATFORM) platform_count = 0, code = CL_SUCCESS;
    TRI_TRY(tri_cl(NULL, code, "listing drivers (clGetPlatformIDs)"));
    for (cl_uint i = 0; i < platform_count && i < PLATFORMS; i++)
        TRI_TRY(find_in(platforms[i], found, count));
    return TRI_OK;
}

tri_status tri_gpu_find(tri_gpu_found **out, size_t *count) {
    tri_gpu_found *found = NULL;
    size_t found_count = 0;
    tri_gpu_signals signals;
    TRI_TRY(tri_gpu_environment_set());
    tri_gpu_signals_save(&signals);
    tri_status status = find_all(&found, &found_count);
    tri_gpu_signals_restore(&signals);
    if (status != TRI_OK) {
        free(found);
        return status;
    }
    *out = found;
    *count = found_count;
    return TRI_OK;
}

tri_status tri_gpu_list(tri_gpu_info *list, size_t capacity, size_t *count) {
    tri_gpu_found *found;
    size_t found_count;
    TRI_TRY(tri_gpu_find(&found, &found_count));
    for (size_t i = 0; i < found_count && i < capacity; i++)
        list[i] = found[i].info;
    *count = found_count;
    free(found);
    return TRI_OK;
}
