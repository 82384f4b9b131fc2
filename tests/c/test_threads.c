/* One device, and two, used from several threads at once: calls, writes, reads, drops. tests/c/run.py runs this under
 * AddressSanitizer with the rest, and with --tsan under ThreadSanitizer. */
#include <pthread.h>

#include "rig.h"

enum { THREADS = 4, ROUNDS = 25, N = 64 };

typedef struct worker {
  rig *r;
  weft_device *device;
  uint32_t seed;
  uint32_t wrong;     /* results that were not right */
  weft_error err;     /* the first failure */
  weft_status status;
} worker;

/* y = x + 1, in a buffer of its own; others do the same on the same device meanwhile. */
static weft_status one_round(worker *w, weft_kernel *k, uint32_t round) {
  uint32_t in[N], out[N];
  for (uint32_t i = 0; i < N; i++) in[i] = w->seed * 1000 + round * N + i;
  weft_buffer *b;
  weft_status status = rig_upload(w->device, in, sizeof in, &b, &w->err);
  if (status != WEFT_OK) return status;
  const weft_arg args[] = {rig_arg(b, WEFT_DTYPE_UINT32)};
  static const weft_grid grid = {.threads = true, .n = {N, 1, 1}};
  status = weft_kernel_call(k, args, &grid, &w->err);
  if (status == WEFT_OK) status = rig_read(b, 0, out, sizeof out, &w->err);
  for (uint32_t i = 0; i < N && status == WEFT_OK; i++) w->wrong += out[i] != in[i] + 1;
  weft_buffer_release(b);
  weft_stats stats;
  weft_device_stats(w->device, &stats);
  return status;
}

static void *work(void *argument) {
  worker *w = argument;
  weft_kernel *k;
  w->status = weft_kernel_create(w->device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &w->err);
  if (w->status != WEFT_OK) return NULL;
  for (uint32_t round = 0; round < ROUNDS && w->status == WEFT_OK; round++) w->status = one_round(w, k, round);
  weft_kernel_release(k);
  return NULL;
}

static void run_threads(worker *workers) {
  pthread_t threads[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) CHECK_EQ(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  for (uint32_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (uint32_t i = 0; i < THREADS; i++) {
    CHECK_OK(workers[i].status, &workers[i].err);
    CHECK_EQ(workers[i].wrong, 0u);
  }
}

TEST(threads_share_a_device) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  static worker workers[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) workers[i] = (worker){.r = &r, .device = r.device, .seed = i};
  run_threads(workers);
  weft_stats stats;
  weft_device_stats(r.device, &stats);
  CHECK_EQ(stats.buffers, 0u);
  CHECK_EQ(stats.used_bytes, 0u);
  rig_close(&r);
}

TEST(threads_use_two_devices) {
  rig r;
  weft_error err;
  if (!rig_open(&r)) SKIP(rig_reason);
  weft_device *second;
  weft_future *ready;
  if (CHECK_OK(weft_device_open(r.instance, NULL, &second, &ready, &err), &err)) {
    CHECK_OK(weft_future_wait(ready, &err), &err);
    weft_future_release(ready);
    static worker workers[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) workers[i] = (worker){.r = &r, .device = i % 2 ? second : r.device, .seed = i};
    run_threads(workers);
    weft_device_release(second);
  }
  rig_close(&r);
}

/* The workgroups of one dispatch on as many threads as the device has. */
TEST(a_large_dispatch_adds_up) {
  static const char source[] =
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@group(0) @binding(1) var<storage, read_write> sum: array<atomic<u32>, 2>;\n"
      "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {\n"
      "  for (var i = 0u; i < 20u; i++) { x[id.x] += i; }\n"
      "  atomicAdd(&sum[0], 1u);\n"
      "  atomicMax(&sum[1], x[id.x]);\n"
      "}\n";
  enum { LARGE = 1 << 16, CALLS = 5 };
  rig r;
  weft_error err;
  if (!rig_open(&r)) SKIP(rig_reason);
  weft_kernel *k;
  weft_buffer *x, *sum;
  static uint32_t values[LARGE];
  uint32_t sums[2] = {0};
  memset(values, 0, sizeof values);
  bool good = CHECK_OK(weft_kernel_create(r.device, KERNEL_SOURCE(source), NULL, false, &k, NULL, &err), &err) &&
              CHECK_OK(rig_upload(r.device, values, sizeof values, &x, &err), &err) &&
              CHECK_OK(rig_upload(r.device, sums, sizeof sums, &sum, &err), &err);
  if (!good) return;
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32), rig_arg(sum, WEFT_DTYPE_UINT32)};
  for (int i = 0; i < CALLS; i++) CHECK_OK(weft_kernel_call(k, args, rig_threads(LARGE), &err), &err);
  CHECK_OK(rig_read(x, 0, values, sizeof values, &err), &err);
  CHECK_OK(rig_read(sum, 0, sums, sizeof sums, &err), &err);
  for (uint32_t i = 0; i < LARGE; i++) CHECK_EQ(values[i], 190u * CALLS);
  CHECK_EQ(sums[0], (uint32_t)(LARGE * CALLS));
  CHECK_EQ(sums[1], 190u * CALLS);
  weft_kernel_release(k);
  weft_buffer_release(x);
  weft_buffer_release(sum);
  rig_close(&r);
}

static void *drop(void *argument) {
  weft_buffer_release(argument);
  return NULL;
}

TEST(a_buffer_is_dropped_by_any_thread) {
  rig r;
  weft_error err;
  if (!rig_open(&r)) SKIP(rig_reason);
  for (int round = 0; round < 20; round++) {
    pthread_t thread;
    weft_buffer *b;
    uint32_t value = 5, out = 0;
    if (!CHECK_OK(rig_upload(r.device, &value, 4, &b, &err), &err)) break;
    CHECK_EQ(pthread_create(&thread, NULL, drop, weft_buffer_retain(b)), 0);
    CHECK_OK(rig_read(b, 0, &out, 4, &err), &err);
    CHECK_EQ(out, 5u);
    weft_buffer_release(b);
    pthread_join(thread, NULL);
  }
  rig_close(&r);
}
