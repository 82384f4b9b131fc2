/* The native driver: any library with the standard webgpu.h (Dawn, wgpu-native) behind the driver table.
 * Used by src/python (the host) and the tests; nothing of webgpu.h shows here. */
#ifndef WEFT_DRIVERS_NATIVE_H
#define WEFT_DRIVERS_NATIVE_H

#include "core/driver.h"

/* Opens a library and makes a driver of it, owned by the caller: give it back with weft_native_driver_destroy.
 *
 *   get_proc_address   address of a library's wgpuGetProcAddress, or NULL; goes before library_path
 *   library_path       a library to open, or NULL
 *   both NULL          what WEFT_WEBGPU_LIBRARY names, else the usual names of Dawn and wgpu-native
 *
 * WEFT_UNSUPPORTED: no such library, or it lacks functions; the message says what was tried. WEFT_MEMORY. Does not look
 * for adapters: that is `open`. A library stays loaded for the life of the process. */
WEFT_MUST_CHECK weft_status weft_native_driver_create(const char *library_path, void *get_proc_address,
                                                      const weft_driver **out, weft_error *err);

/* All devices of the driver must be closed. NULL is fine. */
void weft_native_driver_destroy(const weft_driver *driver);

#endif
