"""What is said is written down; what is not said is not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.media.decode import read, sound_of
from backchannel.packing import pack_value, unpack_value
from backchannel.perception.networks import Networks
from backchannel.perception.phrases import Rest
from backchannel.perception.transcript import Listening, Writing, listen
from backchannel.perception.voice import Hearing, hear
from backchannel.perception.whisper import Whisper
from backchannel.values import MediaLimits, Phrase, Segment
from evals.non_speech import KINDS

SENTENCE = "They are better than we expected"


def _in_pieces(
    networks: Networks,
    whisper: Whisper,
    sound: FloatArray,
    piece_s: float = 5.0,
    start_s: float = 0.0,
    rest: Rest = "keep",
    language: str = "",
) -> Iterator[tuple[float, Phrase]]:
    """Each phrase, and the time up to which sound had arrived."""
    hearing, listening = Hearing(), Listening()
    size = round(piece_s * SAMPLE_RATE_HZ)
    for first in range(0, sound.size, size):
        piece, at_s = sound[first : first + size], start_s + first / SAMPLE_RATE_HZ
        voice, hearing = hear(networks, piece, at_s, hearing)
        last = first + size >= sound.size
        writing = Writing(whisper, language, "end" if last else rest)
        phrases, listening = listen(writing, piece, at_s, voice, listening)
        # The state travels between processes.
        listening = unpack_value(pack_value(listening), Listening)
        yield from ((at_s + piece.size / SAMPLE_RATE_HZ, phrase) for phrase in phrases)


def _phrases(networks: Networks, whisper: Whisper, sound: FloatArray, piece_s: float = 5.0) -> list[Phrase]:
    return [phrase for _, phrase in _in_pieces(networks, whisper, sound, piece_s)]


# --- what is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize("piece_s", [60.0, 5.0, 1.0, 0.37])
def test_both_sentences_are_written_however_the_sound_is_cut(
    networks: Networks, whisper: Whisper, speech: FloatArray, piece_s: float
) -> None:
    phrases = _phrases(networks, whisper, speech, piece_s)
    assert [phrase.text.strip(".") for phrase in phrases] == [SENTENCE, SENTENCE]
    assert {phrase.language for phrase in phrases} == {"en"}


def test_words_lie_in_their_phrase(networks: Networks, whisper: Whisper, speech: FloatArray) -> None:
    for phrase in _phrases(networks, whisper, speech):
        assert [word.text.strip(".") for word in phrase.words] == SENTENCE.split()
        for word in phrase.words:
            assert phrase.span.start_s <= word.span.start_s <= word.span.end_s <= phrase.span.end_s
            assert 0.6 <= word.confidence <= 1.0


def test_times_are_on_the_clock_of_the_pieces(
    networks: Networks, whisper: Whisper, speech: FloatArray
) -> None:
    at_zero = _phrases(networks, whisper, speech)
    later = [phrase for _, phrase in _in_pieces(networks, whisper, speech, start_s=1000.0)]
    for one, other in zip(at_zero, later, strict=True):
        assert other.span.start_s - one.span.start_s == pytest.approx(1000.0, abs=0.02)
        assert other.words[0].span.start_s - one.words[0].span.start_s == pytest.approx(1000.0, abs=0.02)


def test_a_phrase_comes_with_the_pause_behind_it(
    networks: Networks, whisper: Whisper, speech: FloatArray
) -> None:
    arrived_s, phrase = next(_in_pieces(networks, whisper, speech, piece_s=0.1))
    assert 0.4 <= arrived_s - phrase.span.end_s <= 0.6


def test_an_old_phrase_is_shown_and_then_replaced(
    networks: Networks, whisper: Whisper, long_sentence: FloatArray
) -> None:
    shown, final = (
        phrase for _, phrase in _in_pieces(networks, whisper, long_sentence, piece_s=0.5, rest="show")
    )
    assert (shown.final, final.final) == (False, True)
    assert shown.span.start_s == final.span.start_s
    assert final.text.startswith(shown.text)
    assert final.text.endswith("and the people in the office know it.")


def _refuse_from(monkeypatch: pytest.MonkeyPatch, voiced_s: float) -> None:
    """Refuse phrases that are so long, since no sound is refused late for certain."""
    gate = "backchannel.perception.transcript.has_too_many_syllables"
    monkeypatch.setattr(gate, lambda _, length_s: length_s >= voiced_s)


def test_what_was_shown_is_withdrawn_if_the_whole_phrase_was_not_heard(
    networks: Networks, whisper: Whisper, long_sentence: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse_from(monkeypatch, voiced_s=4.0)
    pieces = _in_pieces(networks, whisper, long_sentence, piece_s=0.5, rest="show")
    phrases = [phrase for _, phrase in pieces]
    assert [phrase.final for phrase in phrases] == [False, True]
    assert phrases[0].words
    assert phrases[1].words == ()
    assert phrases[1].text == ""
    assert phrases[1].span.start_s == phrases[0].span.start_s


def test_nothing_is_withdrawn_that_was_not_shown(
    networks: Networks, whisper: Whisper, long_sentence: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse_from(monkeypatch, voiced_s=1.0)
    assert list(_in_pieces(networks, whisper, long_sentence, piece_s=0.5, rest="show")) == []


def test_whole_words_so_far_can_be_said_at_once(
    networks: Networks, whisper: Whisper, speech: FloatArray
) -> None:
    phrases = [phrase for _, phrase in _in_pieces(networks, whisper, speech, piece_s=1.4, rest="say")]
    words = [word.text.strip(".,?").lower() for phrase in phrases for word in phrase.words]
    assert words == [*SENTENCE.lower().split()] * 2
    assert len(phrases) == 4


def test_a_quiet_voice_is_written_as_well(networks: Networks, whisper: Whisper, speech: FloatArray) -> None:
    phrases = _phrases(networks, whisper, speech * np.float32(0.03))
    assert [phrase.text.strip(".") for phrase in phrases] == [SENTENCE, SENTENCE]


def test_a_gap_in_the_sound_ends_the_phrase(networks: Networks, whisper: Whisper, speech: FloatArray) -> None:
    begun = speech[: round(2.0 * SAMPLE_RATE_HZ)]
    voice, hearing = hear(networks, begun, 0.0, Hearing())
    phrases, listening = listen(Writing(whisper), begun, 0.0, voice, Listening())
    assert phrases == ()
    silence = np.zeros(SAMPLE_RATE_HZ, np.float32)
    voice, _ = hear(networks, silence, 60.0, hearing)
    phrases, listening = listen(Writing(whisper), silence, 60.0, voice, listening)
    assert [phrase.words[0].text for phrase in phrases] == ["They"]
    assert listening.first_row >= 6000


def test_the_language_may_be_given(networks: Networks, whisper: Whisper, speech: FloatArray) -> None:
    given_language = [phrase for _, phrase in _in_pieces(networks, whisper, speech, language="en")]
    assert [phrase.text.strip(".") for phrase in given_language] == [SENTENCE, SENTENCE]
    with pytest.raises(ValueError, match="does not know the language 'tlh'"):
        Writing(whisper, "tlh")


def test_the_state_stays_small(networks: Networks, whisper: Whisper, speech: FloatArray) -> None:
    spoken = speech[8000:37_000]
    endless = np.concatenate([spoken] * 14)  # 25 s without a pause
    hearing, listening, words = Hearing(), Listening(), 0
    for first in range(0, endless.size, SAMPLE_RATE_HZ):
        piece = endless[first : first + SAMPLE_RATE_HZ]
        voice, hearing = hear(networks, piece, first / SAMPLE_RATE_HZ, hearing)
        phrases, listening = listen(Writing(whisper), piece, first / SAMPLE_RATE_HZ, voice, listening)
        words += sum(len(phrase.words) for phrase in phrases)
        assert len(pack_value(listening)) < 330_000
    assert words > 0


# --- real people -----------------------------------------------------------------------------------

KNOWN = {
    "woman-curly-hair-command-sentence.mpg": "lay white by s again",
    "man-suit-interview-answer-long-pauses.mp4": (
        "is asking for help when i need it i'd like to do better at that"
    ),
    "woman-frowning-firm-statement.mp4": "made some really bad choices that didn't create jobs",
    "two-men-podium-speech.mp4": "after two years of negotiations the united states together",
    # The network loops after "no, I didn't" is said three times.
    "two-men-split-screen-argument.mp4": (
        "no i did not no i didn't because you want to interview me go ahead i'm waiting on you"
    ),
    # It takes this for Korean.
    "man-disgusted-acted-line.mp4": "todd plays the priority on getting his bike fixed",
    # It skips the first sentence if it gets little input.
    "woman-dim-room-soft-speech-um.mp4": "i can't even eat at those places i just can't is the best",
}
"""Words that everybody hears in these clips."""


@pytest.mark.parametrize(("name", "said"), KNOWN.items())
def test_known_sentences_of_real_people(
    networks: Networks, whisper: Whisper, clips: Path, name: str, said: str
) -> None:
    with read(Segment((clips / name).read_bytes()), MediaLimits()) as medium:
        sound = sound_of(medium)
    assert sound is not None
    written = " ".join(phrase.text for phrase in _phrases(networks, whisper, sound.samples))
    plain = "".join(letter for letter in written.lower() if letter.isalpha() or letter in " '").split()
    missing = [word for word in said.split() if word not in plain and word + "0" not in plain]
    assert len(missing) <= len(said.split()) // 10


# --- what is not said ------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 10_000), level=st.sampled_from([0.02, 0.2, 0.7])
)
def test_what_is_not_speech_has_no_word(
    networks: Networks, whisper: Whisper, kind: str, seed: int, level: float
) -> None:
    sound = KINDS[kind](seed, level)
    assert [phrase.text for phrase in _phrases(networks, whisper, sound)] == []


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gain=st.floats(0.05, 1.0), offset=st.integers(0, 8000))
def test_reversed_speech_has_no_word(
    networks: Networks, whisper: Whisper, speech: FloatArray, gain: float, offset: int
) -> None:
    sound = speech[::-1][offset:] * np.float32(gain)
    assert [phrase.text for phrase in _phrases(networks, whisper, sound)] == []


def test_the_gates_matter(
    networks: Networks, whisper: Whisper, speech: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them, reversed speech is written as words."""
    monkeypatch.setattr("backchannel.perception.transcript.MIN_MEAN_LOG_PROBABILITY", -99.0)
    assert _phrases(networks, whisper, speech[::-1].copy())


def test_a_sound_that_voice_activity_does_not_find_is_not_sent(
    networks: Networks, whisper: Whisper, speech: FloatArray
) -> None:
    voice, _ = hear(networks, np.zeros_like(speech), 0.0, Hearing())
    assert listen(Writing(whisper, rest="end"), speech, 0.0, voice, Listening())[0] == ()
