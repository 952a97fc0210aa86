"""Choose which of several sound tracks to analyse: the one in which somebody speaks.

Screen recorders and meeting recorders write several tracks, and the microphone is often not the first one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ, VOICE_ROW_S
from backchannel.media.decode import Medium, Sound, read, sound_of
from backchannel.perception.networks import Networks
from backchannel.perception.prosody import SILENCE_PEAK
from backchannel.perception.voice import Hearing, hear

MIN_SPEECH: Final = 0.5
"""Above this probability somebody speaks, as in `cues/thresholds.toml`."""
SURE_S: Final = 1.0
"""A track with this much speech is chosen for the rest of the session (judgement: two or three words)."""
MOST_JUDGED_S: Final = 120.0
"""At most so much sound of each track is judged, which takes 0.7 s. Silence is left out."""
MOST_TRACKS: Final = 4
"""At most so many tracks are judged: each must be decoded (judgement)."""
_BLOCK: Final = SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Choice:
    """Which sound track to analyse. Begins as ``Choice()``.

    Attributes
    ----------
    track
        Its place among the sound tracks, from 0.
    spoken_s
        Speech heard so far in each track, s.
    """

    track: int = 0
    spoken_s: tuple[float, ...] = ()


def chosen_sound(networks: Networks, medium: Medium, choice: Choice) -> tuple[Sound | None, Choice]:
    """Decode the sound of the track with the most speech so far.

    Returns
    -------
    sound
        Its times count from the start of the medium.
    choice
        The state to pass with the next piece.
    """
    count = min(medium.source.sound_tracks, MOST_TRACKS)
    if count <= 1:
        return sound_of(medium), Choice()
    if len(choice.spoken_s) != count:
        choice = Choice(spoken_s=(0.0,) * count)
    if max(choice.spoken_s) < SURE_S:
        sounds = (_other(medium, track) for track in range(count))
        spoken_s = tuple(
            before_s + _spoken_s(networks, sound)
            for before_s, sound in zip(choice.spoken_s, sounds, strict=True)
        )
        choice = Choice(int(np.argmax(spoken_s)), spoken_s)
    sound = _other(medium, choice.track) if choice.track else sound_of(medium)
    return sound, choice


def _other(medium: Medium, track: int) -> Sound | None:
    """Open the medium again and decode a sound track: a decoder can be used only once."""
    with read(medium.segment, medium.limits, track) as other:
        sound = sound_of(other)
        if sound is None:
            return None
        # Each reading begins its clock where its own picture or sound begins.
        return Sound(sound.samples, sound.start_s + other.timing.zero_s - medium.timing.zero_s)


def _spoken_s(networks: Networks, sound: Sound | None) -> float:
    """Time with speech in a track, s."""
    if sound is None:
        return 0.0
    samples = _audible(sound.samples)[: round(MOST_JUDGED_S * SAMPLE_RATE_HZ)]
    if not samples.size:
        return 0.0
    rows, _ = hear(networks, samples, 0.0, Hearing())
    return float((rows.speech_probability > MIN_SPEECH).sum()) * VOICE_ROW_S


def _audible(samples: FloatArray) -> FloatArray:
    """Leave out the seconds that are silent."""
    blocks = [samples[at : at + _BLOCK] for at in range(0, samples.size, _BLOCK)]
    loud = [block for block in blocks if float(np.abs(block).max()) > SILENCE_PEAK]
    return np.concatenate(loud) if loud else samples[:0]
