/* From a selector to an open device: ask for every adapter, choose, ask for a device with all that the adapter has.
 *
 *   open ──▶ ADAPTERS ──all requests answered──▶ DEVICE ──answered──▶ OPEN
 *                └── none fits: `ready` settles with the reason ──▶ FAILED
 *
 * webgpu.h has no list of adapters: one is asked for by power preference and as the fallback, for each backend that
 * this system may have. OpenGL and the null backend are never asked for, so they are never taken in silence. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/common.h"
#include "drivers/native/internal.h"

static const WGPUBackendType backends[] = {
#if defined(_WIN32)
    WGPUBackendType_D3D12, WGPUBackendType_Vulkan
#elif defined(__APPLE__)
    WGPUBackendType_Metal
#else
    WGPUBackendType_Vulkan
#endif
};

static const struct {
  WGPUPowerPreference power;
  bool fallback;
} preferences[] = {
    {WGPUPowerPreference_HighPerformance, false},
    {WGPUPowerPreference_LowPower, false},
    {WGPUPowerPreference_Undefined, true},
};

enum { N_BACKENDS = sizeof backends / sizeof *backends, N_PREFERENCES = sizeof preferences / sizeof *preferences };
_Static_assert(N_BACKENDS *N_PREFERENCES <= WEFT__REQUESTS_MAX, "a place for each request");

#define NONE (-1)
static const struct {
  uint32_t value;
  const char *name;
  int known;
} features[] = {
#define FEATURE(value, name, known) {value, name, known},
#include "features.def"
#undef FEATURE
};
enum { N_FEATURES = sizeof features / sizeof *features };

static const char *backend_name(WGPUBackendType type) {
  static const char *const names[] = {"?",     "Null",   "WebGPU", "D3D11",    "D3D12",
                                      "Metal", "Vulkan", "OpenGL", "OpenGL ES"};
  return (unsigned)type < sizeof names / sizeof *names ? names[type] : "?";
}

static weft_adapter adapter_kind(WGPUAdapterType type) {
  static const weft_adapter kinds[] = {WEFT_ADAPTER_UNKNOWN, WEFT_ADAPTER_DISCRETE, WEFT_ADAPTER_INTEGRATED,
                                       WEFT_ADAPTER_CPU};
  return (unsigned)type < sizeof kinds / sizeof *kinds ? kinds[type] : WEFT_ADAPTER_UNKNOWN;
}

/* Dawn's own chained struct for toggles; it is not in the standard header. A toggle has to come at its own stage. */
typedef struct dawn_toggles {
  WGPUChainedStruct chain;
  size_t n_enabled;
  const char *const *enabled;
  size_t n_disabled;
  const char *const *disabled;
} dawn_toggles;
#define DAWN_TOGGLES ((WGPUSType)0x0005000A)

/* Without it Dawn hides shader-f16 on every NVIDIA device. */
static const char *const adapter_toggles_on[] = {"vulkan_enable_f16_on_nvidia"};
/* With it timestamps have steps of 65 microseconds. */
static const char *const device_toggles_off[] = {"timestamp_quantization"};

/* ---- choosing an adapter ----------------------------------------------------------------------------------------- */

static void adapter_arrived(WGPURequestAdapterStatus status, WGPUAdapter adapter, WGPUStringView message,
                            void *userdata1, void *userdata2) {
  (void)userdata2;
  weft__record *r = userdata1;
  weft__device *d = r->device;
  if (d && !d->closing)
    r->handle = adapter;
  else if (adapter)
    r->native->procs.AdapterRelease(adapter);
  weft__record_fired(r, status == WGPURequestAdapterStatus_Success ? WEFT_OK : WEFT_DEVICE, message);
}

static weft_status request_adapters(weft__device *d) {
  for (uint32_t i = 0; i < N_BACKENDS * N_PREFERENCES; i++)
    if (!(d->requests[d->n_requests++] = weft__record_create(d, 0))) return WEFT_MEMORY;
  dawn_toggles toggles = {.chain = {NULL, DAWN_TOGGLES}, .n_enabled = 1, .enabled = adapter_toggles_on};
  for (uint32_t i = 0; i < d->n_requests; i++) {
    WGPURequestAdapterOptions options = {
        .nextInChain = d->native->library == WEFT__LIBRARY_DAWN ? &toggles.chain : NULL,
        .featureLevel = WGPUFeatureLevel_Core,
        .backendType = backends[i / N_PREFERENCES],
        .powerPreference = preferences[i % N_PREFERENCES].power,
        .forceFallbackAdapter = preferences[i % N_PREFERENCES].fallback,
    };
    WGPURequestAdapterCallbackInfo info = {
        .mode = WGPUCallbackMode_AllowProcessEvents, .callback = adapter_arrived, .userdata1 = d->requests[i]};
    d->requests[i]->due = 1;
    d->native->procs.InstanceRequestAdapter(d->native->instance, &options, info);
  }
  return WEFT_OK;
}

static WGPUStringView adapter_name(const WGPUAdapterInfo *info) {
  return weft__view_bytes(info->device) ? info->device : info->description;
}

/* Whether the selector is the word for a kind of adapter; *fits: this kind. */
static bool names_kind(const char *selector, weft_adapter kind, bool *fits) {
  static const char *const words[] = {[WEFT_ADAPTER_UNKNOWN] = "gpu",
                                      [WEFT_ADAPTER_DISCRETE] = "discrete",
                                      [WEFT_ADAPTER_INTEGRATED] = "integrated",
                                      [WEFT_ADAPTER_CPU] = "software"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i], selector)) continue;
    *fits = i == WEFT_ADAPTER_UNKNOWN ? kind != WEFT_ADAPTER_CPU : kind == (weft_adapter)i;
    return true;
  }
  return false;
}

static bool selected(const weft__device *d, const WGPUAdapterInfo *info) {
  bool fits;
  if (names_kind(d->selector, adapter_kind(info->adapterType), &fits)) return fits;
  static const char *const libraries[] = {"webgpu", "dawn", "wgpu-native"};
  const WGPUStringView places[] = {info->device, info->description, info->vendor,
                                   weft__view(libraries[d->native->library]), weft__view(backend_name(info->backendType)),
                                   weft__view("native")};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (weft__text_has(places[i].data, weft__view_bytes(places[i]), d->selector, strlen(d->selector))) return true;
  return false;
}

static int rank_of(WGPUAdapterType type, weft_power power) {
  switch (adapter_kind(type)) {
    case WEFT_ADAPTER_DISCRETE:
      return power == WEFT_POWER_LOW ? 3 : 4;
    case WEFT_ADAPTER_INTEGRATED:
      return power == WEFT_POWER_LOW ? 4 : 3;
    case WEFT_ADAPTER_UNKNOWN:
      return 2;
    default:
      return 1;
  }
}

/* Keeps what `info` says of the chosen adapter, since the library's texts go away with it. */
static bool keep_info(weft__device *d, const WGPUAdapterInfo *info) {
  struct {
    weft__text *to;
    WGPUStringView from;
  } texts[] = {{&d->name, adapter_name(info)}, {&d->vendor, info->vendor}, {&d->architecture, info->architecture}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    weft__text_free(texts[i].to);
    weft__text_add(texts[i].to, texts[i].from.data, weft__view_bytes(texts[i].from));
    if (texts[i].to->failed) return false;
  }
  d->backend = backend_name(info->backendType);
  d->adapter = adapter_kind(info->adapterType);
  return true;
}

/* The best of the adapters that came; NULL: `problem` says why there is none. */
static WGPUAdapter choose(weft__device *d, weft_error *problem) {
  const weft__procs *procs = &d->native->procs;
  WGPUAdapter best = NULL;
  int best_rank = 0;
  bool enough_memory = true;
  weft__text seen = {0};
  for (uint32_t i = 0; i < d->n_requests; i++) {
    WGPUAdapter adapter = d->requests[i]->handle;
    if (!adapter) continue;
    WGPUAdapterInfo info = {0};
    if (procs->AdapterGetInfo(adapter, &info) != WGPUStatus_Success) continue;
    int rank = info.backendType == WGPUBackendType_Null ? 0 : rank_of(info.adapterType, d->power);
    WGPUStringView name = adapter_name(&info);
    size_t n_name = weft__view_bytes(name);
    if (rank > best_rank && selected(d, &info)) {
      best = adapter;
      best_rank = rank;
      if (!keep_info(d, &info)) enough_memory = false;
    }
    if (rank && n_name && !weft__text_has(seen.bytes, seen.n, name.data, n_name))
      weft__text_format(&seen, "%s\"%.*s\"", seen.n ? ", " : "", (int)n_name, name.data);
    procs->AdapterInfoFreeMembers(info);
  }
  if (!enough_memory) {
    best = NULL;
    weft__fail_memory(problem);
  } else if (!best && seen.n) {
    weft__fail(problem, WEFT_DEVICE, "no adapter of this system is called \"%s\"; there is %s", d->selector,
               seen.bytes);
  } else if (!best) {
    const char *why = d->n_requests && d->requests[0]->text ? d->requests[0]->text : "";
    weft__fail(problem, WEFT_DEVICE, "%s finds no %s adapter on this system%s%s", d->native->about,
               backend_name(backends[0]), *why ? ": " : "", why);
  }
  weft__text_free(&seen);
  return best;
}

/* ---- asking for the device --------------------------------------------------------------------------------------- */

static void device_arrived(WGPURequestDeviceStatus status, WGPUDevice device, WGPUStringView message, void *userdata1,
                           void *userdata2) {
  (void)userdata2;
  weft__record *r = userdata1;
  weft__device *d = r->device;
  if (d && !d->closing)
    r->handle = device;
  else if (device)
    r->native->procs.DeviceRelease(device);
  weft__record_fired(r, status == WGPURequestDeviceStatus_Success ? WEFT_OK : WEFT_DEVICE, message);
}

static void device_gone(WGPUDevice const *device, WGPUDeviceLostReason reason, WGPUStringView message, void *userdata1,
                        void *userdata2) {
  (void)device;
  (void)userdata2;
  weft__record *r = userdata1;
  if (r->device && reason != WGPUDeviceLostReason_FailedCreation) weft__device_lost(r->device, message);
  weft__record_fired(r, WEFT_OK, message);
}

static void error_uncaptured(WGPUDevice const *device, WGPUErrorType type, WGPUStringView message, void *userdata1,
                             void *userdata2) {
  (void)device;
  (void)userdata2;
  weft__device *d = ((weft__record *)userdata1)->device;
  if (!d || d->closing || d->lost) return;
  weft__record *r = weft__record_create(d, WEFT_FUTURE_UNCAPTURED);
  if (!r) return; /* without memory there is no telling */
  weft__record_start(r, 1);
  weft__record_fired(r, type == WGPUErrorType_OutOfMemory ? WEFT_MEMORY : WEFT_DEVICE, message);
}

/* The features to request out of those the adapter has, and their names; fills the core's bits. */
static size_t pick_features(weft__device *d, WGPUAdapter adapter, WGPUFeatureName *picked) {
  WGPUSupportedFeatures has = {0};
  d->native->procs.AdapterGetFeatures(adapter, &has);
  size_t n = 0;
  for (size_t i = 0; i < has.featureCount; i++)
    for (size_t k = 0; k < N_FEATURES; k++) {
      if (features[k].value != (uint32_t)has.features[i]) continue;
      picked[n++] = has.features[i];
      weft__text_format(&d->feature_names, "%s%s", d->feature_names.n ? " " : "", features[k].name);
      if (features[k].known != NONE) d->features |= 1ull << features[k].known;
      break;
    }
  d->native->procs.SupportedFeaturesFreeMembers(has);
  return n;
}

static void take_limits(weft__device *d, const WGPULimits *limits) {
#define X(name, webgpu) d->limits[WEFT_LIMIT_##name] = limits->webgpu;
  WEFT_LIMIT_LIST(X)
#undef X
}

static weft_status request_device(weft__device *d, WGPUAdapter adapter, weft_error *err) {
  const weft__procs *procs = &d->native->procs;
  WGPUFeatureName picked[N_FEATURES];
  size_t n_picked = pick_features(d, adapter, picked);
  if (d->feature_names.failed) return weft__fail_memory(err);
  WGPULimits limits = {0};
  procs->AdapterGetLimits(adapter, &limits);
  take_limits(d, &limits);
  weft_status status = weft__wishes_check(d->name.bytes, d->limits, d->features, d->required_limits, d->required_features, err);
  if (status) return status;

  dawn_toggles toggles = {.chain = {NULL, DAWN_TOGGLES}, .n_disabled = 1, .disabled = device_toggles_off};
  WGPUDeviceDescriptor descriptor = {
      .nextInChain = d->native->library == WEFT__LIBRARY_DAWN ? &toggles.chain : NULL,
      .requiredFeatureCount = n_picked,
      .requiredFeatures = picked,
      .requiredLimits = &limits,
      .deviceLostCallbackInfo = {.mode = WGPUCallbackMode_AllowProcessEvents,
                                 .callback = device_gone,
                                 .userdata1 = d->lost_record},
      .uncapturedErrorCallbackInfo = {.callback = error_uncaptured, .userdata1 = d->lost_record},
  };
  WGPURequestDeviceCallbackInfo info = {
      .mode = WGPUCallbackMode_AllowProcessEvents, .callback = device_arrived, .userdata1 = d->ready};
  /* wgpu-native does not call back when a device is destroyed on request, so there is nothing to wait for. */
  d->lost_record->due = d->native->library != WEFT__LIBRARY_WGPU_NATIVE;
  weft__record_start(d->ready, 1);
  procs->AdapterRequestDevice(adapter, &descriptor, info);
  return WEFT_OK;
}

static void release_adapters(weft__device *d) {
  for (uint32_t i = 0; i < d->n_requests; i++) {
    if (!d->requests[i] || !d->requests[i]->handle) continue;
    d->native->procs.AdapterRelease(d->requests[i]->handle);
    d->requests[i]->handle = NULL;
  }
}

static void enter_open(weft__device *d) {
  const weft__procs *procs = &d->native->procs;
  d->device = d->ready->handle;
  d->ready->handle = NULL;
  d->queue = procs->DeviceGetQueue(d->device);
  WGPULimits limits = {0};
  if (procs->DeviceGetLimits(d->device, &limits) == WGPUStatus_Success) take_limits(d, &limits);
  enum { IMMEDIATE_ADDRESS_SPACE = 0x0B };
  WGPUWGSLLanguageFeatureName immediates = (WGPUWGSLLanguageFeatureName)IMMEDIATE_ADDRESS_SPACE;
  bool spoken = procs->InstanceHasWGSLLanguageFeature
                    ? procs->InstanceHasWGSLLanguageFeature(d->native->instance, immediates)
                    : strstr(d->feature_names.bytes ? d->feature_names.bytes : "", "immediates") != NULL;
  if (spoken && procs->ComputePassEncoderSetImmediates && d->limits[WEFT_LIMIT_MAX_IMMEDIATE_SIZE])
    d->languages |= 1ull << WEFT_LANGUAGE_IMMEDIATE_ADDRESS_SPACE;
  d->phase = WEFT__PHASE_OPEN;
}

void weft__native_step(weft__device *d) {
  if (d->phase == WEFT__PHASE_ADAPTERS) {
    for (uint32_t i = 0; i < d->n_requests; i++)
      if (d->requests[i]->due) return;
    weft_error problem = {0};
    WGPUAdapter adapter = choose(d, &problem);
    weft_status status = adapter ? request_device(d, adapter, &problem) : problem.code;
    release_adapters(d);
    d->phase = status ? WEFT__PHASE_FAILED : WEFT__PHASE_DEVICE;
    if (status) weft__record_settle(d->ready, status, problem.message);
  }
  /* A library may have answered inside the call above. */
  if (d->phase == WEFT__PHASE_DEVICE && d->ready->list == &d->settled) {
    if (d->ready->handle)
      enter_open(d);
    else
      d->phase = WEFT__PHASE_FAILED;
  }
}

/* ---- the driver's functions -------------------------------------------------------------------------------------- */

/* Waits for callbacks that the library still owes. They come at once, but for a pipeline that is being compiled. */
static void drain(weft__device *d) {
  weft__native *n = d->native;
  for (int rounds = 0; rounds < 2000; rounds++) {
    bool due = d->lost_record && d->lost_record->due;
    for (uint32_t i = 0; i < d->n_requests; i++) due |= d->requests[i] && d->requests[i]->due;
    weft__record_list *const lists[] = {&d->pending, &d->ghosts, &d->settled, &d->reported};
    weft__lock_enter(&n->record_lock);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
      for (weft__record *r = lists[i]->first; r; r = r->next) due |= r->due != 0;
    weft__lock_leave(&n->record_lock);
    if (!due) return;
    n->procs.InstanceProcessEvents(n->instance);
    if (rounds > 10) weft__sleep(50e-6);
  }
}

static void free_device(weft__device *d) {
  weft__text *const texts[] = {&d->name, &d->vendor, &d->architecture, &d->feature_names};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) weft__text_free(texts[i]);
  weft__free(d->selector);
  weft__free(d->objects);
  weft__free(d->entries);
  weft__free(d);
}

weft_status weft__native_open(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                              uint64_t required_features, uint32_t ready, void **device, weft_error *err) {
  weft__native *n = context;
  weft__device *d = weft__alloc_zero(1, sizeof *d);
  if (!d) return weft__fail_memory(err);
  d->native = n;
  d->power = power;
  d->backend = "";
  if (required_limits) memcpy(d->required_limits, required_limits, sizeof d->required_limits);
  d->required_features = required_features;
  d->selector = weft__alloc(strlen(selector) + 1);
  d->ready = weft__record_create(d, ready);
  d->lost_record = weft__record_create(d, WEFT_FUTURE_LOST);
  weft__lock_enter(&n->lock);
  bool enough = d->selector && d->ready && d->lost_record && request_adapters(d) == WEFT_OK;
  weft__lock_leave(&n->lock);
  if (!enough) {
    for (uint32_t i = 0; i < d->n_requests; i++) weft__record_free(d->requests[i]);
    weft__record_free(d->ready);
    weft__record_free(d->lost_record);
    free_device(d);
    return weft__fail_memory(err);
  }
  memcpy(d->selector, selector, strlen(selector) + 1);
  weft__record_start(d->ready, 0);
  *device = d;
  return WEFT_OK;
}

void weft__native_close(void *device) {
  weft__device *d = device;
  weft__native *n = d->native;
  weft__lock_enter(&n->lock);
  d->closing = true;
  for (uint32_t i = 0; i < d->n_objects_capacity; i++)
    if (d->objects[i].kind) weft__object_free(d, &d->objects[i]);
  for (weft__record *r = d->settled.first; r; r = r->next) {
    if (r == d->ready && d->phase == WEFT__PHASE_DEVICE)
      d->device = r->handle; /* came, and nobody looked */
    else if (r->handle)
      n->procs.ComputePipelineRelease(r->handle);
  }
  release_adapters(d);
  if (d->queries) n->procs.QuerySetRelease(d->queries);
  if (d->queue) n->procs.QueueRelease(d->queue);
  if (d->device) {
    n->procs.DeviceDestroy(d->device);
    n->procs.DeviceRelease(d->device);
  }
  drain(d);
  weft__records_close(d);
  weft__lock_leave(&n->lock);
  free_device(d);
}

void weft__native_lose(void *device) {
  weft__device *d = device;
  if (!d->device) return;
  weft__lock_enter(&d->native->lock);
  weft__device_lost(d, weft__view("the device was given up on request"));
  d->native->procs.DeviceDestroy(d->device);
  weft__lock_leave(&d->native->lock);
}

void weft__native_query(void *device, uint64_t *limits, uint64_t *feature_bits, uint64_t *languages,
                        weft_adapter *adapter, double *tick) {
  const weft__device *d = device;
  memcpy(limits, d->limits, sizeof d->limits);
  *feature_bits = d->features;
  *languages = d->languages;
  *adapter = d->adapter;
  /* wgpu-native resolves to the device's own ticks, others to nanoseconds. */
  *tick = d->queue && d->native->procs.QueueGetTimestampPeriod ? d->native->procs.QueueGetTimestampPeriod(d->queue) : 1;
}

size_t weft__native_text(void *device, weft_info what, char *out, size_t capacity) {
  const weft__device *d = device;
  const char *texts[] = {
      [WEFT_INFO_NAME] = d->name.bytes,
      [WEFT_INFO_VENDOR] = d->vendor.bytes,
      [WEFT_INFO_ARCHITECTURE] = d->architecture.bytes,
      [WEFT_INFO_BACKEND] = d->backend,
      [WEFT_INFO_LIBRARY] = d->native->about,
      [WEFT_INFO_FEATURES] = d->feature_names.bytes,
  };
  const char *text = (unsigned)what < sizeof texts / sizeof *texts ? texts[what] : NULL;
  return weft__copy_text(text ? text : "", out, capacity);
}
