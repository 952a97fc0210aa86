"""The cues of a whole conversation, from the answers to its segments."""

from backchannel.cues.merge import cue_log
from backchannel.values import Coverage, Cue, Quality, SegmentResult, Span

EVEN = Quality(50, 50, 50, 50, 50)


def cue(name: str, start_s: float, end_s: float) -> Cue:
    return Cue(name, "visual", Span(start_s, end_s), 1.0, "", None, 1.0)


def result(start_s: float, end_s: float, *cues: Cue) -> SegmentResult:
    nothing = Coverage(picture=True, sound=False, face_share=1.0, speech_share=None)
    return SegmentResult(Span(start_s, end_s), cues, (), (), EVEN, EVEN, nothing)


def test_a_later_telling_of_the_same_cue_takes_its_place() -> None:
    log = cue_log([result(0, 5, cue("smile", 4, 5)), result(5, 10, cue("smile", 4, 6.2))])
    assert [entry.span for entry in log] == [Span(4, 6.2)]


def test_cues_apart_or_of_other_names_stay() -> None:
    log = cue_log([result(0, 5, cue("smile", 1, 2), cue("nod", 4, 5)), result(5, 10, cue("smile", 6, 7))])
    assert [(entry.name, entry.span.start_s) for entry in log] == [("smile", 1), ("nod", 4), ("smile", 6)]


def test_a_cue_longer_than_the_look_back_keeps_its_beginning() -> None:
    segments = [
        result(start_s, start_s + 5, cue("facing", max(0.0, start_s - 12.0), start_s + 5))
        for start_s in range(0, 40, 5)
    ]
    assert [entry.span for entry in cue_log(segments)] == [Span(0, 40)]


def test_a_cue_that_really_began_later_does_not_get_an_earlier_beginning() -> None:
    log = cue_log([result(15, 20, cue("smile", 16, 20)), result(20, 25, cue("smile", 18, 24))])
    assert [entry.span for entry in log] == [Span(18, 24)]
