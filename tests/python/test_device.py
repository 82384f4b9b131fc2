"""Devices: what they say, how they are chosen, lost and had again; counters and leaks."""

import gc

import pytest
import weft
from kernels import SAXPY, STEP, affine, values


def test_the_default_device_is_opened_once():
    device = weft.device()
    assert device is weft.device() and device is weft.zeros(1).device
    assert repr(device).startswith(f"<weft.Device {device.driver}: {device.name}")
    assert device.driver in ("native", "web") and device.kind in ("discrete", "integrated", "cpu", "unknown")
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
