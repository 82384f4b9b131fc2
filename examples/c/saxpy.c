/* y = a x + y on the GPU, from C.
 *
 *   make lib
 *   cc -std=c11 -Ibuild/lib/include examples/c/saxpy.c build/lib/libweft.a -lm -ldl -lpthread -o saxpy
 *   WEFT_WEBGPU_LIBRARY=/path/to/libwgpu_native.so ./saxpy
 *
 * The library may be any with the standard webgpu.h; without the variable the system's is looked for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/native/native.h"
#include "weft.h"

enum { N = 1 << 20 };

static const char source[] =
    "@group(0) @binding(0) var<storage, read>       x: array<f32>;\n"
    "@group(0) @binding(1) var<storage, read_write> y: array<f32>;\n"
    "struct P { a: f32, n: u32 }\n"
    "@group(0) @binding(2) var<uniform> p: P;\n"
    "@compute @workgroup_size(64)\n"
    "fn saxpy(@builtin(global_invocation_id) id: vec3u) {\n"
    "  if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; }\n"
    "}\n";

/* Every call that can fail says why in one weft_error; here the first failure ends the program. */
static weft_error err;
static void must(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "saxpy: %s\n", err.message);
  exit(1);
}

int main(void) {
  const weft_driver *driver;
  weft_instance *instance;
  weft_device *device;
  weft_future *future;
  must(weft_native_driver_create(NULL, NULL, &driver, &err));
  must(weft_instance_create(NULL, &instance, &err));
  must(weft_instance_add_driver(instance, driver, &err));
  must(weft_device_open(instance, NULL, &device, &future, &err));
  must(weft_future_wait(future, &err));
  weft_future_release(future);
  printf("%s (%s)\n", weft_device_query(device)->name, weft_device_query(device)->backend);

  float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
  for (int i = 0; i < N; i++) x[i] = (float)i, y[i] = 1;

  weft_kernel *saxpy;
  weft_buffer *gx, *gy;
  must(weft_kernel_create(device, source, sizeof source - 1, NULL, false, &saxpy, NULL, &err));
  must(weft_buffer_create(device, N * sizeof *x, &gx, &err));
  must(weft_buffer_create(device, N * sizeof *y, &gy, &err));
  must(weft_buffer_write(gx, 0, x, N * sizeof *x, &err));
  must(weft_buffer_write(gy, 0, y, N * sizeof *y, &err));

  const struct {
    float a;
    uint32_t n;
  } p = {2.0f, N};
  const weft_arg args[] = {
      {.kind = WEFT_ARG_BUFFER, .dtype = WEFT_DTYPE_FLOAT32, .buffer = gx, .n_bytes = N * sizeof *x},
      {.kind = WEFT_ARG_BUFFER, .dtype = WEFT_DTYPE_FLOAT32, .buffer = gy, .n_bytes = N * sizeof *y},
      {.kind = WEFT_ARG_BYTES, .bytes = &p, .n_bytes = sizeof p},
  };
  const weft_grid grid = {.threads = true, .n = {N, 1, 1}};
  must(weft_kernel_call(saxpy, args, &grid, &err));

  must(weft_buffer_read(gy, 0, N * sizeof *y, &future, &err));
  must(weft_future_wait(future, &err));
  must(weft_future_take(future, y, N * sizeof *y, &err));
  weft_future_release(future);

  double worst = 0;
  for (int i = 0; i < N; i++) worst = fmax(worst, fabs(y[i] - (2.0 * x[i] + 1.0)));
  printf("y = 2 x + 1 for %d elements, largest error %g\n", N, worst);

  weft_buffer_release(gx);
  weft_buffer_release(gy);
  weft_kernel_release(saxpy);
  weft_device_release(device);
  weft_instance_release(instance);
  weft_native_driver_destroy(driver);
  free(x);
  free(y);
  return worst > 0.5;
}
