/* Recording: commands that are kept and replayed; what `weft.record` returns.
 *
 *   NEW ──with──▶ OPEN ──end of the block──▶ DONE (graph)
 *                   └── an exception in it ──▶ DROPPED */
#include "python/docs.h"
#include "python/extension.h"

typedef enum stage { STAGE_NEW, STAGE_OPEN, STAGE_DONE, STAGE_DROPPED } stage;

typedef struct py_recording {
  PyObject_HEAD py_device *device; /* owned */
  weft_graph *graph;               /* owned; NULL unless DONE */
  stage stage;
} py_recording;

static PyObject *fail_stage(PyObject *o, const char *what) {
  static const char *const words[] = {
      [STAGE_NEW] = "nothing is recorded yet: with weft.record() as g: ...",
      [STAGE_OPEN] = "the recording has not ended",
      [STAGE_DONE] = "the recording has ended",
      [STAGE_DROPPED] = "the recording was dropped, since an exception ended its block",
  };
  return PyErr_Format(py_state_of(o)->exceptions[WEFT_STATE], "%s: %s", what, words[((py_recording *)o)->stage]);
}

static PyObject *recording_enter(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_recording *self = (py_recording *)o;
  weft_error err;
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->stage != STAGE_NEW) return fail_stage(o, "record");
  if (weft_device_record_begin(self->device->device, &err) != WEFT_OK) return py_error_raise(py_state_of(o), &err);
  self->stage = STAGE_OPEN;
  Py_INCREF(o);
  return o;
}

static PyObject *recording_exit(PyObject *o, PyObject *args) {
  py_recording *self = (py_recording *)o;
  weft_error err;
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->stage != STAGE_OPEN) return fail_stage(o, "record");
  /* An exception of the body goes before what the device has to say. */
  bool failing = PyTuple_Size(args) > 0 && PyTuple_GetItem(args, 0) != Py_None;
  self->stage = STAGE_DROPPED;
  weft_status status = weft_device_record_end(self->device->device, failing ? NULL : &self->graph, &err);
  if (failing) Py_RETURN_FALSE;
  if (status != WEFT_OK) return py_error_raise(py_state_of(o), &err);
  self->stage = STAGE_DONE;
  Py_RETURN_FALSE;
}

static void recording_dealloc(PyObject *o) {
  py_recording *self = (py_recording *)o;
  weft_error err;
  bool forked = py_state_of(o)->forked;
  if (!forked && self->stage == STAGE_OPEN && weft_device_record_end(self->device->device, NULL, &err) != WEFT_OK)
    self->stage = STAGE_DROPPED; /* nobody is left to hear of it */
  if (!forked) weft_graph_release(self->graph);
  Py_XDECREF((PyObject *)self->device);
  py_object_free(o);
}

/* ---- replay ------------------------------------------------------------------------------------------------------ */

static int read_rebind(py_state *state, PyObject *name, PyObject *value, weft_rebind *out) {
  const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
  if (!text) return -1;
  PyTypeObject *type = Py_TYPE(value);
  if (type != (PyTypeObject *)state->array_type && type != (PyTypeObject *)state->buffer_type)
    return py_error_type(value, "`%s` wants a weft array or Buffer: a replay gives other arrays, values stay as recorded",
                         text);
  *out = (weft_rebind){text, py_storage_argument((const py_storage *)value)};
  return 0;
}

static PyObject *recording_replay(PyObject *o, PyObject *args, PyObject *keywords) {
  py_recording *self = (py_recording *)o;
  Py_ssize_t n = keywords ? PyDict_Size(keywords) : 0, at = 0;
  PyObject *name, *value;
  weft_error err;
  if (PyTuple_Size(args))
    return PyErr_Format(PyExc_TypeError, "replay() takes arrays by name, got %zd without", PyTuple_Size(args));
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->stage != STAGE_DONE) return fail_stage(o, "replay");
  weft_rebind *rebinds = n ? PyMem_Calloc((size_t)n, sizeof *rebinds) : NULL;
  if (n && !rebinds) return PyErr_NoMemory();
  int failed = 0;
  for (Py_ssize_t i = 0; !failed && i < n && PyDict_Next(keywords, &at, &name, &value); i++)
    failed = read_rebind(py_state_of(o), name, value, &rebinds[i]);
  if (!failed && weft_graph_replay(self->graph, rebinds, (uint32_t)n, &err) != WEFT_OK) {
    py_error_raise(py_state_of(o), &err);
    failed = -1;
  }
  PyMem_Free(rebinds);
  if (failed || py_batch_pace(self->device) < 0) return NULL;
  Py_RETURN_NONE;
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static PyObject *recording_commands(PyObject *o, void *closure) {
  (void)closure;
  py_recording *self = (py_recording *)o;
  if (self->stage != STAGE_DONE) return fail_stage(o, "commands");
  return PyLong_FromUnsignedLong(weft_graph_commands(self->graph));
}

static PyObject *recording_device(PyObject *o, void *closure) {
  (void)closure;
  PyObject *device = (PyObject *)((py_recording *)o)->device;
  Py_INCREF(device);
  return device;
}

static PyObject *recording_repr(PyObject *o) {
  static const char *const words[] = {
      [STAGE_NEW] = "not begun", [STAGE_OPEN] = "recording", [STAGE_DONE] = "", [STAGE_DROPPED] = "dropped"};
  py_recording *self = (py_recording *)o;
  if (self->stage != STAGE_DONE) return PyUnicode_FromFormat("<weft.Recording, %s>", words[self->stage]);
  uint32_t n = weft_graph_commands(self->graph);
  return PyUnicode_FromFormat("<weft.Recording of %u command%s>", (unsigned)n, n == 1 ? "" : "s");
}

static PyGetSetDef recording_getset[] = {
    {"commands", recording_commands, NULL, "How many commands it holds: calls, copies, fills, writes.", NULL},
    {"device", recording_device, NULL, "The Device it runs on.", NULL},
    {0},
};

static PyMethodDef recording_methods[] = {
    {"__enter__", recording_enter, METH_NOARGS, NULL},
    {"__exit__", recording_exit, METH_VARARGS, NULL},
    PY_KEYWORDS("replay", recording_replay, PY_DOC_RECORDING_REPLAY),
    {0},
};

static PyType_Slot recording_slots[] = {
    {Py_tp_doc, PY_DOC_RECORDING},       {Py_tp_dealloc, (void *)recording_dealloc},
    {Py_tp_repr, (void *)recording_repr}, {Py_tp_getset, recording_getset},
    {Py_tp_methods, recording_methods},  {0},
};

static PyType_Spec recording_spec = {
    .name = "weft.Recording",
    .basicsize = sizeof(py_recording),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = recording_slots,
};

static PyObject *module_record(PyObject *module, PyObject *args, PyObject *keywords) {
  static char *names[] = {"device", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *argument = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:record", names, &argument)) return NULL;
  py_device *device = py_device_get(state, argument);
  py_recording *self = device ? (py_recording *)py_object_create(state->recording_type) : NULL;
  if (self)
    self->device = device;
  else
    Py_XDECREF((PyObject *)device);
  return (PyObject *)self;
}

static PyMethodDef functions[] = {PY_KEYWORDS("record", module_record, PY_DOC_RECORD), {0}};

int py_recording_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_type_add(module, &recording_spec, &state->recording_type) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}
