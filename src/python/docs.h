/* The docstrings of the extension, in the form of numpydoc: the one place where they stand (the stubs have types only).
 * A text that begins with a signature and a line "--" becomes __text_signature__. */
#ifndef WEFT_PYTHON_DOCS_H
#define WEFT_PYTHON_DOCS_H

#define PY_DOC_DTYPE \
  "The type of an array's elements.\n" \
  "\n" \
  "Small immutable objects, one each: `weft.bool`, `int8`, `int16`, `int32`, `uint8`, `uint16`, `uint32`,\n" \
  "`float16`, `float32`, `complex64`. They equal and hash like their names, and equal NumPy's dtypes of the same\n" \
  "name.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.float32 == \"float32\", weft.float32.itemsize\n" \
  "(True, 4)"

#define PY_DOC_DEVICE \
  "One open GPU device. Made by `weft.device` and `weft.device_async`.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> dev = weft.device()\n" \
  ">>> dev.kind in (\"discrete\", \"integrated\", \"cpu\", \"unknown\")\n" \
  "True\n" \
  ">>> dev.limits[\"maxComputeWorkgroupsPerDimension\"] >= 65535\n" \
  "True"

#define PY_DOC_DEVICE_DESTROY \
  "destroy($self, /)\n" \
  "--\n" \
  "\n" \
  "Give the device up: its memory goes back at once.\n" \
  "\n" \
  "Everything in flight, and every later call that needs the device, raises `DeviceLostError`. `weft.device()`\n" \
  "then opens a new one.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> dev = weft.device(new=True)\n" \
  ">>> dev.destroy()\n" \
  ">>> bool(dev.lost)\n" \
  "True"

#define PY_DOC_INTERNAL \
  "For weft's own use."

#define PY_DOC_DEVICE_LOST \
  "Awaits the loss of the device: ``reason = await device.lost`` (str). True as soon as it is lost."

#define PY_DOC_DEVICE_ON_LOST \
  "on_lost($self, callback, /)\n" \
  "--\n" \
  "\n" \
  "Call ``callback(reason)`` once, when the device is lost.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "callback : callable\n" \
  "    A function of one str, the reason. Where an event loop runs it is called there, else from a thread of its\n" \
  "    own. A device that is lost already counts.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError\n" \
  "    `callback` cannot be called.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> dev = weft.device(new=True)\n" \
  ">>> dev.on_lost(lambda reason: print(\"lost\"))\n" \
  ">>> dev.destroy()\n" \
  ">>> await asyncio.sleep(0.5)\n" \
  "lost"

#define PY_DOC_BATCH_TYPE \
  "What `weft.batch` returns: a context manager."

#define PY_DOC_DEVICE_FUNCTION \
  "device(selector=\"\", *, power=None, required_limits=None, required_features=None, new=False)\n" \
  "--\n" \
  "\n" \
  "Open a device, or return the one that is open.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "selector : str, optional\n" \
  "    ``\"cpu\"`` (weft runs kernels itself), another driver's name (``\"native\"``, ``\"web\"``), a kind of adapter\n" \
  "    (``\"gpu\"``, ``\"discrete\"``, ``\"integrated\"``, ``\"software\"``), or a part of the name of the adapter, its vendor,\n" \
  "    its backend or the library. Without one, what the environment variable ``WEFT_DEVICE`` says, else the best GPU,\n" \
  "    else the CPU. A GPU that was lost is never replaced by the CPU without asking for it.\n" \
  "power : {\"low\", \"high\"}, optional\n" \
  "    Which of several GPUs: the one that saves power, or the fast one.\n" \
  "required_limits : mapping of str to int, optional\n" \
  "    WebGPU's limits that the device must have, by name. All that an adapter has is requested anyhow: this makes\n" \
  "    it an error to have less.\n" \
  "required_features : sequence of str, optional\n" \
  "    WebGPU's features that the device must have. All are requested anyhow.\n" \
  "new : bool, optional\n" \
  "    Open one of its own, with own memory and queue, even if the adapter is open already.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Device\n" \
  "    One object for one adapter, whatever it was asked for by, until that device is lost.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "DeviceError\n" \
  "    There is no such device.\n" \
  "UnsupportedError\n" \
  "    It lacks a limit or feature; or there is no library for WebGPU.\n" \
  "CannotBlockError\n" \
  "    It would have to wait and cannot: use `device_async`.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> dev = weft.device()\n" \
  ">>> dev is weft.device()\n" \
  "True\n" \
  ">>> fast = weft.device(power=\"high\", required_limits={\"maxBufferSize\": 1 << 20})"

#define PY_DOC_START \
  "Start what the function of the same name does and return its Future. For weft's own use."

#define PY_DOC_BATCH \
  "batch(device=None, *, max_ms_per_submit=None, progress=None)\n" \
  "--\n" \
  "\n" \
  "Collect commands and hand them to the GPU together.\n" \
  "\n" \
  "Inside ``with weft.batch():`` kernel calls are handed over only by reads, `flush`, `synchronize` and the end\n" \
  "of the outermost block. Results are the same with and without it.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "max_ms_per_submit : float, optional\n" \
  "    Hands the commands over in parts that keep the GPU for about so many milliseconds, as was measured of the\n" \
  "    kernels before, so that the screen, which needs it too, stays alive. Calls wait while two parts are on their\n" \
  "    way. One call is never cut, nor is one replay. 8 keeps a page smooth.\n" \
  "progress : callable or object with ``update(n)``, optional\n" \
  "    Is told how many kernel dispatches have run, and when the block ends, which then waits for all of them.\n" \
  "    A callable, such as tqdm itself, is called without arguments for a bar, which is closed at the end.\n" \
  "    Without a limit, one of 100 ms is taken.\n" \
  "\n" \
  "Notes\n" \
  "-----\n" \
  "In a browser without JSPI calls cannot wait: they are handed over in the same parts, but all at once, and the bar\n" \
  "shows at the end what is known. ``await weft.synchronize_async()`` now and then in a long loop helps there.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "context manager\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "DeviceLostError\n" \
  "    The device is lost.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> step = weft.kernel('''\n" \
  "...   @group(0) @binding(0) var<storage, read_write> x: array<f32>;\n" \
  "...   @compute @workgroup_size(64) fn step(@builtin(global_invocation_id) id: vec3u) {\n" \
  "...     if (id.x < arrayLength(&x)) { x[id.x] += 1.0; }\n" \
  "...   }''')\n" \
  ">>> x = weft.zeros(4)\n" \
  ">>> with weft.batch():\n" \
  "...     for i in range(100):\n" \
  "...         step(x=x, threads=x.size)\n" \
  ">>> x.to_numpy()\n" \
  "array([100., 100., 100., 100.], dtype=float32)\n" \
  "\n" \
  "A bar that counts, such as tqdm's, needs ``update(n)`` alone:\n" \
  "\n" \
  ">>> class Bar:\n" \
  "...     n = 0\n" \
  "...     def update(self, n): self.n += n\n" \
  ">>> bar = Bar()\n" \
  ">>> with weft.batch(max_ms_per_submit=8, progress=bar):\n" \
  "...     for i in range(100):\n" \
  "...         step(x=x, threads=x.size)\n" \
  ">>> bar.n\n" \
  "100"

#define PY_DOC_SYNCHRONIZE \
  "synchronize(device=None)\n" \
  "--\n" \
  "\n" \
  "Wait until everything given to the device so far has run.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "DeviceError, ShaderError, MemoryError\n" \
  "    What the device objected to since the last synchronising call.\n" \
  "StateError\n" \
  "    The device records (`weft.record`).\n" \
  "CannotBlockError\n" \
  "    It cannot wait here: use ``await weft.synchronize_async()``.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros(1000)\n" \
  ">>> weft.synchronize()"

#define PY_DOC_FLUSH \
  "flush(device=None)\n" \
  "--\n" \
  "\n" \
  "Hand collected commands to the GPU now, without waiting.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "DeviceLostError\n" \
  "    The device is lost.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.zeros(1000).fill(1)\n" \
  ">>> weft.flush()\n" \
  ">>> weft.stats()[\"pending_commands\"]\n" \
  "0"

#define PY_DOC_TRIM \
  "trim(device=None)\n" \
  "--\n" \
  "\n" \
  "Give device memory that is kept for reuse back.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "int\n" \
  "    Bytes given back.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros(1 << 18)\n" \
  ">>> del x\n" \
  ">>> weft.trim() >= 1 << 20\n" \
  "True\n" \
  ">>> weft.trim()\n" \
  "0"

#define PY_DOC_STATS \
  "stats(device=None)\n" \
  "--\n" \
  "\n" \
  "Counters of a device.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "dict of str to int\n" \
  "    Among others: ``objects`` and ``driver_objects`` (GPU objects alive, as weft and as the driver count\n" \
  "    them), ``used_bytes``, ``pooled_bytes``, ``pending_commands``, ``dispatches``, ``submits``,\n" \
  "    ``upload_bytes``, ``read_bytes``.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> before = weft.stats()[\"upload_bytes\"]\n" \
  ">>> x = weft.asarray([1.0, 2.0])\n" \
  ">>> weft.stats()[\"upload_bytes\"] - before\n" \
  "8"

#define PY_DOC_FUTURE \
  "Something that has started and settles later. What the ``_async`` functions wait for."

#define PY_DOC_FUTURE_DONE \
  "done($self, /)\n" \
  "--\n" \
  "\n" \
  "Whether it has settled. Never waits."

#define PY_DOC_FUTURE_RESULT \
  "result($self, /)\n" \
  "--\n" \
  "\n" \
  "The result, or the exception it settled with. StateError while it has not settled."

#define PY_DOC_BUFFER \
  "Buffer(nbytes_or_bytes, *, device=None)\n" \
  "--\n" \
  "\n" \
  "Raw bytes on a device.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "nbytes_or_bytes : int or bytes-like\n" \
  "    A size in bytes (the contents are zero), or the contents: anything with the buffer protocol.\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Notes\n" \
  "-----\n" \
  "A Buffer may be bound to any storage binding. Slices with step 1 are views of the same memory.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> b = weft.Buffer(b\"\\x00\\x00\\x80\\x3f\")\n" \
  ">>> b.view(\"float32\").to_numpy()\n" \
  "array([1.], dtype=float32)"

#define PY_DOC_BUFFER_WRITE \
  "write($self, /, data, offset=0)\n" \
  "--\n" \
  "\n" \
  "Write bytes.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "data : bytes-like\n" \
  "    Anything with the buffer protocol; its elements are taken as bytes.\n" \
  "offset : int, optional\n" \
  "    Where to begin, in bytes.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "ValueError\n" \
  "    The bytes lie outside, or offset or size is no multiple of 4 (but the whole of a buffer may be written).\n" \
  "TypeError\n" \
  "    `data` has no buffer protocol.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> b = weft.Buffer(8)\n" \
  ">>> b.write(b\"abcd\", 4)\n" \
  ">>> b.to_bytes()\n" \
  "b'\\x00\\x00\\x00\\x00abcd'"

#define PY_DOC_BUFFER_VIEW \
  "view($self, /, dtype, shape=None)\n" \
  "--\n" \
  "\n" \
  "The same memory as an `Array`.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "dtype : dtype\n" \
  "    Of the elements.\n" \
  "shape : int or tuple of int, optional\n" \
  "    One axis with as many elements as fit exactly, without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "ValueError\n" \
  "    The buffer is too small, or does not begin at a multiple of the element's size.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> b = weft.Buffer(24)\n" \
  ">>> b.view(\"int16\", (2, 3))\n" \
  "<weft.Array (2, 3) int16>"

#define PY_DOC_BUFFER_TO_BYTES \
  "to_bytes($self, /)\n" \
  "--\n" \
  "\n" \
  "Read the bytes. Waits.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "bytes\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "CannotBlockError\n" \
  "    It cannot wait here: use ``await b.to_bytes_async()``.\n" \
  "DeviceError, ShaderError, MemoryError\n" \
  "    What wrote these bytes failed on the device.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.Buffer(b\"weft\").to_bytes()\n" \
  "b'weft'"

#define PY_DOC_BUFFER_TO_BYTES_ASYNC \
  "to_bytes_async($self, /)\n" \
  "--\n" \
  "\n" \
  "Start to read the bytes; await the result.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "coroutine of bytes\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> await weft.Buffer(b\"weft\").to_bytes_async()\n" \
  "b'weft'"

#define PY_DOC_ARRAY \
  "An array on a device. Made by `weft.asarray`, `weft.zeros`, `weft.empty` and `Buffer.view`.\n" \
  "\n" \
  "``x[2:5]`` and ``x[3]`` are views: contiguous parts of the first axis that share x's memory. ``x[2:5] = y``\n" \
  "writes a weft array (on the device), a NumPy array or other buffer of the same dtype and shape, a number, or\n" \
  "nested sequences.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros((2, 3))\n" \
  ">>> x[1] = 7\n" \
  ">>> x.to_numpy()\n" \
  "array([[0., 0., 0.],\n" \
  "       [7., 7., 7.]], dtype=float32)"

#define PY_DOC_ARRAY_TO_NUMPY \
  "to_numpy($self, /, *, out=None)\n" \
  "--\n" \
  "\n" \
  "Read the elements into a NumPy array. Waits.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "out : numpy.ndarray, optional\n" \
  "    Where they go: C-contiguous, writable, of the same shape and dtype. Memory that was used before takes them\n" \
  "    faster than memory that is new. By default a new array.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "numpy.ndarray\n" \
  "    `out`, or a new array of the same shape and dtype.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "ValueError\n" \
  "    `out` is not such an array.\n" \
  "CannotBlockError\n" \
  "    It cannot wait here: use ``await x.to_numpy_async()``.\n" \
  "ImportError\n" \
  "    NumPy is not installed: use `to_memoryview`.\n" \
  "DeviceError, ShaderError, MemoryError\n" \
  "    What wrote these elements failed on the device.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.asarray([[1.0, 2.0], [3.0, 4.0]]).to_numpy()\n" \
  "array([[1., 2.],\n" \
  "       [3., 4.]], dtype=float32)"

#define PY_DOC_ARRAY_TO_NUMPY_ASYNC \
  "to_numpy_async($self, /, *, out=None)\n" \
  "--\n" \
  "\n" \
  "Start to read the elements; await the NumPy array. Several reads started before the first await share one\n" \
  "round trip.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "out : numpy.ndarray, optional\n" \
  "    Where they go when they are there, as for `to_numpy`.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "coroutine of numpy.ndarray\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x, y = weft.asarray([1.0, 2.0]), weft.zeros(3)\n" \
  ">>> await x.to_numpy_async()\n" \
  "array([1., 2.], dtype=float32)\n" \
  ">>> a, b = await asyncio.gather(x.to_numpy_async(), y.to_numpy_async())\n" \
  ">>> b\n" \
  "array([0., 0., 0.], dtype=float32)"

#define PY_DOC_ARRAY_TO_MEMORYVIEW \
  "to_memoryview($self, /)\n" \
  "--\n" \
  "\n" \
  "Read the elements into new memory, without NumPy. Waits.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "memoryview\n" \
  "    Of the same shape. complex64 comes as pairs of float32 along one more axis, float16 as uint16 bits, and\n" \
  "    an array without elements with one axis.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "CannotBlockError\n" \
  "    It cannot wait here: use ``await x.to_memoryview_async()``.\n" \
  "DeviceError, ShaderError, MemoryError\n" \
  "    What wrote these elements failed on the device.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.asarray([[1, 2], [3, 4]]).to_memoryview().tolist()\n" \
  "[[1, 2], [3, 4]]"

#define PY_DOC_ARRAY_TO_MEMORYVIEW_ASYNC \
  "to_memoryview_async($self, /)\n" \
  "--\n" \
  "\n" \
  "Start to read the elements; await the memoryview.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "coroutine of memoryview\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> (await weft.asarray([1.5, 2.5]).to_memoryview_async()).tolist()\n" \
  "[1.5, 2.5]"

#define PY_DOC_ARRAY_WRITE \
  "write($self, data, /)\n" \
  "--\n" \
  "\n" \
  "Write all elements.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "data : array, buffer or nested sequence\n" \
  "    Of the same shape. Buffers must have the same dtype; Python numbers are converted.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError, ValueError, OverflowError\n" \
  "    The dtype or shape differs, or a number is out of range.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros(3)\n" \
  ">>> x.write(np.array([1, 2, 3], \"float32\"))\n" \
  ">>> x.to_numpy()\n" \
  "array([1., 2., 3.], dtype=float32)"

#define PY_DOC_ARRAY_FILL \
  "fill($self, value, /)\n" \
  "--\n" \
  "\n" \
  "Set all elements to one number.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "value : number\n" \
  "    Converted to the dtype.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError, OverflowError\n" \
  "    It is no number, or out of the range of the dtype.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.empty((2, 2), \"uint8\")\n" \
  ">>> x.fill(7)\n" \
  ">>> x.to_numpy()\n" \
  "array([[7, 7],\n" \
  "       [7, 7]], dtype=uint8)"

#define PY_DOC_ARRAY_COPY \
  "copy($self, /)\n" \
  "--\n" \
  "\n" \
  "A new array with the same elements, copied on the device.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.asarray([1.0, 2.0, 3.0])\n" \
  ">>> y = x[1:].copy()\n" \
  ">>> x.fill(0)\n" \
  ">>> y.to_numpy()\n" \
  "array([2., 3.], dtype=float32)"

#define PY_DOC_ARRAY_COPY_FROM \
  "copy_from($self, source, /)\n" \
  "--\n" \
  "\n" \
  "Copy all elements of another array, on the device.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "source : Array\n" \
  "    Of the same shape and dtype, on the same device.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError\n" \
  "    The dtypes differ, or `source` is no weft array.\n" \
  "ValueError\n" \
  "    The shapes differ, or both are overlapping parts of one array.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros(3)\n" \
  ">>> x.copy_from(weft.asarray([1.0, 2.0, 3.0]))\n" \
  ">>> x.to_numpy()\n" \
  "array([1., 2., 3.], dtype=float32)"

#define PY_DOC_ARRAY_SHOW \
  "show($self, /, canvas=None, colormap='viridis', *, vmin=None, vmax=None)\n" \
  "--\n" \
  "\n" \
  "Show the array as a picture: ``weft.show(x, ...)``.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "canvas, colormap, vmin, vmax\n" \
  "    As in `weft.show`.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Picture or None\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.zeros((2, 3)).show()\n" \
  "weft.Picture(3 x 2)"

#define PY_DOC_ASARRAY \
  "asarray(obj, dtype=None, *, device=None)\n" \
  "--\n" \
  "\n" \
  "Bring data to a device.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "obj : array, buffer, number or nested sequence\n" \
  "    Anything with the buffer protocol (NumPy arrays are uploaded from where they are; what is not contiguous\n" \
  "    is packed once), Python numbers, or nested sequences of them. A weft array is returned as it is.\n" \
  "dtype : dtype, optional\n" \
  "    Converts on the host. Without it a buffer keeps its dtype; Python numbers become bool, int32, float32 or\n" \
  "    complex64.\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError\n" \
  "    A dtype that devices do not have, such as float64: pass ``dtype=\"float32\"``. Byte-swapped and object\n" \
  "    arrays.\n" \
  "OverflowError\n" \
  "    A value that the dtype cannot hold.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.asarray([1, 2, 3])\n" \
  "<weft.Array (3,) int32>\n" \
  ">>> weft.asarray(np.arange(3.0), dtype=\"float32\")\n" \
  "<weft.Array (3,) float32>"

#define PY_DOC_EMPTY \
  "empty(shape, dtype=\"float32\", *, device=None)\n" \
  "--\n" \
  "\n" \
  "A new array whose elements are not set.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "shape : int or sequence of int\n" \
  "dtype : dtype, optional\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError\n" \
  "    The dtype is none of devices.\n" \
  "ValueError\n" \
  "    It is larger than the device allows (``device.limits[\"maxBufferSize\"]``), or the shape is negative.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.empty((480, 640), \"float32\")\n" \
  "<weft.Array (480, 640) float32>"

#define PY_DOC_ZEROS \
  "zeros(shape, dtype=\"float32\", *, device=None)\n" \
  "--\n" \
  "\n" \
  "A new array of zeros.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "shape, dtype, device\n" \
  "    As in `weft.empty`.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.zeros((2, 2)).nbytes\n" \
  "16"

#define PY_DOC_EMPTY_LIKE \
  "empty_like(x, dtype=None, *, device=None)\n" \
  "--\n" \
  "\n" \
  "A new array with the shape and dtype of `x`, whose elements are not set.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "x : Array or numpy.ndarray\n" \
  "dtype : dtype, optional\n" \
  "    Instead of that of `x`.\n" \
  "device : Device, optional\n" \
  "    That of `x`, or the default device.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError\n" \
  "    The dtype is none of devices.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.empty_like(np.zeros((2, 3), \"int16\"))\n" \
  "<weft.Array (2, 3) int16>"

#define PY_DOC_ZEROS_LIKE \
  "zeros_like(x, dtype=None, *, device=None)\n" \
  "--\n" \
  "\n" \
  "A new array of zeros with the shape and dtype of `x`.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "x, dtype, device\n" \
  "    As in `weft.empty_like`.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Array\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> weft.zeros_like(weft.asarray([1.5, 2.5])).to_numpy()\n" \
  "array([0., 0.], dtype=float32)"

#define PY_DOC_RECORD \
  "record(device=None)\n" \
  "--\n" \
  "\n" \
  "Record commands, to replay them as often as wanted.\n" \
  "\n" \
  "Inside ``with weft.record() as g:`` kernel calls, writes, copies and fills are checked and kept, and nothing\n" \
  "runs. `Recording.replay` then runs them all for the price of one call.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it. Its commands are recorded, from whatever thread they come.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Recording\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "StateError\n" \
  "    The device records already; or, inside the block: something was read or waited for.\n" \
  "\n" \
  "Notes\n" \
  "-----\n" \
  "- Numbers, uniforms and host arrays are frozen as they were when recorded. Arrays are named: a replay sees what\n" \
  "  they hold then. They are kept alive.\n" \
  "- An exception that leaves the block drops the recording.\n" \
  "- One recording at a time per device.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> step = weft.kernel('''\n" \
  "...   @group(0) @binding(0) var<storage, read_write> x: array<f32>;\n" \
  "...   @compute @workgroup_size(64) fn step(@builtin(global_invocation_id) id: vec3u) {\n" \
  "...     if (id.x < arrayLength(&x)) { x[id.x] += 1.0; }\n" \
  "...   }''')\n" \
  ">>> x = weft.zeros(4)\n" \
  ">>> with weft.record() as g:\n" \
  "...     step(x=x, threads=4)\n" \
  "...     step(x=x, threads=4)\n" \
  ">>> g\n" \
  "<weft.Recording of 2 commands>\n" \
  ">>> g.replay()\n" \
  ">>> x.to_numpy()\n" \
  "array([2., 2., 2., 2.], dtype=float32)"

#define PY_DOC_TIMER \
  "timer(device=None)\n" \
  "--\n" \
  "\n" \
  "Time kernels by the device's own clock.\n" \
  "\n" \
  "``with weft.timer() as t:`` times what the device runs for the block, `Timer.seconds` says it afterwards. Nothing\n" \
  "waits inside the block.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Timer\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "UnsupportedError\n" \
  "    On entering the block: the device has no clock (WebGPU's feature ``timestamp-query``).\n" \
  "StateError\n" \
  "    On entering or leaving: the device records (time the replay), or the timer had a block before; or 64 timers of\n" \
  "    the device are running.\n" \
  "DeviceLostError\n" \
  "    On entering or leaving: the device is lost.\n" \
  "\n" \
  "Notes\n" \
  "-----\n" \
  "- The time is from when everything given to the device before the block has run to when everything in the block\n" \
  "  has. What the device waits for Python in between counts: leave reads out of it, and compile the kernel before.\n" \
  "- Browsers coarsen the clock against spying, Chromium to steps of 65 µs: repeat a short kernel inside the block,\n" \
  "  and divide.\n" \
  "- The first calls after a pause are slower: GPUs save power. Run the kernel a few times before, and take the\n" \
  "  median of several timers.\n" \
  "- On the CPU the clock is the host's.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> step = weft.kernel('''\n" \
  "...   @group(0) @binding(0) var<storage, read_write> x: array<f32>;\n" \
  "...   @compute @workgroup_size(64) fn step(@builtin(global_invocation_id) id: vec3u) {\n" \
  "...     if (id.x < arrayLength(&x)) { x[id.x] += 1.0; }\n" \
  "...   }''')\n" \
  ">>> x = weft.zeros(1000)\n" \
  ">>> with weft.timer() as t:\n" \
  "...     for i in range(100):\n" \
  "...         step(x=x, threads=x.size)\n" \
  ">>> 0 <= t.seconds() < 60\n" \
  "True"

#define PY_DOC_TIMER_TYPE \
  "The time that the device took for a block. Made by `weft.timer`.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros(1000)\n" \
  ">>> with weft.timer() as t:\n" \
  "...     x.fill(5)\n" \
  ">>> t.seconds() >= 0\n" \
  "True"

#define PY_DOC_TIMER_SECONDS \
  "seconds($self, /)\n" \
  "--\n" \
  "\n" \
  "The time in seconds, once the device has run what was timed.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "float\n" \
  "    NaN if the device's clock went backwards in between, which it may when the device was asleep.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "StateError\n" \
  "    The block has not ended, or was never entered.\n" \
  "CannotBlockError\n" \
  "    It would have to wait and cannot: use `seconds_async`.\n" \
  "DeviceError, DeviceLostError\n" \
  "    What was timed has failed on the device.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> with weft.timer() as t:\n" \
  "...     pass\n" \
  ">>> t.seconds() < 1\n" \
  "True"

#define PY_DOC_TIMER_SECONDS_ASYNC \
  "seconds_async($self, /)\n" \
  "--\n" \
  "\n" \
  "The time in seconds. As `seconds`, to await.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "coroutine of float\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "StateError, DeviceError, DeviceLostError\n" \
  "    As in `seconds`.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> with weft.timer() as t:\n" \
  "...     pass\n" \
  ">>> await t.seconds_async() < 1\n" \
  "True"

#define PY_DOC_RECORDING \
  "Commands that were recorded. Made by `weft.record`.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> x = weft.zeros(2)\n" \
  ">>> with weft.record() as g:\n" \
  "...     x.fill(5)\n" \
  ">>> g.commands\n" \
  "1"

#define PY_DOC_RECORDING_REPLAY \
  "replay($self, /, **arrays)\n" \
  "--\n" \
  "\n" \
  "Run the recorded commands, in their order, behind everything given to the device before.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "**arrays : Array or Buffer\n" \
  "    Other arrays by the name of the binding they were given to, in place of the recorded one wherever that was\n" \
  "    bound. Of the same size, on the same device, and beginning where a binding may (multiples of the limit\n" \
  "    ``minStorageBufferOffsetAlignment``).\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError, ValueError\n" \
  "    No call has such an argument; its calls were given several arrays, a value or host memory; the array is\n" \
  "    part of a copy, write or fill of the recording; dtype or size differ. Then nothing ran.\n" \
  "DeviceError, ShaderError\n" \
  "    Something that the recording needs has failed on the device.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> step = weft.kernel('''\n" \
  "...   @group(0) @binding(0) var<storage, read_write> x: array<f32>;\n" \
  "...   @compute @workgroup_size(64) fn step(@builtin(global_invocation_id) id: vec3u) {\n" \
  "...     if (id.x < arrayLength(&x)) { x[id.x] += 1.0; }\n" \
  "...   }''')\n" \
  ">>> x, other = weft.zeros(2), weft.asarray([10.0, 20.0])\n" \
  ">>> with weft.record() as g:\n" \
  "...     step(x=x, threads=2)\n" \
  ">>> g.replay()\n" \
  ">>> g.replay(x=other)\n" \
  ">>> x.to_numpy(), other.to_numpy()\n" \
  "(array([1., 1.], dtype=float32), array([11., 21.], dtype=float32))"

#define PY_DOC_BINDING \
  "One argument of a Kernel.\n" \
  "\n" \
  "Attributes\n" \
  "----------\n" \
  "name : str\n" \
  "    Of the variable.\n" \
  "group, binding : int or None\n" \
  "    Numbers after @group and @binding; None for var<immediate>.\n" \
  "access : {'read', 'read_write', 'uniform', 'immediate'}\n" \
  "type : str\n" \
  "    The WGSL type.\n" \
  "nbytes : int\n" \
  "    The smallest size in bytes that may be bound."

#define PY_DOC_KERNEL \
  "One entry point of a WGSL module, compiled for a device. Made by `weft.kernel`.\n" \
  "\n" \
  "Call it with its bindings and one of ``threads`` and ``groups``::\n" \
  "\n" \
  "    k(x=x, y=y, p={\"a\": 2.0, \"n\": n}, threads=n)\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "*args\n" \
  "    Arguments in ascending (group, binding); or one dict {(group, binding) or name: argument}.\n" \
  "threads, groups : int or tuple of up to three ints\n" \
  "    What to launch: threads, rounded up to whole workgroups, or workgroups. 0 checks everything and runs\n" \
  "    nothing.\n" \
  "**bindings\n" \
  "    Arguments by name. Those of bindings that only other entry points use are ignored.\n" \
  "\n" \
  "Notes\n" \
  "-----\n" \
  "A written binding wants a weft array or Buffer. A read-only one takes anything with the buffer protocol as\n" \
  "well, which is uploaded for the call. A uniform takes a number; a dict, a sequence or a NumPy record for a\n" \
  "struct; a sequence for a vector, for an array, or for a matrix (its columns).\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "TypeError\n" \
  "    An argument is missing, not known, given twice, or of the wrong type.\n" \
  "ValueError, OverflowError\n" \
  "    A size, a grid or a number is out of range; a written argument overlaps another one.\n" \
  "DeviceLostError\n" \
  "    The device is lost.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> scale = weft.kernel('''\n" \
  "...   @group(0) @binding(0) var<storage, read> x: array<f32>;\n" \
  "...   @group(0) @binding(1) var<storage, read_write> y: array<f32>;\n" \
  "...   @group(0) @binding(2) var<uniform> a: f32;\n" \
  "...   @compute @workgroup_size(64) fn scale(@builtin(global_invocation_id) id: vec3u) {\n" \
  "...     if (id.x < arrayLength(&y)) { y[id.x] = a * x[id.x]; }\n" \
  "...   }''')\n" \
  ">>> y = weft.zeros(3)\n" \
  ">>> scale(x=np.array([1, 2, 3], \"float32\"), y=y, a=10, threads=3)\n" \
  ">>> y.to_numpy()\n" \
  "array([10., 20., 30.], dtype=float32)\n" \
  ">>> [binding.name for binding in scale.bindings], scale.workgroup_size\n" \
  "(['x', 'y', 'a'], (64, 1, 1))"

#define PY_DOC_KERNEL_FUNCTION \
  "kernel(source, *, entry=None, constants=None, device=None)\n" \
  "--\n" \
  "\n" \
  "Compile a WGSL compute kernel.\n" \
  "\n" \
  "Parameters\n" \
  "----------\n" \
  "source : str\n" \
  "    A WGSL module.\n" \
  "entry : str, optional\n" \
  "    The entry point. May be left out when there is one.\n" \
  "constants : dict of str to float, int or bool, optional\n" \
  "    Values of overrides, by name or by id as a string.\n" \
  "device : Device, optional\n" \
  "    The default device without it.\n" \
  "\n" \
  "Returns\n" \
  "-------\n" \
  "Kernel\n" \
  "    The same source, entry point and constants are compiled once.\n" \
  "\n" \
  "Raises\n" \
  "------\n" \
  "ShaderError\n" \
  "    The source is rejected. What only the device objects to shows up at the first call that waits.\n" \
  "ValueError\n" \
  "    There is no such entry point, or none or several and none was named; a constant that the source does not\n" \
  "    have, that lacks a value, or whose value does not fit; a workgroup larger than the device allows.\n" \
  "TypeError\n" \
  "    A constant is no number and no bool.\n" \
  "\n" \
  "Examples\n" \
  "--------\n" \
  ">>> double = weft.kernel('''\n" \
  "...   @group(0) @binding(0) var<storage, read_write> x: array<f32>;\n" \
  "...   @compute @workgroup_size(64) fn double(@builtin(global_invocation_id) id: vec3u) {\n" \
  "...     if (id.x < arrayLength(&x)) { x[id.x] *= 2.0; }\n" \
  "...   }''')\n" \
  ">>> double\n" \
  "<weft.Kernel double(x: read_write array<f32>) with workgroups of (64, 1, 1)>\n" \
  ">>> x = weft.asarray([1.0, 2.0])\n" \
  ">>> double(x=x, threads=x.size)\n" \
  ">>> x.to_numpy()\n" \
  "array([2., 4.], dtype=float32)"

#endif
