"""The awaitable twins: several at once, cancelled, timed out, dropped."""

import asyncio
import contextlib
import gc
import inspect

import pytest
import weft
from kernels import SLOW, STEP, affine, values


def counts():
    gc.collect()
    stats = weft.stats()
    return {name: stats[name] for name in ("buffers", "kernels", "futures")}


async def settled():
    """Lets reads that nobody waits for end, and counts."""
    await weft.synchronize_async()
    return counts()


async def test_device_async_gives_the_device():
    device = await weft.device_async()
    assert device is weft.device() and isinstance(device, weft.Device)
    assert await asyncio.gather(*(weft.device_async() for _ in range(3))) == [device] * 3


async def test_reads_gather():
    np = pytest.importorskip("numpy")
    await weft.device_async()
    arrays = [weft.asarray(np.full(100 + i, i, "f4")) for i in range(20)]
    for i, back in enumerate(await asyncio.gather(*(x.to_numpy_async() for x in arrays))):
        np.testing.assert_array_equal(back, np.full(100 + i, i, "f4"))


async def test_reads_that_start_together_share_a_submit():
    await weft.device_async()
    arrays = [weft.asarray([float(i)]) for i in range(10)]
    await weft.synchronize_async()
    before = weft.stats()["flushes"]
    results = await asyncio.gather(*(x.to_memoryview_async() for x in arrays))
    assert [r.tolist() for r in results] == [[float(i)] for i in range(10)]
    assert weft.stats()["flushes"] - before <= 2


async def test_a_read_shows_what_was_before_it():
    await weft.device_async()
    x, k = weft.zeros(2, "uint32"), weft.kernel(STEP)
    reads = []
    for _ in range(5):
        k(x=x, threads=2)
        reads.append(asyncio.ensure_future(x.to_memoryview_async()))
        await asyncio.sleep(0)
    x.fill(99)
    assert [(await r).tolist() for r in reads] == [[i + 1] * 2 for i in range(5)]


async def test_other_tasks_run_meanwhile():
    await weft.device_async()
    x, k, ticks = weft.zeros(1000, "uint32"), weft.kernel(STEP), []

    async def tick():
        while True:
            ticks.append(len(ticks))
            k(x=x, threads=1000)
            await asyncio.sleep(0.002)  # a device is slower than a loop: without a pause the queue only grows

    task = asyncio.ensure_future(tick())
    for _ in range(5):
        await asyncio.sleep(0.001)
        await x.to_memoryview_async()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ticks and values(x)[0] == len(ticks)


async def test_wait_for_and_cancel_leak_nothing():
    await weft.device_async()
    x = weft.zeros(1 << 20)
    before = await settled()
    for _ in range(5):
        assert len(await asyncio.wait_for(x.to_memoryview_async(), 60)) == 1 << 20
        task = asyncio.ensure_future(x.to_memoryview_async())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):  # a fast device was done already
            await task
        task = asyncio.ensure_future(weft.synchronize_async())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(x.to_memoryview_async(), 0)
    assert await settled() == before
    stats = weft.stats()
    assert stats["objects"] == stats["driver_objects"]


async def test_a_cancelled_wait_lets_go_without_garbage_collection():
    await weft.device_async()
    x, slow = weft.zeros(1 << 12, "uint32"), weft.kernel(SLOW)
    before, told, finished = await settled(), [], []
    slow(x=x, threads=x.size)

    async def read():
        try:
            finished.append((await x.to_memoryview_async())[0])
        except asyncio.CancelledError as error:
            told.append(error)  # with its traceback, and the frames in it

    tasks = [asyncio.ensure_future(read()) for _ in range(5)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks)
    await weft.synchronize_async()
    assert len(told) + len(finished) == 5  # a fast device has some done before they are cancelled
    assert weft.stats()["futures"] == before["futures"]


async def test_a_coroutine_that_is_not_awaited_leaks_nothing():
    await weft.device_async()
    x = weft.zeros(10)
    before = await settled()
    x.to_memoryview_async().close()
    assert await settled() == before and values(x) == [0] * 10


async def test_twins_are_coroutines():
    await weft.device_async()
    for made in (
        weft.zeros(1).to_memoryview_async(),
        weft.Buffer(4).to_bytes_async(),
        weft.synchronize_async(),
        weft.device_async(),
    ):
        assert inspect.iscoroutine(made)
        await made


async def test_an_array_may_be_dropped_while_it_is_read():
    await weft.device_async()
    reading = asyncio.ensure_future(weft.asarray([1.0, 2.0]).to_memoryview_async())
    weft.asarray([8.0, 9.0])
    assert (await reading).tolist() == [1, 2]


async def test_memory_may_grow_while_a_read_is_awaited():
    np = pytest.importorskip("numpy")
    await weft.device_async()
    host = np.arange(1 << 18, dtype="f4")
    x, y = weft.asarray(host), weft.zeros(host.shape)
    affine()(x=x, y=y, threads=x.size)
    reading = asyncio.ensure_future(y.to_numpy_async())
    await asyncio.sleep(0)
    grown = [bytearray(8 << 20) for _ in range(8)]
    np.testing.assert_array_equal(await reading, 2 * host + 1)
    assert len(grown) == 8


async def test_kernels_compile_in_the_background_together():
    await weft.device_async()
    sources = [STEP.replace("1u", f"{i}u") for i in range(2, 8)]
    kernels = await asyncio.gather(*(weft.kernel_async(s) for s in sources))
    x = weft.zeros(1, "uint32")
    for k in kernels:
        k(x=x, threads=1)
    assert (await x.to_memoryview_async()).tolist() == [sum(range(2, 8))]


async def test_a_future_before_it_has_settled():
    await weft.device_async()
    from weft import _core

    future = _core.synchronize_start()
    try:
        future.result()
    except weft.StateError as e:
        assert "not there yet" in str(e)
    while not future.done():
        await asyncio.sleep(0)
    assert future.result() is None
