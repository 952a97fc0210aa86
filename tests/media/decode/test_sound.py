"""Sound stands at its true time, whatever the container does with its clock, and in the right strength."""

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.media.decode import Sound, decode_audio
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, onsets, tone_times

LIMITS = MediaLimits()
RATE_HZ = 16_000


def click_track(starts_s: Sequence[float]) -> bytes:
    """Pieces of 0.2 s, each a tone of its own pitch, at the times given."""
    file = BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        time_s = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
        for number, start_s in enumerate(starts_s):
            wave = (10_000 * np.sin(2 * np.pi * 200 * (number + 1) * time_s)).astype(np.int16)
            frame = AudioFrame.from_ndarray(wave[None], "s16", "mono")
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = round(start_s * RATE_HZ)
            output.mux(stream.encode(frame))
    return file.getvalue()


def heard(data: bytes) -> Sound:
    sound = decode_audio(Segment(data), LIMITS)
    assert sound is not None
    assert sound.samples.dtype == np.float32
    return sound


def test_gaps_are_silence() -> None:
    sound = heard(click_track([0.0, 0.2, 1.0, 1.2]))

    assert sound.start_s == 0
    assert len(sound.samples) == pytest.approx(1.4 * SAMPLE_RATE_HZ, abs=32)
    assert onsets(sound.samples, threshold=0.01) == pytest.approx([0.0, 1.0], abs=0.002)
    assert np.abs(sound.samples[int(0.41 * SAMPLE_RATE_HZ) : int(0.99 * SAMPLE_RATE_HZ)]).max() == 0


def test_overlaps_are_cut() -> None:
    sound = heard(click_track([0.0, 0.15, 0.35]))

    assert len(sound.samples) == pytest.approx(0.55 * SAMPLE_RATE_HZ, abs=32)
    assert np.abs(sound.samples).max() < 0.4


def test_rounded_times_are_no_gaps() -> None:
    sound = heard(click_track([0.0, 0.203, 0.398, 0.6]))

    assert len(sound.samples) == pytest.approx(0.8 * SAMPLE_RATE_HZ, abs=0.01 * SAMPLE_RATE_HZ)
    assert onsets(sound.samples, threshold=0.01) == pytest.approx([0.0], abs=0.002)


def test_sound_that_begins_later_than_the_picture_says_so() -> None:
    recipe = Recipe("matroska", audio="flac")
    whole = heard(make(recipe))

    assert whole.start_s == pytest.approx(0, abs=0.002)
    assert onsets(whole.samples) == pytest.approx(tone_times(recipe), abs=0.005)


@pytest.mark.parametrize(
    ("layout", "gains", "peak"),
    [
        ("mono", (0.5,), 0.5),
        ("stereo", (0.5, 0.5), 0.5),
        ("stereo", (0.6, 0.2), 0.4),
        ("stereo", (0.5, 0.0), 0.5),
        ("stereo", (0.0, 0.5), 0.5),
        ("5.1", (0.0, 0.0, 0.6, 0.0, 0.3, 0.3), 0.4),
    ],
)
def test_mono_is_the_mean_of_the_channels_that_are_connected(
    layout: str, gains: tuple[float, ...], peak: float
) -> None:
    recipe = Recipe("matroska", video="", audio="pcm_s16le", layout=layout, gains=gains, duration_s=1.0)

    assert np.abs(heard(make(recipe)).samples).max() == pytest.approx(peak, abs=0.02)


@pytest.mark.parametrize(
    ("codec", "rate_hz"),
    [("pcm_u8", 8000), ("pcm_s16le", 44_100), ("pcm_s32le", 48_000), ("pcm_f32le", 96_000)],
)
def test_every_sample_format_and_rate_keeps_its_times(codec: str, rate_hz: int) -> None:
    recipe = Recipe("matroska", video="", audio=codec, sample_rate_hz=rate_hz)
    sound = heard(make(recipe))

    assert onsets(sound.samples) == pytest.approx(tone_times(recipe), abs=0.003)
    assert len(sound.samples) == pytest.approx(3.0 * SAMPLE_RATE_HZ, abs=0.01 * SAMPLE_RATE_HZ)
