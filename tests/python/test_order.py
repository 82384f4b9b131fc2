"""Order, memory and aliasing, as Python sees them: what DESIGN's rules promise."""

import array

import pytest
import weft
from kernels import SAXPY, STEP, WORDS, affine, values


def test_a_write_after_a_call_does_not_overtake_it():
    k = affine()
    x, y = weft.asarray([1.0, 2.0]), weft.zeros(2)
    k(x=x, y=y, threads=2)
    x.write([100.0, 200.0])
    first = values(y)
    k(x=x, y=y, threads=2)
    assert first == [3, 5] and values(y) == [201, 401]


def test_writes_calls_copies_and_fills_take_effect_in_program_order():
    k = weft.kernel(STEP)
    x = weft.zeros(4, "uint32")
    seen = []
    with weft.batch():
        for i in range(20):
            k(x=x, threads=4)
            seen.append(x.copy())
            x[0] = 100 + i
            k(x=x, threads=4)
            x[2:4] = x[0:2]
            x.write([i] * 4) if i % 3 == 0 else None
    model = [0] * 4
    for i in range(20):
        model = [v + 1 for v in model]
        assert values(seen[i]) == model
        model[0] = 100 + i
        model = [v + 1 for v in model]
        model[2:4] = model[0:2]
        if i % 3 == 0:
            model = [i] * 4
    assert values(x) == model


def test_released_memory_is_used_again_in_order():
    k, x = affine(), weft.asarray([1.0] * 256)
    kept = []
    with weft.batch():
        for i in range(50):
            y = weft.empty(256)
            k(x=x, y=y, threads=256)
            z = weft.zeros(256)
            z[:128] = y[:128]
            kept.append(z) if i % 10 == 0 else None
            del y, z
    for z in kept:
        assert values(z) == [3.0] * 128 + [0.0] * 128


def test_an_array_dropped_right_after_the_call_is_still_used():
    y = weft.zeros(3)
    affine()(x=weft.asarray([1.0, 2.0, 3.0]), y=y, threads=3)
    weft.empty(3).fill(9)
    assert values(y) == [3, 5, 7]


def test_read_and_written_ranges_that_overlap_raise():
    k, x = affine(), weft.asarray([float(i) for i in range(256)])
    with pytest.raises(ValueError, match="overlap"):
        k(x=x[0:128], y=x[127:256], threads=8)
    with pytest.raises(ValueError, match="overlap"):
        k(x=x, y=x, threads=8)
    assert values(x) == [float(i) for i in range(256)]
    k(x=x[0:128], y=x[128:256], threads=128)
    assert values(x) == [float(i) for i in range(128)] + [2.0 * i + 1 for i in range(128)]


def test_disjoint_views_of_one_array():
    x = weft.asarray([float(i) for i in range(300)])
    k = affine()
    k(x=x[200:], y=x[:100], threads=100)
    assert values(x)[:3] == [401, 403, 405] and values(x)[100:] == [float(i) for i in range(100, 300)]
    k(x=x[1:3], y=x[3:5], threads=2)
    assert values(x)[:6] == [401, 403, 405, 807, 811, 411]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool", "uint16", "int16"])
@pytest.mark.parametrize("start, stop", [(0, 23), (0, 7), (1, 2), (1, 8), (2, 9), (3, 22), (5, 6), (8, 16), (7, 23)])
def test_slices_of_small_elements_as_arguments(dtype, start, stop):
    """Read: the slice alone, its padding zero. Written: the slice alone, its neighbours as they were."""
    base = [i % 2 if dtype == "bool" else i + 1 for i in range(23)]
    x = weft.asarray(base, dtype)
    part = x[start:stop]
    n_words = -(-part.nbytes // 4)
    raw, count = weft.Buffer(4 * n_words), weft.zeros(1, "uint32")
    weft.kernel(WORDS)(x=part, y=raw, count=count, threads=64)
    assert values(count) == [n_words]
    content = raw.to_bytes()
    assert content[: part.nbytes] == part.to_memoryview().tobytes() and not any(content[part.nbytes :])

    y = weft.asarray(base, dtype)
    new = [1 - v if dtype == "bool" else v + 50 for v in base[start:stop]]
    source = weft.asarray(new, dtype)
    weft.kernel(WORDS)(x=source, y=y[start:stop], count=count, threads=64)
    expected = [*base]
    expected[start:stop] = new
    assert values(y) == expected and values(x) == base


def test_views_at_offsets_that_cannot_be_bound():
    x = weft.asarray([float(i) for i in range(200)])
    for start in (1, 3, 63, 64, 65):
        y = weft.zeros(130)
        affine()(x=x[start : start + 10], y=y[start : start + 10], threads=10)
        expected = [0.0] * 130
        expected[start : start + 10] = [2.0 * i + 1 for i in range(start, start + 10)]
        assert values(y) == expected


def test_scalars_are_those_of_their_call():
    k, x = weft.kernel(SAXPY), weft.asarray([1.0] * 4)
    parameters = {"a": 0.0, "n": 4}
    results = []
    with weft.batch():
        for i in range(300):
            y = weft.zeros(4)
            parameters["a"] = float(i)
            k(x=x, y=y, p=parameters, threads=4)
            results.append(y)
    assert [values(y) for y in results[::37]] == [[float(i)] * 4 for i in range(300)[::37]]


def test_a_host_argument_is_read_at_the_call():
    host = array.array("f", [1.0, 2.0])
    y = weft.zeros(2)
    affine()(x=host, y=y, threads=2)
    host[0] = host[1] = 50.0
    assert values(y) == [3, 5]


def test_batches_nest_and_survive_exceptions():
    k, x = weft.kernel(STEP), weft.zeros(2, "uint32")
    with weft.batch():
        k(x=x, threads=2)
        with weft.batch() as inner:
            k(x=x, threads=2)
            assert weft.stats()["pending_commands"] > 0
        assert weft.stats()["pending_commands"] >= 0
        assert values(x) == [2, 2]
        k(x=x, threads=2)
    with pytest.raises(KeyError, match="mine"), weft.batch():
        k(x=x, threads=2)
        raise KeyError("mine")
    assert values(x) == [4, 4]
    with pytest.raises(weft.StateError, match="this batch was not entered"):
        inner.__exit__(None, None, None)
    forgotten = weft.batch()
    forgotten.__enter__()
    k(x=x, threads=2)
    del forgotten
    assert weft.stats()["pending_commands"] == 0 and values(x) == [5, 5]


def test_an_error_leaves_earlier_results_and_later_calls_alone():
    k, x = weft.kernel(STEP), weft.zeros(2, "uint32")
    k(x=x, threads=2)
    for wrong in (
        lambda: k(threads=2),
        lambda: k(x=weft.zeros(2), threads=2),
        lambda: k(x=x),
        lambda: x.write([1]),
        lambda: weft.kernel("nonsense"),
        lambda: k(x=x, groups=(1, 70000)),
    ):
        with pytest.raises((TypeError, ValueError, weft.Error)):
            wrong()
        k(x=x, threads=2)
    assert values(x) == [7, 7]


def test_flush_hands_over_and_trim_gives_back():
    k, x = weft.kernel(STEP), weft.zeros(2, "uint32")
    with weft.batch():
        k(x=x, threads=2)
        assert weft.stats()["pending_commands"] > 0
        weft.flush()
        assert weft.stats()["pending_commands"] == 0
    big = weft.empty(1 << 20, "uint8")
    big.fill(1)
    del big
    weft.synchronize()
    assert weft.stats()["pooled_bytes"] >= 1 << 20
    assert weft.trim() >= 1 << 20
    assert weft.stats()["pooled_bytes"] == 0
    assert values(x) == [1, 1]
