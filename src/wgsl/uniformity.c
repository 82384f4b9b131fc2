/* Uniformity analysis (WGSL 15.2): barriers, derivatives and subgroup functions need uniform control flow, some of
 * their arguments uniform values. For each function, called ones first, a graph whose edges mean "is uniform only if":
 *
 *   REQUIRED -> control flow at a barrier -> value of a condition -> NONUNIFORM      a path: the rule is broken
 *   REQUIRED -> … -> START, PARAM(i)      then the callers must see to it: kept in the function's `uniform` record
 *
 * Nothing is done in modules that call no such builtin. The work is bounded: beyond the budget nothing is told. */
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

enum { NONUNIFORM, START, RETURN_VALUE, FIRST_PARAM };
enum { MAX_WORK = 1 << 25 };
enum { DERIVATIVE_RULE, SUBGROUP_RULE };
enum { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO, SEVERITY_OFF };

typedef struct edge {
  uint32_t to, next; /* next: index + 1 among the edges */
} edge;

typedef struct node {
  uint32_t edges; /* index + 1 of the first */
  uint32_t visited;
  const wgsl__expr *expr; /* what makes it differ, for the note */
} node;

typedef struct trigger {
  uint32_t node;
  unsigned severity;
  const wgsl__expr *call;
  const char *what;
} trigger;

/* What callers must know; requirements are severities, SEVERITY_OFF: none. */
typedef struct wgsl__uniform {
  uint8_t site, *value, *contents; /* requirements on control flow, on parameters, on what they point at */
  const wgsl__expr *why;           /* the builtin call that a requirement comes from, NULL: none */
  bool varies;                     /* the result may differ */
  bool *returns;                   /* 2 a parameter: whether value and contents reach the result */
  bool *stores;                    /* a row of 2 n + 2 a pointer parameter: what its contents afterwards depend on */
} uniform;

typedef struct analysis {
  wgsl_module *m;
  const wgsl__decl *function;
  uint32_t n_params;
  node *nodes;
  edge *edges;
  trigger *triggers;
  uint32_t *values, *stack; /* values: current node of each variable */
  uint32_t n_nodes, nodes_capacity, n_edges, edges_capacity, n_triggers, triggers_capacity;
  uint32_t n_values, values_capacity, stack_capacity;
  uint32_t visit;
  uint8_t severity[2];
  bool subgroup_scope;
  int64_t work;
  weft__arena arena; /* of one function */
} analysis;

/* Where `break` and `continue` lead. */
typedef struct target {
  uint32_t *leave, *again; /* nodes of the variables; again NULL in a switch */
  uint32_t n;
  struct target *outer;
} target;

static bool stopped(const analysis *a) { return a->work <= 0 || a->m->out_of_memory; }

static uint32_t make(analysis *a) {
  a->work--;
  if (!weft__grow(&a->nodes, &a->nodes_capacity, a->n_nodes + 1, sizeof *a->nodes)) {
    a->m->out_of_memory = true;
    return START;
  }
  a->nodes[a->n_nodes] = (node){0};
  return a->n_nodes++;
}

static void link(analysis *a, uint32_t from, uint32_t to) {
  if (from == to || stopped(a)) return;
  if (!weft__grow(&a->edges, &a->edges_capacity, a->n_edges + 1, sizeof *a->edges)) {
    a->m->out_of_memory = true;
    return;
  }
  a->work--;
  a->edges[a->n_edges] = (edge){to, a->nodes[from].edges};
  a->nodes[from].edges = ++a->n_edges;
}

static uint32_t make_linked(analysis *a, uint32_t one, uint32_t two) {
  uint32_t n = make(a);
  link(a, n, one);
  if (two != one) link(a, n, two);
  return n;
}

/* A node that may differ between invocations, because of x. */
static uint32_t varying(analysis *a, const wgsl__expr *x) {
  uint32_t n = make(a);
  if (n < a->n_nodes) a->nodes[n].expr = x;
  link(a, n, NONUNIFORM);
  return n;
}

static void require(analysis *a, uint32_t n, unsigned severity, const wgsl__expr *call, const char *what) {
  if (severity == SEVERITY_OFF) return;
  if (!weft__grow(&a->triggers, &a->triggers_capacity, a->n_triggers + 1, sizeof *a->triggers)) {
    a->m->out_of_memory = true;
    return;
  }
  a->triggers[a->n_triggers++] = (trigger){n, severity, call, what};
}

static uint32_t *copy_values(analysis *a) {
  uint32_t *copy = weft__arena_alloc(&a->arena, (a->n_values + 1) * sizeof *copy);
  a->work -= a->n_values;
  if (!copy) {
    a->m->out_of_memory = true;
    return NULL;
  }
  if (a->n_values) memcpy(copy, a->values, a->n_values * sizeof *copy);
  return copy;
}

static uint32_t *new_values(analysis *a) {
  uint32_t *nodes = copy_values(a);
  for (uint32_t i = 0; nodes && i < a->n_values && !stopped(a); i++) nodes[i] = make(a);
  return nodes;
}

static void link_values(analysis *a, const uint32_t *from, const uint32_t *to, uint32_t n) {
  for (uint32_t i = 0; from && to && i < n && !stopped(a); i++) link(a, from[i], to[i]);
}

static void set_values(analysis *a, const uint32_t *from, uint32_t n) {
  a->work -= n;
  if (from && n) memcpy(a->values, from, n * sizeof *from);
  a->n_values = n;
}

static void add_variable(analysis *a, wgsl__decl *d, uint32_t n) {
  if (!weft__grow(&a->values, &a->values_capacity, a->n_values + 1, sizeof *a->values)) {
    a->m->out_of_memory = true;
    return;
  }
  d->number = a->n_values;
  a->values[a->n_values++] = n;
}

/* ---- expressions ------------------------------------------------------------------------------------------------- */

static uint32_t value(analysis *a, uint32_t cf, const wgsl__expr *x);

static bool is_pointer(const wgsl__expr *x) { return x->type && x->type->base == WGSL__BASE_POINTER && !x->space; }

/* A swizzle that assigns every component of its vector, each once as all swizzles do. */
static bool is_full_swizzle(const wgsl__expr *x) {
  const wgsl__type *t = x->left->type;
  if (!x->swizzle || !t) return false;
  return x->name->n_bytes == (t->base == WGSL__BASE_POINTER ? t->inner : t)->host.rows;
}

/* The variable or parameter a view comes from; *full: it is the whole of it. */
static wgsl__decl *root_of(const wgsl__expr *x, bool *full) {
  *full = true;
  while (x->kind != WGSL__EXPR_IDENT) {
    const wgsl__expr *pointer = wgsl__viewed(x);
    if (!pointer && (x->kind == WGSL__EXPR_CALL || x->kind == WGSL__EXPR_BINARY)) return NULL;
    if (pointer || x->kind == WGSL__EXPR_INDEX || (x->kind == WGSL__EXPR_MEMBER && !is_full_swizzle(x))) *full = false;
    x = pointer ? pointer : x->left;
    if (!x) return NULL;
  }
  wgsl__decl *d = x->decl;
  if (d && d->kind == WGSL__DECL_LET && d->type && d->type->base == WGSL__BASE_POINTER) {
    if (d->partial) *full = false;
    return d->root;
  }
  return d;
}

/* Whether the value of the variable or function-space parameter is followed. */
static bool is_tracked(const wgsl__decl *d) {
  if (!d || !d->local) return false;
  if (d->kind == WGSL__DECL_VAR) return true;
  return d->kind == WGSL__DECL_PARAM && d->type && d->type->base == WGSL__BASE_POINTER &&
         d->type->space == WGSL__SPACE_FUNCTION;
}

static uint32_t slot_of(const wgsl__decl *d) { return d->kind == WGSL__DECL_PARAM ? d->slot : d->number; }

/* The uniformity of which memory a view means: its indices, and what a `let` captured. */
static uint32_t view(analysis *a, uint32_t cf, const wgsl__expr *x) {
  uint32_t n = cf;
  for (; x; x = x->left) {
    if (x->kind == WGSL__EXPR_INDEX) n = make_linked(a, n, value(a, cf, x->right));
    if (x->kind == WGSL__EXPR_CALL || x->kind == WGSL__EXPR_BINARY) return make_linked(a, n, value(a, cf, x));
    if (x->kind != WGSL__EXPR_IDENT) continue;
    const wgsl__decl *d = x->decl;
    if (d && d->kind == WGSL__DECL_LET) n = make_linked(a, n, d->number);
    if (d && d->kind == WGSL__DECL_PARAM && d->type && d->type->base == WGSL__BASE_POINTER)
      n = make_linked(a, n, FIRST_PARAM + 2 * d->number);
  }
  return n;
}

static bool uniform_builtin(const analysis *a, const wgsl__attribute *attributes) {
  static const char *const names[] = {"workgroup_id",    "num_workgroups", "num_subgroups",
                                      "workgroup_index", "subgroup_size",  "subgroup_id"};
  const wgsl__attribute *b = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_builtin);
  if (!b || !b->arguments || b->arguments->kind != WGSL__EXPR_IDENT) return false;
  const char *name = b->arguments->name->text;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0)
      return (i < 4 || (i == 4 && a->function->stage == WGSL_STAGE_COMPUTE) || (i == 5 && a->subgroup_scope));
  return false;
}

static bool uniform_input(const analysis *a, const wgsl__decl *p) {
  if (!p->type || p->type->base != WGSL__BASE_STRUCT || !p->type->decl) return uniform_builtin(a, p->attributes);
  for (const wgsl__decl *d = p->type->decl->children; d; d = d->next)
    if (!uniform_builtin(a, d->attributes)) return false;
  return true;
}

static uint32_t identifier(analysis *a, uint32_t cf, const wgsl__expr *x) {
  const wgsl__decl *d = x->decl;
  if (!d) return cf;
  if (d->kind == WGSL__DECL_LET) return make_linked(a, cf, d->number);
  if (d->kind != WGSL__DECL_PARAM) return cf;
  if (a->function->stage < 0) return make_linked(a, cf, FIRST_PARAM + 2 * d->number);
  return uniform_input(a, d) ? cf : varying(a, x);
}

static uint32_t load(analysis *a, uint32_t cf, const wgsl__expr *x) {
  bool full;
  const wgsl__decl *d = root_of(x, &full);
  uint32_t n = view(a, cf, x);
  if (is_tracked(d)) return make_linked(a, n, slot_of(d) < a->n_values ? a->values[slot_of(d)] : cf);
  return x->access & WGSL__ACCESS_WRITE ? varying(a, x) : n;
}

static uint32_t call_builtin(analysis *a, uint32_t cf, const wgsl__expr *x, const uint32_t *args) {
  unsigned flags = x->builtin->flags;
  const char *name = x->builtin->head.name;
  if (a->subgroup_scope ? flags & WGSL__BUILTIN_SUBGROUP : flags & (WGSL__BUILTIN_BARRIER | WGSL__BUILTIN_DERIVATIVE)) {
    unsigned severity = flags & WGSL__BUILTIN_BARRIER    ? SEVERITY_ERROR
                        : flags & WGSL__BUILTIN_SUBGROUP ? a->severity[SUBGROUP_RULE]
                                                         : a->severity[DERIVATIVE_RULE];
    require(a, cf, severity, x, "control flow");
    if (strncmp(name, "subgroupShuffle", 15) == 0 && name[15]) require(a, args[1], severity, x, "the second argument");
    if (flags & WGSL__BUILTIN_UNIFORM) require(a, args[0], severity, x, "the pointer");
  }
  if (flags & WGSL__BUILTIN_UNIFORM) return cf;
  if (flags & WGSL__BUILTIN_SUBGROUP && a->subgroup_scope) {
    static const char *const same[] = {"subgroupAdd",
                                       "subgroupAll",
                                       "subgroupAnd",
                                       "subgroupAny",
                                       "subgroupBallot",
                                       "subgroupBroadcast",
                                       "subgroupBroadcastFirst",
                                       "subgroupMax",
                                       "subgroupMin",
                                       "subgroupMul",
                                       "subgroupOr",
                                       "subgroupXor"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
      if (strcmp(same[i], name) == 0) return cf;
  }
  if (flags & WGSL__BUILTIN_VARYING) return varying(a, x);
  if (strcmp(name, "textureLoad") == 0 && x->list && x->list->type && x->list->type->access == 3) return varying(a, x);
  uint32_t n = cf, i = 0;
  for (const wgsl__expr *y = x->list; y; y = y->next, i++) n = make_linked(a, n, args[i]);
  return n;
}

/* The node of what an argument points at, or of the argument. */
static uint32_t contents_of(analysis *a, const wgsl__expr *x, uint32_t argument) {
  bool full;
  const wgsl__decl *d = is_pointer(x) ? root_of(x, &full) : NULL;
  return is_tracked(d) && slot_of(d) < a->n_values ? a->values[slot_of(d)] : argument;
}

static uint32_t call_function(analysis *a, uint32_t cf, const wgsl__expr *x, const wgsl__decl *callee,
                              const uint32_t *args, const uint32_t *contents) {
  const uniform *u = callee->uniform;
  uint32_t n = callee->n_children, i = 0, result = make(a);
  link(a, result, cf);
  if (u->varies) link(a, result, varying(a, x));
  require(a, cf, u->site, x, "control flow");
  for (i = 0; i < n; i++) {
    require(a, args[i], u->value[i], x, "an argument");
    require(a, contents[i], u->contents[i], x, "what an argument points at");
    if (u->returns[2 * i]) link(a, result, args[i]);
    if (u->returns[2 * i + 1]) link(a, result, contents[i]);
  }
  i = 0;
  for (const wgsl__expr *y = x->list; y && i < n; y = y->next, i++) {
    bool full;
    const wgsl__decl *d = is_pointer(y) ? root_of(y, &full) : NULL;
    const bool *row = u->stores + (size_t)i * (2 * n + 2);
    if (!is_tracked(d) || slot_of(d) >= a->n_values) continue;
    uint32_t after = make(a);
    if (!full) link(a, after, contents[i]);
    if (row[2 * n]) link(a, after, cf);
    if (row[2 * n + 1]) link(a, after, varying(a, x));
    for (uint32_t k = 0; k < n && !stopped(a); k++, a->work--) {
      if (row[2 * k]) link(a, after, args[k]);
      if (row[2 * k + 1]) link(a, after, contents[k]);
    }
    a->values[slot_of(d)] = after;
  }
  return result;
}

static uint32_t call(analysis *a, uint32_t cf, const wgsl__expr *x) {
  uint32_t n = 0, i = 0, result = cf;
  for (const wgsl__expr *y = x->list; y; y = y->next) n++;
  uint32_t *args = weft__arena_alloc(&a->arena, (2 * n + 2) * sizeof *args);
  if (!args) {
    a->m->out_of_memory = true;
    return cf;
  }
  for (const wgsl__expr *y = x->list; y; y = y->next, i++) {
    args[i] = value(a, cf, y);
    args[n + i] = 0;
  }
  i = 0;
  for (const wgsl__expr *y = x->list; y; y = y->next, i++) args[n + i] = contents_of(a, y, args[i]);
  if (stopped(a)) return cf;
  if (x->builtin) return call_builtin(a, cf, x, args);
  const wgsl__decl *callee = x->left->kind == WGSL__EXPR_IDENT ? x->left->decl : NULL;
  if (callee && callee->kind == WGSL__DECL_FUNCTION)
    return callee->uniform && n == callee->n_children ? call_function(a, cf, x, callee, args, args + n) : cf;
  for (i = 0; i < n; i++) result = make_linked(a, result, args[i]);
  return result;
}

static uint32_t value(analysis *a, uint32_t cf, const wgsl__expr *x) {
  if (!x || x->phase < WGSL__PHASE_RUNTIME || stopped(a)) return cf;
  if (x->space) return load(a, cf, x);
  switch (x->kind) {
    case WGSL__EXPR_IDENT:
      return is_pointer(x) ? view(a, cf, x) : identifier(a, cf, x);
    case WGSL__EXPR_PAREN:
    case WGSL__EXPR_MEMBER:
      return value(a, cf, x->left);
    case WGSL__EXPR_UNARY:
      return x->op == WGSL__TOKEN_AND ? view(a, cf, x->left) : value(a, cf, x->left);
    case WGSL__EXPR_BINARY: {
      uint32_t left = value(a, cf, x->left);
      if (x->op == WGSL__TOKEN_AND_AND || x->op == WGSL__TOKEN_OR_OR) return value(a, left, x->right);
      return make_linked(a, left, value(a, cf, x->right));
    }
    case WGSL__EXPR_INDEX: {
      uint32_t left = value(a, cf, x->left);
      return make_linked(a, left, value(a, cf, x->right));
    }
    case WGSL__EXPR_CALL:
      return call(a, cf, x);
    default:
      return cf;
  }
}

/* ---- statements -------------------------------------------------------------------------------------------------- */

static uint32_t sequence(analysis *a, uint32_t cf, wgsl__stmt *s, target *t, bool with_continuing);
static uint32_t statement(analysis *a, uint32_t cf, wgsl__stmt *s, target *t);

static void filters(analysis *a, const wgsl__attribute *list) {
  static const char *const severities[] = {"error", "warning", "info", "off"};
  for (; list; list = list->next) {
    const wgsl__expr *severity = list->kind == WGSL__ATTRIBUTE_diagnostic ? list->arguments : NULL;
    const wgsl__expr *rule = severity ? severity->next : NULL;
    if (!rule || rule->kind != WGSL__EXPR_IDENT || severity->kind != WGSL__EXPR_IDENT) continue;
    for (uint8_t i = 0; i < 4; i++) {
      if (strcmp(severities[i], severity->name->text) != 0) continue;
      if (strcmp(rule->name->text, "derivative_uniformity") == 0) a->severity[DERIVATIVE_RULE] = i;
      if (strcmp(rule->name->text, "subgroup_uniformity") == 0) a->severity[SUBGROUP_RULE] = i;
    }
  }
}

static uint32_t block(analysis *a, uint32_t cf, wgsl__stmt *s, target *t) {
  uint8_t before[2] = {a->severity[0], a->severity[1]};
  uint32_t n = a->n_values;
  filters(a, s->attributes);
  cf = sequence(a, cf, s->body, t, false);
  a->n_values = n < a->n_values ? n : a->n_values;
  memcpy(a->severity, before, sizeof before);
  return cf;
}

static void declare(analysis *a, uint32_t cf, wgsl__decl *d) {
  if (d->kind == WGSL__DECL_CONST) return;
  uint32_t n = d->init ? value(a, cf, d->init) : cf;
  if (d->kind == WGSL__DECL_VAR) {
    add_variable(a, d, n);
    return;
  }
  if (d->init && d->type && d->type->base == WGSL__BASE_POINTER) {
    bool full;
    d->root = root_of(d->init, &full);
    d->partial = !full;
  }
  d->number = n;
}

static void store(analysis *a, uint32_t cf, wgsl__stmt *s) {
  bool full;
  uint32_t where = view(a, cf, s->left), right = s->right ? value(a, cf, s->right) : cf;
  const wgsl__decl *d = root_of(s->left, &full);
  if (!is_tracked(d) || slot_of(d) >= a->n_values) return;
  uint32_t n = make_linked(a, where, right);
  link(a, n, cf);
  if (!full || s->op != WGSL__TOKEN_EQUAL) link(a, n, a->values[slot_of(d)]);
  a->values[slot_of(d)] = n;
}

static uint32_t if_statement(analysis *a, uint32_t cf, wgsl__stmt *s, target *t) {
  uint32_t n = a->n_values, test = cf, ends = make(a), tail_test = cf;
  uint32_t *joined = new_values(a);
  const wgsl__stmt *tail = s->body; /* from here on every clause just goes on */
  bool complete = false;
  for (const wgsl__stmt *c = s->body; c; c = c->next)
    if (c->behaviour != WGSL__NEXT) tail = c->next;
  bool in_tail = false;
  for (wgsl__stmt *c = s->body; c && !stopped(a); c = c->next) {
    if (c == tail) in_tail = true, tail_test = test;
    if (c->left) test = value(a, test, c->left);
    complete = !c->left;
    uint32_t *before = copy_values(a);
    uint32_t end = block(a, test, c->body, t);
    if (!in_tail) link(a, ends, end);
    if (c->behaviour & WGSL__NEXT) link_values(a, joined, a->values, n);
    set_values(a, before, n);
  }
  if (!complete) link_values(a, joined, a->values, n);
  if (!in_tail) tail_test = test;
  if (!complete || in_tail) link(a, ends, tail_test);
  set_values(a, joined, n);
  return s->behaviour == WGSL__NEXT ? cf : ends;
}

static uint32_t switch_statement(analysis *a, uint32_t cf, wgsl__stmt *s, target *t) {
  uint32_t n = a->n_values, v = value(a, cf, s->left), ends = make(a);
  target inside = {.leave = new_values(a), .again = t ? t->again : NULL, .n = n, .outer = t};
  filters(a, s->body_attributes);
  for (wgsl__stmt *c = s->body; c && !stopped(a); c = c->next) {
    uint32_t *before = copy_values(a);
    link(a, ends, block(a, v, c->body, &inside));
    if (c->behaviour & WGSL__NEXT) link_values(a, inside.leave, a->values, n);
    set_values(a, before, n);
  }
  set_values(a, inside.leave, n);
  return s->behaviour == WGSL__NEXT ? cf : ends;
}

/* How the loop's body ends, without its continuing block. */
static unsigned body_behaviour(const wgsl__stmt *s) {
  unsigned b = WGSL__NEXT;
  for (const wgsl__stmt *c = s->body; c && c->kind != WGSL__STMT_CONTINUING && b & WGSL__NEXT; c = c->next)
    b = (b & ~(unsigned)WGSL__NEXT) | c->behaviour;
  return s->left ? b | WGSL__BREAK : b;
}

static uint32_t loop(analysis *a, uint32_t cf, wgsl__stmt *s, target *t) {
  uint32_t scope = a->n_values;
  if (s->init) cf = statement(a, cf, s->init, t);
  uint32_t n = a->n_values;
  unsigned b = body_behaviour(s->kind == WGSL__STMT_LOOP ? s : &(wgsl__stmt){.body = s->body, .left = s->left});
  bool repeats = b & (WGSL__NEXT | WGSL__CONTINUE);
  uint32_t *head = new_values(a);
  link_values(a, head, a->values, n);
  set_values(a, head, n);
  target inside = {.leave = new_values(a), .again = new_values(a), .n = n, .outer = t};
  uint32_t start = make(a), end;
  link(a, start, cf);
  filters(a, s->body_attributes);
  uint32_t body_cf = start;
  if (s->left) {
    body_cf = value(a, start, s->left);
    link_values(a, inside.leave, a->values, n);
  }
  end = sequence(a, body_cf, s->body, &inside, false);
  if (b & WGSL__NEXT) link_values(a, inside.again, a->values, n);
  set_values(a, inside.again, n);
  wgsl__stmt *continuing = NULL;
  for (wgsl__stmt *c = s->kind == WGSL__STMT_LOOP ? s->body : NULL; c; c = c->next)
    if (c->kind == WGSL__STMT_CONTINUING) continuing = c;
  uint32_t after_body = end;
  if (continuing && repeats) {
    filters(a, continuing->body_attributes);
    end = sequence(a, end, continuing->body, &inside, true);
  }
  if (s->update && repeats) statement(a, end, s->update, &inside);
  if (repeats) {
    link(a, start, end);
    link_values(a, head, a->values, n);
  }
  set_values(a, inside.leave, n);
  a->n_values = scope;
  if (!(b & WGSL__RETURN)) return cf;
  return repeats && (continuing || s->update) ? start : after_body;
}

static void returns(analysis *a, uint32_t cf, const wgsl__stmt *s) {
  if (s->left) link(a, RETURN_VALUE, value(a, cf, s->left));
  uint32_t i = 0;
  for (const wgsl__decl *p = a->function->children; p; p = p->next, i++)
    if (is_tracked(p)) link(a, FIRST_PARAM + 2 * a->n_params + i, a->values[p->slot]);
}

static uint32_t statement(analysis *a, uint32_t cf, wgsl__stmt *s, target *t) {
  uint8_t before[2] = {a->severity[0], a->severity[1]};
  filters(a, s->attributes);
  switch (s->kind) {
    case WGSL__STMT_BLOCK:
      cf = block(a, cf, s, t);
      break;
    case WGSL__STMT_IF:
      cf = if_statement(a, cf, s, t);
      break;
    case WGSL__STMT_SWITCH:
      cf = switch_statement(a, cf, s, t);
      break;
    case WGSL__STMT_LOOP:
    case WGSL__STMT_FOR:
    case WGSL__STMT_WHILE:
      cf = loop(a, cf, s, t);
      break;
    case WGSL__STMT_BREAK_IF: {
      uint32_t v = value(a, cf, s->left);
      if (t) link_values(a, t->leave, a->values, t->n);
      cf = v;
      break;
    }
    case WGSL__STMT_BREAK:
      if (t) link_values(a, t->leave, a->values, t->n);
      break;
    case WGSL__STMT_CONTINUE:
      while (t && t->outer && t->again == t->outer->again) t = t->outer; /* out of the switches */
      if (t) link_values(a, t->again, a->values, t->n);
      break;
    case WGSL__STMT_RETURN:
      returns(a, cf, s);
      break;
    case WGSL__STMT_DECL:
      declare(a, cf, s->decl);
      break;
    case WGSL__STMT_ASSIGN:
    case WGSL__STMT_INCREMENT:
      store(a, cf, s);
      break;
    case WGSL__STMT_CALL:
      value(a, cf, s->left);
      break;
    case WGSL__STMT_PHONY:
      value(a, cf, s->right);
      break;
    default:
      break;
  }
  memcpy(a->severity, before, sizeof before);
  return cf;
}

/* s1 s2 …, up to what is never reached; a continuing block is its loop's to walk. */
static uint32_t sequence(analysis *a, uint32_t cf, wgsl__stmt *s, target *t, bool with_continuing) {
  for (; s && !stopped(a); s = s->next) {
    if (s->kind == WGSL__STMT_CONTINUING && !with_continuing) break;
    cf = statement(a, cf, s, t);
    if (!(s->behaviour & WGSL__NEXT)) break;
  }
  return cf;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* Visits what `from` reaches. Returns the first node found that leads to NONUNIFORM, 0: none. */
static uint32_t reach(analysis *a, uint32_t from) {
  uint32_t n = 0, found = 0;
  if (!weft__grow(&a->stack, &a->stack_capacity, a->n_nodes + 1, sizeof *a->stack)) {
    a->m->out_of_memory = true;
    return 0;
  }
  if (a->nodes[from].visited == a->visit) return 0;
  a->nodes[from].visited = a->visit;
  a->stack[n++] = from;
  while (n) {
    uint32_t at = a->stack[--n];
    a->work--;
    for (uint32_t k = a->nodes[at].edges; k; k = a->edges[k - 1].next) {
      uint32_t to = a->edges[k - 1].to;
      if (to == NONUNIFORM && !found) found = at;
      if (a->nodes[to].visited == a->visit) continue;
      a->nodes[to].visited = a->visit;
      a->stack[n++] = to;
    }
  }
  return found;
}

/* The builtin call behind a trigger: itself, or what the called function requires something for. */
static const wgsl__expr *origin(const wgsl__expr *call) {
  const wgsl__decl *f = call->builtin ? NULL : call->left->decl;
  return f && f->uniform && f->uniform->why ? f->uniform->why : call;
}

static void report(analysis *a, const trigger *t, uint32_t culprit) {
  const wgsl__expr *callee = t->call->left;
  bool flow = strcmp(t->what, "control flow") == 0;
  const char *message = flow ? "'%s' must be called in uniform control flow, here invocations may part"
                             : "%s of '%s' must be the same for all invocations";
  wgsl_diagnostic *(*tell)(wgsl_module *, wgsl__range, const char *, const char *, ...) =
      t->severity == SEVERITY_ERROR ? wgsl__error : wgsl__warning;
  wgsl_diagnostic *d = flow ? tell(a->m, t->call->range, "uniformity", message, callee->name->text)
                            : tell(a->m, t->call->range, "uniformity", message, t->what, callee->name->text);
  if (d && t->severity == SEVERITY_INFO) d->severity = WGSL_SEVERITY_INFO;
  if (d && a->nodes[culprit].expr)
    wgsl__note(a->m, d, a->nodes[culprit].expr->range, "this may differ from invocation to invocation");
  const wgsl__expr *why = origin(t->call);
  if (why != t->call)
    wgsl__note(a->m, d, why->range, "'%s' is called here, in what must be uniform control flow", why->left->name->text);
  if (flow) wgsl__hint(a->m, d, "call it outside of what depends on the invocation, such as an early 'return'");
}

/* Whether what was reached asks something of the function's callers. */
static bool asks_callers(const analysis *a) {
  if (a->nodes[START].visited == a->visit) return true;
  for (uint32_t i = 0; i < 2 * a->n_params; i++)
    if (a->nodes[FIRST_PARAM + i].visited == a->visit) return true;
  return false;
}

static void requirements(analysis *a, uniform *u) {
  for (unsigned severity = 0; severity < SEVERITY_OFF; severity++) {
    bool told = false;
    a->visit++;
    for (uint32_t i = 0; i < a->n_triggers && !stopped(a); i++) {
      const trigger *t = &a->triggers[i];
      if (t->severity != severity) continue;
      uint32_t culprit = reach(a, t->node);
      if (culprit && !told) report(a, t, culprit);
      if (!u->why && asks_callers(a)) u->why = origin(t->call);
      told = told || culprit;
    }
    if (told) continue;
    if (a->nodes[START].visited == a->visit && u->site == SEVERITY_OFF) u->site = (uint8_t)severity;
    for (uint32_t i = 0; i < a->n_params; i++) {
      if (a->nodes[FIRST_PARAM + 2 * i].visited == a->visit && u->value[i] == SEVERITY_OFF)
        u->value[i] = (uint8_t)severity;
      if (a->nodes[FIRST_PARAM + 2 * i + 1].visited == a->visit && u->contents[i] == SEVERITY_OFF)
        u->contents[i] = (uint8_t)severity;
    }
  }
}

static void effects(analysis *a, uniform *u) {
  uint32_t n = a->n_params, i = 0;
  a->visit++;
  u->varies = reach(a, RETURN_VALUE) != 0;
  for (i = 0; i < 2 * n; i++) u->returns[i] = a->nodes[FIRST_PARAM + i].visited == a->visit;
  i = 0;
  for (const wgsl__decl *p = a->function->children; p && !stopped(a); p = p->next, i++) {
    bool *row = u->stores + (size_t)i * (2 * n + 2);
    if (!is_tracked(p)) continue;
    a->visit++;
    row[2 * n + 1] = reach(a, FIRST_PARAM + 2 * n + i) != 0;
    row[2 * n] = a->nodes[START].visited == a->visit;
    for (uint32_t k = 0; k < 2 * n; k++) row[k] = a->nodes[FIRST_PARAM + k].visited == a->visit;
  }
}

static uniform *make_uniform(wgsl_module *m, uint32_t n) {
  uniform *u = wgsl__new(m, sizeof *u);
  uint8_t *bytes = wgsl__array(m, (size_t)4 * n + (size_t)n * (2 * n + 2) + 1, 1);
  if (!bytes) return NULL;
  u->site = SEVERITY_OFF;
  u->value = bytes;
  u->contents = bytes + n;
  memset(bytes, SEVERITY_OFF, 2 * n);
  u->returns = (bool *)bytes + 2 * n;
  u->stores = u->returns + 2 * n;
  return u;
}

static void analyse(analysis *a, wgsl__decl *f) {
  uint32_t n = f->n_children, i = 0;
  uniform *u = make_uniform(a->m, n);
  if (!u) return;
  a->function = f;
  a->n_params = n;
  a->n_nodes = a->n_edges = a->n_triggers = a->n_values = 0;
  a->visit = 0;
  a->severity[0] = a->severity[1] = SEVERITY_ERROR;
  filters(a, a->m->global_diagnostics);
  filters(a, f->attributes);
  for (i = 0; i < FIRST_PARAM + 3 * n; i++) make(a);
  if (stopped(a)) return;
  i = 0;
  for (wgsl__decl *p = f->children; p; p = p->next, i++) {
    p->number = i;
    if (!is_tracked(p)) continue;
    add_variable(a, p, FIRST_PARAM + 2 * i + 1);
    p->slot = p->number;
    p->number = i;
  }
  filters(a, f->body->attributes);
  sequence(a, START, f->body->body, NULL, false);
  if (f->body->behaviour & WGSL__NEXT && !stopped(a)) returns(a, START, &(wgsl__stmt){0});
  if (!stopped(a)) requirements(a, u);
  if (!stopped(a)) effects(a, u);
  f->uniform = u;
  weft__arena_free(&a->arena);
}

void wgsl__uniformity_check(wgsl_module *m) {
  unsigned flags = 0;
  for (const wgsl__decl *d = m->decls; d; d = d->next)
    if (d->kind == WGSL__DECL_FUNCTION) flags |= d->builtin_flags;
  analysis a = {.m = m, .work = MAX_WORK};
  for (int scope = 0; scope < 2; scope++) {
    unsigned wanted = scope ? WGSL__BUILTIN_SUBGROUP : WGSL__BUILTIN_BARRIER | WGSL__BUILTIN_DERIVATIVE;
    a.subgroup_scope = scope;
    if (!(flags & wanted)) continue;
    for (uint32_t i = 0; i < m->n_decls && !stopped(&a); i++)
      if (m->order[i]->kind == WGSL__DECL_FUNCTION && m->order[i]->body) analyse(&a, m->order[i]);
  }
  weft__arena_free(&a.arena);
  weft__free(a.nodes);
  weft__free(a.edges);
  weft__free(a.triggers);
  weft__free(a.values);
  weft__free(a.stack);
}
