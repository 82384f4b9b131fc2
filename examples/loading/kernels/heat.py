import numpy as np
import weft

# n is the size chosen above, wgsl the text beside
STEPS = 20
colormap = "inferno"
p = {"n": n, "rate": 0.24}
start = np.zeros((n, n), "f4")
start[0] = 1  # a hot rim above
row, column = np.mgrid[:n, :n] / n
for r, c in [(0.35, 0.3), (0.6, 0.7), (0.8, 0.25)]:
    start[(row - r) ** 2 + (column - c) ** 2 < 0.012] = 1

heat = await weft.kernel_async(wgsl)


def upload():
    return weft.asarray(start), weft.empty((n, n), "float32")


def compute(now, next):
    for _ in range(STEPS // 2):
        heat(now=now, next=next, p=p, threads=(n, n))
        heat(now=next, next=now, p=p, threads=(n, n))
    return now


def on_numpy(rounds=1):
    now, rate = start.copy(), np.float32(p["rate"])
    for _ in range(rounds * STEPS):
        around = now[:-2, 1:-1] + now[2:, 1:-1] + now[1:-1, :-2] + now[1:-1, 2:]
        now[1:-1, 1:-1] += rate * (around - 4 * now[1:-1, 1:-1])
    return now
