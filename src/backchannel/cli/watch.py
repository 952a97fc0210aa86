"""`backchannel watch`: follow a camera of this machine in the terminal, without a server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from backchannel.cli.options import PolicyName
from backchannel.cli.show import progress, show_summary
from backchannel.cli.stream_display import StreamStatus, lines_of, status_line
from backchannel.config import ENV_PREFIX, SettingsError
from backchannel.protocol.event_encoding import encode_changes
from backchannel.protocol.event_messages import Data
from backchannel.protocol.include import Include
from backchannel.updates import Change
from backchannel.values import Rules

INCLUDE = Include(quality_overall=True)
REFRESH_S = 0.2


def watch(
    camera: Annotated[
        str,
        typer.Option(
            "--camera",
            envvar=f"{ENV_PREFIX}CAMERA",
            help="Number of the camera, its device, or a video file.",
        ),
    ] = "0",
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            envvar=f"{ENV_PREFIX}SECONDS",
            min=1.0,
            help="End after this time. [default: at Ctrl-C]",
            show_default=False,
        ),
    ] = None,
    policy: PolicyName = None,
) -> None:
    """Follow a camera in the terminal, and end with a summary.

    Only the picture is analysed, not the microphone. Nothing is recorded, and nothing leaves this machine.
    """
    # Imported here because these load the decoders and the networks, which other commands do not need.
    from backchannel.api import Session  # noqa: PLC0415
    from backchannel.media.decode.camera import CameraError, camera_frames  # noqa: PLC0415
    from backchannel.perception.networks import load_networks, stay_on_one_thread  # noqa: PLC0415

    stay_on_one_thread()
    console = Console(highlight=False)
    session = Session(rules=Rules() if policy is None else replace(Rules(), policy=policy.policy))
    try:
        with camera_frames(camera) as frames:
            with progress(console, "Loading the networks", quiet=False):
                load_networks()
            with _display(console) as show, _until_interrupted():
                for frame in frames:
                    if seconds is not None and frame.time_s > seconds:
                        break
                    session.add_frame(frame.image, frame.time_s)
                    show(session.events(), frame.time_s)
    except CameraError as error:
        raise SettingsError(str(error)) from None
    for message in _messages(session.finish()):
        _print(console, message)
    show_summary(console, session.report().summary)


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """End quietly at Ctrl-C: it is how a person ends it."""
    try:
        yield
    except KeyboardInterrupt:
        return


@contextmanager
def _display(console: Console) -> Iterator[Callable[[tuple[Change, ...], float], None]]:
    """Print events, above a status line if this is a terminal."""
    status, shown_s = StreamStatus(), 0.0
    live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None

    def show(changes: tuple[Change, ...], reached_s: float) -> None:
        nonlocal status, shown_s
        for message in _messages(changes):
            status = status.with_message(message)
            _print(console, message)
        if live is not None and time.monotonic() - shown_s > REFRESH_S:
            shown_s = time.monotonic()
            live.update(status_line(status, reached_s), refresh=True)

    with live or nullcontext():
        yield show


def _messages(changes: tuple[Change, ...]) -> Iterator[Data]:
    return encode_changes(changes, INCLUDE, modality=False)


def _print(console: Console, message: Data) -> None:
    for line in lines_of(message):
        console.print(line, soft_wrap=True)
