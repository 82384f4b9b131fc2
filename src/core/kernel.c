/* Kernels: what the host holds of a program (see weft.h). */
#include "core/core.h"

weft_status weft_kernel_create(weft_device *d, const char *source, size_t n_bytes, const weft_kernel_options *options, bool background,
                               weft_kernel **out, weft_future **ready, weft_error *err) {
  static const weft_kernel_options defaults;
  weft__lock_enter(&d->lock);
  weft_kernel *k = NULL;
  weft__program *p = NULL;
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK && !(k = weft__alloc_zero(1, sizeof *k))) status = weft__fail_memory(err);
  if (status == WEFT_OK) status = weft__program_get(d, source, n_bytes, options ? options : &defaults, background, &p, err);
  if (status == WEFT_OK && ready) status = weft__future_create(d, WEFT__FUTURE_KERNEL, ready, err);
  if (status == WEFT_OK) {
    if (ready) {
      (*ready)->program = p;
      p->refs++;
      weft__futures_settle(d);
    }
    atomic_init(&k->refs, 1);
    k->device = weft_device_retain(d);
    k->program = p;
    d->stats.kernels++;
    *out = k;
  } else {
    weft__program_release(d, p);
    weft__free(k);
  }
  weft__lock_leave(&d->lock);
  return status;
}

weft_kernel *weft_kernel_retain(weft_kernel *k) {
  atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
  return k;
}

void weft_kernel_release(weft_kernel *k) {
  if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1) return;
  weft_device *d = k->device;
  weft__lock_enter(&d->lock);
  weft__program_release(d, k->program);
  d->stats.kernels--;
  weft__lock_leave(&d->lock);
  weft__free(k);
  weft_device_release(d);
}

weft_device *weft_kernel_device(const weft_kernel *k) { return k->device; }
const char *weft_kernel_entry(const weft_kernel *k) { return k->program->entry->name; }
const uint32_t *weft_kernel_workgroup_size(const weft_kernel *k) { return k->program->workgroup_size; }
const wgsl_reflection *weft_kernel_reflect(const weft_kernel *k) { return wgsl_module_reflect(k->program->module->wgsl); }

const weft_slot *weft_kernel_slots(const weft_kernel *k, uint32_t *count) {
  *count = k->program->n_slots;
  return k->program->faces;
}
