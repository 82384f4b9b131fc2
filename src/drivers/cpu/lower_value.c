/* Values, and places that are loaded from and stored to (lower.h).
 *
 *   struct S { a: vec3f, b: array<f32, 2> }      value: [a.x a.y a.z b[0] b[1]]     memory: by offsets and strides
 *
 * A place with one varying index is checked by the machine, against the count of elements and the bytes that are bound.
 * Where several indices come together, each is clamped before they are added. */
#include <string.h>

#include "drivers/cpu/lower.h"

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

uint32_t cpu_count(const wgsl__type *t) {
  uint64_t n = 0;
  switch (t->base) {
    case WGSL__BASE_VECTOR:
      return t->host.rows;
    case WGSL__BASE_MATRIX:
      return t->host.columns * t->host.rows;
    case WGSL__BASE_ARRAY:
      n = (uint64_t)t->host.count * cpu_count(t->inner);
      break;
    case WGSL__BASE_STRUCT:
      for (uint32_t i = 0; i < t->host.n_members && n <= CPU_MAX_PARTS; i++) n += cpu_count(wgsl__type_part(t, i));
      break;
    default:
      return 1;
  }
  return n > CPU_MAX_PARTS ? CPU_MAX_PARTS + 1 : (uint32_t)n;
}

uint32_t cpu_first(const wgsl__type *t, uint32_t part) {
  if (t->base != WGSL__BASE_STRUCT) return part * cpu_count(t->inner);
  uint32_t n = 0;
  for (uint32_t i = 0; i < part; i++) n += cpu_count(wgsl__type_part(t, i));
  return n;
}

cpu_value cpu_value_new(cpu_lower *L, const wgsl__type *t) {
  cpu_value v = {.type = t, .n = t ? cpu_count(t) : 0};
  if (v.n > CPU_MAX_PARTS) {
    cpu_fail(L, WEFT_UNSUPPORTED, "a value of type '%s' is larger than %d words", wgsl__type_name(t), CPU_MAX_PARTS);
    return (cpu_value){.type = t};
  }
  v.r = cpu_new(L, (v.n + 1) * sizeof *v.r);
  if (!v.r) v.n = 0;
  return v;
}

cpu_value cpu_value_slice(cpu_value v, uint32_t part, const wgsl__type *t) {
  uint32_t first = cpu_first(v.type, part), n = cpu_count(t);
  if (first + n > v.n) return (cpu_value){.type = t};
  return (cpu_value){.type = t, .n = n, .r = v.r + first};
}

/* ---- constants --------------------------------------------------------------------------------------------------- */

static uint32_t word_of(const wgsl__value *v, wgsl__base base) {
  wgsl__base from = v->type->base;
  bool integer = from == WGSL__BASE_ABSTRACT_INT || from == WGSL__BASE_I32 || from == WGSL__BASE_U32;
  if (base == WGSL__BASE_BOOL) return v->i ? ~0u : 0;
  if (base == WGSL__BASE_I32 || base == WGSL__BASE_U32) return (uint32_t)(uint64_t)v->i;
  float f = integer ? (float)v->i : (float)v->f;
  uint32_t word;
  memcpy(&word, &f, sizeof word);
  return word;
}

static void constant_parts(cpu_lower *L, const wgsl__value *v, const wgsl__type *to, cpu_reg **out) {
  if (v->type->base <= WGSL__BASE_LAST_SCALAR) {
    *(*out)++ = cpu_constant(L, word_of(v, cpu_base(to)));
    return;
  }
  for (uint32_t i = 0; i < wgsl__type_parts(v->type); i++) {
    wgsl__value part = wgsl__value_part(v, i);
    constant_parts(L, &part, to->base <= WGSL__BASE_LAST_SCALAR ? to : wgsl__type_part(to, i), out);
  }
}

cpu_value cpu_value_of_constant(cpu_lower *L, const wgsl__value *v, const wgsl__type *to) {
  bool elements = to && to->base <= WGSL__BASE_LAST_SCALAR;
  cpu_value out = cpu_value_new(L, to && !elements ? to : v->type);
  cpu_reg *r = out.r;
  if (out.n && cpu_count(v->type) == out.n) constant_parts(L, v, to ? to : v->type, &r);
  return out;
}

/* ---- indexing values --------------------------------------------------------------------------------------------- */

/* Registers side by side that hold the value; constants are shared by all values that are the same. */
static cpu_reg side_by_side(cpu_lower *L, cpu_value v, bool row) {
  bool constant = true;
  for (uint32_t i = 0; i < v.n; i++) constant = constant && cpu_is_constant(L, v.r[i]);
  if (!constant) {
    cpu_reg group = cpu_regs_new(L, v.n, CPU_REG_TEMP, row, true);
    for (uint32_t i = 0; i < v.n && L->status == WEFT_OK; i++) {
      cpu_insn insn = {.op = CPU_MOVE, .n_defs = 1, .n_uses = 1, .r = {group + i, v.r[i]}};
      if (!cpu_is_row(L, v.r[i])) insn.bits |= CPU_BIT_VALUE;
      if (!row) insn.bits |= CPU_BIT_SCALAR;
      cpu_emit(L, insn);
    }
    return group;
  }
  uint32_t *words = cpu_new(L, (v.n + 1) * sizeof *words);
  if (!words) return 0;
  words[v.n] = v.n; /* one word more than a single constant has */
  for (uint32_t i = 0; i < v.n; i++) words[i] = L->regs[v.r[i]].value;
  uint32_t n_bytes = (v.n + 1) * (uint32_t)sizeof *words;
  uintptr_t found = (uintptr_t)weft__map_get(&L->constants, words, n_bytes);
  if (found) return (cpu_reg)(found - 1);
  cpu_reg group = cpu_regs_new(L, v.n, CPU_REG_CONST, false, true);
  for (uint32_t i = 0; i < v.n && L->status == WEFT_OK; i++) L->regs[group + i].value = words[i];
  if (!weft__map_put(&L->constants, words, n_bytes, (void *)((uintptr_t)group + 1))) cpu_fail(L, WEFT_MEMORY, NULL);
  return group;
}

cpu_value cpu_value_index(cpu_lower *L, cpu_value v, cpu_reg index, const wgsl__type *t) {
  cpu_value out = cpu_value_new(L, t);
  bool row = false;
  if (!v.n || !out.n || L->status != WEFT_OK) return out;
  uint32_t n_parts = v.n / out.n;
  if (cpu_is_constant(L, index)) {
    uint32_t i = L->regs[index].value;
    return cpu_value_slice(v, i < n_parts ? i : n_parts - 1, t);
  }
  for (uint32_t i = 0; i < v.n; i++) row = row || cpu_is_row(L, v.r[i]);
  cpu_reg group = side_by_side(L, v, row);
  bool varying = row || cpu_is_row(L, index);
  for (uint32_t i = 0; i < out.n; i++) {
    cpu_insn insn = {.op = CPU_INDEX_LOAD, .n_defs = 1, .n_uses = 2, .offset = i, .scale = out.n, .count = n_parts,
                     .r = {0, group, index}};
    insn.bits = (uint16_t)((varying ? 0 : CPU_BIT_SCALAR) | (row ? 0 : CPU_BIT_GROUP) |
                          (cpu_is_row(L, index) ? 0 : CPU_BIT_LAST));
    cpu_emit_known(L, insn, &out.r[i]);
  }
  return out;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

/* An index that is added to another must itself be inside. */
static cpu_reg clamped(cpu_lower *L, cpu_reg index, uint32_t limit) {
  return limit ? cpu_op2(L, CPU_MIN_U, index, cpu_constant(L, limit - 1)) : index;
}

/* Adds index * scale to the place; limit: how many there are, 0: only the memory's end limits it. */
static void add_index(cpu_lower *L, cpu_place *p, cpu_reg index, uint32_t scale, uint32_t limit) {
  if (cpu_is_constant(L, index)) {
    uint64_t i = L->regs[index].value, at = p->offset + (limit && i >= limit ? limit - 1 : i) * scale;
    if (at <= UINT32_MAX / 2) {
      p->offset = (uint32_t)at;
      return;
    }
  }
  if (!p->has_index) {
    p->index = index;
    p->scale = scale;
    p->limit = limit;
    p->has_index = true;
    return;
  }
  uint32_t unit = p->variable ? 1 : p->scale % 4 || scale % 4 ? 2 : 4;
  cpu_reg a = cpu_op2(L, CPU_MUL, clamped(L, p->index, p->limit), cpu_constant(L, p->scale / unit));
  cpu_reg b = cpu_op2(L, CPU_MUL, clamped(L, index, limit), cpu_constant(L, scale / unit));
  p->index = cpu_op2(L, CPU_ADD, a, b);
  p->scale = unit;
  p->limit = 0;
}

/* `v.zyx[i]`: which component of v that is. */
static cpu_reg picked_index(cpu_lower *L, cpu_place *p, const wgsl__expr *x, cpu_reg index) {
  cpu_value letters = {.type = x->left->type, .n = p->n_picked, .r = cpu_new(L, p->n_picked * sizeof *letters.r)};
  if (!letters.r) return index;
  for (uint32_t i = 0; i < letters.n; i++) letters.r[i] = cpu_constant(L, p->picked[i]);
  p->n_picked = 0;
  return cpu_part(cpu_value_index(L, letters, index, x->right->type), 0);
}

static void index_place(cpu_lower *L, cpu_place *p, const wgsl__expr *x) {
  const wgsl__type *t = p->type;
  cpu_reg index = cpu_expr_scalar(L, x->right, NULL);
  if (p->n_picked) index = picked_index(L, p, x, index);
  uint32_t limit = t->base == WGSL__BASE_ARRAY ? cpu_array_count(L, t) : wgsl__type_parts(t);
  p->type = t->inner;
  if (p->variable) {
    if (!cpu_is_constant(L, index)) cpu_fact_note(L, p->variable->key, CPU_FACT_INDEXED);
    add_index(L, p, index, cpu_count(t->inner), limit);
    return;
  }
  add_index(L, p, index, t->base == WGSL__BASE_VECTOR ? t->inner->host.size : t->host.stride, limit);
  if (p->is_view && !limit) cpu_view_index(L, p, index);
}

static void member_place(cpu_lower *L, cpu_place *p, const wgsl__expr *x) {
  const wgsl__type *t = p->type;
  if (t->base == WGSL__BASE_VECTOR) {
    uint32_t n = x->name->n_bytes;
    if (n == 1) {
      p->offset += wgsl__swizzle_index(x->name->text[0]) * (p->variable ? 1 : t->inner->host.size);
      p->type = t->inner;
      return;
    }
    p->n_picked = (uint8_t)n;
    for (uint32_t i = 0; i < n; i++) p->picked[i] = (uint8_t)wgsl__swizzle_index(x->name->text[i]);
    return;
  }
  for (uint32_t i = 0; i < t->host.n_members; i++) {
    if (strcmp(t->host.members[i].name, x->name->text) != 0) continue;
    p->offset += p->variable ? cpu_first(t, i) : t->host.members[i].offset;
    p->type = wgsl__type_part(t, i);
    return;
  }
  cpu_fail(L, WEFT_UNSUPPORTED, "the CPU device finds no member '%s'", x->name->text);
}

cpu_place cpu_place_of(cpu_lower *L, const wgsl__expr *x) {
  static const cpu_place nowhere = {0};
  const cpu_binding *b;
  cpu_place p = nowhere;
  x = cpu_unparen(x);
  if (!cpu_enter(L)) return nowhere;
  switch (x->kind) {
    case WGSL__EXPR_IDENT:
      b = x->decl ? cpu_bound(L, x->decl) : NULL;
      if (b && b->kind == CPU_BOUND_PLACE)
        p = b->place;
      else
        cpu_fail(L, WEFT_UNSUPPORTED, "the CPU device cannot use '%s' here", x->name->text);
      break;
    case WGSL__EXPR_UNARY: /* & and *: a pointer is the place it points at */
      p = cpu_place_of(L, x->left);
      break;
    case WGSL__EXPR_INDEX:
      p = cpu_place_of(L, x->left);
      if (p.type && L->status == WEFT_OK) index_place(L, &p, x);
      break;
    case WGSL__EXPR_MEMBER:
      p = cpu_place_of(L, x->left);
      if (p.type && L->status == WEFT_OK) member_place(L, &p, x);
      break;
    case WGSL__EXPR_CALL: /* of builtins that look at a buffer: no function returns a pointer */
      p = cpu_view(L, x);
      break;
    default:
      cpu_fail(L, WEFT_UNSUPPORTED, "the CPU device cannot follow this pointer");
      break;
  }
  cpu_leave(L);
  return L->status == WEFT_OK ? p : nowhere;
}

/* ---- registers --------------------------------------------------------------------------------------------------- */

/* The whole group counts as written. */
static void touch(cpu_lower *L, const cpu_variable *v) {
  for (uint32_t i = 0; i < v->n && L->status == WEFT_OK; i++) L->regs[v->r + i].version++;
}

static cpu_value load_registers(cpu_lower *L, const cpu_place *p) {
  cpu_value out = cpu_value_new(L, p->type);
  const cpu_variable *v = p->variable;
  for (uint32_t i = 0; i < out.n && L->status == WEFT_OK; i++) {
    if (!p->has_index) {
      out.r[i] = cpu_read(L, v->r + (p->offset + i < v->n ? p->offset + i : v->n - 1));
      continue;
    }
    bool row = cpu_is_row(L, v->r);
    cpu_insn insn = {.op = CPU_INDEX_LOAD, .n_defs = 1, .n_uses = 2, .offset = p->offset + i, .scale = p->scale,
                     .count = p->limit ? p->limit : UINT32_MAX, .r = {0, v->r, p->index}};
    insn.bits = (uint16_t)((row || cpu_is_row(L, p->index) ? 0 : CPU_BIT_SCALAR) | (row ? 0 : CPU_BIT_GROUP) |
                          (cpu_is_row(L, p->index) ? 0 : CPU_BIT_LAST));
    cpu_emit_known(L, insn, &out.r[i]);
  }
  return out;
}

static void store_registers(cpu_lower *L, const cpu_place *p, cpu_value value) {
  const cpu_variable *v = p->variable;
  if (!p->has_index && cpu_fact_holds(L, v->key, CPU_FACT_INDEXED)) L->regs[v->r].version++; /* INDEX_LOAD's operand */
  for (uint32_t i = 0; i < value.n && L->status == WEFT_OK; i++) {
    uint32_t at = p->offset + (p->n_picked ? p->picked[i] : i);
    if (!p->has_index) {
      cpu_assign(L, v, at < v->n ? at : v->n - 1, value.r[i]);
      continue;
    }
    bool row = cpu_is_row(L, v->r);
    if (!row && (L->mask != v->mask || cpu_is_row(L, value.r[i]) || cpu_is_row(L, p->index))) {
      cpu_fact_note(L, v->key, CPU_FACT_VARYING);
      return; /* this pass is lost */
    }
    cpu_insn insn = {.op = CPU_INDEX_STORE, .n_uses = 3, .offset = at, .scale = p->scale,
                     .count = p->limit ? p->limit : UINT32_MAX, .r = {v->r, value.r[i], p->index}};
    insn.bits = (uint16_t)((row ? 0 : CPU_BIT_GROUP) | (cpu_is_row(L, p->index) ? 0 : CPU_BIT_LAST) |
                          (cpu_is_row(L, value.r[i]) ? 0 : CPU_BIT_VALUE));
    cpu_emit(L, insn);
    touch(L, v);
  }
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

bool cpu_memory_is_constant(const cpu_lower *L, uint32_t memory) {
  uint32_t n = L->entry->n_bindings;
  return memory == n || (memory < n && L->entry->bindings[memory]->space != WGSL_SPACE_STORAGE_READ_WRITE);
}

bool cpu_memory_is_shared(const cpu_lower *L, uint32_t memory) { return memory < L->entry->n_bindings; }

bool cpu_memory_is_apart(const cpu_lower *L, uint32_t memory) {
  return memory > L->entry->n_bindings && L->n_together > 1;
}

void cpu_memory_operand(cpu_lower *L, cpu_insn *insn, const cpu_place *p) {
  insn->target = p->memory;
  insn->offset = p->offset;
  insn->scale = p->has_index ? p->scale : 1;
  insn->has_index = p->has_index;
  insn->count = p->limit;
  if (!p->has_index) return;
  bool rises = L->regs[p->index].rises;
  insn->r[insn->n_defs + insn->n_uses++] = rises ? L->regs[p->index].start : p->index;
  if (rises)
    insn->bits |= CPU_BIT_LANES;
  else if (!cpu_is_row(L, p->index))
    insn->bits |= CPU_BIT_LAST;
}

static void load_words(cpu_lower *L, cpu_place p, uint32_t n, bool half, cpu_reg *out) {
  bool one = (!p.has_index || !cpu_is_row(L, p.index)) && !cpu_memory_is_apart(L, p.memory);
  cpu_insn insn = {.op = half ? (one ? CPU_LOAD_HALF_ONE : CPU_LOAD_HALF) : one ? CPU_LOAD_ONE : CPU_LOAD,
                   .n_defs = (uint8_t)n,
                   .bits = one ? CPU_BIT_SCALAR : 0};
  cpu_memory_operand(L, &insn, &p);
  cpu_emit_known(L, insn, out);
}

static void store_words(cpu_lower *L, cpu_place p, uint32_t n, bool half, const cpu_reg *r) {
  cpu_insn insn = {.op = half ? CPU_STORE_HALF : CPU_STORE, .n_uses = (uint8_t)n};
  for (uint32_t i = 0; i < n; i++) {
    insn.r[i] = r[i];
    if (!cpu_is_row(L, r[i])) insn.bits |= (uint16_t)(CPU_BIT_VALUE << i);
  }
  cpu_memory_operand(L, &insn, &p);
  cpu_emit(L, insn);
  L->memory_version++;
}

/* The place with its guard as an index that is nowhere inside. */
static cpu_place guarded(cpu_lower *L, const cpu_place *p) {
  cpu_place q = *p;
  if (!p->guarded || (cpu_is_constant(L, p->inside) && L->regs[p->inside].value)) return q;
  if (!p->has_index) q.index = 0, q.scale = 4, q.limit = 0, q.has_index = true;
  q.index = cpu_op3(L, CPU_SELECT, p->inside, q.index, cpu_constant(L, ~0u));
  return q;
}

/* Walks a type in memory and calls for the vectors and scalars in it: registers [*at, *at + n) are at `p`. */
static void each_run(cpu_lower *L, cpu_place p, cpu_value v, uint32_t *at, bool store) {
  const wgsl__type *t = p.type;
  if (L->status != WEFT_OK) return;
  if (t->base <= WGSL__BASE_VECTOR || t->base == WGSL__BASE_ATOMIC) {
    uint32_t n = t->base == WGSL__BASE_VECTOR ? t->host.rows : 1;
    bool half = cpu_base(t) == WGSL__BASE_F16;
    if (*at + n > v.n) return;
    if (store)
      store_words(L, p, n, half, v.r + *at);
    else
      load_words(L, p, n, half, v.r + *at);
    *at += n;
    return;
  }
  for (uint32_t i = 0; i < wgsl__type_parts(t); i++) {
    cpu_place part = p;
    part.type = wgsl__type_part(t, i);
    part.offset += t->base == WGSL__BASE_STRUCT ? t->host.members[i].offset : i * t->host.stride;
    each_run(L, part, v, at, store);
  }
}

static cpu_place component(const cpu_place *p, uint32_t i) {
  cpu_place c = *p;
  c.n_picked = 0;
  c.type = p->type->inner;
  c.offset += p->picked[i] * p->type->inner->host.size;
  return c;
}

cpu_value cpu_load(cpu_lower *L, const cpu_place *p) {
  uint32_t at = 0;
  if (!p->type || L->status != WEFT_OK) return (cpu_value){0};
  cpu_place all = p->variable ? *p : guarded(L, p);
  all.n_picked = 0;
  cpu_value v = p->variable ? load_registers(L, &all) : cpu_value_new(L, p->type);
  if (!p->variable) each_run(L, all, v, &at, false);
  if (!p->n_picked) return v;
  cpu_value picked = {.type = p->type, .n = p->n_picked, .r = cpu_new(L, p->n_picked * sizeof *picked.r)};
  for (uint32_t i = 0; picked.r && i < p->n_picked; i++) picked.r[i] = cpu_part(v, p->picked[i]);
  return picked.r ? picked : (cpu_value){0};
}

void cpu_store(cpu_lower *L, const cpu_place *p, cpu_value v) {
  uint32_t at = 0;
  if (!p->type || L->status != WEFT_OK) return;
  if (p->variable) {
    store_registers(L, p, v);
    return;
  }
  cpu_place all = guarded(L, p);
  for (uint32_t i = 0; i < p->n_picked && i < v.n; i++) {
    cpu_place one = component(&all, i);
    store_words(L, one, 1, cpu_base(one.type) == WGSL__BASE_F16, v.r + i);
  }
  if (!p->n_picked) each_run(L, all, v, &at, true);
}
