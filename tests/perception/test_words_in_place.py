"""Words of a file are in the window in which they begin, though they are known later."""

from collections.abc import Iterator

from backchannel.perception.words_in_place import words_in_place
from backchannel.tracks import Tracks
from backchannel.values import Phrase, Span

WINDOW_S = 5.0


def phrase(start_s: float, end_s: float) -> Phrase:
    return Phrase(Span(start_s, end_s), "yes", (), "en", 0.9)


def windows(*words: tuple[Phrase, ...] | None) -> list[Tracks]:
    return [Tracks(WINDOW_S, None, None, None, words=known) for known in words]


def spans(placed: list[Tracks]) -> list[list[tuple[float, float]]]:
    return [[(one.span.start_s, one.span.end_s) for one in tracks.words or ()] for tracks in placed]


def test_a_phrase_that_becomes_known_late_goes_back() -> None:
    known = windows((), (phrase(-2.0, -0.1), phrase(1.0, 3.0)), (phrase(-4.5, 3.0),), ())
    assert spans(list(words_in_place(known))) == [[(3.0, 4.9)], [(1.0, 3.0), (0.5, 8.0)], [], []]


def test_a_phrase_may_go_back_two_windows() -> None:
    known = windows((), (), (phrase(-5.2, 1.0),))
    assert spans(list(words_in_place(known))) == [[(4.8, 11.0)], [], []]


def test_no_window_is_lost_and_windows_without_words_stay_so() -> None:
    assert len(list(words_in_place(windows((), (), ())))) == 3
    assert [tracks.words for tracks in words_in_place(windows(None, None))] == [None, None]
    assert list(words_in_place([])) == []


def test_a_window_waits_no_longer_than_a_phrase_can() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Tracks]:
        for number in range(100):
            taken.append(number)
            yield windows(())[0]

    next(words_in_place(endless()))
    assert len(taken) == 3
