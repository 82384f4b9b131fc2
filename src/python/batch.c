/* Batch: collects commands; with a limit, hands them over in submits that let the screen in between, holds the program
 * back while two of them wait, and tells a progress bar what has run. The limit itself is kept in src/core/pace.c.
 *
 *   kernel call ─▶ py_batch_pace: crowded? ─▶ wait (host.c) ─▶ bar.update(dispatches that have run since the last time)
 *
 * A batch owns a bar only while it is entered, so no cycle outlives it. */
#include <string.h>

#include "python/docs.h"
#include "python/extension.h"

enum { USUAL_MS = 100 }; /* per submit, where there is a progress and no limit: a bar should move now and then */

typedef struct py_batch {
  PyObject_HEAD py_device *device; /* owned */
  uint32_t depth;                  /* entered and not left */
  double max_ms;                   /* 0: no limit */
  PyObject *progress;              /* owned; NULL: none */
  PyObject *bar;                   /* owned; NULL: not entered */
  uint64_t reported;               /* dispatches, counted as the device's statistics count them */
  struct py_batch *outer;          /* borrowed: what `reporting` of the device was before */
} py_batch;

/* ---- progress ---------------------------------------------------------------------------------------------------- */

static int report(py_batch *self) {
  weft_stats stats;
  weft_device_stats(self->device->device, &stats);
  if (!self->bar || stats.dispatches_done <= self->reported) return 0;
  uint64_t n = stats.dispatches_done - self->reported;
  self->reported = stats.dispatches_done;
  Py_INCREF((PyObject *)self); /* the bar may do anything */
  PyObject *result = PyObject_CallMethod(self->bar, "update", "K", (unsigned long long)n);
  Py_DECREF((PyObject *)self);
  Py_XDECREF(result);
  return result ? 0 : -1;
}

/* tqdm itself is called for a bar; a bar that exists is used as it is. */
static int open_bar(py_batch *self) {
  self->bar = PyCallable_Check(self->progress) ? PyObject_CallNoArgs(self->progress) : self->progress;
  if (self->bar == self->progress) Py_INCREF(self->bar);
  if (!self->bar) return -1;
  weft_stats stats;
  weft_device_stats(self->device->device, &stats);
  self->reported = stats.dispatches; /* those before are none of this batch */
  self->outer = self->device->reporting;
  self->device->reporting = self;
  return 0;
}

/* A bar that was made here is also closed here. Keeps a pending exception. */
static int close_bar(py_batch *self) {
  PyObject *bar = self->bar, *type, *value, *traceback, *result = NULL;
  if (!bar) return 0;
  self->bar = NULL;
  if (self->device->reporting == self) self->device->reporting = self->outer;
  PyErr_Fetch(&type, &value, &traceback);
  bool ours = bar != self->progress && PyObject_HasAttrString(bar, "close");
  if (ours) result = PyObject_CallMethod(bar, "close", NULL);
  bool failed = ours && !result;
  Py_XDECREF(result);
  Py_DECREF(bar);
  if (failed && !type) return -1;
  PyErr_Restore(type, value, traceback);
  return 0;
}

static bool goes_on(weft_status status) { return status == WEFT_OK || status == WEFT_BLOCKED; }

int py_batch_wait(py_device *device) {
  weft_error err;
  uint32_t in_flight;
  weft_status status = WEFT_OK;
  if (weft_device_crowded(device->device)) status = py_host_pace(device->device, false, &in_flight, &err);
  if (!goes_on(status)) {
    py_error_raise(py_state_of((PyObject *)device), &err);
    return -1;
  }
  return device->reporting ? report(device->reporting) : 0;
}

/* Until all has run, so that the bar ends full; where nothing can wait it ends with what is known. */
static int finish_bar(py_batch *self) {
  weft_error err;
  uint32_t left = 1;
  weft_status status = weft_device_flush(self->device->device, &err); /* an outer batch would keep it */
  while (left && status == WEFT_OK) {
    status = py_host_pace(self->device->device, true, &left, &err);
    if (goes_on(status) && report(self) < 0) return -1;
  }
  if (goes_on(status)) return 0;
  py_error_raise(py_state_of((PyObject *)self), &err);
  return -1;
}

/* ---- the type ---------------------------------------------------------------------------------------------------- */

static PyObject *batch_enter(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_batch *self = (py_batch *)o;
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->progress && !self->depth && open_bar(self) < 0) return NULL;
  weft_device_batch_begin(self->device->device);
  if (self->max_ms > 0) weft_device_batch_limit(self->device->device, self->max_ms);
  self->depth++;
  Py_INCREF(o);
  return o;
}

static PyObject *batch_exit(PyObject *o, PyObject *args) {
  py_batch *self = (py_batch *)o;
  weft_error err;
  if (!self->depth) {
    PyErr_SetString(py_state_of(o)->exceptions[WEFT_STATE], "this batch was not entered");
    return NULL;
  }
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  self->depth--;
  /* An exception of the body goes before what the device has to say. */
  bool failing = PyTuple_Size(args) > 0 && PyTuple_GetItem(args, 0) != Py_None, failed = false;
  if (weft_device_batch_end(self->device->device, &err) != WEFT_OK && !failing) {
    py_error_raise(py_state_of(o), &err);
    failed = true;
  }
  if (!self->depth && self->bar) {
    if (!failing && !failed) failed = finish_bar(self) < 0;
    if (close_bar(self) < 0) failed = true;
    if (failing && failed) PyErr_Clear(), failed = false;
  }
  if (failed) return NULL;
  Py_RETURN_FALSE;
}

static void batch_dealloc(PyObject *o) {
  py_batch *self = (py_batch *)o;
  for (; self->depth && !py_state_of(o)->forked; self->depth--)
    if (weft_device_batch_end(self->device->device, NULL) != WEFT_OK) continue; /* nobody is left to hear of it */
  if (close_bar(self) < 0) PyErr_Clear();
  Py_XDECREF(self->progress);
  Py_XDECREF((PyObject *)self->device);
  py_object_free(o);
}

static PyMethodDef batch_methods[] = {
    {"__enter__", batch_enter, METH_NOARGS, NULL},
    {"__exit__", batch_exit, METH_VARARGS, NULL},
    {0},
};

static PyType_Slot batch_slots[] = {
    {Py_tp_doc, PY_DOC_BATCH_TYPE}, {Py_tp_dealloc, (void *)batch_dealloc}, {Py_tp_methods, batch_methods}, {0}};

static PyType_Spec batch_spec = {
    .name = "weft._core.Batch",
    .basicsize = sizeof(py_batch),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = batch_slots,
};

/* ---- weft.batch -------------------------------------------------------------------------------------------------- */

static int read_limit(PyObject *argument, double *out) {
  *out = 0;
  if (argument == Py_None) return 0;
  if (!py_convert_is_scalar(argument)) return py_error_type(argument, "`max_ms_per_submit` wants a number above 0");
  *out = PyFloat_AsDouble(argument);
  if (*out == -1 && PyErr_Occurred()) return -1;
  if (*out > 0) return 0;
  PyErr_Format(PyExc_ValueError, "`max_ms_per_submit` wants a number above 0, got %R", argument);
  return -1;
}

static PyObject *module_batch(PyObject *module, PyObject *args, PyObject *keywords) {
  static char *names[] = {"device", "max_ms_per_submit", "progress", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *device_argument = NULL, *limit = Py_None, *progress = Py_None;
  double max_ms;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O$OO", names, &device_argument, &limit, &progress)) return NULL;
  if (read_limit(limit, &max_ms) < 0) return NULL;
  bool told = progress != Py_None;
  if (told && !PyCallable_Check(progress) && !PyObject_HasAttrString(progress, "update"))
    return py_error_type(progress, "`progress` wants a bar with update(n), or a function that makes one"), NULL;
  py_device *device = py_device_get(state, device_argument);
  py_batch *self = device ? (py_batch *)py_object_create(state->batch_type) : NULL;
  if (!self) {
    Py_XDECREF((PyObject *)device);
    return NULL;
  }
  self->device = device;
  self->max_ms = told && max_ms == 0 ? USUAL_MS : max_ms;
  if (told) Py_INCREF(self->progress = progress);
  return (PyObject *)self;
}

static PyMethodDef functions[] = {PY_KEYWORDS("batch", module_batch, PY_DOC_BATCH), {0}};

int py_batch_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_type_add(module, &batch_spec, &state->batch_type) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}
