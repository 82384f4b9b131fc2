"""Recordings: what is kept, what is frozen, what can be bound anew."""

import gc

import pytest
import weft
from kernels import SAXPY, STEP, affine, values

# STEP by ten, of a binding called z.
TEN = STEP.replace(" x:", " z:").replace("&x", "&z").replace("x[", "z[").replace("1u", "10u")


def test_a_recording_runs_at_each_replay_and_not_before():
    x, k = weft.zeros(70, "uint32"), weft.kernel(STEP)
    with weft.record() as g:
        for _ in range(3):
            k(x=x, threads=70)
    assert values(x) == [0] * 70
    assert g.commands == 3 and repr(g) == "<weft.Recording of 3 commands>" and g.device is weft.device()
    g.replay()
    g.replay()
    assert values(x) == [6] * 70
    x.fill(10)
    g.replay()
    x[0] = 99
    assert values(x) == [99] + [13] * 69


def test_an_empty_recording():
    with weft.record() as g:
        pass
    assert g.commands == 0 and repr(g) == "<weft.Recording of 0 commands>" and g.replay() is None


def test_values_are_frozen_and_arrays_are_named():
    k, x, y, p = weft.kernel(SAXPY), weft.asarray([1.0, 2.0]), weft.zeros(2), {"a": 2.0, "n": 2}
    host = bytearray(weft.asarray([5.0, 5.0]).to_memoryview().cast("B"))
    with weft.record() as g:
        k(x=x, y=y, p=p, threads=2)
        k(x=host, y=y, p={"a": 1.0, "n": 2}, threads=2)
    p["a"] = 100.0
    host[:] = bytes(8)
    x.write([3.0, 4.0])
    g.replay()
    assert values(y) == [11, 13]


def test_writes_copies_and_fills_are_recorded():
    x, y = weft.zeros(4, "int32"), weft.zeros(4, "int32")
    with weft.record() as g:
        x.fill(7)
        x[1:2] = [8]
        y.copy_from(x)
        y[3] = 1
    assert values(x) == values(y) == [0] * 4
    g.replay()
    assert values(x) == [7, 8, 7, 7] and values(y) == [7, 8, 7, 1]


def test_other_arrays_by_name():
    k, x, y = affine(), weft.asarray([1.0, 2.0, 3.0, 4.0]), weft.zeros(4)
    with weft.record() as g:
        k(x=x, y=y, threads=4)
    big, out, raw = weft.zeros(256), weft.zeros(4), weft.Buffer(16)
    big[64:68] = [10.0, 20.0, 30.0, 40.0]
    g.replay(y=out)
    g.replay(x=big[64:68])
    g.replay(y=raw, x=out)
    assert values(out) == [3, 5, 7, 9] and values(y) == [21, 41, 61, 81]
    assert values(raw.view("float32")) == [7, 11, 15, 19]
    g.replay()
    assert values(y) == [3, 5, 7, 9]


def test_one_array_under_two_names_is_replaced_everywhere():
    first, second = weft.kernel(STEP), weft.kernel(TEN)
    x, other = weft.zeros(2, "uint32"), weft.zeros(2, "uint32")
    with weft.record() as g:
        first(x=x, threads=2)
        second(z=x, threads=2)
    g.replay(x=other)
    assert values(x) == [0, 0] and values(other) == [11, 11]


def test_wrong_arrays_raise_and_nothing_runs():
    k, x, y, z = affine(), weft.asarray([1.0] * 4), weft.zeros(4), weft.zeros(4)
    with weft.record() as g:
        k(x=x, y=y, threads=4)
        k(x=x, y=z, threads=4)
    for arrays, error, words in [
        ({"w": x}, TypeError, "no call of the recording has an argument `w`"),
        ({"x": [1.0] * 4}, TypeError, "`x` wants a weft array or Buffer"),
        ({"x": 3}, TypeError, "got int"),
        ({"x": weft.zeros(3)}, ValueError, "`x` had 16 bytes when it was recorded, not 12"),
        ({"x": weft.zeros(4, "int32")}, TypeError, "`x` is array<f32>: it wants float32, not int32"),
        ({"y": x}, ValueError, "`y` is not one array in this recording"),
        ({"x": y}, ValueError, "would share an array"),
        ({"x": weft.zeros(8)[1:5]}, ValueError, "offset 4"),
    ]:
        with pytest.raises(error) as e:
            g.replay(**arrays)
        assert words in str(e.value)
    with pytest.raises(TypeError, match="by name"):
        g.replay(x)
    assert values(y) == [0] * 4
    g.replay()
    assert values(y) == values(z) == [3] * 4


def test_what_cannot_be_bound_anew():
    k, y = weft.kernel(SAXPY), weft.asarray([0.0])
    with weft.record() as g:
        y.fill(1)
        k(x=b"\0\0\x80\x3f", y=y, p=(2.0, 1), threads=1)
    for name, words in [("x", "`x` was frozen"), ("p", "`p` was frozen"), ("y", "`y` is part of a copy, write or fill")]:
        with pytest.raises((TypeError, ValueError)) as e:
            g.replay(**{name: weft.Buffer(4)})
        assert words in str(e.value)
    g.replay()
    assert values(y) == [3]


def test_reading_inside_raises_and_the_recording_goes_on():
    x, k = weft.zeros(2, "uint32"), weft.kernel(STEP)
    with weft.record() as g:
        k(x=x, threads=2)
        for use in (x.to_memoryview, weft.synchronize, weft.Buffer(4).to_bytes):
            with pytest.raises(weft.StateError, match="record"):
                use()
        with pytest.raises(weft.StateError, match="records already"):
            with weft.record():
                pass
        k(x=x, threads=2)
    g.replay()
    assert values(x) == [2, 2]


def test_a_wrong_call_inside_records_nothing():
    x, k = weft.zeros(2, "uint32"), weft.kernel(STEP)
    with weft.record() as g:
        with pytest.raises(TypeError):
            k(x=3, threads=2)
        with pytest.raises(ValueError):
            k(x=x, groups=70000)
        k(x=x, threads=2)
    assert g.commands == 1
    g.replay()
    assert values(x) == [1, 1]


def test_an_exception_drops_the_recording():
    x, k = weft.zeros(2, "uint32"), weft.kernel(STEP)
    before = weft.stats()["graphs"]
    with pytest.raises(ZeroDivisionError):
        with weft.record() as g:
            k(x=x, threads=2)
            1 / 0
    assert repr(g) == "<weft.Recording, dropped>" and weft.stats()["graphs"] == before
    for use in (g.replay, lambda: g.commands, g.__enter__):
        with pytest.raises(weft.StateError, match="an exception ended its block"):
            use()
    k(x=x, threads=2)
    assert values(x) == [1, 1]


def test_stages():
    g = weft.record(weft.device())
    assert repr(g) == "<weft.Recording, not begun>"
    with pytest.raises(weft.StateError, match="nothing is recorded yet"):
        g.replay()
    with pytest.raises(weft.StateError):
        g.__exit__(None, None, None)
    with g as same:
        assert same is g and repr(g) == "<weft.Recording, recording>"
        with pytest.raises(weft.StateError, match="has not ended"):
            g.replay()
    with pytest.raises(weft.StateError, match="has ended"):
        with g:
            pass
    with pytest.raises(TypeError):
        weft.Recording()
    with pytest.raises(TypeError):
        weft.record("gpu")


def test_inside_and_around_a_batch():
    x, k = weft.zeros(2, "uint32"), weft.kernel(STEP)
    with weft.batch():
        with weft.record() as g:
            k(x=x, threads=2)
        g.replay()
        k(x=x, threads=2)
        g.replay()
    with weft.record() as h:
        with weft.batch():
            k(x=x, threads=2)
    h.replay()
    assert values(x) == [4, 4]


def test_recordings_keep_what_they_need_and_leak_nothing():
    def figures():
        gc.collect()
        weft.synchronize()
        weft.trim()
        stats = weft.stats()
        return {n: stats[n] for n in ("buffers", "kernels", "graphs", "used_bytes")}

    out = weft.zeros(4)
    weft.kernel(SAXPY)(x=out.copy(), y=out, p=(0, 0), threads=1)
    before = figures()
    for _ in range(10):
        with weft.record() as g:
            weft.kernel(SAXPY)(x=weft.asarray([1.0] * 4), y=out, p=(1, 4), threads=4)
        gc.collect()
        g.replay()
        g.replay(y=out.copy())
    weft.record().__enter__()  # dropped while it records
    assert values(out) == [10] * 4
    del g
    assert figures() == before


def test_a_thousand_replays():
    x, k = weft.zeros(64, "uint32"), weft.kernel(STEP)
    with weft.record() as g:
        for _ in range(10):
            k(x=x, threads=64)
    for _ in range(1000):
        g.replay()
    assert values(x) == [10000] * 64


def test_a_lost_device_takes_its_recordings_with_it():
    device = weft.device()
    x, k = weft.zeros(2, "uint32"), weft.kernel(STEP)
    with weft.record() as g:
        k(x=x, threads=2)
    device.destroy()
    with pytest.raises(weft.DeviceLostError):
        g.replay()
    with pytest.raises(weft.DeviceLostError):
        with weft.record(device):
            pass
    assert weft.device() is not device and values(weft.zeros(1)) == [0]
