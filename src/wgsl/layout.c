/* Where structure members lie (WGSL 14.4), and what the uniform address space asks on top. */
#include "base/checked.h"
#include "wgsl/module.h"

/* The argument of @align or @size: a positive const-expression. 0: none there, or reported. */
static uint32_t attribute_value(wgsl_module *m, const wgsl__attribute *a, const char *name) {
  uint32_t value = 0;
  if (a) wgsl__const_argument(m, a, name, 1, INT32_MAX, &value);
  return value;
}

/* What a structure may hold (WGSL 6.2.10). False: reported. */
static bool check_member(wgsl_module *m, const wgsl__decl *member, const wgsl__type *t) {
  const wgsl__expr *e = member->type_expr;
  const char *why = NULL;
  if (!(t->flags & WGSL__TYPE_PLAIN))
    why = "";
  else if (t->flags & WGSL__TYPE_OVERRIDE_SIZED)
    why = ", whose size depends on an override";
  else if (t->flags & WGSL__TYPE_RUNTIME_SIZED && t->base == WGSL__BASE_STRUCT)
    why = ", which ends in a runtime-sized array";
  if (why) {
    wgsl__error(m, e->range, "member-type", "a structure cannot have a member of type '%s'%s", wgsl__type_name(t), why);
    return false;
  }
  if (t->flags & WGSL__TYPE_RUNTIME_SIZED && member->next) {
    wgsl__error(m, e->range, "member-type", "a runtime-sized array can only be the last member of a structure");
    return false;
  }
  if (t->depth < WGSL__MAX_TYPE_DEPTH) return true;
  wgsl__error(m, e->range, "nesting-depth", "this type nests more than %d levels deep", WGSL__MAX_TYPE_DEPTH);
  return false;
}

/* Size and alignment of one member after its attributes. */
static void member_measure(wgsl_module *m, const wgsl__decl *d, const wgsl__type *t, uint32_t *size, uint32_t *align) {
  const wgsl__attribute *at_align = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_align);
  const wgsl__attribute *at_size = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_size);
  uint32_t wanted_align = attribute_value(m, at_align, "align"), wanted_size = attribute_value(m, at_size, "size");
  *size = t->host.size;
  *align = t->host.align ? t->host.align : 1;
  if (wanted_align && (wanted_align & (wanted_align - 1)))
    wgsl__error(m, at_align->arguments->range, "attribute-value",
                "the argument of @align must be a power of two, here it is %u", wanted_align);
  else if (wanted_align && wanted_align % *align)
    wgsl__error(m, at_align->arguments->range, "attribute-value", "@align(%u) is less than the alignment of '%s', %u",
                wanted_align, wgsl__type_name(t), *align);
  else if (wanted_align)
    *align = wanted_align;
  if (!wanted_size) return;
  if (t->flags & WGSL__TYPE_RUNTIME_SIZED)
    wgsl__error(m, at_size->range, "attribute-value", "@size cannot be on a runtime-sized array");
  else if (wanted_size < *size)
    wgsl__error(m, at_size->arguments->range, "attribute-value", "@size(%u) is less than the size of '%s', %u",
                wanted_size, wgsl__type_name(t), *size);
  else
    *size = wanted_size;
}

void wgsl__layout_struct(wgsl_module *m, wgsl__decl *decl) {
  enum { MAX_MEMBERS = 16383 }; /* WGSL asks for 1023 */
  if (decl->n_children > MAX_MEMBERS) {
    wgsl__error(m, decl->name_range, "member-count", "'%s' has %u members, more than %d", decl->name->text,
                decl->n_children, MAX_MEMBERS);
    return;
  }
  wgsl__type *t = wgsl__new(m, sizeof *t);
  wgsl_member *members = wgsl__array(m, decl->n_children, sizeof *members);
  if (!members) return;
  uint64_t offset = 0;
  uint32_t largest = 1, n = 0;
  bool complete = true;
  unsigned every = WGSL__TYPE_HOST_SHAREABLE | WGSL__TYPE_CONSTRUCTIBLE | WGSL__TYPE_PLAIN | WGSL__TYPE_FIXED;
  unsigned some = 0;
  for (wgsl__decl *d = decl->children; d; d = d->next) {
    const wgsl__type *type = wgsl__type_of_expr(m, d->type_expr);
    d->type = type;
    if (!type || !check_member(m, d, type)) {
      complete = false;
      continue;
    }
    uint32_t size, align;
    member_measure(m, d, type, &size, &align);
    offset = weft__round_up(offset, align);
    members[n++] = (wgsl_member){.name = d->name->text, .type = &type->host, .offset = (uint32_t)offset, .size = size};
    offset += size;
    if (offset > UINT32_MAX) {
      wgsl__error(m, d->name_range, "type-size", "'%s' takes more than 4294967295 bytes", decl->name->text);
      return;
    }
    if (align > largest) largest = align;
    if (type->depth >= t->depth) t->depth = type->depth + 1;
    every &= type->flags;
    some |= type->flags;
  }
  offset = weft__round_up(offset, largest);
  if (offset > UINT32_MAX) {
    wgsl__error(m, decl->name_range, "type-size", "'%s' takes more than 4294967295 bytes", decl->name->text);
    return;
  }
  if (!complete) return;
  t->base = WGSL__BASE_STRUCT;
  t->decl = decl;
  t->flags = every | (some & (WGSL__TYPE_RUNTIME_SIZED | WGSL__TYPE_HAS_ATOMIC | WGSL__TYPE_HAS_ARRAY));
  t->host = (wgsl_type){.kind = WGSL_KIND_STRUCT,
                        .size = (uint32_t)offset,
                        .align = largest,
                        .members = members,
                        .n_members = n,
                        .name = decl->name->text};
  decl->type = t;
  wgsl__check_io_members(m, decl);
}

/* ---- uniform ----------------------------------------------------------------------------------------------------- */

static void tell(wgsl_module *m, const wgsl__decl *var, wgsl__range range, const char *text) {
  wgsl_diagnostic *d = wgsl__warning(m, range, "uniform-layout", "%s", text);
  wgsl__hint(m, d,
             "devices without the language feature uniform_buffer_standard_layout reject this; "
             "where all have it, write 'requires uniform_buffer_standard_layout;'");
  wgsl__note(m, d, var->name_range, "'%s' is in the uniform address space", var->name->text);
}

/* RequiredAlignOf for `uniform` (WGSL 14.4.4). */
static uint32_t required_align(const wgsl__type *t) {
  bool composite = t->base == WGSL__BASE_ARRAY || t->base == WGSL__BASE_STRUCT;
  return composite && t->host.align < 16 ? 16 : t->host.align;
}

/* False: something was told. Types that are fine are marked, so that shared ones are walked once. */
static bool check_uniform(wgsl_module *m, const wgsl__decl *var, const wgsl__type *t, wgsl__range range) {
  if (t->uniform_ok) return true;
  if (t->base == WGSL__BASE_ARRAY) {
    if (!check_uniform(m, var, t->inner, range)) return false;
    if (t->host.stride % 16) {
      tell(m, var, range,
           wgsl__format(m, "the elements of '%s' lie %u bytes apart, which is no multiple of 16", wgsl__type_name(t),
                        t->host.stride));
      return false;
    }
  }
  uint32_t i = 0;
  for (const wgsl__decl *d = t->base == WGSL__BASE_STRUCT ? t->decl->children : NULL; d; d = d->next, i++) {
    const wgsl_member *member = &t->host.members[i];
    uint32_t align = required_align(d->type);
    if (!check_uniform(m, var, d->type, d->name_range)) return false;
    if (member->offset % align) {
      tell(m, var, d->name_range,
           wgsl__format(m, "the member '%s' of '%s' lies at offset %u, which is no multiple of %u", member->name,
                        wgsl__type_name(t), member->offset, align));
      return false;
    }
    uint64_t end = member->offset + weft__round_up(d->type->host.size, 16);
    if (d->type->base == WGSL__BASE_STRUCT && d->next && member[1].offset < end) {
      tell(m, var, d->next->name_range,
           wgsl__format(m, "the member '%s' of '%s' lies at offset %u, before the end of '%s' rounded up to 16, %u",
                        member[1].name, wgsl__type_name(t), member[1].offset, member->name, (unsigned)end));
      return false;
    }
  }
  ((wgsl__type *)t)->uniform_ok = true; /* made by us, const for those who read it */
  return true;
}

void wgsl__layout_uniform_check(wgsl_module *m, const wgsl__decl *var, const wgsl__type *t, wgsl__range range) {
  if (var && t && !m->standard_uniform_layout) check_uniform(m, var, t, range);
}
