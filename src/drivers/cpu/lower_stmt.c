/* Statements (lower.h; WGSL 9). Where a condition is a scalar control flow is jumps; where it differs between lanes it
 * is masks (vm_mask.c), and lanes that leave a loop, a switch or a function before others are dropped from the masks
 * up to it. Whether lanes leave one by one is a fact that the first pass finds out.
 *
 *   level k     around the loop
 *   level k+1   lanes still in the loop            break and return drop from here (return: from its function on)
 *   level k+2   lanes still in this iteration      continue drops from here; only when some lanes continue early
 *
 * A variable declared under the current mask is written without looking at the mask: lanes that have left its scope do
 * not read it again. The one exception is variables that a continuing block reads after a `continue`
 * (cpu_variable_new). */
#include "drivers/cpu/lower.h"

static void statement(cpu_lower *L, const wgsl__stmt *s);

void cpu_mask_push(cpu_lower *L, uint32_t exit) {
  if (L->depth + 2 >= CPU_MAX_LEVELS) {
    cpu_fail(L, WEFT_UNSUPPORTED, "control flow nests more than %d levels deep, functions inlined", CPU_MAX_LEVELS - 2);
    return;
  }
  L->exits[++L->depth] = exit;
  if (L->depth > L->deepest) L->deepest = L->depth;
  L->mask = ++L->n_masks;
}

void cpu_mask_pop(cpu_lower *L, uint32_t depth, uint32_t mask) {
  L->depth = depth;
  L->mask = mask;
  cpu_emit(L, (cpu_insn){.op = CPU_MASK_POP, .level = (uint16_t)depth, .target = L->exits[depth]});
}

static void mask_op(cpu_lower *L, cpu_op op, cpu_reg condition, uint32_t target) {
  bool has_condition = op != CPU_MASK_PUSH && op != CPU_MASK_JOIN;
  cpu_emit(L, (cpu_insn){.op = (uint16_t)op,
                         .n_uses = has_condition,
                         .level = (uint16_t)(L->depth + 1),
                         .target = target,
                         .r = {condition}});
  cpu_mask_push(L, target);
}

/* MASK_IF, in the form that needs no row of conditions where nothing else does. */
static void mask_if(cpu_lower *L, cpu_reg condition, uint32_t target, bool has_else) {
  const cpu_vreg *v = &L->regs[condition];
  if (has_else || !(v->below || v->not_below)) {
    mask_op(L, CPU_MASK_IF, condition, target);
    return;
  }
  cpu_emit(L, (cpu_insn){.op = CPU_MASK_IF_BELOW,
                         .n_uses = 2,
                         .level = (uint16_t)(L->depth + 1),
                         .target = target,
                         .bits = v->not_below ? CPU_BIT_VALUE : 0,
                         .r = {v->start, v->bound}});
  cpu_mask_push(L, target);
}

/* Drops the active lanes from level `from` on; nobody is left here. */
static void drop(cpu_lower *L, uint32_t from) {
  cpu_emit(L, (cpu_insn){.op = CPU_MASK_DROP, .count = from, .target = L->exits[L->depth]});
}

/* Drops the lanes where `keep` does not hold; when nobody is left, goes to `out`. */
static void test(cpu_lower *L, uint32_t from, cpu_reg keep, uint32_t out) {
  const cpu_vreg *v = &L->regs[keep];
  if (v->below) {
    cpu_emit(L, (cpu_insn){
                    .op = CPU_MASK_TEST_BELOW, .n_uses = 2, .count = from, .target = out, .r = {v->start, v->bound}});
    return;
  }
  cpu_emit(L, (cpu_insn){.op = CPU_MASK_TEST, .n_uses = 1, .count = from, .target = out, .r = {keep}});
}

void cpu_body(cpu_lower *L, const wgsl__stmt *list) {
  for (const wgsl__stmt *s = list; s && L->status == WEFT_OK; s = s->next) statement(L, s);
}

/* What is known in a branch is forgotten after it. */
static void branch(cpu_lower *L, const wgsl__stmt *list) {
  uint32_t mark = cpu_known_mark(L);
  cpu_body(L, list);
  cpu_known_forget(L, mark);
}

/* Code that is entered from below as well: copies of variables made before do not hold. */
static void new_epoch(cpu_lower *L) { L->epoch = ++L->n_epochs; }

/* ---- if ---------------------------------------------------------------------------------------------------------- */

static void clauses(cpu_lower *L, const wgsl__stmt *c) {
  if (!c || L->status != WEFT_OK || !cpu_enter(L)) return;
  cpu_reg condition = c->left ? cpu_expr_scalar(L, c->left, NULL) : 0;
  if (!c->left || cpu_is_constant(L, condition)) {
    if (!c->left || L->regs[condition].value)
      branch(L, c->body);
    else
      clauses(L, c->next);
    cpu_leave(L);
    return;
  }
  uint32_t other = cpu_label(L), end = c->next ? cpu_label(L) : other, depth = L->depth, mask = L->mask;
  uint32_t mark = cpu_known_mark(L);
  if (cpu_is_row(L, condition)) {
    mask_if(L, condition, other, c->next != NULL);
    branch(L, c->body);
    if (c->next) {
      cpu_label_here(L, other);
      L->depth = depth;
      mask_op(L, CPU_MASK_ELSE, condition, end);
      clauses(L, c->next);
    }
    cpu_known_forget(L, mark);
    cpu_label_here(L, end);
    cpu_mask_pop(L, depth, mask);
  } else {
    cpu_jump(L, CPU_JUMP_UNLESS, condition, other);
    branch(L, c->body);
    if (c->next) {
      cpu_jump(L, CPU_JUMP, 0, end);
      cpu_label_here(L, other);
      clauses(L, c->next);
    }
    cpu_known_forget(L, mark);
    cpu_label_here(L, end);
  }
  cpu_leave(L);
}

/* ---- loops ------------------------------------------------------------------------------------------------------- */

/* Leaves the loop where `condition` is not `stay`. */
static void leave_unless(cpu_lower *L, const wgsl__expr *x, bool stay, cpu_target *t) {
  cpu_reg c = cpu_expr_scalar(L, x, NULL);
  if (!cpu_is_row(L, c)) {
    cpu_jump(L, stay ? CPU_JUMP_UNLESS : CPU_JUMP_IF, c, t->end);
    return;
  }
  if (!t->masked) cpu_fact_note(L, t->stmt, CPU_FACT_BREAK);
  test(L, t->leave, stay ? c : cpu_op1(L, CPU_NOT, c), t->end);
}

/* The statements after the body of a loop: its continuing block. */
static const wgsl__stmt *continuing_of(const wgsl__stmt *loop) {
  const wgsl__stmt *last = loop->body;
  if (loop->kind != WGSL__STMT_LOOP) return NULL;
  while (last && last->next) last = last->next;
  return last && last->kind == WGSL__STMT_CONTINUING ? last : NULL;
}

/* The end of an iteration: update or continuing block, then back to `head`. */
static void iterate(cpu_lower *L, const wgsl__stmt *s, cpu_target *t, uint32_t head, bool rotated) {
  const wgsl__stmt *continuing = continuing_of(s);
  if (s->update) statement(L, s->update);
  if (continuing) cpu_body(L, continuing->body);
  if (!rotated) {
    cpu_jump(L, CPU_JUMP_BACK, 0, head);
    return;
  }
  cpu_reg c = cpu_expr_scalar(L, s->left, NULL);
  if (cpu_is_row(L, c)) {
    if (!t->masked) cpu_fact_note(L, s, CPU_FACT_BREAK);
    test(L, t->leave, c, t->end);
    cpu_jump(L, CPU_JUMP_BACK, 0, head);
  } else {
    cpu_jump(L, CPU_JUMP_BACK_IF, c, head);
  }
}

/* A simple condition is tested before the first iteration and again at the end of each, which spares a jump and lets
 * what does not change move out of the loop. */
static void loop(cpu_lower *L, const wgsl__stmt *s) {
  cpu_target t = {.outer = L->target, .stmt = s, .end = cpu_label(L), .next = cpu_label(L)};
  uint32_t depth = L->depth, mask = L->mask, mark = cpu_known_mark(L), head = cpu_label(L);
  bool rotated = s->left && cpu_is_simple(s->left);
  t.steps = cpu_fact_holds(L, s, CPU_FACT_CONTINUE);
  t.masked = t.steps || cpu_fact_holds(L, s, CPU_FACT_BREAK);
  L->parting_loops = L->parting_loops || t.masked;
  if (t.masked) mask_op(L, CPU_MASK_PUSH, 0, t.end);
  uint32_t inside = L->depth, inside_mask = L->mask;
  t.leave = depth + 1;
  if (s->init) statement(L, s->init);
  if (rotated) leave_unless(L, s->left, true, &t);
  new_epoch(L);
  L->memory_version++;
  cpu_label_here(L, head);
  if (s->left && !rotated) leave_unless(L, s->left, true, &t);
  if (t.steps) mask_op(L, CPU_MASK_JOIN, 0, t.next);
  const wgsl__stmt *continuing = continuing_of(s);
  t.depth = L->depth;
  t.body_mask = t.steps && continuing ? L->mask : 0;
  L->target = &t;
  uint32_t body_mark = cpu_known_mark(L);
  if (!continuing) {
    branch(L, s->body);
  } else { /* all but the continuing block, which sees the body's names */
    for (const wgsl__stmt *b = s->body; b != continuing && L->status == WEFT_OK; b = b->next) statement(L, b);
  }
  cpu_known_forget(L, body_mark);
  cpu_label_here(L, t.next);
  if (t.steps) {
    L->depth = inside;
    cpu_emit(L, (cpu_insn){.op = CPU_MASK_POP, .level = (uint16_t)inside, .target = t.end});
  }
  L->mask = inside_mask;
  iterate(L, s, &t, head, rotated);
  L->target = t.outer;
  cpu_known_forget(L, mark);
  new_epoch(L);
  cpu_label_here(L, t.end);
  if (t.masked) cpu_mask_pop(L, depth, mask);
}

static void break_if(cpu_lower *L, const wgsl__stmt *s) {
  if (L->target) leave_unless(L, s->left, false, L->target);
}

/* ---- switch ------------------------------------------------------------------------------------------------------ */

/* Where the selector is one of the clause's; `none` collects the others, for default. */
static cpu_reg clause_condition(cpu_lower *L, const wgsl__stmt *c, cpu_reg selector, const wgsl__type *type) {
  cpu_reg any = 0;
  for (const wgsl__expr *x = c->list; x; x = x->next)
    any = cpu_op2(L, CPU_OR, any, cpu_op2(L, CPU_EQ, selector, cpu_expr_scalar(L, x, type)));
  return any;
}

static void clauses_by_mask(cpu_lower *L, const wgsl__stmt *s, cpu_reg selector, const wgsl__type *type,
                            cpu_target *t) {
  uint32_t depth = L->depth, mask = L->mask;
  cpu_reg any = 0;
  for (const wgsl__stmt *c = s->body; c; c = c->next)
    any = cpu_op2(L, CPU_OR, any, clause_condition(L, c, selector, type));
  for (const wgsl__stmt *c = s->body; c && L->status == WEFT_OK; c = c->next) {
    uint32_t end = cpu_label(L);
    cpu_reg on = clause_condition(L, c, selector, type);
    if (c->is_default) on = cpu_op2(L, CPU_OR, on, cpu_op1(L, CPU_NOT, any));
    on = cpu_row(L, on);
    mask_op(L, CPU_MASK_IF, on, end);
    t->depth = UINT32_MAX; /* no break is a jump */
    branch(L, c->body);
    cpu_label_here(L, end);
    cpu_mask_pop(L, depth, mask);
  }
}

static void clauses_by_jump(cpu_lower *L, const wgsl__stmt *s, cpu_reg selector, const wgsl__type *type,
                            cpu_target *t) {
  uint32_t n = 0, otherwise = t->end;
  for (const wgsl__stmt *c = s->body; c; c = c->next) n++;
  uint32_t *labels = cpu_new(L, (n + 1) * sizeof *labels);
  if (!labels) return;
  n = 0;
  for (const wgsl__stmt *c = s->body; c; c = c->next, n++) {
    labels[n] = cpu_label(L);
    if (c->is_default) otherwise = labels[n];
    if (c->list) cpu_jump(L, CPU_JUMP_IF, clause_condition(L, c, selector, type), labels[n]);
  }
  cpu_jump(L, CPU_JUMP, 0, otherwise);
  n = 0;
  for (const wgsl__stmt *c = s->body; c && L->status == WEFT_OK; c = c->next, n++) {
    cpu_label_here(L, labels[n]);
    branch(L, c->body);
    cpu_jump(L, CPU_JUMP, 0, t->end);
  }
}

static void switch_statement(cpu_lower *L, const wgsl__stmt *s) {
  const wgsl__type *type = s->left->type;
  for (const wgsl__stmt *c = s->body; c && type && type->base == WGSL__BASE_ABSTRACT_INT; c = c->next)
    for (const wgsl__expr *x = c->list; x; x = x->next)
      if (x->type && x->type->base != WGSL__BASE_ABSTRACT_INT) type = x->type;
  cpu_reg selector = cpu_expr_scalar(L, s->left, type);
  cpu_target t = {.outer = L->target, .stmt = s, .end = cpu_label(L)};
  uint32_t depth = L->depth, mask = L->mask, mark = cpu_known_mark(L);
  bool rows = cpu_is_row(L, selector);
  t.masked = rows || cpu_fact_holds(L, s, CPU_FACT_BREAK);
  t.leave = depth + 1;
  t.depth = depth;
  if (t.masked && !rows) {
    mask_op(L, CPU_MASK_PUSH, 0, t.end);
    t.depth = L->depth;
  }
  L->target = &t;
  if (rows)
    clauses_by_mask(L, s, selector, type, &t);
  else
    clauses_by_jump(L, s, selector, type, &t);
  L->target = t.outer;
  cpu_known_forget(L, mark);
  cpu_label_here(L, t.end);
  if (t.masked && !rows) cpu_mask_pop(L, depth, mask);
}

/* ---- break, continue, return ------------------------------------------------------------------------------------- */

static void break_statement(cpu_lower *L) {
  cpu_target *t = L->target;
  if (!t) return;
  if (L->depth == t->depth && !t->steps) { /* all that are left in it leave */
    cpu_jump(L, CPU_JUMP, 0, t->end);
    return;
  }
  if (!t->masked) cpu_fact_note(L, t->stmt, CPU_FACT_BREAK);
  drop(L, t->leave);
}

static void continue_statement(cpu_lower *L) {
  cpu_target *t = L->target;
  while (t && t->stmt->kind == WGSL__STMT_SWITCH) t = t->outer;
  if (!t) return;
  if (L->depth == t->depth && !t->steps) {
    cpu_jump(L, CPU_JUMP, 0, t->next);
    return;
  }
  if (!t->steps) cpu_fact_note(L, t->stmt, CPU_FACT_CONTINUE);
  drop(L, t->leave + 1);
}

static void return_statement(cpu_lower *L, const wgsl__stmt *s) {
  cpu_frame *f = L->frame;
  bool masked = cpu_fact_holds(L, f->function, CPU_FACT_BREAK);
  if (s->left) {
    cpu_value v = cpu_expr(L, s->left, f->function->type);
    if (s == f->last && !f->result && !masked) { /* the only one: no variable for it */
      f->direct = true;
      f->value = v;
      return;
    }
    if (!f->result) f->result = cpu_variable_new(L, f->function, v.n);
    if (!f->result) return;
    f->result->mask = f->mask;
    for (uint32_t i = 0; i < v.n; i++) cpu_assign(L, f->result, i, v.r[i]);
  }
  if (s == f->last && L->depth == f->depth) return;
  f->jumped = true;
  if (L->depth == f->depth) {
    cpu_jump(L, CPU_JUMP, 0, f->end);
    return;
  }
  if (!masked) cpu_fact_note(L, f->function, CPU_FACT_BREAK);
  drop(L, f->depth + 1);
}

/* ---- the others -------------------------------------------------------------------------------------------------- */

static void declaration(cpu_lower *L, const wgsl__decl *d) {
  if (d->kind == WGSL__DECL_CONST) return; /* known wherever it is used */
  if (d->kind == WGSL__DECL_LET && d->type && d->type->base == WGSL__BASE_POINTER) {
    cpu_place p = cpu_place_of(L, d->init);
    cpu_binding *b = cpu_bind(L, d);
    b->kind = CPU_BOUND_PLACE;
    b->place = p;
    return;
  }
  cpu_value v = d->init ? cpu_expr(L, d->init, d->type) : cpu_value_new(L, d->type);
  v.type = d->type;
  if (d->kind == WGSL__DECL_LET) {
    cpu_binding *b = cpu_bind(L, d);
    b->kind = CPU_BOUND_VALUE;
    b->value = v;
    return;
  }
  bool rises = v.n == 1 && L->regs[v.r[0]].rises && !cpu_fact_holds(L, d, CPU_FACT_LEVEL) && !L->all_vary;
  cpu_variable *variable = cpu_variable_new(L, d, v.n);
  cpu_binding *b = cpu_bind(L, d);
  if (!variable || L->status != WEFT_OK) return;
  if (rises) {
    L->regs[variable->r].row = false;
    L->regs[variable->r].is_start = true;
  }
  b->kind = CPU_BOUND_PLACE;
  b->place = (cpu_place){.type = d->type, .variable = variable};
  for (uint32_t i = 0; i < v.n; i++) cpu_assign(L, variable, i, v.r[i]);
}

static wgsl__token_kind operator_of(wgsl__token_kind op) {
  static const wgsl__token_kind pairs[][2] = {
      {WGSL__TOKEN_PLUS_EQUAL, WGSL__TOKEN_PLUS},         {WGSL__TOKEN_MINUS_EQUAL, WGSL__TOKEN_MINUS},
      {WGSL__TOKEN_TIMES_EQUAL, WGSL__TOKEN_STAR},        {WGSL__TOKEN_DIVISION_EQUAL, WGSL__TOKEN_SLASH},
      {WGSL__TOKEN_MODULO_EQUAL, WGSL__TOKEN_MODULO},     {WGSL__TOKEN_AND_EQUAL, WGSL__TOKEN_AND},
      {WGSL__TOKEN_OR_EQUAL, WGSL__TOKEN_OR},             {WGSL__TOKEN_XOR_EQUAL, WGSL__TOKEN_XOR},
      {WGSL__TOKEN_SHIFT_RIGHT_EQUAL, WGSL__TOKEN_SHIFT_RIGHT}, {WGSL__TOKEN_SHIFT_LEFT_EQUAL, WGSL__TOKEN_SHIFT_LEFT},
      {WGSL__TOKEN_PLUS_PLUS, WGSL__TOKEN_PLUS},          {WGSL__TOKEN_MINUS_MINUS, WGSL__TOKEN_MINUS}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (pairs[i][0] == op) return pairs[i][1];
  return op;
}

static void assignment(cpu_lower *L, const wgsl__stmt *s) {
  cpu_place p = cpu_place_of(L, s->left);
  const wgsl__type *t = s->left->type;
  if (s->op == WGSL__TOKEN_EQUAL) {
    cpu_store(L, &p, cpu_expr(L, s->right, t));
    return;
  }
  wgsl__token_kind op = operator_of(s->op);
  bool shift = op == WGSL__TOKEN_SHIFT_LEFT || op == WGSL__TOKEN_SHIFT_RIGHT;
  const wgsl__type *scalar = wgsl__type_element(t);
  cpu_value a = cpu_load(L, &p), b;
  cpu_reg one = cpu_constant(L, 1);
  a.type = t;
  if (s->kind == WGSL__STMT_INCREMENT)
    b = (cpu_value){.type = t, .n = 1, .r = &one};
  else
    b = cpu_expr(L, s->right, shift ? NULL : scalar);
  if (a.n && b.n) cpu_store(L, &p, cpu_binary(L, op, cpu_base(scalar), t, a, b));
}

/* `_ = e`: what e does, not what it comes to. */
static void phony(cpu_lower *L, const wgsl__stmt *s) {
  const wgsl__type *t = s->right->type;
  if (cpu_is_simple(s->right) || !t) return;
  if (t->base == WGSL__BASE_POINTER) cpu_place_of(L, s->right);
  else if (t->flags & WGSL__TYPE_CONSTRUCTIBLE) cpu_expr(L, s->right, NULL);
}

static void statement(cpu_lower *L, const wgsl__stmt *s) {
  uint32_t at = L->at;
  if (!cpu_enter(L)) return;
  L->at = s->range.offset;
  switch (s->kind) {
    case WGSL__STMT_BLOCK:
      cpu_body(L, s->body);
      break;
    case WGSL__STMT_RETURN:
      return_statement(L, s);
      break;
    case WGSL__STMT_IF:
      clauses(L, s->body);
      break;
    case WGSL__STMT_SWITCH:
      switch_statement(L, s);
      break;
    case WGSL__STMT_LOOP:
    case WGSL__STMT_FOR:
    case WGSL__STMT_WHILE:
      loop(L, s);
      break;
    case WGSL__STMT_BREAK_IF:
      break_if(L, s);
      break;
    case WGSL__STMT_CALL:
      cpu_expr(L, s->left, NULL);
      break;
    case WGSL__STMT_DECL:
      declaration(L, s->decl);
      break;
    case WGSL__STMT_ASSIGN:
    case WGSL__STMT_INCREMENT:
      assignment(L, s);
      break;
    case WGSL__STMT_PHONY:
      phony(L, s);
      break;
    case WGSL__STMT_BREAK:
      break_statement(L);
      break;
    case WGSL__STMT_CONTINUE:
      continue_statement(L);
      break;
    default: /* const_assert was checked; discard is not for compute shaders */
      break;
  }
  L->at = at;
  cpu_leave(L);
}
