"""Evidence into signals: what is needed, what adds, what takes away, and in which words."""

from itertools import pairwise

import numpy as np
import pytest

from backchannel.signals.score import probability_of, score_signals
from backchannel.signals.weights import signal_table
from backchannel.values import Cue, Probability, Signal, SignalType, Span
from tests.signals.evidence import AUDIO_CUES, EVERYTHING, NO_SPEECH, cue, types_of, weighed

CLEAR: dict[SignalType, list[Cue]] = {
    "agreement": [cue("nod", count=3), cue("facing", 2, 9)],
    "disagreement": [cue("shake", count=3), cue("brow_furrow")],
    "confidence": [
        cue("steady_voice", 3, 9, speech=6),
        cue("falling_end", 8.7, 9),
        cue("speaking", 3, 9),
        cue("facing", 3, 9),
    ],
    "hesitation": [cue("long_pause", 5, 6.5, value=1.5), cue("filled_pause", 7, 7.6, value=0.6)],
    "uncertainty": [
        cue("rising_end"),
        cue("brow_raise"),
        cue("lip_corner_down"),
        cue("filled_pause", 6.5, 7),
    ],
    "confusion": [cue("brow_furrow", 5, 8), cue("facing", 2, 9), cue("tilt"), cue("eyes_narrowed", 5, 8)],
    "frustration": [cue("brow_furrow"), cue("lip_press"), cue("loud", 4, 7), cue("pitch_raised", 4, 7)],
    "interest": [cue("lean_in", 4, 8), cue("brow_raise"), cue("facing", 2, 9)],
    "skepticism": [cue("brow_raise_one_side"), cue("lip_corner_down"), cue("lip_press")],
    "stress": [cue("pitch_raised", 4, 7), cue("speech_faster", 3, 8), cue("lip_press")],
}
"""For each signal, evidence that a person would take for it."""


def signal(name: SignalType, cues: list[Cue]) -> Signal | None:
    return next((found for found in weighed(cues) if found.type == name), None)


def score(name: SignalType, cues: list[Cue]) -> float:
    found = signal(name, cues)
    return 0.0 if found is None else found.score


@pytest.mark.parametrize("name", CLEAR)
def test_clear_evidence_is_reported(name: SignalType) -> None:
    assert score(name, CLEAR[name]) >= 0.5


@pytest.mark.parametrize("name", CLEAR)
def test_faint_evidence_is_reported_lower_or_not_at_all(name: SignalType) -> None:
    faint = [
        Cue(c.name, c.modality, c.span, c.value, c.unit, c.baseline, 0.15, c.measures, c.direction)
        for c in CLEAR[name]
    ]
    assert score(name, faint) < score(name, CLEAR[name]) - 0.1


@pytest.mark.parametrize("name", CLEAR)
def test_without_a_primary_cue_nothing_is_reported_whatever_supports_it(name: SignalType) -> None:
    row = signal_table()[name]
    primary = {reading.split(".")[0] for reading in row.primary}
    # One at a time: two may together be a primary reading.
    for supporting in sorted({reading.split(".")[0] for reading in row.supporting} - primary):
        assert signal(name, [cue(supporting, 5, 6)]) is None, supporting


def test_support_alone_never_adds_up_to_agreement() -> None:
    supporting = [
        cue(name, 5 + k, 5.8 + k) for k in range(5) for name in ("smile", "vocal_backchannel", "facing")
    ]
    assert signal("agreement", supporting) is None


@pytest.mark.parametrize("name", CLEAR)
def test_what_speaks_against_it_lowers_it(name: SignalType) -> None:
    against = [cue(reading.split(".")[0], 4.5, 7.5) for reading in signal_table()[name].against]
    if against:
        assert score(name, CLEAR[name] + against) < score(name, CLEAR[name])


def test_nothing_gives_nothing() -> None:
    assert weighed([]) == ()


def test_a_face_that_only_faces_the_camera_gives_nothing() -> None:
    assert weighed([cue("facing", 0, 60), cue("speaking", 2, 9), cue("head_still", 0, 60)]) == ()


def test_a_nod_is_no_disagreement_and_a_shake_no_agreement() -> None:
    assert types_of(weighed([cue("nod", count=3)])) == {"agreement"}
    assert types_of(weighed([cue("shake", count=3)])) == {"disagreement"}


def test_one_modality_alone_is_never_high_unless_it_settles_the_matter() -> None:
    for name, cues in CLEAR.items():
        one_sense = [c for c in cues if (c.name in AUDIO_CUES) == (cues[0].name in AUDIO_CUES)]
        found = signal(name, one_sense * 2)
        if found is not None and not signal_table()[name].definitive:
            assert len(found.modalities) == 1
            assert found.probability != "high", name


def test_three_clear_nods_settle_the_matter() -> None:
    found = signal("agreement", [cue("nod", count=3), cue("smile"), cue("facing", 2, 9)])
    assert found is not None
    assert found.probability == "high"
    assert found.modalities == ("visual",)


@pytest.mark.parametrize(
    ("value", "word"),
    [(0.35, "low"), (0.5499, "low"), (0.55, "medium"), (0.7499, "medium"), (0.75, "high"), (1.0, "high")],
)
def test_words_for_probabilities(value: float, word: Probability) -> None:
    assert probability_of(value) == word


@pytest.mark.parametrize("name", CLEAR)
def test_the_word_and_the_modalities_are_those_of_score_and_evidence(name: SignalType) -> None:
    found = signal(name, CLEAR[name])
    assert found is not None
    assert found.probability == probability_of(found.score)
    assert 0.35 <= found.score < 1.0
    assert set(found.modalities) == {entry.modality for entry in found.evidence}


@pytest.mark.parametrize(
    "segment", [Span(0, 60), Span(5.5, 8.5), Span(5.4, 6.4), Span(6.2, 9.2), Span(2.0, 5.2)]
)
def test_a_signal_lies_inside_its_segment(segment: Span) -> None:
    for cues in CLEAR.values():
        for found in weighed(cues, segment=segment):
            assert segment.start_s <= found.span.start_s < found.span.end_s <= segment.end_s


def test_a_signals_span_is_that_of_its_primary_evidence() -> None:
    found = signal("agreement", [cue("nod", 5, 6), cue("facing", 0, 60)])
    assert found is not None
    assert found.span == Span(5, 6)


def test_evidence_far_apart_is_two_signals() -> None:
    found = weighed([cue("nod", 5, 6), cue("nod", 30, 31)])
    assert [s.span for s in found] == [Span(5, 6), Span(30, 31)]


def test_evidence_close_together_is_one_signal_and_stronger() -> None:
    (one,) = weighed([cue("nod", 5, 6, count=2)])
    (two,) = weighed([cue("nod", 5, 6, count=2), cue("nod", 7, 8, count=2)])
    assert two.span == Span(5, 8)
    assert two.score > one.score


def test_the_same_cue_again_counts_for_less_than_the_first() -> None:
    nods = [cue("nod", 5 + k, 5.5 + k, count=1, certainty=0.6) for k in range(6)]
    scores = [score("agreement", nods[: n + 1]) for n in range(6)]
    gains = [b - a for a, b in pairwise(scores[1:])]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(gains))


def test_what_was_answered_before_carries_no_signal_again() -> None:
    old, new = cue("nod", 5, 6), cue("smile", 6.5, 8)
    assert types_of(score_signals([old, new], [new], Span(6, 9), EVERYTHING)) <= {"interest"}
    assert "agreement" in types_of(score_signals([old, new], [old, new], Span(3, 9), EVERYTHING))


def test_silence_is_only_told_of_the_time_that_the_evidence_covers() -> None:
    nod, facing, said = cue("nod", 7, 8, count=3), cue("facing", 0, 9), cue("speaking", 1, 4)
    silent, spoken = (
        score_signals(cues, [nod], Span(5, 10), NO_SPEECH)[0].rationale
        for cues in ([nod, facing], [nod, facing, said])
    )
    assert "No speech was detected" in silent
    assert "speech" not in spoken


def test_the_order_of_the_cues_does_not_matter() -> None:
    cues = [c for found in CLEAR.values() for c in found]
    expected = weighed(cues)
    assert expected
    rng = np.random.default_rng(4)
    for _ in range(20):
        assert weighed([cues[k] for k in rng.permutation(len(cues))]) == expected


def test_signals_come_in_order() -> None:
    found = weighed([cue("shake", 20, 21), cue("nod", 5, 6), cue("long_pause", 40, 42, value=2.0)])
    assert [s.span.start_s for s in found] == sorted(s.span.start_s for s in found)
    assert len(found) >= 3


def test_evidence_holds_every_measure_and_the_weights_of_what_adds() -> None:
    found = signal("agreement", [cue("nod", count=3, rate=2.1, value=9.0)])
    assert found is not None
    numbers = {(entry.cue, entry.measure): entry.value for entry in found.evidence}
    assert numbers == {("nod", ""): 9.0, ("nod", "count"): 3.0, ("nod", "rate"): 2.1}
    assert found.evidence[0].weight > 0


def test_what_contradicts_must_happen_at_the_same_time() -> None:
    smile, facing = cue("smile", 5, 7), cue("facing", 4, 9, value=95)
    alone, during, after = (
        next(signal.score for signal in weighed([smile, facing, *others]) if signal.type == "interest")
        for others in ([], [cue("brow_furrow", 6, 8)], [cue("brow_furrow", 7.1, 8)])
    )
    assert during < alone
    assert after == alone
