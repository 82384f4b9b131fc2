/* Kernel, shared by its two files: kernel.c (making one, attributes) and call.c (calling one).
 *
 *   names:  threads | groups | every binding that the module declares    interned text -> slot
 *   plans:  tuple of keyword names -> their slots                     a call site's tuple is a constant of its code */
#ifndef WEFT_PYTHON_KERNEL_H
#define WEFT_PYTHON_KERNEL_H

#include "python/extension.h"

/* Vectorcall enters the limited API at 3.12; the flag, the member and the convention are the same since 3.8. */
#define PY_TPFLAGS_HAVE_VECTORCALL (1UL << 11)
#define PY_VECTORCALL_NARGS(n) ((Py_ssize_t)((n) & ~((size_t)1 << (8 * sizeof(size_t) - 1))))
typedef PyObject *(*py_vectorcall)(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames);

/* What a name means, beside the number of a slot. */
enum {
  PY_SLOT_UNUSED = -1, /* declared, but not used by this entry point */
  PY_SLOT_THREADS = -2,
  PY_SLOT_GROUPS = -3,
  PY_SLOT_UNKNOWN = -4
};

enum { PY_GRID_NAMES = 2, PY_PLANS = 4, PY_PLAN_KEYWORDS = 24 };

typedef struct py_name {
  PyObject *text; /* owned, interned */
  int slot;
  uint32_t group, binding;
} py_name;

typedef struct py_plan {
  PyObject *kwnames; /* owned tuple; NULL: free */
  int16_t slots[PY_PLAN_KEYWORDS];
} py_plan;

/* What a slot needs beside weft_slot. */
typedef struct py_slot {
  PyObject **members;  /* owned: the interned names of its struct's members; NULL where it is none */
  uint32_t scratch_at; /* where its value is packed */
} py_slot;

typedef struct py_kernel {
  PyObject_HEAD py_vectorcall vectorcall;
  weft_kernel *kernel;    /* owned */
  py_device *device;      /* owned */
  PyObject *source;       /* owned str */
  PyObject *constants;    /* owned dict */
  const weft_slot *slots; /* borrowed from `kernel` */
  py_slot *slot_facts;    /* owned, one per slot */
  py_name *names;         /* owned */
  uint32_t n_slots, n_names, scratch_bytes, next_plan;
  py_plan plans[PY_PLANS];
} py_kernel;

/* call.c */
PyObject *py_kernel_vectorcall(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames);
PyObject *py_kernel_call(PyObject *self, PyObject *args, PyObject *keywords);

#endif
