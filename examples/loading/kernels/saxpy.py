import numpy as np
import weft

# n is the size chosen above, wgsl the text beside
x = np.linspace(0, 1, n, dtype="f4")
y = np.ones(n, dtype="f4")

saxpy = await weft.kernel_async(wgsl)


def upload():
    return weft.asarray(x), weft.asarray(y)


def compute(x, y):
    saxpy(x=x, y=y, p={"a": 2.0, "n": n}, threads=n)
    return y


def on_numpy():
    return np.float32(2) * x + y
