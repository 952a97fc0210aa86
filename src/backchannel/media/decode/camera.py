"""Open a camera of this machine and read its pictures, as PyAV gives them."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from backchannel.media.decode.demux import LIBAV_ERRORS
from backchannel.media.decode.pictures import DEFAULT_MAX_SIDE_PX, Frame
from backchannel.media.decode.projector import Projector, pixel_aspect

_DRIVERS: Final = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
TEST_SOURCE: Final = "lavfi:"
"""A name that begins with this is a test picture of libav, for example ``lavfi:testsrc=rate=15``."""


class CameraError(OSError):
    """A camera cannot be used. The message says what to do."""


@contextmanager
def camera_frames(camera: str) -> Iterator[Iterator[Frame]]:
    """Open a camera.

    Parameters
    ----------
    camera
        Its number from 0, its device or name, a video file, or a test source of libav. A file plays as fast
        as it can be read.

    Yields
    ------
    Iterator of Frame
        Its pictures, with their times from the first one. It ends with the camera.

    Raises
    ------
    CameraError
        It cannot be opened, or has no picture.
    """
    try:
        opened = _opened(camera)
    except LIBAV_ERRORS as error:
        raise CameraError(_refusal(camera, error)) from None
    with opened:
        if not opened.streams.video:
            raise CameraError(f"{camera} has no picture. Choose another camera with --camera.")
        yield _frames(opened)


def _opened(camera: str) -> InputContainer:
    if camera.startswith(TEST_SOURCE):
        return av.open(camera.removeprefix(TEST_SOURCE), format="lavfi")
    if Path(camera).is_file():
        return av.open(camera)
    return av.open(_device(camera), format=_DRIVERS.get(sys.platform, "v4l2"))


def _device(camera: str) -> str:
    """Return what the driver calls a camera that has a number."""
    if not camera.isdigit():
        return camera
    return f"/dev/video{camera}" if sys.platform not in _DRIVERS or sys.platform == "linux" else camera


def _frames(opened: InputContainer) -> Iterator[Frame]:
    stream = opened.streams.video[0]
    projector: Projector | None = None
    first_s: float | None = None
    try:
        for frame in opened.decode(stream):
            if frame.pts is None:
                continue
            first_s = frame.time if first_s is None else first_s
            projector = projector or Projector(
                pixel_aspect(stream, stream.codec_context), DEFAULT_MAX_SIDE_PX
            )
            yield Frame(frame.time - first_s, projector.show(frame))
    except LIBAV_ERRORS as error:
        raise CameraError(f"The camera stopped ({_reason(error)}). Check its cable, and try again.") from None


def _refusal(camera: str, error: Exception) -> str:
    others = sorted(str(path) for path in Path("/dev").glob("video*"))
    there = f" There is {', '.join(others)}." if others else " There is no camera in /dev."
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            hint = "Connect a camera, or name another with --camera." + there
        case errno.EACCES | errno.EPERM:
            hint = "Add your user to the group `video`, or allow the terminal to use the camera."
        case errno.EBUSY:
            hint = "Close the program that uses it, and try again."
        case _:
            hint = "Name another with --camera." + there
    return f"Camera {camera} cannot be opened ({_reason(error)}). {hint}"


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or type(error).__name__)
