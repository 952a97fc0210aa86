from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backchannel.cues.lookback import CONTEXT_S
from backchannel.cues.merge import EDGE_S, cue_log
from backchannel.protocol.file_cues import KNOWN_BACK_S, file_cues, joined
from backchannel.values import Cue, SegmentResult, Span
from tests.protocol.results import segment_result

NAMES = ("nod", "smile", "blink_rate_high")


@st.composite
def windows(draw: st.DrawFn) -> list[SegmentResult]:
    """Results of consecutive windows; each knows cues from up to 14 s before it."""
    found = []
    for index in range(draw(st.integers(1, 5))):
        span = Span(index * 5.0, index * 5.0 + 5.0)
        cues = []
        for _ in range(draw(st.integers(0, 4))):
            start_s = draw(st.integers(-28, 9)) / 2 + span.start_s
            end_s = start_s + draw(st.integers(1, 12)) / 2
            name = draw(st.sampled_from(NAMES))
            cues.append(Cue(name, "visual", Span(start_s, end_s), 1.0, "deg", None, 0.5))
        found.append(replace(segment_result(span.start_s, span.end_s), cues=tuple(cues)))
    return found


@given(windows())
def test_cues_are_joined_as_for_reports(results: list[SegmentResult]) -> None:
    assert tuple(joined(results)) == cue_log(results)


def test_the_look_back_is_that_of_the_cues() -> None:
    assert KNOWN_BACK_S == CONTEXT_S - EDGE_S


def test_a_cue_is_written_with_all_of_its_numbers() -> None:
    cue = Cue("nod", "visual", Span(1.004, 2.0), 9.0, "deg", None, 0.75, (("count", 3.0, ""),))
    (written,) = file_cues([replace(segment_result(0.0, 5.0), cues=(cue,))])
    assert (written.cue, written.start, written.end, written.certainty) == ("nod", 1.0, 2.0, 0.75)
    assert written.measures == (("count", 3.0, ""),)
