/* The harness of the c ring, one header, one test file per shared object (tests/c/run.py builds and runs them).
 *
 *   TEST(sum_of_two) {                      registers itself; the name is what a filter on the command line matches
 *     CHECK_EQ(add(1, 2), 3);               the first failure of a test is printed, in one line, and the test goes on;
 *     if (!CHECK(p != NULL)) return;        every check is an expression that says whether it held
 *   }
 *
 *   FAULTS {                                runs its body again and again; in run k the k-th allocation fails, until a
 *     if (work() == OK) CHECK(complete());  run needs fewer than k. After each run as many allocations are alive as before it
 *   }
 *
 * Every test must leave as many allocations alive as it found; a test that does not fails. */
#ifndef WEFT_TEST_H
#define WEFT_TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "test_host.h"

#define TEST_UNUSED __attribute__((unused))

/* ---- what a test file uses -------------------------------------------------------------------------------------- */

#define TEST(name)                                                         \
  static void test_##name(void);                                           \
  static test_case test_case_##name = {#name, test_##name, NULL};          \
  __attribute__((constructor)) static void test_register_##name(void) { test_register(&test_case_##name); } \
  static void test_##name(void)

#define CHECK(condition) test_check((condition), __FILE__, __LINE__, "%s does not hold", #condition)

/* Two numbers, bools, enums or pointers; prints both. Floats are equal when their values are. */
#define CHECK_EQ(got, want) test_equal(TEST_VALUE(got), TEST_VALUE(want), __FILE__, __LINE__, #got)
#define CHECK_NE(got, other) test_unequal(TEST_VALUE(got), TEST_VALUE(other), __FILE__, __LINE__, #got)

/* Two strings, either may be NULL. CHECK_HAS: `part` occurs in `text`. */
#define CHECK_STR(got, want) test_text_equal((got), (want), __FILE__, __LINE__, #got)
#define CHECK_HAS(text, part) test_text_has((text), (part), __FILE__, __LINE__, #text)

/* A weft_status that is OK; else prints it and the message in `err` (a weft_error *, may be NULL). */
#define CHECK_OK(status, err) test_status((status), WEFT_OK, (err), NULL, __FILE__, __LINE__, #status)

/* A weft_status that is `want` (WEFT_VALUE, ...), with a message that holds `part` (NULL: any). */
#define CHECK_FAILS(status, want, err, part) test_status((status), (want), (err), (part), __FILE__, __LINE__, #status)

/* Ends the running test as skipped; the reason is printed and the skip is counted. */
#define SKIP(reason)    \
  do {                  \
    test_skip((reason)); \
    return;             \
  } while (0)

#define FAULTS for (test_faults test_faults_here = {0}; test_faults_next(&test_faults_here, __FILE__, __LINE__);)

/* What tests/c/boot.py passes on: the address of Dawn's wgpuGetProcAddress, NULL where there is none; and the words
 * of the command line that are no filters, as "device=dawn"; test_option("device") is "dawn", else NULL. */
TEST_UNUSED static void *test_get_proc_address;
TEST_UNUSED static const test_host *test_given; /* in WebAssembly */
TEST_UNUSED static const char *test_option(const char *name);

/* ---- how it works --------------------------------------------------------------------------------------------------- */

typedef struct test_case {
  const char *name;
  void (*run)(void);
  struct test_case *next;
} test_case;

static test_case *test_first, **test_end = &test_first;
static const char *test_running, *test_skipped;
static int test_argc, test_failures;
static char **test_argv;

static void test_register(test_case *t) {
  *test_end = t;
  test_end = &t->next;
}

static const char *test_option(const char *name) {
  size_t n = strlen(name);
  for (int i = 1; i < test_argc; i++)
    if (!strncmp(test_argv[i], name, n) && test_argv[i][n] == '=') return test_argv[i] + n + 1;
  return NULL;
}

TEST_UNUSED static void test_skip(const char *reason) { test_skipped = reason; }

__attribute__((__format__(__printf__, 4, 5))) TEST_UNUSED static bool test_check(bool held, const char *file, int line,
                                                                                const char *format, ...) {
  if (held) return true;
  if (test_failures++ == 0) {
    const char *slash = strrchr(file, '/');
    printf("FAIL %s  %s:%d: ", test_running, slash ? slash + 1 : file, line);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
  }
  return false;
}

typedef struct test_value {
  enum { TEST_SIGNED, TEST_UNSIGNED, TEST_FLOAT, TEST_POINTER } kind;
  long long i;
  unsigned long long u;
  double d;
  const void *p;
} test_value;

TEST_UNUSED static test_value test_of_signed(long long i) {
  return (test_value){.kind = TEST_SIGNED, .i = i, .u = (unsigned long long)i, .d = (double)i};
}
TEST_UNUSED static test_value test_of_unsigned(unsigned long long u) {
  return (test_value){.kind = TEST_UNSIGNED, .i = (long long)u, .u = u, .d = (double)u};
}
TEST_UNUSED static test_value test_of_float(double d) { return (test_value){.kind = TEST_FLOAT, .d = d}; }
TEST_UNUSED static test_value test_of_pointer(const void *p) { return (test_value){.kind = TEST_POINTER, .p = p}; }

#define TEST_VALUE(x)                                                                                        \
  _Generic((x),                                                                                              \
      bool: test_of_unsigned, char: test_of_signed, signed char: test_of_signed, short: test_of_signed,      \
      int: test_of_signed, long: test_of_signed, long long: test_of_signed, unsigned char: test_of_unsigned, \
      unsigned short: test_of_unsigned, unsigned: test_of_unsigned, unsigned long: test_of_unsigned,         \
      unsigned long long: test_of_unsigned, float: test_of_float, double: test_of_float,                     \
      default: test_of_pointer)(x)

static bool test_same(test_value a, test_value b) {
  if (a.kind == TEST_POINTER || b.kind == TEST_POINTER) return a.kind == b.kind && a.p == b.p;
  if (a.kind == TEST_FLOAT || b.kind == TEST_FLOAT) return a.d == b.d;
  if (a.kind != b.kind && (a.kind == TEST_SIGNED ? a.i : b.i) < 0) return false;
  return a.u == b.u;
}

static const char *test_show(test_value v, char *out, size_t capacity) {
  if (v.kind == TEST_SIGNED) snprintf(out, capacity, "%lld", v.i);
  if (v.kind == TEST_UNSIGNED) snprintf(out, capacity, v.u > 9999 ? "%llu (0x%llx)" : "%llu", v.u, v.u);
  if (v.kind == TEST_FLOAT) snprintf(out, capacity, "%.9g", v.d);
  if (v.kind == TEST_POINTER) snprintf(out, capacity, "%p", v.p);
  return out;
}

TEST_UNUSED static bool test_equal(test_value got, test_value want, const char *file, int line, const char *text) {
  char a[64], b[64];
  return test_check(test_same(got, want), file, line, "%s is %s, not %s", text, test_show(got, a, sizeof a),
                    test_show(want, b, sizeof b));
}

TEST_UNUSED static bool test_unequal(test_value got, test_value other, const char *file, int line, const char *text) {
  char a[64];
  return test_check(!test_same(got, other), file, line, "%s is %s", text, test_show(got, a, sizeof a));
}

TEST_UNUSED static bool test_text_equal(const char *got, const char *want, const char *file, int line,
                                        const char *text) {
  bool same = got && want ? !strcmp(got, want) : got == want;
  return test_check(same, file, line, "%s is \"%s\", not \"%s\"", text, got ? got : "(NULL)", want ? want : "(NULL)");
}

TEST_UNUSED static bool test_text_has(const char *got, const char *part, const char *file, int line,
                                      const char *text) {
  return test_check(got && strstr(got, part), file, line, "%s is \"%s\", without \"%s\"", text, got ? got : "(NULL)",
                    part);
}

TEST_UNUSED static bool test_status(weft_status got, weft_status want, const weft_error *err, const char *part,
                                    const char *file, int line, const char *text) {
  const char *message = got != WEFT_OK && err ? err->message : "";
  if (!test_check(got == want, file, line, "%s is %s, not %s: %s", text, weft__status_name(got),
                  weft__status_name(want), message))
    return false;
  return !part || test_text_has(message, part, file, line, "the message");
}

#ifdef WEFT_HOSTILE
#define TEST_LIVE() weft__alloc_live
#else
#define TEST_LIVE() 0L
#endif

typedef struct test_faults {
  long k, live;
} test_faults;

TEST_UNUSED static bool test_faults_next(test_faults *f, const char *file, int line) {
#ifdef WEFT_HOSTILE
  bool reached = f->k == 0 || weft__alloc_count >= weft__alloc_fail_at;
  weft__alloc_fail_at = 0;
  if (f->k > 0) {
    test_check(TEST_LIVE() == f->live, file, line, "%ld allocations leak when allocation %ld fails",
               TEST_LIVE() - f->live, f->k);
    if (!reached || test_failures) return false;
  }
  f->k++;
  f->live = TEST_LIVE();
  weft__alloc_fail_at = weft__alloc_count + f->k;
  return true;
#else
  (void)file;
  (void)line;
  return f->k++ == 0;
#endif
}

static bool test_chosen(const char *name) {
  bool filtered = false;
  for (int i = 1; i < test_argc; i++) {
    if (strchr(test_argv[i], '=')) continue;
    if (strstr(name, test_argv[i])) return true;
    filtered = true;
  }
  return !filtered;
}

/* The one entry of the shared object. Arguments after argv[0]: parts of test names, options "name=value". `host` is the
 * address of wgpuGetProcAddress, in WebAssembly a test_host. Returns the number of failed tests. */
__attribute__((visibility("default"))) int weft_test_main(int argc, char **argv, void *host);
int weft_test_main(int argc, char **argv, void *host) {
  int passed = 0, failed = 0, skipped = 0;
  test_argc = argc;
  test_argv = argv;
#ifdef __wasm__
  test_given = host;
#else
  test_get_proc_address = host;
#endif
  for (test_case *t = test_first; t; t = t->next) {
    if (!test_chosen(t->name)) continue;
    test_running = t->name;
    test_skipped = NULL;
    test_failures = 0;
    if (test_option("trace")) printf("RUN %s\n", t->name); /* run.py: so that a crash has a name */
    fflush(stdout);
    long live = TEST_LIVE();
    t->run();
    test_check(TEST_LIVE() == live, __FILE__, __LINE__, "%ld allocations leak", TEST_LIVE() - live);
    if (test_failures)
      failed++;
    else if (test_skipped) {
      skipped++;
      printf("SKIP %s  %s\n", t->name, test_skipped);
    } else
      passed++;
  }
  printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  fflush(stdout);
  return failed;
}

#endif
