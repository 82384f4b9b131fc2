import numpy as np
import weft

# n is the size chosen above, wgsl the text beside
p = {"n": n, "dt": 0.01, "soft": 0.01, "side": 160}
colormap = "magma"

rng = np.random.default_rng(7)  # a disc that turns
angle = rng.uniform(0, 2 * np.pi, n)
radius = np.sqrt(rng.uniform(0.01, 1, n))
speed = np.sqrt(radius)
x, y, z = radius * np.cos(angle), radius * np.sin(angle), rng.normal(0, 0.03, n)
position = np.stack([x, y, z, np.full(n, 1 / n)], 1).astype("f4")
velocity = np.zeros((n, 4), "f4")
velocity[:, 0] = -np.sin(angle) * speed
velocity[:, 1] = np.cos(angle) * speed

kick = await weft.kernel_async(wgsl, entry="kick")
drift = await weft.kernel_async(wgsl, entry="drift")
draw = await weft.kernel_async(wgsl, entry="draw")
image = weft.zeros((p["side"], p["side"]), "uint32")


def upload():
    return weft.asarray(position), weft.asarray(velocity)


def compute(position, velocity):
    kick(position=position, velocity=velocity, p=p, threads=n)
    drift(position=position, velocity=velocity, p=p, threads=n)
    return position


def picture(position, velocity):
    image.fill(0)
    draw(position=position, image=image, p=p, threads=n)
    return image


def on_numpy():
    pos, vel = position.copy(), velocity.copy()
    for rows in np.array_split(np.arange(n), max(1, n // 256)):
        d = position[None, :, :3] - position[rows, None, :3]
        r2 = (d * d).sum(-1) + np.float32(p["soft"])
        pull = position[:, 3] / (r2 * np.sqrt(r2))
        vel[rows, :3] += np.float32(p["dt"]) * (pull[:, :, None] * d).sum(1)
    pos[:, :3] += vel[:, :3] * np.float32(p["dt"])
    return pos
