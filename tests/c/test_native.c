/* The native driver beyond what every driver must do (test_driver.c): threads, failing allocations, what it says when
 * there is no library, and the dialect of wgpu-native. */
#include <pthread.h>

#include "driver_session.h"
#include "drivers/native/native.h"
#include "wgsl/wgsl.h"

/* Of drivers/native/internal.h, which needs webgpu.h. */
weft_status weft__dialect_translate(const char *wgsl, size_t n_bytes, wgsl_cleared *out, weft_error *err);
uint64_t weft__dialect_column(const char *source, uint64_t line, uint64_t byte_column);
char *weft__dialect_messages(const char *report, size_t n_bytes, const wgsl_cleared *cleared);

static const weft_driver *native;

static void wait_natively(void *context, void *device) {
  (void)context;
  S.driver->wait(device, 0.2);
}

static const char *selector(void) { return test_option("device") ? test_option("device") : ""; }

/* An open device on the native driver; false: the test is skipped or has failed. */
static bool set_up(void) {
  static char reason[600];
  const char *library = test_option("library");
  weft_status status = weft_native_driver_create(library, library ? NULL : test_get_proc_address, &native, &S.err);
  if (!status) {
    S.driver = native;
    S.wait = wait_natively;
    S.n_words = 0;
    status = open_device(selector());
    if (!status) return true;
    weft_native_driver_destroy(native);
  }
  if (library || *selector()) return CHECK_OK(status, &S.err);
  snprintf(reason, sizeof reason, "no device: %.500s", S.err.message);
  test_skip(reason);
  return false;
}

static void tear_down(void) {
  close_device();
  weft_native_driver_destroy(native);
}

static const char step_wgsl[] =
    "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
    "/* \xC3\xBC */ @compute @workgroup_size(64) fn step(@builtin(global_invocation_id) id: vec3u) {\n"
    "  x[id.x] = x[id.x] * 3u + id.x;\n"
    "}\n";
static const uint32_t one_storage[] = {0, WEFT_BINDING_STORAGE, 4};

enum { X = 1, Y = 2, MODULE = 3, LAYOUT = 4, PIPELINE = 5, THE_GROUP = 6 };

static void put_step(void) {
  put_pipeline(PIPELINE);
  put_set_group(0, THE_GROUP);
  put_dispatch(1);
}

/* ---- threads -------------------------------------------------------------------------------------------------------
 */

static void *wait_in_thread(void *device) {
  for (int i = 0; i < 5; i++) S.driver->wait(device, 0.002);
  return NULL;
}

TEST(several_threads_wait) {
  pthread_t threads[3];
  uint32_t out[64] = {0};
  if (!set_up()) return;
  make_buffer(X, 256, STORAGE);
  make_module(MODULE, step_wgsl);
  make_layout(LAYOUT, one_storage, 1);
  make_pipeline(PIPELINE, MODULE, "step", LAYOUT);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  for (int i = 0; i < 3; i++) CHECK_EQ(pthread_create(&threads[i], NULL, wait_in_thread, S.device), 0);
  for (int i = 0; i < 20; i++) {
    put_begin(0);
    put_step();
    CHECK_OK(submit(), &S.err);
    CHECK(read_words(X, out, 64));
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  CHECK_EQ(out[1], 1743392200u); /* (3^20 - 1) / 2 */
  tear_down();
}

typedef struct other_device {
  void *device;
  bool good;
} other_device;

/* Another device of the same driver, used without S. */
static void *create_in_thread(void *argument) {
  other_device *o = argument;
  o->good = true;
  for (uint32_t i = 1; i <= 200; i++) {
    weft_completion got[4];
    weft_id id = ID(1, i);
    o->good &= native->buffer_create(o->device, id, 64, STORAGE, i, NULL) == WEFT_OK;
    while (native->poll(o->device, got, 4) == 0) native->wait(o->device, 0.01);
    o->good &= got[0].future == i && got[0].status == WEFT_OK;
    native->release(o->device, &id, 1);
  }
  return NULL;
}

TEST(devices_of_one_driver_in_two_threads) {
  pthread_t thread;
  other_device other = {0};
  if (!set_up()) return;
  void *first = S.device;
  if (CHECK_OK(open_device(selector()), &S.err)) {
    other.device = S.device;
    S.device = first;
    CHECK_EQ(pthread_create(&thread, NULL, create_in_thread, &other), 0);
    uint32_t value, out = 0;
    make_buffer(X, 4, STORAGE);
    for (value = 0; value < 100; value++) {
      write_words(X, 0, &value, 1);
      CHECK(read_words(X, &out, 1));
      CHECK_EQ(out, value);
    }
    pthread_join(thread, NULL);
    CHECK(other.good);
    native->close(other.device);
  }
  S.device = first;
  tear_down();
}

/* ---- memory ---------------------------------------------------------------------------------------------------------
 */

/* A whole life of a device; only for want of memory may a call fail. */
static void live(void) {
  S.n_words = 0;
  if (open_device(selector())) {
    CHECK_EQ(S.err.code, (uint32_t)WEFT_MEMORY);
    return;
  }
  const weft_id layout = LAYOUT;
  uint32_t futures[5], value = 1;
  for (int i = 0; i < 5; i++) futures[i] = new_future();
  weft_error *e = &S.err;
  const weft_driver *d = S.driver;
  void *device = S.device;
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  put_begin(futures[2]);
  put_step();
  put_copy(X, 0, Y, 0, 256);
  if (!d->buffer_create(device, X, 256, STORAGE, futures[0], e) && !d->buffer_create(device, Y, 256, READBACK, 0, e) &&
      !d->buffer_write(device, X, 0, &value, 4, 0, e) && !d->layout_create(device, LAYOUT, one_storage, 1, e) &&
      !d->module_create(device, MODULE, step_wgsl, strlen(step_wgsl), futures[4], e) &&
      !d->pipeline_create(device, PIPELINE, MODULE, "step", &layout, 1, 0, "", NULL, 0, false, futures[1], e) &&
      !submit() && !d->map_start(device, Y, 0, 256, futures[3], e)) {
    for (int i = 0; i < 5; i++) CHECK_SETTLES(futures[i]);
    CHECK_OK(d->map_read(device, Y, 0, &value, 4, e), e);
    CHECK_EQ(value, 3u);
  } else {
    CHECK_EQ(e->code, (uint32_t)WEFT_MEMORY);
  }
  close_device();
}

TEST(every_allocation_may_fail) {
  if (!set_up()) return;
  close_device();
  FAULTS live();
  weft_native_driver_destroy(native);
}

/* ---- libraries ------------------------------------------------------------------------------------------------------
 */

TEST(driver_creation_says_what_was_tried) {
  const weft_driver *driver;
  FAULTS {
    weft_status status = weft_native_driver_create("/nowhere/libwebgpu.so", NULL, &driver, &S.err);
    CHECK_FAILS(status, WEFT_UNSUPPORTED, &S.err, "/nowhere/libwebgpu.so");
    status = weft_native_driver_create("libm.so.6", NULL, &driver, &S.err);
    if (status != WEFT_MEMORY) CHECK_FAILS(status, WEFT_UNSUPPORTED, &S.err, "it lacks wgpuCreateInstance");
    if (!test_get_proc_address) continue;
    status = weft_native_driver_create(NULL, test_get_proc_address, &driver, &S.err);
    if (status)
      CHECK_EQ(status, (uint32_t)WEFT_MEMORY);
    else
      weft_native_driver_destroy(driver);
  }
  weft_native_driver_destroy(NULL);
}

/* ---- wgpu-native's dialect
 * -------------------------------------------------------------------------------------------- */

TEST(dialect_blanks_directives_in_place) {
  static const struct {
    const char *source, *want;
  } cases[] = {
      {"enable subgroups;\nfn f() {}", "                 \nfn f() {}"},
      {"enable f16, subgroups;fn", "enable f16           ;fn"},
      {"enable subgroups, f16;fn", "enable            f16;fn"},
      {"enable a, subgroups, b;", "enable a,            b;"},
      {"enable f16;\nrequires a,\n b;\nx", "enable f16;\n           \n   \nx"},
      {"/* enable subgroups; */ // requires x;\nrequires x;", "/* enable subgroups; */ // requires x;\n           "},
      {"diagnostic(off, derivative_uniformity);requires x;", "diagnostic(off, derivative_uniformity);           "},
      {"fn f() {}\nenable subgroups;", "fn f() {}\nenable subgroups;"},
      {"enabled subgroups;", "enabled subgroups;"},
      {"enable subgroups", "enable subgroups"},
      {"/* never closed", "/* never closed"},
      {"/", "/"},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wgsl_cleared out;
    weft_error err;
    if (!CHECK_OK(weft__dialect_translate(cases[i].source, strlen(cases[i].source), &out, &err), &err)) continue;
    CHECK_STR(out.source, cases[i].want);
    CHECK_EQ(out.n_bytes, strlen(cases[i].want));
    CHECK_EQ(out.n_insertions, 0u);
    wgsl_cleared_free(&out);
  }
}

TEST(dialect_clears_workgroup_memory) {
  static const char source[] = "requires x;var<workgroup> w: u32; @compute @workgroup_size(1) fn main() { w = 1; }";
  static const char valid[] = "enable subgroups;var<workgroup> w: u32; @compute @workgroup_size(1) fn main() { w = 1; }";
  static const char redeclared[] = "alias u32 = i32; var<workgroup> w: u32; @compute @workgroup_size(1) fn main() { w = 1; }";
  wgsl_cleared out;
  weft_error err;
  FAULTS {
    if (weft__dialect_translate(valid, sizeof valid - 1, &out, &err) == WEFT_OK) {
      CHECK_HAS(out.source, "                 var<workgroup> w: u32; ");
      CHECK_HAS(out.source, "{ weft0_main(weft0); w = 1; }");
    } else {
      CHECK_EQ(err.code, WEFT_MEMORY);
      CHECK(!out.source && !out.insertions);
    }
    wgsl_cleared_free(&out);
  }
  CHECK_OK(weft__dialect_translate(source, sizeof source - 1, &out, &err), &err); /* rejected: the device shall say why */
  CHECK_EQ(out.n_bytes, sizeof source - 1);
  wgsl_cleared_free(&out);
  CHECK_FAILS(weft__dialect_translate(redeclared, sizeof redeclared - 1, &out, &err), WEFT_UNSUPPORTED, &err, "`u32` is declared anew");
  CHECK(!out.source);
}

TEST(dialect_reads_positions_out_of_reports) {
  const wgsl_cleared nothing = {0};
  static const char report[] =
      "Validation Error\n\nCaused by:\n  In wgpuDeviceCreateShaderModule\n    \nShader '' parsing error: expected x\n"
      "  \xe2\x94\x8c\xe2\x94\x80 wgsl:3:15\n  |\n3 | let\n";
  FAULTS {
    char *lines = weft__dialect_messages(report, sizeof report - 1, &nothing);
    if (lines) CHECK_STR(lines, "3:15: expected x");
    weft__free(lines);
  }
  static const char validation[] =
      "In wgpuDeviceCreateShaderModule\n\nShader validation error: Function [0] 'a = b' is invalid\n"
      "   \xe2\x94\x8c\xe2\x94\x80 :17:1\n   \xe2\x94\x82\n17 \xe2\x94\x82 x = y;\n   \xe2\x94\x82\n"
      "   = Argument 'p' cannot be passed.\n\n\n      Argument 'p' cannot be passed.";
  char *lines = weft__dialect_messages(validation, sizeof validation - 1, &nothing);
  CHECK_STR(lines, "17:1: Function [0] 'a = b' is invalid; Argument 'p' cannot be passed.");
  weft__free(lines);
  static const char *const none[] = {"no position", "", "wgsl:", "\xe2\x94\x8c\xe2\x94\x80 :3:1", "x\n\xe2\x94\x8c\xe2\x94\x80 :"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) CHECK(!weft__dialect_messages(none[i], strlen(none[i]), &nothing));
}

/* Twice in one line, of 10 and 5 characters: columns of the device's text become the program's. */
TEST(dialect_tells_the_places_of_the_program) {
  wgsl_insertion insertions[] = {{3, 20, 10}, {3, 30, 5}};
  const wgsl_cleared cleared = {.insertions = insertions, .n_insertions = 2};
  static const struct {
    unsigned line, seen, told;
  } cases[] = {{3, 1, 1}, {3, 20, 20}, {3, 25, 20}, {3, 30, 20}, {3, 31, 21}, {3, 40, 30}, {3, 43, 30}, {3, 45, 30}, {3, 46, 31}, {2, 46, 46}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char report[64], want[32];
    snprintf(report, sizeof report, "error: m\n \xe2\x94\x8c\xe2\x94\x80 wgsl:%u:%u\n", cases[i].line, cases[i].seen);
    snprintf(want, sizeof want, "%u:%u: m", cases[i].line, cases[i].told);
    char *lines = weft__dialect_messages(report, strlen(report), &cleared);
    CHECK_STR(lines, want);
    weft__free(lines);
  }
}

TEST(dialect_counts_characters) {
  static const char source[] = "a\n\xC3\xBC\xE2\x82\xAC x\nb"; /* two bytes, three bytes, then " x" */
  CHECK_EQ(weft__dialect_column(source, 1, 1), 1u);
  CHECK_EQ(weft__dialect_column(source, 2, 1), 1u);
  CHECK_EQ(weft__dialect_column(source, 2, 3), 2u);
  CHECK_EQ(weft__dialect_column(source, 2, 6), 3u);
  CHECK_EQ(weft__dialect_column(source, 2, 7), 4u);
  CHECK_EQ(weft__dialect_column(source, 3, 1), 1u);
  CHECK_EQ(weft__dialect_column(source, 3, 9), 2u); /* no further than the end */
  CHECK_EQ(weft__dialect_column(source, 9, 9), 1u);
}
