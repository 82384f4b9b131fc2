/* The driver test (test_driver.c) as a Python extension, so that it runs on the web driver inside Pyodide. Used by the
 * node and browser rings; no part of the product.
 *
 *   run(capsule, *words) -> int     capsule: "weft.driver"; words: the test's command line; returns its exit status
 *
 * The web driver cannot block, so the test's wait hook goes through Python: _web.wait(). No JavaScript frame lies
 * between entry and wait, which is what lets the browser switch stacks there. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>

#include "base/alloc.h"
#include "core/driver.h"

int weft_driver_test(const weft_driver *driver, void (*wait)(void *context, void *device), void *context, int argc,
                     char **argv);

/* A wait that fails leaves its exception pending: from then on it returns at once, and the test sees its futures never
 * settle. */
static void wait_in_python(void *wait, void *device) {
  (void)device;
  if (PyErr_Occurred()) return;
  Py_XDECREF(PyObject_CallFunctionObjArgs(wait, NULL));
}

static PyObject *attribute(const char *module_name, const char *name) {
  PyObject *module = PyImport_ImportModule(module_name);
  PyObject *value = module ? PyObject_GetAttrString(module, name) : NULL;
  Py_XDECREF(module);
  return value;
}

static PyObject *run_words(const weft_driver *driver, PyObject *wait, PyObject *args) {
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
  int status = weft_driver_test(driver, wait_in_python, wait, (int)n, argv);
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
  PyObject *wait = attribute("weft._web", "wait");
  if (!wait && PyErr_ExceptionMatches(PyExc_ImportError)) { /* without the package, beside this module */
    PyErr_Clear();
    wait = attribute("_web", "wait");
  }
  PyObject *result = wait ? run_words(driver, wait, args) : NULL;
  Py_XDECREF(wait);
  return result;
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, "run(capsule, *words)\n--\n\nRuns the driver test."},
                                {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_weft_ctest", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__weft_ctest(void);
PyMODINIT_FUNC PyInit__weft_ctest(void) { return PyModuleDef_Init(&definition); }
