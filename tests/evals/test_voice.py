"""The voice is silent exactly when the script says so."""

import numpy as np
import pytest
from evals.synthesis import Performance, Say, pauses_of, spans_of, voice_of
from evals.synthesis.voice import SAMPLE_RATE_HZ, sentence

from backchannel.arrays import FloatArray

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
    sentence.cache_clear()
    assert np.array_equal(first, sentence("Good morning."))


def test_a_shifted_voice_is_higher_and_speaks_no_faster() -> None:
    plain, high = sentence("I am sure of it."), sentence("I am sure of it.", semitones=4.0)
    assert high.size == pytest.approx(plain.size, rel=0.12)
    assert _centroid_hz(high) > 1.1 * _centroid_hz(plain)


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


def _centroid_hz(samples: FloatArray) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE_HZ)
    low = hertz < 1000
    return float(np.average(hertz[low], weights=power[low]))
