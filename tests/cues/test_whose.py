"""Whose voice: still lips speak nothing, and moving or hidden lips leave the voice to the person."""

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.tracks import Tracks
from tests.cues.build import RATE_HZ, both, cues_in, heard, named, near, only, seen

SECONDS = 12.0
PHRASE = (4.0, 8.0)
VOICE_CUES = {"speaking", "steady_voice", "speech_brisk", "pitch_lively", "filled_pause", "rising_end"}


def lips(move: float) -> FloatArray:
    """A mouth that opens and shuts by so much from frame to frame."""
    rows = round(SECONDS * RATE_HZ)
    return np.asarray(move * (np.arange(rows) % 2))


def listener(
    move: float = 0.003, phrases: tuple[tuple[float, float], ...] = (PHRASE,), **face: float
) -> Tracks:
    return both(seen(SECONDS, mouth_opening=lips(move), **face), heard(SECONDS, phrases), speaks=False)


def test_a_voice_without_lips_is_somebody_elses() -> None:
    voice = only(listener(), "other_voice")
    assert near(voice.span, *PHRASE, 0.15)
    assert voice.value == pytest.approx(voice.certainty)
    assert voice.value > 0.9


def test_no_voice_cue_counts_for_the_listener() -> None:
    assert {cue.name for cue in cues_in(listener())} & VOICE_CUES == set()


@pytest.mark.parametrize("move", [0.012, 0.03, 0.06])
def test_lips_that_move_speak(move: float) -> None:
    assert named(listener(move), "other_voice") == []
    assert near(only(listener(move), "speaking").span, *PHRASE, 0.15)


@pytest.mark.parametrize(
    "tracks",
    [
        heard(SECONDS, [PHRASE]),
        listener(head_yaw_deg=60.0),
        both(seen(SECONDS, valid=False), heard(SECONDS, [PHRASE]), speaks=False),
        listener(phrases=((4.0, 5.5),)),
    ],
    ids=["no picture", "turned away", "no face", "too short to tell"],
)
def test_nobody_is_denied_a_voice_that_cannot_be_judged(tracks: Tracks) -> None:
    assert named(tracks, "other_voice") == []
    assert len(named(tracks, "speaking")) == 1


def test_a_short_sound_belongs_to_the_phrase_beside_it() -> None:
    assert len(named(listener(phrases=((3.0, 3.6), PHRASE)), "other_voice")) == 2
    assert len(named(listener(phrases=((1.0, 1.6), PHRASE)), "other_voice")) == 1


def test_silence_between_two_of_anothers_phrases_is_no_pause_of_the_listener() -> None:
    cues = {cue.name for cue in cues_in(listener(phrases=((1.0, 4.0), (5.0, 8.0))))}
    assert cues & {"pause", "long_pause"} == set()


def test_the_listeners_nods_are_those_of_a_listener() -> None:
    rows = round(SECONDS * RATE_HZ)
    phase = np.clip((np.arange(rows) / RATE_HZ - 5.0) * 2.0, 0, 2)
    nod = -6.0 * (1 - np.cos(2 * np.pi * phase)) / 2
    face = seen(SECONDS, mouth_opening=lips(0.003), head_pitch_deg=nod)
    listening = only(both(face, heard(SECONDS, [PHRASE]), speaks=False), "nod")
    speaking = only(both(face, heard(SECONDS, [PHRASE])), "nod")
    assert listening.certainty > speaking.certainty
