"""What the policy `behaviour` must leave out, and what it must not touch."""

from collections.abc import Iterator
from itertools import combinations
from typing import get_args

import pytest

from backchannel.conversation.people import Following
from backchannel.cues.detect import CueState, observe
from backchannel.cues.face_view import FaceView
from backchannel.signals import score
from backchannel.signals.engagement import EngagementState, follow_engagement
from backchannel.signals.policy import EXPRESSIONS, LEFT_OUT, judged_dimensions, scored_signals
from backchannel.signals.quality import judge
from backchannel.signals.score import score_signals
from backchannel.signals.weights import SignalWeights, calibrated
from backchannel.values import Coverage, Cue, EngagementSpan, Quality, Rules, SignalType, Span
from tests.cues.build import followed_rows, seen
from tests.signals.evidence import EVERYTHING, MINUTE, cue, weighed

BEHAVIOUR = Rules(policy="behaviour")
FEELINGS = {"stress", "frustration", "confusion", "skepticism", "uncertainty"}
FACES_AND_VOICES = [
    "brow_furrow",
    "lip_press",
    "eyes_narrowed",
    "brow_raise_one_side",
    "blink_rate_high",
    "pitch_raised",
    "speech_faster",
    "rising_end",
    "long_pause",
    "filled_pause",
    "facing",
    "speaking",
    "tilt",
    "smile",
    "nod",
    "shake",
    "steady_voice",
    "lean_in",
    "gaze_away",
]


@pytest.fixture(scope="module")
def looking() -> FaceView:
    """Ten seconds of a face that looks at the camera."""
    _, rows = followed_rows(Following(), seen(10.0), 0.0)
    face = observe(CueState(), rows, 0.0)[1].face
    assert face is not None
    return face


def stretches() -> Iterator[list[Cue]]:
    for names in combinations(FACES_AND_VOICES, 3):
        yield [cue(name, 5.0, 9.0) for name in names]


def test_it_leaves_out_every_name_of_a_feeling() -> None:
    assert LEFT_OUT["behaviour"] >= FEELINGS
    assert not FEELINGS & set(scored_signals("behaviour"))


def test_full_leaves_out_nothing() -> None:
    assert scored_signals("full") == get_args(SignalType)
    assert judged_dimensions("full") == set(Quality.__dataclass_fields__)


def test_no_cues_whatever_make_a_signal_that_is_left_out() -> None:
    found_with, found_without = set(), set()
    for cues in stretches():
        found_with |= {signal.type for signal in weighed(cues)}
        found_without |= {s.type for s in score_signals(cues, cues, MINUTE, EVERYTHING, BEHAVIOUR)}
    assert found_with >= FEELINGS  # so these cues would make them
    assert found_without == set(scored_signals("behaviour"))


def test_what_is_left_in_is_the_same_to_the_last_digit() -> None:
    kept = scored_signals("behaviour")
    for cues in stretches():
        both = weighed(cues), score_signals(cues, cues, MINUTE, EVERYTHING, BEHAVIOUR)
        assert both[1] == tuple(signal for signal in both[0] if signal.type in kept)


def test_nothing_of_it_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[SignalWeights] = []

    def noted(row: SignalWeights, prior: float | None) -> SignalWeights:
        asked.append(row)
        return calibrated(row, prior)

    monkeypatch.setattr(score, "calibrated", noted)
    cues = [cue("brow_furrow", 5.0, 9.0), cue("nod", 5.0, 9.0)]
    score_signals(cues, cues, MINUTE, EVERYTHING, BEHAVIOUR)
    assert len(asked) == len(scored_signals("behaviour"))


def test_no_quality_is_judged_whatever_happens() -> None:
    cues = [cue("smile", 0, 60), cue("pitch_lively", 0, 60), cue("nod", 0, 60)]
    signals = weighed(cues)
    engaged = (EngagementSpan(MINUTE, "engaged"),)
    assert judge(MINUTE, signals, engaged, cues) != Quality(50, 50, 50, 50, 50)
    assert judge(MINUTE, signals, engaged, cues, "behaviour") == Quality(50, 50, 50, 50, 50)


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_an_expression_makes_nobody_engaged(name: str, looking: FaceView) -> None:
    cues = [cue("facing", 0, 60), cue(name, 0, 60)]
    assert level(cues, looking, "full") == "engaged"
    assert level(cues, looking, "behaviour") == "neutral"


@pytest.mark.parametrize("name", ["nod", "speaking", "head_active", "lean_in"])
def test_speech_and_movements_of_the_head_do(name: str, looking: FaceView) -> None:
    cues = [cue("facing", 0, 60), cue(name, 0, 60)]
    assert level(cues, looking, "behaviour") == "engaged"


def test_coverage_says_so_in_one_sentence() -> None:
    quiet = Coverage(picture=True, sound=True, face_share=1.0, speech_share=0.5)
    told = Coverage(picture=True, sound=True, face_share=1.0, speech_share=0.5, policy="behaviour")
    assert quiet.notes == ()
    assert told.notes == ("Only behaviour is reported: no feelings, and no conversation quality.",)


def level(cues: list[Cue], face: FaceView, policy: str) -> str:
    _, spans = follow_engagement(
        EngagementState(),
        Span(0.0, 10.0),
        face,
        None,
        cues,
        known=True,
        policy=policy,  # type: ignore[arg-type]
    )
    return spans[-1].state
