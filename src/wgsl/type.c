/* Types: one canonical object per type, made from type expressions (WGSL 6). Sizes and alignments of all but structs
 * are worked out here, by the table of WGSL 14.4.1. */
#include <string.h>

#include "base/checked.h"
#include "wgsl/module.h"

const char *wgsl__type_name(const wgsl__type *t) { return t ? t->host.name : "?"; }

const wgsl__type *wgsl__type_scalar(const wgsl_module *m, wgsl_scalar scalar) {
  static const wgsl__base bases[] = {WGSL__BASE_ABSTRACT_INT, WGSL__BASE_BOOL, WGSL__BASE_I32,
                                     WGSL__BASE_U32,          WGSL__BASE_F32,  WGSL__BASE_F16};
  return scalar == WGSL_SCALAR_NONE ? NULL : m->basic[bases[scalar]];
}

const wgsl__type *wgsl__type_element(const wgsl__type *t) {
  if (t && t->base == WGSL__BASE_MATRIX) t = t->inner;
  if (t && t->base == WGSL__BASE_VECTOR) t = t->inner;
  return t && t->base <= WGSL__BASE_LAST_SCALAR ? t : NULL;
}

uint32_t wgsl__type_parts(const wgsl__type *t) {
  switch (t->base) {
    case WGSL__BASE_VECTOR:
      return t->host.rows;
    case WGSL__BASE_MATRIX:
      return t->host.columns;
    case WGSL__BASE_ARRAY:
      return t->host.count;
    case WGSL__BASE_STRUCT:
      return t->host.n_members;
    default:
      return 0;
  }
}

const wgsl__type *wgsl__type_part(const wgsl__type *t, uint32_t i) {
  return t->base == WGSL__BASE_STRUCT ? (const wgsl__type *)t->host.members[i].type : t->inner;
}

const wgsl__type *wgsl__type_concrete(wgsl_module *m, const wgsl__type *t) {
  if (!t) return t;
  switch (t->base) {
    case WGSL__BASE_ABSTRACT_INT:
      return m->basic[WGSL__BASE_I32];
    case WGSL__BASE_ABSTRACT_FLOAT:
      return m->basic[WGSL__BASE_F32];
    case WGSL__BASE_VECTOR:
      return wgsl__type_vector(m, t->host.rows, wgsl__type_concrete(m, t->inner));
    case WGSL__BASE_MATRIX:
      return wgsl__type_matrix(m, t->host.columns, t->host.rows, wgsl__type_concrete(m, t->inner->inner));
    case WGSL__BASE_ARRAY: {
      const wgsl__type *inner = wgsl__type_concrete(m, t->inner);
      return inner == t->inner ? t : wgsl__type_array(m, inner, t->host.count);
    }
    case WGSL__BASE_STRUCT: /* of builtins alone */
      return t->concrete ? t->concrete : t;
    default:
      return t;
  }
}

#define SCALAR(base_, text, scalar_, n_bytes, flags_)                                                              \
  [WGSL__BASE_##base_] = {                                                                                         \
      .host = {.kind = WGSL_KIND_SCALAR, .scalar = scalar_, .size = n_bytes, .align = n_bytes, .name = text},      \
      .base = WGSL__BASE_##base_,                                                                                  \
      .flags = WGSL__TYPE_CONSTRUCTIBLE | WGSL__TYPE_PLAIN | WGSL__TYPE_FIXED | (flags_),                          \
      .depth = 1,                                                                                                  \
      .uniform_ok = true}
static const wgsl__type scalars[] = {
    SCALAR(ABSTRACT_INT, "abstract integer", WGSL_SCALAR_NONE, 0, 0),
    SCALAR(ABSTRACT_FLOAT, "abstract float", WGSL_SCALAR_NONE, 0, 0),
    SCALAR(BOOL, "bool", WGSL_SCALAR_BOOL, 4, 0),
    SCALAR(I32, "i32", WGSL_SCALAR_I32, 4, WGSL__TYPE_HOST_SHAREABLE),
    SCALAR(U32, "u32", WGSL_SCALAR_U32, 4, WGSL__TYPE_HOST_SHAREABLE),
    SCALAR(F32, "f32", WGSL_SCALAR_F32, 4, WGSL__TYPE_HOST_SHAREABLE),
    SCALAR(F16, "f16", WGSL_SCALAR_F16, 2, WGSL__TYPE_HOST_SHAREABLE),
};
#undef SCALAR

void wgsl__types_init(wgsl_module *m) {
  for (int base = 0; base < WGSL__N_SCALARS; base++) m->basic[base] = &scalars[base];
}

/* The type with this name, new when `*fresh`. */
static wgsl__type *intern(wgsl_module *m, const char *name, bool *fresh) {
  uint32_t n = (uint32_t)strlen(name);
  wgsl__type *t = weft__map_get(&m->types, name, n);
  *fresh = !t;
  if (t) return t;
  t = wgsl__new(m, sizeof *t);
  t->host.name = name;
  t->depth = 1;
  if (!m->out_of_memory && !weft__map_put(&m->types, name, n, t)) m->out_of_memory = true;
  return t;
}

const wgsl__type *wgsl__type_vector(wgsl_module *m, uint32_t rows, const wgsl__type *scalar) {
  const wgsl__type **known = &m->vectors[scalar->base][rows - 2];
  if (*known) return *known;
  wgsl__type *t = wgsl__new(m, sizeof *t);
  uint32_t size = scalar->host.size;
  t->host.name = wgsl__format(m, "vec%u<%s>", rows, scalar->host.name);
  t->base = WGSL__BASE_VECTOR;
  t->inner = scalar;
  t->flags = scalar->flags;
  t->depth = 2;
  t->host.kind = WGSL_KIND_VECTOR;
  t->host.scalar = scalar->host.scalar;
  t->host.columns = 1;
  t->host.rows = rows;
  t->host.size = rows * size;
  t->host.align = (rows == 3 ? 4 : rows) * size;
  return *known = t;
}

const wgsl__type *wgsl__type_matrix(wgsl_module *m, uint32_t columns, uint32_t rows, const wgsl__type *scalar) {
  const wgsl__type **known = &m->matrices[scalar->base][columns - 2][rows - 2];
  if (*known) return *known;
  const wgsl__type *column = wgsl__type_vector(m, rows, scalar);
  wgsl__type *t = wgsl__new(m, sizeof *t);
  t->host.name = wgsl__format(m, "mat%ux%u<%s>", columns, rows, scalar->host.name);
  t->base = WGSL__BASE_MATRIX;
  t->inner = column;
  t->flags = column->flags;
  t->depth = 3;
  t->host.kind = WGSL_KIND_MATRIX;
  t->host.scalar = scalar->host.scalar;
  t->host.columns = columns;
  t->host.rows = rows;
  t->host.element = &column->host;
  t->host.stride = column->host.align;
  t->host.align = column->host.align;
  t->host.size = columns * column->host.align;
  return *known = t;
}

static void set_array(wgsl_module *m, wgsl__range range, wgsl__type *t, const wgsl__type *element, uint32_t count,
                      wgsl__expr *overridable);

const wgsl__type *wgsl__type_array(wgsl_module *m, const wgsl__type *element, uint32_t count) {
  bool fresh;
  wgsl__type *t = intern(m, wgsl__format(m, "array<%s, %u>", element->host.name, count), &fresh);
  if (fresh) set_array(m, (wgsl__range){0, 0}, t, element, count, NULL);
  return t;
}

const wgsl__type *wgsl__type_pointer(wgsl_module *m, wgsl__space space, const wgsl__type *store, unsigned access) {
  static const char *const spaces[] = {"", "function", "private", "workgroup", "uniform", "storage", "immediate", ""};
  static const char *const modes[] = {"", "read", "write", "read_write"};
  bool fresh;
  const char *name = space == WGSL__SPACE_STORAGE
                         ? wgsl__format(m, "ptr<storage, %s, %s>", store->host.name, modes[access])
                         : wgsl__format(m, "ptr<%s, %s>", spaces[space], store->host.name);
  wgsl__type *t = intern(m, name, &fresh);
  if (!fresh) return t;
  t->base = WGSL__BASE_POINTER;
  t->inner = store;
  t->space = space;
  t->access = access;
  t->host.kind = WGSL_KIND_OTHER;
  return t;
}

const wgsl__type *wgsl__type_result(wgsl_module *m, const char *name, const char *const names[2],
                                    const wgsl__type *const types[2]) {
  bool fresh;
  wgsl__type *t = intern(m, name, &fresh);
  if (!fresh) return t;
  wgsl_member *members = wgsl__array(m, 2, sizeof *members);
  if (!members) return t;
  for (int i = 0; i < 2; i++) members[i] = (wgsl_member){.name = names[i], .type = &types[i]->host};
  t->base = WGSL__BASE_STRUCT;
  t->flags = WGSL__TYPE_CONSTRUCTIBLE | WGSL__TYPE_PLAIN | WGSL__TYPE_FIXED;
  t->depth = 3;
  t->host.kind = WGSL_KIND_STRUCT;
  t->host.members = members;
  t->host.n_members = 2;
  return t;
}

/* ---- type expressions -------------------------------------------------------------------------------------------- */

bool wgsl__is_unresolved(const wgsl__expr *e) {
  return e->kind == WGSL__EXPR_BAD || (e->kind == WGSL__EXPR_IDENT && !e->decl && !e->name->predeclared);
}

static uint32_t list_length(const wgsl__expr *list) {
  uint32_t n = 0;
  for (; list; list = list->next) n++;
  return n;
}

/* Reports a wrong number of template arguments. */
static bool check_count(wgsl_module *m, const wgsl__expr *e, uint32_t least, uint32_t most) {
  uint32_t n = list_length(e->list);
  if (n >= least && n <= most) return true;
  if (least == most)
    wgsl__error(m, e->range, "template-arguments", "'%s' takes %u template argument%s, here it has %u", e->name->text,
                most, most == 1 ? "" : "s", n);
  else
    wgsl__error(m, e->range, "template-arguments", "'%s' takes %u to %u template arguments, here it has %u",
                e->name->text, least, most, n);
  return false;
}

static const wgsl__type *scalar_argument(wgsl_module *m, const wgsl__expr *e, wgsl__expr *argument, bool with_bool) {
  const wgsl__type *t = wgsl__type_of_expr(m, argument);
  if (!t) return NULL;
  bool number = t->base > WGSL__BASE_BOOL && t->base <= WGSL__BASE_LAST_SCALAR;
  if (number || (with_bool && t->base == WGSL__BASE_BOOL)) return t;
  wgsl__error(m, argument->range, "element-type", "'%s' cannot have elements of type '%s'", e->name->text,
              wgsl__type_name(t));
  return NULL;
}

static const wgsl__type *vector_or_matrix(wgsl_module *m, wgsl__expr *e, const wgsl__predeclared *row) {
  bool is_vector = row->what == WGSL__WHAT_VECTOR;
  const wgsl__type *scalar = wgsl__type_scalar(m, row->scalar);
  if (scalar) {
    if (!check_count(m, e, 0, 0)) return NULL;
  } else {
    if (!e->has_list) {
      wgsl_diagnostic *d =
          wgsl__error(m, e->range, "template-arguments", "'%s' needs the type of its elements", row->name);
      wgsl__hint(m, d, "write '%s<f32>' or '%sf'", row->name, row->name);
      return NULL;
    }
    if (!check_count(m, e, 1, 1)) return NULL;
    scalar = scalar_argument(m, e, e->list, is_vector);
    if (!scalar) return NULL;
    if (!is_vector && scalar->base != WGSL__BASE_F32 && scalar->base != WGSL__BASE_F16) {
      wgsl__error(m, e->list->range, "element-type", "a matrix has elements of f32 or f16, not '%s'",
                  wgsl__type_name(scalar));
      return NULL;
    }
  }
  return is_vector ? wgsl__type_vector(m, row->n, scalar) : wgsl__type_matrix(m, row->n >> 4, row->n & 15, scalar);
}

static const wgsl__type *atomic(wgsl_module *m, wgsl__expr *e) {
  if (!check_count(m, e, 1, 1)) return NULL;
  const wgsl__type *scalar = wgsl__type_of_expr(m, e->list);
  if (!scalar) return NULL;
  if (scalar->base != WGSL__BASE_I32 && scalar->base != WGSL__BASE_U32) {
    wgsl__error(m, e->list->range, "element-type", "an atomic holds i32 or u32, not '%s'", wgsl__type_name(scalar));
    return NULL;
  }
  bool fresh;
  wgsl__type *t = intern(m, wgsl__format(m, "atomic<%s>", scalar->host.name), &fresh);
  if (!fresh) return t;
  t->base = WGSL__BASE_ATOMIC;
  t->inner = scalar;
  t->flags = WGSL__TYPE_HOST_SHAREABLE | WGSL__TYPE_PLAIN | WGSL__TYPE_FIXED | WGSL__TYPE_HAS_ATOMIC;
  t->host.kind = WGSL_KIND_ATOMIC;
  t->host.scalar = scalar->host.scalar;
  t->host.size = t->host.align = 4;
  return t;
}

/* An element or byte count. 0: not known now (override) or reported; then `*ok` tells which. */
static uint32_t count_argument(wgsl_module *m, wgsl__expr *e, wgsl__expr *argument, bool *ok, bool *overridable) {
  wgsl__evaluation evaluation = {.m = m};
  uint32_t dead = m->dead; /* types hold also where short-circuiting skips */
  m->dead = 0;
  wgsl__result r = wgsl__evaluate(&evaluation, argument);
  m->dead = dead;
  *ok = false;
  *overridable = r.phase == WGSL__PHASE_OVERRIDE;
  if (r.bad || r.phase == WGSL__PHASE_UNKNOWN) return 0;
  if (r.phase == WGSL__PHASE_RUNTIME) {
    wgsl__error(m, argument->range, "element-count", "the count of '%s' must be known before the shader runs",
                e->name->text);
    return 0;
  }
  const wgsl__type *t = r.value.type;
  if (t && !wgsl__is_integer(t->base)) {
    wgsl__error(m, argument->range, "element-count", "the count of '%s' must be an i32 or u32, not '%s'", e->name->text,
                wgsl__type_name(t));
    return 0;
  }
  if (*overridable) return *ok = true, 0;
  if (!r.known) return 0;
  if (r.value.i < 1 || r.value.i > UINT32_MAX) {
    wgsl__error(m, argument->range, "element-count", "the count of '%s' must be from 1 to 4294967295, here it is %lld",
                e->name->text, (long long)r.value.i);
    return 0;
  }
  return *ok = true, (uint32_t)r.value.i;
}

/* What an array may hold (WGSL 6.2.9). */
static bool check_element(wgsl_module *m, const wgsl__expr *argument, const wgsl__type *element) {
  const char *why = NULL;
  if (!(element->flags & WGSL__TYPE_PLAIN))
    why = "";
  else if (element->flags & WGSL__TYPE_RUNTIME_SIZED)
    why = ", whose size is known only at run time";
  else if (element->flags & WGSL__TYPE_OVERRIDE_SIZED)
    why = ", whose size depends on an override";
  if (why) {
    wgsl__error(m, argument->range, "element-type", "an array cannot have elements of type '%s'%s",
                wgsl__type_name(element), why);
    return false;
  }
  if (element->depth < WGSL__MAX_TYPE_DEPTH) return true;
  wgsl__error(m, argument->range, "nesting-depth", "this type nests more than %d levels deep", WGSL__MAX_TYPE_DEPTH);
  return false;
}

static void set_array(wgsl_module *m, wgsl__range range, wgsl__type *t, const wgsl__type *element, uint32_t count,
                      wgsl__expr *overridable) {
  uint64_t stride = weft__round_up(element->host.size, element->host.align ? element->host.align : 1);
  uint64_t size = count ? stride * count : stride;
  t->base = WGSL__BASE_ARRAY;
  t->inner = element;
  t->depth = element->depth + 1;
  unsigned inherited = WGSL__TYPE_HOST_SHAREABLE | WGSL__TYPE_CONSTRUCTIBLE | WGSL__TYPE_PLAIN | WGSL__TYPE_FIXED |
                       WGSL__TYPE_HAS_ATOMIC;
  t->flags = (element->flags & inherited) | WGSL__TYPE_HAS_ARRAY;
  if (overridable) {
    t->flags =
        (t->flags & ~(unsigned)(WGSL__TYPE_CONSTRUCTIBLE | WGSL__TYPE_HOST_SHAREABLE)) | WGSL__TYPE_OVERRIDE_SIZED;
    t->count = overridable;
  } else if (!count) {
    t->flags = (t->flags & ~(unsigned)(WGSL__TYPE_CONSTRUCTIBLE | WGSL__TYPE_FIXED)) | WGSL__TYPE_RUNTIME_SIZED;
  }
  t->host.kind = WGSL_KIND_ARRAY;
  t->host.element = &element->host;
  t->host.count = count;
  t->host.stride = (uint32_t)stride;
  t->host.align = element->host.align;
  if (size > UINT32_MAX) {
    wgsl__error(m, range, "type-size", "an array of %u elements of %u bytes takes %llu bytes, more than 4294967295",
                count, (unsigned)stride, (unsigned long long)size);
    size = stride;
  }
  t->host.size = (uint32_t)size;
}

static const wgsl__type *array(wgsl_module *m, wgsl__expr *e) {
  if (!e->has_list) {
    wgsl__hint(m, wgsl__error(m, e->range, "template-arguments", "'array' needs the type of its elements"),
               "write 'array<f32>' or 'array<f32, 4>'");
    return NULL;
  }
  if (!check_count(m, e, 1, 2)) return NULL;
  wgsl__expr *counter = e->list->next;
  const wgsl__type *element = wgsl__type_of_expr(m, e->list);
  bool ok = true, overridable = false, fresh;
  uint32_t count = counter ? count_argument(m, e, counter, &ok, &overridable) : 0;
  if (!element || !ok || !check_element(m, e->list, element)) return NULL;
  const char *name;
  if (overridable && counter->kind == WGSL__EXPR_IDENT)
    name = wgsl__format(m, "array<%s, %s>", element->host.name, counter->name->text);
  else if (overridable) /* equal to itself alone: the place makes the name unique */
    name = wgsl__format(m, "array<%s, override at %u>", element->host.name, (unsigned)counter->range.offset);
  else if (counter)
    name = wgsl__format(m, "array<%s, %u>", element->host.name, count);
  else
    name = wgsl__format(m, "array<%s>", element->host.name);
  wgsl__type *t = intern(m, name, &fresh);
  if (fresh) set_array(m, e->range, t, element, count, overridable ? counter : NULL);
  return t;
}

static const wgsl__type *buffer(wgsl_module *m, wgsl__expr *e) {
  if (e->has_list && !check_count(m, e, 1, 1)) return NULL;
  bool ok = true, overridable = false, fresh;
  uint32_t bytes = e->has_list ? count_argument(m, e, e->list, &ok, &overridable) : 0;
  if (!ok) return NULL;
  uint32_t unit = m->gates & 1u << WGSL__GATE_F16 ? 2 : 4;
  if (bytes % unit) {
    wgsl__error(m, e->list->range, "element-count", "a buffer of %u bytes is no multiple of %u", bytes, unit);
    return NULL;
  }
  const char *name = !e->has_list  ? "buffer"
                     : overridable && e->list->kind == WGSL__EXPR_IDENT
                         ? wgsl__format(m, "buffer<%s>", e->list->name->text)
                     : overridable ? wgsl__format(m, "buffer<override at %u>", (unsigned)e->list->range.offset)
                                   : wgsl__format(m, "buffer<%u>", bytes);
  wgsl__type *t = intern(m, name, &fresh);
  if (!fresh) return t;
  t->base = WGSL__BASE_BUFFER;
  t->flags = WGSL__TYPE_HOST_SHAREABLE | (e->has_list ? WGSL__TYPE_FIXED : WGSL__TYPE_RUNTIME_SIZED);
  if (overridable) {
    t->flags |= WGSL__TYPE_OVERRIDE_SIZED;
    t->count = e->list;
  }
  t->host.kind = WGSL_KIND_BUFFER;
  t->host.size = bytes;
  t->host.align = 16;
  return t;
}

static const wgsl__predeclared *enumerant(const wgsl__expr *e, wgsl__what what) {
  const wgsl__predeclared *row = e->kind == WGSL__EXPR_IDENT && !e->decl ? e->name->predeclared : NULL;
  return row && row->what == what ? row : NULL;
}

/* What a pointer into each address space may point at (WGSL 6.4.3, 14.3). */
static bool pointer_store(wgsl_module *m, const wgsl__expr *argument, const wgsl__type *store, wgsl__space space) {
  bool storable = store->flags & WGSL__TYPE_PLAIN || store->base == WGSL__BASE_BUFFER;
  bool fits = storable;
  if (space == WGSL__SPACE_FUNCTION || space == WGSL__SPACE_PRIVATE)
    fits = store->flags & WGSL__TYPE_CONSTRUCTIBLE ||
           (store->flags & WGSL__TYPE_FIXED && space == WGSL__SPACE_PRIVATE && !(store->flags & WGSL__TYPE_HAS_ATOMIC));
  else if (space == WGSL__SPACE_UNIFORM || space == WGSL__SPACE_STORAGE || space == WGSL__SPACE_IMMEDIATE)
    fits = storable && store->flags & WGSL__TYPE_HOST_SHAREABLE &&
           (space == WGSL__SPACE_STORAGE || !(store->flags & WGSL__TYPE_HAS_ATOMIC)) &&
           (space != WGSL__SPACE_IMMEDIATE || store->flags & WGSL__TYPE_CONSTRUCTIBLE);
  if (fits) return true;
  wgsl__error(m, argument->range, "store-type", "a pointer into this address space cannot point at '%s'",
              wgsl__type_name(store));
  return false;
}

static const wgsl__type *pointer(wgsl_module *m, wgsl__expr *e) {
  if (!check_count(m, e, 2, 3)) return NULL;
  const wgsl__predeclared *space = enumerant(e->list, WGSL__WHAT_SPACE);
  wgsl__expr *access_argument = e->list->next->next;
  const wgsl__predeclared *access = access_argument ? enumerant(access_argument, WGSL__WHAT_ACCESS) : NULL;
  if (wgsl__is_unresolved(e->list) || (access_argument && wgsl__is_unresolved(access_argument))) return NULL;
  if (!space) {
    wgsl__error(m, e->list->range, "address-space", "the first argument of 'ptr' must be an address space");
    return NULL;
  }
  if (access_argument && !access) {
    wgsl__error(m, access_argument->range, "access-mode", "the third argument of 'ptr' must be an access mode");
    return NULL;
  }
  if (access && space->n != WGSL__SPACE_STORAGE) {
    wgsl__error(m, access_argument->range, "access-mode", "only pointers into storage take an access mode");
    return NULL;
  }
  const wgsl__type *store = wgsl__type_of_expr(m, e->list->next);
  if (!store) return NULL;
  bool writable =
      space->n == WGSL__SPACE_FUNCTION || space->n == WGSL__SPACE_PRIVATE || space->n == WGSL__SPACE_WORKGROUP;
  if (space->n == WGSL__SPACE_HANDLE || !pointer_store(m, e->list->next, store, (wgsl__space)space->n)) return NULL;
  unsigned bits = access ? access->n : WGSL__ACCESS_READ | (writable ? WGSL__ACCESS_WRITE : 0);
  if (store->flags & WGSL__TYPE_HAS_ATOMIC && !(bits & WGSL__ACCESS_WRITE)) {
    wgsl__hint(m,
               wgsl__error(m, e->list->next->range, "store-type",
                           "a pointer to atomics needs the access mode read_write"),
               "write 'ptr<storage, %s, read_write>'", wgsl__type_name(store));
    return NULL;
  }
  return wgsl__type_pointer(m, (wgsl__space)space->n, store, bits);
}

static const wgsl__type *texture(wgsl_module *m, wgsl__expr *e, const wgsl__predeclared *row) {
  if (!check_count(m, e, row->n, row->n)) return NULL;
  const char *name = row->name;
  unsigned access_bits = 0;
  if (row->n == 1) {
    const wgsl__type *sampled = scalar_argument(m, e, e->list, false);
    if (!sampled) return NULL;
    name = wgsl__format(m, "%s<%s>", row->name, sampled->host.name);
  } else if (row->n == 2) {
    const wgsl__predeclared *format = enumerant(e->list, WGSL__WHAT_FORMAT);
    const wgsl__predeclared *access = enumerant(e->list->next, WGSL__WHAT_ACCESS);
    if (!format && !wgsl__is_unresolved(e->list))
      wgsl__error(m, e->list->range, "texel-format", "the first argument of '%s' must be a texel format", row->name);
    if (!access && !wgsl__is_unresolved(e->list->next))
      wgsl__error(m, e->list->next->range, "access-mode", "the second argument of '%s' must be an access mode",
                  row->name);
    if (!format || !access) return NULL;
    name = wgsl__format(m, "%s<%s, %s>", row->name, format->name, access->name);
    access_bits = access->n;
  }
  bool fresh;
  wgsl__type *t = intern(m, name, &fresh);
  if (!fresh) return t;
  if (row->n == 1) t->inner = e->list->type;
  if (row->n == 2) {
    const char *format = e->list->name->text;
    t->inner = m->basic[strstr(format, "uint")   ? WGSL__BASE_U32
                        : strstr(format, "sint") ? WGSL__BASE_I32
                                                 : WGSL__BASE_F32];
  }
  t->base = row->what == WGSL__WHAT_SAMPLER ? WGSL__BASE_SAMPLER : WGSL__BASE_TEXTURE;
  t->access = access_bits;
  t->host.kind = row->what == WGSL__WHAT_SAMPLER ? WGSL_KIND_SAMPLER : WGSL_KIND_TEXTURE;
  return t;
}

static const wgsl__type *predeclared_type(wgsl_module *m, wgsl__expr *e, const wgsl__predeclared *row) {
  switch (row->what) {
    case WGSL__WHAT_SCALAR:
      return check_count(m, e, 0, 0) ? wgsl__type_scalar(m, row->scalar) : NULL;
    case WGSL__WHAT_VECTOR:
    case WGSL__WHAT_MATRIX:
      return vector_or_matrix(m, e, row);
    case WGSL__WHAT_ARRAY:
      return array(m, e);
    case WGSL__WHAT_ATOMIC:
      return atomic(m, e);
    case WGSL__WHAT_POINTER:
      return pointer(m, e);
    case WGSL__WHAT_BUFFER:
      return buffer(m, e);
    case WGSL__WHAT_SAMPLER:
    case WGSL__WHAT_TEXTURE:
      return texture(m, e, row);
    default:
      wgsl__error(m, e->range, "not-a-type", "'%s' is not a type", row->name);
      return NULL;
  }
}

const wgsl__type *wgsl__type_of_expr(wgsl_module *m, wgsl__expr *e) {
  while (e->kind == WGSL__EXPR_PAREN) e = e->left;
  if (e->kind != WGSL__EXPR_IDENT) {
    if (e->kind != WGSL__EXPR_BAD) wgsl__error(m, e->range, "not-a-type", "this expression is not a type");
    return NULL;
  }
  if (e->type) return e->type;
  const wgsl__decl *d = e->decl;
  if (!d) {
    if (e->name->predeclared) e->type = predeclared_type(m, e, e->name->predeclared);
    return e->type;
  }
  if (d->kind != WGSL__DECL_STRUCT && d->kind != WGSL__DECL_ALIAS) {
    wgsl_diagnostic *diagnostic = wgsl__error(m, e->range, "not-a-type", "'%s' is not a type", e->name->text);
    wgsl__note(m, diagnostic, d->name_range, "'%s' is declared here", e->name->text);
    return NULL;
  }
  if (e->has_list) {
    wgsl__error(m, e->range, "template-arguments", "'%s' takes no template arguments", e->name->text);
    return NULL;
  }
  return e->type = d->type;
}
