"""perceive(medium, carry) -> (Tracks, carry): the heavy, pure half of the analysis.

Perception ends at tracks, for picture and sound alike. The carry is what the next piece of a running stream
needs: where the faces were, and about a second of sound. Any worker on any machine may perceive a piece, and
may do it again after a crash.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray, ImageArray
from backchannel.constants import MAX_PAUSE_S, MIN_GAP_S, SAMPLE_RATE_HZ
from backchannel.media.decode import Decoders, Frame, Medium, Sound, frames_of, read
from backchannel.media.decode.prefetch import prefetch
from backchannel.perception.aside import aside
from backchannel.perception.microphone import Choice, chosen_sound
from backchannel.perception.networks import load_networks
from backchannel.perception.picture import Seeing, see
from backchannel.perception.transcript import Listening, Writing, listen
from backchannel.perception.voice import Hearing, hear
from backchannel.perception.words_in_place import words_in_place
from backchannel.tracks import PictureTracks, Tracks, VoiceTracks
from backchannel.values import Clock, MediaLimits, Phrase, Segment

MAX_SIDE_PX: Final = 640
"""Frames are scaled down to this longest side before they are analysed."""

OnProgress = Callable[[float], None]
"""Called after each analysed frame with its time from the start of the medium, s."""


@dataclass(frozen=True, slots=True)
class Carry:
    """State that perception passes from piece to piece. Begins as ``Carry()``.

    Attributes
    ----------
    clock
        The place of the next piece.
    seeing, hearing
        Where the faces were, and the last second of sound.
    listening
        The sound of the phrase that is not over yet.
    choice
        Which of several sound tracks is analysed.
    """

    clock: Clock = Clock()
    seeing: Seeing = Seeing()
    hearing: Hearing = Hearing()
    listening: Listening = Listening()
    choice: Choice = Choice()

    def past(self, clock: Clock) -> "Carry":
        """Continue after media that is missing or was left out; the sound begins a new run."""
        return replace(self, clock=clock, hearing=self.hearing.anew())


def perceive(
    medium: Medium,
    carry: Carry,
    decoders: Decoders | None = None,
    on_progress: OnProgress | None = None,
    writing: Writing | None = None,
) -> tuple[Tracks, Carry]:
    """Turn one piece of media into tracks.

    Parameters
    ----------
    medium
        The opened piece.
    carry
        The carry of the piece before; ``Carry()`` at first.
    decoders
        Running decoders of this process, which save decoding again from the last key frame. They do not
        change the tracks.
    on_progress
        Called after each analysed frame.
    writing
        How words are written; None to not listen for words.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used; see `backchannel.media.decode`.

    See Also
    --------
    perceive_windows : Reads a complete file in pieces.
    """
    start_s, stream_offset_s = carry.clock.place(medium.timing.stream_start_s)
    if start_s - carry.clock.reached_s >= (MAX_PAUSE_S if medium.segment.unbroken else MIN_GAP_S):
        carry = carry.past(carry.clock)
    picture, seeing, networks = None, carry.seeing, load_networks()

    def listened() -> tuple[_Listened, Choice]:
        sound, choice = None, carry.choice
        if not medium.segment.picture_only:
            sound, choice = chosen_sound(networks, medium, carry.choice)
        return _listened(writing, sound, start_s, carry.hearing, carry.listening), choice

    with ExitStack() as decoding:
        listening = decoding.enter_context(aside(listened, spare_core=medium.limits.spare_core))
        frames = _frames(medium, decoders, decoding)
        if frames is not None:
            picture, seeing = see(networks, _reported(frames, on_progress), start_s, carry.seeing)
        heard, choice = listening()
    clock = Clock(max(carry.clock.reached_s, start_s + medium.timing.duration_s), stream_offset_s)
    tracks = _tracks(medium, medium.timing.duration_s, picture, heard.voice, heard.words)
    tracks = replace(tracks, unbroken=medium.segment.unbroken)
    return tracks, Carry(clock, seeing, heard.hearing, heard.listening, choice)


def perceive_windows(
    medium: Medium,
    window_s: float,
    min_last_s: float,
    on_progress: OnProgress | None = None,
    writing: Writing | None = None,
) -> Iterator[Tracks]:
    """Turn a complete file into tracks, window by window, as if it came in pieces of that length.

    Parameters
    ----------
    window_s
        Length of a window.
    min_last_s
        A shorter rest at the end is part of the window before it.
    on_progress
        Called after each analysed frame.
    writing
        How words are written; None to not listen for words. A window then has the phrases that begin in it.
    """
    windows = _windows(medium, window_s, min_last_s, on_progress, writing)
    return windows if writing is None else words_in_place(windows)


def _windows(
    medium: Medium,
    window_s: float,
    min_last_s: float,
    on_progress: OnProgress | None,
    writing: Writing | None,
) -> Iterator[Tracks]:
    duration_s = medium.timing.duration_s
    count = max(1, int((duration_s - min_last_s) // window_s) + 1)
    seeing, heard, networks = Seeing(), _Listened(), load_networks()
    with ExitStack() as decoding:
        frames = _frames(medium, None, decoding)
        pictures = None if frames is None else _Pieces(_reported(frames, on_progress))
        sound, _ = chosen_sound(networks, medium, Choice())
        for start_s in (float(index * window_s) for index in range(count)):
            last = start_s == (count - 1) * window_s
            end_s = duration_s if last else start_s + window_s
            if writing is not None and last:
                writing = replace(writing, rest="end")
            part = _part(sound, start_s, end_s)
            listened = partial(_listened, writing, part, start_s, heard.hearing, heard.listening)
            picture = None
            with aside(listened, spare_core=medium.limits.spare_core) as listening:
                if pictures is not None:
                    until_s = np.inf if last else end_s
                    picture, seeing = see(networks, pictures.until(until_s, start_s), start_s, seeing)
                heard = listening()
            tracks = _tracks(medium, end_s - start_s, picture, heard.voice, heard.words)
            yield replace(tracks, unbroken=start_s > 0, truncated=last and tracks.truncated)


def last_words(carry: Carry, writing: Writing | None) -> tuple[tuple[Phrase, ...], Carry]:
    """Write the phrase that is not over at the end of a session, in session time. No more media will come."""
    if writing is None:
        return (), carry
    nothing = np.zeros(0, np.float32)
    ending = replace(writing, rest="end")
    phrases, listening = listen(ending, nothing, carry.clock.reached_s, None, carry.listening)
    return phrases, replace(carry, listening=listening)


def perceive_segment(segment: Segment, limits: MediaLimits, on_progress: OnProgress | None = None) -> Tracks:
    """Turn one segment's bytes into tracks, as a conversation of its own.

    Raises
    ------
    backchannel.errors.Problem
        When the media cannot be used.
    """
    with read(segment, limits) as medium:
        return perceive(medium, Carry(), on_progress=on_progress)[0]


# --- picture ---------------------------------------------------------------------------------------


def _frames(medium: Medium, decoders: Decoders | None, decoding: ExitStack) -> Iterator[Frame] | None:
    if not medium.timing.has_video or medium.segment.sound_only:
        return None
    frames = frames_of(
        medium, rate_hz=medium.limits.analysis_rate_hz, max_side_px=MAX_SIDE_PX, decoders=decoders
    )
    if not medium.limits.spare_core:
        return frames
    # Its thread must end before the medium closes, whatever happens.
    return decoding.enter_context(closing(prefetch(frames)))


def _reported(frames: Iterable[Frame], on_progress: OnProgress | None) -> Iterator[tuple[float, ImageArray]]:
    for frame in frames:
        yield frame.time_s, frame.image
        if on_progress is not None:
            on_progress(frame.time_s)


class _Pieces:
    """Frames of a file, taken piece by piece."""

    def __init__(self, frames: Iterator[tuple[float, ImageArray]]) -> None:
        self._frames = frames
        self._next: tuple[float, ImageArray] | None = None

    def until(self, end_s: float, start_s: float) -> Iterator[tuple[float, ImageArray]]:
        """Yield the next frames before a time; their times count from `start_s`."""
        while (frame := self._next or next(self._frames, None)) is not None:
            self._next = None
            if frame[0] >= end_s:
                self._next = frame
                return
            yield frame[0] - start_s, frame[1]


# --- sound -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Listened:
    """What was heard in a piece, and the states after it."""

    voice: VoiceTracks | None = None
    words: tuple[Phrase, ...] | None = None
    hearing: Hearing = Hearing()
    listening: Listening = Listening()


def _listened(
    writing: Writing | None, sound: Sound | None, start_s: float, hearing: Hearing, listening: Listening
) -> _Listened:
    voice = None
    if sound is not None and sound.samples.size:
        rows, hearing = hear(load_networks(), sound.samples, start_s + sound.start_s, hearing)
        voice = rows.shifted(-start_s)
    words, listening = _words(writing, sound, voice, start_s, listening)
    return _Listened(voice, words, hearing, listening)


def _words(
    writing: Writing | None,
    sound: Sound | None,
    voice: VoiceTracks | None,
    start_s: float,
    listening: Listening,
) -> tuple[tuple[Phrase, ...] | None, Listening]:
    if writing is None:
        return None, listening
    samples, offset_s = (np.zeros(0, np.float32), 0.0) if sound is None else (sound.samples, sound.start_s)
    rows = None if voice is None else voice.shifted(start_s)
    phrases, listening = listen(writing, samples, start_s + offset_s, rows, listening)
    return tuple(phrase.shifted(-start_s) for phrase in phrases), listening


def _part(sound: Sound | None, start_s: float, end_s: float) -> Sound | None:
    if sound is None:
        return None
    first, last = (max(0, round((edge_s - sound.start_s) * SAMPLE_RATE_HZ)) for edge_s in (start_s, end_s))
    samples: FloatArray = sound.samples[first:last]
    return Sound(samples, max(0.0, sound.start_s - start_s)) if samples.size else None


def _tracks(
    medium: Medium,
    duration_s: float,
    picture: PictureTracks | None,
    voice: VoiceTracks | None,
    words: tuple[Phrase, ...] | None,
) -> Tracks:
    timing = medium.timing
    return Tracks(
        duration_s,
        timing.stream_start_s,
        picture,
        voice,
        medium.limits.analysis_rate_hz,
        sound_tracks=medium.source.sound_tracks,
        truncated=medium.source.truncated,
        words=words,
    )
