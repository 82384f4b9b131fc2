/* Opening a WebGPU library and filling the table of its functions (procs.def); creating and destroying the driver. */
#define _GNU_SOURCE /* dladdr */
#include "drivers/native/native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/native/internal.h"

#if defined(_WIN32)
static const char *const usual_names[] = {"webgpu_dawn.dll", "wgpu_native.dll"};
#elif defined(__APPLE__)
static const char *const usual_names[] = {"libwebgpu_dawn.dylib", "libwgpu_native.dylib"};
#else
static const char *const usual_names[] = {"libwebgpu_dawn.so", "libwgpu_native.so"};
#endif
enum { N_USUAL_NAMES = sizeof usual_names / sizeof *usual_names };

/* Where functions come from: a loaded library, or a host's wgpuGetProcAddress. */
typedef struct source {
  void *library;
  WGPUProcGetProcAddress get_proc_address;
} source;

typedef enum rank { NEEDED, WELCOME, RISKY } rank;

typedef struct proc_place {
  const char *name;
  size_t offset;
  rank rank;
} proc_place;

static const proc_place places[] = {
#define PROC(name, rank) {"wgpu" #name, offsetof(weft__procs, name), rank},
#include "procs.def"
#undef PROC
};

#if defined(_WIN32)
static void *library_open(const char *path) { return (void *)LoadLibraryA(path); }
static const char *library_problem(void) { return "it cannot be loaded"; }
static WGPUProc library_find(void *library, const char *name) {
  return (WGPUProc)(void (*)(void))GetProcAddress((HMODULE)library, name);
}
static void library_path_of(const void *address, char *out, size_t capacity) {
  HMODULE module;
  DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (GetModuleHandleExA(flags, address, &module)) GetModuleFileNameA(module, out, (DWORD)capacity);
}
#else
static void *library_open(const char *path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL); }
static const char *library_problem(void) {
  const char *text = dlerror();
  return text ? text : "it cannot be loaded";
}
static WGPUProc library_find(void *library, const char *name) {
  void *address = dlsym(library, name);
  WGPUProc proc;
  memcpy(&proc, &address, sizeof proc);
  return proc;
}
static void library_path_of(const void *address, char *out, size_t capacity) {
  Dl_info info;
  if (dladdr(address, &info) && info.dli_fname) snprintf(out, capacity, "%s", info.dli_fname);
}
#endif

static WGPUProc source_find(const source *s, const char *name) {
  return s->library ? library_find(s->library, name) : s->get_proc_address(weft__view(name));
}

static weft_status fill_procs(weft__native *n, const source *s, const char *path, weft_error *err) {
  n->library = source_find(s, "wgpuGetVersion")   ? WEFT__LIBRARY_WGPU_NATIVE
               : source_find(s, "wgpuDeviceTick") ? WEFT__LIBRARY_DAWN
                                                  : WEFT__LIBRARY_OTHER;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    const proc_place *place = &places[i];
    bool avoid = place->rank == RISKY && n->library == WEFT__LIBRARY_WGPU_NATIVE;
    WGPUProc proc = avoid ? NULL : source_find(s, place->name);
    if (!proc && place->rank == NEEDED)
      return weft__fail(err, WEFT_UNSUPPORTED, "%s is no WebGPU library that can be used, or it is too old: it lacks %s; "
                        "the packages wgpudawn and wgpu have libraries that can", path, place->name);
    memcpy((char *)&n->procs + place->offset, &proc, sizeof proc);
  }
  return WEFT_OK;
}

static void describe(weft__native *n, const source *s, const char *path) {
  char found[512] = "";
  if (!path || !*path) {
    const void *address;
    memcpy(&address, &n->procs.CreateInstance, sizeof address);
    library_path_of(address, found, sizeof found);
    path = found;
  }
  char version[48] = "";
  if (n->library == WEFT__LIBRARY_WGPU_NATIVE) {
    WGPUProc proc = source_find(s, "wgpuGetVersion");
    uint32_t (*get_version)(void);
    memcpy(&get_version, &proc, sizeof get_version);
    uint32_t v = get_version();
    snprintf(version, sizeof version, " %u.%u.%u.%u", v >> 24, v >> 16 & 0xFF, v >> 8 & 0xFF, v & 0xFF);
  }
  static const char *const names[] = {"A WebGPU library", "Dawn", "wgpu-native"};
  snprintf(n->about, sizeof n->about, "%s%s%s%s", names[n->library], version, *path ? " at " : "", path);
}

/* The library at `path`, else the one the environment names, else the first usual one; what was tried goes to `err`. */
static weft_status find_library(const char **path, source *s, weft_error *err) {
  const char *named = *path ? *path : getenv("WEFT_WEBGPU_LIBRARY");
  if (named && *named) {
    s->library = library_open(named);
    if (!s->library)
      return weft__fail(err, WEFT_UNSUPPORTED, "the WebGPU library %s%s cannot be opened: %s", named,
                        *path ? "" : " (from WEFT_WEBGPU_LIBRARY)", library_problem());
    *path = named;
    return WEFT_OK;
  }
  for (int i = 0; i < N_USUAL_NAMES; i++)
    if ((s->library = library_open(usual_names[i]))) return WEFT_OK;
  return weft__fail(err, WEFT_UNSUPPORTED,
                    "no WebGPU library was found: WEFT_WEBGPU_LIBRARY is not set, and the system has neither %s nor %s; "
                    "pip install \"weft[dawn]\" or \"weft[gpu]\" brings one",
                    usual_names[0], usual_names[1]);
}

weft_status weft_native_driver_create(const char *library_path, void *get_proc_address, const weft_driver **out,
                                      weft_error *err) {
  source s = {0};
  weft_status status = WEFT_OK;
  if (get_proc_address)
    memcpy(&s.get_proc_address, &get_proc_address, sizeof s.get_proc_address);
  else
    status = find_library(&library_path, &s, err);
  if (status) return status;

  weft__native *n = weft__alloc_zero(1, sizeof *n);
  if (!n) return weft__fail_memory(err);
  status = fill_procs(n, &s, library_path ? library_path : "what the host named", err);
  if (!status) {
    describe(n, &s, library_path);
    n->instance = n->procs.CreateInstance(NULL);
    if (!n->instance) status = weft__fail(err, WEFT_UNSUPPORTED, "%s could not create its instance", n->about);
  }
  if (status) {
    weft__free(n);
    return status;
  }
  weft__lock_init(&n->lock);
  weft__lock_init(&n->record_lock);
  n->table = (weft_driver){
      .abi = WEFT_DRIVER_ABI,
      .name = "native",
      .context = n,
      WEFT_DRIVER_FUNCTIONS(weft__native),
      .wait = weft__native_wait,
  };
  *out = &n->table;
  return WEFT_OK;
}

void weft_native_driver_destroy(const weft_driver *driver) {
  if (!driver) return;
  weft__native *n = driver->context;
  /* Releasing the instance calls what is still due. The library itself stays: none of them survives being unloaded
   * while its threads and thread-local destructors are around. */
  n->procs.InstanceRelease(n->instance);
  while (n->orphans.first) {
    weft__record *r = n->orphans.first;
    n->orphans.first = r->next;
    r->list = NULL;
    weft__record_free(r);
  }
  weft__lock_free(&n->record_lock);
  weft__lock_free(&n->lock);
  weft__free(n);
}
