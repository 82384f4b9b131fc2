/* src/core when things fail: each allocation, each driver call, each future, the device at each submit; completions late and
 * in any legal order. Always: a clear error, nothing complete lost, nothing leaked, the next correct call works. */
#include "rig.h"

static weft_error err;

enum { N = 100 };

/* ---- one scenario that touches everything ------------------------------------------------------------------------------------- */

typedef struct things {
  weft_kernel *saxpy, *bump;
  weft_buffer *x, *y, *bytes;
  weft_timer *timer;
  weft_future *ready, *first, *second, *timed;
} things;

static void drop(things *t) {
  weft_future_release(t->ready);
  weft_future_release(t->first);
  weft_future_release(t->second);
  weft_future_release(t->timed);
  weft_timer_release(t->timer);
  weft_buffer_release(t->x);
  weft_buffer_release(t->y);
  weft_buffer_release(t->bytes);
  weft_kernel_release(t->saxpy);
  weft_kernel_release(t->bump);
  *t = (things){0};
}

/* The first failure ends it; `return` keeps it short. */
#define TRY(call)                             \
  do {                                        \
    weft_status try_status = (call);          \
    if (try_status != WEFT_OK) return try_status; \
  } while (0)

static weft_status work(const rig *r, things *t, weft_error *e) {
  weft_device *d = r->device;
  float x[N], y[N], sum[N];
  unsigned char bytes[37], got[37];
  for (int i = 0; i < N; i++) x[i] = (float)i, y[i] = 1;
  memset(bytes, 3, sizeof bytes);
  const struct {
    float a;
    uint32_t n;
  } p = {2, N};
  TRY(weft_kernel_create(d, saxpy_source, sizeof saxpy_source - 1, NULL, false, &t->saxpy, &t->ready, e));
  TRY(weft_kernel_create(d, bump_source, sizeof bump_source - 1, NULL, false, &t->bump, NULL, e));
  TRY(rig_upload(d, x, sizeof x, &t->x, e));
  TRY(rig_upload(d, y, sizeof y, &t->y, e));
  const weft_arg call[] = {rig_arg(t->x, WEFT_DTYPE_FLOAT32), rig_arg(t->y, WEFT_DTYPE_FLOAT32), rig_bytes(&p, sizeof p)};
  bool timed = rig_has_timestamps(r);
  if (timed) TRY(weft_timer_start(d, &t->timer, e));
  TRY(weft_kernel_call(t->saxpy, call, rig_threads(N), e));                        /* y = 2 i + 1 */
  const weft_arg host[] = {rig_bytes(x, sizeof x), call[1], call[2]};
  TRY(weft_kernel_call(t->saxpy, host, rig_threads(N), e));                        /* y = 4 i + 1 */
  TRY(weft_buffer_create(d, sizeof bytes, &t->bytes, e));
  TRY(weft_buffer_fill(t->bytes, 0, sizeof bytes, "\1", 1, e));
  TRY(weft_buffer_write(t->bytes, 5, bytes, 7, e));                                /* 1 1 1 1 1 3 3 3 3 3 3 3 1 … */
  const weft_arg view[] = {rig_view(t->bytes, WEFT_DTYPE_UINT8, 9, 11)};
  TRY(weft_kernel_call(t->bump, view, rig_threads(8), e));                         /* + 1 at 9, 13, 17 */
  if (timed) TRY(weft_timer_stop(t->timer, e));
  if (timed) TRY(weft_timer_read(t->timer, &t->timed, e));
  TRY(weft_buffer_read(t->y, 0, sizeof sum, &t->first, e));
  TRY(weft_buffer_read(t->bytes, 0, sizeof got, &t->second, e));
  TRY(weft_future_wait(t->second, e));
  TRY(weft_future_wait(t->first, e));
  TRY(weft_future_take(t->first, sum, sizeof sum, e));
  TRY(weft_future_take(t->second, got, sizeof got, e));
  for (int i = 0; i < N; i++) CHECK_EQ(sum[i], 4 * (float)i + 1);
  for (int i = 0; i < 37; i++) CHECK_EQ(got[i], 1 + 2 * (i >= 5 && i < 12) + (i == 9 || i == 13 || i == 17));
  TRY(weft_future_wait(t->ready, e));
  if (!timed) return WEFT_OK;
  uint64_t ticks[2];
  TRY(weft_future_wait(t->timed, e));
  TRY(weft_future_take(t->timed, ticks, sizeof ticks, e));
  CHECK(weft_timer_seconds(t->timer, ticks) >= 0);
  return WEFT_OK;
}

/* The same device goes on as if nothing had been: everything anew, and right. */
static void works_again(rig *r) {
  things t = {0};
  CHECK_OK(work(r, &t, &err), &err);
  drop(&t);
}

static void nothing_left(rig *r) {
  weft_future *f;
  if (CHECK_OK(weft_device_synchronize(r->device, &f, &err), &err)) {
    weft_status status = weft_future_wait(f, &err); /* may tell of the failure; then it is told */
    if (status != WEFT_OK) CHECK(err.message[0] != 0);
    weft_future_release(f);
  }
  weft_stats s;
  weft_device_stats(r->device, &s);
  CHECK_EQ(s.buffers, 0u);
  CHECK_EQ(s.kernels, 0u);
  CHECK_EQ(s.futures, 0u);
  CHECK_EQ(s.used_bytes, 0u);
  CHECK_EQ(s.objects, s.driver_objects);
}

/* Runs the scenario with one fault and judges what is left. Whether the fault was met is told by the caller's plan. */
static weft_status run_once(rig *r, const weft_fault_plan *plan) {
  things t = {0};
  weft_fault_set(r->fault, plan);
  err = (weft_error){0};
  weft_status status = work(r, &t, &err);
  weft_fault_set(r->fault, NULL);
  if (status != WEFT_OK) CHECK(err.message[0] != 0);
  drop(&t);
  return status;
}

TEST(the_scenario_itself) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  CHECK_OK(run_once(&r, NULL), &err);
  nothing_left(&r);
  CHECK_STR(weft_fault_violations(r.fault), "");
  rig_close(&r);
}

/* ---- faults in a loop ------------------------------------------------------------------------------------------------------------- */

/* One device for many faults: what a failure leaves behind would show in the runs after it. */
TEST(each_driver_call_fails_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  for (uint64_t k = 1;; k++) {
    uint64_t at = weft_fault_calls(r.fault) + k;
    const weft_fault_plan plan = {.fail_call = at, .call_message = "refused by the test"};
    weft_status status = run_once(&r, &plan);
    bool reached = weft_fault_calls(r.fault) >= at;
    if (status != WEFT_OK && !CHECK_HAS(err.message, "refused by the test")) printf("  at call %llu\n", (unsigned long long)k);
    nothing_left(&r);
    works_again(&r);
    if (!CHECK_STR(weft_fault_violations(r.fault), "")) printf("  at call %llu\n", (unsigned long long)k);
    if (!reached || test_failures) break;
  }
  rig_close(&r);
}

TEST(each_future_fails_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  static const weft_status statuses[] = {WEFT_DEVICE, WEFT_MEMORY};
  for (int s = 0; s < 2; s++)
    for (uint64_t k = 1;; k++) {
      uint64_t at = weft_fault_futures(r.fault) + k;
      const weft_fault_plan plan = {.fail_future = at, .future_status = statuses[s], .future_message = "failed by the test"};
      weft_status status = run_once(&r, &plan);
      bool reached = weft_fault_futures(r.fault) >= at;
      if (status != WEFT_OK) CHECK_HAS(err.message, "failed by the test");
      nothing_left(&r);
      works_again(&r);
      CHECK_STR(weft_fault_violations(r.fault), "");
      if (!reached || test_failures) break;
    }
  rig_close(&r);
}

TEST(each_allocation_fails_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  works_again(&r);
  for (long k = 1;; k++) {
    long at = weft__alloc_count + k;
    weft__alloc_fail_at = at;
    weft_status status = run_once(&r, NULL);
    bool reached = weft__alloc_count >= at;
    weft__alloc_fail_at = 0;
    if (status != WEFT_OK) CHECK(err.code == WEFT_MEMORY || err.code == WEFT_DEVICE || err.code == WEFT_SHADER);
    nothing_left(&r);
    works_again(&r);
    if (!reached || test_failures) {
      if (test_failures) printf("  at allocation %ld\n", k);
      break;
    }
  }
  rig_close(&r);
}

/* Opening, working and closing: a device of its own for each fault, so that nothing may stay allocated. */
TEST(each_allocation_of_opening_fails_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  rig_close(&r);
  for (long k = 1; k < 100000; k++) {
    if (!rig_driver(&r)) return;
    long live = weft__alloc_live, at = weft__alloc_count + k;
    weft__alloc_fail_at = at;
    weft_status status = rig_device(&r, &err);
    bool reached = weft__alloc_count >= at;
    weft__alloc_fail_at = 0;
    if (status != WEFT_OK) CHECK(err.message[0] != 0);
    weft_device_release(r.device);
    weft_instance_release(r.instance);
    r.device = NULL;
    r.instance = NULL;
    if (!CHECK_EQ(weft__alloc_live, live)) printf("  at allocation %ld\n", k);
    rig_close(&r);
    if (!reached || test_failures) break;
  }
}

TEST(the_device_is_lost_at_each_submit) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  rig_close(&r);
  for (int after = 0; after < 2; after++)
    for (uint64_t k = 1;; k++) {
      if (!rig_open(&r)) return;
      uint64_t at = weft_fault_submits(r.fault) + k;
      const weft_fault_plan plan = {.lose_submit = at, .lose_after = after};
      weft_status status = run_once(&r, &plan);
      bool reached = weft_fault_submits(r.fault) >= at;
      if (reached) {
        CHECK_EQ(status, WEFT_LOST);
        CHECK_FAILS(weft_device_failed(r.device, &err), WEFT_LOST, &err, "lost");
        weft_buffer *b;
        CHECK_FAILS(weft_buffer_create(r.device, 4, &b, &err), WEFT_LOST, &err, "lost");
        weft_stats s;
        weft_device_stats(r.device, &s);
        CHECK_EQ(s.used_bytes, 0u);
        CHECK_EQ(s.futures, 0u);
        /* Another device of the same driver works. */
        weft_device_release(r.device);
        weft_instance_release(r.instance);
        r.device = NULL;
        weft_fault_forgive(r.fault);
        if (CHECK_OK(rig_device(&r, &err), &err)) works_again(&r);
      } else {
        CHECK_OK(status, &err);
      }
      rig_close(&r);
      if (!reached || test_failures) break;
    }
}

TEST(completions_come_late_and_in_any_order) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  for (uint32_t seed = 1; seed <= 12; seed++) {
    const weft_fault_plan plan = {.hold_polls = seed % 4, .seed = seed};
    CHECK_OK(run_once(&r, &plan), &err);
    nothing_left(&r);
    CHECK_STR(weft_fault_violations(r.fault), "");
  }
  rig_close(&r);
}

/* ---- what a late error spoils, and what it does not ------------------------------------------------------------------------------- */

/* Accepted by the front end, refused by every device: the shader is made to fail by the fault driver instead where a real
 * refusal cannot be had; here it is the pipeline's future. */
TEST(a_failed_pipeline_spoils_what_it_wrote_and_no_more) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  uint32_t values[4] = {1, 2, 3, 4}, out[4];
  weft_buffer *good = NULL, *bad = NULL, *derived = NULL;
  weft_kernel *k, *broken;
  CHECK_OK(rig_upload(r.device, values, 16, &good, &err), &err);
  CHECK_OK(rig_upload(r.device, values, 16, &bad, &err), &err);
  CHECK_OK(rig_upload(r.device, values, 16, &derived, &err), &err);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &err), &err);
  const weft_arg on_good[] = {rig_arg(good, WEFT_DTYPE_UINT32)}, on_bad[] = {rig_arg(bad, WEFT_DTYPE_UINT32)};
  CHECK_OK(weft_kernel_call(k, on_good, rig_threads(4), &err), &err);
  CHECK_OK(rig_read(good, 0, out, 16, &err), &err);

  static const char source[] = "// broken\n"
                               "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
                               "@compute @workgroup_size(4) fn broken(@builtin(global_invocation_id) id: vec3u) { x[id.x] = 0u; }\n";
  weft_fault_plan plan = {.fail_future = weft_fault_futures(r.fault) + 2, .future_status = WEFT_SHADER, .future_message = "3:1: no such thing"};
  weft_fault_set(r.fault, &plan);
  weft_device_batch_begin(r.device);
  CHECK_OK(weft_kernel_call(k, on_good, rig_threads(4), &err), &err);
  weft_future *ready;
  CHECK_OK(weft_kernel_create(r.device, source, sizeof source - 1, NULL, false, &broken, &ready, &err), &err);
  CHECK_OK(weft_kernel_call(broken, on_bad, rig_threads(4), &err), &err);
  CHECK_OK(weft_buffer_copy(bad, 0, derived, 0, 8, &err), &err);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  CHECK_FAILS(weft_future_wait(ready, &err), WEFT_SHADER, &err, "no such thing");
  CHECK_EQ(err.line, 3u);
  weft_fault_set(r.fault, NULL);
  weft_future_release(ready);

  CHECK_OK(rig_read(good, 0, out, 16, &err), &err);
  CHECK_EQ(out[3], 6u);
  CHECK_FAILS(weft_kernel_call(broken, on_bad, rig_threads(4), &err), WEFT_SHADER, &err, "rejects `broken`");
  weft_kernel_release(broken);
  weft_kernel_release(k);
  weft_buffer_release(good);
  weft_buffer_release(bad);
  weft_buffer_release(derived);
  rig_close(&r);
}

/* The submit's own scope fails: the futures are, in order, module, pipeline, the submit with the first call. */
TEST(a_failed_submit_spoils_what_it_wrote_and_what_came_of_it) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  uint32_t values[4] = {1, 2, 3, 4}, out[4];
  weft_buffer *good = NULL, *bad = NULL, *derived = NULL, *mended = NULL;
  CHECK_OK(rig_upload(r.device, values, 16, &good, &err), &err);
  CHECK_OK(rig_upload(r.device, values, 16, &bad, &err), &err);
  CHECK_OK(rig_upload(r.device, values, 16, &derived, &err), &err);
  CHECK_OK(rig_upload(r.device, values, 16, &mended, &err), &err);
  weft_future *f;
  CHECK_OK(weft_device_synchronize(r.device, &f, &err), &err);
  CHECK_OK(weft_future_wait(f, &err), &err);
  weft_future_release(f);
  weft_kernel *k;
  uint64_t futures = weft_fault_futures(r.fault);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &err), &err);
  CHECK_EQ(weft_fault_futures(r.fault), futures + 2);
  const weft_fault_plan plan = {.fail_future = futures + 3, .future_message = "the submit fails", .hold_polls = 3};
  weft_fault_set(r.fault, &plan);
  weft_device_batch_begin(r.device);
  const weft_arg on_bad[] = {rig_arg(bad, WEFT_DTYPE_UINT32)}, on_mended[] = {rig_arg(mended, WEFT_DTYPE_UINT32)};
  CHECK_OK(weft_kernel_call(k, on_bad, rig_threads(4), &err), &err);
  CHECK_OK(weft_kernel_call(k, on_mended, rig_threads(4), &err), &err);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  CHECK_OK(weft_buffer_copy(bad, 0, derived, 0, 16, &err), &err);
  CHECK_OK(weft_buffer_write(mended, 0, values, 16, &err), &err);
  CHECK_OK(weft_buffer_read(derived, 0, 16, &f, &err), &err);
  CHECK_FAILS(weft_future_wait(f, &err), WEFT_DEVICE, &err, "the submit fails");
  weft_future_release(f);
  weft_fault_set(r.fault, NULL);

  CHECK_FAILS(rig_read(bad, 0, out, 16, &err), WEFT_DEVICE, &err, "holds no valid data: the submit fails");
  CHECK_FAILS(rig_read(derived, 0, out, 16, &err), WEFT_DEVICE, &err, "the submit fails");
  CHECK_FAILS(weft_kernel_call(k, on_bad, rig_threads(4), &err), WEFT_DEVICE, &err, "`x`: the array holds no valid data");
  CHECK_FAILS(weft_buffer_write(bad, 4, values, 4, &err), WEFT_DEVICE, &err, "holds no valid data");
  CHECK_OK(rig_read(good, 0, out, 16, &err), &err);
  CHECK_EQ(out[3], 4u);
  CHECK_OK(rig_read(mended, 0, out, 16, &err), &err); /* written whole since */
  CHECK_EQ(out[3], 4u);
  CHECK_OK(weft_buffer_write(bad, 0, values, 16, &err), &err); /* and so is this one now */
  CHECK_OK(weft_kernel_call(k, on_bad, rig_threads(4), &err), &err);
  CHECK_OK(rig_read(bad, 0, out, 16, &err), &err);
  CHECK_EQ(out[3], 5u);
  weft_kernel_release(k);
  weft_buffer_release(good);
  weft_buffer_release(bad);
  weft_buffer_release(derived);
  weft_buffer_release(mended);
  rig_close(&r);
}

/* In order: module, pipeline, the submit with the first call, in which the timer starts or stops. */
TEST(a_failed_submit_takes_the_time_with_it) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  if (!rig_has_timestamps(&r)) {
    rig_close(&r);
    SKIP("the device has no timestamps");
  }
  for (int start_inside = 0; start_inside < 2; start_inside++) {
    uint32_t zero = 0;
    uint64_t ticks[2];
    weft_buffer *x;
    weft_kernel *k;
    weft_timer *t;
    weft_future *f;
    CHECK_OK(rig_upload(r.device, &zero, 4, &x, &err), &err);
    const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
    weft_fault_plan plan = {.fail_future = weft_fault_futures(r.fault) + 3, .future_message = "the submit fails", .hold_polls = 3};
    weft_fault_set(r.fault, &plan);
    weft_device_batch_begin(r.device);
    char source[sizeof bump_source + 16]; /* one of its own, so that it is compiled */
    snprintf(source, sizeof source, "// %d\n%s", start_inside, bump_source);
    CHECK_OK(weft_kernel_create(r.device, source, strlen(source), NULL, false, &k, NULL, &err), &err);
    if (!start_inside) CHECK_OK(weft_timer_start(r.device, &t, &err), &err);
    CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
    if (start_inside) CHECK_OK(weft_timer_start(r.device, &t, &err), &err);
    if (!start_inside) CHECK_OK(weft_timer_stop(t, &err), &err);
    CHECK_OK(weft_device_batch_end(r.device, &err), &err);
    if (start_inside) CHECK_OK(weft_timer_stop(t, &err), &err); /* in a submit that succeeds */
    CHECK_OK(weft_timer_read(t, &f, &err), &err);
    CHECK_FAILS(weft_future_wait(f, &err), WEFT_DEVICE, &err, "the submit fails");
    weft_future_release(f);
    weft_fault_set(r.fault, NULL);
    CHECK_FAILS(weft_timer_read(t, &f, &err), WEFT_DEVICE, &err, "no time was taken: the submit fails");
    weft_timer_release(t);
    CHECK_OK(weft_device_synchronize(r.device, &f, &err), &err); /* who has been told is not told again */
    CHECK_OK(weft_future_wait(f, &err), &err);
    weft_future_release(f);

    CHECK_OK(weft_timer_start(r.device, &t, &err), &err); /* and the next one is right again */
    CHECK_OK(weft_timer_stop(t, &err), &err);
    CHECK_OK(weft_timer_read(t, &f, &err), &err);
    CHECK_OK(weft_future_wait(f, &err), &err);
    CHECK_OK(weft_future_take(f, ticks, sizeof ticks, &err), &err);
    CHECK(weft_timer_seconds(t, ticks) >= 0);
    weft_future_release(f);
    weft_timer_release(t);
    weft_kernel_release(k);
    weft_buffer_release(x);
  }
  rig_close(&r);
}

/* As above, but the failure is known before anybody asks. */
TEST(a_failed_time_is_told_once) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  if (!rig_has_timestamps(&r)) {
    rig_close(&r);
    SKIP("the device has no timestamps");
  }
  uint32_t zero = 0, out;
  weft_buffer *x, *other;
  weft_kernel *k;
  weft_timer *t;
  weft_future *f;
  CHECK_OK(rig_upload(r.device, &zero, 4, &x, &err), &err);
  CHECK_OK(rig_upload(r.device, &zero, 4, &other, &err), &err);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
  const weft_fault_plan plan = {.fail_future = weft_fault_futures(r.fault) + 3, .future_message = "the submit fails"};
  weft_fault_set(r.fault, &plan);
  weft_device_batch_begin(r.device);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &err), &err);
  CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  CHECK_OK(weft_timer_start(r.device, &t, &err), &err);
  CHECK_OK(weft_timer_stop(t, &err), &err);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  CHECK_OK(rig_read(other, 0, &out, 4, &err), &err); /* by now it is known */
  weft_fault_set(r.fault, NULL);
  CHECK_FAILS(weft_timer_read(t, &f, &err), WEFT_DEVICE, &err, "no time was taken: the submit fails");
  CHECK_OK(weft_device_synchronize(r.device, &f, &err), &err);
  CHECK_OK(weft_future_wait(f, &err), &err);
  weft_future_release(f);
  weft_timer_release(t);
  weft_kernel_release(k);
  weft_buffer_release(x);
  weft_buffer_release(other);
  rig_close(&r);
}

TEST(a_thousand_first_calls_are_one_submit) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  uint32_t zero = 0, out;
  weft_buffer *x;
  weft_kernel *k;
  CHECK_OK(rig_upload(r.device, &zero, 4, &x, &err), &err);
  const weft_fault_plan plan = {.hold_polls = 1000000};
  weft_fault_set(r.fault, &plan);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &err), &err);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
  weft_stats before, after;
  weft_device_stats(r.device, &before);
  weft_device_batch_begin(r.device);
  for (int i = 0; i < 1000; i++) CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  CHECK_OK(weft_device_batch_end(r.device, &err), &err);
  weft_device_stats(r.device, &after);
  CHECK(after.submits - before.submits <= 1 + (after.flushes - before.flushes));
  weft_fault_set(r.fault, NULL);
  CHECK_OK(rig_read(x, 0, &out, 4, &err), &err);
  CHECK_EQ(out, 1000u);
  weft_kernel_release(k);
  weft_buffer_release(x);
  rig_close(&r);
}

TEST(a_late_failure_is_told_once_at_the_next_synchronisation) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  weft_kernel *k;
  const weft_fault_plan plan = {.fail_future = weft_fault_futures(r.fault) + 2, .future_status = WEFT_SHADER, .future_message = "late"};
  weft_fault_set(r.fault, &plan);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &err), &err);
  weft_future *f;
  for (int round = 0; round < 2; round++) {
    CHECK_OK(weft_device_synchronize(r.device, &f, &err), &err);
    if (round == 0) CHECK_FAILS(weft_future_wait(f, &err), WEFT_SHADER, &err, "late");
    else CHECK_OK(weft_future_wait(f, &err), &err);
    weft_future_release(f);
  }
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(memory_the_device_does_not_have) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  const weft_fault_plan plan = {.fail_future = weft_fault_futures(r.fault) + 1, .future_status = WEFT_MEMORY, .future_message = "out of device memory"};
  weft_fault_set(r.fault, &plan);
  weft_buffer *b, *c;
  unsigned char bytes[256] = {1}, out[256];
  CHECK_OK(weft_buffer_create(r.device, sizeof bytes, &b, &err), &err);
  weft_status written = weft_buffer_write(b, 0, bytes, sizeof bytes, &err); /* may or may not know yet */
  CHECK(written == WEFT_OK || written == WEFT_MEMORY);
  CHECK_FAILS(rig_read(b, 0, out, sizeof out, &err), WEFT_MEMORY, &err, "out of device memory");
  weft_fault_set(r.fault, NULL);
  weft_buffer_release(b);
  CHECK_OK(rig_upload(r.device, bytes, sizeof bytes, &c, &err), &err);
  CHECK_OK(rig_read(c, 0, out, sizeof out, &err), &err);
  CHECK_EQ(out[0], 1);
  weft_buffer_release(c);
  rig_close(&r);
}

TEST(a_shader_that_only_the_device_rejects) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  if (!strcmp(weft_device_query(r.device)->driver, "cpu")) {
    rig_close(&r);
    SKIP("the CPU runs whatever the checker accepts");
  }
  /* WGSL lets implementations refuse what is nested deeper than 127 braces: we take it, the devices do not. */
#define TEN(text) text text text text text text text text text text
  static const char source[] = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
                               "@compute @workgroup_size(1) fn f() {" TEN(TEN("{ {")) " x[0] = 1; " TEN(TEN("} }")) "}\n";
#undef TEN
  weft_kernel *k;
  weft_future *ready;
  CHECK_OK(weft_kernel_create(r.device, source, sizeof source - 1, NULL, true, &k, &ready, &err), &err);
  CHECK_FAILS(weft_future_wait(ready, &err), WEFT_SHADER, &err, "the device rejects `f`: ");
  CHECK_EQ(err.line, 2u);
  weft_future_release(ready);
  weft_kernel_release(k);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, false, &k, NULL, &err), &err);
  weft_kernel_release(k);
  rig_close(&r);
}

TEST(a_background_kernel_is_called_after_it_is_ready) {
  rig r;
  if (!rig_open(&r)) SKIP(rig_reason);
  uint32_t zero = 0, out;
  weft_buffer *x;
  weft_kernel *k;
  weft_future *ready;
  CHECK_OK(rig_upload(r.device, &zero, 4, &x, &err), &err);
  const weft_fault_plan plan = {.hold_polls = 1000000};
  weft_fault_set(r.fault, &plan);
  CHECK_OK(weft_kernel_create(r.device, bump_source, sizeof bump_source - 1, NULL, true, &k, &ready, &err), &err);
  const weft_arg args[] = {rig_arg(x, WEFT_DTYPE_UINT32)};
  CHECK_FAILS(weft_kernel_call(k, args, rig_threads(1), &err), WEFT_STATE, &err, "still being compiled");
  CHECK_FAILS(weft_future_status(ready, &err), WEFT_STATE, &err, "not there yet");
  weft_fault_set(r.fault, NULL);
  CHECK_OK(weft_future_wait(ready, &err), &err);
  CHECK_OK(weft_kernel_call(k, args, rig_threads(1), &err), &err);
  CHECK_OK(rig_read(x, 0, &out, 4, &err), &err);
  CHECK_EQ(out, 1u);
  weft_future_release(ready);
  weft_kernel_release(k);
  weft_buffer_release(x);
  rig_close(&r);
}

/* ---- hosts ----------------------------------------------------------------------------------------------------------------------- */

static weft_status cannot_wait(void *data, weft_device *device, double seconds, weft_error *e) {
  (void)device, (void)seconds;
  ++*(int *)data;
  return weft__fail(e, WEFT_BLOCKED, "this host cannot wait");
}

static bool interrupts(void *data) { return ++*(int *)data > 0; }

TEST(a_host_that_cannot_wait_or_interrupts) {
  rig r;
  if (!rig_driver(&r)) SKIP(rig_reason);
  for (int which = 0; which < 2; which++) {
    int asked = 0;
    weft_future *ready;
    weft_fault_set(r.fault, &(weft_fault_plan){.hold_polls = 500});
    const weft_host host = {.data = &asked, .wait = which ? NULL : cannot_wait, .interrupted = which ? interrupts : NULL};
    CHECK_OK(weft_instance_create(&host, &r.instance, &err), &err);
    CHECK_OK(weft_instance_add_driver(r.instance, r.driver, &err), &err);
    CHECK_OK(weft_device_open(r.instance, NULL, &r.device, &ready, &err), &err);
    CHECK_FAILS(weft_future_wait(ready, &err), which ? WEFT_INTERRUPTED : WEFT_BLOCKED, &err, which ? "interrupted" : "cannot wait");
    CHECK_EQ(asked, 1);
    weft_fault_set(r.fault, NULL);
    if (which == 0) rig_pause(); /* the other host has let the driver go on already */
    for (int i = 0; i < 1000 && !weft_future_done(ready); i++) continue;
    while (!test_given && !weft_future_done(ready)) continue;
    CHECK_OK(weft_future_status(ready, &err), &err);
    weft_future_release(ready);
    weft_device_release(r.device);
    weft_instance_release(r.instance);
    r.device = NULL;
    r.instance = NULL;
  }
  rig_close(&r);
}

TEST(no_device_tells_what_each_driver_said) {
  rig r;
  if (!rig_driver(&r)) SKIP(rig_reason);
  weft_future *ready;
  const weft_device_options options = {.selector = "no such adapter anywhere"};
  CHECK_OK(weft_instance_create(NULL, &r.instance, &err), &err);
  CHECK_OK(weft_device_open(r.instance, NULL, &r.device, &ready, &err), &err);
  CHECK_FAILS(weft_future_wait(ready, &err), WEFT_DEVICE, &err, "no driver for any device");
  weft_future_release(ready);
  weft_device_release(r.device);
  CHECK_OK(weft_instance_add_driver(r.instance, r.driver, &err), &err);
  CHECK_OK(weft_device_open(r.instance, &options, &r.device, &ready, &err), &err);
  weft_status status = weft_future_wait(ready, &err);
  CHECK(status != WEFT_OK);
  CHECK_HAS(err.message, "no such adapter anywhere");
  weft_buffer *b;
  CHECK(weft_buffer_create(r.device, 4, &b, &err) != WEFT_OK);
  weft_future_release(ready);
  rig_close(&r);
}
