/* The web driver: WebGPU of the browser (navigator.gpu), from WebAssembly. Implements core/driver.h; handed to the core
 * in a capsule by src/python/web_module.c. It cannot block (`wait` is NULL): the host waits for the promise that the
 * JavaScript side gives, `Module.weftWeb.promise()`. */
#ifndef WEFT_DRIVERS_WEB_H
#define WEFT_DRIVERS_WEB_H

#include "core/driver.h"

/* Static storage. A device of it is a number that JavaScript knows, nothing in C's memory. */
extern const weft_driver weft__web_driver;

/* Makes `Module.weftWeb`, the object that holds all of the driver's state. A second call does nothing. */
weft_status weft__web_start(weft_error *err);

/* Suspends the caller until `Module.weftWeb.promise()` resolves; other Python and JavaScript may run meanwhile. Only where
 * Python says that it can wait (pyodide.ffi.can_run_sync). Returns false, at once, when this Pyodide has no such way. */
bool weft__web_suspend(void);

#endif
