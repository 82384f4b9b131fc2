/* The limit of a native program: the work of bench/kernels.py written against webgpu.h as well as it can be, on the library
 * that weft runs on. bench/native.py builds it as a shared library and calls it; the times are taken here.
 *
 *   limit_open ─▶ instance, adapter, device, pipeline, one bind group, buffers and kept staging buffers, in one `state`
 *   limit_dispatch · limit_upload · limit_read: each does its work once, waits for its end and returns the seconds
 *
 * A failure ends in a negative number; there is nothing to clean up, for the process is a benchmark. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "webgpu.h"

#define PROCS(X)                                                                                                        \
  X(CreateInstance) X(InstanceRequestAdapter) X(InstanceProcessEvents) X(AdapterRequestDevice) X(AdapterGetLimits)      \
  X(DeviceGetQueue) X(DeviceCreateBuffer) X(DeviceCreateShaderModule) X(DeviceCreateBindGroupLayout)                    \
  X(DeviceCreatePipelineLayout) X(DeviceCreateComputePipeline) X(DeviceCreateBindGroup) X(DeviceCreateCommandEncoder)   \
  X(CommandEncoderBeginComputePass) X(ComputePassEncoderSetPipeline) X(ComputePassEncoderSetBindGroup)                  \
  X(ComputePassEncoderDispatchWorkgroups) X(ComputePassEncoderEnd) X(ComputePassEncoderRelease)                         \
  X(CommandEncoderCopyBufferToBuffer) X(CommandEncoderFinish) X(CommandEncoderRelease) X(CommandBufferRelease)          \
  X(QueueSubmit) X(QueueWriteBuffer) X(BufferMapAsync) X(BufferGetConstMappedRange) X(BufferUnmap)

static struct state {
#define X(name) WGPUProc##name name;
  PROCS(X)
#undef X
  WGPUInstance instance;
  WGPUAdapter adapter;
  WGPUDevice device;
  WGPUQueue queue;
  WGPUComputePipeline pipeline;
  WGPUBindGroup group;
  WGPUBuffer x, y, p, big, staging_small, staging_big;
  uint64_t n_small, n_big;
} s;

static WGPUStringView text(const char *string) { return (WGPUStringView){string, strlen(string)}; }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- opening ------------------------------------------------------------------------------------------------------- */

static int find_procs(const char *path, void *get_proc_address) {
  WGPUProcGetProcAddress ask;
  memcpy(&ask, &get_proc_address, sizeof ask);
  void *library = path && *path ? dlopen(path, RTLD_NOW) : NULL;
  if (!ask && !library) return -1;
#define X(name)                                                                                                         \
  {                                                                                                                     \
    void *found = library ? dlsym(library, "wgpu" #name) : NULL;                                                        \
    if (library) memcpy(&s.name, &found, sizeof found);                                                                 \
    else s.name = (WGPUProc##name)ask(text("wgpu" #name));                                                              \
    if (!s.name) return -1;                                                                                             \
  }
  PROCS(X)
#undef X
  return 0;
}

static void got_adapter(WGPURequestAdapterStatus status, WGPUAdapter adapter, WGPUStringView message, void *a, void *b) {
  (void)message, (void)b;
  *(int *)a = status == WGPURequestAdapterStatus_Success ? 1 : -1;
  s.adapter = adapter;
}

static void got_device(WGPURequestDeviceStatus status, WGPUDevice device, WGPUStringView message, void *a, void *b) {
  (void)message, (void)b;
  *(int *)a = status == WGPURequestDeviceStatus_Success ? 1 : -1;
  s.device = device;
}

static void got_map(WGPUMapAsyncStatus status, WGPUStringView message, void *a, void *b) {
  (void)message, (void)b;
  *(int *)a = status == WGPUMapAsyncStatus_Success ? 1 : -1;
}

static void got_error(WGPUDevice const *device, WGPUErrorType type, WGPUStringView message, void *a, void *b) {
  (void)device, (void)type, (void)message, (void)a, (void)b;
}

static int wait_for(const int *done) {
  while (!*done) {
    s.InstanceProcessEvents(s.instance);
    if (!*done) sched_yield();
  }
  return *done > 0 ? 0 : -1;
}

static int open_device(void) {
  int done = 0;
  s.instance = s.CreateInstance(NULL);
  WGPURequestAdapterOptions options = {.featureLevel = WGPUFeatureLevel_Core, .backendType = WGPUBackendType_Vulkan};
  s.InstanceRequestAdapter(s.instance, &options, (WGPURequestAdapterCallbackInfo){.mode = WGPUCallbackMode_AllowProcessEvents,
                                                                                  .callback = got_adapter, .userdata1 = &done});
  if (wait_for(&done)) return -1;
  WGPULimits limits = {0};
  s.AdapterGetLimits(s.adapter, &limits);
  limits.nextInChain = NULL;
  WGPUDeviceDescriptor descriptor = {.requiredLimits = &limits, .uncapturedErrorCallbackInfo = {.callback = got_error}};
  done = 0;
  s.AdapterRequestDevice(s.adapter, &descriptor, (WGPURequestDeviceCallbackInfo){.mode = WGPUCallbackMode_AllowProcessEvents,
                                                                                 .callback = got_device, .userdata1 = &done});
  if (wait_for(&done)) return -1;
  s.queue = s.DeviceGetQueue(s.device);
  return 0;
}

static WGPUBuffer buffer(uint64_t size, WGPUBufferUsage usage) {
  return s.DeviceCreateBuffer(s.device, &(WGPUBufferDescriptor){.size = size, .usage = usage});
}

static void make_pipeline(const char *wgsl) {
  static const WGPUBufferBindingType types[] = {WGPUBufferBindingType_ReadOnlyStorage, WGPUBufferBindingType_Storage,
                                                WGPUBufferBindingType_Uniform};
  const WGPUBuffer buffers[] = {s.x, s.y, s.p};
  const uint64_t sizes[] = {s.n_small, s.n_small, 8};
  WGPUBindGroupLayoutEntry slots[3];
  WGPUBindGroupEntry entries[3];
  for (uint32_t i = 0; i < 3; i++) {
    slots[i] = (WGPUBindGroupLayoutEntry){.binding = i, .visibility = WGPUShaderStage_Compute, .buffer = {.type = types[i]}};
    entries[i] = (WGPUBindGroupEntry){.binding = i, .buffer = buffers[i], .size = sizes[i]};
  }
  WGPUShaderSourceWGSL code = {.chain = {.sType = WGPUSType_ShaderSourceWGSL}, .code = text(wgsl)};
  WGPUShaderModule module = s.DeviceCreateShaderModule(s.device, &(WGPUShaderModuleDescriptor){.nextInChain = &code.chain});
  WGPUBindGroupLayout layout =
      s.DeviceCreateBindGroupLayout(s.device, &(WGPUBindGroupLayoutDescriptor){.entryCount = 3, .entries = slots});
  WGPUPipelineLayout pipeline_layout = s.DeviceCreatePipelineLayout(
      s.device, &(WGPUPipelineLayoutDescriptor){.bindGroupLayoutCount = 1, .bindGroupLayouts = &layout});
  s.pipeline = s.DeviceCreateComputePipeline(
      s.device, &(WGPUComputePipelineDescriptor){.layout = pipeline_layout,
                                                 .compute = {.module = module, .entryPoint = text("step")}});
  s.group = s.DeviceCreateBindGroup(s.device,
                                    &(WGPUBindGroupDescriptor){.layout = layout, .entryCount = 3, .entries = entries});
}

/* path: a library to open, or "" with its get_proc_address; n: elements of the small arrays (at most 4096) */
int limit_open(const char *path, void *get_proc_address, const char *wgsl, uint32_t n, uint64_t n_big) {
  if (find_procs(path, get_proc_address) || open_device()) return -1;
  const WGPUBufferUsage array = WGPUBufferUsage_Storage | WGPUBufferUsage_CopySrc | WGPUBufferUsage_CopyDst;
  const WGPUBufferUsage staging = WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst;
  s.n_small = 4 * n;
  s.n_big = n_big;
  s.x = buffer(s.n_small, array);
  s.y = buffer(s.n_small, array);
  s.p = buffer(8, WGPUBufferUsage_Uniform | WGPUBufferUsage_CopyDst);
  s.big = buffer(n_big, array);
  s.staging_small = buffer(s.n_small, staging);
  s.staging_big = buffer(n_big, staging);
  float ones[4096];
  for (uint32_t i = 0; i < n; i++) ones[i] = 1;
  const struct {
    float a;
    uint32_t n;
  } p = {1, n};
  s.QueueWriteBuffer(s.queue, s.x, 0, ones, s.n_small);
  s.QueueWriteBuffer(s.queue, s.p, 0, &p, sizeof p);
  make_pipeline(wgsl);
  return s.pipeline && s.group ? 0 : -1;
}

/* ---- the work -------------------------------------------------------------------------------------------------------- */

static int submit(WGPUCommandEncoder encoder) {
  WGPUCommandBuffer commands = s.CommandEncoderFinish(encoder, NULL);
  s.QueueSubmit(s.queue, 1, &commands);
  s.CommandBufferRelease(commands);
  s.CommandEncoderRelease(encoder);
  return 0;
}

static int fetch(WGPUBuffer staging, void *out, uint64_t n_bytes) {
  int done = 0;
  s.BufferMapAsync(staging, WGPUMapMode_Read, 0, n_bytes,
                   (WGPUBufferMapCallbackInfo){.mode = WGPUCallbackMode_AllowProcessEvents, .callback = got_map, .userdata1 = &done});
  if (wait_for(&done)) return -1;
  memcpy(out, s.BufferGetConstMappedRange(staging, 0, n_bytes), n_bytes);
  s.BufferUnmap(staging);
  return 0;
}

static double finish(double start, int failed) { return failed ? -1 : now() - start; }

/* `count` dispatches in one pass and y to `out`, in one submit */
double limit_dispatch(uint32_t count, float *out) {
  double start = now();
  WGPUCommandEncoder encoder = s.DeviceCreateCommandEncoder(s.device, NULL);
  WGPUComputePassEncoder pass = s.CommandEncoderBeginComputePass(encoder, NULL);
  s.ComputePassEncoderSetPipeline(pass, s.pipeline);
  s.ComputePassEncoderSetBindGroup(pass, 0, s.group, 0, NULL);
  for (uint32_t i = 0; i < count; i++)
    s.ComputePassEncoderDispatchWorkgroups(pass, (uint32_t)(s.n_small / 4 + 63) / 64, 1, 1);
  s.ComputePassEncoderEnd(pass);
  s.ComputePassEncoderRelease(pass);
  s.CommandEncoderCopyBufferToBuffer(encoder, s.y, 0, s.staging_small, 0, s.n_small);
  submit(encoder);
  return finish(start, fetch(s.staging_small, out, s.n_small));
}

/* to the device, until it has the bytes */
double limit_upload(const void *bytes) {
  double start = now();
  uint32_t word;
  s.QueueWriteBuffer(s.queue, s.big, 0, bytes, s.n_big);
  WGPUCommandEncoder encoder = s.DeviceCreateCommandEncoder(s.device, NULL);
  s.CommandEncoderCopyBufferToBuffer(encoder, s.big, 0, s.staging_small, 0, sizeof word);
  submit(encoder);
  return finish(start, fetch(s.staging_small, &word, sizeof word));
}

double limit_read(void *out) {
  double start = now();
  WGPUCommandEncoder encoder = s.DeviceCreateCommandEncoder(s.device, NULL);
  s.CommandEncoderCopyBufferToBuffer(encoder, s.big, 0, s.staging_big, 0, s.n_big);
  submit(encoder);
  return finish(start, fetch(s.staging_big, out, s.n_big));
}
