"""Batches with a limit and with a progress; programs that only enqueue."""

import pytest
import weft
from kernels import STEP, values

# Takes a time that grows with n, and adds one to x[0].
SPIN = """
  @group(0) @binding(0) var<storage, read_write> x: array<u32>;
  @group(0) @binding(1) var<uniform> n: u32;
  @compute @workgroup_size(64)
  fn spin(@builtin(global_invocation_id) id: vec3u) {
    var v = x[0];
    for (var i = 0u; i < n; i++) { v = v * 1664525u + 1013904223u; }
    if (id.x == 0u) { x[0] += 1u; }
    if (v == 77u) { x[1] = v; }
  }
"""


class Bar:
    """What tqdm looks like to the batch."""

    def __init__(self):
        self.n, self.updates, self.closed = 0, 0, 0

    def update(self, n):
        self.n += n
        self.updates += 1

    def close(self):
        self.closed += 1


def submits():
    return weft.stats()["submits"]


def test_a_limit_cuts_the_batch_and_changes_no_result():
    k, x = weft.kernel(SPIN), weft.zeros(2, "uint32")
    weft.synchronize()
    before = submits()
    with weft.batch(max_ms_per_submit=1e-6):
        for _ in range(20):
            k(x=x, n=1000, threads=64)
    assert submits() - before > 19  # without a limit one would do
    assert values(x)[0] == 20
    weft.synchronize()
    before = submits()
    with weft.batch(max_ms_per_submit=60_000):
        for _ in range(20):
            k(x=x, n=1000, threads=64)
    assert submits() - before <= 2
    assert values(x)[0] == 40


def test_a_bar_moves_and_ends_full():
    k, x, bar = weft.kernel(SPIN), weft.zeros(2, "uint32"), Bar()
    with weft.batch(max_ms_per_submit=0.01, progress=bar):
        for _ in range(30):
            k(x=x, n=20_000, threads=64)
        assert 0 < bar.n <= 30
    assert (bar.n, bar.closed) == (30, 0)
    assert bar.updates > 5
    made = []

    def make():
        made.append(Bar())
        return made[-1]

    with weft.batch(progress=make):
        for _ in range(3):
            k(x=x, n=1, threads=64)
    assert [(b.n, b.closed) for b in made] == [(3, 1)]
    assert values(x)[0] == 33


def test_bars_nest_and_are_closed_when_the_body_fails():
    k, x, outer, inner = weft.kernel(STEP), weft.zeros(2, "uint32"), Bar(), Bar()
    with weft.batch(progress=outer):
        k(x=x, threads=2)
        with weft.batch(progress=inner):
            k(x=x, threads=2)
            k(x=x, threads=2)
        k(x=x, threads=2)
    assert (outer.n, inner.n) == (4, 2)
    with pytest.raises(KeyError, match="mine"), weft.batch(progress=lambda: outer):
        raise KeyError("mine")
    assert outer.closed == 1
    with pytest.raises(RuntimeError, match="broken bar"), weft.batch(progress=BrokenBar()):
        k(x=x, threads=2)
    assert values(x) == [5, 5]


class BrokenBar(Bar):
    def update(self, n):
        raise RuntimeError("broken bar")


@pytest.mark.parametrize("wrong", [0, -1, float("nan")])
def test_a_limit_is_above_zero(wrong):
    with pytest.raises(ValueError, match=f"`max_ms_per_submit` wants a number above 0, got {wrong}"):
        weft.batch(max_ms_per_submit=wrong)


def test_what_is_no_limit_and_no_bar_is_refused():
    with pytest.raises(TypeError, match="`max_ms_per_submit` wants a number above 0, got str"):
        weft.batch(max_ms_per_submit="8")
    with pytest.raises(TypeError, match=r"`progress` wants a bar with update\(n\), or a function that makes one, got int"):
        weft.batch(progress=3)


def test_a_program_that_only_enqueues_is_held_back():
    """So many calls have not run at any time that memory cannot grow without bound."""
    k, x = weft.kernel(STEP), weft.zeros(64, "uint32")
    for i in range(60_000):
        k(x=x, threads=64)
        if i % 1000 == 0:
            stats = weft.stats()
            assert stats["dispatches"] - stats["dispatches_done"] < 30_000
    assert values(x) == [60_000] * 64


def test_a_replay_counts_as_one():
    k, x, bar = weft.kernel(SPIN), weft.zeros(2, "uint32"), Bar()
    with weft.record() as g:
        for _ in range(5):
            k(x=x, n=1000, threads=64)
    with weft.batch(max_ms_per_submit=1e-6, progress=bar):
        for _ in range(4):
            g.replay()
    assert (bar.n, values(x)[0]) == (20, 20)
