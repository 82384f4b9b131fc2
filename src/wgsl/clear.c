/* Workgroup memory that the shader itself makes zero, as WGSL (14.3) has it, for devices that leave in it what was there.
 * What is written in stands in brackets:
 *
 *   @compute @workgroup_size(64) fn main(@builtin(workgroup_id) g: vec3u[, @builtin(local_invocation_index) weft0: u32]) {[ weft0_main(weft0);]
 *     …
 *   }
 *   [fn weft0_main(weft0: u32) {
 *     for (var weft0_1 = weft0; weft0_1 < 256u; weft0_1 += u32(64)) { own[weft0_1] = vec4f(); }
 *     if (weft0 == 0u) { flag = u32(); atomicStore(&counter, 0u); }
 *     workgroupBarrier();
 *   }]
 *
 * Invocations share the elements of an array among them. Types and counts are the source's own words, so that they mean
 * what they mean there; at module scope nothing of a function hides them. `weft0` is a name that the source does not hold. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "wgsl/module.h"

typedef struct clearing {
  const wgsl_module *m;
  weft__text out, helpers;
  wgsl_insertion *insertions;
  uint32_t n_insertions, capacity;
  uint32_t copied, line, column; /* bytes of the source, and the place behind them */
  char name[24];                 /* the start of all names that are written in */
  bool failed;                   /* memory ended */
} clearing;

/* The predeclared names that are written in. */
static const char *const needed[] = {"u32", "workgroupBarrier", "atomicStore"};

static const char *obstacle(const wgsl_module *m, const char *helpers) {
  for (const wgsl__decl *d = m->decls; d; d = d->next)
    for (size_t i = 0; d->name && i < sizeof needed / sizeof *needed; i++)
      if (!strcmp(d->name->text, needed[i]) && strstr(helpers, needed[i])) return needed[i];
  return NULL;
}

static void choose_name(clearing *x) {
  unsigned n = 0;
  do snprintf(x->name, sizeof x->name, "weft%u", n++);
  while (strstr(x->m->source, x->name));
}

static void add_source(weft__text *t, const wgsl_module *m, wgsl__range range) {
  weft__text_add(t, m->source + range.offset, range.n_bytes);
}

static void insert(clearing *x, uint32_t offset, const char *text) {
  if (!weft__grow(&x->insertions, &x->capacity, x->n_insertions + 1, sizeof *x->insertions)) {
    x->failed = true;
    return;
  }
  weft__text_add(&x->out, x->m->source + x->copied, offset - x->copied);
  for (; x->copied < offset; x->copied++) {
    unsigned char c = (unsigned char)x->m->source[x->copied];
    if (c == '\n') x->line++, x->column = 1;
    else if ((c & 0xC0) != 0x80) x->column++;
  }
  weft__text_add(&x->out, text, strlen(text));
  wgsl_insertion *each = &x->insertions[x->n_insertions++];
  *each = (wgsl_insertion){x->line, x->column, 0};
  for (; *text; text++) each->n += ((unsigned char)*text & 0xC0) != 0x80;
}

/* ---- the helper of one entry point ------------------------------------------------------------------------------- */

/* What a name of a type stands for. */
static const wgsl__expr *meaning(const wgsl__expr *type) {
  for (;;) {
    if (type->kind == WGSL__EXPR_PAREN) type = type->left;
    else if (type->decl && type->decl->kind == WGSL__DECL_ALIAS) type = type->decl->type_expr;
    else return type;
  }
}

static void add_count(clearing *x, const wgsl__type *array) {
  weft__text *t = &x->helpers;
  if (!array->count) {
    weft__text_format(t, "%uu", array->host.count);
    return;
  }
  weft__text_add(t, "u32(", 4);
  add_source(t, x->m, array->count->range);
  weft__text_add(t, ")", 1);
}

/* The number of invocations in a workgroup. */
static void add_size(clearing *x, const wgsl__decl *entry) {
  const wgsl__attribute *size = wgsl__attribute_find(entry->attributes, WGSL__ATTRIBUTE_workgroup_size);
  for (const wgsl__expr *e = size->arguments; e; e = e->next) {
    weft__text_format(&x->helpers, "%su32(", e == size->arguments ? "" : " * ");
    add_source(&x->helpers, x->m, e->range);
    weft__text_add(&x->helpers, ")", 1);
  }
}

typedef enum part { PART_ALL, PART_ARRAYS, PART_OTHERS } part;

/* Makes what `path` names zero, or of a variable and its members only the arrays, or only the others. `type_expr`: how the
 * source writes its type; `depth`: of loops around it. */
static void clear(clearing *x, const char *path, const wgsl__type *type, const wgsl__expr *type_expr, uint32_t depth, part part,
                  const wgsl__decl *entry) {
  const unsigned apart = depth ? WGSL__TYPE_HAS_ATOMIC : WGSL__TYPE_HAS_ATOMIC | WGSL__TYPE_HAS_ARRAY;
  weft__text *t = &x->helpers, inner = {0};
  type_expr = meaning(type_expr);
  if (type->base == WGSL__BASE_STRUCT && type->flags & apart) {
    for (const wgsl__decl *member = type->decl->children; member; member = member->next) {
      inner.n = 0;
      weft__text_format(&inner, "%s.%s", path, member->name->text);
      if (inner.bytes) clear(x, inner.bytes, member->type, member->type_expr, depth, part, entry);
    }
  } else if (type->base == WGSL__BASE_ARRAY && type->flags & apart) {
    if (part == PART_OTHERS) return;
    uint32_t i = depth + 1;
    weft__text_format(t, "for (var %s_%u = %s; %s_%u < ", x->name, i, depth ? "0u" : x->name, x->name, i);
    add_count(x, type);
    weft__text_format(t, "; %s_%u += ", x->name, i);
    if (depth) weft__text_add(t, "1u", 2);
    else add_size(x, entry);
    weft__text_add(t, ") { ", 4);
    weft__text_format(&inner, "%s[%s_%u]", path, x->name, i);
    if (inner.bytes) clear(x, inner.bytes, type->inner, type_expr->list, i, PART_ALL, entry);
    weft__text_add(t, "} ", 2);
  } else if (part == PART_ARRAYS) {
    return;
  } else if (type->base == WGSL__BASE_ATOMIC) {
    weft__text_format(t, "atomicStore(&%s, %s); ", path, type->host.scalar == WGSL_SCALAR_U32 ? "0u" : "0i");
  } else {
    weft__text_format(t, "%s = ", path);
    add_source(t, x->m, type_expr->range);
    weft__text_add(t, "(); ", 4);
  }
  x->failed |= inner.failed;
  weft__text_free(&inner);
}

static bool is_cleared(const wgsl__decl *d) {
  return d->kind == WGSL__DECL_VAR && d->space == WGSL__SPACE_WORKGROUP && d->type->base != WGSL__BASE_BUFFER;
}

static void clear_all(clearing *x, const wgsl__reach *reach, part part, const wgsl__decl *entry) {
  for (uint32_t i = 0; i < reach->n_uses; i++) {
    const wgsl__decl *d = reach->uses[i];
    if (is_cleared(d)) clear(x, d->name->text, d->type, d->type_expr, 0, part, entry);
  }
}

static void write_helper(clearing *x, const wgsl__reach *reach, const wgsl__decl *entry) {
  weft__text *t = &x->helpers;
  weft__text_format(t, "\nfn %s_%s(%s: u32) { ", x->name, entry->name->text, x->name);
  clear_all(x, reach, PART_ARRAYS, entry);
  uint32_t before = t->n;
  weft__text_format(t, "if (%s == 0u) { ", x->name);
  uint32_t open = t->n;
  clear_all(x, reach, PART_OTHERS, entry);
  if (t->n == open) t->n = before; /* there are none */
  else weft__text_add(t, "} ", 2);
  weft__text_format(t, "workgroupBarrier(); }");
}

/* ---- the entry point --------------------------------------------------------------------------------------------- */

static bool is_lane(const wgsl__attribute *attributes) {
  const wgsl__attribute *a = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_builtin);
  return a && a->arguments && a->arguments->name && !strcmp(a->arguments->name->text, "local_invocation_index");
}

/* How the entry point calls its local_invocation_index, into `out`; false: it has none. */
static bool find_lane(const wgsl__decl *entry, weft__text *out) {
  for (const wgsl__decl *p = entry->children; p; p = p->next) {
    if (is_lane(p->attributes)) return weft__text_format(out, "%s", p->name->text), true;
    if (p->type->base != WGSL__BASE_STRUCT || !p->type->decl) continue;
    for (const wgsl__decl *member = p->type->decl->children; member; member = member->next)
      if (is_lane(member->attributes)) return weft__text_format(out, "%s.%s", p->name->text, member->name->text), true;
  }
  return false;
}

static void clear_entry(clearing *x, const wgsl__reach *reach, const wgsl__decl *entry) {
  weft__text lane = {0}, text = {0};
  if (!find_lane(entry, &lane)) {
    const wgsl__decl *last = entry->children;
    while (last && last->next) last = last->next;
    /* Behind the last parameter, where a comma may follow; else in front of the `)` that ends the header. */
    uint32_t at = last ? last->range.offset + last->range.n_bytes : entry->range.offset + entry->range.n_bytes - 1;
    weft__text_format(&lane, "%s", x->name);
    weft__text_format(&text, "%s@builtin(local_invocation_index) %s: u32", last ? ", " : "", x->name);
    if (text.bytes) insert(x, at, text.bytes);
    text.n = 0;
  }
  weft__text_format(&text, " %s_%s(%s);", x->name, entry->name->text, lane.bytes ? lane.bytes : "");
  if (text.bytes) insert(x, entry->body->range.offset + 1, text.bytes);
  x->failed |= lane.failed || text.failed;
  weft__text_free(&lane);
  weft__text_free(&text);
  write_helper(x, reach, entry);
}

bool wgsl_module_cleared(const wgsl_module *m, wgsl_cleared *out) {
  clearing x = {.m = m, .line = 1, .column = 1};
  wgsl__reach reach;
  *out = (wgsl_cleared){0};
  x.failed = !wgsl__reach_init(&reach, m->n_decls);
  choose_name(&x);
  for (uint32_t i = 0; i < m->reflection.n_entries && !x.failed; i++) {
    bool any = false;
    if (m->reflection.entries[i].stage != WGSL_STAGE_COMPUTE) continue;
    wgsl__reach_from(&reach, m->entry_decls[i], i + 1);
    for (uint32_t k = 0; k < reach.n_uses && !any; k++) any = is_cleared(reach.uses[k]);
    if (any) clear_entry(&x, &reach, m->entry_decls[i]);
  }
  wgsl__reach_free(&reach);
  if (x.n_insertions) {
    weft__text_add(&x.out, m->source + x.copied, m->n_source - x.copied);
    if (x.helpers.bytes) weft__text_add(&x.out, x.helpers.bytes, x.helpers.n);
  }
  x.failed |= x.out.failed || x.helpers.failed;
  const char *in_the_way = x.helpers.bytes ? obstacle(m, x.helpers.bytes) : NULL;
  weft__text_free(&x.helpers);
  if (!x.failed && x.n_insertions) {
    *out = (wgsl_cleared){x.out.bytes, x.out.n, x.insertions, x.n_insertions, in_the_way};
    return true;
  }
  weft__text_free(&x.out);
  weft__free(x.insertions);
  return !x.failed;
}

void wgsl_cleared_free(wgsl_cleared *cleared) {
  weft__free(cleared->source);
  weft__free(cleared->insertions);
  *cleared = (wgsl_cleared){0};
}
