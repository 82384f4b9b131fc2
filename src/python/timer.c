/* Timer: how long the device took for what ran inside a block; what `weft.timer` returns.
 *
 *   NEW ──with──▶ RUNNING ──end of the block──▶ STOPPED ──seconds()──▶ future ──settled──▶ seconds
 *
 * The time is read once: all who ask share the future, and what it was read from goes back when it is known. */
#include "python/docs.h"
#include "python/extension.h"

typedef enum stage { STAGE_NEW, STAGE_RUNNING, STAGE_STOPPED } stage;

struct py_timer {
  PyObject_HEAD py_device *device; /* owned */
  weft_timer *timer;               /* owned; NULL: NEW, or the seconds are known */
  weft_future *future;             /* owned; NULL: nobody has asked */
  PyObject *seconds;               /* owned float; NULL: not known */
  stage stage;
};

static PyObject *fail_state(PyObject *o, const char *text) {
  PyErr_SetString(py_state_of(o)->exceptions[WEFT_STATE], text);
  return NULL;
}

static PyObject *timer_enter(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_timer *self = (py_timer *)o;
  weft_error err;
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->stage != STAGE_NEW) return fail_state(o, "a timer times one block; weft.timer() makes another");
  if (weft_timer_start(self->device->device, &self->timer, &err) != WEFT_OK) return py_error_raise(py_state_of(o), &err);
  self->stage = STAGE_RUNNING;
  Py_INCREF(o);
  return o;
}

static PyObject *timer_exit(PyObject *o, PyObject *args) {
  py_timer *self = (py_timer *)o;
  weft_error err;
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->stage != STAGE_RUNNING) return fail_state(o, "this timer is not running");
  self->stage = STAGE_STOPPED; /* also where it cannot be stopped: the block is over, and seconds() says why there are none */
  /* An exception of the body goes before what the device has to say. */
  bool failing = PyTuple_Size(args) > 0 && PyTuple_GetItem(args, 0) != Py_None;
  if (weft_timer_stop(self->timer, &err) != WEFT_OK && !failing) return py_error_raise(py_state_of(o), &err);
  Py_RETURN_FALSE;
}

static void timer_dealloc(PyObject *o) {
  py_timer *self = (py_timer *)o;
  if (!py_state_of(o)->forked) {
    weft_future_release(self->future);
    weft_timer_release(self->timer);
  }
  Py_XDECREF(self->seconds);
  Py_XDECREF((PyObject *)self->device);
  py_object_free(o);
}

/* ---- seconds ----------------------------------------------------------------------------------------------------- */

PyObject *py_timer_take(py_timer *self, weft_future *future) {
  uint64_t ticks[2];
  weft_error err;
  if (!self->seconds) {
    if (weft_future_take(future, ticks, sizeof ticks, &err) != WEFT_OK) return py_error_raise(py_state_of((PyObject *)self), &err);
    self->seconds = PyFloat_FromDouble(weft_timer_seconds(self->timer, ticks));
    if (!self->seconds) return NULL;
    weft_timer_release(self->timer);
    self->timer = NULL;
  }
  Py_INCREF(self->seconds);
  return self->seconds;
}

/* A reference to the future of the time; NULL with an exception. */
static weft_future *read_time(py_timer *self) {
  PyObject *o = (PyObject *)self;
  weft_error err;
  if (py_host_check(py_state_of(o)) < 0) return NULL;
  if (self->stage == STAGE_NEW)
    fail_state(o, "nothing has been timed yet: with weft.timer() as t: ...");
  else if (self->stage == STAGE_RUNNING)
    fail_state(o, "the timer runs until the end of its block; ask for the seconds after it");
  else if (self->future || weft_timer_read(self->timer, &self->future, &err) == WEFT_OK)
    return weft_future_retain(self->future);
  else
    py_error_raise(py_state_of(o), &err);
  return NULL;
}

static PyObject *timer_seconds(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_timer *self = (py_timer *)o;
  if (self->seconds) {
    Py_INCREF(self->seconds);
    return self->seconds;
  }
  weft_future *future = read_time(self);
  if (!future) return NULL;
  PyObject *seconds = NULL;
  if (py_host_wait(py_state_of(o), future, "await t.seconds_async()") == 0) seconds = py_timer_take(self, future);
  weft_future_release(future);
  return seconds;
}

static PyObject *timer_seconds_async(PyObject *o, PyObject *nothing) {
  (void)nothing;
  weft_future *future = read_time((py_timer *)o);
  if (!future) return NULL;
  return py_future_settle(py_state_of(o), py_future_create(py_state_of(o), future, PY_RESULT_SECONDS, o));
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static PyObject *timer_device(PyObject *o, void *closure) {
  (void)closure;
  PyObject *device = (PyObject *)((py_timer *)o)->device;
  Py_INCREF(device);
  return device;
}

static PyObject *timer_repr(PyObject *o) {
  static const char *const words[] = {[STAGE_NEW] = "not begun", [STAGE_RUNNING] = "running", [STAGE_STOPPED] = "stopped"};
  const py_timer *self = (py_timer *)o;
  if (!self->seconds)
    return PyUnicode_FromFormat("<weft.Timer, %s>", words[self->stage]);
  PyObject *ms = PyFloat_FromDouble(PyFloat_AsDouble(self->seconds) * 1e3);
  PyObject *text = ms ? PyObject_CallMethod(ms, "__format__", "s", ".4g") : NULL;
  PyObject *repr = text ? PyUnicode_FromFormat("<weft.Timer, %U ms>", text) : NULL;
  Py_XDECREF(ms);
  Py_XDECREF(text);
  return repr;
}

static PyGetSetDef timer_getset[] = {
    {"device", timer_device, NULL, "The Device whose clock it reads.", NULL},
    {0},
};

static PyMethodDef timer_methods[] = {
    {"__enter__", timer_enter, METH_NOARGS, NULL},
    {"__exit__", timer_exit, METH_VARARGS, NULL},
    {"seconds", timer_seconds, METH_NOARGS, PY_DOC_TIMER_SECONDS},
    {"seconds_async", timer_seconds_async, METH_NOARGS, PY_DOC_TIMER_SECONDS_ASYNC},
    {0},
};

static PyType_Slot timer_slots[] = {
    {Py_tp_doc, PY_DOC_TIMER_TYPE},    {Py_tp_dealloc, (void *)timer_dealloc}, {Py_tp_repr, (void *)timer_repr},
    {Py_tp_getset, timer_getset}, {Py_tp_methods, timer_methods},         {0},
};

static PyType_Spec timer_spec = {
    .name = "weft.Timer",
    .basicsize = sizeof(py_timer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = timer_slots,
};

static PyObject *module_timer(PyObject *module, PyObject *args, PyObject *keywords) {
  static char *names[] = {"device", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *argument = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:timer", names, &argument)) return NULL;
  py_device *device = py_device_get(state, argument);
  py_timer *self = device ? (py_timer *)py_object_create(state->timer_type) : NULL;
  if (self)
    self->device = device;
  else
    Py_XDECREF((PyObject *)device);
  return (PyObject *)self;
}

static PyMethodDef functions[] = {PY_KEYWORDS("timer", module_timer, PY_DOC_TIMER), {0}};

int py_timer_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_type_add(module, &timer_spec, &state->timer_type) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}
