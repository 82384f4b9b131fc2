/* Expressions: operators on scalars, vectors and matrices, conversions, constructors (lower.h; WGSL 8, 17.1). */
#include <string.h>

#include "drivers/cpu/lower.h"

const wgsl__expr *cpu_unparen(const wgsl__expr *x) {
  while (x->kind == WGSL__EXPR_PAREN) x = x->left;
  return x;
}

wgsl__base cpu_base(const wgsl__type *t) {
  const wgsl__type *e = t->base == WGSL__BASE_ATOMIC ? t->inner : wgsl__type_element(t);
  if (!e) return WGSL__BASE_U32;
  return e->base == WGSL__BASE_ABSTRACT_INT     ? WGSL__BASE_I32
         : e->base == WGSL__BASE_ABSTRACT_FLOAT ? WGSL__BASE_F32
                                                : e->base;
}

static bool is_float(wgsl__base b) { return b == WGSL__BASE_F32 || b == WGSL__BASE_F16; }

cpu_reg cpu_rounded(cpu_lower *L, wgsl__base base, cpu_reg r) {
  if (base == WGSL__BASE_F16) cpu_library(L, CPU_quantizeToF16, 1, &r, 1, &r);
  return r;
}

cpu_reg cpu_convert(cpu_lower *L, cpu_reg r, wgsl__base from, wgsl__base to) {
  if (from == to) return r;
  if (to == WGSL__BASE_BOOL) return cpu_op2(L, is_float(from) ? CPU_NE_F : CPU_NE, r, cpu_constant(L, 0));
  if (from == WGSL__BASE_BOOL) return cpu_op1(L, is_float(to) ? CPU_F_FROM_B : CPU_U_FROM_B, r);
  if (is_float(from) && is_float(to)) return cpu_rounded(L, to, r);
  if (is_float(to)) return cpu_rounded(L, to, cpu_op1(L, from == WGSL__BASE_I32 ? CPU_F_FROM_I : CPU_F_FROM_U, r));
  if (is_float(from)) return cpu_op1(L, to == WGSL__BASE_I32 ? CPU_I_FROM_F : CPU_U_FROM_F, r);
  return r; /* i32 and u32 have the same bits */
}

/* Builtins that can be called for nothing. */
static bool has_no_effect(const wgsl__builtin *b) {
  const char *name = wgsl__builtin_name(b);
  return strncmp(name, "atomic", 6) && strncmp(name, "subgroup", 8) && strncmp(name, "quad", 4) &&
         strncmp(name, "workgroup", 9) && strncmp(name, "texture", 7);
}

bool cpu_is_simple(const wgsl__expr *x) {
  if (!x) return true;
  if (x->known) return true;
  if (x->kind == WGSL__EXPR_CALL) {
    if (x->builtin ? !has_no_effect(x->builtin) : x->left->decl && x->left->decl->kind == WGSL__DECL_FUNCTION)
      return false;
    for (const wgsl__expr *a = x->list; a; a = a->next)
      if (!cpu_is_simple(a)) return false;
    return true;
  }
  return cpu_is_simple(x->left) && cpu_is_simple(x->right);
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

typedef struct operator_row {
  wgsl__token_kind token;
  cpu_op f, i, u;
  bool swap, same; /* operands change places; the result has the operands' type */
} operator_row;

static const operator_row operators[] = {
    {WGSL__TOKEN_PLUS, CPU_ADD_F, CPU_ADD, CPU_ADD, false, true},
    {WGSL__TOKEN_MINUS, CPU_SUB_F, CPU_SUB, CPU_SUB, false, true},
    {WGSL__TOKEN_STAR, CPU_MUL_F, CPU_MUL, CPU_MUL, false, true},
    {WGSL__TOKEN_SLASH, CPU_DIV_F, CPU_DIV_I, CPU_DIV_U, false, true},
    {WGSL__TOKEN_MODULO, CPU_fmod, CPU_REM_I, CPU_REM_U, false, true},
    {WGSL__TOKEN_AND, CPU_AND, CPU_AND, CPU_AND, false, true},
    {WGSL__TOKEN_OR, CPU_OR, CPU_OR, CPU_OR, false, true},
    {WGSL__TOKEN_XOR, CPU_XOR, CPU_XOR, CPU_XOR, false, true},
    {WGSL__TOKEN_AND_AND, CPU_AND, CPU_AND, CPU_AND, false, true},
    {WGSL__TOKEN_OR_OR, CPU_OR, CPU_OR, CPU_OR, false, true},
    {WGSL__TOKEN_SHIFT_LEFT, CPU_SHL, CPU_SHL, CPU_SHL, false, true},
    {WGSL__TOKEN_SHIFT_RIGHT, CPU_SHR_U, CPU_SHR_I, CPU_SHR_U, false, true},
    {WGSL__TOKEN_EQUAL_EQUAL, CPU_EQ_F, CPU_EQ, CPU_EQ, false, false},
    {WGSL__TOKEN_NOT_EQUAL, CPU_NE_F, CPU_NE, CPU_NE, false, false},
    {WGSL__TOKEN_LESS, CPU_LT_F, CPU_LT_I, CPU_LT_U, false, false},
    {WGSL__TOKEN_LESS_EQUAL, CPU_LE_F, CPU_LE_I, CPU_LE_U, false, false},
    {WGSL__TOKEN_GREATER, CPU_LT_F, CPU_LT_I, CPU_LT_U, true, false},
    {WGSL__TOKEN_GREATER_EQUAL, CPU_LE_F, CPU_LE_I, CPU_LE_U, true, false},
};

/* One component. fmod is a library function, the others have mixtures of rows and scalars. */
static cpu_reg component(cpu_lower *L, const operator_row *row, wgsl__base base, cpu_reg a, cpu_reg b) {
  cpu_op op = is_float(base) ? row->f : base == WGSL__BASE_I32 ? row->i : row->u;
  cpu_reg uses[2] = {row->swap ? b : a, row->swap ? a : b}, out = 0;
  if (op == CPU_fmod)
    cpu_library(L, op, 1, &out, 2, uses);
  else
    out = cpu_op2(L, op, uses[0], uses[1]);
  return row->same ? cpu_rounded(L, base, out) : out;
}

/* Element (column, row) of a product: the sum over k of a(k, row) * b(column, k). A vector on the left is one row, one
 * on the right one column. */
static cpu_value product(cpu_lower *L, const wgsl__type *t, cpu_value a, cpu_value b) {
  bool va = a.type->base == WGSL__BASE_VECTOR, vb = b.type->base == WGSL__BASE_VECTOR;
  uint32_t rows = va ? 1 : a.type->host.rows, inner = va ? a.type->host.rows : a.type->host.columns;
  uint32_t columns = vb ? 1 : b.type->host.columns;
  wgsl__base base = cpu_base(t);
  cpu_value out = cpu_value_new(L, t);
  for (uint32_t c = 0; c < columns; c++)
    for (uint32_t r = 0; r < rows && L->status == WEFT_OK && c * rows + r < out.n; r++) {
      cpu_reg sum = 0;
      for (uint32_t k = 0; k < inner; k++) {
        cpu_reg term = cpu_op2(L, CPU_MUL_F, cpu_part(a, k * rows + r), cpu_part(b, c * inner + k));
        term = cpu_rounded(L, base, term);
        sum = k ? cpu_rounded(L, base, cpu_op2(L, CPU_ADD_F, sum, term)) : term;
      }
      out.r[c * rows + r] = sum;
    }
  return out;
}

cpu_value cpu_binary(cpu_lower *L, wgsl__token_kind op, wgsl__base base, const wgsl__type *t, cpu_value a,
                     cpu_value b) {
  const operator_row *row = NULL;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (operators[i].token == op) row = &operators[i];
  if (!a.n || !b.n || !row) return cpu_value_new(L, t);
  bool matrix = a.type->base == WGSL__BASE_MATRIX || b.type->base == WGSL__BASE_MATRIX;
  if (op == WGSL__TOKEN_STAR && matrix && a.n > 1 && b.n > 1) return product(L, t, a, b);
  cpu_value out = cpu_value_new(L, t);
  for (uint32_t i = 0; i < out.n; i++)
    out.r[i] = component(L, row, base, a.r[a.n == 1 ? 0 : i % a.n], b.r[b.n == 1 ? 0 : i % b.n]);
  return out;
}

/* The scalar type that both operands come to: the concrete one's. Shifts: each its own. */
static const wgsl__type *operand_scalar(const wgsl__expr *x) {
  const wgsl__type *a = wgsl__type_element(x->left->type), *b = wgsl__type_element(x->right->type);
  if (a && a->base > WGSL__BASE_ABSTRACT_FLOAT) return a;
  if (b && b->base > WGSL__BASE_ABSTRACT_FLOAT) return b;
  return a && a->base == WGSL__BASE_ABSTRACT_FLOAT ? a : b;
}

/* a && b, a || b where b may do something: a branch. */
static cpu_value branch(cpu_lower *L, const wgsl__expr *x) {
  bool is_and = x->op == WGSL__TOKEN_AND_AND;
  cpu_value out = cpu_value_new(L, x->type);
  cpu_reg a = cpu_expr_scalar(L, x->left, NULL);
  cpu_variable *v = cpu_variable_new(L, x, 1);
  if (!out.n || !v) return out;
  cpu_assign(L, v, 0, a);
  uint32_t end = cpu_label(L), mark = cpu_known_mark(L), depth = L->depth, mask = L->mask;
  cpu_reg go = is_and ? a : cpu_op1(L, CPU_NOT, a);
  bool masked = cpu_is_row(L, go);
  if (masked) {
    cpu_emit(L, (cpu_insn){.op = CPU_MASK_IF, .n_uses = 1, .level = (uint16_t)(depth + 1), .target = end, .r = {go}});
    cpu_mask_push(L, end);
  } else {
    cpu_jump(L, CPU_JUMP_UNLESS, go, end);
  }
  cpu_assign(L, v, 0, cpu_expr_scalar(L, x->right, NULL));
  cpu_known_forget(L, mark);
  cpu_label_here(L, end);
  if (masked) cpu_mask_pop(L, depth, mask);
  out.r[0] = cpu_read(L, v->r);
  return out;
}

static cpu_value binary(cpu_lower *L, const wgsl__expr *x) {
  bool logical = x->op == WGSL__TOKEN_AND_AND || x->op == WGSL__TOKEN_OR_OR;
  if (logical && !cpu_is_simple(x->right)) return branch(L, x);
  bool shift = x->op == WGSL__TOKEN_SHIFT_LEFT || x->op == WGSL__TOKEN_SHIFT_RIGHT;
  const wgsl__type *scalar = shift ? wgsl__type_element(x->type) : operand_scalar(x);
  cpu_value a = cpu_expr(L, x->left, scalar), b = cpu_expr(L, x->right, shift ? NULL : scalar);
  return cpu_binary(L, x->op, scalar ? cpu_base(scalar) : WGSL__BASE_U32, x->type, a, b);
}

static cpu_value unary(cpu_lower *L, const wgsl__expr *x) {
  cpu_value a = cpu_expr(L, x->left, x->type), out = cpu_value_new(L, x->type);
  cpu_op op = x->op == WGSL__TOKEN_MINUS ? (is_float(cpu_base(x->type)) ? CPU_NEG_F : CPU_NEG_I) : CPU_NOT;
  for (uint32_t i = 0; i < out.n; i++) out.r[i] = cpu_op1(L, op, cpu_part(a, i));
  return out;
}

/* ---- constructors ------------------------------------------------------------------------------------------------ */

static cpu_value construct(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to) {
  const wgsl__type *t = to && wgsl__type_element(x->type) == NULL ? to : x->type, *scalar = wgsl__type_element(t);
  cpu_value out = cpu_value_new(L, t); /* all 0: register 0 is the constant 0 */
  uint32_t at = 0, part = 0;
  for (const wgsl__expr *a = x->list; a && L->status == WEFT_OK; a = a->next, part++) {
    cpu_value v;
    if (scalar) {
      bool abstract = wgsl__type_element(a->type)->base <= WGSL__BASE_ABSTRACT_FLOAT;
      v = cpu_expr(L, a, abstract ? scalar : NULL);
      wgsl__base from = cpu_base(abstract ? scalar : a->type);
      for (uint32_t i = 0; i < v.n && at < out.n; i++) out.r[at++] = cpu_convert(L, v.r[i], from, cpu_base(scalar));
      continue;
    }
    v = cpu_expr(L, a, wgsl__type_part(t, part));
    for (uint32_t i = 0; i < v.n && at < out.n; i++) out.r[at++] = v.r[i];
  }
  if (scalar && at == 1)
    for (; at < out.n; at++) out.r[at] = out.r[0];
  return out;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

static cpu_value identifier(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to) {
  const wgsl__decl *d = x->decl;
  if (d && d->kind == WGSL__DECL_CONST && d->init) return cpu_expr(L, d->init, d->type ? d->type : to);
  const cpu_binding *b = d ? cpu_bound(L, d) : NULL;
  if (b && b->kind == CPU_BOUND_VALUE) return b->value;
  cpu_fail(L, WEFT_UNSUPPORTED, "the CPU device cannot use '%s' here", x->name->text);
  return (cpu_value){0};
}

static cpu_value member(cpu_lower *L, const wgsl__expr *x) {
  cpu_value v = cpu_expr(L, x->left, NULL);
  if (!v.type || L->status != WEFT_OK) return (cpu_value){0};
  if (v.type->base == WGSL__BASE_VECTOR) {
    cpu_value out = cpu_value_new(L, x->type);
    for (uint32_t i = 0; i < out.n; i++)
      out.r[i] = cpu_part(v, wgsl__swizzle_index(x->name->text[i]));
    return out;
  }
  for (uint32_t i = 0; i < v.type->host.n_members; i++)
    if (strcmp(v.type->host.members[i].name, x->name->text) == 0)
      return cpu_value_slice(v, i, wgsl__type_part(v.type, i));
  return (cpu_value){0};
}

static cpu_value call(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to) {
  if (x->builtin) return cpu_builtin(L, x);
  if (x->left->decl && x->left->decl->kind == WGSL__DECL_FUNCTION) return cpu_call(L, x);
  return construct(L, x, to);
}

static cpu_value value_of(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to) {
  wgsl__value constant;
  if (x->phase <= WGSL__PHASE_OVERRIDE && wgsl__special_value(L->module, &L->special, x, &constant))
    return cpu_value_of_constant(L, &constant, to);
  if (x->space) {
    cpu_place p = cpu_place_of(L, x);
    cpu_value v = cpu_load(L, &p);
    v.type = x->type;
    return v;
  }
  switch (x->kind) {
    case WGSL__EXPR_PAREN:
      return cpu_expr(L, x->left, to);
    case WGSL__EXPR_IDENT:
      return identifier(L, x, to);
    case WGSL__EXPR_UNARY:
      return unary(L, x);
    case WGSL__EXPR_BINARY:
      return binary(L, x);
    case WGSL__EXPR_INDEX: {
      cpu_value v = cpu_expr(L, x->left, NULL);
      cpu_reg index = cpu_expr_scalar(L, x->right, NULL);
      return cpu_value_index(L, v, index, x->type);
    }
    case WGSL__EXPR_MEMBER:
      return member(L, x);
    case WGSL__EXPR_CALL:
      return call(L, x, to);
    default:
      cpu_fail(L, WEFT_UNSUPPORTED, "the CPU device cannot evaluate this expression");
      return (cpu_value){0};
  }
}

cpu_value cpu_expr(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to) {
  uint32_t at = L->at;
  cpu_value v = {0};
  if (L->status != WEFT_OK || !cpu_enter(L)) return v;
  L->at = x->range.offset;
  v = value_of(L, x, to);
  L->at = at;
  cpu_leave(L);
  return L->status == WEFT_OK ? v : (cpu_value){0};
}

cpu_reg cpu_expr_scalar(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to) {
  return cpu_part(cpu_expr(L, x, to), 0);
}
