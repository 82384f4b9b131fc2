import numpy as np
import weft

# n is the size chosen above, wgsl the text beside
view = {"centre": (-0.6, 0.0), "width": 2.8, "n": n, "limit": 80}
colormap = "magma"

mandelbrot = await weft.kernel_async(wgsl)


def upload():
    return (weft.empty((n, n), "float32"),)


def compute(image):
    mandelbrot(image=image, view=view, threads=(n, n))
    return image


def on_numpy():
    line = view["width"] * ((np.arange(n, dtype="f4") + 0.5) / n - 0.5)
    c = (view["centre"][0] + line + 1j * line[:, None]).astype("complex64")
    z = np.zeros_like(c)
    steps = np.zeros(c.shape, "f4")
    inside = np.ones(c.shape, bool)
    for _ in range(view["limit"]):
        steps += inside
        z = np.where(inside, z * z + c, z)
        inside &= z.real**2 + z.imag**2 <= 4
    return np.where(steps < view["limit"], np.log2(steps + 1), 0)
