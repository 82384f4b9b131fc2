/* The parser's state and what its three files offer each other. Recursive descent: a function per rule of the grammar,
 * named after it, the rule in its comment. One token of lookahead, two for `--` as two minus signs.
 *
 * Errors: the first one sets `failed`; until somebody resynchronises, nothing more is reported and every loop ends.
 * A rule that fails still returns a node, so callers need not look. Used by parse_*.c. */
#ifndef WGSL_PARSE_H
#define WGSL_PARSE_H

#include "wgsl/module.h"

typedef struct parser {
  wgsl_module *m;
  wgsl__token *tokens;
  uint32_t at;
  uint32_t depth;          /* open parentheses, braces and template lists */
  uint32_t braces, parens; /* open ones among the tokens taken */
  bool failed;
} parser;

static inline const wgsl__token *peek(const parser *p) { return &p->tokens[p->at]; }
static inline bool at_token(const parser *p, wgsl__token_kind kind) { return peek(p)->kind == kind; }
static inline wgsl__token_kind peek_second(const parser *p) {
  return at_token(p, WGSL__TOKEN_END) ? WGSL__TOKEN_END : p->tokens[p->at + 1].kind;
}
static inline wgsl__range token_range(const wgsl__token *t) { return (wgsl__range){t->offset, t->n_bytes}; }
static inline wgsl__name *token_name(const parser *p, const wgsl__token *t) { return p->m->names.items[t->name]; }

/* From the token at index `first` to the last one taken. */
static inline wgsl__range range_from(const parser *p, uint32_t first) {
  const wgsl__token *a = &p->tokens[first], *b = p->at > first ? &p->tokens[p->at - 1] : a;
  return (wgsl__range){a->offset, b->offset + b->n_bytes - a->offset};
}

/* parse_decl.c */
const wgsl__token *wgsl__take(parser *p); /* the current token; never moves past END */
bool wgsl__accept(parser *p, wgsl__token_kind kind);
/* Takes a token of `kind` or reports "expected … <where>, found …". */
bool wgsl__expect(parser *p, wgsl__token_kind kind, const char *where);
/* As expect, for the closing token of a pair: an error has a note at the opening one. */
bool wgsl__expect_close(parser *p, wgsl__token_kind kind, uint32_t opening);
wgsl_diagnostic *wgsl__unexpected(parser *p, const char *wanted);         /* NULL while failed */
wgsl__name *wgsl__ident(parser *p, const char *what, wgsl__range *range); /* NULL: reported */
bool wgsl__enter(parser *p); /* one level deeper; false: too deep (reported). Always pair with leave. */
void wgsl__leave(parser *p);
/* Skips what is left of a statement (in_block) or declaration that began with `braces` and `parens` open. */
void wgsl__synchronise(parser *p, bool in_block, uint32_t braces, uint32_t parens);
/* Whether a declaration starts at the current token, attributes included. */
bool wgsl__at_declaration(const parser *p);
bool wgsl__starts_declaration(wgsl__token_kind kind); /* keywords that stand at module scope alone */
wgsl__attribute *wgsl__attributes(parser *p);
void wgsl__attributes_check(parser *p, const wgsl__attribute *list, char where, const char *what);
/* `var`, `let`, `const` with type and initialiser, without the `;`. */
wgsl__decl *wgsl__variable_or_value(parser *p, bool local);

/* guess.c: a hint at the current token, where `wanted` (COUNT: several things) was expected; d may be NULL */
void wgsl__syntax_hint(parser *p, wgsl_diagnostic *d, wgsl__token_kind wanted);

/* parse_expr.c */
wgsl__expr *wgsl__expression(parser *p);
wgsl__expr *wgsl__lhs_expression(parser *p);
wgsl__expr *wgsl__template_elaborated_ident(parser *p, const char *what);
wgsl__expr *wgsl__template_list(parser *p); /* at TEMPLATE_START */
wgsl__expr *wgsl__argument_expression_list(parser *p, uint32_t *count);
wgsl__expr *wgsl__plain_name(parser *p, const char *what); /* a context-dependent name as an IDENT */

/* parse_stmt.c */
wgsl__stmt *wgsl__compound_statement(parser *p, const char *where);

#endif
