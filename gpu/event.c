/* Events: points in a device's queue. */
#include <stdlib.h>

#include "gpu/device.h"

tri_status tri_gpu_event_make(tri_gpu *gpu, cl_event event, tri_gpu_event **out) {
    tri_gpu_event *made = malloc(sizeof *made);
    if (!made) {
        if (event) clReleaseEvent(event);
        return tri_fail(TRI_ERR_MEMORY, "no memory for an event");
    }
    *made = (tri_gpu_event){.gpu = gpu, .event = event};
    *out = made;
    return TRI_OK;
}

tri_status tri_gpu_event_record(tri_gpu *gpu, tri_gpu_event **out) {
    cl_event event = NULL;
    TRI_TRY(tri_cl(gpu, clEnqueueMarkerWithWaitList(gpu->queue, 0, NULL, &event), "recording an event"));
    clFlush(gpu->queue);
    return tri_gpu_event_make(gpu, event, out);
}

tri_status tri_gpu_event_wait(const tri_gpu_event *event) {
    if (!event->event) return TRI_OK;
    return tri_cl(event->gpu, clWaitForEvents(1, &event->event), "waiting for an event");
}

void tri_gpu_event_destroy(tri_gpu_event **event) {
    if (!event || !*event) return;
    if ((*event)->event) clReleaseEvent((*event)->event);
    free(*event);
    *event = NULL;
}
