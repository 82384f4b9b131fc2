/* A test file of the c ring as a Python extension, so that it runs on the web driver inside Pyodide. Used by the node and
 * browser rings (tests/python/test_web_c.py); no part of the product. TEST_MODULE is its name, one for each file.
 *
 *   run(capsule, *words) -> int     capsule: "weft.driver"; words: the test's command line; returns how many failed
 *
 * The web driver cannot block, so the test's wait hook goes through Python: _web.wait(). No JavaScript frame lies
 * between entry and wait, which is what lets the browser switch stacks there. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>

#include "base/alloc.h"
#include "test_host.h"

int weft_test_main(int argc, char **argv, void *host);

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

static PyObject *run_words(const struct weft_driver *driver, PyObject *wait, PyObject *args) {
  Py_ssize_t n = PyTuple_Size(args);
  char **argv = weft__alloc_zero((size_t)n + 1, sizeof *argv);
  if (!argv) return PyErr_NoMemory();
  argv[0] = "test";
  for (Py_ssize_t i = 1; i < n; i++) {
    argv[i] = (char *)PyUnicode_AsUTF8AndSize(PyTuple_GetItem(args, i), NULL);
    if (!argv[i]) {
      weft__free(argv);
      return NULL;
    }
  }
  test_host host = {driver, wait_in_python, wait};
  int status = weft_test_main((int)n, argv, &host);
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
  const struct weft_driver *driver = PyCapsule_GetPointer(PyTuple_GetItem(args, 0), "weft.driver");
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

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, "run(capsule, *words)\n--\n\nRuns the tests."},
                                {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
#define INIT_(name) PyInit_##name
#define INIT(name) INIT_(name)

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = TEXT(TEST_MODULE), .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC INIT(TEST_MODULE)(void);
PyMODINIT_FUNC INIT(TEST_MODULE)(void) { return PyModuleDef_Init(&definition); }
