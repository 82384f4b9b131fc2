"""Timers: how long the device took, by its own clock."""

import asyncio
import gc
import time

import pytest
import weft
from kernels import STEP, values

# Long enough for a clock that goes in steps of 65 µs, as a browser's does.
LONG = """
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(64) fn long(@builtin(global_invocation_id) id: vec3u) {
  for (var i = 0u; i < 20000u; i++) { x[id.x] = x[id.x] * 1664525u + 1013904223u; }
}"""


@pytest.fixture(autouse=True)
def clock():
    if "timestamp-query" not in weft.device().features:
        pytest.skip("the device has no clock")


def test_the_time_is_the_devices():
    x, long = weft.zeros(4096, "uint32"), weft.kernel(LONG)
    long(x=x, threads=4096)
    weft.synchronize()
    began, once = time.perf_counter(), []
    for _ in range(3):
        with weft.timer() as t:
            long(x=x, threads=4096)
        once.append(t)
    with weft.timer() as often:
        for _ in range(8):
            long(x=x, threads=4096)
    weft.synchronize()
    passed = time.perf_counter() - began
    seconds = [t.seconds() for t in once]
    assert isinstance(seconds[0], float) and often.device is weft.device()
    assert 0 < min(seconds) < often.seconds()
    assert sum(seconds) + often.seconds() < passed + 0.001  # the clocks are two


def test_nothing_waits_in_the_block_and_results_are_the_same():
    x, k = weft.zeros(70, "uint32"), weft.kernel(STEP)
    with weft.batch():
        with weft.timer() as t:
            for _ in range(5):
                k(x=x, threads=70)
            assert weft.stats()["pending_commands"] > 5
    assert values(x) == [5] * 70
    assert t.seconds() == t.seconds() >= 0


def test_timers_nest_and_may_be_empty():
    x, k = weft.zeros(70, "uint32"), weft.kernel(STEP)
    with weft.timer() as outer:
        with weft.timer() as inner:
            k(x=x, threads=70)
        with weft.timer() as empty:
            pass
        k(x=x, threads=70)
    assert 0 <= inner.seconds() <= outer.seconds()
    assert 0 <= empty.seconds() <= outer.seconds()
    assert values(x) == [2] * 70


async def test_awaited():
    x, k = weft.zeros(70, "uint32"), weft.kernel(STEP)
    timers = []
    for _ in range(5):
        with weft.timer() as t:
            k(x=x, threads=70)
        timers.append(t)
    seconds = await asyncio.gather(*(t.seconds_async() for t in timers))
    assert seconds == [t.seconds() for t in timers] and min(seconds) >= 0
    assert await timers[0].seconds_async() == seconds[0]


def test_repr_never_asks_the_device():
    t = weft.timer()
    assert repr(t) == "<weft.Timer, not begun>"
    with t:
        assert repr(t) == "<weft.Timer, running>"
    assert repr(t) == "<weft.Timer, stopped>"
    seconds = t.seconds()
    assert repr(t) == f"<weft.Timer, {seconds * 1e3:.4g} ms>"


def test_asked_at_the_wrong_time():
    t = weft.timer()
    with pytest.raises(weft.StateError, match="nothing has been timed yet: with weft.timer"):
        t.seconds()
    with t:
        with pytest.raises(weft.StateError, match="runs until the end of its block"):
            t.seconds()
        with pytest.raises(weft.StateError, match="runs until the end of its block"):
            t.seconds_async()
        with pytest.raises(weft.StateError, match="times one block"), t:
            pass
    with pytest.raises(weft.StateError, match="times one block"), t:
        pass
    with pytest.raises(weft.StateError, match="not running"):
        t.__exit__(None, None, None)
    assert t.seconds() >= 0


def test_an_exception_in_the_block_passes_and_the_time_is_there():
    with pytest.raises(ZeroDivisionError), weft.timer() as t:
        weft.zeros(10).fill(1)
        1 / 0
    assert t.seconds() >= 0


def test_a_recording_is_timed_when_it_is_replayed():
    x, k = weft.zeros(70, "uint32"), weft.kernel(STEP)
    with weft.record() as g:
        k(x=x, threads=70)
        with pytest.raises(weft.StateError, match="time the replay"), weft.timer():
            pass
    with weft.timer() as t:
        g.replay()
    assert t.seconds() >= 0 and values(x) == [1] * 70


def test_too_many_at_once():
    timers = [weft.timer() for _ in range(65)]
    for t in timers[:64]:
        t.__enter__()
    with pytest.raises(weft.StateError, match="64 timers are running"):
        timers[64].__enter__()
    timers[0].__exit__(None, None, None)
    with timers[64]:
        pass
    assert timers[0].seconds() >= 0 and timers[64].seconds() >= 0


async def test_a_device_of_ones_own_and_its_loss():
    dev = weft.device(new=True)
    with weft.timer(dev) as t:
        pass
    assert t.device is dev and await t.seconds_async() >= 0
    running = weft.timer(dev)
    running.__enter__()
    with weft.timer(dev) as stopped:
        pass
    dev.destroy()
    with pytest.raises(weft.DeviceLostError):
        running.__exit__(None, None, None)
    with pytest.raises(weft.DeviceLostError):
        stopped.seconds()
    with pytest.raises(weft.DeviceLostError), weft.timer(dev):
        pass
    assert await t.seconds_async() == t.seconds() >= 0  # known before
    assert repr(running) == "<weft.Timer, stopped>"
    with pytest.raises(weft.DeviceLostError):
        running.seconds()


def test_a_block_in_which_the_device_is_lost():
    dev = weft.device(new=True)
    with pytest.raises(ZeroDivisionError), weft.timer(dev) as t:
        dev.destroy()
        1 / 0
    with pytest.raises(weft.DeviceLostError):
        t.seconds()


def test_a_block_that_leaves_a_recording_open():
    g = weft.record()
    with pytest.raises(ZeroDivisionError), weft.timer() as t:
        g.__enter__()
        1 / 0
    g.__exit__(None, None, None)
    with pytest.raises(weft.StateError, match="the timer has not been stopped"):
        t.seconds()


def test_a_time_that_is_known_holds_nothing_on_the_device():
    gc.collect()
    before = weft.stats()["buffers"]
    timers = []
    for _ in range(3):
        with weft.timer() as t:
            pass
        timers.append(t)
    assert weft.stats()["buffers"] == before + 3
    assert all(t.seconds() >= 0 for t in timers)
    assert weft.stats()["buffers"] == before


def test_no_leaks():
    def use():
        with weft.timer() as t:
            weft.zeros(10).fill(1)
        weft.timer().__enter__()
        return t

    use().seconds()
    gc.collect()
    before = weft.stats()
    for _ in range(100):
        use()
    use().seconds()
    gc.collect()
    after = weft.stats()
    assert (after["buffers"], after["futures"]) == (before["buffers"], before["futures"])


def test_wrong_arguments():
    with pytest.raises(TypeError):
        weft.timer("cpu")
    with pytest.raises(TypeError):
        weft.timer(None, 1)
    with pytest.raises(TypeError):
        type(weft.timer())()
