/* The extension weft._web: hands the web driver's table to the core, and waits for it. An extension of its own,
 * because its JavaScript needs 'unsafe-eval' under a Content-Security-Policy: where that is forbidden this
 * import fails and the rest of weft works. Used by python/weft; `wait` is the wait hook of _core.
 *
 * The driver's state is the JavaScript object Module.weftWeb; this module holds the one proxy of it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "drivers/web/web.h"

typedef struct py_web_state {
  PyObject *script;       /* owned: proxy of Module.weftWeb */
  PyObject *can_run_sync; /* owned: of pyodide.ffi */
  PyObject *run_sync;     /* owned: of pyodide.ffi */
} py_web_state;

static py_web_state *state_of(PyObject *module) { return (py_web_state *)PyModule_GetState(module); }

static PyObject *py_web_driver(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  return PyCapsule_New((void *)&weft__web_driver, "weft.driver", NULL);
}

static PyObject *py_web_promise(PyObject *module, PyObject *unused) {
  (void)unused;
  return PyObject_CallMethod(state_of(module)->script, "promise", NULL);
}

static PyObject *py_web_wait(PyObject *module, PyObject *unused) {
  py_web_state *state = state_of(module);
  PyObject *can = PyObject_CallFunctionObjArgs(state->can_run_sync, NULL);
  if (!can) return NULL;
  bool suspended = can == Py_True && weft__web_suspend();
  Py_DECREF(can);
  if (!suspended) { /* also the one that knows why waiting is impossible */
    PyObject *promise = py_web_promise(module, unused);
    PyObject *result = promise ? PyObject_CallFunctionObjArgs(state->run_sync, promise, NULL) : NULL;
    Py_XDECREF(promise);
    Py_XDECREF(result);
  }
  if (PyErr_Occurred()) return NULL;
  Py_RETURN_NONE;
}

static PyObject *py_web_canvas(PyObject *module, PyObject *canvas) {
  return PyObject_CallMethod(state_of(module)->script, "canvas", "O", canvas);
}

static PyObject *py_web_object_count(PyObject *module, PyObject *unused) {
  (void)unused;
  return PyObject_CallMethod(state_of(module)->script, "objectCount", NULL);
}

static PyObject *py_web_device_count(PyObject *module, PyObject *unused) {
  (void)unused;
  return PyObject_CallMethod(state_of(module)->script, "deviceCount", NULL);
}

static PyObject *py_web_fail_next(PyObject *module, PyObject *place) {
  PyObject *test = PyObject_GetAttrString(state_of(module)->script, "test");
  if (!test) return NULL;
  int failed = PyObject_SetAttrString(test, "throwAt", place);
  Py_DECREF(test);
  if (failed) return NULL;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"driver", py_web_driver, METH_NOARGS, "driver()\n--\n\nA capsule \"weft.driver\" with the driver's table."},
    {"promise", py_web_promise, METH_NOARGS,
     "promise()\n--\n\nA JavaScript promise that resolves when a device may have something new."},
    {"wait", py_web_wait, METH_NOARGS,
     "wait()\n--\n\nBlocks until a device may have something new. RuntimeError where the host cannot wait."},
    {"canvas", py_web_canvas, METH_O,
     "canvas(object, /)\n--\n\nThe number that `present` of the driver knows a canvas by; 0 for what is no canvas."},
    {"object_count", py_web_object_count, METH_NOARGS, "object_count()\n--\n\nGPU objects alive on all devices."},
    {"device_count", py_web_device_count, METH_NOARGS, "device_count()\n--\n\nDevices that are not closed."},
    {"fail_next", py_web_fail_next, METH_O,
     "fail_next(place, /)\n--\n\nFor tests: the next call of this entry of the driver throws in JavaScript."},
    {NULL, NULL, 0, NULL}};

/* Consumes `object`, which may be NULL. */
static PyObject *attribute_of(PyObject *object, const char *name) {
  PyObject *value = object ? PyObject_GetAttrString(object, name) : NULL;
  Py_XDECREF(object);
  return value;
}

static int execute(PyObject *module) {
  weft_error err;
  if (weft__web_start(&err) != WEFT_OK) {
    PyErr_SetString(PyExc_ImportError, err.message);
    return -1;
  }
  py_web_state *state = state_of(module);
  PyObject *host = attribute_of(PyImport_ImportModule("pyodide_js"), "_module");
  state->script = attribute_of(host, "weftWeb");
  state->can_run_sync = attribute_of(PyImport_ImportModule("pyodide.ffi"), "can_run_sync");
  state->run_sync = attribute_of(PyImport_ImportModule("pyodide.ffi"), "run_sync");
  return state->script && state->can_run_sync && state->run_sync ? 0 : -1;
}

static int traverse(PyObject *module, visitproc visit, void *arg) {
  py_web_state *state = state_of(module);
  if (!state) return 0;
  Py_VISIT(state->script);
  Py_VISIT(state->can_run_sync);
  Py_VISIT(state->run_sync);
  return 0;
}

static int clear(PyObject *module) {
  py_web_state *state = state_of(module);
  if (!state) return 0;
  Py_CLEAR(state->script);
  Py_CLEAR(state->can_run_sync);
  Py_CLEAR(state->run_sync);
  return 0;
}

static void release(void *module) { clear((PyObject *)module); }

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)execute}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "weft._web",
    .m_doc = "The web driver of weft: WebGPU of the browser.",
    .m_size = sizeof(py_web_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC PyInit__web(void);
PyMODINIT_FUNC PyInit__web(void) { return PyModuleDef_Init(&definition); }
