/* What tests of drivers (driver_case.h) and test_fault.c share: a session with one open device, and helpers that read as the cases do.
 *
 * A session keeps every completion it has seen, so that a case can ask for futures in any order and a future that shows
 * up twice is a failure. Plain C with no threads and no structs of libc: it also runs inside a WebAssembly module. */
#ifndef WEFT_TESTS_DRIVER_SESSION_H
#define WEFT_TESTS_DRIVER_SESSION_H

#include "core/driver.h"
#include "test.h"

typedef struct seen_completion {
  uint32_t future, status;
  char text[512];
} seen_completion;

enum { SEEN_MAX = 4096, WORDS_MAX = 1 << 16 };

typedef struct session {
  const weft_driver *driver;
  void (*wait)(void *context, void *device);
  void *wait_context;
  void *device;
  uint64_t limits[WEFT_LIMIT_COUNT], features, languages;
  weft_adapter adapter;
  double tick;
  weft_error err;
  uint32_t last_future, n_seen, n_words, poll_capacity;
  seen_completion seen[SEEN_MAX];
  uint32_t words[WORDS_MAX];
} session;

static session S;

#define NEVER ((weft_status)99) /* a future that did not settle in time */

TEST_UNUSED static uint32_t new_future(void) { return ++S.last_future; }

/* One poll; what it brings is kept. */
TEST_UNUSED static uint32_t poll_once(void) {
  weft_completion got[64];
  uint32_t capacity = S.poll_capacity ? S.poll_capacity : 64;
  uint32_t n = S.driver->poll(S.device, got, capacity);
  CHECK(n <= capacity);
  for (uint32_t i = 0; i < n && S.n_seen < SEEN_MAX; i++) {
    for (uint32_t k = 0; k < S.n_seen && got[i].future != WEFT_FUTURE_UNCAPTURED; k++)
      test_check(S.seen[k].future != got[i].future, __FILE__, __LINE__, "future %u shows up twice", got[i].future);
    seen_completion *c = &S.seen[S.n_seen++];
    c->future = got[i].future;
    c->status = got[i].status;
    S.driver->completion_text(S.device, c->future, c->text, sizeof c->text);
  }
  return n;
}

TEST_UNUSED static const seen_completion *seen(uint32_t future) {
  for (uint32_t i = 0; i < S.n_seen; i++)
    if (S.seen[i].future == future) return &S.seen[i];
  return NULL;
}

/* Waits for a future; its status, NEVER after about ten seconds. */
TEST_UNUSED static weft_status settle(uint32_t future) {
  for (int rounds = 0; rounds < 2000; rounds++) {
    const seen_completion *c = seen(future);
    if (c) return (weft_status)c->status;
    if (!poll_once()) S.wait(S.wait_context, S.device);
  }
  return NEVER;
}

TEST_UNUSED static const char *text_of(uint32_t future) {
  const seen_completion *c = seen(future);
  return c ? c->text : "(never settled)";
}

/* The future settles well; else its message is printed. */
#define CHECK_SETTLES(future) check_settles((future), __FILE__, __LINE__)
TEST_UNUSED static bool check_settles(uint32_t future, const char *file, int line) {
  weft_status status = settle(future);
  return test_check(status == WEFT_OK, file, line, "future %u settles with %s: %s", future,
                    status == NEVER ? "nothing" : weft__status_name(status), text_of(future));
}

/* The future settles with an error that has a message. */
#define CHECK_REFUSED(future) check_refused((future), __FILE__, __LINE__)
TEST_UNUSED static bool check_refused(uint32_t future, const char *file, int line) {
  weft_status status = settle(future);
  return test_check(status != WEFT_OK && status != NEVER && *text_of(future), file, line,
                    "future %u settles with %s and the message \"%s\"", future,
                    status == NEVER ? "nothing" : weft__status_name(status), text_of(future));
}

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

/* Starts to open; the future is returned, 0 when open itself failed (S.err). */
TEST_UNUSED static uint32_t start_open(const char *selector, const uint64_t *limits, uint64_t features) {
  static const uint64_t none[WEFT_LIMIT_COUNT];
  S.n_seen = 0;
  S.poll_capacity = 0;
  S.device = NULL;
  uint32_t ready = new_future();
  weft_status status = S.driver->open(S.driver->context, selector, WEFT_POWER_ANY, limits ? limits : none, features,
                                      ready, &S.device, &S.err);
  return status ? 0 : ready;
}

TEST_UNUSED static weft_status open_device(const char *selector) {
  uint32_t ready = start_open(selector, NULL, 0);
  if (!ready) return S.err.code;
  weft_status status = settle(ready);
  if (status) {
    weft__fail(&S.err, status, "%s", text_of(ready));
    S.driver->close(S.device);
    S.device = NULL;
    return status;
  }
  S.driver->query(S.device, S.limits, &S.features, &S.languages, &S.adapter, &S.tick);
  return WEFT_OK;
}

TEST_UNUSED static void close_device(void) {
  if (S.device) S.driver->close(S.device);
  S.device = NULL;
}

TEST_UNUSED static bool has_feature(weft_feature feature) { return S.features >> feature & 1; }
TEST_UNUSED static bool has_language(weft_language language) { return S.languages >> language & 1; }

/* ---- objects ----------------------------------------------------------------------------------------------------- */

#define ID(slot, generation) ((weft_id)((slot) | (uint32_t)(generation) << 20))

enum {
  STORAGE = WEFT_USAGE_STORAGE | WEFT_USAGE_COPY_SRC | WEFT_USAGE_COPY_DST,
  READBACK = WEFT_USAGE_MAP_READ | WEFT_USAGE_COPY_DST
};

TEST_UNUSED static bool make_buffer(weft_id id, uint64_t n_bytes, uint32_t usage) {
  return CHECK_OK(S.driver->buffer_create(S.device, id, n_bytes, usage, 0, &S.err), &S.err);
}

TEST_UNUSED static bool write_words(weft_id id, uint64_t offset, const uint32_t *words, uint32_t n) {
  return CHECK_OK(S.driver->buffer_write(S.device, id, offset, words, 4ull * n, 0, &S.err), &S.err);
}

TEST_UNUSED static bool make_module(weft_id id, const char *wgsl) {
  uint32_t future = new_future();
  return CHECK_OK(S.driver->module_create(S.device, id, wgsl, strlen(wgsl), future, &S.err), &S.err) &&
         CHECK_SETTLES(future);
}

TEST_UNUSED static bool make_layout(weft_id id, const uint32_t *entries, uint32_t n) {
  return CHECK_OK(S.driver->layout_create(S.device, id, entries, n, &S.err), &S.err);
}

TEST_UNUSED static bool make_pipeline(weft_id id, weft_id module, const char *entry, weft_id layout) {
  uint32_t future = new_future();
  return CHECK_OK(
             S.driver->pipeline_create(S.device, id, module, entry, &layout, 1, 0, "", NULL, 0, false, future, &S.err),
             &S.err) &&
         CHECK_SETTLES(future);
}

/* ---- the stream -------------------------------------------------------------------------------------------------- */

TEST_UNUSED static void put_words(uint32_t op, const uint32_t *words, uint32_t n) {
  if (!CHECK(S.n_words + n + 1 <= WORDS_MAX)) return;
  S.words[S.n_words++] = WEFT_OP_WORD(op, n + 1);
  memcpy(S.words + S.n_words, words, n * 4);
  S.n_words += n;
}

#define LOW(x) ((uint32_t)(uint64_t)(x))
#define HIGH(x) ((uint32_t)((uint64_t)(x) >> 32))
#define PUT(op, ...) put_words((op), (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

TEST_UNUSED static void put_begin(uint32_t future) { PUT(WEFT_OP_BEGIN, future); }
TEST_UNUSED static void put_pipeline(weft_id id) { PUT(WEFT_OP_PIPELINE, id); }
TEST_UNUSED static void put_set_group(uint32_t index, weft_id group) { PUT(WEFT_OP_SET_GROUP, index, group, 0); }
TEST_UNUSED static void put_dispatch(uint32_t x) { PUT(WEFT_OP_DISPATCH, x, 1, 1); }
TEST_UNUSED static void put_copy(weft_id source, uint64_t from, weft_id destination, uint64_t to, uint64_t n) {
  PUT(WEFT_OP_COPY, source, LOW(from), HIGH(from), destination, LOW(to), HIGH(to), LOW(n), HIGH(n));
}
TEST_UNUSED static void put_clear(weft_id buffer, uint64_t offset, uint64_t n) {
  PUT(WEFT_OP_CLEAR, buffer, LOW(offset), HIGH(offset), LOW(n), HIGH(n));
}
TEST_UNUSED static void put_timestamp(uint32_t query) { PUT(WEFT_OP_TIMESTAMP, query); }
TEST_UNUSED static void put_resolve(uint32_t first, uint32_t n, weft_id buffer, uint64_t offset) {
  PUT(WEFT_OP_RESOLVE, first, n, buffer, LOW(offset), HIGH(offset));
}
TEST_UNUSED static void put_write(weft_id buffer, uint64_t offset, const void *bytes, uint64_t n) {
  uint64_t pointer = (uint64_t)(uintptr_t)bytes;
  PUT(WEFT_OP_WRITE, buffer, LOW(offset), HIGH(offset), LOW(pointer), HIGH(pointer), LOW(n), HIGH(n));
}
/* A group of whole buffers, or of `size` bytes of each, at bindings 0 … n - 1. */
TEST_UNUSED static void put_group(weft_id id, weft_id layout, const weft_id *buffers, uint32_t n, uint64_t size) {
  uint32_t words[3 + 6 * 8] = {id, layout, n};
  for (uint32_t i = 0; i < n && i < 8; i++)
    memcpy(words + 3 + 6 * i, (const uint32_t[]){i, buffers[i], 0, 0, LOW(size), HIGH(size)}, 24);
  put_words(WEFT_OP_GROUP, words, 3 + 6 * n);
}

TEST_UNUSED static weft_status submit(void) {
  weft_status status = S.driver->submit(S.device, S.words, S.n_words, &S.err);
  S.n_words = 0;
  return status;
}

/* Reads a COPY_SRC buffer of `n` words through a buffer of its own at slot 900. */
TEST_UNUSED static bool read_words(weft_id id, uint32_t *out, uint32_t n) {
  static uint32_t generation;
  weft_id staging = ID(900, ++generation & 0xFFF ? generation & 0xFFF : (generation = 1));
  uint32_t future = new_future();
  bool good = make_buffer(staging, 4ull * n, READBACK);
  put_begin(0);
  put_copy(id, 0, staging, 0, 4ull * n);
  good = good && CHECK_OK(submit(), &S.err) &&
         CHECK_OK(S.driver->map_start(S.device, staging, 0, 4ull * n, future, &S.err), &S.err) &&
         CHECK_SETTLES(future) && CHECK_OK(S.driver->map_read(S.device, staging, 0, out, 4ull * n, &S.err), &S.err);
  S.driver->map_finish(S.device, staging);
  S.driver->release(S.device, &staging, 1);
  return good;
}

#endif
