"""Where nothing can block: Python entered by a plain call from JavaScript, as from an event handler."""

import asyncio
import sys
import time

import pytest
import weft
from kernels import SLOW, STEP, slowly, values

pytestmark = pytest.mark.skipif(sys.platform != "emscripten", reason="natively everything can block")


async def from_a_handler(function):
    """The result of `function`, called by the browser's timer, or the exception it raised."""
    import js
    from pyodide.ffi import can_run_sync, create_once_callable

    outcome = []

    def handler():
        try:
            outcome.append((can_run_sync(), function()))
        except BaseException as e:
            outcome.append((can_run_sync(), e))

    js.setTimeout(create_once_callable(handler), 0)
    while not outcome:
        await asyncio.sleep(0.001)
    assert outcome[0][0] is False
    return outcome[0][1]


def timed(x):
    with weft.timer() as t:
        x.copy()
    return t


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x: x.to_memoryview(), "await x.to_memoryview_async()"),
        (lambda x: x.to_numpy(), "await x.to_numpy_async()"),
        (lambda x: weft.Buffer(4).to_bytes(), "await b.to_bytes_async()"),
        (lambda x: weft.synchronize(), "await weft.synchronize_async()"),
        (lambda x: timed(x).seconds(), "await t.seconds_async()"),
    ],
)
async def test_what_would_wait_raises_and_names_the_await_form(call, words):
    await weft.device_async()
    x = weft.asarray([1.0])
    error = await from_a_handler(lambda: call(x))
    if x.device.driver == "cpu":  # it works in the call itself
        assert not isinstance(error, BaseException), error
    else:
        assert isinstance(error, weft.CannotBlockError) and words in str(error)
    assert (await x.to_memoryview_async()).tolist() == [1]


async def test_everything_else_works_there():
    await weft.device_async()
    k, x = weft.kernel(STEP), weft.zeros(3, "uint32")

    def work():
        with weft.batch():
            k(x=x, threads=3)
        x[0] = 7
        weft.flush()
        return x.copy(), weft.device(), x.to_memoryview_async()

    copy, device, reading = await from_a_handler(work)
    assert device is weft.device() and (await reading).tolist() == [7, 1, 1] and values(copy) == [7, 1, 1]


async def test_a_device_that_is_not_open_raises_and_names_the_await_form():
    old = weft.device()
    old.destroy()
    error = await from_a_handler(weft.device)
    if old.driver == "cpu":
        assert isinstance(error, weft.Device) and error is not old and error is await weft.device_async()
        return
    assert isinstance(error, weft.CannotBlockError) and "await weft.device_async()" in str(error)
    new = await weft.device_async()
    assert new is not old and weft.device() is new
    new.destroy()
    weft._core.device_start()  # the default device is opening
    error = await from_a_handler(lambda: weft.asarray([1]))
    assert isinstance(error, (weft.CannotBlockError, weft.Array))
    new = await weft.device_async()
    assert (await from_a_handler(lambda: weft.asarray([1]))).shape == (1,)


async def test_a_wait_that_is_interrupted_leaves_things_whole():
    await weft.device_async()
    x = weft.asarray([1.0, 2.0])
    reads = [asyncio.ensure_future(x.to_memoryview_async()) for _ in range(3)]
    await asyncio.sleep(0)
    assert values(x) == [1, 2]  # a blocking wait while others are awaited
    assert [(await r).tolist() for r in reads] == [[1, 2]] * 3


# ---- a blocking wait is a point of re-entry ----------------------------------------------------------------------------

@pytest.fixture
def times():
    """How often SLOW is to run so that others get their turn meanwhile, also on a fast GPU."""
    if weft.device().driver == "cpu":
        pytest.skip("the CPU computes while one waits: nobody else runs meanwhile")
    slow, x = weft.kernel(SLOW), weft.zeros(1 << 12, "uint32")
    for _ in range(2):  # the first run compiles
        began = time.perf_counter()
        slow(x=x, threads=x.size)
        weft.synchronize()
    return max(1, min(1000, int(0.03 / (time.perf_counter() - began))))


def heap_bytes():
    import pyodide_js

    return pyodide_js._module.HEAP8.length


async def test_others_call_weft_while_one_blocks(times):
    await weft.device_async()
    x, slow, step = weft.zeros(1 << 12, "uint32"), weft.kernel(SLOW), weft.kernel(STEP)
    counter, blocked, calls = weft.zeros(16, "uint32"), [False], [0, 0]

    async def call():
        while True:
            step(x=counter, threads=16)
            calls[blocked[0]] += 1
            own = weft.asarray([calls[0], calls[1]])
            assert (await own.to_memoryview_async()).tolist() == [calls[0], calls[1]]
            await asyncio.sleep(0.001)

    task = asyncio.ensure_future(call())
    results = []
    for _ in range(3):
        for _ in range(times):
            slow(x=x, threads=x.size)
        blocked[0] = True
        results.append(x.to_memoryview()[5])
        blocked[0] = False
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert results == [slowly(0, times), slowly(0, 2 * times), slowly(0, 3 * times)]
    assert calls[True] > 0 and values(counter) == [sum(calls)] * 16


async def test_several_block_at_once(times):
    await weft.device_async()
    slow, order = weft.kernel(SLOW), []

    async def block(i):
        x = weft.asarray([i] * 64, "uint32")
        await asyncio.sleep(0)
        for _ in range(times):
            slow(x=x, threads=64)
        order.append(f"begin {i}")
        got = x.to_memoryview()[0]
        order.append(f"end {i}")
        return got

    tasks = [asyncio.ensure_future(block(i)) for i in range(4)]
    assert values(weft.asarray([1.0])) == [1.0]
    assert await asyncio.gather(*tasks) == [slowly(i, times) for i in range(4)]
    begun = [order.index(f"begin {i}") for i in range(4)]
    ended = [order.index(f"end {i}") for i in range(4)]
    assert min(ended) > min(begun) + 1, order  # another one began before the first had ended


@pytest.mark.parametrize("blocking", [True, False])
async def test_the_heap_may_grow_during_a_read(times, blocking):
    np = pytest.importorskip("numpy")
    await weft.device_async()
    slow, host = weft.kernel(SLOW), np.arange(1 << 12, dtype="u4")
    x, out, kept, before = weft.asarray(host), np.empty(1 << 12, "u4"), [], heap_bytes()

    async def grow():
        await asyncio.sleep(0)
        while heap_bytes() == before:
            kept.append(bytearray(16 << 20))

    task = asyncio.ensure_future(grow())
    for _ in range(times):
        slow(x=x, threads=x.size)
    got = x.to_numpy(out=out) if blocking else await x.to_numpy_async(out=out)
    assert heap_bytes() > before and task.done() and got is out
    np.testing.assert_array_equal(out, slowly(host.astype("u8"), times).astype("u4"))


async def test_a_blocking_wait_and_awaits_of_the_same_array():
    await weft.device_async()
    x, step = weft.zeros(8, "uint32"), weft.kernel(STEP)
    before = weft.stats()["futures"]
    reads = []
    for i in range(6):
        step(x=x, threads=8)
        reads.append(asyncio.ensure_future(x.to_memoryview_async()))
        await asyncio.sleep(0)
        if i % 2:
            assert values(x) == [i + 1] * 8
    reads.pop().cancel()
    assert [(await r)[0] for r in reads] == [1, 2, 3, 4, 5]
    await weft.synchronize_async()
    assert weft.stats()["futures"] == before


FOREVER = """
  @group(0) @binding(0) var<storage, read_write> x: array<u32>;
  @compute @workgroup_size(1) fn forever() { loop { x[0] += x[1]; if (x[2] == 7u) { break; } } }
"""
# Writes 2, which is SIGINT, into the interrupt buffer after a while: from another thread, since this one does not come back.
LATER = """
  ((bytes) => {
    const { Worker } = process.getBuiltinModule('worker_threads');
    const code = "const { workerData } = require('worker_threads'); setTimeout(() => { new Uint8Array(workerData)[0] = 2; }, 300)";
    new Worker(code, { eval: true, workerData: bytes.buffer });
  })
"""


async def test_an_interrupt_buffer_ends_a_kernel_of_the_cpu_device():
    import js
    import pyodide_js

    if not hasattr(js, "process"):
        pytest.skip("pages without COOP/COEP headers have no memory that two threads share")
    from pyodide.code import run_js

    device = await weft.device_async("cpu")
    kept, x = weft.asarray([1, 2, 3], device=device), weft.asarray([0, 1, 0], "uint32", device=device)
    kernel = weft.kernel(FOREVER, device=device)
    flag = js.Uint8Array.new(js.SharedArrayBuffer.new(1))
    pyodide_js.setInterruptBuffer(flag)
    try:
        for wait in (x.to_memoryview, x.to_memoryview_async):
            x.write([0, 1, 0])
            kernel(x=x, groups=1)
            run_js(LATER)(flag)
            with pytest.raises(KeyboardInterrupt):
                result = wait()
                await result
            with pytest.raises(weft.DeviceError, match="interrupted"):
                x.to_memoryview()
            assert values(kept) == [1, 2, 3]
    finally:
        pyodide_js.setInterruptBuffer(None)
