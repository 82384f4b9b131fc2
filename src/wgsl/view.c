/* Buffer views (WGSL 17.14): pointers that look at the bytes of a `buffer` as at another type. */
#include "wgsl/module.h"

#include "base/checked.h"

/* MinTypeSize and ArrayOffset: what must be there, and where the runtime-sized array begins. */
static uint32_t array_offset(const wgsl__type *t) {
  return t->base == WGSL__BASE_STRUCT && t->flags & WGSL__TYPE_RUNTIME_SIZED
             ? t->host.members[t->host.n_members - 1].offset
             : 0;
}

static uint32_t array_stride(const wgsl__type *t) {
  return t->base == WGSL__BASE_STRUCT ? t->host.members[t->host.n_members - 1].type->stride : t->host.stride;
}

static uint32_t least_size(const wgsl__type *t) {
  return t->flags & WGSL__TYPE_RUNTIME_SIZED ? array_offset(t) + array_stride(t) : t->host.size;
}

static bool is_known_integer(const wgsl__expr *a) { return a->known && a->value.type; }

/* A byte count among the arguments: i32 or u32, not negative where that is known. */
static bool check_bytes(wgsl_module *m, wgsl__expr *a, const char *what) {
  const wgsl__type *t = a->type;
  if (t->base == WGSL__BASE_ABSTRACT_INT) t = m->basic[WGSL__BASE_I32];
  if (t->base != WGSL__BASE_I32 && t->base != WGSL__BASE_U32) {
    wgsl__error(m, a->range, "wrong-type", "%s must be i32 or u32, not '%s'", what, wgsl__type_name(t));
    return false;
  }
  if (!wgsl__check_converts(m, a, t, what)) return false;
  if (!is_known_integer(a) || a->value.i >= 0) return true;
  wgsl__error(m, a->range, "value-range", "%s is %lld, it cannot be negative", what, (long long)a->value.i);
  return false;
}

/* What a view may look like. */
static bool check_viewed(wgsl_module *m, const wgsl__expr *e, const wgsl__type *t, const wgsl__builtin *b) {
  const char *why = NULL;
  if (t->base == WGSL__BASE_BUFFER || !(t->flags & WGSL__TYPE_HOST_SHAREABLE))
    why = "is not host-shareable";
  else if (t->flags & WGSL__TYPE_HAS_ATOMIC)
    why = "has atomics";
  else if (b->flags & WGSL__BUILTIN_SIZED_VIEW && !(t->flags & WGSL__TYPE_RUNTIME_SIZED))
    why = "has no runtime-sized array";
  if (why)
    wgsl__error(m, e->range, "view-type", "'%s' cannot view a buffer as '%s': it %s", b->head.name, wgsl__type_name(t),
                why);
  return !why;
}

static bool check_places(wgsl_module *m, const wgsl__expr *x, const wgsl__type *t, const wgsl__type *buffer) {
  const wgsl__expr *offset = x->list->next, *size = offset->next;
  uint32_t align = t->host.align ? t->host.align : 1;
  int64_t at = is_known_integer(offset) ? offset->value.i : 0;
  if (at % align) {
    wgsl__error(m, offset->range, "value-range",
                "the offset is %lld, it must be a multiple of %u, the alignment of '%s'", (long long)at,
                (unsigned)align, wgsl__type_name(t));
    return false;
  }
  int64_t needed = size && is_known_integer(size) ? size->value.i : least_size(t);
  if (needed < least_size(t) || (size && is_known_integer(size) && (needed - array_offset(t)) % array_stride(t))) {
    wgsl__error(m, size->range, "value-range", "the size is %lld, a '%s' has %u bytes and any number of times %u more",
                (long long)needed, wgsl__type_name(t), (unsigned)least_size(t), (unsigned)array_stride(t));
    return false;
  }
  bool fixed = buffer->host.size && !(buffer->flags & WGSL__TYPE_OVERRIDE_SIZED);
  if (fixed && at + needed > buffer->host.size) {
    wgsl__error(m, x->range, "value-range", "the view ends at byte %lld of a buffer of %u bytes",
                (long long)(at + needed), (unsigned)buffer->host.size);
    return false;
  }
  return true;
}

static bool is_buffer_pointer(const wgsl__expr *a) {
  return a && a->type->base == WGSL__BASE_POINTER && a->type->inner->base == WGSL__BASE_BUFFER;
}

void wgsl__check_view(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *b) {
  uint32_t n = 0, wanted = !(b->flags & WGSL__BUILTIN_TEMPLATE) ? 1 : b->flags & WGSL__BUILTIN_SIZED_VIEW ? 3 : 2;
  for (const wgsl__expr *a = x->list; a; a = a->next) n++;
  if (x->bad) return;
  x->bad = true;
  if (n != wanted) {
    wgsl__error(m, x->range, "argument-count", "'%s' takes %u argument%s, here it has %u", b->head.name, wanted,
                wanted == 1 ? "" : "s", n);
    return;
  }
  const wgsl__type *pointer = x->list->type;
  if (!is_buffer_pointer(x->list)) {
    wgsl__error(m, x->list->range, "no-overload", "'%s' takes a pointer to a buffer, not '%s'", b->head.name,
                wgsl__type_name(pointer));
    return;
  }
  if (wanted == 1) {
    x->type = m->basic[WGSL__BASE_U32];
    x->bad = false;
    return;
  }
  if (!x->left->list || x->left->list->next) {
    wgsl__hint(m, wgsl__error(m, x->left->range, "template-arguments", "'%s' takes one type", b->head.name),
               "write '%s<array<u32>>(…)'", b->head.name);
    return;
  }
  const wgsl__type *t = wgsl__type_of_expr(m, x->left->list);
  wgsl__expr *offset = x->list->next;
  if (!t || !check_viewed(m, x->left->list, t, b) || !check_bytes(m, offset, "the offset") ||
      (offset->next && !check_bytes(m, offset->next, "the size")) || !check_places(m, x, t, pointer->inner))
    return;
  x->type = wgsl__type_pointer(m, pointer->space, t, pointer->access);
  x->bad = false;
}
