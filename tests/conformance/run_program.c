/* Runs kernels from standard input on the CPU driver's programs alone (drivers/cpu/program.h), without a device. Built with
 * the sanitizers by the c ring's build; used by execution.py --program.
 *
 *   case N_MODULES N_BUFFERS N_STEPS                   then each module and buffer as its size, a line end, its bytes
 *   dispatch MODULE ENTRY X Y Z N_CONSTANTS N_BINDINGS
 *   NAME VALUE                                         a constant
 *   GROUP BINDING BUFFER OFFSET N_BYTES                a binding
 *   copy SOURCE OFFSET DESTINATION OFFSET N_BYTES
 *
 * Answers "ok N_BYTES…" and the bytes of every buffer, or "failed N" and a message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "drivers/cpu/program.h"

enum { NAME_BYTES = 256, BINDINGS_MAX = 64, CONSTANTS_MAX = 64 };

typedef struct blob {
  unsigned char *bytes;
  size_t n;
} blob;

typedef struct binding {
  unsigned group, binding, buffer;
  unsigned long offset, n_bytes;
} binding;

typedef struct test {
  blob *modules, *buffers;
  unsigned n_modules, n_buffers, n_steps;
  weft_error problem;
} test;

static void *allocate(size_t n) {
  void *p = aligned_alloc(
      16, (n + 15) / 16 * 16 + !n * 16); /* no more than needed, so that the sanitizer sees what is beyond */
  if (!p) exit(2);
  return p;
}

static void expect(int n, int wanted) {
  if (n == wanted) return;
  fprintf(stderr, "the input is not what this program reads\n");
  exit(2);
}

static blob read_blob(void) {
  blob b;
  expect(scanf("%zu", &b.n), 1);
  b.bytes = allocate(b.n);
  expect(getchar(), '\n');
  expect(fread(b.bytes, 1, b.n, stdin) == b.n, 1);
  return b;
}

static const wgsl_entry *find_entry(const wgsl_module *m, const char *name) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  for (uint32_t i = 0; r && i < r->n_entries; i++)
    if (r->entries[i].stage == WGSL_STAGE_COMPUTE && (!strcmp(name, "-") || !strcmp(name, r->entries[i].name)))
      return &r->entries[i];
  return NULL;
}

static const wgsl_override *find_override(const wgsl_module *m, const char *name) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  for (uint32_t i = 0; r && i < r->n_overrides; i++) {
    char id[16];
    snprintf(id, sizeof id, "%d", (int)r->overrides[i].id);
    if (!strcmp(name, r->overrides[i].id >= 0 ? id : r->overrides[i].name)) return &r->overrides[i];
  }
  return NULL;
}

static weft_status run(test *t, const cpu_program *program, const binding *bindings, unsigned n,
                       const uint32_t *groups) {
  cpu_span spans[BINDINGS_MAX] = {0};
  const cpu_slot *slots;
  uint32_t n_slots = cpu_program_slots(program, &slots);
  for (uint32_t i = 0; i < n_slots; i++)
    for (unsigned k = 0; k < n; k++)
      if (bindings[k].group == slots[i].group && bindings[k].binding == slots[i].binding)
        spans[i] = (cpu_span){t->buffers[bindings[k].buffer].bytes + bindings[k].offset, bindings[k].n_bytes};
  atomic_bool stop = false;
  cpu_run r = {.spans = spans,
               .groups = {groups[0], groups[1], groups[2]},
               .count = (uint64_t)groups[0] * groups[1] * groups[2],
               .stop = &stop};
  cpu_scratch *scratch = cpu_scratch_create();
  if (!scratch) exit(2);
  weft_status status = cpu_program_run(program, &r, scratch, &t->problem);
  cpu_scratch_destroy(scratch);
  return status;
}

/* Reads a dispatch and runs it, unless something before it has failed. */
static void dispatch(test *t) {
  char name[NAME_BYTES];
  unsigned module, n_constants, n_bindings;
  uint32_t groups[3];
  binding bindings[BINDINGS_MAX];
  wgsl_constant constants[CONSTANTS_MAX];
  expect(scanf("%u %255s %u %u %u %u %u", &module, name, &groups[0], &groups[1], &groups[2], &n_constants, &n_bindings),
         7);
  expect(module < t->n_modules && n_constants <= CONSTANTS_MAX && n_bindings <= BINDINGS_MAX, 1);
  wgsl_module *m = wgsl_module_create((const char *)t->modules[module].bytes, t->modules[module].n);
  const wgsl_entry *entry = m ? find_entry(m, name) : NULL;
  for (unsigned i = 0; i < n_constants; i++) {
    expect(scanf("%255s %lf", name, &constants[i].value), 2);
    constants[i].override = find_override(m, name);
  }
  for (unsigned i = 0; i < n_bindings; i++) {
    binding *b = &bindings[i];
    expect(scanf("%u %u %u %lu %lu", &b->group, &b->binding, &b->buffer, &b->offset, &b->n_bytes), 5);
  }
  cpu_program *program = NULL;
  const cpu_program_options options = {.constants = constants, .n_constants = n_constants};
  if (!t->problem.code && !entry)
    weft__fail(&t->problem, WEFT_SHADER, "the module is rejected, or has no such entry point");
  if (!t->problem.code && cpu_program_create(m, entry, &options, &program, &t->problem) == WEFT_OK &&
      run(t, program, bindings, n_bindings, groups) != WEFT_OK)
    fprintf(stderr, "%s\n", t->problem.message);
  cpu_program_destroy(program);
  wgsl_module_destroy(m);
}

static void copy(test *t) {
  unsigned source, destination;
  unsigned long from, to, n;
  expect(scanf("%u %lu %u %lu %lu", &source, &from, &destination, &to, &n), 5);
  memmove(t->buffers[destination].bytes + to, t->buffers[source].bytes + from, n);
}

static void answer(const test *t) {
  if (t->problem.code) {
    printf("failed %zu\n%s", strlen(t->problem.message), t->problem.message);
  } else {
    printf("ok");
    for (unsigned i = 0; i < t->n_buffers; i++) printf(" %zu", t->buffers[i].n);
    printf("\n");
    for (unsigned i = 0; i < t->n_buffers; i++) fwrite(t->buffers[i].bytes, 1, t->buffers[i].n, stdout);
  }
  fflush(stdout);
}

int main(void) {
  char word[16];
  while (scanf("%15s", word) == 1) {
    test t = {0};
    expect(strcmp(word, "case"), 0);
    expect(scanf("%u %u %u", &t.n_modules, &t.n_buffers, &t.n_steps), 3);
    t.modules = allocate(t.n_modules * sizeof *t.modules);
    t.buffers = allocate(t.n_buffers * sizeof *t.buffers);
    for (unsigned i = 0; i < t.n_modules; i++) t.modules[i] = read_blob();
    for (unsigned i = 0; i < t.n_buffers; i++) t.buffers[i] = read_blob();
    for (unsigned i = 0; i < t.n_steps; i++) {
      expect(scanf("%15s", word), 1);
      if (!strcmp(word, "copy")) copy(&t);
      else dispatch(&t);
    }
    answer(&t);
    for (unsigned i = 0; i < t.n_modules; i++) free(t.modules[i].bytes);
    for (unsigned i = 0; i < t.n_buffers; i++) free(t.buffers[i].bytes);
    free(t.modules);
    free(t.buffers);
  }
  return 0;
}
