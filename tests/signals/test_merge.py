"""What continues from window to window is one signal, and says only what its evidence says."""

from backchannel.signals.merge import MOST_CUES, merge_signals
from backchannel.signals.score import SAME_OCCASION_S
from backchannel.values import Coverage, Cue, Quality, SegmentResult, Signal, Span
from tests.signals.evidence import EVERYTHING, NO_SPEECH, cue, weighed

NEUTRAL = Quality(50, 50, 50, 50, 50)


def window(start_s: float, *cues: Cue, coverage: Coverage = EVERYTHING) -> SegmentResult:
    span = Span(start_s, start_s + 5)
    return SegmentResult(span, cues, weighed(cues, coverage, span), (), NEUTRAL, NEUTRAL, coverage)


def smiles(*windows: SegmentResult) -> list[Signal]:
    return [signal for signal in merge_signals(windows) if signal.type == "interest"]


def smile(start_s: float, end_s: float) -> tuple[Cue, Cue]:
    return cue("smile", start_s, end_s), cue("facing", start_s - 0.5, end_s + 0.5, value=95)


def test_close_evidence_is_one_signal() -> None:
    (one,) = smiles(window(0, *smile(2, 4.5)), window(5, *smile(5.5, 7)))
    assert (one.span.start_s, one.span.end_s) == (2, 7)
    assert one.rationale == "Smiled twice while facing the camera."


def test_evidence_further_apart_is_not() -> None:
    later_s = 4.5 + SAME_OCCASION_S + 0.1
    assert len(smiles(window(0, *smile(2, 4.5)), window(5, *smile(later_s, later_s + 1)))) == 2


def test_a_cue_that_both_windows_know_is_said_once_and_as_the_later_knows_it() -> None:
    (one,) = smiles(window(0, *smile(2, 4.5)), window(5, *smile(2, 7.4)))
    assert one.rationale == "Smiled for 5.4 s while facing the camera."
    assert [entry.span.end_s for entry in one.evidence if entry.cue == "smile"] == [7.4]


def test_other_types_are_never_merged() -> None:
    cues = smile(2, 4.5)
    nods = (cue("nod", 5.2, 7, count=3), cue("facing", 5, 8, value=95))
    merged = merge_signals([window(0, *cues), window(5, *nods)])
    assert {signal.type for signal in merged} >= {"interest", "agreement"}


def test_silence_is_only_said_if_there_was_none_in_any_part() -> None:
    (silent,) = smiles(
        window(0, *smile(2, 4.5), coverage=NO_SPEECH), window(5, *smile(5.5, 7), coverage=NO_SPEECH)
    )
    (spoken,) = smiles(window(0, *smile(2, 4.5), coverage=NO_SPEECH), window(5, *smile(5.5, 7)))
    assert silent.rationale.endswith(" No speech was detected.")
    assert "speech" not in spoken.rationale


def test_it_is_as_likely_as_its_likeliest_part() -> None:
    parts = [window(0, *smile(2, 4.5)), window(5, *smile(5.2, 9), cue("nod", 5.2, 7, count=3))]
    (one,) = smiles(*parts)
    scores = [signal.score for part in parts for signal in part.signals if signal.type == "interest"]
    assert len(scores) == 2
    assert one.score == max(scores)


def test_ten_minutes_of_one_behaviour_are_one_signal_with_bounded_evidence() -> None:
    windows = [window(5.0 * at, *smile(5 * at + 1, 5 * at + 4)) for at in range(120)]
    (one,) = smiles(*windows)
    assert one.span.duration_s > 590
    assert len({(entry.cue, entry.span) for entry in one.evidence}) == MOST_CUES
