/* What a test file of the c ring gets in WebAssembly, where a driver cannot block. Used by test.h and wasm_test_module.c. */
#ifndef WEFT_TEST_HOST_H
#define WEFT_TEST_HOST_H

typedef struct test_host {
  const struct weft_driver *driver;             /* to test */
  void (*wait)(void *context, void *device);    /* returns when it may have news */
  void *context;
} test_host;

#endif
