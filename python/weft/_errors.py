"""The exceptions of weft. The extension raises them by its table of statuses (src/python/errors.c)."""

__all__ = [
    "CannotBlockError",
    "DeviceError",
    "DeviceLostError",
    "Error",
    "ShaderError",
    "StateError",
    "UnsupportedError",
]


class Error(RuntimeError):
    """Base of weft's own exceptions. Wrong arguments are TypeError, ValueError and OverflowError as usual."""

    __module__ = "weft"


class ShaderError(Error):
    """WGSL source that is rejected.

    Attributes
    ----------
    message : str
        What is wrong, as printed.
    line, column : int
        Where it begins, from 1; columns count characters. 0 when it is not known.
    source_line : str
        That line of the source, "" when it is not known.
    source : str or None
        The whole source, None when it is not known.
    """

    __module__ = "weft"

    message: str
    line: int
    column: int
    source_line: str
    source: str | None

    def __init__(self, message: str, line: int = 0, column: int = 0, source: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.source = source
        # WGSL's line breaks (specification, "Blankspace and Line Breaks") are not those of str.splitlines
        lines = source.replace("\r\n", "\n").translate(_LINE_BREAKS).split("\n") if source else []
        self.source_line = lines[line - 1] if 0 < line <= len(lines) else ""

    def __reduce__(self) -> tuple[type["ShaderError"], tuple[str, int, int, str | None]]:
        return type(self), (self.message, self.line, self.column, self.source)


_LINE_BREAKS = dict.fromkeys(map(ord, "\v\f\r\x85\u2028\u2029"), "\n")


class DeviceError(Error):
    """The device rejected work, or there is no such device."""

    __module__ = "weft"


class DeviceLostError(DeviceError):
    """The device is lost, with everything on it. `weft.device()` opens a new one."""

    __module__ = "weft"


class StateError(Error):
    """The object cannot do this now."""

    __module__ = "weft"


class UnsupportedError(Error):
    """The device, the library or this build lacks what was asked for."""

    __module__ = "weft"


class CannotBlockError(Error):
    """The call would have to wait and nothing can wait here; the message names the form to await."""

    __module__ = "weft"
