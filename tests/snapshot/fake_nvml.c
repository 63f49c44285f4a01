/* A stand-in for the NVIDIA driver's libnvidia-ml.so.1: it answers the functions that envaudit uses, so that the
 * ctypes code of pynvml runs as on a real machine.  Environment variables say how it behaves:
 *
 *   FAKE_GPUS       comma-separated models: t4, a100
 *   FAKE_MIG        number of MIG slices of every a100; unset: MIG is off
 *   FAKE_ERRORS     comma-separated function=code: the function fails with this nvmlReturn_t
 *   FAKE_HANG       seconds that nvmlInit takes
 *
 * Compiled with -DOLD it lacks what drivers before CUDA 10 and before MIG lack.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6 };
enum { MANY = 8 };

typedef struct { int index; int slice; /* -1: the whole GPU */ } Device;
typedef struct { unsigned long long total, free, used; } Memory;

static Device gpus[MANY], slices[MANY][MANY];

static int planned(const char *function) {
    const char *text = getenv("FAKE_ERRORS");
    size_t length = strlen(function);
    for (; text && *text; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL)
        if (!strncmp(text, function, length) && text[length] == '=')
            return atoi(text + length + 1);
    return OK;
}
#define MAY_FAIL do { int code = planned(__func__); if (code) return code; } while (0)

static const char *model(int index) {
    static char text[256];
    const char *all = getenv("FAKE_GPUS");
    snprintf(text, sizeof text, "%s", all ? all : "");
    char *word = strtok(text, ",");
    for (; word && index > 0; index--)
        word = strtok(NULL, ",");
    return word;
}

static int is_a100(const Device *device) { return !strcmp(model(device->index), "a100"); }

static int slice_count(const Device *device) {
    const char *count = getenv("FAKE_MIG");
    return count && is_a100(device) ? atoi(count) : -1;
}

int nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    if (getenv("FAKE_HANG"))
        sleep(atoi(getenv("FAKE_HANG")));
    MAY_FAIL;
    return OK;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return OK; }

const char *nvmlErrorString(int code) {
    static char text[64];
    snprintf(text, sizeof text, "fake error %d", code);
    return text;
}

int nvmlSystemGetDriverVersion(char *text, unsigned int size) {
    MAY_FAIL;
    snprintf(text, size, "535.129.03");
    return OK;
}
int nvmlSystemGetCudaDriverVersion(int *version) {
    MAY_FAIL;
    *version = 12020;
    return OK;
}
#ifndef OLD
int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    MAY_FAIL;
    *version = 12020;
    return OK;
}
#endif

int nvmlDeviceGetCount_v2(unsigned int *count) {
    MAY_FAIL;
    for (*count = 0; model((int)*count); ++*count)
        ;
    return OK;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, Device **device) {
    char function[64];
    MAY_FAIL;
    snprintf(function, sizeof function, "nvmlDeviceGetHandleByIndex_v2#%u", index);
    if (planned(function))
        return planned(function);
    if (index >= MANY || !model((int)index))
        return INVALID_ARGUMENT;
    gpus[index].index = (int)index;
    gpus[index].slice = -1;
    *device = &gpus[index];
    return OK;
}
int nvmlDeviceGetName(Device *device, char *text, unsigned int size) {
    MAY_FAIL;
    if (device->slice >= 0)
        snprintf(text, size, "NVIDIA A100-SXM4-40GB MIG 1g.5gb");
    else
        snprintf(text, size, "%s", is_a100(device) ? "NVIDIA A100-SXM4-40GB" : "Tesla T4");
    return OK;
}
int nvmlDeviceGetUUID(Device *device, char *text, unsigned int size) {
    MAY_FAIL;
    if (device->slice >= 0)
        snprintf(text, size, "MIG-%d%d000000-0000-0000-0000-000000000000", device->index, device->slice);
    else
        snprintf(text, size, "GPU-%d0000000-0000-0000-0000-000000000000", device->index);
    return OK;
}
int nvmlDeviceGetCudaComputeCapability(Device *device, int *major, int *minor) {
    MAY_FAIL;
    if (device->slice >= 0)
        return NOT_SUPPORTED;
    *major = is_a100(device) ? 8 : 7;
    *minor = is_a100(device) ? 0 : 5;
    return OK;
}
int nvmlDeviceGetMemoryInfo(Device *device, Memory *memory) {
    MAY_FAIL;
    memory->total = (device->slice >= 0 ? 4864ULL : is_a100(device) ? 40960ULL : 15360ULL) << 20;
    memory->free = memory->total;
    memory->used = 0;
    return OK;
}

#ifndef OLD
int nvmlDeviceGetMigMode(Device *device, unsigned int *current, unsigned int *pending) {
    MAY_FAIL;
    if (!is_a100(device))
        return NOT_SUPPORTED;
    *current = *pending = slice_count(device) >= 0;
    return OK;
}
int nvmlDeviceGetMaxMigDeviceCount(Device *device, unsigned int *count) {
    MAY_FAIL;
    (void)device;
    *count = 7;
    return OK;
}
int nvmlDeviceGetMigDeviceHandleByIndex(Device *device, unsigned int index, Device **slice) {
    MAY_FAIL;
    if ((int)index >= slice_count(device))
        return NOT_FOUND;
    slices[device->index][index].index = device->index;
    slices[device->index][index].slice = (int)index;
    *slice = &slices[device->index][index];
    return OK;
}
#endif
