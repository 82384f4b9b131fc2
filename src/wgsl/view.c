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

void wgsl__note_view(const wgsl__expr *pointer, uint32_t n_bytes) {
  wgsl__decl *root = wgsl__root_of(pointer);
  if (root && root->view_bytes < n_bytes) root->view_bytes = n_bytes;
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

/* The bytes of a fixed buffer; 0: not known here. */
static int64_t buffer_size(wgsl__evaluation *e, const wgsl__type *buffer) {
  wgsl__value n;
  if (!(buffer->flags & WGSL__TYPE_OVERRIDE_SIZED)) return buffer->host.size;
  return wgsl__value_of(e, buffer->count, &n) && n.i > 0 ? n.i : 0;
}

/* Where the view lies, as far as that is known: now, or once the overrides have values. */
bool wgsl__test_view(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known) {
  const wgsl__expr *offset = x->list->next, *size = offset->next;
  const wgsl__type *t = x->type->inner;
  uint32_t align = t->host.align ? t->host.align : 1;
  int64_t at = known[1] ? args[1].i : 0, least = least_size(t), needed = size && known[2] ? args[2].i : least;
  if (at < 0) {
    wgsl__evaluation_fail(e, offset->range, "value-range", "the offset is %lld, it cannot be negative", (long long)at);
    return false;
  }
  if (at % align) {
    wgsl__evaluation_fail(e, offset->range, "value-range",
                          "the offset is %lld, it must be a multiple of %u, the alignment of '%s'", (long long)at,
                          (unsigned)align, wgsl__type_name(t));
    return false;
  }
  if (needed < least || (needed - array_offset(t)) % (size ? array_stride(t) : 1)) {
    wgsl__evaluation_fail(e, size->range, "value-range",
                          "the size is %lld, a '%s' has %u bytes and any number of times %u more", (long long)needed,
                          wgsl__type_name(t), (unsigned)least, (unsigned)array_stride(t));
    return false;
  }
  int64_t n_bytes = buffer_size(e, x->list->type->inner);
  if (n_bytes && at + needed > n_bytes) {
    wgsl__evaluation_fail(e, x->range, "value-range", "the view ends at byte %lld of a buffer of %lld bytes",
                          (long long)(at + needed), (long long)n_bytes);
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
      (offset->next && !check_bytes(m, offset->next, "the size")))
    return;
  x->type = wgsl__type_pointer(m, pointer->space, t, pointer->access);
  x->bad = false;
  wgsl__note_view(x->list, least_size(t));
  if (pointer->space == WGSL__SPACE_UNIFORM)
    wgsl__layout_uniform_check(m, wgsl__root_of(x->list), t, x->left->list->range);
  if (pointer->inner->flags & WGSL__TYPE_OVERRIDE_SIZED && m->function && !m->dead)
    wgsl__check_keep(m, m->function, x);
}
