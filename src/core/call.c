/* A kernel call: arguments checked, then one dispatch with the copies it needs around it (see weft.h, core.h).
 *
 *   argument            bound as
 *   uniform bytes       a block in the ring with a dynamic offset
 *   host bytes          uploaded into a store for this call
 *   aligned range       in place
 *   any other range     copied into a store for this call, and back after it when written
 *   read range of a     copied: WebGPU's usage scope is the whole buffer, which may not be read-only and written at once
 *   buffer also written
 *
 * Everything WebGPU would object to is found here: one invalid command would lose the results of its whole pass. */
#include "core/core.h"

#include <string.h>

static const char *const scalar_names[] = {[WGSL_SCALAR_NONE] = "", [WGSL_SCALAR_BOOL] = "bool", [WGSL_SCALAR_I32] = "int32",
                                           [WGSL_SCALAR_U32] = "uint32", [WGSL_SCALAR_F32] = "float32", [WGSL_SCALAR_F16] = "float16"};

static const struct {
  const char *name;
  uint32_t n_bytes;
  wgsl_scalar scalar;
} dtypes[] = {
#define X(name, text, bytes, scalar) {text, bytes, WGSL_SCALAR_##scalar},
    WEFT_DTYPE_LIST(X)
#undef X
};

const char *weft_dtype_name(weft_dtype dtype) { return dtypes[dtype].name; }
uint32_t weft_dtype_bytes(weft_dtype dtype) { return dtypes[dtype].n_bytes; }

/* ---- one argument ------------------------------------------------------------------------------------------------------------- */

static const wgsl_type *element_of(const wgsl_type *t) {
  while (t->kind == WGSL_KIND_ARRAY) t = t->element;
  return t;
}

static bool is_packed(weft_dtype dtype) { return dtype != WEFT_DTYPE_RAW && dtypes[dtype].scalar == WGSL_SCALAR_NONE; }

weft_status weft__dtype_check(const weft_slot *s, const weft_arg *a, weft_error *err) {
  if (a->dtype == WEFT_DTYPE_RAW || s->type->kind == WGSL_KIND_BUFFER) return WEFT_OK;
  const wgsl_type *e = element_of(s->type);
  const char *name = dtypes[a->dtype].name;
  if (e->kind == WGSL_KIND_STRUCT)
    return weft__fail(err, WEFT_TYPE, "`%s` is %s, which holds structs: it wants %sa weft.Buffer, not an array of %s", s->name, s->type->name,
                      s->kind == WEFT_SLOT_UNIFORM ? "the values of its members, or " : "structured records, or ", name);
  if (is_packed(a->dtype)) {
    if (e->scalar == WGSL_SCALAR_U32 && (e->kind == WGSL_KIND_SCALAR || e->kind == WGSL_KIND_VECTOR)) return WEFT_OK;
    return weft__fail(err, WEFT_TYPE, "`%s` is %s: it wants %s, not %s; WGSL sees 8- and 16-bit elements only packed, as array<u32>", s->name,
                      s->type->name, scalar_names[e->scalar], name);
  }
  if (dtypes[a->dtype].scalar != e->scalar)
    return weft__fail(err, WEFT_TYPE, "`%s` is %s: it wants %s, not %s", s->name, s->type->name, scalar_names[e->scalar], name);
  if (a->dtype == WEFT_DTYPE_COMPLEX64 && !(e->kind == WGSL_KIND_VECTOR && e->rows == 2))
    return weft__fail(err, WEFT_TYPE, "`%s` is %s: complex64 binds to vec2f elements", s->name, s->type->name);
  bool vectors = e->kind == WGSL_KIND_VECTOR || e->kind == WGSL_KIND_MATRIX;
  if (vectors && e->rows == 3 && a->inner != 4)
    return weft__fail(err, WEFT_VALUE, "`%s` is %s: a three-component vector takes the room of four, so it wants shape (…, 4) with the fourth unused%s",
                      s->name, s->type->name, a->inner == 3 ? ", not (…, 3)" : "");
  if (vectors && e->rows != 3 && a->dtype != WEFT_DTYPE_COMPLEX64 && a->inner % e->rows)
    return weft__fail(err, WEFT_VALUE, "`%s` is %s: it wants shape (…, %u), not (…, %u)", s->name, s->type->name, (unsigned)e->rows, (unsigned)a->inner);
  uint64_t stride = s->type->kind == WGSL_KIND_ARRAY && s->type->count == 0 ? s->type->stride : 0;
  if (stride && a->n_bytes % stride)
    return weft__fail(err, WEFT_VALUE, "`%s` is %s with elements of %llu bytes: %llu bytes are not a whole number of them", s->name,
                      s->type->name, (unsigned long long)stride, (unsigned long long)a->n_bytes);
  return WEFT_OK;
}

/* The size of what is bound: multiples of 4, so an odd number of 2-byte elements counts one more. */
static uint64_t bound_bytes(const weft_arg *a) { return weft__round_up(a->n_bytes, 4); }

static weft_status check_size(const weft_device *d, const weft_slot *s, const weft_arg *a, weft_error *err) {
  bool uniform = s->kind == WEFT_SLOT_UNIFORM, immediate = s->kind == WEFT_SLOT_IMMEDIATE;
  if ((uniform || immediate) && a->kind == WEFT_ARG_BYTES) {
    if (a->n_bytes == s->type->size) return WEFT_OK;
    return weft__fail(err, WEFT_VALUE, "`%s` is %s of %u bytes, not %llu", s->name, s->type->name, s->type->size, (unsigned long long)a->n_bytes);
  }
  if (!a->n_bytes) return weft__fail(err, WEFT_VALUE, "`%s` has no elements, and WebGPU binds no empty buffer; threads=0 skips the launch", s->name);
  if (bound_bytes(a) < s->min_bytes)
    return weft__fail(err, WEFT_VALUE, "`%s` is %s, which needs at least %u bytes; the argument has %llu", s->name, s->type->name, s->min_bytes,
                      (unsigned long long)a->n_bytes);
  uint64_t limit = d->info.limits[uniform ? WEFT_LIMIT_MAX_UNIFORM_BINDING_SIZE : WEFT_LIMIT_MAX_STORAGE_BINDING_SIZE];
  if (bound_bytes(a) > limit)
    return weft__fail(err, WEFT_VALUE, "`%s` gets %llu bytes; this device (%s) binds at most %llu", s->name, (unsigned long long)a->n_bytes,
                      d->info.name, (unsigned long long)limit);
  return WEFT_OK;
}

static weft_status check_argument(const weft_device *d, const weft_slot *s, const weft_arg *a, bool launched, weft_error *err) {
  if (a->kind == WEFT_ARG_NONE) return weft__fail(err, WEFT_TYPE, "the argument `%s` (%s) is missing", s->name, s->type->name);
  if (a->kind == WEFT_ARG_BUFFER) {
    if (s->kind == WEFT_SLOT_IMMEDIATE) return weft__fail(err, WEFT_TYPE, "`%s` is a var<immediate>: it wants values, not a buffer", s->name);
    if (a->buffer->device != d)
      return weft__fail(err, WEFT_VALUE, "`%s` is on the device %s, the kernel on another one (%s); bring the array there by way of the host",
                        s->name, a->buffer->device->info.name, d->info.name);
    weft_status status = weft__buffer_usable(a->buffer, err);
    if (status != WEFT_OK) return weft__fail_prefix(err, status, "`%s`: ", s->name);
    if (a->offset > a->buffer->n_bytes || a->n_bytes > a->buffer->n_bytes - a->offset)
      return weft__fail(err, WEFT_VALUE, "`%s`: %llu bytes at offset %llu reach beyond the buffer's %llu", s->name,
                        (unsigned long long)a->n_bytes, (unsigned long long)a->offset, (unsigned long long)a->buffer->n_bytes);
  } else if (s->kind == WEFT_SLOT_READ_WRITE) {
    return weft__fail(err, WEFT_TYPE, "`%s` is written by the kernel: it wants a weft array or Buffer, not host memory", s->name);
  }
  weft_status status = weft__dtype_check(s, a, err);
  return status == WEFT_OK && launched ? check_size(d, s, a, err) : status;
}

/* ---- the grid ------------------------------------------------------------------------------------------------------------------- */

static weft_status too_many_groups(const weft__program *p, const weft_grid *g, int axis, uint64_t groups, uint64_t limit, weft_error *err) {
  const char name = "xyz"[axis];
  if (axis > 0 || g->n[1] > 1 || g->n[2] > 1)
    return weft__fail(err, WEFT_VALUE, "%llu workgroups in %c; a launch takes at most %llu in each dimension", (unsigned long long)groups, name,
                      (unsigned long long)limit);
  /* A second dimension holds the rest: rows of `width` groups, and the kernel computes the linear index. */
  uint64_t rows = (groups + limit - 1) / limit, width = (groups + rows - 1) / rows;
  uint64_t row_threads = width * p->workgroup_size[0];
  return weft__fail(err, WEFT_VALUE,
                    "%llu workgroups in x; a launch takes at most %llu in each dimension. Use a second one: %s=(%llu, %llu), and in the kernel "
                    "`let i = id.x + id.y * %lluu;` where id is the global_invocation_id",
                    (unsigned long long)groups, (unsigned long long)limit, g->threads ? "threads" : "groups",
                    (unsigned long long)(g->threads ? row_threads : width),
                    (unsigned long long)(g->threads ? rows * p->workgroup_size[1] : rows), (unsigned long long)row_threads);
}

static weft_status make_grid(const weft_device *d, const weft__program *p, const weft_grid *g, uint32_t *out, weft_error *err) {
  uint64_t limit = d->info.limits[WEFT_LIMIT_MAX_WORKGROUPS_PER_DIMENSION];
  for (int i = 0; i < 3; i++) {
    uint64_t size = p->workgroup_size[i];
    uint64_t groups = g->threads ? g->n[i] / size + (g->n[i] % size != 0) : g->n[i];
    if (groups > limit) return too_many_groups(p, g, i, groups, limit, err);
    out[i] = (uint32_t)groups;
  }
  return WEFT_OK;
}

/* ---- aliasing ------------------------------------------------------------------------------------------------------------------- */

typedef struct plan {
  weft__bound bound[WEFT__MAX_SLOTS];
  bool copied[WEFT__MAX_SLOTS];          /* the range is copied for the call */
  weft__store *stores[WEFT__MAX_SLOTS];  /* for this call only */
  weft__step steps[WEFT__MAX_SLOTS + 1]; /* the dispatch, then copies back */
  weft__move_params moves[WEFT__MAX_SLOTS];
  uint32_t n_steps;
} plan;

static bool in_place(const weft_device *d, const weft_slot *s, const weft_arg *a) {
  uint64_t alignment =
      d->info.limits[s->kind == WEFT_SLOT_UNIFORM ? WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT : WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT];
  if (a->offset % alignment) return false;
  /* A slice that ends inside a word would show its neighbour's bytes; a whole array is followed by zeros. */
  return a->n_bytes % 4 == 0 || (a->offset == 0 && a->n_bytes == a->buffer->n_bytes);
}

static weft_status check_aliases(const weft_device *d, const weft__program *p, const weft_arg *args, plan *plan, weft_error *err) {
  for (uint32_t i = 0; i < p->n_slots; i++)
    plan->copied[i] = args[i].kind == WEFT_ARG_BUFFER && args[i].n_bytes && !in_place(d, &p->slots[i].face, &args[i]);
  for (uint32_t i = 0; i < p->n_slots; i++) {
    if (p->slots[i].face.kind != WEFT_SLOT_READ_WRITE) continue;
    const weft_arg *w = &args[i];
    for (uint32_t j = 0; j < p->n_slots; j++) {
      const weft_arg *a = &args[j];
      if (j == i || a->kind != WEFT_ARG_BUFFER || a->buffer != w->buffer) continue;
      if (w->offset < a->offset + a->n_bytes && a->offset < w->offset + w->n_bytes)
        return weft__fail(err, WEFT_VALUE, "`%s` is written and overlaps `%s`: both are bytes %llu to %llu of one array; pass a copy of one",
                          p->slots[i].face.name, p->slots[j].face.name, (unsigned long long)weft__max_u64(w->offset, a->offset),
                          (unsigned long long)weft__min_u64(w->offset + w->n_bytes, a->offset + a->n_bytes));
      if (!plan->copied[i] && p->slots[j].face.kind != WEFT_SLOT_READ_WRITE) plan->copied[j] = true;
    }
  }
  return WEFT_OK;
}

/* ---- binding -------------------------------------------------------------------------------------------------------------------- */

static weft_status bind_copy(weft_device *d, const weft_arg *a, weft__store **store, weft_error *err) {
  weft_status status = weft__temporary_acquire(d, bound_bytes(a), false, store, err);
  if (status != WEFT_OK) return status;
  const weft__bound from = {.store = a->buffer->store, .tenant = a->buffer->tenant, .offset = a->offset};
  const weft__bound to = {.store = *store, .tenant = (*store)->tenant};
  d->stats.call_copies++;
  if (a->n_bytes % 4) {
    weft__step pad = {.kind = WEFT__STEP_CLEAR, .destination = to};
    pad.destination.offset = a->n_bytes & ~(uint64_t)3;
    pad.destination.n_bytes = 4;
    status = weft__steps_run(d, &pad, 1, err);
  }
  return status == WEFT_OK ? weft__move(d, &from, &to, a->n_bytes, true, err) : status;
}

static weft_status bind(weft_device *d, const weft__program *p, const weft_arg *args, plan *plan, weft_error *err) {
  weft_status status = WEFT_OK;
  for (uint32_t i = 0; i < p->n_slots && status == WEFT_OK; i++) {
    const weft_arg *a = &args[i];
    weft__bound *b = &plan->bound[i];
    bool by_value = p->slots[i].dynamic || p->slots[i].face.kind == WEFT_SLOT_IMMEDIATE;
    if (a->kind == WEFT_ARG_BYTES && by_value) {
      *b = (weft__bound){.bytes = a->bytes, .n_bytes = a->n_bytes};
      continue;
    }
    if (a->kind == WEFT_ARG_BYTES) status = weft__upload(d, a->bytes, a->n_bytes, &plan->stores[i], err);
    else if (plan->copied[i]) status = bind_copy(d, a, &plan->stores[i], err);
    weft__store *own = plan->stores[i];
    if (status == WEFT_OK)
      *b = (weft__bound){.store = own ? own : a->buffer->store,
                         .tenant = own ? own->tenant : a->buffer->tenant,
                         .offset = own ? 0 : a->offset,
                         .n_bytes = bound_bytes(a)};
  }
  return status;
}

static weft_status plan_steps(weft_device *d, weft__program *p, const weft_arg *args, const uint32_t *grid, plan *plan, weft_error *err) {
  weft__step *dispatch = &plan->steps[0];
  dispatch->kind = WEFT__STEP_DISPATCH;
  dispatch->whole = false;
  dispatch->program = p;
  dispatch->bound = plan->bound;
  memcpy(dispatch->grid, grid, sizeof dispatch->grid);
  plan->n_steps = 1;
  for (uint32_t i = 0; i < p->n_slots; i++) {
    if (!plan->copied[i] || p->slots[i].face.kind != WEFT_SLOT_READ_WRITE) continue;
    const weft__bound from = {.store = plan->stores[i], .tenant = plan->stores[i]->tenant};
    const weft__bound to = {.store = args[i].buffer->store, .tenant = args[i].buffer->tenant, .offset = args[i].offset};
    weft_status status = weft__move_step(d, &from, &to, args[i].n_bytes, false, &plan->moves[i], &plan->steps[plan->n_steps], err);
    if (status != WEFT_OK) return status;
    plan->n_steps++;
  }
  return WEFT_OK;
}

static weft_status kernel_call(weft_device *d, weft__program *p, const weft_arg *args, const weft_grid *grid, weft_error *err) {
  weft_status status = weft__device_ready(d, err);
  if (status != WEFT_OK) return status;
  if (p->confirm.state == WEFT__CONFIRM_FAILED) return weft__program_raise(p, err);
  if (p->background && p->confirm.state == WEFT__CONFIRM_PENDING)
    return weft__fail(err, WEFT_STATE, "`%s` is still being compiled in the background", p->entry->name);
  uint32_t groups[3];
  status = make_grid(d, p, grid, groups, err);
  bool launched = groups[0] && groups[1] && groups[2];
  for (uint32_t i = 0; i < p->n_slots && status == WEFT_OK; i++) status = check_argument(d, &p->slots[i].face, &args[i], launched, err);
  if (status != WEFT_OK) return status;
  plan plan; /* only what is used is written: it is large */
  memset(plan.stores, 0, p->n_slots * sizeof *plan.stores);
  status = check_aliases(d, p, args, &plan, err);
  if (status != WEFT_OK || !launched) return status;
  status = bind(d, p, args, &plan, err);
  if (status == WEFT_OK) status = plan_steps(d, p, args, groups, &plan, err);
  if (status == WEFT_OK) status = weft__steps_run(d, plan.steps, plan.n_steps, err);
  for (uint32_t i = 0; i < p->n_slots; i++) weft__temporary_release(d, plan.stores[i]);
  if (status == WEFT_OK) weft__flush_when_due(d);
  return status;
}

weft_status weft_kernel_call(weft_kernel *k, const weft_arg *args, const weft_grid *grid, weft_error *err) {
  weft__lock_enter(&k->device->lock);
  weft_status status = kernel_call(k->device, k->program, args, grid, err);
  weft__lock_leave(&k->device->lock);
  weft__pace_hold(k->device);
  return status;
}
