/* libFuzzer: whatever program the checker accepts can be made ready and run with small buffers: nothing outside them is
 * touched (the sanitizers see), and it ends soon after it is told to.
 *
 * Sources change by tokens rather than bytes, else hardly one in a thousand would be accepted: a token becomes another
 * of its kind from the same source, a number an edge case, a line goes or comes twice. */
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/cpu/program.h"

enum { TIME_MS = 20, PATIENCE_MS = 5000, MAX_BYTES = 1 << 20, MAX_SLOTS = 16 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t n_bytes, size_t capacity);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n_bytes, size_t capacity, unsigned seed);

/* ---- the clock -------------------------------------------------------------------------------------------------- */

static atomic_bool stop;
static _Atomic uint64_t stop_at; /* 0: nothing runs */

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *watch(void *unused) {
  for (;;) {
    uint64_t end = atomic_load(&stop_at);
    if (end && now_ms() >= end) atomic_store(&stop, true);
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return unused;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void run(const cpu_program *program, const wgsl_entry *entry, const uint8_t *data, size_t n_bytes) {
  static cpu_scratch *scratch;
  if (!scratch && !(scratch = cpu_scratch_create())) abort();
  const cpu_slot *slots;
  uint32_t n_slots = cpu_program_slots(program, &slots);
  cpu_span spans[MAX_SLOTS];
  if (n_slots > MAX_SLOTS) return;
  for (uint32_t i = 0; i < n_slots; i++)
    if (slots[i].min_bytes > MAX_BYTES) return;
  for (uint32_t i = 0; i < n_slots; i++) {
    spans[i].n_bytes = ((uint64_t)slots[i].min_bytes + data[i % n_bytes] % 5 * 12 + 3) & ~UINT64_C(3);
    spans[i].bytes = aligned_alloc(16, (spans[i].n_bytes + 15) & ~UINT64_C(15));
    if (!spans[i].bytes) abort();
    for (uint64_t k = 0; k < spans[i].n_bytes; k++) spans[i].bytes[k] = data[(k + i) % n_bytes];
  }
  uint8_t *immediates = calloc(1, entry->immediate ? entry->immediate->size : 1);
  uint32_t groups[3] = {1 + data[0] % 3u, 1 + data[n_bytes / 2] % 2u, 1};
  cpu_run order = {spans, immediates, {groups[0], groups[1], 1}, 0, (uint64_t)groups[0] * groups[1], &stop};
  weft_error err = {0};
  atomic_store(&stop, false);
  uint64_t start = now_ms();
  atomic_store(&stop_at, start + TIME_MS);
  weft_status status = cpu_program_run(program, &order, scratch, &err);
  atomic_store(&stop_at, 0);
  if (now_ms() - start > PATIENCE_MS) abort();           /* not interruptible */
  if (status != WEFT_OK && err.message[0] == 0) abort(); /* no reason */
  for (uint32_t i = 0; i < n_slots; i++) free(spans[i].bytes);
  free(immediates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
  static pthread_t watcher;
  if (!watcher && pthread_create(&watcher, NULL, watch, NULL)) abort();
  wgsl_module *m = n_bytes ? wgsl_module_create((const char *)data, n_bytes) : NULL;
  const wgsl_reflection *r = m ? wgsl_module_reflect(m) : NULL;
  for (uint32_t i = 0; r && i < r->n_entries; i++) {
    const wgsl_entry *entry = &r->entries[i];
    if (entry->stage != WGSL_STAGE_COMPUTE) continue;
    wgsl_constant constants[8];
    cpu_program_options options = {.constants = constants, .subgroup_size = 4u << data[n_bytes / 3] % 6u};
    for (; options.n_constants < entry->n_overrides && options.n_constants < 8; options.n_constants++)
      constants[options.n_constants] = (wgsl_constant){entry->overrides[options.n_constants], data[0] % 8};
    cpu_program *program = NULL;
    weft_error err = {0};
    if (cpu_program_create(m, entry, &options, &program, &err) == WEFT_OK)
      run(program, entry, data, n_bytes);
    else if (program || err.message[0] == 0)
      abort();
    cpu_program_destroy(program);
  }
  wgsl_module_destroy(m);
  return 0;
}

/* ---- changing sources ------------------------------------------------------------------------------------------- */

typedef struct token {
  size_t at, length;
  enum { WORD, NUMBER, SIGN } kind;
} token;

static size_t tokens_of(const uint8_t *s, size_t n, token *out, size_t capacity) {
  size_t count = 0;
  for (size_t i = 0; i < n && count < capacity;) {
    size_t start = i;
    if (isalpha(s[i]) || s[i] == '_') {
      while (i < n && (isalnum(s[i]) || s[i] == '_')) i++;
      out[count++] = (token){start, i - start, WORD};
    } else if (isdigit(s[i])) {
      while (i < n && (isalnum(s[i]) || s[i] == '.')) i++;
      out[count++] = (token){start, i - start, NUMBER};
    } else {
      i++;
      if (ispunct(s[start])) out[count++] = (token){start, 1, SIGN};
    }
  }
  return count;
}

/* Puts `text` in the place of [at, at + length); the new number of bytes, or the old one where it does not fit. */
static size_t replace(uint8_t *data, size_t n, size_t capacity, size_t at, size_t length, const uint8_t *text,
                      size_t n_text) {
  if (n - length + n_text > capacity) return n;
  uint8_t *kept = malloc(n_text + 1);
  if (!kept) return n;
  memcpy(kept, text, n_text); /* it may be a part of data */
  memmove(data + at + n_text, data + at + length, n - at - length);
  memcpy(data + at, kept, n_text);
  free(kept);
  return n - length + n_text;
}

static size_t change_token(uint8_t *data, size_t n, size_t capacity) {
  static const char *const edges[] = {"0",    "1",  "1u", "0x80000000u", "4294967295u", "2147483647i", "32u", "0.0",
                                      "1e38", "1h", "-1", "3.5f",        "255",         "64",          "7",   "9999"};
  static const char *const signs[] = {"+", "-", "*", "/",  "%",  "&",  "|",  "^",
                                      "<", ">", "~", "<<", ">>", "==", "&&", "!"};
  static token tokens[1 << 14];
  size_t count = tokens_of(data, n, tokens, sizeof tokens / sizeof *tokens);
  if (count == 0) return n;
  token t = tokens[(size_t)rand() % count], other = t;
  if (t.kind == NUMBER && rand() % 2) {
    const char *edge = edges[(size_t)rand() % (sizeof edges / sizeof *edges)];
    return replace(data, n, capacity, t.at, t.length, (const uint8_t *)edge, strlen(edge));
  }
  if (t.kind == SIGN && strchr("+-*/%&|^<>!~", data[t.at])) {
    const char *sign = signs[(size_t)rand() % (sizeof signs / sizeof *signs)];
    return replace(data, n, capacity, t.at, t.length, (const uint8_t *)sign, strlen(sign));
  }
  for (int tries = 0; tries < 40; tries++) {
    other = tokens[(size_t)rand() % count];
    if (other.kind == t.kind && other.at != t.at) break;
  }
  return replace(data, n, capacity, t.at, t.length, data + other.at, other.length);
}

/* A line goes, or stands somewhere else as well. */
static size_t change_line(uint8_t *data, size_t n, size_t capacity) {
  size_t at = (size_t)rand() % n, end = at, to = (size_t)rand() % n;
  while (at > 0 && data[at - 1] != '\n') at--;
  while (end < n && data[end++] != '\n') continue;
  while (to > 0 && data[to - 1] != '\n') to--;
  if (rand() % 2) return replace(data, n, capacity, at, end - at, data, 0);
  return replace(data, n, capacity, to, 0, data + at, end - at);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t capacity, unsigned seed) {
  srand(seed);
  if (n == 0 || rand() % 40 == 0) return LLVMFuzzerMutate(data, n, capacity);
  for (int changes = 1 + rand() % 3; changes > 0 && n > 0; changes--)
    n = rand() % 4 ? change_token(data, n, capacity) : change_line(data, n, capacity);
  return n;
}
