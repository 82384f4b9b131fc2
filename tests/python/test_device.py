"""Devices: what they say, how they are chosen, lost and had again; counters and leaks."""

import asyncio
import gc

import pytest
import weft
from kernels import SAXPY, STEP, affine, values


def test_the_default_device_is_opened_once():
    device = weft.device()
    assert device is weft.device() and device is weft.zeros(1).device
    assert repr(device).startswith(f"<weft.Device {device.driver}: {device.name}")
    assert device.driver in ("native", "web", "cpu") and device.kind in ("discrete", "integrated", "cpu", "unknown")
    assert all(
        isinstance(t, str) for t in (device.name, device.vendor, device.architecture, device.backend, device.library)
    )
    assert device.library and isinstance(device.features, frozenset)
    assert (
        device.limits["maxComputeWorkgroupsPerDimension"] >= 65535
        and device.limits["minStorageBufferOffsetAlignment"] >= 4
    )
    with pytest.raises(TypeError):
        weft.Device()


def test_a_device_by_its_driver():
    device = weft.device()
    assert weft.device(device.driver).name == device.name


def test_a_device_that_is_not_there_raises():
    with pytest.raises(weft.DeviceError) as e:
        weft.device("no such adapter")
    assert "no such adapter" in str(e.value)
    with pytest.raises(weft.DeviceError):
        weft.device("no such adapter")
    with pytest.raises(TypeError):
        weft.device(3)
    assert values(weft.zeros(1)) == [0]


def test_stats_are_numbers_by_name():
    stats = weft.stats()
    assert all(isinstance(n, int) and n >= 0 for n in stats.values())
    assert {"objects", "driver_objects", "used_bytes", "pending_commands", "dispatches", "submits"} <= set(stats)
    assert weft.stats(weft.device()).keys() == stats.keys() and weft.stats(device=None).keys() == stats.keys()


def test_a_lost_device_raises_and_a_new_one_is_had():
    device = weft.device("")
    x, k = weft.asarray([1.0, 2.0]), affine()
    y = weft.zeros(2)
    k(x=x, y=y, threads=2)
    device.destroy()
    for use in (
        y.to_memoryview,
        lambda: k(x=x, y=y, threads=2),
        lambda: weft.zeros(3),
        lambda: x.write([1, 2]),
        weft.synchronize,
    ):
        with pytest.raises(weft.DeviceLostError):
            use()
    new = weft.device()
    assert new is not device and weft.zeros(1).device is new
    y = weft.zeros(2)
    affine()(x=[1.0, 2.0] and weft.asarray([1.0, 2.0]), y=y, threads=2)
    assert values(y) == [3, 5]
    with pytest.raises((ValueError, weft.Error)):
        affine()(x=x, y=y, threads=2)


def test_arrays_of_two_devices():
    first = weft.device()
    x = weft.asarray([1.0])
    first.destroy()
    second = weft.device()
    with pytest.raises(ValueError, match="by way of the host"):
        weft.asarray(x, device=second)
    assert first is not second


# ---- leaks -----------------------------------------------------------------------------------------------------------

NOW = ("buffers", "kernels", "futures", "objects", "driver_objects", "used_bytes", "pending_commands")


def figures():
    gc.collect()
    weft.synchronize()
    weft.trim()
    stats = weft.stats()
    return {name: stats[name] for name in NOW}


def test_ten_thousand_calls_grow_nothing():
    k = weft.kernel(SAXPY)
    x, y = weft.asarray([1.0] * 64), weft.zeros(64)

    def calls(n):
        for _ in range(n):
            k(x=x, y=y, p={"a": 1.0, "n": 64}, threads=64)
        return figures()

    before = calls(100)
    after = calls(10000)
    assert after == before and after["objects"] == after["driver_objects"]
    assert values(y) == [10100.0] * 64


def test_dropped_arrays_give_their_memory_back():
    before = figures()
    for i in range(300):
        x = weft.asarray([float(i)] * 1000)
        y = x[10:20].copy()
        weft.Buffer(bytes(100))[4:8].to_bytes()
        assert values(y[0]) == i
    grown = weft.stats()
    assert grown["used_bytes"] + grown["pooled_bytes"] < before["used_bytes"] + (64 << 20)
    del x, y
    assert figures() == before


def test_dropped_kernels_and_failures_leak_nothing():
    x = weft.zeros(4, "uint32")
    weft.kernel(STEP.replace("1u", "77u"))(x=x, threads=4)
    before = figures()
    for i in range(20):
        weft.kernel(STEP.replace("1u", f"{i}u"))(x=x, threads=4)
        for wrong in (
            lambda: weft.kernel("nonsense"),
            lambda: weft.asarray([1, "2"]),
            lambda: x.write([1.5] * 4),
            lambda: weft.zeros(-1),
            lambda: weft.kernel(STEP)(x=b"1234", threads=1),
            lambda: weft.kernel(STEP)({"x": x, "z": 1}, threads=1),
        ):
            with pytest.raises((TypeError, ValueError, weft.Error)):
                wrong()
    after = figures()
    assert (after["buffers"], after["kernels"], after["futures"], after["used_bytes"]) == tuple(
        before[n] for n in ("buffers", "kernels", "futures", "used_bytes")
    )
    assert after["objects"] == after["driver_objects"]


def test_references_are_given_back():
    import sys

    if not hasattr(sys, "getrefcount"):
        pytest.skip("no reference counts in this Python")
    x, p, shape, name = weft.asarray([1.0]), {"a": 1.0, "n": 1}, (1,), "".join(["flo", "at32"])
    k, y = weft.kernel(SAXPY), weft.asarray([1.0])
    objects = (x, p, shape, name, k, y, weft.float32, weft.device(), weft.Array)

    def everything():
        k(x=x, y=y, p=p, threads=1)
        k({(0, 0): x, "y": y, "p": p}, threads=(1, 1))
        k(**{"x": x, "y": y, "p": p, "threads": 1})
        (
            weft.zeros(shape, name),
            weft.zeros_like(x),
            x.dtype,
            x.device,
            x.shape,
            x[0:1],
            x[0],
            x.copy(),
            repr(x),
            weft.asarray(x),
        )
        x.to_memoryview(), k.bindings, k.constants, repr(k), x.dtype == name, hash(x.dtype), weft.asarray([1.0], name)
        y[0:1] = x
        for wrong in (
            lambda: k(x=x, y=y, p=p, q=1, threads=1),
            lambda: k(x=x, y=y, p={"a": x}, threads=1),
            lambda: x.write(p),
            lambda: x[::2],
            lambda: weft.asarray(p),
        ):
            with pytest.raises((TypeError, IndexError)):
                wrong()
        k(x=x, y=y, p=p, threads=1)

    everything()
    gc.collect()
    before = [sys.getrefcount(o) for o in objects]
    for _ in range(50):
        everything()
    gc.collect()
    after = [sys.getrefcount(o) for o in objects]
    changed = [(o, b, a) for o, b, a in zip(objects, before, after) if abs(a - b) >= 25]
    assert not changed


# ---- choosing --------------------------------------------------------------------------------------------------------


def test_devices_are_open_devices():
    every = weft.devices()
    assert every and len(set(map(id, every))) == len(every) and all(isinstance(d, weft.Device) for d in every)
    assert weft.device() in every and weft.devices() == every
    for device in every:
        assert values(weft.zeros(2, device=device)) == [0, 0]


async def test_devices_async():
    assert await weft.devices_async() == weft.devices()


def test_one_adapter_is_one_device_however_it_is_asked_for():
    device = weft.device()
    words = [device.driver, device.name, device.name[: len(device.name) // 2 + 1], device.name.upper()]
    words += ["gpu"] if device.kind != "cpu" else ["software"] if device.driver != "cpu" else []
    words += [device.kind] if device.kind in ("discrete", "integrated") else []
    for word in words:
        assert weft.device(word) is device, word
    kind = {"selector": device.driver} if device.kind == "cpu" else {}
    assert weft.device(power="high", **kind).kind == weft.device(power="low", **kind).kind == device.kind


def test_a_kind_that_is_not_there_raises():
    kinds = {d.kind for d in weft.devices()}
    for kind in {"discrete", "integrated", "cpu"} - kinds:
        with pytest.raises(weft.DeviceError) as e:
            weft.device(kind)
        assert kind in str(e.value) and weft.device().name in str(e.value)
    assert kinds


def test_required_limits_and_features():
    device = weft.device()
    limits = {"maxBufferSize": device.limits["maxBufferSize"], "minStorageBufferOffsetAlignment": 256}
    assert weft.device(required_limits=limits, required_features=[]) is device
    has = [f for f in ("shader-f16", "subgroups", "timestamp-query") if f in device.features]
    assert weft.device(required_features=has) is device
    with pytest.raises(weft.Error) as e:
        weft.device(required_limits={"maxBufferSize": 1 << 50})
    assert "maxBufferSize" in str(e.value) and str(1 << 50) in str(e.value)
    for feature in {"shader-f16", "subgroups", "timestamp-query"} - set(has):
        with pytest.raises(weft.Error, match=feature):
            weft.device(required_features={feature})
    assert weft.device() is device


@pytest.mark.parametrize(
    "wish, error, words",
    [
        ({"power": "full"}, ValueError, '`power` is "low" or "high", not "full"'),
        ({"power": 3}, TypeError, "str"),
        ({"required_limits": {"maxBuferSize": 1}}, ValueError, "is called `maxBuferSize` (did you mean `maxBufferSize`?)"),
        ({"required_limits": {"maxBufferSize": 1.5}}, TypeError, "maxBufferSize wants an int, got float"),
        ({"required_limits": {"maxBufferSize": -1}}, OverflowError, ""),
        ({"required_limits": {3: 4}}, TypeError, "wants names of limits, got int"),
        ({"required_limits": 3}, TypeError, ""),
        ({"required_features": ["shader-16"]}, ValueError, "is called `shader-16` (did you mean `shader-f16`?)"),
        ({"required_features": "shader-f16"}, TypeError, "`required_features` wants a sequence of names, got str"),
        ({"required_features": [1]}, TypeError, "got int"),
        ({"required": 1}, TypeError, "required"),
    ],
)
def test_wrong_wishes_raise(wish, error, words):
    with pytest.raises(error) as e:
        weft.device(**wish)
    assert words in str(e.value)
    assert values(weft.zeros(1)) == [0]


# ---- several ---------------------------------------------------------------------------------------------------------


def test_two_devices_used_alternately():
    first, second = weft.device(), weft.device(new=True)
    assert second is not first and second.name == first.name and weft.device() is first
    arrays = [weft.zeros(4, "uint32", device=d) for d in (first, second)]
    kernels = [weft.kernel(STEP, device=d) for d in (first, second)]
    for _ in range(5):
        for k, x in zip(kernels, arrays):
            k(x=x, threads=4)
        kernels[1](x=arrays[1], threads=4)
        assert arrays[0].device is first and arrays[1].device is second
    assert values(arrays[0]) == [5] * 4 and values(arrays[1]) == [10] * 4
    for k, x in ((kernels[0], arrays[1]), (kernels[1], arrays[0])):
        with pytest.raises(ValueError, match="`x` is on the device"):
            k(x=x, threads=4)
    for wrong in (lambda: arrays[0].copy_from(arrays[1]), lambda: weft.asarray(arrays[0], device=second)):
        with pytest.raises(ValueError, match="device"):
            wrong()
    second.destroy()
    with pytest.raises(weft.DeviceLostError):
        values(arrays[1])
    assert values(arrays[0]) == [5] * 4 and weft.device() is first


def test_a_batch_and_a_recording_of_one_device_leave_the_other_alone():
    first, second = weft.device(), weft.device(new=True)
    x, y = weft.zeros(1, "uint32", device=first), weft.zeros(1, "uint32", device=second)
    with weft.batch(second), weft.record(second) as g:
        weft.kernel(STEP, device=first)(x=x, threads=1)
        weft.kernel(STEP, device=second)(x=y, threads=1)
        assert values(x) == [1]
    assert g.device is second and values(y) == [0]
    with pytest.raises(ValueError, match="`x` is on the device"):
        g.replay(x=x)
    g.replay()
    assert values(y) == [1]


async def test_a_device_that_nobody_asks_keeps_no_other_waiting():
    first, second = await weft.device_async(), await weft.device_async(new=True)
    y = weft.zeros(4, "uint32", device=second)
    weft.kernel(STEP.replace("1u", "8u"), device=second)(x=y, threads=4)
    weft.flush(second)
    await asyncio.sleep(0.05)  # it has things to tell now, and nobody listens
    x = weft.zeros(1 << 16, "uint32", device=first)
    for i in range(5):
        weft.kernel(STEP, device=first)(x=x, threads=x.size)
        assert values(x)[-1] == i + 1
        assert (await x.to_memoryview_async())[0] == i + 1


# ---- loss ------------------------------------------------------------------------------------------------------------


async def test_lost_is_awaited():
    device = await weft.device_async(new=True)
    lost = device.lost
    assert not lost and not device.lost and repr(lost) == "<not lost>"
    waiting = asyncio.ensure_future(anext_of(lost))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(device.lost, 0.01)
    device.destroy()
    assert "on request" in await asyncio.wait_for(waiting, 10)
    assert "on request" in await lost and lost and device.lost and "on request" in repr(lost)


async def anext_of(lost):
    return await lost


async def test_on_lost_calls_back_once():
    device = await weft.device_async(new=True)
    reasons = []
    device.on_lost(reasons.append)
    await asyncio.sleep(0.01)
    assert reasons == []
    device.destroy()
    device.on_lost(reasons.append)
    for _ in range(500):
        await asyncio.sleep(0.01)
        if len(reasons) == 2:
            break
    assert len(reasons) == 2 and "on request" in reasons[0]
    with pytest.raises(TypeError, match="`callback` wants a function of the reason, got int"):
        device.on_lost(3)


async def test_loss_reaches_all_that_is_in_flight():
    device = await weft.device_async(new=True)
    x, k = weft.zeros(1 << 16, "uint32", device=device), weft.kernel(STEP, device=device)
    k(x=x, threads=x.size)
    waits = [
        asyncio.ensure_future(x.to_memoryview_async()),
        asyncio.ensure_future(weft.synchronize_async(device)),
        asyncio.ensure_future(weft.kernel_async(STEP.replace("1u", "5u"), device=device)),
    ]
    await asyncio.sleep(0)
    k(x=x, threads=x.size)  # queued and not handed over
    device.destroy()
    for wait in waits:
        try:
            await wait
        except weft.DeviceLostError as e:
            assert "on request" in str(e)
    for use in (
        lambda: k(x=x, threads=1),
        lambda: weft.kernel(STEP.replace("1u", "6u"), device=device),
        lambda: x.to_memoryview_async(),
        lambda: weft.flush(device),
        lambda: weft.Buffer(4, device=device),
        lambda: x.copy(),
        lambda: x.fill(1),
    ):
        with pytest.raises(weft.DeviceLostError, match="on request"):
            use()
    assert values(weft.zeros(1)) == [0] and not weft.device().lost


def test_more_than_the_limit_raises_and_the_device_stays_usable():
    limit = weft.device().limits["maxBufferSize"]
    x = weft.asarray([1.0])
    for make in (lambda: weft.empty(limit // 4 + 4), lambda: weft.Buffer(limit + 16)):
        with pytest.raises((ValueError, MemoryError, OverflowError)):
            make()
    assert values(x) == [1]
