"""The library with words: heard, or given."""

from collections.abc import Sequence

import numpy as np
import pytest

import backchannel
from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.whisper import Whisper
from backchannel.values import MediaLimits, Said, SegmentResult, Span
from tests.perception.conftest import speech as speech  # noqa: PLC0414 -- a fixture
from tests.perception.conftest import whisper as whisper  # noqa: PLC0414 -- a fixture
from tests.perception.conftest import whisper_folder as whisper_folder  # noqa: PLC0414 -- a fixture
from tests.perception.test_words_in_media import SENTENCE, file_of

OWN = [Said(Span(0.5, 2.0), "I'm not sure, maybe."), Said(Span(0.5, 2.0), "You are wrong.", speaker=1)]


def quotes(results: Sequence[SegmentResult | None]) -> list[str]:
    return [cue.quote for result in results if result for cue in result.cues if cue.modality == "text"]


def texts(results: Sequence[SegmentResult | None]) -> list[str]:
    return [phrase.text for result in results if result for phrase in result.transcript]


def pieces_of(sound: FloatArray) -> list[bytes]:
    """Two files, cut in the pause between the sentences."""
    cut = round(2.5 * SAMPLE_RATE_HZ)
    return [file_of(np.asarray(sound[:cut])), file_of(np.asarray(sound[cut:]))]


def test_a_file_quotes_the_given_words(speech: FloatArray) -> None:
    results = list(backchannel.analyze(file_of(speech), said=OWN))
    assert quotes(results) == ["I'm not sure", "maybe"]
    assert texts(results) == ["I'm not sure, maybe."]


@pytest.mark.parametrize("words", [False, True])
def test_given_words_replace_those_that_would_be_heard(speech: FloatArray, words: bool) -> None:
    assert texts(list(backchannel.analyze(file_of(speech), said=[], words=words))) == []


def test_a_session_has_the_words_of_each_chunk(whisper: Whisper, speech: FloatArray) -> None:
    session = backchannel.Session(MediaLimits(), words=True)
    results = [session.analyze(piece) for piece in pieces_of(speech)]
    assert [texts([result])[0].strip(".") for result in results] == [SENTENCE, SENTENCE]


def test_a_session_without_words_has_none(speech: FloatArray) -> None:
    session = backchannel.Session()
    assert texts([session.analyze(piece) for piece in pieces_of(speech)]) == []


def test_a_session_takes_each_given_phrase_once(speech: FloatArray) -> None:
    first, second = pieces_of(speech)
    session = backchannel.Session()
    later = [*OWN, Said(Span(2.8, 4.0), "I agree.")]
    results = [session.analyze(first, OWN), session.analyze(second, later)]
    assert [texts([result]) for result in results] == [["I'm not sure, maybe."], ["I agree."]]
    assert quotes(results) == ["I'm not sure", "maybe", "I agree"]
