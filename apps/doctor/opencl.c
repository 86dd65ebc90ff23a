/* OpenCL: installed drivers (ICDs), their devices, and the assignment to the ranks of this node. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/doctor/doctor.h"
#include "trireme/gpu.h"
#include "trireme/place.h"

enum { DEVICES = 64, TEXT = 900 };

static TRI_PRINTF(2, 3) void append(char text[TEXT], const char *format, ...) {
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, TEXT - used, format, args);
    va_end(args);
}

static bool ends_in(const char *text, const char *end) {
    size_t length = strlen(text), last = strlen(end);
    return length >= last && !strcmp(text + length - last, end);
}

/* Tries the library that an ICD file names. */
static void try_driver(const char *path, int *found, char broken[TEXT]) {
    char library[512];
    doctor_first_line(path, library, sizeof library);
    (*found)++;
    void *handle = *library ? dlopen(library, RTLD_LAZY | RTLD_LOCAL) : NULL;
    if (!handle)
        append(broken, "%s%s names '%s': %s", *broken ? "; " : "", path, library,
               *library ? dlerror() : "no library in its first line");
    else
        dlclose(handle);
}

/* Tries the ICD files like the loaders (ocl-icd and Khronos): OCL_ICD_VENDORS is a folder or a file. */
static const char *try_drivers(int *found, char broken[TEXT]) {
    const char *where = getenv("OCL_ICD_VENDORS");
    if (!where || !*where) where = getenv("OPENCL_VENDOR_PATH");
    if (!where || !*where) where = "/etc/OpenCL/vendors";
    if (ends_in(where, ".icd")) {
        try_driver(where, found, broken);
        return where;
    }
    DIR *folder = opendir(where);
    if (!folder) append(broken, "the folder '%s' does not exist", where);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        if (ends_in(entry->d_name, ".icd")) {
            char path[1024];
            snprintf(path, sizeof path, "%s/%s", where, entry->d_name);
            try_driver(path, found, broken);
        }
    if (folder) closedir(folder);
    return where;
}

/* "NAME (gpu, 24 GB, near cores 0-7) for local ranks 0-3, ...": as tri_gpu_open() assigns them: GPUs and
 * accelerators before the CPU, ranks in equal blocks. */
static size_t describe_devices(const doctor *d, const tri_gpu_info *list, size_t count, char text[TEXT]) {
    const tri_gpu_info *used[DEVICES];
    size_t kept = 0, faster = 0, ranks = (size_t)doctor_local_size(d);
    for (size_t i = 0; i < count; i++)
        faster += list[i].fp64 && (list[i].type == TRI_GPU_GPU || list[i].type == TRI_GPU_ACCELERATOR);
    for (size_t i = 0; i < count; i++)
        if (list[i].fp64 && (!faster || list[i].type == TRI_GPU_GPU || list[i].type == TRI_GPU_ACCELERATOR))
            used[kept++] = &list[i];
    tri_place *place = NULL;
    if (tri_place_create(&place) != TRI_OK) place = NULL;
    for (size_t i = 0; i < kept; i++) {
        tri_place_near near;
        append(text, "%s%s (%s, %.1f GB", i ? "; " : "", used[i]->name, tri_gpu_type_name(used[i]->type),
               (double)used[i]->memory_bytes * 1e-9);
        if (place && *used[i]->pci && tri_place_near_pci(place, used[i]->pci, &near) == TRI_OK)
            append(text, ", %s", near.text);
        size_t first = (i * ranks + kept - 1) / kept, next = ((i + 1) * ranks + kept - 1) / kept;
        if (first + 1 < next)
            append(text, ") for local ranks %zu-%zu", first, next - 1);
        else
            append(text, first < next ? ") for local rank %zu" : ") for no rank", first);
    }
    tri_place_destroy(&place);
    return kept;
}

void doctor_check_opencl(doctor *d) {
    static tri_gpu_info list[DEVICES];
    char broken[TEXT] = "", devices[TEXT] = "";
    int drivers = 0;
    size_t count = 0;
    tri_gpu *gpu = NULL;
    tri_status status = tri_gpu_list(list, DEVICES, &count);
    /* A build without OpenCL also lists no devices; only opening one shows the difference. */
    if (status == TRI_OK && !count && tri_gpu_open(NULL, 0, 1, &gpu) == TRI_ERR_ABSENT) {
        doctor_say(d, DOCTOR_NOTE, "install ocl-icd-opencl-dev and build again", "%s", tri_error_text());
        return;
    }
    const char *where = try_drivers(&drivers, broken);
    size_t kept =
        status == TRI_OK ? describe_devices(d, list, count < DEVICES ? count : DEVICES, devices) : 0;
    if (status != TRI_OK)
        doctor_say(d, DOCTOR_WARNING, "repair or remove that driver; --device none avoids OpenCL", "%s",
                   tri_error_text());
    else if (*broken)
        doctor_say(d, DOCTOR_WARNING,
                   "install that driver again (apt-get install --reinstall), or remove its .icd file",
                   "broken driver: %s; %zu device%s from other drivers%s%s", broken, count,
                   count == 1 ? "" : "s", *devices ? ": " : "", devices);
    else if (!drivers)
        doctor_say(d, DOCTOR_WARNING, "install the vendor's OpenCL driver, or pocl-opencl-icd for the CPU",
                   "no ICD in %s: OpenCL has no driver (programs see error -1001, CL_PLATFORM_NOT_FOUND_KHR)",
                   where);
    else if (!kept)
        doctor_say(d, DOCTOR_WARNING,
                   "check the vendor's tool (nvidia-smi, rocm-smi), groups video and render, --gres",
                   count ? "%d driver%s, but no device with double precision" : "%d driver%s, but no device",
                   drivers, drivers == 1 ? "" : "s");
    else
        doctor_say(d, DOCTOR_FINE, NULL, "%s", devices);
}
