/* src/core/graph.c: recordings and their replays. */
#include "rig.h"

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

typedef struct saxpy_params {
  float a;
  uint32_t n;
} saxpy_params;

enum { N = 20 };

static void check_all(weft_buffer *b, float first, float step) {
  float out[N];
  if (!CHECK_OK(rig_read(b, 0, out, sizeof out, &err), &err)) return;
  for (int i = 0; i < N; i++) CHECK_EQ(out[i], first + step * (float)i);
}

TEST(a_recording_runs_when_it_is_replayed) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  float x[N], y[N];
  for (int i = 0; i < N; i++) x[i] = (float)i, y[i] = 1;
  weft_kernel *k = kernel_of(&r, saxpy_source);
  weft_buffer *gx = buffer_of(&r, x, sizeof x), *gy = buffer_of(&r, y, sizeof y);
  saxpy_params p = {2, N};
  weft_arg args[] = {rig_arg(gx, WEFT_DTYPE_FLOAT32), rig_arg(gy, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
  weft_graph *g = NULL;
  CHECK_OK(weft_device_record_begin(r.device, &err), &err);
  CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
  p.a = 1;
  args[0] = rig_bytes(x, sizeof x); /* host memory and values are frozen */
  CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
  p.a = 1000;
  for (int i = 0; i < N; i++) x[i] = -1;
  weft_future *f;
  CHECK_FAILS(weft_buffer_read(gy, 0, 4, &f, &err), WEFT_STATE, &err, "a read while the device records");
  CHECK_FAILS(weft_device_synchronize(r.device, &f, &err), WEFT_STATE, &err, "a synchronisation while the device records");
  CHECK_FAILS(weft_device_record_begin(r.device, &err), WEFT_STATE, &err, "records already");
  CHECK_OK(weft_device_record_end(r.device, &g, &err), &err);
  CHECK_FAILS(weft_device_record_end(r.device, &g, &err), WEFT_STATE, &err, "records nothing");
  CHECK_EQ(weft_graph_commands(g), 2u);
  check_all(gy, 1, 0);
  for (int round = 1; round <= 3; round++) {
    CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err);
    check_all(gy, 1, 3 * (float)round);
  }
  weft_device_batch_begin(r.device);
  for (int round = 0; round < 10; round++) CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  check_all(gy, 1, 39);
  weft_graph_release(g);
  weft_kernel_release(k);
  weft_buffer_release(gx);
  weft_buffer_release(gy);
  CHECK_STR(weft_fault_violations(r.fault), "");
  rig_close(&r);
}

/* Writes, fills, copies and slices that are copied for a call are commands like any other. */
TEST(every_kind_of_command_is_recorded) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  weft_kernel *k = kernel_of(&r, bump_source);
  uint32_t zeros[N] = {0}, out[N];
  weft_buffer *a = buffer_of(&r, zeros, sizeof zeros), *b = buffer_of(&r, zeros, sizeof zeros), *odd = buffer_of(&r, zeros, 33);
  const uint32_t seven = 7;
  uint32_t values[2] = {100, 200};
  unsigned char bytes[3] = {1, 2, 3}, odd_out[33];
  weft_graph *g = NULL;
  CHECK_OK(weft_device_record_begin(r.device, &err), &err);
  CHECK_OK(weft_buffer_fill(a, 0, sizeof zeros, &seven, 4, &err), &err);
  const weft_arg slice[] = {rig_view(a, WEFT_DTYPE_UINT32, 8, 12)};
  CHECK_OK(weft_kernel_call(k, slice, rig_threads(3), &err), &err);  /* 7 7 8 8 8 7 … */
  CHECK_OK(weft_buffer_write(a, 12, values, 8, &err), &err);          /* 7 7 8 100 200 7 … */
  CHECK_OK(weft_buffer_copy(a, 0, b, 4, 20, &err), &err);
  CHECK_OK(weft_buffer_write(odd, 5, bytes, 3, &err), &err);
  CHECK_OK(weft_device_record_end(r.device, &g, &err), &err);
  values[0] = bytes[0] = 55;
  for (int round = 0; round < 3; round++) {
    CHECK_OK(weft_buffer_fill(b, 0, sizeof zeros, zeros, 4, &err), &err);
    CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err);
    CHECK_OK(rig_read(b, 0, out, sizeof out, &err), &err);
    static const uint32_t want[7] = {0, 7, 7, 8, 100, 200, 0};
    for (int i = 0; i < 7; i++) CHECK_EQ(out[i], want[i]);
    CHECK_OK(rig_read(odd, 0, odd_out, 33, &err), &err);
    for (int i = 0; i < 33; i++) CHECK_EQ(odd_out[i], i >= 5 && i < 8 ? i - 4 : 0);
  }
  /* An array that takes part in copies stays what it is. */
  const weft_rebind again = {"x", rig_view(b, WEFT_DTYPE_RAW, 8, 12)};
  CHECK_FAILS(weft_graph_replay(g, &again, 1, &err), WEFT_VALUE, &err, "`x` was frozen");
  weft_graph_release(g);
  weft_kernel_release(k);
  weft_buffer_release(a);
  weft_buffer_release(b);
  weft_buffer_release(odd);
  CHECK_STR(weft_fault_violations(r.fault), "");
  rig_close(&r);
}

TEST(other_arrays_can_be_bound_by_name) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  float ones[N], twos[N];
  for (int i = 0; i < N; i++) ones[i] = 1, twos[i] = 2;
  weft_kernel *k = kernel_of(&r, saxpy_source);
  weft_buffer *x = buffer_of(&r, ones, sizeof ones), *y = buffer_of(&r, ones, sizeof ones), *z = buffer_of(&r, twos, sizeof twos),
              *longer = buffer_of(&r, ones, 12);
  const saxpy_params p = {3, N};
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_FLOAT32), rig_arg(y, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
  weft_graph *g = NULL;
  CHECK_OK(weft_device_record_begin(r.device, &err), &err);
  CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
  CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
  CHECK_OK(weft_device_record_end(r.device, &g, &err), &err);
  const weft_rebind to_z = {"x", rig_view(z, WEFT_DTYPE_RAW, 0, sizeof twos)}, y_to_z = {"y", rig_view(z, WEFT_DTYPE_RAW, 0, sizeof twos)};
  CHECK_OK(weft_graph_replay(g, &to_z, 1, &err), &err); /* y = 1 + 2 · 3 · 2 */
  check_all(y, 13, 0);
  CHECK_OK(weft_graph_replay(g, &y_to_z, 1, &err), &err); /* z = 2 + 2 · 3 · 1 */
  check_all(z, 8, 0);
  CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err); /* y = 13 + 6: nothing stayed bound */
  check_all(y, 19, 0);
  const struct {
    weft_rebind rebind;
    const char *part;
  } bad[] = {
      {{"w", rig_view(z, WEFT_DTYPE_RAW, 0, sizeof twos)}, "no call of the recording has an argument `w`"},
      {{"x", rig_bytes(twos, sizeof twos)}, "`x`: a replay gives other arrays"},
      {{"p", rig_view(z, WEFT_DTYPE_RAW, 0, 8)}, "`p` was frozen"},
      {{"x", rig_view(longer, WEFT_DTYPE_RAW, 0, 12)}, "`x` had 80 bytes when it was recorded, not 12"},
      {{"x", rig_view(y, WEFT_DTYPE_RAW, 0, sizeof twos)}, "`y` is written and would share an array with `x`"},
      {{"x", rig_view(z, WEFT_DTYPE_RAW, 4, sizeof twos)}, "cannot be bound in place"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    weft_status status = weft_graph_replay(g, &bad[i].rebind, 1, &err);
    CHECK(status == WEFT_VALUE || status == WEFT_TYPE);
    CHECK_HAS(err.message, bad[i].part);
  }
  CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err);
  check_all(y, 25, 0);
  weft_graph_release(g);
  weft_kernel_release(k);
  weft_buffer_release(x);
  weft_buffer_release(y);
  weft_buffer_release(z);
  weft_buffer_release(longer);
  CHECK_STR(weft_fault_violations(r.fault), "");
  rig_close(&r);
}

/* More parameters than a ring holds, and arrays that their owner lets go of. */
TEST(a_recording_keeps_what_it_needs) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  float zeros[N] = {0}, ones[N];
  for (int i = 0; i < N; i++) ones[i] = 1;
  weft_kernel *k = kernel_of(&r, saxpy_source);
  weft_buffer *x = buffer_of(&r, ones, sizeof ones), *y = buffer_of(&r, zeros, sizeof zeros), *shown = buffer_of(&r, zeros, sizeof zeros);
  weft_graph *g = NULL;
  CHECK_OK(weft_device_record_begin(r.device, &err), &err);
  for (int i = 0; i < 50; i++) {
    const saxpy_params p = {(float)i, N};
    const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_FLOAT32), rig_arg(y, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
    CHECK_OK(weft_kernel_call(k, args, rig_threads(N), &err), &err);
  }
  CHECK_OK(weft_buffer_copy(y, 0, shown, 0, sizeof zeros, &err), &err);
  CHECK_OK(weft_device_record_end(r.device, &g, &err), &err);
  weft_buffer_release(x);
  weft_buffer_release(y);
  weft_kernel_release(k);
  for (int i = 0; i < 8; i++) { /* would take the memory of x and y if it were free */
    weft_buffer *other = buffer_of(&r, zeros, sizeof zeros);
    weft_buffer_release(other);
  }
  CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err);
  check_all(shown, 1225, 0);
  CHECK_OK(weft_graph_replay(g, NULL, 0, &err), &err);
  check_all(shown, 2450, 0);
  weft_graph_release(g);
  weft_buffer_release(shown);
  weft_stats s;
  weft_device_stats(r.device, &s);
  CHECK_EQ(s.buffers, 0u);
  CHECK_EQ(s.graphs, 0u);
  CHECK_EQ(s.used_bytes, 0u);
  CHECK_STR(weft_fault_violations(r.fault), "");
  rig_close(&r);
}

/* ---- faults ------------------------------------------------------------------------------------------------------------------------ */

#define TRY(call)                             \
  do {                                        \
    weft_status try_status = (call);          \
    if (try_status != WEFT_OK) return try_status; \
  } while (0)

static weft_status record_and_replay(rig *r, weft_kernel *k, weft_buffer *x, weft_buffer *y, weft_graph **g) {
  static const float threes[N] = {3};
  const saxpy_params p = {2, N};
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_FLOAT32), rig_arg(y, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
  const weft_arg slice[] = {rig_view(x, WEFT_DTYPE_FLOAT32, 4, 40), rig_view(y, WEFT_DTYPE_FLOAT32, 8, 40), args[2]};
  TRY(weft_device_record_begin(r->device, &err));
  weft_status status = weft_kernel_call(k, args, rig_threads(N), &err);
  if (status == WEFT_OK) status = weft_kernel_call(k, slice, rig_threads(10), &err);
  if (status == WEFT_OK) status = weft_buffer_write(y, 0, threes, 4, &err);
  if (status != WEFT_OK) {
    weft_error ignored;
    CHECK_OK(weft_device_record_end(r->device, NULL, &ignored), &ignored);
    return status;
  }
  TRY(weft_device_record_end(r->device, g, &err));
  TRY(weft_graph_replay(*g, NULL, 0, &err));
  TRY(weft_graph_replay(*g, NULL, 0, &err));
  float out[N];
  TRY(rig_read(y, 0, out, sizeof out, &err));
  CHECK_EQ(out[0], 3.0f);
  CHECK_EQ(out[1], 5.0f);
  CHECK_EQ(out[19], 5.0f);
  CHECK_EQ(out[5], 9.0f);
  return WEFT_OK;
}

/* what: 0 allocations, 1 driver calls. */
static void fail_each(rig *r, int what) {
  float ones[N];
  for (int i = 0; i < N; i++) ones[i] = 1;
  for (uint64_t k = 1; k < 5000; k++) {
    weft_kernel *kernel = kernel_of(r, saxpy_source);
    weft_buffer *x = buffer_of(r, ones, sizeof ones), *y = buffer_of(r, ones, sizeof ones);
    weft_graph *g = NULL;
    uint64_t at = k + (what ? weft_fault_calls(r->fault) : (uint64_t)weft__alloc_count);
    if (what) weft_fault_set(r->fault, &(weft_fault_plan){.fail_call = at, .call_message = "refused by the test"});
    else weft__alloc_fail_at = (long)at;
    weft_status status = record_and_replay(r, kernel, x, y, &g);
    bool reached = (what ? weft_fault_calls(r->fault) : (uint64_t)weft__alloc_count) >= at;
    weft__alloc_fail_at = 0;
    weft_fault_set(r->fault, NULL);
    if (status != WEFT_OK && what) CHECK(strstr(err.message, "refused by the test") || strstr(err.message, "record it again"));
    if (status != WEFT_OK && !what) CHECK_EQ(err.code, WEFT_MEMORY);
    weft_graph_release(g);
    weft_buffer_release(x);
    weft_buffer_release(y);
    x = buffer_of(r, ones, sizeof ones);
    y = buffer_of(r, ones, sizeof ones);
    g = NULL;
    CHECK_OK(record_and_replay(r, kernel, x, y, &g), &err);
    weft_graph_release(g);
    weft_buffer_release(x);
    weft_buffer_release(y);
    weft_kernel_release(kernel);
    weft_future *f;
    if (CHECK_OK(weft_device_synchronize(r->device, &f, &err), &err)) {
      weft_status late = weft_future_wait(f, &err);
      CHECK(late == WEFT_OK || err.message[0]);
      weft_future_release(f);
    }
    weft_stats s;
    weft_device_stats(r->device, &s);
    CHECK_EQ(s.graphs, 0u);
    CHECK_EQ(s.used_bytes, 0u);
    CHECK_EQ(s.objects, s.driver_objects);
    CHECK_STR(weft_fault_violations(r->fault), "");
    if (!reached || test_failures) {
      if (test_failures) printf("  at %llu\n", (unsigned long long)k);
      return;
    }
  }
}

TEST(each_allocation_of_a_recording_fails_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  fail_each(&r, 0);
  rig_close(&r);
}

TEST(each_driver_call_of_a_recording_fails_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  fail_each(&r, 1);
  rig_close(&r);
}
