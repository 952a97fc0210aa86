"""Several sound tracks: the one with speech in it is analysed, wherever it is."""

from fractions import Fraction
from io import BytesIO
from typing import Any, cast

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.media.decode import read
from backchannel.perception.microphone import Choice, chosen_sound
from backchannel.perception.networks import Networks
from backchannel.values import MediaLimits, Segment

LIMITS = MediaLimits()


def file_of(*tracks: FloatArray) -> bytes:
    """A Matroska file with one uncompressed sound track for each."""
    file = BytesIO()
    with av.open(file, "w", format="matroska") as output:
        streams = [
            cast("Any", output.add_stream(cast("Any", "pcm_s16le"), rate=SAMPLE_RATE_HZ, layout="mono"))
            for _ in tracks
        ]
        for at in range(0, max(track.size for track in tracks), SAMPLE_RATE_HZ // 10):
            for stream, track in zip(streams, tracks, strict=True):
                part = (track[np.newaxis, at : at + SAMPLE_RATE_HZ // 10] * 32767).astype(np.int16)
                if not part.size:
                    continue
                frame = AudioFrame.from_ndarray(np.ascontiguousarray(part), "s16", "mono")
                frame.sample_rate, frame.pts, frame.time_base = (
                    SAMPLE_RATE_HZ,
                    at,
                    Fraction(1, SAMPLE_RATE_HZ),
                )
                output.mux(stream.encode(frame))
    return file.getvalue()


def tone(size: int) -> FloatArray:
    time_s = np.arange(size) / SAMPLE_RATE_HZ
    return np.asarray(0.2 * np.sin(2 * np.pi * 440.0 * time_s), np.float32)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("other", ["silence", "tone"])
def test_the_track_with_speech_is_heard(
    networks: Networks, speech: FloatArray, place: int, other: str
) -> None:
    tracks = [np.zeros_like(speech) if other == "silence" else tone(speech.size) for _ in range(3)]
    tracks[place] = speech
    with read(Segment(file_of(*tracks)), LIMITS) as medium:
        sound, choice = chosen_sound(networks, medium, Choice())

    assert medium.source.sound_tracks == 3
    assert choice.track == place
    assert sound is not None
    assert np.abs(sound.samples - speech[: sound.samples.size]).max() < 0.01


def test_a_choice_stays_once_there_was_speech(networks: Networks, speech: FloatArray) -> None:
    silence = np.zeros_like(speech)
    choice = Choice()
    with read(Segment(file_of(silence, speech)), LIMITS) as medium:
        _, choice = chosen_sound(networks, medium, choice)
    with read(Segment(file_of(speech, silence)), LIMITS) as medium:
        sound, after = chosen_sound(networks, medium, choice)

    assert after == choice
    assert sound is not None
    assert not sound.samples.any()


def test_one_track_is_not_judged(networks: Networks, speech: FloatArray) -> None:
    with read(Segment(file_of(speech)), LIMITS) as medium:
        sound, choice = chosen_sound(networks, medium, Choice())
    assert choice == Choice()
    assert sound is not None


def test_more_tracks_than_are_judged_are_no_error(networks: Networks, speech: FloatArray) -> None:
    tracks = [np.zeros_like(speech)] * 6
    with read(Segment(file_of(*tracks)), LIMITS) as medium:
        _, choice = chosen_sound(networks, medium, Choice())
    assert choice.track == 0
    assert medium.source.sound_tracks == 6
