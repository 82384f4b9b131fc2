/* The tree of a module: expressions, statements, attributes, declarations. Made by parse_*.c, names bound by resolve.c,
 * types and values filled in by the checker. Everything lives in the module's arena; lists are linked by `next`.
 *
 *   module -> decl (fn main) -> params: decl -> decl
 *                            -> attributes: attribute (compute) -> attribute (workgroup_size) -> arguments: expr
 *                            -> body: stmt (BLOCK) -> body: stmt (DECL) -> decl (let x) -> init: expr (BINARY)
 *                                                              | next
 *                                                              v
 *                                                           stmt (ASSIGN) -> left: expr, right: expr
 *
 * An expression belongs to at most one list. Its tree is at most WGSL__MAX_EXPR_DEPTH deep, so walks may recurse. */
#ifndef WGSL_AST_H
#define WGSL_AST_H

#include "wgsl/lex.h"
#include "wgsl/wgsl.h"

typedef struct wgsl__type wgsl__type;
typedef struct wgsl__expr wgsl__expr;
typedef struct wgsl__stmt wgsl__stmt;
typedef struct wgsl__decl wgsl__decl;

/* Line and column of a range are worked out when somebody reads them (wgsl__span). */
typedef struct wgsl__range {
  uint32_t offset, n_bytes;
} wgsl__range;

/* Known before the shader runs. type NULL: not known. */
typedef struct wgsl__value {
  const wgsl__type *type;
  union {
    int64_t i;                       /* bool, integers */
    double f;                        /* floats */
    const struct wgsl__value *parts; /* composites: components, columns, elements, members; NULL: all zero */
  };
} wgsl__value;

typedef struct wgsl__builtin wgsl__builtin;

typedef enum wgsl__expr_kind {
  WGSL__EXPR_BAD,     /* an error was reported here */
  WGSL__EXPR_LITERAL, /* value */
  WGSL__EXPR_IDENT,   /* name, decl, list: template arguments */
  WGSL__EXPR_CALL,    /* left: an IDENT, list: arguments */
  WGSL__EXPR_PAREN,   /* left */
  WGSL__EXPR_UNARY,   /* op left */
  WGSL__EXPR_BINARY,  /* left op right */
  WGSL__EXPR_INDEX,   /* left[right] */
  WGSL__EXPR_MEMBER   /* left.name */
} wgsl__expr_kind;

struct wgsl__expr {
  wgsl__expr_kind kind;
  wgsl__token_kind op;
  wgsl__range range;
  uint32_t depth; /* of the tree below, 1 for a leaf */
  bool has_list;  /* `a()` and `a<>` differ from `a` */
  wgsl__expr *left, *right;
  wgsl__expr *list, *next;
  wgsl__name *name;
  wgsl__range name_range; /* MEMBER: of the name */
  wgsl__decl *decl;       /* IDENT: what it denotes; NULL: predeclared or not resolved */
  /* filled by the checker */
  bool checked, bad, known; /* bad: reported, or its type is not known; known: value holds */
  bool component;           /* a reference to a vector's component */
  bool swizzle;             /* several components of a vector in memory */
  uint8_t phase;            /* wgsl__phase */
  uint8_t space, access;    /* a reference when space is not NONE (wgsl__space); `type` is then its store type */
  const wgsl__type *type;
  const wgsl__type **operands; /* what the operands of an operation or call convert to */
  const wgsl__builtin *builtin;
  wgsl__value value; /* LITERAL; else of const-expressions */
};

typedef enum wgsl__attribute_kind {
#define WGSL__ATTRIBUTE(name, least, most, where) WGSL__ATTRIBUTE_##name,
#include "wgsl/attribute.def"
#undef WGSL__ATTRIBUTE
  WGSL__ATTRIBUTE_COUNT
} wgsl__attribute_kind;

typedef struct wgsl__attribute {
  wgsl__attribute_kind kind;
  wgsl__range range; /* from `@` to the closing parenthesis */
  wgsl__range name_range;
  wgsl__expr *arguments; /* context-dependent names are IDENTs that are never resolved */
  uint32_t n_arguments;
  struct wgsl__attribute *next;
} wgsl__attribute;

/* The first of this kind, NULL: none. */
static inline const wgsl__attribute *wgsl__attribute_find(const wgsl__attribute *list, wgsl__attribute_kind kind) {
  while (list && list->kind != kind) list = list->next;
  return list;
}

typedef enum wgsl__stmt_kind {
  WGSL__STMT_BLOCK,        /* body */
  WGSL__STMT_RETURN,       /* left or NULL */
  WGSL__STMT_IF,           /* body: list of CLAUSE */
  WGSL__STMT_CLAUSE,       /* left: condition, NULL for else; body: the block */
  WGSL__STMT_SWITCH,       /* left, body: list of CASE */
  WGSL__STMT_CASE,         /* list: selectors; is_default; body: the block */
  WGSL__STMT_LOOP,         /* body */
  WGSL__STMT_CONTINUING,   /* body; the last statement of a LOOP's body */
  WGSL__STMT_BREAK_IF,     /* left; the last statement of a CONTINUING's body */
  WGSL__STMT_FOR,          /* init, left: condition, update, body: the block */
  WGSL__STMT_WHILE,        /* left, body: the block */
  WGSL__STMT_CALL,         /* left: a CALL */
  WGSL__STMT_DECL,         /* decl: var, let, const */
  WGSL__STMT_ASSIGN,       /* left op right; op EQUAL or a compound one */
  WGSL__STMT_PHONY,        /* _ = right */
  WGSL__STMT_INCREMENT,    /* left, op PLUS_PLUS or MINUS_MINUS */
  WGSL__STMT_CONST_ASSERT, /* left */
  WGSL__STMT_BREAK,
  WGSL__STMT_CONTINUE,
  WGSL__STMT_DISCARD
} wgsl__stmt_kind;

enum { WGSL__NEXT = 1, WGSL__BREAK = 2, WGSL__CONTINUE = 4, WGSL__RETURN = 8 };

struct wgsl__stmt {
  wgsl__stmt_kind kind;
  wgsl__token_kind op;
  bool is_default;
  uint8_t behaviour, inside; /* ways it ends (WGSL 9.7); inside: of a loop's body */
  wgsl__range range;
  wgsl__attribute *attributes;
  wgsl__attribute *body_attributes; /* before the `{` of switch and loop */
  wgsl__expr *left, *right, *list;
  wgsl__stmt *init, *update, *body, *next;
  wgsl__decl *decl;
};

typedef enum wgsl__decl_kind {
  WGSL__DECL_CONST,
  WGSL__DECL_OVERRIDE,
  WGSL__DECL_VAR,
  WGSL__DECL_LET,
  WGSL__DECL_PARAM,
  WGSL__DECL_ALIAS,
  WGSL__DECL_STRUCT,
  WGSL__DECL_MEMBER,
  WGSL__DECL_FUNCTION,
  WGSL__DECL_CONST_ASSERT
} wgsl__decl_kind;

typedef enum wgsl__space {
  WGSL__SPACE_NONE,
  WGSL__SPACE_FUNCTION,
  WGSL__SPACE_PRIVATE,
  WGSL__SPACE_WORKGROUP,
  WGSL__SPACE_UNIFORM,
  WGSL__SPACE_STORAGE,
  WGSL__SPACE_IMMEDIATE,
  WGSL__SPACE_HANDLE
} wgsl__space;

enum { WGSL__ACCESS_READ = 1, WGSL__ACCESS_WRITE = 2 };

struct wgsl__decl {
  wgsl__decl_kind kind;
  bool local; /* in a function */
  wgsl__name *name;
  wgsl__range name_range, range;
  wgsl__attribute *attributes;
  wgsl__expr *templates; /* of `var` */
  bool has_templates;
  wgsl__expr *type_expr, *init; /* CONST_ASSERT: init */
  wgsl__decl *children;         /* parameters, members */
  uint32_t n_children;
  wgsl__expr *return_expr;
  wgsl__attribute *return_attributes;
  wgsl__stmt *body;
  wgsl__decl *next;

  /* resolve: the module-scope declarations that this one mentions, and scopes while they are open */
  uint32_t index; /* among the module's declarations */
  wgsl__decl **mentions; /* reflect.c puts those first that lead to what a host or a pipeline asks for */
  uint32_t n_mentions, n_active;
  bool active; /* leads there itself */
  uint32_t mark;  /* 1 + index of the declaration that mentioned this one last */
  unsigned state; /* 0 new, 1 on the path, 2 ordered */
  wgsl__decl *shadowed, *scope_next;
  uint32_t scope;

  /* check */
  const wgsl__type *type;  /* declared or inferred; struct and alias: the type itself; function: its result */
  wgsl__value value;       /* consts */
  unsigned builtin_flags;          /* functions: of builtins they call, or that functions they call do */
  struct wgsl__check_node *checks; /* functions, variables: what a pipeline must evaluate */
  struct wgsl__summary *summary;   /* functions: what alias analysis found */
  wgsl__decl *root;                /* pointers in `let`: the variable or parameter they come from */
  bool partial;                    /* they point at a part of it */
  uint32_t view_bytes;             /* buffers and pointers to them: what the largest view needs at least */
  struct wgsl__uniform *uniform;   /* functions: what uniformity analysis found */
  uint32_t slot;                   /* pointer parameters: place among the variables followed */
  uint32_t alias_mark;             /* 1 + index of the function that touched this variable last */
  uint32_t number;                 /* parameters: position; variables: place in that function's list */
  wgsl__space space;
  unsigned access;
  uint32_t group, binding, reflected; /* reflected: index among the reflection's bindings or overrides */
  int32_t id;                         /* override, -1: none */
  int stage;                          /* wgsl_stage of a function, -1: not an entry point */
  uint32_t align_attribute, size_attribute;
};

#endif
