/* The docstrings of the extension, in the form of numpydoc; those of buffers and arrays are in docs_array.h. They stand
 * nowhere else (the stubs have types only). A text that begins with a signature and a line "--" becomes __text_signature__. */
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
