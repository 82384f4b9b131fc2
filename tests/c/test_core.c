/* src/core on a device: data, order, views, calls. The rules of late errors are in test_core_errors.c. */
#include <math.h>

#include "rig.h"

#define OPEN(r) \
  rig r;        \
  if (!rig_open(&r)) SKIP(rig_reason)

static weft_error err;

static weft_kernel *kernel_of(rig *r, const char *source) {
  weft_kernel *k = NULL;
  CHECK_OK(weft_kernel_create(r->device, source, strlen(source), NULL, false, &k, NULL, &err), &err);
  return k;
}

static weft_buffer *buffer_of(rig *r, const void *bytes, uint64_t n_bytes) {
  weft_buffer *b = NULL;
  CHECK_OK(rig_upload(r->device, bytes, n_bytes, &b, &err), &err);
  return b;
}

static weft_stats stats_of(rig *r) {
  weft_stats s;
  weft_device_stats(r->device, &s);
  return s;
}

static void synchronize(rig *r) {
  weft_future *f;
  if (!CHECK_OK(weft_device_synchronize(r->device, &f, &err), &err)) return;
  CHECK_OK(weft_future_wait(f, &err), &err);
  weft_future_release(f);
}

/* ---- data ---------------------------------------------------------------------------------------------------------------- */

TEST(bytes_come_back_at_any_size_and_offset) {
  OPEN(r);
  unsigned char in[300], out[300];
  for (int i = 0; i < 300; i++) in[i] = (unsigned char)(i * 7 + 1);
  for (unsigned n = 0; n <= 300; n += n < 20 ? 1 : 31) {
    weft_buffer *b = buffer_of(&r, in, n);
    CHECK_EQ(weft_buffer_bytes(b), (uint64_t)n);
    for (unsigned at = 0; at <= n; at += 1 + n / 5) {
      memset(out, 0, sizeof out);
      CHECK_OK(rig_read(b, at, out, n - at, &err), &err);
      CHECK(!memcmp(out, in + at, n - at));
    }
    weft_buffer_release(b);
  }
  rig_close(&r);
}

TEST(unaligned_writes_keep_their_neighbours) {
  OPEN(r);
  enum { N = 53 };
  unsigned char model[N], patch[N], out[N];
  for (int i = 0; i < N; i++) model[i] = (unsigned char)i, patch[i] = (unsigned char)(200 + i);
  weft_buffer *b = buffer_of(&r, model, N);
  for (unsigned at = 0; at < N; at += 3)
    for (unsigned n = 1; at + n <= N; n += 4) {
      CHECK_OK(weft_buffer_write(b, at, patch, n, &err), &err);
      memcpy(model + at, patch, n);
    }
  CHECK_OK(rig_read(b, 0, out, N, &err), &err);
  CHECK(!memcmp(out, model, N));
  weft_buffer_release(b);
  rig_close(&r);
}

TEST(copies_at_any_alignment_also_inside_one_buffer) {
  OPEN(r);
  enum { N = 64 };
  unsigned char model[N], source[N], out[N];
  for (int i = 0; i < N; i++) model[i] = (unsigned char)i, source[i] = (unsigned char)(100 + i);
  weft_buffer *a = buffer_of(&r, source, N), *b = buffer_of(&r, model, N);
  for (unsigned from = 0; from < 6; from++)
    for (unsigned to = 0; to < 6; to++) {
      unsigned n = 9 + from * to % 7;
      CHECK_OK(weft_buffer_copy(a, from, b, to, n, &err), &err);
      memcpy(model + to, source + from, n);
      CHECK_OK(weft_buffer_copy(b, from, b, 32 + to, n, &err), &err);
      memcpy(model + 32 + to, model + from, n);
    }
  CHECK_OK(rig_read(b, 0, out, N, &err), &err);
  CHECK(!memcmp(out, model, N));
  CHECK_FAILS(weft_buffer_copy(b, 0, b, 4, 8, &err), WEFT_VALUE, &err, "overlaps itself");
  weft_buffer_release(a);
  weft_buffer_release(b);
  rig_close(&r);
}

TEST(fills_repeat_their_pattern) {
  OPEN(r);
  enum { N = 61 };
  static const unsigned char pattern[8] = {1, 2, 3, 4, 5, 6, 7, 8}, zeros[8] = {0};
  unsigned char model[N], out[N];
  memset(model, 0xEE, N);
  weft_buffer *b = buffer_of(&r, model, N);
  for (unsigned size = 1; size <= 8; size *= 2)
    for (unsigned at = 0; at + 3 * size <= N; at += 5 * size) {
      const unsigned char *p = at % 2 ? zeros : pattern;
      CHECK_OK(weft_buffer_fill(b, at, 3 * size, p, size, &err), &err);
      for (unsigned i = 0; i < 3 * size; i++) model[at + i] = p[i % size];
    }
  CHECK_OK(rig_read(b, 0, out, N, &err), &err);
  CHECK(!memcmp(out, model, N));
  CHECK_FAILS(weft_buffer_fill(b, 1, 4, pattern, 4, &err), WEFT_VALUE, &err, "whole patterns of 4 bytes");
  CHECK_FAILS(weft_buffer_fill(b, 0, 3, pattern, 3, &err), WEFT_VALUE, &err, "1, 2, 4 or 8");
  weft_buffer_release(b);
  rig_close(&r);
}

/* A kernel sees the padding of an odd array; it must be zero whatever the memory held before. */
TEST(padding_is_zero_also_in_reused_memory) {
  OPEN(r);
  static const char sum_source[] =
      "@group(0) @binding(0) var<storage, read> x: array<u32>;\n"
      "@group(0) @binding(1) var<storage, read_write> y: array<u32>;\n"
      "@compute @workgroup_size(1) fn f() { y[0] = x[arrayLength(&x) - 1u]; y[1] = arrayLength(&x); }\n";
  weft_kernel *k = kernel_of(&r, sum_source);
  uint32_t two[2] = {0};
  unsigned char ones[16];
  memset(ones, 0xFF, sizeof ones);
  for (int round = 0; round < 3; round++) {
    weft_buffer *dirty = buffer_of(&r, ones, 16);
    weft_buffer_release(dirty);
    weft_buffer *x = NULL, *y = buffer_of(&r, two, 8);
    if (round == 0) x = buffer_of(&r, ones, 13);
    if (round > 0) CHECK_OK(weft_buffer_create(r.device, 13, &x, &err), &err);
    if (round == 1) CHECK_OK(weft_buffer_fill(x, 0, 13, ones, 1, &err), &err);
    if (round == 2) CHECK_OK(weft_buffer_write(x, 3, ones, 10, &err), &err);
    const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT8), rig_arg(y, WEFT_DTYPE_UINT32)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
    uint32_t out[2];
    CHECK_OK(rig_read(y, 0, out, 8, &err), &err);
    CHECK_EQ(out[0], 0xFFu);
    CHECK_EQ(out[1], 4u);
    weft_buffer_release(x);
    weft_buffer_release(y);
  }
  weft_kernel_release(k);
  rig_close(&r);
}

/* ---- order ---------------------------------------------------------------------------------------------------------------- */

TEST(saxpy_runs) {
  OPEN(r);
  enum { N = 1000 };
  float x[N], y[N];
  for (int i = 0; i < N; i++) x[i] = (float)i, y[i] = 1;
  weft_kernel *k = kernel_of(&r, saxpy_source);
  weft_buffer *gx = buffer_of(&r, x, sizeof x), *gy = buffer_of(&r, y, sizeof y);
  for (int round = 0; round < 5; round++) {
    const struct {
      float a;
      uint32_t n;
    } p = {(float)round, N};
    const weft_arg args[] = {rig_arg(gx, WEFT_DTYPE_FLOAT32), rig_arg(gy, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
  }
  CHECK_OK(rig_read(gy, 0, y, sizeof y, &err), &err);
  for (int i = 0; i < N; i++) CHECK_EQ(y[i], 10.0f * (float)i + 1);
  weft_buffer_release(gx);
  weft_buffer_release(gy);
  weft_kernel_release(k);
  rig_close(&r);
}

/* Writes, calls, copies and fills take effect in program order, small writes through the ring and large ones after a flush. */
TEST(host_writes_keep_the_order_of_the_program) {
  OPEN(r);
  enum { N = 40 };
  weft_kernel *k = kernel_of(&r, bump_source);
  for (int n = 1; n <= N; n += 13) {
    uint32_t in[N] = {0}, out[N];
    weft_buffer *x = buffer_of(&r, in, (uint64_t)n * 4), *copies[6];
    const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
    weft_device_batch_begin(r.device);
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < n; j++) in[j] = (uint32_t)(1000 * i + j);
      CHECK_OK(weft_buffer_write(x, 0, in, (uint64_t)n * 4, &err), &err);
      CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
      CHECK_OK(weft_buffer_create(r.device, (uint64_t)n * 4, &copies[i], &err), &err);
      CHECK_OK(weft_buffer_copy(x, 0, copies[i], 0, (uint64_t)n * 4, &err), &err);
    }
    CHECK_OK(weft_device_batch_end(r.device, &err), &err);
    for (int i = 0; i < 6; i++) {
      CHECK_OK(rig_read(copies[i], 0, out, (uint64_t)n * 4, &err), &err);
      for (int j = 0; j < n; j++) CHECK_EQ(out[j], (uint32_t)(1000 * i + j + 1));
      weft_buffer_release(copies[i]);
    }
    weft_buffer_release(x);
  }
  weft_kernel_release(k);
  rig_close(&r);
}

/* A released buffer's memory serves the next one of the same list, and neither sees the other's data. */
TEST(released_memory_is_reused_at_once) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, bump_source);
  weft_buffer *sums[8];
  weft_device_batch_begin(r.device);
  for (uint32_t i = 0; i < 8; i++) {
    uint32_t value = 100 * i;
    weft_buffer *x = buffer_of(&r, &value, 4);
    const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
    CHECK_OK(weft_buffer_create(r.device, 4, &sums[i], &err), &err);
    CHECK_OK(weft_buffer_copy(x, 0, sums[i], 0, 4, &err), &err);
    weft_buffer_release(x);
  }
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  CHECK(stats_of(&r).pool_hits > 0);
  for (uint32_t i = 0; i < 8; i++) {
    uint32_t out;
    CHECK_OK(rig_read(sums[i], 0, &out, 4, &err), &err);
    CHECK_EQ(out, 100 * i + 1);
    weft_buffer_release(sums[i]);
  }
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(a_batch_is_handed_over_once) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, bump_source);
  uint32_t zero = 0, out;
  weft_buffer *x = buffer_of(&r, &zero, 4);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
  CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  synchronize(&r);
  weft_stats before = stats_of(&r);
  weft_device_batch_begin(r.device);
  for (int i = 0; i < 50; i++) CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  CHECK_EQ(stats_of(&r).flushes, before.flushes);
  CHECK_EQ(stats_of(&r).pending_commands, 50u);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  CHECK_EQ(stats_of(&r).submits, before.submits + 1);
  CHECK_OK(rig_read(x, 0, &out, 4, &err), &err);
  CHECK_EQ(out, 51u);
  CHECK_FAILS(weft_device_batch_end(r.device, &err), WEFT_STATE, &err, "in no batch");
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

/* ---- pace ---------------------------------------------------------------------------------------------------------------- */

static const char spin_source[] =
    "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
    "@group(0) @binding(1) var<uniform> n: u32;\n"
    "@compute @workgroup_size(64) fn spin(@builtin(global_invocation_id) id: vec3u) {\n"
    "  var v = x[0];\n"
    "  for (var i = 0u; i < n; i++) { v = v * 1664525u + 1013904223u; }\n"
    "  if (id.x == 0u) { x[0] += 1u; }\n"
    "  if (v == 77u) { x[1] = v; }\n"
    "}\n";

/* Submits of a batch of `calls` dispatches that spin `n` times each, under a limit of `ms`. */
static uint64_t submits_under(rig *r, weft_kernel *k, weft_buffer *x, uint32_t n, int calls, double ms) {
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_bytes(&n, 4)};
  uint32_t left;
  weft_stats before = stats_of(r);
  weft_device_batch_begin(r->device);
  weft_device_batch_limit(r->device, ms);
  for (int i = 0; i < calls; i++) {
    CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
    if (weft_device_crowded(r->device)) CHECK_OK(weft_device_pace(r->device, false, &left, &err), &err);
    CHECK(!weft_device_crowded(r->device));
  }
  CHECK_OK(weft_device_batch_end(r->device, &err), &err);
  synchronize(r);
  return stats_of(r).submits - before.submits;
}

/* A limit that every call exceeds puts each into a submit of its own; one that nothing exceeds cuts only what is not measured yet. */
TEST(a_batch_with_a_limit_is_cut_by_what_was_measured) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, spin_source);
  uint32_t zero[2] = {0}, out[2];
  weft_buffer *x = buffer_of(&r, zero, 8);
  synchronize(&r);
  uint64_t many = submits_under(&r, k, x, 1000, 30, 1e-6), few = submits_under(&r, k, x, 1000, 30, 1e6);
  CHECK_EQ(many, 31u);
  CHECK_EQ(few, 2u);
  CHECK_OK(rig_read(x, 0, out, 8, &err), &err);
  CHECK_EQ(out[0], 60u);
  CHECK_EQ(stats_of(&r).dispatches_done, 60u);
  /* The limit ends with its batch. */
  const uint32_t n = 1;
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_bytes(&n, 4)};
  weft_stats before = stats_of(&r);
  weft_device_batch_begin(r.device);
  for (int i = 0; i < 10; i++) CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
  CHECK_EQ(stats_of(&r).submits, before.submits);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

/* Whatever is done over and over without a read makes the device crowded, and waiting for it ends. */
TEST(who_only_enqueues_is_held_back) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, bump_source);
  unsigned char bytes[2048] = {0};
  weft_buffer *x = buffer_of(&r, bytes, sizeof bytes), *y = buffer_of(&r, bytes, sizeof bytes);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
  for (int way = 0; way < 3; way++) {
    uint32_t left;
    uint64_t most = 0;
    for (int i = 0; i < 500; i++) {
      if (way == 0) CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
      if (way == 1) CHECK_OK(weft_buffer_write(x, 0, bytes, sizeof bytes, &err), &err);
      if (way == 2) CHECK_OK(weft_buffer_copy(x, 0, y, 0, sizeof bytes, &err), &err);
      if (weft_device_crowded(r.device)) CHECK_OK(weft_device_pace(r.device, false, &left, &err), &err);
      if (stats_of(&r).pending_commands > most) most = stats_of(&r).pending_commands;
    }
    CHECK(most <= 28);
    CHECK_OK(weft_device_flush(r.device, &err), &err);
    do CHECK_OK(weft_device_pace(r.device, true, &left, &err), &err);
    while (left);
  }
  CHECK(stats_of(&r).dispatches_done >= 400);
  weft_buffer_release(x);
  weft_buffer_release(y);
  weft_kernel_release(k);
  rig_close(&r);
}

/* And who does not ask waits all the same, once far too much is in flight. */
TEST(what_is_in_flight_is_bounded) {
  enum { CALLS = 3000, MOST = 18 * 16 + 28 }; /* marks, of commands each, and a list */
  OPEN(r);
  weft_kernel *k = kernel_of(&r, spin_source);
  unsigned char bytes[1024] = {0};
  const uint32_t n = 3000;
  weft_buffer *x = buffer_of(&r, bytes, sizeof bytes);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_bytes(&n, 4)};
  uint64_t most = 0;
  for (uint64_t i = 1; i <= CALLS; i++) {
    CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
    uint64_t left = i - stats_of(&r).dispatches_done;
    if (left > most) most = left;
  }
  CHECK(most <= MOST);
  synchronize(&r);
  CHECK_EQ(stats_of(&r).dispatches_done, (uint64_t)CALLS);
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

/* A device that is lost holds nobody back. */
TEST(a_lost_device_is_not_crowded) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, spin_source);
  uint32_t zero[2] = {0}, left = 1;
  const uint32_t n = 1000000; /* so that some are likely to be still under way */
  weft_buffer *x = buffer_of(&r, zero, 8);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_bytes(&n, 4)};
  weft_device_batch_begin(r.device);
  weft_device_batch_limit(r.device, 0.001);
  for (int i = 0; i < 8; i++) CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
  weft_device_lose(r.device);
  CHECK_OK(weft_device_pace(r.device, false, &left, &err), &err);
  CHECK_EQ(left, 0u);
  CHECK(!weft_device_crowded(r.device));
  CHECK_FAILS(weft_device_batch_end(r.device, &err), WEFT_LOST, &err, "lost");
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(reads_in_flight_share_one_flush) {
  OPEN(r);
  uint32_t in[6];
  weft_buffer *b[6];
  weft_future *f[6];
  for (uint32_t i = 0; i < 6; i++) in[i] = i * i, b[i] = buffer_of(&r, &in[i], 4);
  synchronize(&r);
  weft_stats before = stats_of(&r);
  for (int i = 0; i < 6; i++) CHECK_OK(weft_buffer_read(b[i], 0, 4, &f[i], &err), &err);
  for (int i = 5; i >= 0; i--) {
    uint32_t out;
    CHECK_OK(weft_future_wait(f[i], &err), &err);
    CHECK_OK(weft_future_take(f[i], &out, 4, &err), &err);
    CHECK_EQ(out, in[i]);
    CHECK_FAILS(weft_future_take(f[i], &out, 4, &err), WEFT_STATE, &err, "taken before");
    weft_future_release(f[i]);
    weft_buffer_release(b[i]);
  }
  CHECK_EQ(stats_of(&r).flushes, before.flushes + 1);
  rig_close(&r);
}

TEST(dropped_reads_leave_nothing) {
  OPEN(r);
  uint32_t in[4] = {1, 2, 3, 4};
  weft_buffer *b = buffer_of(&r, in, 16);
  for (int stage = 0; stage < 3; stage++) {
    weft_future *f;
    CHECK_OK(weft_buffer_read(b, 0, 16, &f, &err), &err);
    if (stage == 1) CHECK_OK(weft_device_flush(r.device, &err), &err);
    if (stage == 2) CHECK_OK(weft_future_wait(f, &err), &err);
    weft_future_release(f);
  }
  synchronize(&r);
  CHECK_EQ(stats_of(&r).futures, 0u);
  CHECK_EQ(stats_of(&r).staging_bytes, 0u);
  weft_buffer_release(b);
  rig_close(&r);
}

/* ---- views ---------------------------------------------------------------------------------------------------------------- */

TEST(views_bind_in_place_or_by_copy) {
  OPEN(r);
  enum { N = 300 };
  weft_kernel *k = kernel_of(&r, bump_source);
  uint32_t model[N], out[N];
  for (uint32_t i = 0; i < N; i++) model[i] = i;
  weft_buffer *x = buffer_of(&r, model, sizeof model);
  for (uint32_t at = 0; at < N; at += 18) /* a few of these offsets are aligned */
    for (uint32_t n = 1; at + n <= N; n += 97) {
      const weft_arg args[] = {rig_view(x, WEFT_DTYPE_UINT32, at * 4, n * 4)};
      CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
      for (uint32_t i = at; i < at + n; i++) model[i]++;
    }
  CHECK(stats_of(&r).call_copies > 0);
  CHECK_OK(rig_read(x, 0, out, sizeof out, &err), &err);
  CHECK(!memcmp(out, model, sizeof out));
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(views_of_small_elements_are_gathered_and_scattered) {
  OPEN(r);
  enum { N = 41 };
  /* Adds 1 to each byte of each word. */
  static const char source[] =
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@compute @workgroup_size(64) fn f(@builtin(global_invocation_id) id: vec3u) {\n"
      "  if (id.x < arrayLength(&x)) { x[id.x] += 0x01010101u; }\n"
      "}\n";
  weft_kernel *k = kernel_of(&r, source);
  unsigned char model[N], out[N];
  for (int i = 0; i < N; i++) model[i] = (unsigned char)i;
  weft_buffer *x = buffer_of(&r, model, N);
  for (unsigned at = 0; at < N; at += 3)
    for (unsigned n = 1; at + n <= N; n += 6) {
      if (at == 0 && n == N) continue;
      const weft_arg args[] = {rig_view(x, WEFT_DTYPE_INT8, at, n)};
      CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
      for (unsigned i = at; i < at + n; i++) model[i]++;
    }
  CHECK_OK(rig_read(x, 0, out, N, &err), &err);
  CHECK(!memcmp(out, model, N));
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(read_and_written_views_of_one_array) {
  OPEN(r);
  enum { HALF = 64 };
  weft_kernel *k = kernel_of(&r, saxpy_source);
  float in[2 * HALF], out[2 * HALF];
  for (int i = 0; i < 2 * HALF; i++) in[i] = (float)i;
  weft_buffer *b = buffer_of(&r, in, sizeof in);
  const struct {
    float a;
    uint32_t n;
  } p = {1, HALF};
  const weft_arg disjoint[] = {rig_view(b, WEFT_DTYPE_FLOAT32, 0, HALF * 4), rig_view(b, WEFT_DTYPE_FLOAT32, HALF * 4, HALF * 4),
                               rig_bytes(&p, sizeof p)};
  CHECK_OK(weft_kernel_call(k, disjoint, rig_threads(HALF), &err), &err);
  CHECK_OK(rig_read(b, 0, out, sizeof out, &err), &err);
  for (int i = 0; i < HALF; i++) {
    CHECK_EQ(out[i], in[i]);
    CHECK_EQ(out[HALF + i], in[i] + in[HALF + i]);
  }
  const weft_arg overlapping[] = {rig_view(b, WEFT_DTYPE_FLOAT32, 0, HALF * 4 + 4), disjoint[1], disjoint[2]};
  CHECK_FAILS(weft_kernel_call(k, overlapping, rig_threads(HALF), &err), WEFT_VALUE, &err, "`y` is written and overlaps `x`");
  const weft_arg same[] = {rig_arg(b, WEFT_DTYPE_FLOAT32), rig_arg(b, WEFT_DTYPE_FLOAT32), disjoint[2]};
  CHECK_FAILS(weft_kernel_call(k, same, rig_threads(HALF), &err), WEFT_VALUE, &err, "pass a copy");
  CHECK_OK(weft_kernel_call(k, disjoint, rig_threads(HALF), &err), &err);
  weft_buffer_release(b);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(two_written_views_of_one_array) {
  OPEN(r);
  static const char source[] =
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@group(0) @binding(1) var<storage, read_write> y: array<u32>;\n"
      "@compute @workgroup_size(1) fn f() { x[0] = 7u; y[0] = 9u; }\n";
  weft_kernel *k = kernel_of(&r, source);
  uint32_t in[256] = {0}, out[256];
  weft_buffer *b = buffer_of(&r, in, sizeof in);
  for (uint32_t at = 1; at < 200; at += 63) {
    const weft_arg args[] = {rig_view(b, WEFT_DTYPE_UINT32, 0, 4), rig_view(b, WEFT_DTYPE_UINT32, at * 4, 4)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
    CHECK_OK(rig_read(b, 0, out, sizeof out, &err), &err);
    CHECK_EQ(out[0], 7u);
    CHECK_EQ(out[at], 9u);
  }
  weft_buffer_release(b);
  weft_kernel_release(k);
  rig_close(&r);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------------- */

TEST(host_memory_binds_to_read_only_slots) {
  OPEN(r);
  enum { N = 100 };
  weft_kernel *k = kernel_of(&r, saxpy_source);
  float x[N], y[N] = {0};
  for (int i = 0; i < N; i++) x[i] = (float)i;
  weft_buffer *gy = buffer_of(&r, y, sizeof y);
  const struct {
    float a;
    uint32_t n;
  } p = {2, N};
  weft_arg args[] = {rig_bytes(x, sizeof x), rig_arg(gy, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
  for (int round = 0; round < 4; round++) {
    CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
    for (int i = 0; i < N; i++) x[i] += 1; /* the call has taken its copy */
  }
  CHECK_OK(rig_read(gy, 0, y, sizeof y, &err), &err);
  for (int i = 0; i < N; i++) CHECK_EQ(y[i], 2.0f * (4 * (float)i + 6));
  args[1] = rig_bytes(y, sizeof y);
  CHECK_FAILS(weft_kernel_call(k, args, rig_threads(N), &err), WEFT_TYPE, &err, "`y` is written by the kernel");
  weft_buffer_release(gy);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(arguments_that_webgpu_would_reject_are_refused) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, saxpy_source);
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  weft_buffer *gx = buffer_of(&r, x, sizeof x), *gy = buffer_of(&r, x, sizeof x), *empty = buffer_of(&r, x, 0);
  const struct {
    float a;
    uint32_t n;
  } p = {1, 8};
  const weft_arg good[] = {rig_arg(gx, WEFT_DTYPE_FLOAT32), rig_arg(gy, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
  const struct {
    int slot;
    weft_arg arg;
    weft_status status;
    const char *part;
  } cases[] = {
      {0, {0}, WEFT_TYPE, "`x` (array<f32>) is missing"},
      {0, rig_arg(gx, WEFT_DTYPE_INT32), WEFT_TYPE, "`x` is array<f32>: it wants float32, not int32"},
      {0, rig_arg(gx, WEFT_DTYPE_INT8), WEFT_TYPE, "only packed"},
      {0, rig_arg(empty, WEFT_DTYPE_FLOAT32), WEFT_VALUE, "`x` has no elements"},
      {0, rig_view(gx, WEFT_DTYPE_FLOAT32, 16, 32), WEFT_VALUE, "reach beyond the buffer's 32"},
      {2, rig_bytes(&p, 4), WEFT_VALUE, "`p` is P of 8 bytes, not 4"},
      {2, rig_view(gx, WEFT_DTYPE_RAW, 0, 4), WEFT_VALUE, "`p` is P, which needs at least 8 bytes"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_arg args[3];
    memcpy(args, good, sizeof args);
    args[cases[i].slot] = cases[i].arg;
    CHECK_FAILS(weft_kernel_call(k, args, rig_threads(8), &err), cases[i].status, &err, cases[i].part);
  }
  const weft_grid many = {.n = {70000, 1, 1}};
  CHECK_FAILS(weft_kernel_call(k, good, &many, &err), WEFT_VALUE, &err, "at most 65535");
  CHECK_FAILS(weft_kernel_call(k, good, rig_threads(10000000), &err), WEFT_VALUE, &err, "threads=(3333376, 3)");
  CHECK_OK(weft_kernel_call(k, good, rig_threads(0), &err), &err);
  CHECK_OK(weft_kernel_call(k, good, rig_threads(8), &err), &err);
  CHECK_OK(rig_read(gy, 0, x, sizeof x, &err), &err);
  CHECK_EQ(x[7], 16.0f);
  weft_buffer_release(gx);
  weft_buffer_release(gy);
  weft_buffer_release(empty);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(a_buffer_binds_to_a_uniform) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, saxpy_source);
  float x[4] = {1, 2, 3, 4}, y[4] = {0};
  weft_buffer *gx = buffer_of(&r, x, sizeof x), *gy = buffer_of(&r, y, sizeof y);
  struct {
    float a;
    uint32_t n;
  } p[40];
  for (uint32_t i = 0; i < 40; i++) p[i].a = (float)(i + 1), p[i].n = 4;
  weft_buffer *gp = buffer_of(&r, p, sizeof p);
  for (uint32_t i = 0; i < 40; i += 8) { /* every 64 bytes: in place at 0 and 256, by copy elsewhere */
    const weft_arg args[] = {rig_arg(gx, WEFT_DTYPE_FLOAT32), rig_arg(gy, WEFT_DTYPE_FLOAT32), rig_view(gp, WEFT_DTYPE_RAW, i * 8, 8)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(4), &err), &err);
  }
  CHECK_OK(rig_read(gy, 0, y, sizeof y, &err), &err);
  for (int i = 0; i < 4; i++) CHECK_EQ(y[i], (1.0f + 9 + 17 + 25 + 33) * x[i]);
  weft_buffer_release(gx);
  weft_buffer_release(gy);
  weft_buffer_release(gp);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(more_uniforms_than_dynamic_offsets) {
  OPEN(r);
  static const char source[] =
      "@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n"
      "@group(0) @binding(1) var<uniform> a: f32; @group(0) @binding(2) var<uniform> b: f32;\n"
      "@group(1) @binding(0) var<uniform> c: f32; @group(1) @binding(2) var<uniform> d: f32;\n"
      "@group(1) @binding(3) var<uniform> e: f32; @group(2) @binding(2) var<uniform> f: f32;\n"
      "@group(2) @binding(4) var<uniform> g: f32; @group(2) @binding(5) var<uniform> h: f32;\n"
      "@group(2) @binding(6) var<uniform> i: f32; @group(2) @binding(7) var<uniform> j: f32;\n"
      "@compute @workgroup_size(1) fn sum() { x[0] = a + 2*b + 4*c + 8*d + 16*e + 32*f + 64*g + 128*h + 256*i + 512*j; }\n";
  weft_kernel *k = kernel_of(&r, source);
  float zero = 0, one = 1, out;
  weft_buffer *x = buffer_of(&r, &zero, 4);
  weft_arg args[11] = {rig_arg(x, WEFT_DTYPE_FLOAT32)};
  for (int i = 1; i < 11; i++) args[i] = rig_bytes(&one, 4);
  CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  CHECK_OK(rig_read(x, 0, &out, 4, &err), &err);
  CHECK_EQ(out, 1023.0f);
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(constants_and_entries_choose_the_program) {
  OPEN(r);
  static const char source[] =
      "override width: u32 = 4; @id(7) override scale: f32;\n"
      "@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n"
      "@compute @workgroup_size(width * 2) fn first(@builtin(local_invocation_index) i: u32) { x[i] = scale; }\n"
      "@compute @workgroup_size(1) fn second() { x[0] = 2; }\n";
  const size_t n = sizeof source - 1;
  weft_kernel *k, *again;
  CHECK_FAILS(weft_kernel_create(r.device, source, n, NULL, false, &k, NULL, &err), WEFT_VALUE, &err, "\"first\", \"second\"");
  weft_kernel_options options = {.entry = "frist"};
  CHECK_FAILS(weft_kernel_create(r.device, source, n, &options, false, &k, NULL, &err), WEFT_VALUE, &err, "did you mean \"first\"?");
  weft_constant constants[] = {{"width", 8}, {"7", 2.5}};
  options = (weft_kernel_options){.entry = "first", .constants = constants, .n_constants = 2};
  CHECK_OK(weft_kernel_create(r.device, source, n, &options, false, &k, NULL, &err), &err);
  CHECK_EQ(weft_kernel_workgroup_size(k)[0], 16u);
  CHECK_OK(weft_kernel_create(r.device, source, n, &options, false, &again, NULL, &err), &err);
  CHECK_EQ(stats_of(&r).compiles, 1u);
  CHECK_EQ(stats_of(&r).compile_hits, 1u);
  weft_kernel_release(again);
  constants[0].name = "witdh";
  CHECK_FAILS(weft_kernel_create(r.device, source, n, &options, false, &again, NULL, &err), WEFT_VALUE, &err, "did you mean \"width\"?");
  constants[0] = (weft_constant){"width", 1e6};
  CHECK_FAILS(weft_kernel_create(r.device, source, n, &options, false, &again, NULL, &err), WEFT_VALUE, &err, "workgroup size of 2000000");
  float out[16];
  weft_buffer *x = buffer_of(&r, out, sizeof out);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_FLOAT32)};
  CHECK_OK(weft_kernel_call(k, args, rig_threads(16), &err), &err);
  CHECK_OK(rig_read(x, 0, out, sizeof out, &err), &err);
  CHECK_EQ(out[15], 2.5f);
  weft_buffer_release(x);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(unused_bindings_are_no_slots) {
  OPEN(r);
  static const char source[] =
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@group(0) @binding(1) var<storage, read_write> unused: array<u32>;\n"
      "@group(2) @binding(1) var<storage, read> y: array<u32>;\n"
      "fn helper() -> u32 { return y[0]; }\n"
      "@compute @workgroup_size(1) fn f() { x[0] = helper(); }\n";
  weft_kernel *k = kernel_of(&r, source);
  uint32_t n;
  const weft_slot *slots = weft_kernel_slots(k, &n);
  CHECK_EQ(n, 2u);
  CHECK_STR(slots[0].name, "x");
  CHECK_STR(slots[1].name, "y");
  CHECK_EQ(weft_kernel_reflect(k)->n_bindings, 3u);
  uint32_t a = 1, b = 5;
  weft_buffer *x = buffer_of(&r, &a, 4), *y = buffer_of(&r, &b, 4);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_arg(y, WEFT_DTYPE_UINT32)};
  CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  CHECK_OK(rig_read(x, 0, &a, 4, &err), &err);
  CHECK_EQ(a, 5u);
  weft_buffer_release(x);
  weft_buffer_release(y);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(immediates_travel_in_the_stream) {
  OPEN(r);
  static const char source[] =
      "requires immediate_address_space;\n"
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "var<immediate> v: vec2u;\n"
      "@compute @workgroup_size(1) fn f() { x[v.x] = v.y; }\n";
  if (!(weft_device_query(r.device)->language_bits >> WEFT_LANGUAGE_IMMEDIATE_ADDRESS_SPACE & 1)) {
    weft_kernel *k;
    CHECK_FAILS(weft_kernel_create(r.device, source, sizeof source - 1, NULL, false, &k, NULL, &err), WEFT_UNSUPPORTED, &err, "var<immediate>");
  } else {
    weft_kernel *k = kernel_of(&r, source);
    uint32_t out[6] = {0};
    weft_buffer *x = buffer_of(&r, out, sizeof out);
    for (uint32_t i = 0; i < 6; i++) {
      const uint32_t v[2] = {i, 10 * i};
      const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_bytes(v, sizeof v)};
      CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
    }
    CHECK_OK(rig_read(x, 0, out, sizeof out, &err), &err);
    for (uint32_t i = 0; i < 6; i++) CHECK_EQ(out[i], 10 * i);
    weft_buffer_release(x);
    weft_kernel_release(k);
  }
  rig_close(&r);
}

/* ---- nothing grows ------------------------------------------------------------------------------------------------------- */

/* With nothing in flight, not even a mark (pace.c), and nothing pooled: how much that is depends on the device's speed. */
static weft_stats stats_at_rest(rig *r) {
  for (uint32_t in_flight = 1; in_flight;) {
    synchronize(r);
    CHECK_OK(weft_device_pace(r->device, true, &in_flight, &err), &err);
  }
  weft_device_trim(r->device);
  return stats_of(r);
}

TEST(identical_calls_grow_nothing) {
  OPEN(r);
  weft_kernel *k = kernel_of(&r, saxpy_source);
  float x[16] = {0};
  weft_buffer *gx = buffer_of(&r, x, sizeof x), *gy = buffer_of(&r, x, sizeof x);
  weft_stats before = {0};
  long live = 0;
  for (int i = 0; i < 2000; i++) {
    const struct {
      float a;
      uint32_t n;
    } p = {(float)i, 16};
    const weft_arg args[] = {rig_arg(gx, WEFT_DTYPE_FLOAT32), rig_arg(gy, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(16), &err), &err);
    float *temporary = x;
    weft_buffer *t = buffer_of(&r, temporary, sizeof x);
    weft_buffer_release(t);
    if (i % 100 == 99) synchronize(&r);
    if (i == 999) before = stats_at_rest(&r), live = weft__alloc_live;
  }
  weft_stats after = stats_at_rest(&r);
  CHECK_EQ(after.objects, before.objects);
  CHECK_EQ(after.driver_objects, after.objects);
  CHECK_EQ(after.used_bytes, before.used_bytes);
  CHECK_EQ(after.pooled_bytes, before.pooled_bytes);
  CHECK_EQ(weft__alloc_live, live);
  weft_buffer_release(gx);
  weft_buffer_release(gy);
  weft_kernel_release(k);
  CHECK(weft_device_trim(r.device) > 0);
  CHECK_EQ(stats_of(&r).pooled_bytes, 0u);
  CHECK_EQ(stats_of(&r).used_bytes, 0u);
  rig_close(&r);
}

TEST(the_pool_keeps_to_its_budget) {
  OPEN(r);
  unsigned char bytes[4096] = {0};
  for (int i = 0; i < 20; i++) {
    weft_buffer *b[10];
    for (int j = 0; j < 10; j++) b[j] = buffer_of(&r, bytes, 100 + 300 * (uint64_t)j);
    for (int j = 0; j < 10; j++) weft_buffer_release(b[j]);
    synchronize(&r);
  }
  weft_stats s = stats_of(&r);
  CHECK(s.allocations <= 10 + 5); /* one round's, and those of synchronising and of at most four marks */
  CHECK(s.pooled_bytes > 0);
  rig_close(&r);
}

TEST(a_buffer_beyond_the_limit_is_refused) {
  OPEN(r);
  weft_buffer *b;
  uint64_t limit = weft_device_query(r.device)->limits[WEFT_LIMIT_MAX_BUFFER_SIZE];
  CHECK_FAILS(weft_buffer_create(r.device, limit + 1, &b, &err), WEFT_VALUE, &err, "is larger than");
  CHECK_FAILS(weft_buffer_create(r.device, UINT64_MAX, &b, &err), WEFT_VALUE, &err, "is larger than");
  b = buffer_of(&r, "abcd", 4);
  weft_buffer_release(b);
  rig_close(&r);
}

/* ---- timers -------------------------------------------------------------------------------------------------------------- */

static double seconds_of(weft_timer *t) {
  uint64_t ticks[2] = {0};
  weft_future *f;
  if (!CHECK_OK(weft_timer_read(t, &f, &err), &err)) return -1;
  CHECK_OK(weft_future_wait(f, &err), &err);
  CHECK_OK(weft_future_take(f, ticks, sizeof ticks, &err), &err);
  weft_future_release(f);
  return weft_timer_seconds(t, ticks);
}

#define OPEN_TIMED(r)                              \
  OPEN(r);                                         \
  if (!rig_has_timestamps(&r)) {                   \
    weft_error why;                                \
    weft_timer *none;                              \
    CHECK_FAILS(weft_timer_start(r.device, &none, &why), WEFT_UNSUPPORTED, &why, "timestamp-query"); \
    rig_close(&r);                                 \
    SKIP("the device has no timestamps");          \
  }

TEST(timers_tell_what_the_device_took) {
  OPEN_TIMED(r);
  uint32_t zeros[64] = {0};
  weft_buffer *x = buffer_of(&r, zeros, sizeof zeros);
  weft_kernel *k = kernel_of(&r, bump_source);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
  weft_timer *outer, *inner;
  CHECK_OK(weft_timer_start(r.device, &outer, &err), &err);
  for (int i = 0; i < 40; i++) {
    if (i == 20) CHECK_OK(weft_timer_start(r.device, &inner, &err), &err);
    CHECK_OK(weft_kernel_call(k, args, rig_threads(64), &err), &err);
  }
  CHECK_FAILS(weft_timer_read(inner, &(weft_future *){NULL}, &err), WEFT_STATE, &err, "not been stopped");
  CHECK_OK(weft_timer_stop(inner, &err), &err);
  CHECK_OK(weft_timer_stop(outer, &err), &err);
  CHECK_FAILS(weft_timer_stop(outer, &err), WEFT_STATE, &err, "has been stopped");
  CHECK_OK(rig_read(x, 0, zeros, sizeof zeros, &err), &err);
  CHECK_EQ(zeros[63], 40u); /* passes went on around them */
  double whole = seconds_of(outer), part = seconds_of(inner);
  CHECK(0 <= part && part <= whole && whole < 60);
  CHECK(isnan(weft_timer_seconds(inner, (const uint64_t[]){2, 1})));
  weft_timer_release(weft_timer_retain(outer));
  weft_timer_release(outer);
  weft_timer_release(inner);
  weft_kernel_release(k);
  weft_buffer_release(x);
  CHECK_EQ(stats_of(&r).buffers, 0u);
  rig_close(&r);
}

TEST(many_timers_but_not_too_many_at_once) {
  OPEN_TIMED(r);
  enum { MOST = 64 };
  weft_timer *t[MOST + 1], *more;
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < MOST; i++) CHECK_OK(weft_timer_start(r.device, &t[i], &err), &err);
    CHECK_FAILS(weft_timer_start(r.device, &more, &err), WEFT_STATE, &err, "64 timers are running");
    weft_timer_release(t[5]); /* running */
    CHECK_OK(weft_timer_stop(t[6], &err), &err);
    CHECK_OK(weft_timer_start(r.device, &t[5], &err), &err);
    CHECK_OK(weft_timer_start(r.device, &t[MOST], &err), &err);
    CHECK_FAILS(weft_timer_start(r.device, &more, &err), WEFT_STATE, &err, "no more can");
    for (int i = 0; i <= MOST; i++) {
      if (i != 6) CHECK_OK(weft_timer_stop(t[i], &err), &err);
      if (i % 16 == 0) CHECK(seconds_of(t[i]) >= 0);
      weft_timer_release(t[i]);
    }
  }
  CHECK_EQ(stats_of(&r).buffers, 0u);
  rig_close(&r);
}

TEST(timers_are_not_recorded) {
  OPEN_TIMED(r);
  weft_timer *t, *none;
  CHECK_OK(weft_timer_start(r.device, &t, &err), &err);
  CHECK_OK(weft_device_record_begin(r.device, &err), &err);
  CHECK_FAILS(weft_timer_start(r.device, &none, &err), WEFT_STATE, &err, "time the replay");
  CHECK_FAILS(weft_timer_stop(t, &err), WEFT_STATE, &err, "time the replay");
  CHECK_OK(weft_device_record_end(r.device, NULL, &err), &err);
  CHECK_OK(weft_timer_stop(t, &err), &err);
  CHECK(seconds_of(t) >= 0);
  weft_timer_release(t);
  rig_close(&r);
}

TEST(timers_of_a_lost_device) {
  OPEN_TIMED(r);
  weft_timer *t, *stopped;
  weft_future *f;
  CHECK_OK(weft_timer_start(r.device, &t, &err), &err);
  CHECK_OK(weft_timer_start(r.device, &stopped, &err), &err);
  CHECK_OK(weft_timer_stop(stopped, &err), &err);
  weft_device_lose(r.device);
  CHECK_FAILS(weft_timer_stop(t, &err), WEFT_LOST, &err, "given up on request");
  weft_status status = weft_timer_read(stopped, &f, &err);
  if (status == WEFT_OK) { /* the loss has not been heard of yet */
    status = weft_future_wait(f, &err);
    weft_future_release(f);
  }
  CHECK_EQ(status, WEFT_LOST);
  weft_timer_release(t);
  weft_timer_release(stopped);
  rig_close(&r);
}
