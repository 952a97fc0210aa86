"""Plays a performance to the camera: script in, frames or a finished clip out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import cv2
import numpy as np

from backchannel.arrays import ImageArray
from backchannel.perception.geometry import fit_head
from synthesis.degrade import Camera, Look
from synthesis.face import Expression, Face, prepare_face
from synthesis.film import Encoding, write_film
from synthesis.head import HeadWarp, prepare_head
from synthesis.labels import labels_of, write_labels
from synthesis.performance import Performance
from synthesis.portrait import Portrait, View, portrait_in
from synthesis.truth import Truth, truth_of
from synthesis.voice import Voice, voice_of


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything that decides a clip: who does what, how it is seen, and how it is stored.

    Attributes
    ----------
    sound
        False leaves the sound track out; the mouth still moves.
    """

    performance: Performance
    view: View = field(default=View())
    frame_rate_hz: float = 30.0
    look: Look = field(default=Look())
    encoding: Encoding = field(default=Encoding())
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, prepared for one view."""

    portrait: Portrait
    face: Face
    head: HeadWarp

    def pictured(self, truth: Truth, frame: int) -> ImageArray:
        """(height, width, 3) RGB, the person at one frame of the truth, before the camera."""
        values = {f.name: float(getattr(truth, f.name)[frame]) for f in fields(Expression)}
        picture = self.portrait.picture.copy()
        drawn = self.face.drawn(Expression(**values))
        row, column = self.face.corner
        picture[row : row + drawn.shape[0], column : column + drawn.shape[1]] = drawn
        source = self.head.source_map(
            float(truth.head_pitch_deg[frame]),
            float(truth.head_yaw_deg[frame]),
            float(truth.head_roll_deg[frame]),
            float(truth.lean[frame]),
        )
        turned = cv2.remap(
            picture, source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return _moved(np.asarray(turned, dtype=np.uint8), truth, frame)


def _moved(picture: ImageArray, truth: Truth, frame: int) -> ImageArray:
    """Move the whole picture, as a camera in a hand does; the edge is mirrored."""
    high, wide = picture.shape[:2]
    shift = np.array([truth.picture_x[frame], truth.picture_y[frame]]) * high
    if not shift.any():
        return picture
    onto = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    moved = cv2.warpAffine(picture, onto, (wide, high), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, dtype=np.uint8)


@functools.lru_cache(maxsize=4)
def actor_in(view: View) -> Actor:
    """Prepare the person for a view; kept, because most clips share a few views."""
    portrait = portrait_in(view)
    pose = fit_head(portrait.points_px)
    head = prepare_head(portrait, (pose.pitch_deg, pose.yaw_deg, pose.roll_deg))
    return Actor(portrait, prepare_face(portrait), head)


def frames_of(shot: Shot, truth: Truth) -> Iterator[ImageArray]:
    """Yield (height, width, 3) RGB for each frame of the truth, as the camera gives it."""
    actor = actor_in(shot.view)
    camera = Camera(shot.look, actor.portrait, shot.performance.seed)
    for frame, time_s in enumerate(truth.time_s):
        yield camera.take(actor.pictured(truth, frame), float(time_s))


def perform(shot: Shot) -> tuple[Truth, Voice | None]:
    """Work out truth and voice of a shot, without a picture."""
    voice = voice_of(shot.performance) if shot.sound or shot.performance.speech else None
    return truth_of(shot.performance, shot.frame_rate_hz, voice), voice


def write_clip(path: Path, shot: Shot, progress: Callable[[float], None] | None = None) -> Truth:
    """Render a shot into a file, and its labels beside it.

    Parameters
    ----------
    path
        The clip; its suffix says the container (mp4 or mov for h264, webm or mkv for vp8 and vp9).
    progress
        Told the share that is done, 0..1, after each frame.

    Returns
    -------
    Truth
        What was rendered, frame by frame.
    """
    truth, voice = perform(shot)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_film(
        path,
        _watched(frames_of(shot, truth), truth.time_s.size, progress),
        voice.samples if voice and shot.sound else None,
        size_px=(shot.view.width_px, shot.view.height_px),
        frame_rate_hz=shot.frame_rate_hz,
        encoding=shot.encoding,
    )
    write_labels(path, labels_of(path.name, shot.performance, voice if shot.sound else None, shot.look))
    return truth


def _watched(
    frames: Iterator[ImageArray], count: int, progress: Callable[[float], None] | None
) -> Iterator[ImageArray]:
    for number, frame in enumerate(frames, start=1):
        yield frame
        if progress is not None:
            progress(number / count)
