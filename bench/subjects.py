"""Who is measured inside Pyodide. A subject has those of these methods that it can do; each does its work once, waits for
the end and returns the seconds that count:

    enqueue(n)      Python's time for n kernel calls, without what the device does afterwards
    values(n)       the same, with a scalar that is another one in each call
    dispatch(n)     n launches that depend on each other, and a read of 1 KB
    upload()        64 MiB of NumPy memory to the device
    read()          64 MiB to NumPy memory
    read_small(n)   n times 1 KB, one after another

Every x is 1 and a is 1, so y counts the launches: `dispatch` checks it.
"""

import time

import js
import numpy as np
import pyodide_js
from kernels import BIG, GROUPS, N, WGSL
from measure import timed
from pyodide.code import run_js
from pyodide.ffi import run_sync, to_js

clock = time.perf_counter


class Counter:
    """Checks that y has grown by one for each launch."""

    launches = 0

    def check(self, y, n):
        self.launches += n
        if y[0] != self.launches or y[-1] != self.launches:
            raise ArithmeticError(f"y is {y[0]} … {y[-1]} after {self.launches} launches")


class Weft(Counter):
    name = "weft"

    def __init__(self, weft):
        self.weft = weft
        self.kernel = weft.kernel(WGSL)
        self.x = weft.asarray(np.ones(N, "f4"))
        self.y = weft.zeros(N, "f4")
        self.host = np.ones(BIG // 4, "f4")
        self.big = weft.empty(BIG // 4, "f4")
        self.big.write(self.host)
        self.back = np.ones(BIG // 4, "f4")
        self.graph = None

    def call(self, n):
        k, x, y = self.kernel, self.x, self.y
        for _ in range(n):
            k(x=x, y=y, p={"a": 1.0, "n": N}, threads=N)

    def enqueue(self, n):
        with self.weft.batch():
            seconds = timed(lambda: self.call(n))
        self.launches += n
        self.weft.synchronize()
        return seconds

    def values(self, n):
        k, x, y = self.kernel, self.x, self.y

        def work():
            for i in range(n):
                k(x=x, y=y, p={"a": i, "n": 0}, threads=N)  # n = 0: y goes on counting launches

        with self.weft.batch():
            seconds = timed(work)
        self.weft.synchronize()
        return seconds

    def dispatch(self, n):
        start = clock()
        self.call(n)
        y = self.y.to_numpy()
        seconds = clock() - start
        self.check(y, n)
        return seconds

    def replay(self, n):
        if not self.graph:
            with self.weft.record() as self.graph:
                self.call(n)
        start = clock()
        self.graph.replay()
        y = self.y.to_numpy()
        seconds = clock() - start
        self.check(y, n)
        return seconds

    def upload(self):
        def work():
            self.big.write(self.host)
            self.weft.synchronize()

        return timed(work)

    def read(self):
        return timed(lambda: self.big.to_numpy(out=self.back))

    def read_small(self, n):
        def work():
            for _ in range(n):
                self.y.to_numpy()

        return timed(work)


class Bare(Counter):
    """A C function that takes the arguments of a kernel call and does nothing."""

    name = "a bare C call"

    def __init__(self, weft_subject):
        from _test_bare import call

        self.bare, self.x, self.y = call, weft_subject.x, weft_subject.y

    def enqueue(self, n):
        k, x, y = self.bare, self.x, self.y

        def work():
            for _ in range(n):
                k(x=x, y=y, p={"a": 1.0, "n": N}, threads=N)

        return timed(work)

    def values(self, n):
        k, x, y = self.bare, self.x, self.y

        def work():
            for i in range(n):
                k(x=x, y=y, p={"a": i, "n": 0}, threads=N)

        return timed(work)


class JavaScript(Counter):
    name = "raw JavaScript"

    def __init__(self, source):
        load = run_js("(text) => import('data:text/javascript,' + encodeURIComponent(text))")
        heap = run_js("(pyodide) => () => pyodide._module.HEAPU8")(pyodide_js)
        self.raw = run_sync(run_sync(load(source)).open(heap, WGSL, N, BIG))
        self.small = np.zeros(N, "f4")
        self.host = np.ones(BIG // 4, "f4")

    def dispatch(self, n):
        seconds = run_sync(self.raw.dispatch(n, self.small.ctypes.data)) / 1e3
        self.check(self.small, n)
        return seconds

    replay = dispatch

    def upload(self):
        return run_sync(self.raw.upload(self.host.ctypes.data, self.small.ctypes.data)) / 1e3

    def read(self):
        return run_sync(self.raw.read(self.host.ctypes.data)) / 1e3

    def read_small(self, n):
        return run_sync(self.raw.readSmall(n, self.small.ctypes.data)) / 1e3


class Proxies(Counter):
    """WebGPU's own names through Pyodide's proxies, as one writes them from Python without a package."""

    name = "Pyodide proxies"

    def __init__(self):
        adapter = run_sync(js.navigator.gpu.requestAdapter())
        self.device = device = run_sync(adapter.requestDevice())
        self.queue = device.queue
        u, stage = js.GPUBufferUsage, js.GPUShaderStage.COMPUTE
        self.array, self.keep = u.STORAGE | u.COPY_SRC | u.COPY_DST, u.COPY_DST | u.MAP_READ
        kinds = ("read-only-storage", "storage", "uniform")
        entries = [{"binding": i, "visibility": stage, "buffer": {"type": kind}} for i, kind in enumerate(kinds)]
        self.layout = device.createBindGroupLayout(self.js({"entries": entries}))
        layout = device.createPipelineLayout(self.js({"bindGroupLayouts": [self.layout]}))
        module = device.createShaderModule(self.js({"code": WGSL}))
        self.pipeline = device.createComputePipeline(
            self.js({"layout": layout, "compute": {"module": module, "entryPoint": "step"}})
        )
        self.x, self.y = self.buffer(4 * N), self.buffer(4 * N)
        self.p = self.buffer(8, u.UNIFORM | u.COPY_DST)
        self.write(self.x, np.ones(N, "f4"))
        self.write(self.p, np.array([0x3F800000, N], "u4"))
        self.entries = [{"binding": i, "resource": {"buffer": b}} for i, b in enumerate((self.x, self.y, self.p))]
        self.group = self.bind()
        self.host = np.ones(BIG // 4, "f4")
        self.big = None

    @staticmethod
    def js(value):
        return to_js(value, dict_converter=js.Object.fromEntries)

    def buffer(self, size, usage=None):
        return self.device.createBuffer(self.js({"size": size, "usage": usage or self.array}))

    def write(self, buffer, array):
        """queue.writeBuffer(buffer, 0, array.data) raises TypeError; a copy as a JavaScript array is what it takes."""
        self.queue.writeBuffer(buffer, 0, to_js(array.data))

    def bind(self):
        return self.device.createBindGroup(self.js({"layout": self.layout, "entries": self.entries}))

    def call(self, n):
        for _ in range(n):
            encoder = self.device.createCommandEncoder()
            run = encoder.beginComputePass()
            run.setPipeline(self.pipeline)
            run.setBindGroup(0, self.group)
            run.dispatchWorkgroups(GROUPS)
            run.end()
            self.queue.submit(to_js([encoder.finish()]))

    def fetch(self, buffer, size, out):
        staging = self.buffer(size, self.keep)
        encoder = self.device.createCommandEncoder()
        encoder.copyBufferToBuffer(buffer, 0, staging, 0, size)
        self.queue.submit(to_js([encoder.finish()]))
        run_sync(staging.mapAsync(js.GPUMapMode.READ))
        staging.getMappedRange().assign_to(out)
        staging.destroy()
        return out

    def enqueue(self, n):
        seconds = timed(lambda: self.call(n))
        self.launches += n
        run_sync(self.queue.onSubmittedWorkDone())
        return seconds

    def dispatch(self, n):
        start = clock()
        self.call(n)
        y = self.fetch(self.y, 4 * N, np.empty(N, "f4"))
        seconds = clock() - start
        self.check(y, n)
        return seconds

    def open_big(self):
        if not self.big:
            self.big = self.buffer(BIG)

    def upload(self):
        self.open_big()

        def work():
            self.write(self.big, self.host)
            self.fetch(self.big, 4, np.empty(1, "f4"))

        return timed(work)

    def read(self):
        self.open_big()
        return timed(lambda: self.fetch(self.big, BIG, self.host))

    def read_small(self, n):
        def work():
            for _ in range(n):
                self.fetch(self.y, 4 * N, np.empty(N, "f4"))

        return timed(work)


class Cerbsim(Proxies):
    """PyPI `webgpu`: the same calls through its own classes, in the way of its run_compute_shader."""

    name = "webgpu (CERBSim)"

    def __init__(self):
        from webgpu import webgpu_api as api

        self.api = api
        # Its classes want its own link to another thread. On this thread two shims let the browser's objects pass.
        api.BaseWebGPUObject.toJS = api.toJS
        run_js("""for (const [name, type] of Object.entries(Object.getOwnPropertyDescriptors(globalThis)))
          if (name.startsWith('GPU') && type.value?.prototype) type.value.prototype._noreturn_names = { update() {} };""")
        adapter = run_sync(js.navigator.gpu.requestAdapter())
        self.device = device = api.Device(run_sync(adapter.requestDevice()))
        self.queue = device.queue
        u, stage = api.BufferUsage, api.ShaderStage.COMPUTE
        self.array, self.keep = u.STORAGE | u.COPY_SRC | u.COPY_DST, u.COPY_DST | u.MAP_READ
        kinds = ("read-only-storage", "storage", "uniform")
        self.layout = device.createBindGroupLayout(
            [api.BindGroupLayoutEntry(i, stage, {"type": kind}) for i, kind in enumerate(kinds)]
        )
        module = device.createShaderModule(WGSL)
        self.pipeline = device.createComputePipeline(
            device.createPipelineLayout([self.layout]), api.ComputeState(module, "step")
        )
        self.x, self.y = self.buffer(4 * N), self.buffer(4 * N)
        self.p = self.buffer(8, u.UNIFORM | u.COPY_DST)
        self.write(self.x, np.ones(N, "f4"))
        self.write(self.p, np.array([0x3F800000, N], "u4"))
        entries = [{"binding": i, "resource": {"buffer": b.handle}} for i, b in enumerate((self.x, self.y, self.p))]
        self.group = device.createBindGroup(self.layout, entries)
        self.host = np.ones(BIG // 4, "f4")
        self.big = None

    def buffer(self, size, usage=None):
        return self.device.createBuffer(size, usage or self.array)

    def write(self, buffer, array):
        """Its queue.writeBuffer raises TypeError in Pyodide as the browser's own does; this goes around it."""
        self.queue.handle.writeBuffer(buffer.handle, 0, to_js(array.data))

    def call(self, n):
        for _ in range(n):
            encoder = self.device.createCommandEncoder()
            run = encoder.beginComputePass()
            run.setPipeline(self.pipeline)
            run.setBindGroup(0, self.group)
            run.dispatchWorkgroups(GROUPS)
            run.end()
            self.queue.handle.submit(to_js([encoder.finish()]))

    def fetch(self, buffer, size, out):
        staging = self.buffer(size, self.keep)
        encoder = self.device.createCommandEncoder()
        encoder.copyBufferToBuffer(buffer, 0, staging, 0, size)
        self.queue.handle.submit(to_js([encoder.finish()]))
        run_sync(staging.handle.mapAsync(self.api.MapMode.READ))
        staging.getMappedRange(0, size).assign_to(out)
        staging.destroy()
        return out


class Dawn(Counter):
    """PyPI `wgpudawn` with all that can be prepared prepared: one pass, one bind group, kept staging buffers."""

    name = "wgpudawn, all prepared"

    def __init__(self):
        import wgpudawn as api

        self.api = api
        self.device = device = api.gpu.request_adapter_sync().request_device_sync()
        u, stage = api.BufferUsage, api.ShaderStage.COMPUTE
        array = u.STORAGE | u.COPY_SRC | u.COPY_DST
        kinds = ("read-only-storage", "storage", "uniform")
        entries = [{"binding": i, "visibility": stage, "buffer": {"type": kind}} for i, kind in enumerate(kinds)]
        self.layout = device.create_bind_group_layout(entries=entries)
        layout = device.create_pipeline_layout(bind_group_layouts=[self.layout])
        module = device.create_shader_module(code=WGSL)
        self.pipeline = device.create_compute_pipeline(layout=layout, compute={"module": module, "entry_point": "step"})
        self.x, self.y = (device.create_buffer(size=4 * N, usage=array) for _ in range(2))
        self.p = device.create_buffer(size=8, usage=u.UNIFORM | u.COPY_DST)
        device.queue.write_buffer(self.x, 0, np.ones(N, "f4"))
        device.queue.write_buffer(self.p, 0, np.array([0x3F800000, N], "u4"))
        self.entries = [{"binding": i, "resource": {"buffer": b}} for i, b in enumerate((self.x, self.y, self.p))]
        self.group = self.bind()
        self.staging = {n: device.create_buffer(size=n, usage=u.COPY_DST | u.MAP_READ) for n in (4, 4 * N, BIG)}
        self.big = device.create_buffer(size=BIG, usage=array)
        self.host = np.ones(BIG // 4, "f4")

    def bind(self):
        return self.device.create_bind_group(layout=self.layout, entries=self.entries)

    def record(self, n, encoder):
        run = encoder.begin_compute_pass()
        start = clock()
        for _ in range(n):
            run.set_pipeline(self.pipeline)
            run.set_bind_group(0, self.group)
            run.dispatch_workgroups(GROUPS)
        seconds = clock() - start
        run.end()
        return seconds

    def fetch(self, buffer, size, encoder=None):
        encoder = encoder or self.device.create_command_encoder()
        staging = self.staging[size]
        encoder.copy_buffer_to_buffer(buffer, 0, staging, 0, size)
        self.device.queue.submit([encoder.finish()])
        staging.map_sync(self.api.MapMode.READ)
        data = np.frombuffer(staging.read_mapped(), "f4")
        staging.unmap()
        return data

    def enqueue(self, n):
        encoder = self.device.create_command_encoder()
        seconds = self.record(n, encoder)
        self.check(self.fetch(self.y, 4 * N, encoder), n)
        return seconds

    def dispatch(self, n):
        start = clock()
        encoder = self.device.create_command_encoder()
        self.record(n, encoder)
        y = self.fetch(self.y, 4 * N, encoder)
        seconds = clock() - start
        self.check(y, n)
        return seconds

    def upload(self):
        def work():
            self.device.queue.write_buffer(self.big, 0, self.host)
            self.fetch(self.big, 4)

        return timed(work)

    def read(self):
        return timed(lambda: self.fetch(self.big, BIG))

    def read_small(self, n):
        def work():
            for _ in range(n):
                self.fetch(self.y, 4 * N)

        return timed(work)


class DawnBinding:
    """The same with a bind group for each call, as a call with other arguments needs one."""

    name = "wgpudawn, binding each call"

    def __init__(self, dawn):
        self.dawn = dawn

    def record(self, n, encoder):
        dawn = self.dawn
        run = encoder.begin_compute_pass()
        start = clock()
        for _ in range(n):
            run.set_pipeline(dawn.pipeline)
            run.set_bind_group(0, dawn.bind())
            run.dispatch_workgroups(GROUPS)
        seconds = clock() - start
        run.end()
        return seconds

    def enqueue(self, n):
        encoder = self.dawn.device.create_command_encoder()
        seconds = self.record(n, encoder)
        self.dawn.check(self.dawn.fetch(self.dawn.y, 4 * N, encoder), n)
        return seconds
