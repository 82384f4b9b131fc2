"""What devices there are, and waiting for the loss of one."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

from weft import _core
from weft._async import device_async
from weft._errors import DeviceError

__all__ = ["Lost", "devices", "devices_async", "on_lost"]

# WebGPU lists no adapters: it gives one for a wish. These are all the wishes there are, the best first.
WISHES: tuple[dict[str, Any], ...] = (
    {"selector": "gpu", "power": "high"},
    {"selector": "gpu", "power": "low"},
    {"selector": "cpu"},
    {"selector": "software"},
)

# Nothing calls back when a device is lost while nobody uses it natively, so it is asked: soon, then seldom.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 0.1


def devices() -> list[_core.Device]:
    """Open every device there is.

    Returns
    -------
    list of Device
        The best first; the CPU always among them. Each is the one that `weft.device` gives for its adapter.

    Raises
    ------
    CannotBlockError
        It would have to wait and cannot: use `devices_async`.

    Examples
    --------
    >>> weft.device() in weft.devices()
    True
    """
    found: list[_core.Device] = []
    for wish in WISHES:
        try:
            device = _core.device(**wish)
        except DeviceError:
            continue
        if device not in found:
            found.append(device)
    return found


async def devices_async() -> list[_core.Device]:
    """Open every device there is. As `weft.devices`, to await.

    Examples
    --------
    >>> every = await weft.devices_async()
    """
    found: list[_core.Device] = []
    for wish in WISHES:
        try:
            device = await device_async(**wish)
        except DeviceError:
            continue
        if device not in found:
            found.append(device)
    return found


class Lost:
    """The loss of a device: true once it has happened, and awaited for its reason."""

    def __init__(self, device: _core.Device) -> None:
        self._device = device

    def __bool__(self) -> bool:
        return _core.lost_reason(self._device) is not None

    def __await__(self) -> Generator[Any, None, str]:
        return self._wait().__await__()

    def __repr__(self) -> str:
        return f"<{_core.lost_reason(self._device) or 'not lost'}>"

    async def _wait(self) -> str:
        pause = SHORTEST_PAUSE
        while (reason := _core.lost_reason(self._device)) is None:
            if sys.platform == "emscripten" and self._device.driver == "web":
                from weft import _web

                await _web.promise()
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)
        return reason


def on_lost(device: _core.Device, callback: Callable[[str], object]) -> None:
    """Call `callback` with the reason once the device is lost: in the running event loop, else in a thread."""
    if not callable(callback):
        raise TypeError(f"`callback` wants a function of the reason, got {type(callback).__name__}")

    async def tell() -> None:
        callback(await Lost(device))

    def watch() -> None:
        pause = SHORTEST_PAUSE
        while (reason := _core.lost_reason(device)) is None:
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        callback(reason)

    try:
        loop = asyncio.get_event_loop() if sys.platform == "emscripten" else asyncio.get_running_loop()
    except RuntimeError:
        threading.Thread(target=watch, name="weft device.on_lost", daemon=True).start()
        return
    task = loop.create_task(tell())
    WATCHING.add(task)  # the loop itself holds tasks weakly
    task.add_done_callback(WATCHING.discard)


WATCHING: set["asyncio.Task[None]"] = set()
