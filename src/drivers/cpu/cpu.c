/* The CPU driver's table: opening and closing, what the device says of itself (see cpu.h, internal.h). */
#include "drivers/cpu/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/common.h"
#include "drivers/cpu/internal.h"

/* What devices with larger limits have in common; 32-bit memory holds no larger buffers. */
static const uint64_t limits[WEFT_LIMIT_COUNT] = {
    [WEFT_LIMIT_MAX_BUFFER_SIZE] = sizeof(void *) > 4 ? 2147483648u : 1073741824u,
    [WEFT_LIMIT_MAX_STORAGE_BINDING_SIZE] = sizeof(void *) > 4 ? 2147483644u : 1073741824u,
    [WEFT_LIMIT_MAX_UNIFORM_BINDING_SIZE] = 65536,
    [WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT] = 32,
    [WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT] = 32,
    [WEFT_LIMIT_MAX_BIND_GROUPS] = CPU_GROUPS_MAX,
    [WEFT_LIMIT_MAX_BINDINGS_PER_GROUP] = 1000,
    [WEFT_LIMIT_MAX_STORAGE_BUFFERS] = 32,
    [WEFT_LIMIT_MAX_UNIFORM_BUFFERS] = 16,
    [WEFT_LIMIT_MAX_DYNAMIC_UNIFORM_BUFFERS] = 16,
    [WEFT_LIMIT_MAX_WORKGROUP_STORAGE_SIZE] = 32768,
    [WEFT_LIMIT_MAX_INVOCATIONS_PER_WORKGROUP] = 1024,
    [WEFT_LIMIT_MAX_WORKGROUP_SIZE_X] = 1024,
    [WEFT_LIMIT_MAX_WORKGROUP_SIZE_Y] = 1024,
    [WEFT_LIMIT_MAX_WORKGROUP_SIZE_Z] = 64,
    [WEFT_LIMIT_MAX_WORKGROUPS_PER_DIMENSION] = 65535,
    [WEFT_LIMIT_MAX_IMMEDIATE_SIZE] = CPU_IMMEDIATE_BYTES_MAX,
};

enum { FEATURES = 1 << WEFT_FEATURE_SHADER_F16 | 1 << WEFT_FEATURE_SUBGROUPS | 1 << WEFT_FEATURE_TIMESTAMP_QUERY };

#if defined(__wasm__)
static const char architecture[] = "wasm32";
#elif defined(__x86_64__) || defined(_M_X64)
static const char architecture[] = "x86-64";
#elif defined(__aarch64__) || defined(_M_ARM64)
static const char architecture[] = "arm64";
#else
static const char architecture[] = "";
#endif

/* ---- opening ----------------------------------------------------------------------------------------------------- */

enum { THREADS_MAX = 256 };

static uint32_t count_threads(const weft_cpu_options *options) {
#if defined(__wasm__)
  (void)options;
  return 0;
#else
  if (options->single) return 0;
  if (options->n_threads) return options->n_threads < THREADS_MAX ? options->n_threads : THREADS_MAX;
  const char *wanted = getenv("WEFT_THREADS");
  long n = wanted ? strtol(wanted, NULL, 10) : 0;
  if (n < 1) n = (long)weft__thread_cores();
  return n < THREADS_MAX ? (uint32_t)n : THREADS_MAX;
#endif
}

static void describe(cpu_device *d) {
  uint32_t n = d->n_threads ? d->n_threads : 1;
  const char *instructions = cpu_program_instructions();
  snprintf(d->name, sizeof d->name, "weft cpu (%u thread%s%s%s)", n, n == 1 ? "" : "s", *instructions ? ", " : "",
           instructions);
  snprintf(d->library, sizeof d->library, "weft itself, which runs WGSL on this machine's processor%s",
           d->n_threads ? "; WEFT_THREADS says with how many threads" : "");
}

static bool selected(const cpu_device *d, const char *selector) {
  size_t n = strlen(selector);
  return !strcmp(selector, "cpu") || weft__text_has(d->name, strlen(d->name), selector, n);
}

static weft_status cpu_open(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                            uint64_t required_features, uint32_t ready, void **device, weft_error *err) {
  (void)power;
  const cpu_driver *driver = context;
  cpu_device *d = weft__alloc_zero(1, sizeof *d);
  cpu_record *r = cpu_record_create(ready), *lost = cpu_record_create(WEFT_FUTURE_LOST);
  weft_error problem = {0};
  if (!d || !r || !lost) {
    weft__free(d);
    cpu_record_free(r);
    cpu_record_free(lost);
    return weft__fail_memory(err);
  }
  d->driver = driver;
  d->n_threads = count_threads(&driver->options);
  d->lost_record = lost;
  d->ready = ready;
  memcpy(d->limits, limits, sizeof limits);
  describe(d);
  cpu_records_init(&d->settled);
  cpu_records_init(&d->reported);
  cpu_crew_start(d);
  weft_status status = WEFT_OK;
  if (!selected(d, selector)) status = weft__fail(&problem, WEFT_DEVICE, "\"%s\" is not \"%s\"", d->name, selector);
  else status = weft__wishes_check(d->name, d->limits, FEATURES, required_limits, required_features, &problem);
  if (status) cpu_record_fail(r, status, problem.message);
  cpu_record_settle(d, r);
  *device = d;
  return WEFT_OK;
}

static void cpu_close(void *device) {
  cpu_device *d = device;
  cpu_crew_free(d);
  for (uint32_t i = 0; i < d->n_objects_capacity; i++) cpu_object_release(d->objects[i].object);
  weft__free(d->objects);
  cpu_records_free(&d->settled);
  cpu_records_free(&d->reported);
  cpu_record_free(d->lost_record);
  weft__free(d);
}

static void cpu_interrupt(void *device) { cpu_work_stop(device, WEFT_DEVICE, "interrupted before it had run"); }

static void cpu_lose(void *device) {
  cpu_device *d = device;
  if (d->lost) return;
  d->lost = true;
  cpu_record_fail(d->lost_record, WEFT_LOST, CPU_LOST_TEXT);
  cpu_record_settle(d, d->lost_record);
  d->lost_record = NULL;
  cpu_work_stop(d, WEFT_LOST, "");
}

/* ---- what it says of itself -------------------------------------------------------------------------------------- */

static void cpu_query(void *device, uint64_t *out, uint64_t *features, uint64_t *languages, weft_adapter *adapter,
                      double *tick) {
  const cpu_device *d = device;
  memcpy(out, d->limits, sizeof d->limits);
  *features = FEATURES;
  *languages = 1u << WEFT_LANGUAGE_IMMEDIATE_ADDRESS_SPACE;
  *adapter = WEFT_ADAPTER_CPU;
  *tick = 1;
}

static size_t cpu_text(void *device, weft_info what, char *out, size_t capacity) {
  const cpu_device *d = device;
  const char *const texts[] = {
      [WEFT_INFO_NAME] = d->name,  [WEFT_INFO_VENDOR] = "weft",      [WEFT_INFO_ARCHITECTURE] = architecture,
      [WEFT_INFO_BACKEND] = "CPU", [WEFT_INFO_LIBRARY] = d->library, [WEFT_INFO_FEATURES] = "shader-f16 subgroups timestamp-query",
  };
  return weft__copy_text((unsigned)what < sizeof texts / sizeof *texts ? texts[what] : "", out, capacity);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

weft_status weft_cpu_driver_create(const weft_cpu_options *options, const weft_driver **out, weft_error *err) {
  cpu_driver *driver = weft__alloc_zero(1, sizeof *driver);
  if (!driver) return weft__fail_memory(err);
  if (options) driver->options = *options;
  driver->table = (weft_driver){
      .abi = WEFT_DRIVER_ABI,
      .name = "cpu",
      .context = driver,
      WEFT_DRIVER_FUNCTIONS(cpu),
      .interrupt = cpu_interrupt,
      .wait = cpu_wait,
  };
  *out = &driver->table;
  return WEFT_OK;
}

void weft_cpu_driver_destroy(const weft_driver *driver) { weft__free((void *)driver); }
