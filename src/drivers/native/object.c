/* The table of objects, and every function that makes, maps or lets go of one. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/native/internal.h"

/* ---- the table --------------------------------------------------------------------------------------------------- */

weft_status weft__object_find(weft__device *d, weft_id id, weft__kind kind, weft__object **out, weft_error *err) {
  uint32_t slot = WEFT_ID_SLOT(id);
  weft__object *object = slot < d->n_objects_capacity ? &d->objects[slot] : NULL;
  weft_status status = weft__id_check(id, object ? object->id : 0, object ? object->kind : WEFT__KIND_NONE, kind, err);
  if (!status) *out = object;
  return status;
}

weft_status weft__object_reserve(weft__device *d, weft_id id, weft__kind kind, weft__object **out, weft_error *err) {
  uint32_t slot = WEFT_ID_SLOT(id), before = d->n_objects_capacity;
  if (!weft__grow(&d->objects, &d->n_objects_capacity, slot + 1, sizeof *d->objects)) return weft__fail_memory(err);
  for (uint32_t i = before; i < d->n_objects_capacity; i++) d->objects[i] = (weft__object){0};
  weft__object *object = &d->objects[slot];
  weft_status status = weft__id_free(id, object->id, object->kind, err);
  if (status) return status;
  *object = (weft__object){.id = id, .kind = kind};
  d->n_objects++;
  *out = object;
  return WEFT_OK;
}

void weft__object_free(weft__device *d, weft__object *object) {
  const weft__procs *procs = &d->native->procs;
  if (object->handle) switch (object->kind) {
      case WEFT__KIND_BUFFER:
        /* wgpu-native aborts when a submit names a destroyed buffer through a group. Its memory goes back with the last
         * reference too, which is ours unless a group has one. */
        if (d->native->library != WEFT__LIBRARY_WGPU_NATIVE)
          procs->BufferDestroy(object->handle);
        else if (object->mapping)
          procs->BufferUnmap(object->handle);
        procs->BufferRelease(object->handle);
        break;
      case WEFT__KIND_MODULE:
        procs->ShaderModuleRelease(object->handle);
        break;
      case WEFT__KIND_LAYOUT:
        procs->BindGroupLayoutRelease(object->handle);
        break;
      case WEFT__KIND_PIPELINE:
        procs->ComputePipelineRelease(object->handle);
        break;
      case WEFT__KIND_GROUP:
        procs->BindGroupRelease(object->handle);
        break;
      case WEFT__KIND_NONE:
        break;
    }
  *object = (weft__object){0};
  d->n_objects--;
}

weft_status weft__device_usable(weft__device *d, weft_error *err) {
  if (d->lost) return weft__fail(err, WEFT_LOST, "%s", d->lost_record->text ? d->lost_record->text : "for no reason that is known");
  if (d->phase != WEFT__PHASE_OPEN) return weft__fail(err, WEFT_STATE, "the device is not open yet");
  return WEFT_OK;
}

/* ---- the frame of a call: lock, device usable, a record for its future, an error scope --------------------------- */

typedef struct call {
  weft__device *device;
  weft__record *record; /* NULL: nobody wants to be told */
} call;

/* Enters the driver's lock, which call_end leaves; also when this fails. */
static weft_status call_begin(call *c, weft__device *d, uint32_t future, weft_error *err) {
  *c = (call){.device = d};
  weft__lock_enter(&d->native->lock);
  weft_status status = weft__device_usable(d, err);
  if (!status && future && !(c->record = weft__record_create(d, future))) status = weft__fail_memory(err);
  return status;
}

static void call_scope(call *c, uint32_t further_callbacks) {
  if (!c->record) return;
  weft__record_start(c->record, weft__scope_callbacks(c->device->native) + further_callbacks);
  weft__scope_push(c->device);
}

static weft_status call_end(call *c, weft_status status) {
  if (status)
    weft__record_free(c->record);
  else if (c->record)
    weft__scope_pop(c->device, c->record);
  weft__lock_leave(&c->device->native->lock);
  return status;
}

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

weft_status weft__native_buffer_create(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future,
                                       weft_error *err) {
  weft__device *d = device;
  call c;
  weft__object *object = NULL;
  weft_status status = call_begin(&c, d, future, err);
  if (!status) status = weft__object_reserve(d, id, WEFT__KIND_BUFFER, &object, err);
  if (!status) {
    call_scope(&c, 0);
    WGPUBufferDescriptor descriptor = {.usage = usage, .size = n_bytes};
    object->handle = d->native->procs.DeviceCreateBuffer(d->device, &descriptor);
  }
  return call_end(&c, status);
}

weft_status weft__native_buffer_write(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes,
                                      uint32_t future, weft_error *err) {
  weft__device *d = device;
  call c;
  weft__object *object = NULL;
  weft_status status = call_begin(&c, d, future, err);
  if (!status) status = weft__object_find(d, id, WEFT__KIND_BUFFER, &object, err);
  if (!status) {
    call_scope(&c, 0);
    d->native->procs.QueueWriteBuffer(d->queue, object->handle, offset, bytes, (size_t)n_bytes);
    d->writes_wait = true;
  }
  return call_end(&c, status);
}

/* ---- shader modules ---------------------------------------------------------------------------------------------- */

static void compilation_told(WGPUCompilationInfoRequestStatus status, WGPUCompilationInfo const *info, void *userdata1,
                             void *userdata2) {
  (void)userdata2;
  weft__record *r = userdata1;
  weft__text lines = {0};
  if (status == WGPUCompilationInfoRequestStatus_Success && info)
    for (size_t i = 0; i < info->messageCount; i++) {
      const WGPUCompilationMessage *m = &info->messages[i];
      if (m->type != WGPUCompilationMessageType_Error) continue;
      uint64_t column = r->source ? weft__dialect_column(r->source, m->lineNum, m->linePos) : m->linePos;
      weft__text_format(&lines, "%s%llu:%llu: %.*s", lines.n ? "\n" : "", (unsigned long long)m->lineNum,
                        (unsigned long long)column, (int)weft__view_bytes(m->message), m->message.data);
    }
  if (lines.failed) weft__text_free(&lines);
  if (lines.bytes)
    weft__record_rejected(r, lines.bytes);
  else
    weft__record_fired(r, WEFT_OK, (WGPUStringView){0});
}

/* The source as a string, if columns in it are not bytes; the others need no copy. */
static bool keep_source(weft__record *r, const char *wgsl, size_t n_bytes) {
  bool ascii = true;
  for (size_t i = 0; i < n_bytes; i++) ascii &= (unsigned char)wgsl[i] < 0x80;
  if (ascii) return true;
  if (!(r->source = weft__alloc(n_bytes + 1))) return false;
  memcpy(r->source, wgsl, n_bytes);
  r->source[n_bytes] = 0;
  return true;
}

weft_status weft__native_module_create(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future,
                                       weft_error *err) {
  weft__device *d = device;
  const weft__procs *procs = &d->native->procs;
  wgsl_cleared own_dialect = {0};
  if (d->native->library == WEFT__LIBRARY_WGPU_NATIVE) {
    weft_status translated = weft__dialect_translate(wgsl, n_bytes, &own_dialect, err);
    if (translated) return translated;
    wgsl = own_dialect.source;
    n_bytes = own_dialect.n_bytes;
  }
  call c;
  weft__object *object = NULL;
  weft_status status = call_begin(&c, d, future, err);
  bool informs = c.record && procs->ShaderModuleGetCompilationInfo;
  if (!status && informs && !keep_source(c.record, wgsl, n_bytes)) status = weft__fail_memory(err);
  if (!status) status = weft__object_reserve(d, id, WEFT__KIND_MODULE, &object, err);
  if (!status) {
    if (c.record) {
      c.record->rejected = WEFT_SHADER;
      c.record->cleared = own_dialect;
      c.record->cleared.source = NULL;
      own_dialect.insertions = NULL;
    }
    call_scope(&c, informs);
    WGPUShaderSourceWGSL source = {.chain = {NULL, WGPUSType_ShaderSourceWGSL}, .code = {wgsl, n_bytes}};
    WGPUShaderModuleDescriptor descriptor = {.nextInChain = &source.chain};
    object->handle = procs->DeviceCreateShaderModule(d->device, &descriptor);
    if (informs) {
      WGPUCompilationInfoCallbackInfo info = {
          .mode = WGPUCallbackMode_AllowProcessEvents, .callback = compilation_told, .userdata1 = c.record};
      procs->ShaderModuleGetCompilationInfo(object->handle, info);
    }
  }
  status = call_end(&c, status);
  wgsl_cleared_free(&own_dialect);
  return status;
}

/* ---- layouts and pipelines --------------------------------------------------------------------------------------- */

weft_status weft__native_layout_create(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err) {
  static const WGPUBufferBindingType types[] = {WGPUBufferBindingType_Uniform, WGPUBufferBindingType_Uniform,
                                                WGPUBufferBindingType_Storage, WGPUBufferBindingType_ReadOnlyStorage};
  weft__device *d = device;
  WGPUBindGroupLayoutEntry *own = weft__alloc_zero(n, sizeof *own);
  if (!own) return weft__fail_memory(err);
  call c;
  weft__object *object = NULL;
  weft_status status = call_begin(&c, d, 0, err);
  for (uint32_t i = 0; i < n && !status; i++) {
    const uint32_t *e = entries + 3 * i;
    if (e[1] > WEFT_BINDING_STORAGE_READ) {
      status = weft__fail(err, WEFT_VALUE, "binding %u has type %u, and there are types 0 to 3", e[0], e[1]);
      break;
    }
    own[i].binding = e[0];
    own[i].visibility = WGPUShaderStage_Compute;
    own[i].buffer.type = types[e[1]];
    own[i].buffer.hasDynamicOffset = e[1] == WEFT_BINDING_UNIFORM_DYNAMIC;
    own[i].buffer.minBindingSize = e[2];
  }
  if (!status) status = weft__object_reserve(d, id, WEFT__KIND_LAYOUT, &object, err);
  if (!status) {
    WGPUBindGroupLayoutDescriptor descriptor = {.entryCount = n, .entries = own};
    object->handle = d->native->procs.DeviceCreateBindGroupLayout(d->device, &descriptor);
  }
  status = call_end(&c, status);
  weft__free(own);
  return status;
}

static void pipeline_arrived(WGPUCreatePipelineAsyncStatus status, WGPUComputePipeline pipeline, WGPUStringView message,
                             void *userdata1, void *userdata2) {
  (void)userdata2;
  weft__record *r = userdata1;
  weft__device *d = r->device;
  if (d && !d->closing && r->list == &d->pending)
    r->handle = pipeline;
  else if (pipeline)
    r->native->procs.ComputePipelineRelease(pipeline);
  weft__record_fired(r, status == WGPUCreatePipelineAsyncStatus_Success ? WEFT_OK : WEFT_DEVICE, message);
}

/* The parts of a pipeline descriptor that point to memory of their own. */
typedef struct pipeline_parts {
  WGPUBindGroupLayout *layouts;
  WGPUConstantEntry *constants;
} pipeline_parts;

static weft_status pipeline_parts_make(weft__device *d, pipeline_parts *parts, const weft_id *layouts,
                                       uint32_t n_layouts, const char *constants, const double *values,
                                       uint32_t n_constants, weft_error *err) {
  parts->layouts = weft__alloc_zero(n_layouts, sizeof *parts->layouts);
  parts->constants = weft__alloc_zero(n_constants, sizeof *parts->constants);
  if (!parts->layouts || !parts->constants) return weft__fail_memory(err);
  for (uint32_t i = 0; i < n_layouts; i++) {
    weft__object *layout;
    weft_status status = weft__object_find(d, layouts[i], WEFT__KIND_LAYOUT, &layout, err);
    if (status) return weft__fail_prefix(err, status, "layout of group %u: ", i);
    parts->layouts[i] = layout->handle;
  }
  for (uint32_t i = 0; i < n_constants; i++) {
    parts->constants[i].key = weft__view(constants);
    parts->constants[i].value = values[i];
    constants += strlen(constants) + 1;
  }
  return WEFT_OK;
}

/* Makes the pipeline; the record's callbacks are on their way when it returns. */
static void pipeline_make(weft__device *d, call *c, weft__object *object,
                          const WGPUComputePipelineDescriptor *descriptor, bool background) {
  const weft__procs *procs = &d->native->procs;
  if (background) {
    /* Its errors come by its own callback, never by a scope. */
    weft__record *r = c->record;
    c->record = NULL;
    r->id = object->id;
    weft__record_start(r, 1);
    WGPUCreateComputePipelineAsyncCallbackInfo info = {
        .mode = WGPUCallbackMode_AllowProcessEvents, .callback = pipeline_arrived, .userdata1 = r};
    procs->DeviceCreateComputePipelineAsync(d->device, descriptor, info);
  } else {
    object->handle = procs->DeviceCreateComputePipeline(d->device, descriptor);
  }
}

weft_status weft__native_pipeline_create(void *device, weft_id id, weft_id module, const char *entry,
                                         const weft_id *layouts, uint32_t n_layouts, uint32_t immediate_bytes,
                                         const char *constants, const double *values, uint32_t n_constants,
                                         bool background, uint32_t future, weft_error *err) {
  weft__device *d = device;
  const weft__procs *procs = &d->native->procs;
  background = background && procs->DeviceCreateComputePipelineAsync;
  pipeline_parts parts = {0};
  call c;
  weft_status status = call_begin(&c, d, future, err);
  weft__object *code = NULL, *object = NULL;
  if (!status) status = weft__object_find(d, module, WEFT__KIND_MODULE, &code, err);
  WGPUShaderModule module_handle = code ? code->handle : NULL;
  if (!status) status = pipeline_parts_make(d, &parts, layouts, n_layouts, constants, values, n_constants, err);
  if (!status) status = weft__object_reserve(d, id, WEFT__KIND_PIPELINE, &object, err);
  if (!status) {
    if (!background) call_scope(&c, 0);
    WGPUPipelineLayoutDescriptor layout_descriptor = {
        .bindGroupLayoutCount = n_layouts, .bindGroupLayouts = parts.layouts, .immediateSize = immediate_bytes};
    WGPUPipelineLayout layout = procs->DeviceCreatePipelineLayout(d->device, &layout_descriptor);
    WGPUComputePipelineDescriptor descriptor = {
        .label = weft__view(entry), /* for the device's own messages, and for what shows its work */
        .layout = layout,
        .compute = {.module = module_handle,
                    .entryPoint = weft__view(entry),
                    .constantCount = n_constants,
                    .constants = parts.constants},
    };
    pipeline_make(d, &c, object, &descriptor, background);
    procs->PipelineLayoutRelease(layout);
  }
  status = call_end(&c, status);
  weft__free(parts.layouts);
  weft__free(parts.constants);
  return status;
}

/* ---- letting go -------------------------------------------------------------------------------------------------- */

void weft__native_release(void *device, const weft_id *ids, uint32_t n) {
  weft__device *d = device;
  weft__lock_enter(&d->native->lock);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t slot = WEFT_ID_SLOT(ids[i]);
    if (slot < d->n_objects_capacity && d->objects[slot].kind && d->objects[slot].id == ids[i])
      weft__object_free(d, &d->objects[slot]);
  }
  weft__lock_leave(&d->native->lock);
}

uint32_t weft__native_object_count(void *device) {
  const weft__device *d = device;
  return d->n_objects;
}

/* ---- mapping ----------------------------------------------------------------------------------------------------- */

static void buffer_mapped(WGPUMapAsyncStatus status, WGPUStringView message, void *userdata1, void *userdata2) {
  (void)userdata2;
  weft_status code = status == WGPUMapAsyncStatus_Success   ? WEFT_OK
                     : status == WGPUMapAsyncStatus_Aborted ? WEFT_STATE
                                                            : WEFT_DEVICE;
  weft__record_fired(userdata1, code, message);
}

weft_status weft__native_map_start(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future,
                                   weft_error *err) {
  weft__device *d = device;
  call c;
  weft__object *object = NULL;
  weft_status status = call_begin(&c, d, future, err);
  if (!status) status = weft__object_find(d, id, WEFT__KIND_BUFFER, &object, err);
  if (!status && !c.record) status = weft__fail(err, WEFT_VALUE, "a mapping needs a future");
  if (!status && object->mapping) status = weft__fail(err, WEFT_STATE, "the buffer is mapped already");
  if (!status && (offset > SIZE_MAX || n_bytes > SIZE_MAX - offset))
    status = weft__fail(err, WEFT_VALUE, "the host cannot address a mapped range of %llu bytes",
                        (unsigned long long)n_bytes);
  if (!status) {
    weft__record *r = c.record;
    c.record = NULL;
    r->id = id;
    object->mapping = r;
    object->mapped = NULL;
    object->map_offset = offset;
    object->n_mapped_bytes = n_bytes;
    weft__record_start(r, 1);
    if (d->writes_wait && d->native->library == WEFT__LIBRARY_WGPU_NATIVE)
      d->native->procs.QueueSubmit(d->queue, 0, NULL);
    d->writes_wait = false;
    /* A refused mapping is told to the callback and, by some libraries, to the error scope as well. */
    d->native->procs.DevicePushErrorScope(d->device, WGPUErrorFilter_Validation);
    WGPUBufferMapCallbackInfo info = {
        .mode = WGPUCallbackMode_AllowProcessEvents, .callback = buffer_mapped, .userdata1 = r};
    d->native->procs.BufferMapAsync(object->handle, WGPUMapMode_Read, (size_t)offset, (size_t)n_bytes, info);
    weft__scope_discard(d);
  }
  status = call_end(&c, status);
  return status;
}

static weft_status read_mapped(weft__device *d, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                               weft_error *err) {
  weft__object *object;
  weft_status status = weft__device_usable(d, err);
  if (!status) status = weft__object_find(d, id, WEFT__KIND_BUFFER, &object, err);
  if (status) return status;
  if (!object->mapped) return weft__fail(err, WEFT_STATE, "the buffer is not mapped");
  if (offset < object->map_offset || n_bytes > object->n_mapped_bytes ||
      offset - object->map_offset > object->n_mapped_bytes - n_bytes)
    return weft__fail(err, WEFT_VALUE, "%llu bytes from %llu on are asked for, and %llu to %llu are mapped",
                      (unsigned long long)n_bytes, (unsigned long long)offset, (unsigned long long)object->map_offset,
                      (unsigned long long)(object->map_offset + object->n_mapped_bytes));
  memcpy(destination, object->mapped + (offset - object->map_offset), (size_t)n_bytes);
  return WEFT_OK;
}

/* Under the lock, because a thread in `wait` may learn that the device is lost, which takes the mapped memory away. */
weft_status weft__native_map_read(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                                  weft_error *err) {
  weft__device *d = device;
  weft__lock_enter(&d->native->lock);
  weft_status status = read_mapped(d, id, offset, destination, n_bytes, err);
  weft__lock_leave(&d->native->lock);
  return status;
}

void weft__native_map_finish(void *device, weft_id id) {
  weft__device *d = device;
  weft__lock_enter(&d->native->lock);
  weft__object *object;
  if (!weft__object_find(d, id, WEFT__KIND_BUFFER, &object, NULL) && object->mapping) {
    object->mapping = NULL;
    object->mapped = NULL;
    d->native->procs.BufferUnmap(object->handle);
  }
  weft__lock_leave(&d->native->lock);
}

/* What only the table's owner may do to an object whose future is about to be reported. */
void weft__object_finish(weft__device *d, weft__record *r) {
  const weft__procs *procs = &d->native->procs;
  if (!r->id) return;
  uint32_t slot = WEFT_ID_SLOT(r->id);
  weft__object *object = slot < d->n_objects_capacity && d->objects[slot].id == r->id ? &d->objects[slot] : NULL;
  if (object && object->kind == WEFT__KIND_BUFFER && object->mapping == r) {
    if (!r->status)
      object->mapped =
          procs->BufferGetConstMappedRange(object->handle, (size_t)object->map_offset, (size_t)object->n_mapped_bytes);
    if (!object->mapped) {
      if (!r->status) r->status = WEFT_DEVICE;
      object->mapping = NULL;
    }
  }
  if (!r->handle) return;
  if (object && object->kind == WEFT__KIND_PIPELINE && !object->handle && !r->status)
    object->handle = r->handle;
  else
    procs->ComputePipelineRelease(r->handle);
  r->handle = NULL;
}
