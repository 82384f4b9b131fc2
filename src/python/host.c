/* What the core gets from Python: drivers, and a way to wait.
 *
 *   drivers    web or native first, then cpu, which every build has. One that cannot be had (no library, no driver for
 *              the browser under a Content-Security-Policy) is there in name, and says why when it is asked
 *
 *   natively   the GIL is released around weft_future_wait, the driver blocks in slices, and between two slices the
 *              core asks `interrupted`, which takes the GIL and looks for signals
 *   Pyodide    the core calls `wait`. On the CPU that works; else it calls weft._web.wait through the Python API, since a
 *              JavaScript frame in between would make suspending impossible
 *
 * The drivers are chosen at the first device, so that `import weft` needs none. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "drivers/cpu/cpu.h"
#include "python/extension.h"

#if defined(__EMSCRIPTEN__)
enum { IN_PYODIDE = true };
#else
enum { IN_PYODIDE = false };
#endif

#if defined(WEFT_WITH_NATIVE) /* built with webgpu.h */
#include "drivers/native/native.h"
#endif

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

/* Whether this stack of frames can be suspended. 1, 0, or -1. */
static int can_wait(py_state *state) {
  if (!state->can_run_sync) {
    PyObject *ffi = PyImport_ImportModule("pyodide.ffi");
    if (!ffi) return -1;
    state->can_run_sync = PyObject_GetAttrString(ffi, "can_run_sync");
    Py_DECREF(ffi);
    if (!state->can_run_sync) return -1;
  }
  PyObject *can = PyObject_CallNoArgs(state->can_run_sync);
  int result = can ? PyObject_IsTrue(can) : -1;
  Py_XDECREF(can);
  return result;
}

static weft_status host_wait(void *data, weft_device *device, double seconds, weft_error *err) {
  py_state *state = data;
  if (weft_device_wait(device, seconds, NULL) == WEFT_OK) return WEFT_OK;
  int can = can_wait(state);
  if (can == 0) return weft__fail(err, WEFT_BLOCKED, "nothing can wait here");
  PyObject *result = can > 0 ? PyObject_CallMethod(state->web, "wait", NULL) : NULL;
  if (!result) return weft__fail(err, WEFT_HOST, "a Python exception ended the wait");
  Py_DECREF(result);
  return WEFT_OK;
}

static bool raise_interruption(py_state *state) {
  PyObject *exception = state->interruption;
  if (!exception) return false;
  state->interruption = NULL;
  PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
  Py_DECREF(exception);
  return true;
}

/* Asked in Pyodide by the CPU driver in the middle of its work, where nothing can be raised: so that is kept for later. */
static bool host_asked(void *data) {
  py_state *state = data;
  if (PyErr_Occurred() || PyErr_CheckSignals() == 0) return false;
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (value && traceback) PyException_SetTraceback(value, traceback);
  Py_XDECREF(state->interruption);
  state->interruption = value;
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return true;
}

int py_host_interruption(py_state *state, weft_device *device) {
  if (!raise_interruption(state)) return 0;
  weft_device_interrupt(device);
  return -1;
}

static bool host_interrupted(void *data) {
  PyGILState_STATE gil = PyGILState_Ensure();
  bool interrupted = raise_interruption(data) || PyErr_CheckSignals() < 0; /* the exception stays pending in this thread */
  PyGILState_Release(gil);
  return interrupted;
}

static int raise_blocked(py_state *state, const char *instead) {
  PyErr_Format(
      state->exceptions[WEFT_BLOCKED],
      "this would have to wait, and here nothing can: the browser has no JSPI, or Python was entered by a plain call. "
      "Write: %s",
      instead);
  return -1;
}

int py_host_wait(py_state *state, weft_future *future, const char *instead) {
  weft_error err;
  weft_status status;
  if (IN_PYODIDE) {
    status = weft_future_wait(future, &err);
  } else {
    Py_BEGIN_ALLOW_THREADS status = weft_future_wait(future, &err);
    Py_END_ALLOW_THREADS
  }
  if (status == WEFT_OK) return 0;
  if (status == WEFT_BLOCKED) return raise_blocked(state, instead);
  py_error_raise(state, &err);
  return -1;
}

weft_status py_host_write(weft_buffer *buffer, uint64_t offset, const void *bytes, uint64_t n_bytes, weft_error *err) {
  enum { LARGE = 1 << 20 };
  if (IN_PYODIDE || n_bytes < LARGE) return weft_buffer_write(buffer, offset, bytes, n_bytes, err);
  weft_status status;
  Py_BEGIN_ALLOW_THREADS status = weft_buffer_write(buffer, offset, bytes, n_bytes, err);
  Py_END_ALLOW_THREADS return status;
}

int py_host_check(py_state *state) {
  if (!state->forked) return 0;
  PyErr_SetString(state->exceptions[WEFT_STATE],
                  "this process is a fork of one that has used weft, and GPU devices do not survive a fork: start "
                  "processes with multiprocessing.get_context(\"spawn\"), or use weft in the child alone");
  return -1;
}

/* ---- drivers ----------------------------------------------------------------------------------------------------- */

static int add_driver(py_state *state, weft_instance *instance, const weft_driver *driver) {
  weft_error err;
  if (weft_instance_add_driver(instance, driver, &err) == WEFT_OK) return 0;
  py_error_raise(state, &err);
  return -1;
}

static weft_status absent_open(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                               uint64_t required_features, uint32_t ready, void **device, weft_error *err) {
  (void)selector, (void)power, (void)required_limits, (void)required_features, (void)ready, (void)device;
  return weft__fail(err, WEFT_UNSUPPORTED, "%s", (const char *)context);
}

/* In the place of a driver that cannot be had, for the reason that is raised as an exception; -1 when it is not one for that. */
static int add_absent(py_state *state, weft_instance *instance, const char *name) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  if (!PyErr_GivenExceptionMatches(type, PyExc_ImportError) && !PyErr_GivenExceptionMatches(type, state->exceptions[WEFT_UNSUPPORTED])) {
    PyErr_Restore(type, value, traceback);
    return -1;
  }
  PyErr_NormalizeException(&type, &value, &traceback);
  Py_XDECREF(state->absent_reason);
  state->absent_reason = PyObject_Str(value);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(traceback);
  const char *reason = state->absent_reason ? PyUnicode_AsUTF8AndSize(state->absent_reason, NULL) : NULL;
  if (!reason) return -1;
  state->absent = (weft_driver){.abi = WEFT_DRIVER_ABI, .name = name, .context = (void *)reason, .open = absent_open};
  return add_driver(state, instance, &state->absent);
}

static int add_cpu(py_state *state, weft_instance *instance) {
  weft_error err;
  weft_cpu_options options = {.interrupted = IN_PYODIDE ? host_asked : NULL, .data = state};
  if (weft_cpu_driver_create(&options, &state->cpu, &err) == WEFT_OK) return add_driver(state, instance, state->cpu);
  py_error_raise(state, &err);
  return -1;
}

static int add_web(py_state *state, weft_instance *instance) {
  if (!(state->web = PyImport_ImportModule("weft._web"))) return -1;
  if (!(state->web_driver = PyObject_CallMethod(state->web, "driver", NULL))) return -1;
  const weft_driver *driver = PyCapsule_GetPointer(state->web_driver, "weft.driver");
  return driver ? add_driver(state, instance, driver) : -1;
}

#if defined(WEFT_WITH_NATIVE)
/* weft._native says which library: (path or None, address of wgpuGetProcAddress or 0). */
static int add_native(py_state *state, weft_instance *instance) {
  PyObject *module = PyImport_ImportModule("weft._native");
  PyObject *found = module ? PyObject_CallMethod(module, "library", NULL) : NULL;
  Py_XDECREF(module);
  const char *path = NULL;
  unsigned long long address = 0;
  weft_error err;
  int failed = -1;
  if (found && PyArg_ParseTuple(found, "zK", &path, &address)) {
    if (weft_native_driver_create(path, (void *)(uintptr_t)address, &state->native, &err) == WEFT_OK)
      failed = add_driver(state, instance, state->native);
    else
      py_error_raise(state, &err);
  }
  Py_XDECREF(found);
  return failed;
}
#else
static int add_native(py_state *state, weft_instance *instance) {
  (void)instance;
  PyErr_SetString(state->exceptions[WEFT_UNSUPPORTED],
                  "this build of weft has no native driver: it was built without webgpu.h");
  return -1;
}
#endif

static void free_drivers(py_state *state) {
#if defined(WEFT_WITH_NATIVE)
  if (state->native) weft_native_driver_destroy(state->native);
#endif
  weft_cpu_driver_destroy(state->cpu);
  state->native = state->cpu = NULL;
  Py_CLEAR(state->absent_reason);
  Py_CLEAR(state->web_driver);
  Py_CLEAR(state->web);
}

weft_instance *py_host_instance(py_state *state) {
  if (py_host_check(state) < 0) return NULL;
  if (state->instance) return state->instance;
  weft_host host = {.data = state, .wait = IN_PYODIDE ? host_wait : NULL, .interrupted = host_interrupted};
  weft_instance *instance;
  weft_error err;
  if (weft_instance_create(&host, &instance, &err) != WEFT_OK) {
    py_error_raise(state, &err);
    return NULL;
  }
  int failed = (IN_PYODIDE ? add_web : add_native)(state, instance);
  const char *insisted = IN_PYODIDE ? NULL : getenv("WEFT_WEBGPU_LIBRARY"); /* then its failure is one of the program */
  if (failed && !(insisted && *insisted)) failed = add_absent(state, instance, IN_PYODIDE ? "web" : "native");
  if (failed || add_cpu(state, instance) < 0) {
    weft_instance_release(instance);
    free_drivers(state);
    return NULL;
  }
  return state->instance = instance;
}

void py_host_free(py_state *state) {
  if (state->forked) return;
  weft_instance_release(state->instance);
  state->instance = NULL;
  free_drivers(state);
}
