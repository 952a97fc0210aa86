from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.media.decode import decode_audio, probe
from backchannel.media.stream.pcm import take_samples
from backchannel.values import MediaLimits


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_every_sample_arrives_once_wherever_the_bytes_are_cut(data: bytes, cuts: list[int]) -> None:
    held, got = b"", b""
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        held, segment = take_samples(held, data[start:end], 16_000)
        assert len(held) < 2
        got += segment.data[44:] if segment is not None else b""
    assert got + held == data


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_a_segment_decodes_to_the_original_sound(rate_hz: int) -> None:
    time_s = np.arange(rate_hz) / rate_hz
    wave = 0.5 * np.sin(2 * np.pi * 440 * time_s)
    _, segment = take_samples(b"", (wave * 32767).astype("<i2").tobytes(), rate_hz)

    assert segment is not None
    assert segment.sound_only
    assert probe(segment, MediaLimits()).duration_s == pytest.approx(1.0, abs=1e-3)
    sound = decode_audio(segment, MediaLimits())
    assert sound is not None
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(sound.samples.size) / 16_000)
    assert sound.samples.size == pytest.approx(16_000, abs=40)
    assert np.abs(sound.samples - expected)[200:-200].max() < 0.01


def test_less_than_a_sample_waits() -> None:
    assert take_samples(b"", b"", 16_000) == (b"", None)
    assert take_samples(b"", b"x", 16_000) == (b"x", None)
    held, segment = take_samples(b"x", b"yz", 16_000)
    assert (held, segment and segment.data[44:]) == (b"z", b"xy")
