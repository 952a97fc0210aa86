"""Words come with the tracks of media that has speech, in a file and in pieces."""

import wave
from io import BytesIO

import numpy as np
import pytest

import backchannel
from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ, WINDOW_S
from backchannel.media.decode import read
from backchannel.perception.networks import NetworkMissingError
from backchannel.perception.perceive import Carry, perceive, perceive_windows
from backchannel.perception.transcript import Writing
from backchannel.perception.whisper import Whisper, whisper_for_words
from backchannel.values import MediaLimits, Phrase, Segment
from tests.media.making import Recipe, make

LIMITS = MediaLimits()
SENTENCE = "They are better than we expected"


def file_of(sound: FloatArray) -> bytes:
    content = BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())
    return content.getvalue()


def _texts(phrases: tuple[Phrase, ...] | None) -> list[str]:
    return [phrase.text.strip(".") for phrase in phrases or ()]


def test_a_piece_has_its_words(whisper: Whisper, speech: FloatArray) -> None:
    with read(Segment(file_of(speech)), LIMITS) as medium:
        tracks, _ = perceive(medium, Carry(), writing=Writing(whisper, rest="end"))
    assert _texts(tracks.words) == [SENTENCE, SENTENCE]


def test_a_phrase_that_is_not_over_comes_with_a_later_piece(whisper: Whisper, speech: FloatArray) -> None:
    cut = round(3.2 * SAMPLE_RATE_HZ)  # in the second sentence
    carry, pieces = Carry(), []
    for sound, rest in ((speech[:cut], "keep"), (speech[cut:], "end")):
        with read(Segment(file_of(sound)), LIMITS) as medium:
            writing = Writing(whisper, rest="keep" if rest == "keep" else "end")
            tracks, carry = perceive(medium, carry, writing=writing)
        pieces.append(tracks)
    assert [_texts(tracks.words) for tracks in pieces] == [[SENTENCE], [SENTENCE]]
    assert pieces[1].words is not None
    assert pieces[1].words[0].span.start_s == pytest.approx(2.8 - 3.2, abs=0.1)


def test_a_file_in_windows_has_the_same_words(whisper: Whisper, speech: FloatArray) -> None:
    sound = np.concatenate([speech, speech])
    with read(Segment(file_of(sound)), LIMITS) as medium:
        windows = list(perceive_windows(medium, WINDOW_S, 1.0, writing=Writing(whisper)))
    assert [text for tracks in windows for text in _texts(tracks.words)] == [SENTENCE] * 4


def test_nobody_listens_by_default(speech: FloatArray) -> None:
    with read(Segment(file_of(speech)), LIMITS) as medium:
        tracks, carry = perceive(medium, Carry())
    assert tracks.words is None
    assert carry.listening.sound == b""


def test_media_without_speech_has_no_words(whisper: Whisper) -> None:
    for recipe in (Recipe(duration_s=3.0), Recipe(audio="", duration_s=3.0)):
        with read(Segment(make(recipe)), LIMITS) as medium:
            tracks, _ = perceive(medium, Carry(), writing=Writing(whisper, rest="end"))
        assert tracks.words == ()


def test_a_phrase_ends_when_the_sound_does(whisper: Whisper, speech: FloatArray) -> None:
    """The next piece has no sound at all, and the sentence before it is not lost."""
    begun = speech[: round(2.05 * SAMPLE_RATE_HZ)]
    with read(Segment(file_of(begun)), LIMITS) as medium:
        tracks, carry = perceive(medium, Carry(), writing=Writing(whisper))
    assert tracks.words == ()
    with read(Segment(make(Recipe(audio="", duration_s=3.0))), LIMITS) as medium:
        tracks, _ = perceive(medium, carry, writing=Writing(whisper, rest="end"))
    assert _texts(tracks.words) == [SENTENCE]


def test_analyze_gives_the_words_of_a_file(whisper: Whisper, speech: FloatArray) -> None:
    results = list(backchannel.analyze(file_of(np.concatenate([speech, speech])), words=True))
    phrases = [phrase for result in results for phrase in result.transcript]
    assert _texts(tuple(phrases)) == [SENTENCE] * 4
    starts_s = [phrase.span.start_s for phrase in phrases]
    assert starts_s == pytest.approx([0.5, 2.8, 5.3, 7.6], abs=0.15)


def test_analyze_gives_no_words_unless_it_is_told_to(speech: FloatArray) -> None:
    assert [result.transcript for result in backchannel.analyze(file_of(speech))] == [()]


def test_a_language_that_the_network_does_not_know_is_refused(whisper: Whisper, speech: FloatArray) -> None:
    with pytest.raises(ValueError, match="does not know the language 'xx'"):
        list(backchannel.analyze(file_of(speech), words=True, language="xx"))


def test_a_package_without_the_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.perception.whisper.built_in_whisper", lambda: None)
    with pytest.raises(NetworkMissingError, match="BACKCHANNEL_WORDS_MODEL"):
        whisper_for_words(None)
