"""Pictures and sound that arrive as arrays, cut into pieces as if they came from a file.

A file has windows of 5 s, and a short rest at its end belongs to the window before it. To give the same
answers, the end of a window waits here until it is certain that more follows.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.constants import SAMPLE_RATE_HZ, WINDOW_S
from backchannel.conversation.windows import MIN_WINDOW_S
from backchannel.media.decode import MAX_SOUND_OVERHANG_S, Grid, Picker, Resampler, scaled, shown_size
from backchannel.perception.networks import load_networks
from backchannel.perception.perceive import MAX_SIDE_PX
from backchannel.perception.picture import Seeing, see
from backchannel.perception.voice import Hearing, hear
from backchannel.tracks import Tracks
from backchannel.values import MAX_GAP_S

STEP_S: Final = 0.5
"""Shorter pieces wait for more: each costs another look at the open window (judgement)."""
GRAIN: Final = 64
"""Pieces end at whole 64ths of a second, which add up without rounding."""
SAME_TIME_S: Final = 0.008
"""Sound that begins this close to the end of the sound before it continues it, as in a file."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next stretch of pictures and sound.

    Attributes
    ----------
    start_s, end_s
        Session time.
    frames
        (time, s, from the start of the piece; RGB picture); None if there has never been a picture.
    samples, samples_s
        Mono sound at `SAMPLE_RATE_HZ`, and the session time of its first sample.
    last
        Nothing follows, so the window ends here.
    """

    start_s: float
    end_s: float
    frames: tuple[tuple[float, ImageArray], ...] | None
    samples: FloatArray
    samples_s: float
    last: bool = False


class Intake:
    """Collects pictures and sound until a piece is complete.

    Parameters
    ----------
    rate_hz
        Frames analysed per second, at most.
    """

    def __init__(self, rate_hz: float) -> None:
        self._picker = Picker[ImageArray](Grid(rate_hz))
        # Picked, and waiting to be analysed.
        self._frames: list[tuple[float, ImageArray]] = []
        # The last two times, to know how long the last picture is shown.
        self._seen_s: list[float] = []
        self._sound: _Sound | None = None
        self._reached_s = 0.0

    def add_frame(self, image: ImageArray, time_s: float) -> None:
        """Add a picture. Raises ValueError if it is not later than the one before."""
        if self._seen_s and time_s <= self._seen_s[-1]:
            raise ValueError(f"The frame at {time_s:g} s is not after the frame at {self._seen_s[-1]:g} s.")
        if time_s < self._reached_s:
            raise ValueError(_late("The frame", time_s, self._reached_s))
        height_px, width_px = image.shape[:2]
        width, height = shown_size(width_px, height_px, 1.0, MAX_SIDE_PX)
        self._seen_s = [*self._seen_s[-1:], time_s]
        # A copy, because many cameras write the next picture into the same memory.
        picked = self._picker.after(time_s, scaled(image, width, height).copy())
        if picked is not None:
            self._frames.append(picked)

    def add_sound(self, samples: FloatArray, rate_hz: int, time_s: float) -> None:
        """Add mono sound. Raises ValueError if its time was analysed, or is far from the sound before."""
        if self._sound is None:
            if time_s + samples.size / rate_hz < self._reached_s:
                raise ValueError(_late("The sound", time_s, self._reached_s))
            self._sound = _Sound(rate_hz, time_s)
        self._sound.add(samples, rate_hz, time_s)

    def ready(self) -> Piece | None:
        """Return the next piece that both picture and sound have reached, if there is one."""
        reached_s = min(
            self._picker.reached_s if self._seen_s else math.inf,
            math.inf if self._sound is None else self._sound.end_s,
        )
        if not self._reached_s < reached_s < math.inf:
            return None
        window_end_s = (self._reached_s // WINDOW_S + 1) * WINDOW_S
        if reached_s >= window_end_s + MIN_WINDOW_S:
            return self._cut(window_end_s)
        until_s = math.floor(reached_s * GRAIN) / GRAIN
        return self._cut(until_s) if self._reached_s + STEP_S <= until_s < window_end_s else None

    def rest(self) -> Piece | None:
        """Return the last piece: everything that is left. None if there was nothing at all."""
        if (held := self._picker.last()) is not None:
            self._frames.append(held)
        end_s = 0.0
        if self._seen_s:
            # The last picture is shown for as long as the one before it.
            end_s = round(2 * self._seen_s[-1] - self._seen_s[0], 6)
        if self._sound is not None:
            self._sound.finish()
            # As in a file: sound comes in blocks, and may reach a little past the last picture.
            if not self._seen_s or self._sound.end_s - end_s > MAX_SOUND_OVERHANG_S:
                end_s = max(end_s, self._sound.end_s)
        return self._cut(end_s, last=True) if end_s > self._reached_s else None

    def _cut(self, until_s: float, *, last: bool = False) -> Piece:
        start_s, self._reached_s = self._reached_s, until_s
        before = [frame for frame in self._frames if frame[0] < until_s or last]
        self._frames = self._frames[len(before) :]
        frames = tuple((time_s - start_s, image) for time_s, image in before)
        samples, samples_s = np.zeros(0, np.float32), start_s
        if self._sound is not None:
            samples, samples_s = self._sound.cut(until_s)
        return Piece(start_s, until_s, frames if self._seen_s else None, samples, samples_s, last)


class _Sound:
    """Sound without gaps, at the rate that is analysed. What was cut off is gone."""

    def __init__(self, rate_hz: int, start_s: float) -> None:
        # Sample number `_first` is the first that is kept; number 0 was at `_start_s`.
        self._start_s, self._first = start_s, 0
        self._kept: list[FloatArray] = []
        self._size = 0
        self._resampler = Resampler(rate_hz)
        # Where the next samples of the caller are expected.
        self._next_s = start_s

    @property
    def end_s(self) -> float:
        return self._start_s + (self._first + self._size) / SAMPLE_RATE_HZ

    def add(self, samples: FloatArray, rate_hz: int, time_s: float) -> None:
        if abs(time_s - self._next_s) > MAX_GAP_S:
            raise ValueError(
                f"The sound at {time_s:g} s is more than {MAX_GAP_S:g} s from the end of the sound before, "
                f"{self._next_s:g} s. Use another session."
            )
        if rate_hz != self._resampler.rate_hz or abs(time_s - self._next_s) > SAME_TIME_S:
            self.finish()
            samples = samples[round(max(0.0, self.end_s - time_s) * rate_hz) :]
            self._keep(np.zeros(round(max(0.0, time_s - self.end_s) * SAMPLE_RATE_HZ), np.float32))
            self._resampler, self._next_s = Resampler(rate_hz), max(time_s, self.end_s)
        self._next_s += samples.size / rate_hz
        self._keep(self._resampler.add(samples))

    def finish(self) -> None:
        """Take what the resampler still holds."""
        self._keep(self._resampler.rest())
        self._resampler = Resampler(self._resampler.rate_hz)

    def cut(self, until_s: float) -> tuple[FloatArray, float]:
        """Take the samples before a time, and the time of the first."""
        at_s = self._start_s + self._first / SAMPLE_RATE_HZ
        wanted = max(0, round((until_s - self._start_s) * SAMPLE_RATE_HZ) - self._first)
        samples = np.concatenate(self._kept) if self._kept else np.zeros(0, np.float32)
        taken, rest = samples[:wanted], samples[wanted:]
        self._kept, self._size, self._first = [rest], rest.size, self._first + taken.size
        return taken, at_s

    def _keep(self, samples: FloatArray) -> None:
        if samples.size:
            self._kept.append(samples)
            self._size += samples.size


def measure(piece: Piece, seeing: Seeing, hearing: Hearing, rate_hz: float) -> tuple[Tracks, Seeing, Hearing]:
    """Turn a piece into tracks, with the state of picture and sound for the next one."""
    picture, voice = None, None
    if piece.frames is not None:
        picture, seeing = see(load_networks(), piece.frames, piece.start_s, seeing)
    if piece.samples.size:
        rows, hearing = hear(load_networks(), piece.samples, piece.samples_s, hearing)
        voice = rows.shifted(-piece.start_s)
    tracks = Tracks(
        duration_s=piece.end_s - piece.start_s,
        stream_start_s=None,
        picture=picture,
        voice=voice,
        analysis_rate_hz=rate_hz,
        unbroken=piece.start_s > 0,
    )
    return tracks, seeing, hearing


def _late(what: str, time_s: float, reached_s: float) -> str:
    return (
        f"{what} at {time_s:g} s comes too late: everything before {reached_s:g} s is analysed. "
        "Add pictures and sound before you call events()."
    )
