/* Expressions (WGSL 8, 8.18). Binary rules take the left operand that is already there, so that each token is looked at
 * once. The grammar lets few operators mix without parentheses; what cannot follow is named in the message. */
#include "wgsl/parse.h"

static wgsl__expr *unary_expression(parser *p);

/* A node with its children, its range from `first` on. Reports trees that are too deep. */
static wgsl__expr *make(parser *p, wgsl__expr_kind kind, uint32_t first, wgsl__expr *left, wgsl__expr *right) {
  wgsl__expr *e = wgsl__new(p->m, sizeof *e);
  e->kind = kind;
  e->left = left;
  e->right = right;
  e->range = range_from(p, first);
  uint32_t depth = left ? left->depth : 0;
  if (right && right->depth > depth) depth = right->depth;
  e->depth = depth + 1;
  return e;
}

static void deepen(wgsl__expr *e, const wgsl__expr *list) {
  for (; list; list = list->next)
    if (list->depth >= e->depth) e->depth = list->depth + 1;
}

static wgsl__expr *check_depth(parser *p, wgsl__expr *e) {
  if (e->depth > WGSL__MAX_EXPR_DEPTH && !p->failed) {
    p->failed = true;
    wgsl__error(p->m, (wgsl__range){e->range.offset, 1}, "expression-depth",
                "this expression nests more than %d operations", WGSL__MAX_EXPR_DEPTH);
  }
  return e;
}

static wgsl__expr *bad(parser *p) { return make(p, WGSL__EXPR_BAD, p->at, NULL, NULL); }

/* expression ( ',' expression ) * ',' ?   up to `close`, which is not taken */
static wgsl__expr *expression_comma_list(parser *p, wgsl__token_kind close, uint32_t *count) {
  wgsl__expr *list = NULL, **tail = &list;
  *count = 0;
  while (!p->failed && !at_token(p, close)) {
    *tail = wgsl__expression(p);
    tail = &(*tail)->next;
    ++*count;
    if (!wgsl__accept(p, WGSL__TOKEN_COMMA)) break;
  }
  return list;
}

/* template_list : _template_args_start template_arg_comma_list _template_args_end */
wgsl__expr *wgsl__template_list(parser *p) {
  uint32_t opening = p->at, count;
  wgsl__take(p);
  wgsl__expr *list = NULL;
  if (wgsl__enter(p)) {
    list = expression_comma_list(p, WGSL__TOKEN_TEMPLATE_END, &count);
    if (count == 0) wgsl__unexpected(p, "a template argument");
    wgsl__expect_close(p, WGSL__TOKEN_TEMPLATE_END, opening);
  }
  wgsl__leave(p);
  return list;
}

/* template_elaborated_ident : ident template_list ? */
wgsl__expr *wgsl__template_elaborated_ident(parser *p, const char *what) {
  uint32_t first = p->at;
  wgsl__range name_range;
  wgsl__name *name = wgsl__ident(p, what, &name_range);
  if (!name) return bad(p);
  wgsl__expr *list = NULL;
  bool has_list = at_token(p, WGSL__TOKEN_TEMPLATE_START);
  if (has_list) list = wgsl__template_list(p);
  wgsl__expr *e = make(p, WGSL__EXPR_IDENT, first, NULL, NULL);
  e->name = name;
  e->name_range = name_range;
  e->list = list;
  e->has_list = has_list;
  deepen(e, list);
  return check_depth(p, e);
}

wgsl__expr *wgsl__plain_name(parser *p, const char *what) {
  uint32_t first = p->at;
  wgsl__range name_range;
  wgsl__name *name = wgsl__ident(p, what, &name_range);
  if (!name) return bad(p);
  wgsl__expr *e = make(p, WGSL__EXPR_IDENT, first, NULL, NULL);
  e->name = name;
  e->name_range = name_range;
  return e;
}

/* argument_expression_list : '(' expression_comma_list ? ')' */
wgsl__expr *wgsl__argument_expression_list(parser *p, uint32_t *count) {
  uint32_t opening = p->at;
  *count = 0;
  if (!wgsl__expect(p, WGSL__TOKEN_PAREN_LEFT, "before the arguments")) return NULL;
  wgsl__expr *list = NULL;
  if (wgsl__enter(p)) {
    list = expression_comma_list(p, WGSL__TOKEN_PAREN_RIGHT, count);
    wgsl__expect_close(p, WGSL__TOKEN_PAREN_RIGHT, opening);
  }
  wgsl__leave(p);
  return list;
}

/* call_phrase : template_elaborated_ident argument_expression_list */
static wgsl__expr *call_phrase(parser *p, uint32_t first, wgsl__expr *callee) {
  uint32_t count;
  wgsl__expr *list = wgsl__argument_expression_list(p, &count);
  wgsl__expr *e = make(p, WGSL__EXPR_CALL, first, callee, NULL);
  e->list = list;
  e->has_list = true;
  deepen(e, list);
  return check_depth(p, e);
}

/* component_or_swizzle_specifier :
 *   '[' expression ']' component_or_swizzle_specifier ?
 * | '.' member_ident component_or_swizzle_specifier ?
 * | '.' swizzle_name component_or_swizzle_specifier ? */
static wgsl__expr *component_or_swizzle_specifier(parser *p, uint32_t first, wgsl__expr *base) {
  while (!p->failed) {
    uint32_t opening = p->at;
    if (wgsl__accept(p, WGSL__TOKEN_BRACKET_LEFT)) {
      wgsl__expr *index = wgsl__enter(p) ? wgsl__expression(p) : bad(p);
      wgsl__leave(p);
      wgsl__expect_close(p, WGSL__TOKEN_BRACKET_RIGHT, opening);
      base = check_depth(p, make(p, WGSL__EXPR_INDEX, first, base, index));
    } else if (wgsl__accept(p, WGSL__TOKEN_PERIOD)) {
      wgsl__range range;
      wgsl__name *name = wgsl__ident(p, "a member name after '.'", &range);
      base = check_depth(p, make(p, WGSL__EXPR_MEMBER, first, base, NULL));
      base->name = name;
      base->name_range = range;
      if (!name) base->kind = WGSL__EXPR_BAD;
    } else {
      break;
    }
  }
  return base;
}

/* paren_expression : '(' expression ')' */
static wgsl__expr *paren_expression(parser *p, wgsl__expr *(*inner)(parser *)) {
  uint32_t opening = p->at;
  wgsl__take(p);
  wgsl__expr *left = wgsl__enter(p) ? inner(p) : bad(p);
  wgsl__leave(p);
  wgsl__expect_close(p, WGSL__TOKEN_PAREN_RIGHT, opening);
  return check_depth(p, make(p, WGSL__EXPR_PAREN, opening, left, NULL));
}

/* literal : int_literal | float_literal | bool_literal */
static wgsl__expr *literal(parser *p) {
  uint32_t first = p->at;
  const wgsl__token *t = wgsl__take(p);
  wgsl__expr *e = make(p, WGSL__EXPR_LITERAL, first, NULL, NULL);
  if (t->kind == WGSL__TOKEN_NUMBER) {
    if (!wgsl__number_parse(p->m, token_range(t), &e->value)) e->kind = WGSL__EXPR_BAD;
  } else {
    e->value.type = p->m->basic[WGSL__BASE_BOOL];
    e->value.i = t->kind == WGSL__TOKEN_TRUE;
  }
  return e;
}

/* primary_expression : template_elaborated_ident | call_expression | literal | paren_expression */
static wgsl__expr *primary_expression(parser *p) {
  switch (peek(p)->kind) {
    case WGSL__TOKEN_NUMBER:
    case WGSL__TOKEN_TRUE:
    case WGSL__TOKEN_FALSE:
      return literal(p);
    case WGSL__TOKEN_PAREN_LEFT:
      return paren_expression(p, wgsl__expression);
    default:
      break;
  }
  uint32_t first = p->at;
  wgsl__expr *e = wgsl__template_elaborated_ident(p, "an expression");
  return !p->failed && at_token(p, WGSL__TOKEN_PAREN_LEFT) ? call_phrase(p, first, e) : e;
}

/* singular_expression : primary_expression component_or_swizzle_specifier ? */
static wgsl__expr *singular_expression(parser *p) {
  uint32_t first = p->at;
  return component_or_swizzle_specifier(p, first, primary_expression(p));
}

/* Takes the first character off a token of two equal ones: WGSL takes the longest token that fits the grammar here. */
static void split_off(parser *p, wgsl__token_kind half) {
  wgsl__token *t = &p->tokens[p->at];
  t->kind = half;
  t->offset++;
  t->n_bytes = 1;
}

/* unary_expression : singular_expression | ( '-' | '!' | '~' | '*' | '&' ) unary_expression */
static wgsl__expr *unary_expression(parser *p) {
  uint32_t first = p->at;
  wgsl__token_kind op = peek(p)->kind;
  switch (op) {
    case WGSL__TOKEN_MINUS_MINUS:
    case WGSL__TOKEN_AND_AND: {
      wgsl__token_kind half = op == WGSL__TOKEN_AND_AND ? WGSL__TOKEN_AND : WGSL__TOKEN_MINUS;
      wgsl__range whole = token_range(peek(p));
      split_off(p, half);
      wgsl__expr *inner = wgsl__enter(p) ? unary_expression(p) : bad(p);
      wgsl__leave(p);
      wgsl__expr *e = make(p, WGSL__EXPR_UNARY, first, inner, NULL);
      e->op = half;
      e->range.n_bytes += e->range.offset - whole.offset;
      e->range.offset = whole.offset;
      return check_depth(p, e);
    }
    case WGSL__TOKEN_MINUS:
    case WGSL__TOKEN_BANG:
    case WGSL__TOKEN_TILDE:
    case WGSL__TOKEN_STAR:
    case WGSL__TOKEN_AND: {
      wgsl__take(p);
      wgsl__expr *inner = wgsl__enter(p) ? unary_expression(p) : bad(p);
      wgsl__leave(p);
      wgsl__expr *e = make(p, WGSL__EXPR_UNARY, first, inner, NULL);
      e->op = op;
      return check_depth(p, e);
    }
    default:
      return singular_expression(p);
  }
}

static wgsl__expr *binary(parser *p, uint32_t first, wgsl__token_kind op, wgsl__expr *left, wgsl__expr *right) {
  wgsl__expr *e = make(p, WGSL__EXPR_BINARY, first, left, right);
  e->op = op;
  return check_depth(p, e);
}

/* multiplicative_expression : unary_expression | multiplicative_expression ( '*' | '/' | '%' ) unary_expression */
static wgsl__expr *multiplicative_expression(parser *p, uint32_t first, wgsl__expr *left) {
  while (!p->failed) {
    wgsl__token_kind op = peek(p)->kind;
    if (op != WGSL__TOKEN_STAR && op != WGSL__TOKEN_SLASH && op != WGSL__TOKEN_MODULO) break;
    wgsl__take(p);
    left = binary(p, first, op, left, unary_expression(p));
  }
  return left;
}

/* additive_expression : multiplicative_expression | additive_expression ( '+' | '-' ) multiplicative_expression */
static wgsl__expr *additive_expression(parser *p, uint32_t first, wgsl__expr *left) {
  left = multiplicative_expression(p, first, left);
  while (!p->failed) {
    wgsl__token_kind op = peek(p)->kind;
    bool minus_minus = op == WGSL__TOKEN_MINUS_MINUS;
    if (minus_minus) op = WGSL__TOKEN_MINUS;
    if (op != WGSL__TOKEN_PLUS && op != WGSL__TOKEN_MINUS) break;
    wgsl__expr *right;
    uint32_t start = p->at + !minus_minus;
    if (minus_minus) { /* `a--b` is a - (-b) */
      split_off(p, WGSL__TOKEN_MINUS);
      right = unary_expression(p);
    } else {
      wgsl__take(p);
      right = unary_expression(p);
    }
    right = multiplicative_expression(p, start, right);
    left = binary(p, first, op, left, right);
  }
  return left;
}

static bool is_shift(wgsl__token_kind op) { return op == WGSL__TOKEN_SHIFT_LEFT || op == WGSL__TOKEN_SHIFT_RIGHT; }

/* shift_expression : additive_expression | unary_expression ( '<<' | '>>' ) unary_expression */
static wgsl__expr *shift_expression(parser *p, uint32_t first, wgsl__expr *left) {
  if (!p->failed && is_shift(peek(p)->kind)) {
    wgsl__token_kind op = wgsl__take(p)->kind;
    return binary(p, first, op, left, unary_expression(p));
  }
  return additive_expression(p, first, left);
}

static bool is_relational(wgsl__token_kind op) {
  return op == WGSL__TOKEN_LESS || op == WGSL__TOKEN_GREATER || op == WGSL__TOKEN_LESS_EQUAL ||
         op == WGSL__TOKEN_GREATER_EQUAL || op == WGSL__TOKEN_EQUAL_EQUAL || op == WGSL__TOKEN_NOT_EQUAL;
}

/* relational_expression : shift_expression | shift_expression ( '<' | '>' | '<=' | '>=' | '==' | '!=' )
 * shift_expression */
static wgsl__expr *relational_expression(parser *p, uint32_t first, wgsl__expr *left) {
  left = shift_expression(p, first, left);
  if (p->failed || !is_relational(peek(p)->kind)) return left;
  wgsl__token_kind op = wgsl__take(p)->kind;
  uint32_t start = p->at;
  wgsl__expr *right = shift_expression(p, start, unary_expression(p));
  return binary(p, first, op, left, right);
}

/* bitwise_expression : a chain of one of '&' '|' '^' over unary_expressions */
static wgsl__expr *bitwise_expression(parser *p, uint32_t first, wgsl__expr *left) {
  wgsl__token_kind op = peek(p)->kind;
  while (!p->failed && at_token(p, op)) {
    wgsl__take(p);
    left = binary(p, first, op, left, unary_expression(p));
  }
  return left;
}

/* short_circuit_or_expression and short_circuit_and_expression: a chain of one operator over relational_expressions */
static wgsl__expr *short_circuit_expression(parser *p, uint32_t first, wgsl__expr *left) {
  wgsl__token_kind op = peek(p)->kind;
  while (!p->failed && at_token(p, op)) {
    wgsl__take(p);
    uint32_t start = p->at;
    left = binary(p, first, op, left, relational_expression(p, start, unary_expression(p)));
  }
  return left;
}

static bool is_binary_operator(wgsl__token_kind op) {
  return is_shift(op) || is_relational(op) || op == WGSL__TOKEN_AND || op == WGSL__TOKEN_OR || op == WGSL__TOKEN_XOR ||
         op == WGSL__TOKEN_AND_AND || op == WGSL__TOKEN_OR_OR || op == WGSL__TOKEN_STAR || op == WGSL__TOKEN_SLASH ||
         op == WGSL__TOKEN_MODULO || op == WGSL__TOKEN_PLUS || op == WGSL__TOKEN_MINUS;
}

/* expression : relational_expression | short_circuit_or_expression '||' relational_expression
 *            | short_circuit_and_expression '&&' relational_expression | bitwise_expression */
wgsl__expr *wgsl__expression(parser *p) {
  uint32_t first = p->at;
  wgsl__expr *left = unary_expression(p);
  if (p->failed) return left;
  wgsl__token_kind op = peek(p)->kind;
  if (op == WGSL__TOKEN_AND || op == WGSL__TOKEN_OR || op == WGSL__TOKEN_XOR) {
    left = bitwise_expression(p, first, left);
  } else {
    left = relational_expression(p, first, left);
    op = peek(p)->kind;
    if (op == WGSL__TOKEN_AND_AND || op == WGSL__TOKEN_OR_OR) left = short_circuit_expression(p, first, left);
  }
  op = peek(p)->kind;
  if (!p->failed && is_binary_operator(op)) {
    p->failed = true; /* left is a binary expression: after another one the operator would have been taken */
    wgsl_diagnostic *d =
        wgsl__error(p->m, token_range(peek(p)), "mixed-operators", "%s cannot follow %s without parentheses",
                    wgsl__token_text(op), wgsl__token_text(left->op));
    wgsl__hint(p->m, d, "put the part that is evaluated first in parentheses");
  }
  return left;
}

/* core_lhs_expression : ident | '(' lhs_expression ')' | call_expression */
static wgsl__expr *core_lhs_expression(parser *p) {
  if (at_token(p, WGSL__TOKEN_PAREN_LEFT)) return paren_expression(p, wgsl__lhs_expression);
  uint32_t first = p->at;
  wgsl__expr *e = wgsl__template_elaborated_ident(p, "a statement");
  return !p->failed && at_token(p, WGSL__TOKEN_PAREN_LEFT) ? call_phrase(p, first, e) : e;
}

/* lhs_expression : core_lhs_expression component_or_swizzle_specifier ? | ( '*' | '&' ) lhs_expression */
wgsl__expr *wgsl__lhs_expression(parser *p) {
  uint32_t first = p->at;
  wgsl__token_kind op = peek(p)->kind;
  if (op != WGSL__TOKEN_STAR && op != WGSL__TOKEN_AND)
    return component_or_swizzle_specifier(p, first, core_lhs_expression(p));
  wgsl__take(p);
  wgsl__expr *inner = wgsl__enter(p) ? wgsl__lhs_expression(p) : bad(p);
  wgsl__leave(p);
  wgsl__expr *e = make(p, WGSL__EXPR_UNARY, first, inner, NULL);
  e->op = op;
  return check_depth(p, e);
}
