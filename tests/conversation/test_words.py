"""Words in a conversation: final phrases of the person become cues, once, however late they are known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from backchannel.conversation.codec import pack_conversation, unpack_conversation
from backchannel.conversation.interpret import finish, interpret, skip
from backchannel.conversation.state import Conversation
from backchannel.tracks import Tracks
from backchannel.updates import Change, CueOver
from backchannel.values import Cue, Phrase, SegmentResult
from tests.conversation.driving import assert_same, in_pieces, in_segments
from tests.cues.build import RATE_HZ, both, heard, seen
from tests.cues.words.build import heard as phrase_of
from tests.slicing import every

UNSURE = "I'm not sure, maybe."
MAX_BYTES = 16_384


def saying(tracks: Tracks, *phrases: tuple[float, str], final: bool = True, language: str = "en") -> Tracks:
    """Tracks in which sentences become known that begin at these times, s from the start of the piece."""
    words = tuple(phrase_of(text, language, final=final).shifted(start_s) for start_s, text in phrases)
    return replace(tracks, words=words)


def text_cues(results: Sequence[SegmentResult]) -> list[Cue]:
    return [cue for result in results for cue in result.cues if cue.modality == "text"]


def named(cues: Sequence[Cue]) -> list[tuple[str, str]]:
    return [(cue.name, cue.quote) for cue in cues]


SPOKEN = heard(6.0, [(2.0, 3.5)])
LISTENER = both(
    seen(12.0, mouth_opening=0.003 * (np.arange(round(12.0 * RATE_HZ)) % 2)),
    heard(12.0, [(4.0, 8.0)]),
    speaks=False,
)


def test_a_phrase_gives_cues_of_the_modality_text_with_its_words() -> None:
    (result,) = in_segments([saying(SPOKEN, (2.0, UNSURE))])
    cues = text_cues([result])
    assert named(cues) == [("hedge", "I'm not sure"), ("hedge", "maybe")]
    assert cues[0].span.start_s == pytest.approx(2.0)
    assert [phrase.text for phrase in result.transcript] == [UNSURE]


def test_a_phrase_that_may_still_change_is_no_cue() -> None:
    _, changes = interpret(Conversation(), saying(SPOKEN, (2.0, UNSURE), final=False), closes_window=True)
    assert text_cues(changes.results) == []
    assert [phrase.final for phrase in changes.phrases] == [False]


def test_a_withdrawn_phrase_is_no_cue() -> None:
    tracks = replace(SPOKEN, words=(replace(phrase_of(""), text=""),))
    assert text_cues(in_segments([tracks])) == []


def test_words_that_the_lips_do_not_speak_are_nobodys_in_view() -> None:
    (result,) = in_segments([saying(LISTENER, (5.0, UNSURE))])
    assert text_cues([result]) == []
    assert not any("text" in signal.modalities for signal in result.signals)
    assert not any(entry.text for signal in result.signals for entry in signal.evidence)


@pytest.mark.parametrize("piece_s", [1.0, 3.0, 12.0])
def test_words_of_another_stay_so_when_their_phrase_leaves_the_view(piece_s: float) -> None:
    conversation, pieces = Conversation(), every(LISTENER, piece_s)
    at = next(place for place in range(len(pieces)) if (place + 1) * piece_s >= 8.4)
    pieces[at] = saying(pieces[at], (4.2 - at * piece_s, UNSURE))
    quiet = both(seen(3.0), heard(3.0), speaks=False)
    conversation, reported = in_pieces(conversation, [*pieces, *[quiet] * 4])
    _, last = finish(conversation)
    assert text_cues([result for changes in (*reported, last) for result in changes.results]) == []


def test_one_who_speaks_with_moving_lips_says_it() -> None:
    rows = np.arange(round(12.0 * RATE_HZ))
    speaker = both(seen(12.0, mouth_opening=0.03 * (rows % 2)), heard(12.0, [(4.0, 8.0)]))
    assert named(text_cues(in_segments([saying(speaker, (5.0, UNSURE))]))) != []


LATE = {"just before": -0.6, "a phrase before": -6.0}


@pytest.mark.parametrize("start_s", LATE.values(), ids=LATE.keys())
def test_words_that_are_known_late_are_in_the_next_result_once(start_s: float) -> None:
    pieces = every(heard(20.0, [(1.0, 9.8)]), 5.0)
    pieces[2] = saying(pieces[2], (start_s, "Maybe"))
    results = in_segments(pieces)
    assert [len(text_cues([result])) for result in results] == [0, 0, 1, 0]
    (cue,) = text_cues(results)
    assert cue.span.start_s == pytest.approx(10.0 + start_s)
    for signal in results[2].signals:
        assert signal.span.start_s >= 10.0


@pytest.mark.parametrize("piece_s", [0.4, 1.0, 5.0])
def test_an_open_window_reports_late_words_once(piece_s: float) -> None:
    pieces = every(heard(20.0, [(1.0, 9.8)]), piece_s)
    at = int(10.2 / piece_s)
    pieces[at] = saying(pieces[at], (2.0 - at * piece_s, "Maybe"))
    _, reported = in_pieces(Conversation(), pieces)
    news: list[Change] = [change for changes in reported for change in changes.news]
    over = [change.cue for change in news if isinstance(change, CueOver) and change.cue.modality == "text"]
    assert named(over) == [("hedge", "Maybe")]


def test_words_that_became_known_long_ago_are_not_reported_again() -> None:
    pieces = every(heard(60.0, [(1.0, 9.8)]), 5.0)
    pieces[0] = saying(pieces[0], (1.5, UNSURE))
    assert len(text_cues(in_segments(pieces))) == 2


def test_the_words_before_a_gap_are_not_lost_with_it() -> None:
    conversation, _ = interpret(Conversation(), saying(SPOKEN, (2.0, UNSURE)))
    conversation, changes = skip(conversation, None, 3.0)
    # The first window of five seconds was full.
    assert conversation.clock.reached_s == 9.0
    assert text_cues(changes.results) == []


def test_a_language_without_a_list_says_so() -> None:
    (result,) = in_segments([saying(SPOKEN, (2.0, "Mae'n ddrwg gen i."), language="cy")])
    assert text_cues([result]) == []
    assert [phrase.language for phrase in result.transcript] == ["cy"]
    assert result.coverage.incomplete
    assert "The language “cy” has no phrase list, so its words give no cues." in result.coverage.notes
    (known,) = in_segments([saying(SPOKEN, (2.0, UNSURE))])
    assert not known.coverage.incomplete


def test_without_words_nothing_changes() -> None:
    talk = every(both(seen(12.0), heard(12.0, [(1.0, 4.0), (6.0, 9.0)])), 5.0)
    silent = [replace(piece, words=()) for piece in talk]
    assert_same(in_segments(silent), in_segments(talk))


WORDY = "I think maybe, I guess. No, I don't know. I mean, it depends. Sorry, yes, that's great. Why not?"


@pytest.mark.parametrize("closes_window", [False, True])
def test_a_conversation_full_of_words_is_small_and_comes_back(closes_window: bool) -> None:
    talk = every(both(seen(60.0), heard(60.0, [(s, s + 4.6) for s in np.arange(0.2, 58.0, 5.0)])), 5.0)
    kept = written = Conversation()
    for piece in [saying(piece, (0.2, WORDY)) for piece in talk]:
        kept, expected = interpret(kept, piece, closes_window=closes_window)
        written, changes = interpret(written, piece, closes_window=closes_window)
        assert_same(changes, expected)
        packed = pack_conversation(kept)
        assert len(packed) <= MAX_BYTES
        written = unpack_conversation(packed)
        assert_same(written, kept)


def test_a_phrase_knows_its_place_on_the_session_clock() -> None:
    conversation, _ = interpret(Conversation(), SPOKEN, closes_window=True)
    _, changes = interpret(conversation, saying(SPOKEN, (-1.0, UNSURE)), closes_window=True)
    (phrase,) = changes.phrases
    assert isinstance(phrase, Phrase)
    assert phrase.span.start_s == pytest.approx(5.0)
    assert changes.results[0].transcript == changes.phrases
