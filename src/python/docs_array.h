/* The docstrings of Buffer and Array and of what makes arrays (docs.h has the others, and says what form they have). */
#ifndef WEFT_PYTHON_DOCS_ARRAY_H
#define WEFT_PYTHON_DOCS_ARRAY_H

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

#endif
