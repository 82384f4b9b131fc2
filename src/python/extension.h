/* What the files of the extension weft._core share: the module's state, the object structs, and who does what.
 *
 *   module.c     module state, functions of the module     future.c     reads and other things that settle later
 *   errors.c     status -> exception                        host.c       drivers, and how Python waits
 *   dtype.c      weft.float32 …                             device.c     Device
 *   batch.c      batch(), its limit and its progress
 *   buffer.c     Buffer, and what Array has in common       array.c      Array
 *   convert.c    Python values -> bytes of one dtype        kernel.c     Kernel
 *   arguments.c  Python values -> bytes of one WGSL type    call.c       calling a Kernel (both: kernel.h)
 *   show.c       pixels to a canvas                         check.c      checking WGSL without a device
 *
 * - CPython's limited API of 3.11, heap types that are final and immutable, no globals that change.
 * - A function that returns PyObject * gives a new reference, or NULL with an exception set; one that returns int gives
 *   0, or -1 with an exception set, unless it says otherwise.
 * - No type takes part in garbage collection: objects own only C objects, tuples of numbers and names, and each other
 *   upwards (Array -> Device), so that no cycle can go through them.
 * - Every wait lets other Python code run. Before one nothing may be borrowed that such code could free. */
#ifndef WEFT_PYTHON_EXTENSION_H
#define WEFT_PYTHON_EXTENSION_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "weft.h"

enum {
#define X(name, text) PY_STATUS_##name,
  WEFT_STATUS_LIST(X)
#undef X
      PY_STATUS_COUNT
};

/* ---- module state ------------------------------------------------------------------------------------------------ */

/* Every Python object the module holds (all owned), by the file that fills it. */
#define PY_STATE_OBJECTS(X)                                                                   \
  X(device_type)                                                                              \
  X(batch_type)                                                                               \
  X(dtype_type)                                                                               \
  X(buffer_type)                                                                              \
  X(array_type)                                                                               \
  X(kernel_type)                                                                              \
  X(recording_type)                                                                           \
  X(timer_type)                                                                               \
  X(binding_type)                                                                             \
  X(future_type)                                                                              \
  X(devices)        /* device.c: what was asked for -> Device, opened or opening */           \
  X(default_device) /* device.c: the Device of calls that name none, NULL until it is open */ \
  X(settle)         /* future.c: weft._async.settle, NULL until used */                       \
  X(web)            /* host.c: the module weft._web, NULL natively */                         \
  X(web_driver)     /* host.c: its capsule */                                                 \
  X(absent_reason)  /* host.c: why, NULL while nothing is */                                  \
  X(interruption)   /* host.c: the exception of an interruption during work, until it can be raised */ \
  X(can_run_sync)   /* host.c: of pyodide.ffi, NULL natively */

typedef struct py_state {
#define X(name) PyObject *name;
  PY_STATE_OBJECTS(X)
#undef X
  PyObject *exceptions[PY_STATUS_COUNT];
  PyObject *dtypes[WEFT_DTYPE_COUNT];
  weft_instance *instance;   /* NULL until the first device is asked for */
  const weft_driver *native; /* owned; NULL where there is none */
  const weft_driver *cpu;    /* owned */
  weft_driver absent;        /* host.c: in the place of web or native where they cannot be had */
  bool had_gpu;              /* a GPU was the best device: never the CPU instead of it without being asked */
  bool forked;               /* this process is a fork of one that used devices: they do not work here */
} py_state;

static inline py_state *py_state_of(PyObject *self) { return PyType_GetModuleState(Py_TYPE(self)); }

/* ---- objects ----------------------------------------------------------------------------------------------------- */

typedef struct py_device {
  PyObject_HEAD weft_device *device; /* owned */
  weft_future *ready;                /* owned; NULL once the device is open */
  bool alone;                        /* opened with new=True: no other stands for it, nor it for others */
  struct py_batch *reporting;        /* borrowed: the innermost batch that is entered and has a progress */
} py_device;

/* The common beginning of Buffer and Array: a range of a device buffer. */
typedef struct py_storage {
  PyObject_HEAD weft_buffer *buffer; /* owned */
  py_device *device;                 /* owned */
  uint64_t offset, n_bytes;
  weft_dtype dtype; /* RAW in a Buffer */
  uint32_t inner;   /* length of the last axis when there are several, else 0 */
} py_storage;

typedef struct py_array {
  py_storage storage;
  PyObject *shape; /* owned tuple of ints */
} py_array;

typedef struct py_dtype {
  PyObject_HEAD weft_dtype value;
} py_dtype;

/* An entry of a method table for a function with keywords. */
#define PY_KEYWORDS(name, function, doc) \
  {name, (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS, doc}

/* A new zeroed object of one of the module's types. */
PyObject *py_object_create(PyObject *type);
/* A new dict of a mapping given as `argument`; TypeError when it is none. */
PyObject *py_dict_read(PyObject *mapping, const char *argument);
/* The last step of every tp_dealloc. */
void py_object_free(PyObject *self);
/* Adds a type to the module and to the state. */
int py_type_add(PyObject *module, PyType_Spec *spec, PyObject **slot);

/* ---- errors.c ---------------------------------------------------------------------------------------------------- */

int py_errors_init(py_state *state);
/* Sets the exception for `err`; keeps one that is pending for INTERRUPTED and HOST. Returns NULL. */
PyObject *py_error_raise(py_state *state, const weft_error *err);
/* The same for WEFT_SHADER, with the source (may be NULL) as attribute. */
PyObject *py_error_raise_shader(py_state *state, const weft_error *err, PyObject *source);
/* " (did you mean `x`?)" into `out` when one of the candidates is near to `name`; else "; there are x, y" when that fits,
 * else "". */
#define PY_HINT_CAPACITY 160
typedef const char *(*py_candidate)(const void *data, uint32_t index); /* NULL: no more */
const char *py_error_hint(PyObject *name, py_candidate candidate, const void *data, char out[PY_HINT_CAPACITY]);
/* How messages show a name that was given: text in backticks, anything else as its repr. */
PyObject *py_error_name(PyObject *name);
/* TypeError "<message>, got <name of the type of `got`>". Returns -1. */
int py_error_type(PyObject *got, const char *format, ...);
/* Puts "prefix" in front of the text of the pending TypeError, ValueError or OverflowError. */
void py_error_prefix(const char *prefix);

/* ---- host.c ------------------------------------------------------------------------------------------------------ */

/* Raises what interrupted the work of a device, which ends it. 0 when nothing did, -1 with the exception. */
int py_host_interruption(py_state *state, weft_device *device);
/* The instance (borrowed from the state), made with its drivers at the first call. */
weft_instance *py_host_instance(py_state *state);
void py_host_free(py_state *state);
/* -1 with StateError in a fork of a process that used devices; what belongs to one is not touched there at all. */
int py_host_check(py_state *state);
/* weft_future_wait for a future whose reference the caller owns. `instead` is the await form that the message names
 * when nothing can wait. Returns 0 when it settled with OK. */
int py_host_wait(py_state *state, weft_future *future, const char *instead);
/* weft_buffer_write that lets other threads run when there is much to write. */
weft_status py_host_write(weft_buffer *buffer, uint64_t offset, const void *bytes, uint64_t n_bytes, weft_error *err);
/* weft_device_pace that lets other threads run. WEFT_BLOCKED is no reason to stop: the program just is not held back. */
weft_status py_host_pace(weft_device *device, bool idle, uint32_t *in_flight, weft_error *err);

/* ---- device.c ---------------------------------------------------------------------------------------------------- */

int py_device_init(PyObject *module);
/* The open device that a `device` argument (NULL or None: the default one) means; opens and waits if it must. */
py_device *py_device_get(py_state *state, PyObject *argument);
/* Notes that an opening device has settled: 0 with it open, -1 with the reason why not. */
int py_device_settled(py_state *state, py_device *device);
/* The Device (new reference) to use for one that has settled: itself, or the one that is open for the same adapter. */
py_device *py_device_same(py_state *state, py_device *device);

/* ---- batch.c ----------------------------------------------------------------------------------------------------- */

int py_batch_init(PyObject *module);
/* After a command: waits while the device has been given too much, and tells the batch's progress. */
int py_batch_wait(py_device *device);
static inline int py_batch_pace(py_device *device) {
  return device->reporting || weft_device_crowded(device->device) ? py_batch_wait(device) : 0;
}

/* ---- dtype.c ----------------------------------------------------------------------------------------------------- */

int py_dtype_init(PyObject *module);
/* Reads a dtype argument. `convert` is the call to name when it is a dtype that devices do not have; NULL: none. */
int py_dtype_read(py_state *state, PyObject *argument, weft_dtype *out);
/* The same without an exception: false if it is none. */
bool py_dtype_match(py_state *state, PyObject *argument, weft_dtype *out);
PyObject *py_dtype_get(py_state *state, weft_dtype dtype);
/* The format character of struct and memoryview; NULL for RAW and complex64. */
const char *py_dtype_format(weft_dtype dtype);

/* ---- convert.c --------------------------------------------------------------------------------------------------- */

/* Where a value stands, for messages only: `p`, `p.a`, `p.a[3]`. Lives on the stack of the recursion. */
typedef struct py_where {
  const struct py_where *parent;
  const char *name; /* NULL: an index */
  int64_t index;
} py_where;

/* Writes the path in backticks, with ": " behind it; "" for NULL. */
#define PY_WHERE_CAPACITY 256
const char *py_where_text(const py_where *where, char out[PY_WHERE_CAPACITY]);

/* One Python number as one element of `dtype`. Out of range is an OverflowError; a float for an integer a TypeError.
 * `type_name` is what messages call the type. */
int py_convert_scalar(PyObject *value, weft_dtype dtype, void *out, const char *type_name, const py_where *where);
/* Whether `value` is a number, or a NumPy scalar or 0-d array. Never fails. */
bool py_convert_is_scalar(PyObject *value);
/* Whether `value` is one integer, not an array of some. Never fails. */
bool py_convert_is_index(PyObject *value);

/* Elements in host memory, C-contiguous. */
typedef struct py_host_data {
  const void *bytes;
  uint64_t n_bytes;
  weft_dtype dtype;
  PyObject *shape; /* owned tuple */
  Py_buffer view;  /* held while view.obj is not NULL */
  void *owned;
} py_host_data;

#define PY_DTYPE_ANY WEFT_DTYPE_COUNT

typedef enum py_casting {
  PY_CASTING_SAME, /* buffers must have the dtype; Python numbers are converted */
  PY_CASTING_ANY   /* buffers are converted too */
} py_casting;

/* Brings a buffer-protocol object, a Python number or nested sequence into host memory as `dtype` (PY_DTYPE_ANY: its
 * own, for Python numbers bool, int32, float32 or complex64). A contiguous buffer of its dtype is used where
 * it is. */
int py_convert_host(PyObject *value, weft_dtype dtype, py_casting casting, py_host_data *out);
/* Only what exports a buffer; bytes and bytearray become RAW. */
int py_convert_buffer(PyObject *value, py_host_data *out);
void py_host_data_free(py_host_data *data);

/* A shape argument: an int or a sequence of ints. *shape is a new tuple; *size the product, at most SIZE_MAX / 16. */
int py_convert_shape(PyObject *argument, PyObject **shape, uint64_t *size);

/* ---- buffer.c, array.c ------------------------------------------------------------------------------------------- */

int py_buffer_init(PyObject *module);
int py_array_init(PyObject *module);
void py_storage_free(PyObject *self);
PyObject *py_storage_device(PyObject *self, void *closure);
PyObject *py_storage_nbytes(PyObject *self, void *closure);
/* Reads a slice with step 1 of an axis of `length`. `what` is the expression to name in the message. */
int py_storage_slice(PyObject *key, Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *count);
/* Starts a read of the whole range. *future is owned. */
int py_storage_read(py_storage *self, weft_future **future);
/* Its elements as an argument of a kernel. */
static inline weft_arg py_storage_argument(const py_storage *s) {
  return (weft_arg){.kind = WEFT_ARG_BUFFER,
                    .dtype = s->dtype,
                    .buffer = s->buffer,
                    .offset = s->offset,
                    .n_bytes = s->n_bytes,
                    .inner = s->inner};
}
/* A new Array over n elements of `buffer` (retained). `shape` is borrowed. */
PyObject *py_array_view(py_state *state, py_device *device, weft_buffer *buffer, uint64_t offset, weft_dtype dtype,
                        PyObject *shape, uint64_t size);
/* A new Array with new memory. */
PyObject *py_array_create(py_state *state, py_device *device, weft_dtype dtype, PyObject *shape, uint64_t size);

/* ---- future.c ---------------------------------------------------------------------------------------------------- */

typedef enum py_result {
  PY_RESULT_NONE,
  PY_RESULT_SUBJECT, /* the object that became ready */
  PY_RESULT_INTO,    /* the elements read, in the object that is the subject */
  PY_RESULT_NUMPY,
  PY_RESULT_MEMORYVIEW,
  PY_RESULT_BYTES,
  PY_RESULT_SECONDS /* of the Timer that is the subject */
} py_result;

int py_future_init(PyObject *module);
/* A Python Future; `future` is consumed, also on failure. `subject` (borrowed): the Array or Buffer read, a Device … */
PyObject *py_future_create(py_state *state, weft_future *future, py_result result, PyObject *subject);
/* A coroutine that waits for the Future (consumed; NULL passes through). */
PyObject *py_future_settle(py_state *state, PyObject *future);
/* Starts a read, waits, and returns the result: `into` (borrowed) with the bytes, or what `result` says when it is NULL. */
PyObject *py_future_read(py_storage *self, py_result result, PyObject *into, const char *instead);
/* Starts a read and returns a coroutine. */
PyObject *py_future_read_async(py_storage *self, py_result result, PyObject *into);

/* ---- arguments.c ------------------------------------------------------------------------------------------------- */

/* Writes `value` as a WGSL value of `type` to `out` (type->size bytes, zeroed). `names`: the interned member names of a
 * struct, or NULL. */
int py_arguments_pack(const wgsl_type *type, PyObject *const *names, PyObject *value, unsigned char *out,
                      const py_where *where);
/* Whether the NumPy dtype of `value` lays its fields out as `type` does. 1: yes; 0: it is no record; -1: it differs. */
int py_arguments_record(const wgsl_type *type, PyObject *value, const py_where *where);

/* ---- show.c ------------------------------------------------------------------------------------------------------ */

int py_show_init(PyObject *module);
/* The method Array.show: weft.show(self, ...). */
PyObject *py_show_method(PyObject *self, PyObject *args, PyObject *keywords);

/* ---- kernel.c ---------------------------------------------------------------------------------------------------- */

int py_kernel_init(PyObject *module);

/* ---- check.c ----------------------------------------------------------------------------------------------------- */

int py_check_init(PyObject *module);

/* ---- recording.c ------------------------------------------------------------------------------------------------- */

int py_recording_init(PyObject *module);

/* ---- timer.c ----------------------------------------------------------------------------------------------------- */

typedef struct py_timer py_timer;

int py_timer_init(PyObject *module);
/* The seconds of a timer, whose read has settled with OK. */
PyObject *py_timer_take(py_timer *self, weft_future *future);

#endif
