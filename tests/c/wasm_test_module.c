/* The driver test (test_driver.c) as a Python extension, so that it runs on the web driver inside Pyodide. Used by the
 * node and browser rings; no part of the product.
 *
 *   run(capsule, *words) -> int     capsule: "weft.driver"; words: the test's command line; returns its exit status
 *
 * The web driver cannot block, so the test's wait hook goes through Python: run_sync(_web.promise()). No JavaScript
 * frame lies between entry and wait, which is what lets the browser switch stacks there. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>

#include "base/alloc.h"
#include "core/driver.h"

int weft_driver_test(const weft_driver *driver, void (*wait)(void *context, void *device), void *context, int argc,
                     char **argv);

typedef struct waiter {
  PyObject *run_sync, *promise; /* owned; promise: the function that gives one */
} waiter;

/* A wait that fails leaves its exception pending: from then on it returns at once, and the test sees its futures never
 * settle. */
static void wait_in_python(void *context, void *device) {
  (void)device;
  waiter *w = context;
  if (PyErr_Occurred()) return;
  PyObject *promise = PyObject_CallFunctionObjArgs(w->promise, NULL);
  PyObject *result = promise ? PyObject_CallFunctionObjArgs(w->run_sync, promise, NULL) : NULL;
  Py_XDECREF(promise);
  Py_XDECREF(result);
}

static PyObject *attribute(const char *module_name, const char *name) {
  PyObject *module = PyImport_ImportModule(module_name);
  PyObject *value = module ? PyObject_GetAttrString(module, name) : NULL;
  Py_XDECREF(module);
  return value;
}

static PyObject *run_words(const weft_driver *driver, waiter *w, PyObject *args) {
  Py_ssize_t n = PyTuple_Size(args);
  char **argv = weft__alloc_zero((size_t)n + 1, sizeof *argv);
  if (!argv) return PyErr_NoMemory();
  argv[0] = "driver";
  for (Py_ssize_t i = 1; i < n; i++) {
    argv[i] = (char *)PyUnicode_AsUTF8AndSize(PyTuple_GetItem(args, i), NULL);
    if (!argv[i]) {
      weft__free(argv);
      return NULL;
    }
  }
  int status = weft_driver_test(driver, wait_in_python, w, (int)n, argv);
  fflush(stdout);
  weft__free(argv);
  return PyErr_Occurred() ? NULL : PyLong_FromLong(status);
}

static PyObject *run(PyObject *module, PyObject *args) {
  (void)module;
  if (PyTuple_Size(args) < 1) {
    PyErr_SetString(PyExc_TypeError, "run(capsule, *words)");
    return NULL;
  }
  const weft_driver *driver = PyCapsule_GetPointer(PyTuple_GetItem(args, 0), "weft.driver");
  if (!driver) return NULL;
  waiter w = {.run_sync = attribute("pyodide.ffi", "run_sync"), .promise = attribute("weft._web", "promise")};
  if (!w.promise && PyErr_ExceptionMatches(PyExc_ImportError)) { /* outside of the package, beside this module */
    PyErr_Clear();
    w.promise = attribute("_web", "promise");
  }
  PyObject *result = w.run_sync && w.promise ? run_words(driver, &w, args) : NULL;
  Py_XDECREF(w.run_sync);
  Py_XDECREF(w.promise);
  return result;
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, "run(capsule, *words)\n--\n\nRuns the driver test."},
                                {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_weft_ctest", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__weft_ctest(void);
PyMODINIT_FUNC PyInit__weft_ctest(void) { return PyModuleDef_Init(&definition); }
