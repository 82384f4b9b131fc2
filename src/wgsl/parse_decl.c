/* The parser's ground, directives, attributes and module-scope declarations (WGSL 4, 5, 7, 11, 12). */
#include <stdio.h>
#include <string.h>

#include "wgsl/parse.h"

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

const wgsl__token *wgsl__take(parser *p) {
  if (p->m->out_of_memory || p->m->n_errors >= WGSL__MAX_REPORTS) p->at = p->m->tokens.count - 1;
  const wgsl__token *t = peek(p);
  switch (t->kind) {
    case WGSL__TOKEN_END:
      return t;
    case WGSL__TOKEN_BRACE_LEFT:
      p->braces++;
      break;
    case WGSL__TOKEN_BRACE_RIGHT:
      if (p->braces) p->braces--;
      break;
    case WGSL__TOKEN_PAREN_LEFT:
      p->parens++;
      break;
    case WGSL__TOKEN_PAREN_RIGHT:
      if (p->parens) p->parens--;
      break;
    default:
      break;
  }
  p->at++;
  return t;
}

bool wgsl__accept(parser *p, wgsl__token_kind kind) {
  if (p->failed || !at_token(p, kind)) return false;
  wgsl__take(p);
  return true;
}

/* What the current token is, in a message. */
static const char *found(const parser *p, char out[64]) {
  const wgsl__token *t = peek(p);
  int n = t->n_bytes > 32 ? 32 : (int)t->n_bytes;
  while (n > 0 && ((unsigned char)p->m->source[t->offset + (uint32_t)n] & 0xC0) == 0x80) n--;
  const char *dots = t->n_bytes > 32 ? "..." : "", *what = t->kind == WGSL__TOKEN_RESERVED ? "the reserved word " : "";
  if (t->kind == WGSL__TOKEN_END) return wgsl__token_text(t->kind);
  snprintf(out, 64, "%s'%.*s%s'", what, n, p->m->source + t->offset, dots);
  return out;
}

wgsl_diagnostic *wgsl__unexpected(parser *p, const char *wanted) {
  if (p->failed) return NULL;
  p->failed = true;
  char text[64];
  wgsl_diagnostic *d =
      wgsl__error(p->m, token_range(peek(p)), "syntax", "expected %s, found %s", wanted, found(p, text));
  wgsl__syntax_hint(p, d, WGSL__TOKEN_COUNT);
  return d;
}

bool wgsl__expect(parser *p, wgsl__token_kind kind, const char *where) {
  if (p->failed) return false;
  if (wgsl__accept(p, kind)) return true;
  p->failed = true;
  char text[64];
  /* A missing `;` is best shown where it belongs, not on the next line. */
  const wgsl__token *before = p->at ? &p->tokens[p->at - 1] : peek(p);
  wgsl__range range = token_range(peek(p));
  if (kind == WGSL__TOKEN_SEMICOLON) range = (wgsl__range){before->offset + before->n_bytes, 0};
  wgsl_diagnostic *d =
      wgsl__error(p->m, range, "syntax", "expected %s %s, found %s", wgsl__token_text(kind), where, found(p, text));
  if (kind == WGSL__TOKEN_BRACE_LEFT) wgsl__hint(p->m, d, "bodies have braces, also those of one statement");
  wgsl__syntax_hint(p, d, kind);
  return false;
}

bool wgsl__expect_close(parser *p, wgsl__token_kind kind, uint32_t opening) {
  if (p->failed) return false;
  if (wgsl__accept(p, kind)) return true;
  p->failed = true;
  char text[64];
  wgsl_diagnostic *d = wgsl__error(p->m, token_range(peek(p)), "syntax", "expected %s, found %s",
                                   wgsl__token_text(kind), found(p, text));
  wgsl__note(p->m, d, token_range(&p->tokens[opening]), "to match this one");
  wgsl__syntax_hint(p, d, kind);
  return false;
}

/* ident : ident_pattern_token, neither keyword nor reserved, not starting with two underscores (WGSL 3.7) */
wgsl__name *wgsl__ident(parser *p, const char *what, wgsl__range *range) {
  *range = token_range(peek(p));
  if (p->failed) return NULL;
  if (!at_token(p, WGSL__TOKEN_IDENT)) {
    wgsl_diagnostic *d = wgsl__unexpected(p, what);
    if (d && !d->hint && at_token(p, WGSL__TOKEN_RESERVED))
      wgsl__hint(p->m, d, "WGSL keeps this word for later versions: take another");
    return NULL;
  }
  wgsl__name *name = token_name(p, wgsl__take(p));
  if (p->m->out_of_memory) return NULL;
  if (name->text[0] == '_' && name->text[1] == '_') {
    p->failed = true;
    wgsl__error(p->m, *range, "reserved-name", "the name '%s' starts with two underscores", name->text);
    return NULL;
  }
  return name;
}

bool wgsl__enter(parser *p) {
  if (++p->depth <= WGSL__MAX_NESTING) return !p->failed;
  if (!p->failed)
    wgsl__error(p->m, token_range(peek(p)), "nesting-depth", "this nests more than %d levels deep", WGSL__MAX_NESTING);
  p->failed = true;
  p->at = p->m->tokens.count - 1; /* what follows would only be misread */
  return false;
}

void wgsl__leave(parser *p) { p->depth--; }

bool wgsl__starts_declaration(wgsl__token_kind kind) {
  return kind == WGSL__TOKEN_FN || kind == WGSL__TOKEN_STRUCT || kind == WGSL__TOKEN_OVERRIDE ||
         kind == WGSL__TOKEN_ALIAS;
}

bool wgsl__at_declaration(const parser *p) {
  const wgsl__token *t = peek(p);
  while (t->kind == WGSL__TOKEN_ATTR && t[1].kind != WGSL__TOKEN_END) {
    uint32_t parens = 0;
    t += 2;
    do {
      if (t->kind == WGSL__TOKEN_PAREN_LEFT) parens++;
      if (t->kind == WGSL__TOKEN_PAREN_RIGHT && parens) parens--;
      if (t->kind == WGSL__TOKEN_PAREN_LEFT || t->kind == WGSL__TOKEN_PAREN_RIGHT || parens) t++;
    } while (parens && t->kind != WGSL__TOKEN_END);
  }
  return wgsl__starts_declaration(t->kind) || (t != peek(p) && t->kind == WGSL__TOKEN_VAR);
}

/* Up to and with the `;` of the statement, or the `}` that closes what it opened; up to the `}` of the block around it.
 * Where a declaration starts inside a block, `failed` stays, so that the open blocks unwind in silence. */
void wgsl__synchronise(parser *p, bool in_block, uint32_t braces, uint32_t parens) {
  p->failed = false;
  p->m->tree_broken = true;
  for (;;) {
    wgsl__token_kind kind = peek(p)->kind;
    bool starts = wgsl__starts_declaration(kind);
    if (kind == WGSL__TOKEN_END || (starts && (in_block || p->braces == 0))) {
      p->failed = in_block;
      return;
    }
    if (kind == WGSL__TOKEN_BRACE_RIGHT && p->braces <= braces && in_block) return;
    wgsl__take(p);
    if (kind == WGSL__TOKEN_SEMICOLON && p->braces <= braces && p->parens <= parens) return;
    if (kind == WGSL__TOKEN_BRACE_RIGHT && p->braces <= braces) return;
  }
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static const struct attribute_row {
  const char *name;
  uint32_t least, most;
  const char *where;
} attribute_table[] = {
#define WGSL__ATTRIBUTE(name, least, most, where) {#name, least, most, where},
#include "wgsl/attribute.def"
#undef WGSL__ATTRIBUTE
};

static const char *const builtin_values[] = {
#define WGSL__BUILTIN_VALUE(name, type, stages, gate) #name,
#include "wgsl/builtin_value.def"
#undef WGSL__BUILTIN_VALUE
};

static const char *const interpolation_types[] = {"perspective", "linear", "flat"};
static const char *const interpolation_samplings[] = {"center", "centroid", "sample", "first", "either"};
static const char *const severities[] = {"error", "warning", "info", "off"};

static bool is_listed(const char *text, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i], text) == 0) return true;
  return false;
}

/* Adds the name in the list that `text` is most likely a slip of. */
static void hint_similar(parser *p, wgsl_diagnostic *d, const char *text, size_t n, const char *const *list,
                         size_t count) {
  const char *best = NULL;
  uint32_t nearest = UINT32_MAX;
  for (size_t i = 0; d && i < count; i++) {
    size_t n_name = strlen(list[i]);
    uint32_t distance = weft__text_similar(text, n, list[i], n_name)
                            ? weft__text_distance(text, n, list[i], n_name, (uint32_t)n)
                            : UINT32_MAX;
    if (distance >= nearest) continue;
    nearest = distance;
    best = list[i];
  }
  if (best) wgsl__hint(p->m, d, "did you mean '%s'?", best);
}

/* Reports a context-dependent name that is not in the list. */
/* False: it was reported. */
static bool check_listed(parser *p, const wgsl__expr *e, const char *const *list, size_t count, const char *what) {
  if (p->failed || !e || e->kind != WGSL__EXPR_IDENT || is_listed(e->name->text, list, count)) return true;
  wgsl_diagnostic *d = wgsl__error(p->m, e->name_range, "unknown-name", "'%s' is not %s", e->name->text, what);
  hint_similar(p, d, e->name->text, e->name->n_bytes, list, count);
  return false;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* diagnostic_control : '(' severity_control_name ',' diagnostic_rule_name ',' ? ')'
 * diagnostic_rule_name : name | name '.' name */
static wgsl__expr *diagnostic_control(parser *p) {
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_PAREN_LEFT, "after 'diagnostic'")) return NULL;
  wgsl__expr *severity = wgsl__plain_name(p, "a severity");
  check_listed(p, severity, severities, COUNT(severities), "a severity: error, warning, info or off");
  wgsl__expect(p, WGSL__TOKEN_COMMA, "after the severity");
  uint32_t first = p->at;
  wgsl__expr *rule = wgsl__plain_name(p, "the name of a diagnostic rule");
  if (wgsl__accept(p, WGSL__TOKEN_PERIOD)) {
    wgsl__expr *pair = wgsl__plain_name(p, "the second part of the rule's name");
    if (pair->kind == WGSL__EXPR_IDENT) {
      pair->left = rule;
      pair->kind = WGSL__EXPR_MEMBER;
      pair->range = range_from(p, first);
    }
    rule = pair;
  }
  severity->next = rule;
  wgsl__accept(p, WGSL__TOKEN_COMMA);
  wgsl__expect_close(p, WGSL__TOKEN_PAREN_RIGHT, opening);
  static const char *const rules[] = {"derivative_uniformity", "subgroup_uniformity"};
  if (p->failed || rule->kind != WGSL__EXPR_IDENT) return severity;
  if (is_listed(rule->name->text, rules, COUNT(rules))) return severity;
  wgsl_diagnostic *d =
      wgsl__warning(p->m, rule->range, "unknown-rule", "no diagnostic rule is named '%s'", rule->name->text);
  hint_similar(p, d, rule->name->text, rule->name->n_bytes, rules, COUNT(rules));
  return severity;
}

/* '(' name ( ',' name ) ? ',' ? ')'   of @builtin and @interpolate */
static wgsl__expr *name_arguments(parser *p, const char *what, uint32_t *count) {
  uint32_t opening = p->at;
  if (!wgsl__expect(p, WGSL__TOKEN_PAREN_LEFT, "after the attribute's name")) return NULL;
  wgsl__expr *list = NULL, **tail = &list;
  *count = 0;
  do {
    *tail = wgsl__plain_name(p, what);
    tail = &(*tail)->next;
    ++*count;
  } while (wgsl__accept(p, WGSL__TOKEN_COMMA) && !at_token(p, WGSL__TOKEN_PAREN_RIGHT));
  wgsl__expect_close(p, WGSL__TOKEN_PAREN_RIGHT, opening);
  return list;
}

static const struct attribute_row *attribute_find(parser *p, const wgsl__token *t) {
  const char *text = p->m->source + t->offset, *names[COUNT(attribute_table)];
  for (size_t i = 0; i < COUNT(attribute_table); i++) {
    names[i] = attribute_table[i].name;
    if (strncmp(names[i], text, t->n_bytes) == 0 && names[i][t->n_bytes] == 0) return &attribute_table[i];
  }
  p->failed = true;
  wgsl_diagnostic *d = wgsl__error(p->m, token_range(t), "unknown-attribute", "no attribute is named '%.*s'",
                                   t->n_bytes > 64 ? 64 : (int)t->n_bytes, text);
  hint_similar(p, d, text, t->n_bytes, names, COUNT(names));
  if (t->n_bytes == 5 && strncmp(text, "stage", 5) == 0) wgsl__hint(p->m, d, "write '@compute'");
  return NULL;
}

/* attribute : '@' name argument_expression_list ? */
static wgsl__attribute *attribute(parser *p) {
  uint32_t first = p->at;
  wgsl__attribute *a = wgsl__new(p->m, sizeof *a);
  wgsl__take(p);
  wgsl__token_kind kind = peek(p)->kind;
  if (kind != WGSL__TOKEN_IDENT && kind != WGSL__TOKEN_CONST && kind != WGSL__TOKEN_DIAGNOSTIC) {
    wgsl__unexpected(p, "the name of an attribute");
    return a;
  }
  const wgsl__token *t = wgsl__take(p);
  const struct attribute_row *row = attribute_find(p, t);
  a->name_range = token_range(t);
  if (!row) return a;
  a->kind = (wgsl__attribute_kind)(row - attribute_table);
  if (a->kind == WGSL__ATTRIBUTE_diagnostic) {
    a->arguments = diagnostic_control(p);
    a->n_arguments = 2;
  } else if (a->kind == WGSL__ATTRIBUTE_builtin) {
    a->arguments = name_arguments(p, "the name of a built-in value", &a->n_arguments);
    check_listed(p, a->arguments, builtin_values, COUNT(builtin_values), "a built-in value");
  } else if (a->kind == WGSL__ATTRIBUTE_interpolate) {
    a->arguments = name_arguments(p, "an interpolation type", &a->n_arguments);
    check_listed(p, a->arguments, interpolation_types, COUNT(interpolation_types), "an interpolation type");
    check_listed(p, a->arguments ? a->arguments->next : NULL, interpolation_samplings, COUNT(interpolation_samplings),
                 "an interpolation sampling");
  } else if (row->most) {
    a->arguments = wgsl__argument_expression_list(p, &a->n_arguments);
  }
  a->range = range_from(p, first);
  if (p->failed || (a->n_arguments >= row->least && a->n_arguments <= row->most)) return a;
  char least[16] = "";
  if (row->least < row->most) snprintf(least, sizeof least, "%u to ", row->least);
  wgsl__error(p->m, a->range, "attribute-arguments", "@%s takes %s%u argument%s, here it has %u", row->name, least,
              row->most, row->most == 1 ? "" : "s", a->n_arguments);
  return a;
}

/* attribute * */
wgsl__attribute *wgsl__attributes(parser *p) {
  wgsl__attribute *list = NULL, **tail = &list;
  while (!p->failed && at_token(p, WGSL__TOKEN_ATTR)) {
    *tail = attribute(p);
    tail = &(*tail)->next;
  }
  return list;
}

static bool same_rule(const wgsl__expr *a, const wgsl__expr *b) {
  return a && b && a->kind == b->kind && a->name == b->name &&
         (!a->left || (b->left && a->left->name == b->left->name));
}

void wgsl__attributes_check(parser *p, const wgsl__attribute *list, char where, const char *what) {
  const wgsl__attribute *first[WGSL__ATTRIBUTE_COUNT] = {0};
  if (p->failed || p->m->out_of_memory) return;
  uint32_t n_diagnostic = 0;
  for (const wgsl__attribute *a = list; a; a = a->next) {
    const struct attribute_row *row = &attribute_table[a->kind];
    if (!strchr(row->where, where)) {
      wgsl__error(p->m, a->range, "misplaced-attribute", "@%s cannot be on %s", row->name, what);
      continue;
    }
    const wgsl__attribute *before = first[a->kind];
    if (a->kind == WGSL__ATTRIBUTE_diagnostic && n_diagnostic++ < 8) {
      /* Several are fine while they name different rules; the first eight are compared, which bounds the work. */
      for (before = list; before != a; before = before->next)
        if (before->kind == a->kind && before->arguments && a->arguments &&
            same_rule(before->arguments->next, a->arguments->next))
          break;
      if (before == a) before = NULL;
    }
    if (before) {
      wgsl_diagnostic *d = wgsl__error(p->m, a->range, "duplicate-attribute", "@%s is here twice", row->name);
      wgsl__note(p->m, d, before->range, "the first one");
    }
    first[a->kind] = a->kind == WGSL__ATTRIBUTE_diagnostic ? NULL : a;
  }
  const wgsl__attribute *invariant = first[WGSL__ATTRIBUTE_invariant], *builtin = first[WGSL__ATTRIBUTE_builtin];
  const wgsl__expr *name = builtin ? builtin->arguments : NULL;
  if (invariant && !(name && name->kind == WGSL__EXPR_IDENT && strcmp(name->name->text, "position") == 0))
    wgsl__error(p->m, invariant->range, "misplaced-attribute", "@invariant can only be beside @builtin(position)");
}

/* ---- declarations ------------------------------------------------------------------------------------------------ */

static wgsl__decl *make(parser *p, wgsl__decl_kind kind) {
  wgsl__decl *d = wgsl__new(p->m, sizeof *d);
  d->kind = kind;
  d->id = d->stage = -1;
  d->range = token_range(peek(p));
  return d;
}

/* type_specifier : template_elaborated_ident */
static wgsl__expr *type_specifier(parser *p) { return wgsl__template_elaborated_ident(p, "a type"); }

/* optionally_typed_ident : ident ( ':' type_specifier ) ? */
static void optionally_typed_ident(parser *p, wgsl__decl *d) {
  d->name = wgsl__ident(p, "a name", &d->name_range);
  if (wgsl__accept(p, WGSL__TOKEN_COLON)) d->type_expr = type_specifier(p);
}

/* variable_decl : 'var' template_list ? optionally_typed_ident
 * global_value_decl : 'const' … '=' expression | 'override' … ( '=' expression ) ?
 * variable_or_value_statement : variable_decl ( '=' expression ) ? | ( 'let' | 'const' ) … '=' expression */
wgsl__decl *wgsl__variable_or_value(parser *p, bool local) {
  uint32_t first = p->at;
  wgsl__decl_kind kind = at_token(p, WGSL__TOKEN_VAR)     ? WGSL__DECL_VAR
                         : at_token(p, WGSL__TOKEN_LET)   ? WGSL__DECL_LET
                         : at_token(p, WGSL__TOKEN_CONST) ? WGSL__DECL_CONST
                                                          : WGSL__DECL_OVERRIDE;
  wgsl__decl *d = make(p, kind);
  wgsl__take(p);
  d->local = local;
  if (kind == WGSL__DECL_VAR && at_token(p, WGSL__TOKEN_TEMPLATE_START)) {
    d->has_templates = true;
    d->templates = wgsl__template_list(p);
  }
  optionally_typed_ident(p, d);
  bool required = kind == WGSL__DECL_LET || kind == WGSL__DECL_CONST;
  if (required && !at_token(p, WGSL__TOKEN_EQUAL)) wgsl__expect(p, WGSL__TOKEN_EQUAL, "and a value");
  if (wgsl__accept(p, WGSL__TOKEN_EQUAL)) d->init = wgsl__expression(p);
  d->range = range_from(p, first);
  return d;
}

static void append_child(wgsl__decl *parent, wgsl__decl ***tail, wgsl__decl *child) {
  **tail = child;
  *tail = &child->next;
  child->index = parent->n_children++;
}

/* struct_decl : 'struct' ident '{' struct_member ( ',' struct_member ) * ',' ? '}'
 * struct_member : attribute * member_ident ':' type_specifier */
static wgsl__decl *struct_decl(parser *p) {
  uint32_t first = p->at;
  wgsl__decl *d = make(p, WGSL__DECL_STRUCT), **tail = &d->children;
  wgsl__take(p);
  d->name = wgsl__ident(p, "the structure's name", &d->name_range);
  uint32_t opening = p->at;
  if (!wgsl__accept(p, WGSL__TOKEN_BRACE_LEFT)) wgsl__unexpected(p, "'{' after the structure's name");
  if (!p->failed && at_token(p, WGSL__TOKEN_BRACE_RIGHT)) wgsl__unexpected(p, "at least one member");
  while (!p->failed && !at_token(p, WGSL__TOKEN_BRACE_RIGHT)) {
    uint32_t start = p->at;
    wgsl__decl *member = make(p, WGSL__DECL_MEMBER);
    member->attributes = wgsl__attributes(p);
    wgsl__attributes_check(p, member->attributes, 'm', "a structure member");
    member->name = wgsl__ident(p, "a member", &member->name_range);
    wgsl__expect(p, WGSL__TOKEN_COLON, "and a type after the member's name");
    if (!p->failed) member->type_expr = type_specifier(p);
    member->range = range_from(p, start);
    append_child(d, &tail, member);
    if (p->failed || wgsl__accept(p, WGSL__TOKEN_COMMA)) continue;
    if (at_token(p, WGSL__TOKEN_BRACE_RIGHT)) break;
    wgsl__hint(p->m, wgsl__unexpected(p, "',' or '}'"), "members are separated by commas");
  }
  wgsl__expect_close(p, WGSL__TOKEN_BRACE_RIGHT, opening);
  d->range = range_from(p, first);
  return d;
}

/* type_alias_decl : 'alias' ident '=' type_specifier */
static wgsl__decl *type_alias_decl(parser *p) {
  uint32_t first = p->at;
  wgsl__decl *d = make(p, WGSL__DECL_ALIAS);
  wgsl__take(p);
  d->name = wgsl__ident(p, "the alias's name", &d->name_range);
  wgsl__expect(p, WGSL__TOKEN_EQUAL, "after the alias's name");
  if (!p->failed) d->type_expr = type_specifier(p);
  d->range = range_from(p, first);
  return d;
}

/* param_list : param ( ',' param ) * ',' ?      param : attribute * ident ':' type_specifier */
static void param_list(parser *p, wgsl__decl *function) {
  wgsl__decl **tail = &function->children;
  while (!p->failed && !at_token(p, WGSL__TOKEN_PAREN_RIGHT)) {
    uint32_t start = p->at;
    wgsl__decl *param = make(p, WGSL__DECL_PARAM);
    param->local = true;
    param->attributes = wgsl__attributes(p);
    wgsl__attributes_check(p, param->attributes, 'p', "a parameter");
    param->name = wgsl__ident(p, "a parameter's name", &param->name_range);
    wgsl__expect(p, WGSL__TOKEN_COLON, "and a type after the parameter's name");
    if (!p->failed) param->type_expr = type_specifier(p);
    param->range = range_from(p, start);
    append_child(function, &tail, param);
    if (!wgsl__accept(p, WGSL__TOKEN_COMMA)) break;
  }
}

/* function_decl : attribute * function_header compound_statement
 * function_header : 'fn' ident '(' param_list ? ')' ( '->' attribute * template_elaborated_ident ) ? */
static wgsl__decl *function_decl(parser *p, wgsl__attribute *attributes) {
  uint32_t first = p->at;
  wgsl__decl *d = make(p, WGSL__DECL_FUNCTION);
  wgsl__take(p);
  d->attributes = attributes;
  wgsl__attributes_check(p, attributes, 'f', "a function");
  d->name = wgsl__ident(p, "the function's name", &d->name_range);
  uint32_t opening = p->at;
  wgsl__expect(p, WGSL__TOKEN_PAREN_LEFT, "after the function's name");
  param_list(p, d);
  wgsl__expect_close(p, WGSL__TOKEN_PAREN_RIGHT, opening);
  if (wgsl__accept(p, WGSL__TOKEN_ARROW)) {
    d->return_attributes = wgsl__attributes(p);
    wgsl__attributes_check(p, d->return_attributes, 'r', "a result");
    d->return_expr = wgsl__template_elaborated_ident(p, "the type of the result");
  }
  d->range = range_from(p, first);
  if (!p->failed) d->body = wgsl__compound_statement(p, "to open the function's body");
  return d;
}

static wgsl__decl *const_assert(parser *p) {
  uint32_t first = p->at;
  wgsl__decl *d = make(p, WGSL__DECL_CONST_ASSERT);
  wgsl__take(p);
  d->init = wgsl__expression(p);
  d->range = range_from(p, first);
  return d;
}

/* global_decl : global_variable_decl ';' | global_value_decl ';' | type_alias_decl ';' | struct_decl | function_decl
 * global_assert : const_assert ';' */
static wgsl__decl *global_decl(parser *p) {
  wgsl__attribute *attributes = wgsl__attributes(p);
  wgsl__decl *d = NULL;
  if (p->failed) return NULL;
  switch (peek(p)->kind) {
    case WGSL__TOKEN_FN:
      return function_decl(p, attributes);
    case WGSL__TOKEN_STRUCT:
      wgsl__attributes_check(p, attributes, ' ', "a structure");
      return struct_decl(p);
    case WGSL__TOKEN_VAR:
      wgsl__attributes_check(p, attributes, 'v', "a variable");
      d = wgsl__variable_or_value(p, false);
      break;
    case WGSL__TOKEN_OVERRIDE:
      wgsl__attributes_check(p, attributes, 'o', "an override");
      d = wgsl__variable_or_value(p, false);
      break;
    case WGSL__TOKEN_CONST:
      wgsl__attributes_check(p, attributes, ' ', "a constant");
      d = wgsl__variable_or_value(p, false);
      break;
    case WGSL__TOKEN_ALIAS:
      wgsl__attributes_check(p, attributes, ' ', "an alias");
      d = type_alias_decl(p);
      break;
    case WGSL__TOKEN_CONST_ASSERT:
      wgsl__attributes_check(p, attributes, ' ', "an assertion");
      d = const_assert(p);
      break;
    case WGSL__TOKEN_LET:
      wgsl__hint(p->m, wgsl__unexpected(p, "a declaration"),
                 "'let' is for functions: write 'const', 'override' or 'var<private>' here");
      return NULL;
    case WGSL__TOKEN_ENABLE:
    case WGSL__TOKEN_REQUIRES:
    case WGSL__TOKEN_DIAGNOSTIC:
      wgsl__hint(p->m, wgsl__unexpected(p, "a declaration"), "directives stand before all declarations");
      return NULL;
    default:
      wgsl__unexpected(p, "a declaration");
      return NULL;
  }
  d->attributes = attributes;
  wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after the declaration");
  return d;
}

/* ---- directives -------------------------------------------------------------------------------------------------- */

static const char *const enable_names[] = {
#define WGSL__EXTENSION(name, gate, feature) #name,
#include "wgsl/extension.def"
#undef WGSL__EXTENSION
};
static const wgsl__gate enable_gates[] = {
#define WGSL__EXTENSION(name, gate, feature) WGSL__GATE_##gate,
#include "wgsl/extension.def"
#undef WGSL__EXTENSION
};

static const char *const language_features[] = {
#define WGSL__LANGUAGE_FEATURE(name) #name,
#include "wgsl/language_feature.def"
#undef WGSL__LANGUAGE_FEATURE
};

static void enable_extension(parser *p, const wgsl__expr *e) {
  const char *feature, *name = e->name->text;
  if (strncmp(name, "chromium_", 9) == 0) { /* an experiment of one implementation: it knows what that allows */
    p->m->gates = UINT32_MAX;
  } else {
    if (!check_listed(p, e, enable_names, COUNT(enable_names), "an extension")) return;
    for (size_t i = 0; i < COUNT(enable_names); i++)
      if (strcmp(enable_names[i], name) == 0) p->m->gates |= 1u << enable_gates[i];
    if (p->m->gates & 1u << WGSL__GATE_SUBGROUP_SIZE_CONTROL) p->m->gates |= 1u << WGSL__GATE_SUBGROUPS;
  }
  if (!wgsl__extension_allowed(p->m, name, &feature))
    wgsl__error(p->m, e->range, "missing-feature",
                "the extension '%s' needs the feature '%s', which is not among those given", name, feature);
}

static void require_feature(parser *p, const wgsl__expr *e) {
  if (strcmp(e->name->text, "uniform_buffer_standard_layout") == 0) p->m->standard_uniform_layout = true;
  check_listed(p, e, language_features, COUNT(language_features), "a language feature");
}

/* enable_directive : 'enable' name ( ',' name ) * ',' ? ';'      requires_directive : 'requires' … ';' */
static void name_list_directive(parser *p, const char *what, void (*use)(parser *, const wgsl__expr *),
                                const char *const **out, uint32_t *n_out) {
  wgsl__expr *list = NULL, **tail = &list;
  uint32_t count = 0;
  wgsl__take(p);
  do {
    *tail = wgsl__plain_name(p, what);
    if (!p->failed && !p->m->out_of_memory) {
      use(p, *tail);
      count++;
    }
    tail = &(*tail)->next;
  } while (wgsl__accept(p, WGSL__TOKEN_COMMA) && !at_token(p, WGSL__TOKEN_SEMICOLON));
  wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after the directive");
  if (p->failed || p->m->out_of_memory) return;
  const char **names = wgsl__array(p->m, *n_out + count, sizeof *names);
  if (!names) return;
  if (*n_out) memcpy((void *)names, (const void *)*out, *n_out * sizeof *names);
  for (; list; list = list->next) names[(*n_out)++] = list->name->text;
  *out = names;
}

/* global_directive : diagnostic_directive | enable_directive | requires_directive */
static void global_directive(parser *p) {
  wgsl_reflection *r = &p->m->reflection;
  if (at_token(p, WGSL__TOKEN_ENABLE)) {
    name_list_directive(p, "the name of an extension", enable_extension, &r->enables, &r->n_enables);
  } else if (at_token(p, WGSL__TOKEN_REQUIRES)) {
    name_list_directive(p, "the name of a language feature", require_feature, &r->requires, &r->n_requires);
  } else {
    wgsl__take(p);
    wgsl__expr *control = diagnostic_control(p);
    wgsl__expect(p, WGSL__TOKEN_SEMICOLON, "after the directive");
    if (p->failed || !control || p->m->out_of_memory) return;
    wgsl__attribute *a = wgsl__new(p->m, sizeof *a);
    a->kind = WGSL__ATTRIBUTE_diagnostic;
    a->range = control->range;
    a->arguments = control;
    a->next = p->m->global_diagnostics;
    for (const wgsl__attribute *b = a->next; b; b = b->next)
      if (same_rule(b->arguments->next, control->next) && b->arguments->name != control->name) {
        wgsl_diagnostic *d = wgsl__error(p->m, control->range, "conflicting-diagnostic",
                                         "this rule already has the severity '%s'", b->arguments->name->text);
        wgsl__note(p->m, d, b->range, "given here");
        break;
      }
    if (p->m->n_global_diagnostics++ < 64) p->m->global_diagnostics = a; /* bounds the comparisons */
  }
}

/* translation_unit : global_directive * ( global_decl | global_assert | ';' ) * */
void wgsl__parse(wgsl_module *m) {
  parser p = {.m = m, .tokens = m->tokens.items};
  for (;;) {
    wgsl__token_kind kind = peek(&p)->kind;
    if (m->out_of_memory) return;
    if (kind != WGSL__TOKEN_ENABLE && kind != WGSL__TOKEN_REQUIRES && kind != WGSL__TOKEN_DIAGNOSTIC) break;
    global_directive(&p);
    if (p.failed) wgsl__synchronise(&p, false, 0, UINT32_MAX);
  }
  while (!at_token(&p, WGSL__TOKEN_END) && !m->out_of_memory) {
    if (wgsl__accept(&p, WGSL__TOKEN_SEMICOLON)) continue;
    uint32_t before = p.at;
    wgsl__decl *d = global_decl(&p);
    if (d && d->kind == WGSL__DECL_CONST_ASSERT ? !p.failed : d && d->name) {
      d->index = m->n_decls++;
      *m->decls_tail = d;
      m->decls_tail = &d->next;
    }
    if (!p.failed) continue;
    if (p.at == before) wgsl__take(&p);
    wgsl__synchronise(&p, false, 0, UINT32_MAX);
    p.parens = 0;
  }
}
