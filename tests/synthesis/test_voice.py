"""The voice is silent exactly when the script says so."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from backchannel.arrays import FloatArray
from backchannel.perception.gain import TARGET_LEVEL_DBFS
from backchannel.perception.networks import load_networks
from backchannel.perception.voice import Hearing, hear
from synthesis import Filler, Melody, Performance, Say, pauses_of, spans_of, voice_of
from synthesis.speaker import SAMPLE_RATE_HZ, bent, sentence, spoken

SAY = Say(0.5, ("The plan works.", 0.8, "I am sure of it.", 1.4, "Good."))


def level_dbfs(samples: FloatArray, start_s: float, end_s: float) -> float:
    part = samples[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
    return float(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9))


def test_pauses_are_as_long_as_scripted() -> None:
    assert [pause.duration_s for pause in pauses_of(SAY)] == pytest.approx([0.8, 1.4])


def test_the_voice_is_heard_up_to_the_edge_of_every_pause_and_never_inside() -> None:
    voice = voice_of(Performance(8.0, speech=(SAY,)))
    assert voice.pauses == pauses_of(SAY)
    for pause in voice.pauses:
        assert level_dbfs(voice.samples, pause.start_s, pause.end_s) < -60
        assert level_dbfs(voice.samples, pause.start_s - 0.06, pause.start_s) > -55
        assert level_dbfs(voice.samples, pause.end_s, pause.end_s + 0.06) > -55


def test_speech_starts_when_scripted_and_has_the_scripted_level() -> None:
    voice = voice_of(Performance(8.0, speech=(SAY,)))
    assert voice.speech == spans_of(SAY)
    assert voice.speech[0].start_s == 0.5
    for span in voice.speech:
        assert level_dbfs(voice.samples, span.start_s, span.end_s) == pytest.approx(
            -21.5, abs=2.5
        )  # gaps within words included


def test_the_same_text_gives_the_same_samples() -> None:
    first = sentence("Good morning.")
    spoken.cache_clear()
    assert np.array_equal(first, sentence("Good morning."))


@pytest.mark.parametrize(
    ("melody", "expected_semitones"),
    [
        (Melody(semitones=3.0), [3.0, 3.0, 3.0, 3.0]),
        (Melody(liveliness=0.0), [2.0, 0.0, -2.0, -4.0]),
        (Melody(end_semitones=6.0), [0.0, 0.0, 0.0, 6.0]),
    ],
)
def test_a_melody_changes_f0_by_exactly_its_semitones(
    melody: Melody, expected_semitones: list[float]
) -> None:
    own_semitones = np.array([-2.0, 0.0, 2.0, 4.0])
    # Quarters of a second and more apart: only the last is inside the bend at the end.
    f0_hz = np.zeros(100)
    at = np.array([5, 35, 65, 95])
    f0_hz[at] = 200.0 * 2 ** (own_semitones / 12)
    f0_hz[20] = 200.0
    changed = bent(f0_hz, melody)
    assert 12 * np.log2(changed[at] / f0_hz[at]) == pytest.approx(expected_semitones)
    assert not np.any(changed[f0_hz == 0])


def test_a_higher_voice_is_measured_higher_and_speaks_no_faster() -> None:
    plain, high = sentence("I am sure of it."), sentence("I am sure of it.", 1.0, Melody(semitones=4.0))
    assert high.size == pytest.approx(plain.size, rel=0.02)
    high_hz, plain_hz = _f0_hz(high), _f0_hz(plain)
    # Row by row: which rows are voiced differs at the edges, and the tune moves over half an octave.
    rows = min(high_hz.size, plain_hz.size)
    assert np.nanmedian(high_hz[:rows] / plain_hz[:rows]) == pytest.approx(2 ** (4 / 12), rel=0.03)


def test_a_filler_is_drawn_out_and_named() -> None:
    say = Say(0.5, ("Well.", 0.4, Filler(), 0.3, "It works."))
    voice = voice_of(Performance(5.0, speech=(say,)))
    (filler,) = voice.fillers
    assert filler == voice.speech[1]
    assert filler.duration_s > 0.5


def test_a_clip_that_is_too_short_for_its_speech_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the speech ends at .* s, the clip at 1\.00 s"):
        voice_of(Performance(1.0, speech=(SAY,)))


def test_the_mouth_opens_with_the_voice_and_shuts_in_pauses() -> None:
    voice = voice_of(Performance(8.0, speech=(SAY,)))
    opening = voice.mouth_envelope(np.arange(800) / 100)
    assert 0.6 < opening.max() <= 1.5
    for pause in voice.pauses:
        inside = opening[round(pause.start_s * 100) + 20 : round(pause.end_s * 100) - 20]
        assert inside.max() < 0.02


def test_without_speech_there_is_room_noise_and_a_shut_mouth() -> None:
    voice = voice_of(Performance(1.0))
    assert level_dbfs(voice.samples, 0, 1) == pytest.approx(-66, abs=1)
    assert not np.any(voice.mouth_envelope(np.arange(10) / 10))


def _f0_hz(samples: FloatArray) -> FloatArray:
    # At the level that the F0 network knows; the two sentences are 3 dB apart.
    gain = 10 ** ((TARGET_LEVEL_DBFS - level_dbfs(samples, 0, samples.size / SAMPLE_RATE_HZ)) / 20)
    heard = np.asarray(gain * resample_poly(samples, 1, 3), dtype=np.float32)
    tracks, _ = hear(load_networks(), heard, 0.0, Hearing())
    return tracks.f0_hz
