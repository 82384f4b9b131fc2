/* A device to test on, with the fault driver in between so that every test also checks the core's side of the driver
 * contract. Used by tests/c/test_core_*.c.
 *
 *   rig r;  if (!rig_open(&r)) SKIP(rig_reason);  …  rig_close(&r);       closing checks that nothing is left */
#ifndef WEFT_TEST_RIG_H
#define WEFT_TEST_RIG_H

#include "drivers/fault/fault.h"
#include "test.h"
#include "tested.h"
#include "weft.h"

typedef struct rig {
  const weft_driver *tested, *driver;
  weft_fault *fault;
  weft_instance *instance;
  weft_device *device;
} rig;

TEST_UNUSED static char rig_reason[WEFT_ERROR_CAPACITY];

/* Lets the driver go on, for tests whose host does not wait. */
TEST_UNUSED static void rig_pause(void) {
  if (test_given) test_given->wait(test_given->context, NULL);
}

TEST_UNUSED static bool rig_driver(rig *r) {
  weft_error err;
  *r = (rig){0};
  if (tested_create(&r->tested, &err) != WEFT_OK) snprintf(rig_reason, sizeof rig_reason, "%s", err.message);
  else r->fault = weft_fault_create(r->tested, &r->driver);
  if (r->fault && !r->tested->wait) weft_fault_wait_by(r->fault, test_given->wait, test_given->context);
  return r->fault != NULL;
}

TEST_UNUSED static weft_status rig_device(rig *r, weft_error *err) {
  weft_future *ready;
  weft_status status = weft_instance_create(NULL, &r->instance, err);
  if (status == WEFT_OK) status = weft_instance_add_driver(r->instance, r->driver, err);
  if (status == WEFT_OK) status = weft_device_open(r->instance, NULL, &r->device, &ready, err);
  if (status != WEFT_OK) return status;
  status = weft_future_wait(ready, err);
  weft_future_release(ready);
  return status;
}

TEST_UNUSED static void rig_close(rig *r) {
  weft_device_release(r->device);
  weft_instance_release(r->instance);
  if (r->fault) weft_fault_destroy(r->fault);
  if (r->tested) tested_destroy(r->tested);
  *r = (rig){0};
}

TEST_UNUSED static bool rig_open(rig *r) {
  weft_error err;
  if (!rig_driver(r)) return false;
  if (rig_device(r, &err) == WEFT_OK) return true;
  snprintf(rig_reason, sizeof rig_reason, "%s", err.message);
  rig_close(r);
  return false;
}

/* ---- shorthands ------------------------------------------------------------------------------------------------------- */

#define KERNEL_SOURCE(body) body, sizeof(body) - 1

TEST_UNUSED static const char saxpy_source[] =
    "@group(0) @binding(0) var<storage, read> x: array<f32>;\n"
    "@group(0) @binding(1) var<storage, read_write> y: array<f32>;\n"
    "struct P { a: f32, n: u32 }\n"
    "@group(0) @binding(2) var<uniform> p: P;\n"
    "@compute @workgroup_size(64) fn saxpy(@builtin(global_invocation_id) id: vec3u) {\n"
    "  if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; }\n"
    "}\n";

/* Adds 1 to every word of x. */
TEST_UNUSED static const char bump_source[] =
    "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
    "@compute @workgroup_size(64) fn bump(@builtin(global_invocation_id) id: vec3u) {\n"
    "  if (id.x < arrayLength(&x)) { x[id.x] += 1u; }\n"
    "}\n";

TEST_UNUSED static weft_arg rig_arg(weft_buffer *b, weft_dtype dtype) {
  return (weft_arg){.kind = WEFT_ARG_BUFFER, .dtype = dtype, .buffer = b, .n_bytes = weft_buffer_bytes(b)};
}

TEST_UNUSED static weft_arg rig_view(weft_buffer *b, weft_dtype dtype, uint64_t offset, uint64_t n_bytes) {
  return (weft_arg){.kind = WEFT_ARG_BUFFER, .dtype = dtype, .buffer = b, .offset = offset, .n_bytes = n_bytes};
}

TEST_UNUSED static weft_arg rig_bytes(const void *bytes, uint64_t n_bytes) {
  return (weft_arg){.kind = WEFT_ARG_BYTES, .bytes = bytes, .n_bytes = n_bytes};
}

TEST_UNUSED static const weft_grid *rig_threads(uint64_t n) {
  static weft_grid grid;
  grid = (weft_grid){.threads = true, .n = {n, 1, 1}};
  return &grid;
}

TEST_UNUSED static bool rig_has_timestamps(const rig *r) {
  return weft_device_query(r->device)->feature_bits >> WEFT_FEATURE_TIMESTAMP_QUERY & 1;
}

/* Reads and waits. */
TEST_UNUSED static weft_status rig_read(weft_buffer *b, uint64_t offset, void *out, uint64_t n_bytes, weft_error *err) {
  weft_future *f;
  weft_status status = weft_buffer_read(b, offset, n_bytes, &f, err);
  if (status != WEFT_OK) return status;
  status = weft_future_wait(f, err);
  if (status == WEFT_OK) status = weft_future_take(f, out, n_bytes, err);
  weft_future_release(f);
  return status;
}

TEST_UNUSED static weft_status rig_upload(weft_device *d, const void *bytes, uint64_t n_bytes, weft_buffer **out, weft_error *err) {
  weft_status status = weft_buffer_create(d, n_bytes, out, err);
  if (status != WEFT_OK) return status;
  status = weft_buffer_write(*out, 0, bytes, n_bytes, err);
  if (status != WEFT_OK) {
    weft_buffer_release(*out);
    *out = NULL;
  }
  return status;
}

#endif
