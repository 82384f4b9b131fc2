/* Statements (WGSL 9). */
#include "wgsl/parse.h"

static wgsl__stmt *statement(parser *p);

static wgsl__stmt *make(parser *p, wgsl__stmt_kind kind, uint32_t first) {
  wgsl__stmt *s = wgsl__new(p->m, sizeof *s);
  s->kind = kind;
  s->range = range_from(p, first);
  return s;
}

static wgsl__stmt *finish(parser *p, wgsl__stmt *s, uint32_t first) {
  s->range = range_from(p, first);
  return s;
}

/* Whether a block's statements end here: at its `}`, at the caller's `last` (CONTINUING, or BREAK before `if`), or
 * where a declaration starts because a `}` is missing. */
static bool statements_end(const parser *p, wgsl__token_kind last) {
  wgsl__token_kind kind = peek(p)->kind;
  if (kind == last) return last != WGSL__TOKEN_BREAK || peek_second(p) == WGSL__TOKEN_IF;
  return kind == WGSL__TOKEN_BRACE_RIGHT || kind == WGSL__TOKEN_END || wgsl__at_declaration(p);
}

/* statement *   resynchronising after each error */
static wgsl__stmt *statements(parser *p, wgsl__token_kind last) {
  wgsl__stmt *list = NULL, **tail = &list;
  uint32_t braces = p->braces;
  while (!p->failed && !statements_end(p, last)) {
    if (wgsl__accept(p, WGSL__TOKEN_SEMICOLON)) continue;
    uint32_t before = p->at, parens = at_token(p, WGSL__TOKEN_FOR) ? p->parens : UINT32_MAX;
    wgsl__stmt *s = statement(p);
    *tail = s;
    tail = &s->next;
    if (!p->failed) continue;
    if (p->at == before && !at_token(p, WGSL__TOKEN_BRACE_RIGHT)) wgsl__take(p);
    wgsl__synchronise(p, true, braces, parens); /* only a `for` has `;` in its parentheses */
  }
  return list;
}

/* compound_statement : attribute * '{' statement * '}'   (its range is that of the braces) */
wgsl__stmt *wgsl__compound_statement(parser *p, const char *where) {
  wgsl__stmt *s = make(p, WGSL__STMT_BLOCK, p->at);
  s->attributes = wgsl__attributes(p);
  wgsl__attributes_check(p, s->attributes, 's', "a block");
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_BRACE_LEFT, where)) return s;
  if (wgsl__enter(p)) s->body = statements(p, WGSL__TOKEN_BRACE_RIGHT);
  wgsl__leave(p);
  wgsl__expect_close(p, WGSL__TOKEN_BRACE_RIGHT, opening);
  return finish(p, s, opening);
}

/* if_statement : attribute * 'if' expression compound_statement
 *                ( 'else' 'if' expression compound_statement ) * ( 'else' compound_statement ) ? */
static wgsl__stmt *if_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__stmt *s = make(p, WGSL__STMT_IF, first), **tail = &s->body;
  bool more = true;
  while (more && !p->failed) {
    uint32_t start = p->at;
    wgsl__stmt *clause = make(p, WGSL__STMT_CLAUSE, start);
    *tail = clause;
    tail = &clause->next;
    if (wgsl__accept(p, WGSL__TOKEN_IF))
      clause->left = wgsl__expression(p);
    else
      more = false;
    clause->body = wgsl__compound_statement(p, more ? "after the condition" : "after 'else'");
    finish(p, clause, start);
    if (p->failed || !more || !wgsl__accept(p, WGSL__TOKEN_ELSE)) break;
  }
  return finish(p, s, first);
}

/* case_selectors : case_selector ( ',' case_selector ) * ',' ?      case_selector : 'default' | expression */
static void case_selectors(parser *p, wgsl__stmt *s) {
  wgsl__expr **tail = &s->list;
  bool any = false;
  while (!p->failed && !at_token(p, WGSL__TOKEN_COLON) && !at_token(p, WGSL__TOKEN_BRACE_LEFT) &&
         !at_token(p, WGSL__TOKEN_ATTR)) {
    any = true;
    if (wgsl__accept(p, WGSL__TOKEN_DEFAULT)) {
      if (s->is_default)
        wgsl__error(p->m, token_range(&p->tokens[p->at - 1]), "duplicate-default", "this case names 'default' twice");
      s->is_default = true;
    } else {
      *tail = wgsl__expression(p);
      tail = &(*tail)->next;
    }
    if (!wgsl__accept(p, WGSL__TOKEN_COMMA)) break;
  }
  if (!any) wgsl__unexpected(p, "a case selector");
}

/* switch_clause : 'case' case_selectors ':' ? compound_statement | 'default' ':' ? compound_statement */
static wgsl__stmt *switch_clause(parser *p) {
  uint32_t first = p->at;
  wgsl__stmt *s = make(p, WGSL__STMT_CASE, first);
  if (wgsl__accept(p, WGSL__TOKEN_CASE)) {
    case_selectors(p, s);
  } else if (wgsl__accept(p, WGSL__TOKEN_DEFAULT)) {
    s->is_default = true;
  } else {
    wgsl__unexpected(p, "'case', 'default' or '}'");
    return s;
  }
  wgsl__accept(p, WGSL__TOKEN_COLON);
  s->body = wgsl__compound_statement(p, "to open the case's body");
  return finish(p, s, first);
}

/* switch_statement : attribute * 'switch' expression attribute * '{' switch_clause + '}' */
static wgsl__stmt *switch_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__take(p);
  wgsl__stmt *s = make(p, WGSL__STMT_SWITCH, first), **tail = &s->body;
  s->left = wgsl__expression(p);
  s->body_attributes = wgsl__attributes(p);
  wgsl__attributes_check(p, s->body_attributes, 's', "a switch body");
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_BRACE_LEFT, "after the switch expression")) return s;
  const wgsl__stmt *with_default = NULL;
  if (wgsl__enter(p)) {
    while (!p->failed && !at_token(p, WGSL__TOKEN_BRACE_RIGHT)) {
      wgsl__stmt *clause = switch_clause(p);
      *tail = clause;
      tail = &clause->next;
      if (!clause->is_default) continue;
      if (with_default) {
        wgsl_diagnostic *d =
            wgsl__error(p->m, clause->range, "duplicate-default", "this switch has more than one default case");
        wgsl__note(p->m, d, with_default->range, "the first one");
      }
      with_default = clause;
    }
  }
  wgsl__leave(p);
  bool complete = wgsl__expect_close(p, WGSL__TOKEN_BRACE_RIGHT, opening);
  finish(p, s, first);
  if (complete && !with_default)
    wgsl__hint(p->m,
               wgsl__error(p->m, token_range(&p->tokens[first]), "missing-default", "this switch has no default case"),
               "add 'default: {}'");
  return s;
}

/* continuing_statement : 'continuing' attribute * '{' statement * ( 'break' 'if' expression ';' ) ? '}' */
static wgsl__stmt *continuing_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__take(p);
  wgsl__stmt *s = make(p, WGSL__STMT_CONTINUING, first);
  s->body_attributes = wgsl__attributes(p);
  wgsl__attributes_check(p, s->body_attributes, 's', "a continuing body");
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_BRACE_LEFT, "after 'continuing'")) return s;
  if (wgsl__enter(p)) {
    s->body = statements(p, WGSL__TOKEN_BREAK);
    if (at_token(p, WGSL__TOKEN_BREAK)) {
      uint32_t start = p->at;
      wgsl__take(p);
      wgsl__take(p);
      wgsl__stmt *last = make(p, WGSL__STMT_BREAK_IF, start), **tail = &s->body;
      last->left = wgsl__expression(p);
      wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after 'break if'");
      finish(p, last, start);
      while (*tail) tail = &(*tail)->next;
      *tail = last;
    }
  }
  wgsl__leave(p);
  wgsl__expect_close(p, WGSL__TOKEN_BRACE_RIGHT, opening);
  return finish(p, s, first);
}

/* loop_statement : attribute * 'loop' attribute * '{' statement * continuing_statement ? '}' */
static wgsl__stmt *loop_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__take(p);
  wgsl__stmt *s = make(p, WGSL__STMT_LOOP, first);
  s->body_attributes = wgsl__attributes(p);
  wgsl__attributes_check(p, s->body_attributes, 's', "a loop body");
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_BRACE_LEFT, "after 'loop'")) return s;
  if (wgsl__enter(p)) {
    s->body = statements(p, WGSL__TOKEN_CONTINUING);
    if (at_token(p, WGSL__TOKEN_CONTINUING)) {
      wgsl__stmt *last = continuing_statement(p), **tail = &s->body;
      while (*tail) tail = &(*tail)->next;
      *tail = last;
    }
  }
  wgsl__leave(p);
  wgsl__expect_close(p, WGSL__TOKEN_BRACE_RIGHT, opening);
  return finish(p, s, first);
}

static bool is_assignment(wgsl__token_kind op) {
  return op == WGSL__TOKEN_EQUAL || (op >= WGSL__TOKEN_PLUS_EQUAL && op <= WGSL__TOKEN_SHIFT_LEFT_EQUAL);
}

/* variable_updating_statement : assignment_statement | increment_statement | decrement_statement
 * assignment_statement : lhs_expression ( '=' | compound_assignment_operator ) expression | '_' '=' expression
 * func_call_statement : call_phrase */
static wgsl__stmt *variable_updating_or_call(parser *p) {
  uint32_t first = p->at;
  wgsl__stmt *s = make(p, WGSL__STMT_PHONY, first);
  if (wgsl__accept(p, WGSL__TOKEN_UNDERSCORE)) {
    wgsl__expect(p, WGSL__TOKEN_EQUAL, "after '_'");
    if (!p->failed) s->right = wgsl__expression(p);
    return finish(p, s, first);
  }
  s->left = wgsl__lhs_expression(p);
  if (p->failed) return s;
  s->op = peek(p)->kind;
  if (is_assignment(s->op)) {
    wgsl__take(p);
    s->kind = WGSL__STMT_ASSIGN;
    s->right = wgsl__expression(p);
  } else if (s->op == WGSL__TOKEN_PLUS_PLUS || s->op == WGSL__TOKEN_MINUS_MINUS) {
    wgsl__take(p);
    s->kind = WGSL__STMT_INCREMENT;
  } else if (s->left->kind == WGSL__EXPR_CALL) {
    s->kind = WGSL__STMT_CALL;
  } else {
    wgsl__unexpected(p, "'=' or another assignment");
  }
  return finish(p, s, first);
}

static wgsl__stmt *variable_or_value_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__stmt *s = make(p, WGSL__STMT_DECL, first);
  s->decl = wgsl__variable_or_value(p, true);
  return finish(p, s, first);
}

static bool at_value_keyword(const parser *p) {
  return at_token(p, WGSL__TOKEN_VAR) || at_token(p, WGSL__TOKEN_LET) || at_token(p, WGSL__TOKEN_CONST);
}

/* for_statement : attribute * 'for' '(' for_header ')' compound_statement
 * for_header : for_init ? ';' expression ? ';' for_update ? */
static wgsl__stmt *for_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__take(p);
  wgsl__stmt *s = make(p, WGSL__STMT_FOR, first);
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_PAREN_LEFT, "after 'for'")) return s;
  if (!at_token(p, WGSL__TOKEN_SEMICOLON))
    s->init = at_value_keyword(p) ? variable_or_value_statement(p) : variable_updating_or_call(p);
  wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after the loop's initialiser");
  if (!p->failed && !at_token(p, WGSL__TOKEN_SEMICOLON)) s->left = wgsl__expression(p);
  wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after the loop's condition");
  if (!p->failed && !at_token(p, WGSL__TOKEN_PAREN_RIGHT)) s->update = variable_updating_or_call(p);
  wgsl__expect_close(p, WGSL__TOKEN_PAREN_RIGHT, opening);
  if (!p->failed) s->body = wgsl__compound_statement(p, "after the loop's header");
  return finish(p, s, first);
}

/* while_statement : attribute * 'while' expression compound_statement */
static wgsl__stmt *while_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__take(p);
  wgsl__stmt *s = make(p, WGSL__STMT_WHILE, first);
  s->left = wgsl__expression(p);
  if (!p->failed) s->body = wgsl__compound_statement(p, "after the condition");
  return finish(p, s, first);
}

/* Statements that end in `;`. */
static wgsl__stmt *simple_statement(parser *p) {
  uint32_t first = p->at;
  wgsl__stmt *s = NULL;
  switch (peek(p)->kind) {
    case WGSL__TOKEN_RETURN:
      wgsl__take(p);
      s = make(p, WGSL__STMT_RETURN, first);
      if (!at_token(p, WGSL__TOKEN_SEMICOLON)) s->left = wgsl__expression(p);
      break;
    case WGSL__TOKEN_BREAK:
      wgsl__take(p);
      s = make(p, WGSL__STMT_BREAK, first);
      if (at_token(p, WGSL__TOKEN_IF)) {
        p->failed = true;
        wgsl__error(p->m, range_from(p, first), "misplaced-break-if",
                    "'break if' can only be the last statement of a continuing block");
      }
      break;
    case WGSL__TOKEN_CONTINUE:
      wgsl__take(p);
      s = make(p, WGSL__STMT_CONTINUE, first);
      break;
    case WGSL__TOKEN_DISCARD:
      wgsl__take(p);
      s = make(p, WGSL__STMT_DISCARD, first);
      break;
    case WGSL__TOKEN_CONST_ASSERT:
      wgsl__take(p);
      s = make(p, WGSL__STMT_CONST_ASSERT, first);
      s->left = wgsl__expression(p);
      break;
    case WGSL__TOKEN_VAR:
    case WGSL__TOKEN_LET:
    case WGSL__TOKEN_CONST:
      s = variable_or_value_statement(p);
      break;
    case WGSL__TOKEN_CONTINUING:
      s = make(p, WGSL__STMT_BREAK, first);
      p->failed = true;
      wgsl__error(p->m, token_range(peek(p)), "misplaced-continuing",
                  "'continuing' can only be the last statement of a loop block");
      return s;
    default:
      s = variable_updating_or_call(p);
      break;
  }
  finish(p, s, first);
  wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after the statement");
  return s;
}

/* statement : ';' | if, switch, loop, for, while, compound statements | simple statements ';' */
static wgsl__stmt *statement(parser *p) {
  wgsl__attribute *attributes = wgsl__attributes(p);
  wgsl__stmt *s;
  switch (peek(p)->kind) {
    case WGSL__TOKEN_BRACE_LEFT:
      s = wgsl__compound_statement(p, "");
      break;
    case WGSL__TOKEN_IF:
      s = if_statement(p);
      break;
    case WGSL__TOKEN_SWITCH:
      s = switch_statement(p);
      break;
    case WGSL__TOKEN_LOOP:
      s = loop_statement(p);
      break;
    case WGSL__TOKEN_FOR:
      s = for_statement(p);
      break;
    case WGSL__TOKEN_WHILE:
      s = while_statement(p);
      break;
    default:
      if (attributes) wgsl__attributes_check(p, attributes, ' ', "this statement");
      return simple_statement(p);
  }
  wgsl__attributes_check(p, attributes, 's', "a statement");
  s->attributes = attributes;
  return s;
}
