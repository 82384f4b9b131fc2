"""The awaitable twins of what waits.

Each starts its work, which is then under way in the device, and waits for the Future by asking: natively with pauses
that grow, in Pyodide whenever the promise of the web driver says that there may be something new; on the CPU in Pyodide
asking does a slice of the work. Nothing runs in
another thread, so a wait that is cancelled just ends, and what it waited for is let go of.
"""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

from weft import _core

__all__ = ["device_async", "kernel_async", "settle", "synchronize_async"]

T = TypeVar("T")

# Most reads are done within the first milliseconds; after that a sixteenth of the time passed is no noticeable delay.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0002, 0.02


async def settle(future: "_core.Future[T]") -> T:
    """Wait for a Future of the extension and return its result."""
    if sys.platform == "emscripten":
        while not future.done():
            if future.driver == "cpu":
                await asyncio.sleep(0)  # asking is what makes it work
            else:
                from weft import _web

                await _web.promise()
    else:
        clock = asyncio.get_running_loop().time
        began = clock()
        while not future.done():
            pause = min((clock() - began) / 16, LONGEST_PAUSE)
            await asyncio.sleep(pause if pause > SHORTEST_PAUSE else 0)
    return future.result()


async def device_async(
    selector: str = "",
    *,
    power: Literal["low", "high"] | None = None,
    required_limits: Mapping[str, int] | None = None,
    required_features: Iterable[str] | None = None,
    new: bool = False,
) -> _core.Device:
    """Open a device, or return the one that is open. As `weft.device`, to await.

    Parameters
    ----------
    selector, power, required_limits, required_features, new
        As in `weft.device`.

    Returns
    -------
    Device

    Raises
    ------
    DeviceError
        There is no such device.
    UnsupportedError
        It lacks a limit or feature; or there is no library for WebGPU.

    Examples
    --------
    >>> dev = await weft.device_async()
    """
    opening = _core.device_start(
        selector, power=power, required_limits=required_limits, required_features=required_features, new=new
    )
    return opening if isinstance(opening, _core.Device) else await settle(opening)


async def kernel_async(
    source: str,
    *,
    entry: str | None = None,
    constants: Mapping[str, float] | None = None,
    device: _core.Device | None = None,
) -> _core.Kernel:
    """Compile a WGSL compute kernel in the background. As `weft.kernel`, to await.

    Unlike there, everything the device objects to is raised here, as ShaderError.

    Examples
    --------
    >>> double = await weft.kernel_async(source)
    """
    device = device or await device_async()
    return await settle(_core.kernel_start(source, entry=entry, constants=constants, device=device))


async def synchronize_async(device: _core.Device | None = None) -> None:
    """Wait until everything given to the device so far has run. As `weft.synchronize`, to await."""
    device = device or await device_async()
    await settle(_core.synchronize_start(device))
