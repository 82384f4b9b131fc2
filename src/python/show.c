/* Showing arrays: the method Array.show, and `present`, the step of python/weft/_show.py that needs the device. */
#include "python/docs.h"
#include "python/extension.h"

PyObject *py_show_method(PyObject *self, PyObject *args, PyObject *keywords) {
  PyObject *module = PyImport_ImportModule("weft._show");
  PyObject *show = module ? PyObject_GetAttrString(module, "show") : NULL;
  PyObject *head = show ? PyTuple_Pack(1, self) : NULL;
  PyObject *all = head ? PySequence_Concat(head, args) : NULL;
  PyObject *result = all ? PyObject_Call(show, all, keywords) : NULL;
  Py_XDECREF(all);
  Py_XDECREF(head);
  Py_XDECREF(show);
  Py_XDECREF(module);
  return result;
}

static PyObject *module_present(PyObject *module, PyObject *args) {
  py_state *state = PyModule_GetState(module);
  PyObject *pixels;
  unsigned int canvas, width, height;
  if (!PyArg_ParseTuple(args, "O!III", (PyTypeObject *)state->array_type, &pixels, &canvas, &width, &height)) return NULL;
  py_storage *s = (py_storage *)pixels;
  weft_error err;
  if (weft_buffer_present(s->buffer, s->offset, canvas, width, height, &err) != WEFT_OK) return py_error_raise(state, &err);
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"present", module_present, METH_VARARGS, "Show rows of packed pixels on a canvas. For weft's own use."},
    {0},
};

int py_show_init(PyObject *module) { return PyModule_AddFunctions(module, functions); }
