/* _test_bare.call(...): a C function that takes the arguments of a kernel call and does nothing. What the case `enqueue` is
 * a multiple of. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *call(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *kwnames) {
  (void)module, (void)args, (void)n, (void)kwnames;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"call", (PyCFunction)(void (*)(void))call, METH_FASTCALL | METH_KEYWORDS, NULL},
                                {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_test_bare", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__test_bare(void);
PyMODINIT_FUNC PyInit__test_bare(void) { return PyModuleDef_Init(&definition); }
