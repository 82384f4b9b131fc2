/* The driver that a test file runs on, by the options of the c ring (tests/c/run.py); in WebAssembly the host's.
 *
 *   library=PATH   the native driver with that library; without any option, with the library that the host has
 *   driver=cpu     weft's own; threads=N with that many, threads=0 with none */
#ifndef WEFT_TESTS_TESTED_H
#define WEFT_TESTS_TESTED_H

#include "core/driver.h"
#include "test.h"

#ifdef __wasm__

TEST_UNUSED static weft_status tested_create(const weft_driver **out, weft_error *err) {
  (void)err;
  *out = test_given->driver;
  return WEFT_OK;
}
TEST_UNUSED static void tested_destroy(const weft_driver *driver) { (void)driver; }

#else
#include <stdlib.h>

#include "drivers/cpu/cpu.h"
#include "drivers/native/native.h"

TEST_UNUSED static bool tested_on_cpu(void) { return test_option("driver") && !strcmp(test_option("driver"), "cpu"); }

TEST_UNUSED static weft_status tested_create(const weft_driver **out, weft_error *err) {
  const char *library = test_option("library"), *threads = test_option("threads");
  if (!tested_on_cpu()) return weft_native_driver_create(library, library ? NULL : test_get_proc_address, out, err);
  weft_cpu_options options = {.n_threads = threads ? (uint32_t)atoi(threads) : 4, .single = threads && !strcmp(threads, "0")};
  return weft_cpu_driver_create(&options, out, err);
}

TEST_UNUSED static void tested_destroy(const weft_driver *driver) {
  if (tested_on_cpu()) weft_cpu_driver_destroy(driver);
  else weft_native_driver_destroy(driver);
}

#endif
#endif
