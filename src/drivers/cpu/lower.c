/* From a typed entry point to a program (lower.h): passes until the facts hold, functions inlined, variables, slots. */
#include "drivers/cpu/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"

/* ---- failures, memory, depth ------------------------------------------------------------------------------------- */

void cpu_fail(cpu_lower *L, weft_status status, const char *format, ...) {
  char text[WEFT_ERROR_CAPACITY];
  va_list args;
  if (L->status != WEFT_OK) return;
  L->status = status;
  if (status == WEFT_MEMORY) {
    L->status = weft__fail_memory(L->err);
    return;
  }
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  L->status = weft__fail(L->err, status, "the entry point '%s' cannot run on the CPU device: %s", L->entry->name, text);
}

void *cpu_new(cpu_lower *L, size_t n_bytes) {
  if (L->arena.total > CPU_MAX_BYTES)
    cpu_fail(L, WEFT_UNSUPPORTED, "lowering it takes more than %d MiB", CPU_MAX_BYTES >> 20);
  void *p = L->status == WEFT_OK ? weft__arena_alloc(&L->arena, n_bytes) : NULL;
  if (!p) cpu_fail(L, WEFT_MEMORY, NULL);
  return p;
}

bool cpu_enter(cpu_lower *L) {
  if (++L->nesting <= CPU_MAX_DEPTH) return true;
  cpu_fail(L, WEFT_UNSUPPORTED, "statements, expressions and calls nest more than %d levels deep", CPU_MAX_DEPTH);
  L->nesting--;
  return false;
}

void cpu_leave(cpu_lower *L) { L->nesting--; }

/* ---- facts ------------------------------------------------------------------------------------------------------- */

typedef struct fact_key {
  const void *key;
  uintptr_t fact;
} fact_key;

bool cpu_fact_holds(const cpu_lower *L, const void *key, cpu_fact fact) {
  fact_key k = {key, fact};
  return (fact == CPU_FACT_VARYING && L->all_vary) || weft__map_get(&L->facts, &k, sizeof k);
}

void cpu_fact_note(cpu_lower *L, const void *key, cpu_fact fact) {
  fact_key k = {key, fact};
  if (weft__map_get(&L->facts, &k, sizeof k)) return;
  if (!weft__map_put(&L->facts, &k, sizeof k, L)) cpu_fail(L, WEFT_MEMORY, NULL);
  L->again = true;
}

/* ---- names and variables ----------------------------------------------------------------------------------------- */

cpu_binding *cpu_bind(cpu_lower *L, const wgsl__decl *d) {
  cpu_binding *b = cpu_new(L, sizeof *b);
  if (!b) return &L->nothing;
  if (!weft__map_put(&L->names, &d, sizeof d, b)) cpu_fail(L, WEFT_MEMORY, NULL);
  return b;
}

cpu_variable *cpu_variable_new(cpu_lower *L, const void *key, uint32_t n) {
  cpu_variable *v = cpu_new(L, sizeof *v);
  if (!v) return NULL;
  bool row = cpu_fact_holds(L, key, CPU_FACT_VARYING);
  *v = (cpu_variable){.key = key, .n = n, .mask = L->mask};
  if (L->target && L->target->body_mask == L->mask) v->mask = 0; /* lanes that continued read it again */
  v->r = cpu_regs_new(L, n, CPU_REG_VAR, row, cpu_fact_holds(L, key, CPU_FACT_INDEXED));
  return v;
}

uint32_t cpu_array_count(cpu_lower *L, const wgsl__type *t) {
  wgsl__value count;
  if (!(t->flags & WGSL__TYPE_OVERRIDE_SIZED)) return t->host.count;
  return wgsl__special_value(L->module, &L->special, t->count, &count) && count.i > 0 ? (uint32_t)count.i : 1;
}

/* The byte size of a variable in workgroup memory. */
static uint64_t workgroup_size_of(cpu_lower *L, const wgsl__type *t) {
  if (!(t->flags & WGSL__TYPE_OVERRIDE_SIZED)) return t->host.size;
  return (uint64_t)cpu_array_count(L, t) * (t->base == WGSL__BASE_BUFFER ? 1 : t->host.stride);
}

static uint32_t slot_of(const cpu_lower *L, const wgsl__decl *d) {
  uint32_t i = 0;
  while (i < L->entry->n_bindings && L->entry->bindings[i]->span.offset != d->name_range.offset) i++;
  return i;
}

/* Private variables get their values before anything else runs. */
static void private_value(cpu_lower *L, const wgsl__decl *d, const cpu_variable *v) {
  uint32_t depth = L->depth, mask = L->mask;
  cpu_target *target = L->target;
  L->target = NULL;
  L->depth = 0;
  L->mask = v->mask;
  cpu_value value = d->init ? cpu_expr(L, d->init, d->type) : cpu_value_new(L, d->type);
  L->in_prologue = true;
  for (uint32_t i = 0; i < v->n; i++) cpu_assign(L, v, i, cpu_part(value, i));
  L->in_prologue = false;
  L->depth = depth;
  L->mask = mask;
  L->target = target;
}

static void bind_global(cpu_lower *L, const wgsl__decl *d, cpu_binding *b) {
  b->kind = CPU_BOUND_PLACE;
  b->place = (cpu_place){.type = d->type, .memory = slot_of(L, d)};
  if (d->type->base == WGSL__BASE_BUFFER) cpu_buffer_narrow(L, &b->place, d->type);
  if (d->space == WGSL__SPACE_PRIVATE) {
    uint32_t mask = L->mask;
    L->mask = 1;
    cpu_variable *v = cpu_variable_new(L, d, cpu_value_new(L, d->type).n);
    L->mask = mask;
    if (!v) return;
    v->mask = 1;
    b->place.variable = v;
    private_value(L, d, v);
  } else if (d->space == WGSL__SPACE_IMMEDIATE) {
    b->place.memory = L->entry->n_bindings;
  } else if (d->space == WGSL__SPACE_WORKGROUP) {
    b->place.memory = L->entry->n_bindings + 1;
    b->place.offset = (uint32_t)L->workgroup_bytes;
    L->workgroup_bytes += weft__round_up(workgroup_size_of(L, d->type), 16);
    if (L->workgroup_bytes > INT32_MAX)
      cpu_fail(L, WEFT_UNSUPPORTED, "its workgroup memory takes more than %d bytes", INT32_MAX);
  } else if (d->space == WGSL__SPACE_HANDLE) {
    cpu_fail(L, WEFT_UNSUPPORTED, "it uses '%s' of type '%s'", d->name->text, wgsl__type_name(d->type));
  }
}

const cpu_binding *cpu_bound(cpu_lower *L, const wgsl__decl *d) {
  cpu_binding *b = weft__map_get(&L->names, &d, sizeof d);
  if (b || d->local || d->kind != WGSL__DECL_VAR) return b;
  b = cpu_bind(L, d);
  bind_global(L, d, b);
  return b;
}

/* ---- builtin values ---------------------------------------------------------------------------------------------- */

cpu_reg cpu_preset_get(cpu_lower *L, cpu_preset which) {
  if (!L->presets[which]) {
    L->presets[which] = cpu_reg_new(L, CPU_REG_PRESET, which < CPU_GROUP_X);
    L->regs[L->presets[which]].value = which;
    L->regs[L->presets[which]].rises = which == CPU_LANE;
  }
  return L->presets[which];
}

static cpu_reg local_id(cpu_lower *L, uint32_t axis) {
  if (L->special.pipeline.workgroup_size[axis] == 1) return 0;
  return cpu_preset_get(L, (cpu_preset)(CPU_LOCAL_X + axis));
}

static cpu_reg workgroup_id(cpu_lower *L, uint32_t axis) {
  cpu_reg first = cpu_preset_get(L, (cpu_preset)(CPU_GROUP_X + axis));
  if (axis > 0 || L->n_together == 1) return first;
  return cpu_op2(L, CPU_ADD, cpu_preset_get(L, CPU_GROUP_LANE), first);
}

/* Along x the lanes of a step are one after the other when workgroups are lines. */
static cpu_reg global_id(cpu_lower *L, uint32_t axis) {
  const uint32_t *extent = L->special.pipeline.workgroup_size;
  cpu_reg size = cpu_constant(L, extent[axis]), first = cpu_preset_get(L, (cpu_preset)(CPU_GROUP_X + axis));
  cpu_reg start = cpu_op2(L, CPU_MUL, first, size);
  if (axis == 0 && extent[1] == 1 && extent[2] == 1) return cpu_op2(L, CPU_ADD, cpu_preset_get(L, CPU_LANE), start);
  if (axis > 0 || L->n_together == 1) return cpu_op2(L, CPU_ADD, local_id(L, axis), start);
  cpu_reg inside = cpu_op2(L, CPU_MUL, cpu_preset_get(L, CPU_GROUP_LANE), size);
  return cpu_op2(L, CPU_ADD, cpu_op2(L, CPU_ADD, inside, local_id(L, axis)), start);
}

/* (z * count_y + y) * count_x + x */
static cpu_reg linear(cpu_lower *L, const cpu_reg id[3], const cpu_reg count[3]) {
  cpu_reg zy = cpu_op2(L, CPU_ADD, cpu_op2(L, CPU_MUL, id[2], count[1]), id[1]);
  return cpu_op2(L, CPU_ADD, cpu_op2(L, CPU_MUL, zy, count[0]), id[0]);
}

static cpu_reg workgroup_index(cpu_lower *L) {
  cpu_reg id[3], count[3];
  for (uint32_t axis = 0; axis < 3; axis++) {
    id[axis] = workgroup_id(L, axis);
    count[axis] = cpu_preset_get(L, (cpu_preset)(CPU_GROUPS_X + axis));
  }
  return linear(L, id, count);
}

static cpu_reg global_index(cpu_lower *L) {
  cpu_reg id[3], count[3];
  for (uint32_t axis = 0; axis < 3; axis++) {
    cpu_reg size = cpu_constant(L, L->special.pipeline.workgroup_size[axis]);
    id[axis] = global_id(L, axis);
    count[axis] = cpu_op2(L, CPU_MUL, cpu_preset_get(L, (cpu_preset)(CPU_GROUPS_X + axis)), size);
  }
  return linear(L, id, count);
}

static cpu_value builtin_value(cpu_lower *L, const wgsl__attribute *a, const wgsl__type *t) {
  const char *name = a->arguments && a->arguments->kind == WGSL__EXPR_IDENT ? a->arguments->name->text : "";
  cpu_value v = cpu_value_new(L, t);
  cpu_reg size = cpu_constant(L, L->subgroup_size);
  for (uint32_t i = 0; i < v.n; i++) {
    if (strcmp(name, "global_invocation_id") == 0)
      v.r[i] = global_id(L, i);
    else if (strcmp(name, "local_invocation_id") == 0)
      v.r[i] = local_id(L, i);
    else if (strcmp(name, "workgroup_id") == 0)
      v.r[i] = workgroup_id(L, i);
    else if (strcmp(name, "num_workgroups") == 0)
      v.r[i] = cpu_preset_get(L, (cpu_preset)(CPU_GROUPS_X + i));
    else if (strcmp(name, "local_invocation_index") == 0)
      v.r[i] = cpu_preset_get(L, CPU_LOCAL_INDEX);
    else if (strcmp(name, "workgroup_index") == 0)
      v.r[i] = workgroup_index(L);
    else if (strcmp(name, "global_invocation_index") == 0)
      v.r[i] = global_index(L);
    else if (strcmp(name, "subgroup_size") == 0)
      v.r[i] = size;
    else if (strcmp(name, "num_subgroups") == 0)
      v.r[i] = cpu_constant(L, (L->n_lanes + L->subgroup_size - 1) / L->subgroup_size);
    else if (strcmp(name, "subgroup_invocation_id") == 0)
      v.r[i] = cpu_op2(L, CPU_REM_U, cpu_preset_get(L, CPU_LOCAL_INDEX), size);
    else if (strcmp(name, "subgroup_id") == 0)
      v.r[i] = cpu_op2(L, CPU_DIV_U, cpu_preset_get(L, CPU_LOCAL_INDEX), size);
    else
      cpu_fail(L, WEFT_UNSUPPORTED, "it uses the builtin value '%s'", name);
  }
  return v;
}

static const wgsl__attribute *find(const wgsl__attribute *a, wgsl__attribute_kind kind) {
  while (a && a->kind != kind) a = a->next;
  return a;
}

static void bind_inputs(cpu_lower *L, const wgsl__decl *function) {
  for (const wgsl__decl *p = function->children; p && L->status == WEFT_OK; p = p->next) {
    const wgsl__attribute *a = find(p->attributes, WGSL__ATTRIBUTE_builtin);
    cpu_value v = a ? builtin_value(L, a, p->type) : cpu_value_new(L, p->type);
    uint32_t at = 0;
    for (const wgsl__decl *m = a || !p->type->decl ? NULL : p->type->decl->children; m; m = m->next) {
      const wgsl__attribute *b = find(m->attributes, WGSL__ATTRIBUTE_builtin);
      cpu_value part = b ? builtin_value(L, b, m->type) : cpu_value_new(L, m->type);
      for (uint32_t i = 0; i < part.n && at < v.n; i++) v.r[at++] = part.r[i];
    }
    cpu_binding *bound = cpu_bind(L, p);
    bound->kind = CPU_BOUND_VALUE;
    bound->value = v;
  }
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static cpu_value inlined(cpu_lower *L, const wgsl__decl *function) {
  const wgsl__stmt *list = function->body;
  if (list && list->kind == WGSL__STMT_BLOCK && !list->next) list = list->body;
  cpu_frame f = {.outer = L->frame, .function = function, .depth = L->depth, .mask = L->mask, .end = cpu_label(L)};
  for (const wgsl__stmt *s = list; s; s = s->next) f.last = s;
  cpu_target *target = L->target;
  uint32_t mark = cpu_known_mark(L);
  bool masked = cpu_fact_holds(L, function, CPU_FACT_BREAK);
  L->frame = &f;
  L->target = NULL;
  if (masked) {
    cpu_emit(L, (cpu_insn){.op = CPU_MASK_PUSH, .level = (uint16_t)(L->depth + 1), .target = f.end});
    cpu_mask_push(L, f.end);
  }
  cpu_body(L, list);
  if (f.jumped || masked) cpu_known_forget(L, mark);
  cpu_label_here(L, f.end);
  if (masked) cpu_mask_pop(L, f.depth, f.mask);
  L->frame = f.outer;
  L->target = target;
  if (f.direct || !function->type) return f.value;
  cpu_value v = cpu_value_new(L, function->type);
  for (uint32_t i = 0; i < v.n && f.result; i++) v.r[i] = cpu_read(L, f.result->r + i);
  return v;
}

enum { MAX_ARGUMENTS = 256 };

cpu_value cpu_call(cpu_lower *L, const wgsl__expr *x) {
  const wgsl__decl *function = x->left->decl;
  cpu_binding **bound = cpu_new(L, MAX_ARGUMENTS * sizeof *bound);
  const wgsl__expr *a = x->list;
  uint32_t n = 0;
  if (!bound) return (cpu_value){0};
  for (const wgsl__decl *p = function->children; p && a && n < MAX_ARGUMENTS; p = p->next, a = a->next, n++) {
    bound[n] = cpu_new(L, sizeof **bound);
    if (!bound[n]) return (cpu_value){0};
    bound[n]->kind = p->type->base == WGSL__BASE_POINTER ? CPU_BOUND_PLACE : CPU_BOUND_VALUE;
    if (bound[n]->kind == CPU_BOUND_PLACE)
      bound[n]->place = cpu_place_of(L, a);
    else
      bound[n]->value = cpu_expr(L, a, p->type);
    if (bound[n]->place.type && bound[n]->place.type->base == WGSL__BASE_BUFFER)
      cpu_buffer_narrow(L, &bound[n]->place, p->type->inner);
    bound[n]->value.type = p->type;
  }
  n = 0;
  for (const wgsl__decl *p = function->children; p && L->status == WEFT_OK; p = p->next) *cpu_bind(L, p) = *bound[n++];
  if (L->status != WEFT_OK || !cpu_enter(L)) return (cpu_value){0};
  cpu_value v = inlined(L, function);
  cpu_leave(L);
  return v;
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

static void pass_free(cpu_lower *L) {
  weft__arena_free(&L->arena);
  weft__map_free(&L->names);
  weft__map_free(&L->constants);
  weft__map_free(&L->known);
}

static void pass(cpu_lower *L) {
  pass_free(L);
  L->again = L->parting_loops = L->subgroups = false;
  L->n_regs = L->n_code = L->n_prologue = L->n_known = L->n_labels = L->depth = L->deepest = L->memory_version = 0;
  L->n_masks = L->mask = 1;
  L->n_epochs = L->epoch = 1;
  L->workgroup_bytes = 0;
  L->frame = NULL;
  L->target = NULL;
  memset(L->presets, 0, sizeof L->presets);
  cpu_constant(L, 0); /* register 0 */
  if (L->status != WEFT_OK) return;
  L->exits[0] = cpu_label(L);
  L->at = L->special.function->name_range.offset;
  bind_inputs(L, L->special.function);
  inlined(L, L->special.function);
  cpu_label_here(L, L->exits[0]);
  cpu_emit(L, (cpu_insn){.op = CPU_EXIT});
}

/* Puts the prologue before the rest. */
static void join(cpu_lower *L) {
  uint32_t n = L->n_prologue;
  if (!n || L->status != WEFT_OK) return;
  if (!weft__grow(&L->code, &L->code_capacity, L->n_code + n, sizeof *L->code)) {
    cpu_fail(L, WEFT_MEMORY, NULL);
    return;
  }
  memmove(L->code + n, L->code, L->n_code * sizeof *L->code);
  memcpy(L->code, L->prologue, n * sizeof *L->code);
  L->n_code += n;
}

/* How many workgroups go side by side, for about `lanes` lanes. */
static uint32_t together(const cpu_lower *L, uint32_t lanes) { return L->n_lanes > lanes ? 1 : lanes / L->n_lanes; }

static void passes(cpu_lower *L) {
  uint32_t n = 0;
  do {
    L->all_vary = ++n > CPU_MAX_PASSES;
    pass(L);
  } while (L->again && L->status == WEFT_OK);
}

/* Many lanes a step make the most of each instruction, unless lanes wait for each other in loops or the memory of many
 * workgroups has to be told apart. */
static void lower(cpu_lower *L) {
  enum { FEW = 256, MANY = CPU_MAX_LANES };
  const uint32_t *size = L->special.pipeline.workgroup_size;
  L->n_lanes = size[0] * size[1] * size[2];
  L->n_together = together(L, MANY);
  passes(L);
  bool straddles = L->subgroups && L->n_lanes % L->subgroup_size; /* a subgroup is of one workgroup */
  uint32_t few = straddles ? 1 : together(L, FEW);
  bool better = straddles || L->parting_loops || L->workgroup_bytes;
  if (L->status != WEFT_OK || few == L->n_together || !better) return;
  L->n_together = few;
  weft__map_free(&L->facts);
  passes(L);
}

static weft_status finish(cpu_lower *L, cpu_program *p) {
  const wgsl_entry *e = L->entry;
  p->slots = weft__alloc_zero(e->n_bindings + 1, sizeof *p->slots);
  if (!p->slots) return weft__fail_memory(L->err);
  for (uint32_t i = 0; i < e->n_bindings; i++)
    p->slots[i] = (cpu_slot){.group = e->bindings[i]->group,
                             .binding = e->bindings[i]->binding,
                             .min_bytes = e->bindings[i]->min_bytes,
                             .space = e->bindings[i]->space};
  p->n_slots = e->n_bindings;
  p->immediate_bytes = e->immediate ? e->immediate->size : 0;
  p->workgroup_bytes = (uint32_t)L->workgroup_bytes;
  memcpy(p->workgroup_size, L->special.pipeline.workgroup_size, sizeof p->workgroup_size);
  p->n_lanes = L->n_lanes;
  p->n_together = L->n_together;
  p->n_levels = L->deepest + 1;
  p->subgroup_size = L->subgroup_size;
  return cpu_allocate(L, p, L->err);
}

static weft_status build(cpu_lower *L, const cpu_program_options *options, cpu_program *p) {
  char message[512];
  if (!wgsl__specialise(L->module, L->entry, options->constants, options->n_constants, &L->special, message,
                        sizeof message))
    return L->special.out_of_memory ? weft__fail_memory(L->err) : weft__fail(L->err, WEFT_SHADER, "%s", message);
  const uint32_t *size = L->special.pipeline.workgroup_size;
  uint64_t lanes = (uint64_t)size[0] * size[1];
  if (size[0] > CPU_MAX_LANES || size[1] > CPU_MAX_LANES || lanes * size[2] > CPU_MAX_LANES)
    return weft__fail(L->err, WEFT_UNSUPPORTED, "the workgroup size %u x %u x %u is more than %d invocations", size[0],
                      size[1], size[2], CPU_MAX_LANES);
  lower(L);
  join(L);
  if (L->status == WEFT_OK) cpu_optimise(L);
  return L->status != WEFT_OK ? L->status : finish(L, p);
}

weft_status cpu_program_create(const wgsl_module *module, const wgsl_entry *entry, const cpu_program_options *options,
                               cpu_program **out, weft_error *err) {
  static const cpu_program_options none;
  if (!options) options = &none;
  cpu_lower *L = weft__alloc_zero(1, sizeof *L);
  cpu_program *p = weft__alloc_zero(1, sizeof *p);
  weft_status status = L && p ? WEFT_OK : weft__fail_memory(err);
  if (status == WEFT_OK) {
    L->module = module;
    L->entry = entry;
    L->err = err;
    L->subgroup_size = options->subgroup_size ? options->subgroup_size : 32;
    status = build(L, options, p);
    wgsl__special_free(&L->special);
    pass_free(L);
    weft__map_free(&L->facts);
    weft__free(L->known_log);
    weft__free(L->regs);
    weft__free(L->code);
    weft__free(L->prologue);
  }
  weft__free(L);
  if (status == WEFT_OK)
    *out = p;
  else
    cpu_program_destroy(p);
  return status;
}
