/* Prints what the WGSL front end makes of a source: its reflection, or its diagnostics as people read them.
 *
 *   wgsl_dump FILE [NAME=VALUE …]   reflection and, for each compute entry point, its pipeline with these overrides
 *       --pipeline, --entry=NAME, --core, --feature=NAME   with one of these: as wgsl_module_check
 *   wgsl_dump --batch               programs from standard input, each "N ARGUMENTS\n" and N bytes; one verdict a line
 *
 * Exit status: 0 accepted, 1 rejected, 2 the file cannot be read. Used by tests/wgsl/run.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wgsl/wgsl.h"

enum { MAX_WORDS = 64 };

static void print_diagnostics(const wgsl_module *m) {
  for (uint32_t i = 0; i < wgsl_diagnostic_count(m); i++) {
    const wgsl_diagnostic *d = wgsl_diagnostic_get(m, i);
    size_t n = wgsl_diagnostic_render(m, d, NULL, 0);
    char *text = malloc(n + 1);
    if (!text) exit(2);
    wgsl_diagnostic_render(m, d, text, n + 1);
    fputs(text, stdout);
    free(text);
  }
}

static void print_type(const wgsl_type *t, int indent) {
  printf("%s, %u bytes, align %u", t->name, t->size, t->align);
  if (t->stride) printf(", stride %u", t->stride);
  if (t->kind == WGSL_KIND_ARRAY) printf(t->count ? ", %u elements" : ", runtime-sized", t->count);
  printf("\n");
  if (t->kind == WGSL_KIND_ARRAY && t->element->kind == WGSL_KIND_STRUCT) {
    printf("%*sof ", indent, "");
    print_type(t->element, indent + 2);
  }
  for (uint32_t i = 0; i < t->n_members; i++) {
    printf("%*s@%u .%s (%u): ", indent, "", t->members[i].offset, t->members[i].name, t->members[i].size);
    print_type(t->members[i].type, indent + 2);
  }
}

static const char *const spaces[] = {"uniform", "storage, read", "storage, read_write", "handle"};
static const char *const stages[] = {"compute", "vertex", "fragment"};
static const char *const scalars[] = {"none", "bool", "i32", "u32", "f32", "f16"};

static void print_pipeline(const wgsl_module *m, const wgsl_entry *e, const wgsl_named_constant *values, uint32_t n_values) {
  wgsl_constant constants[MAX_WORDS];
  uint32_t n = 0;
  for (uint32_t i = 0; i < e->n_overrides; i++)
    for (uint32_t k = 0; k < n_values; k++) {
      char id[16];
      snprintf(id, sizeof id, "%d", e->overrides[i]->id);
      const char *name = e->overrides[i]->id >= 0 ? id : e->overrides[i]->name; /* as WebGPU names it */
      if (n < MAX_WORDS && strcmp(name, values[k].name) == 0) constants[n++] = (wgsl_constant){e->overrides[i], values[k].value};
    }
  wgsl_pipeline p;
  char message[256];
  if (wgsl_entry_evaluate(m, e, constants, n, &p, message, sizeof message))
    printf("  workgroup %u x %u x %u, %llu bytes\n", p.workgroup_size[0], p.workgroup_size[1], p.workgroup_size[2],
           (unsigned long long)p.workgroup_bytes);
  else
    printf("  no pipeline: %s\n", message);
}

static void print_reflection(const wgsl_module *m, const wgsl_named_constant *values, uint32_t n_values) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  for (uint32_t i = 0; i < r->n_enables; i++) printf("enable %s\n", r->enables[i]);
  for (uint32_t i = 0; i < r->n_requires; i++) printf("requires %s\n", r->requires[i]);
  for (uint32_t i = 0; i < r->n_overrides; i++) {
    const wgsl_override *o = &r->overrides[i];
    printf("override %s: %s", o->name, scalars[o->scalar]);
    if (o->id >= 0) printf(", id %d", o->id);
    printf("%s\n", o->has_default ? ", with a default" : "");
  }
  for (uint32_t i = 0; i < r->n_bindings; i++) {
    const wgsl_binding *b = &r->bindings[i];
    printf("(%u, %u) %s <%s> at %u:%u, at least %u bytes: ", b->group, b->binding, b->name, spaces[b->space],
           b->span.line, b->span.column, b->min_bytes);
    print_type(b->type, 2);
  }
  for (uint32_t i = 0; i < r->n_entries; i++) {
    const wgsl_entry *e = &r->entries[i];
    printf("%s %s\n", stages[e->stage], e->name);
    if (e->n_bindings) printf("  uses");
    for (uint32_t k = 0; k < e->n_bindings; k++) printf(" %s", e->bindings[k]->name);
    if (e->n_bindings) printf("\n");
    if (e->n_overrides) printf("  overrides");
    for (uint32_t k = 0; k < e->n_overrides; k++) printf(" %s", e->overrides[k]->name);
    if (e->n_overrides) printf("\n");
    if (e->immediate) {
      printf("  immediate %s: ", e->immediate_name);
      print_type(e->immediate, 4);
    }
    if (e->stage == WGSL_STAGE_COMPUTE) print_pipeline(m, e, values, n_values);
  }
}

/* What comes after a file, or a length. Words of `arguments` are borrowed; `features` has room for as many as there are. */
static bool read_arguments(int n, char **arguments, wgsl_check_options *options, wgsl_named_constant *constants,
                           const char **features) {
  bool check = false;
  options->constants = constants;
  for (int i = 0; i < n; i++) {
    char *argument = arguments[i], *equal = strrchr(argument, '=');
    check = check || strncmp(argument, "--", 2) == 0;
    if (strcmp(argument, "--pipeline") == 0) {
      options->pipeline = true;
    } else if (strcmp(argument, "--core") == 0) {
      options->features = features;
    } else if (equal && strncmp(argument, "--entry=", 8) == 0) {
      options->entry = equal + 1;
    } else if (equal && strncmp(argument, "--feature=", 10) == 0) {
      options->features = features;
      features[options->n_features++] = equal + 1;
    } else if (equal) {
      *equal = 0;
      constants[options->n_constants++] = (wgsl_named_constant){argument, strtod(equal + 1, NULL)};
    }
  }
  return check;
}

/* Whether the source stays valid when it is made to clear its workgroup memory. */
static bool stays_valid(const wgsl_module *m) {
  wgsl_cleared cleared;
  if (!wgsl_module_cleared(m, &cleared)) return false;
  wgsl_module *again = cleared.source && !cleared.obstacle ? wgsl_module_create(cleared.source, cleared.n_bytes) : NULL;
  bool valid = !again || wgsl_module_valid(again);
  if (!valid) fprintf(stderr, "%s\n", cleared.source);
  wgsl_module_destroy(again);
  wgsl_cleared_free(&cleared);
  return valid;
}

static int batch(void) {
  unsigned long n;
  char request[4096];
  while (scanf("%lu", &n) == 1) {
    char *source = malloc(n + 1);
    if (!fgets(request, sizeof request, stdin)) return 2;
    if (!source || fread(source, 1, n, stdin) != n) return 2;
    char *words[MAX_WORDS];
    int n_words = 0;
    for (char *word = strtok(request, " \n"); word && n_words < MAX_WORDS; word = strtok(NULL, " \n"))
      words[n_words++] = word;
    wgsl_named_constant constants[MAX_WORDS];
    const char *features[MAX_WORDS];
    wgsl_check_options options = {0};
    bool check = read_arguments(n_words, words, &options, constants, features);
    wgsl_module *m = wgsl_module_check(source, n, check ? &options : NULL);
    free(source);
    if (!m) return 2;
    const wgsl_diagnostic *first = NULL;
    for (uint32_t i = wgsl_diagnostic_count(m); i-- > 0;)
      if (wgsl_diagnostic_get(m, i)->severity == WGSL_SEVERITY_ERROR || !first) first = wgsl_diagnostic_get(m, i);
    const char *verdict = !wgsl_module_valid(m) ? "error" : stays_valid(m) ? "ok" : "rejected-when-cleared";
    printf("%s %u:%u %s %s\n", verdict, first ? first->span.line : 0,
           first ? first->span.column : 0, first ? first->code : "-", first ? first->message : "");
    wgsl_module_destroy(m);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--batch") == 0) return batch();
  FILE *file = argc > 1 && argc < MAX_WORDS + 2 ? fopen(argv[1], "rb") : NULL;
  if (!file) {
    fprintf(stderr, "usage: wgsl_dump FILE [NAME=VALUE ...] | wgsl_dump --batch\n");
    return 2;
  }
  size_t capacity = 1 << 26, n = 0;
  char *source = malloc(capacity);
  if (source) n = fread(source, 1, capacity, file);
  fclose(file);
  wgsl_named_constant constants[MAX_WORDS];
  const char *features[MAX_WORDS];
  wgsl_check_options options = {0};
  bool check = read_arguments(argc - 2, argv + 2, &options, constants, features);
  wgsl_module *m = source ? wgsl_module_check(source, n, check ? &options : NULL) : NULL;
  free(source);
  if (!m) return 2;
  bool valid = wgsl_module_valid(m);
  print_diagnostics(m);
  if (valid) print_reflection(m, constants, options.n_constants);
  wgsl_module_destroy(m);
  return valid ? 0 : 1;
}
