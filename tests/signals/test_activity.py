"""What is told of signals that come and go: sequences of windows in, changes out."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.cues import voice_view
from backchannel.protocol.products import HEARD
from backchannel.signals.activity import (
    QUIET_S,
    RENEW_S,
    SETTLE_S,
    TURN_GAP_S,
    WHOLE_TURN_CUES,
    Activity,
    Change,
    CueFound,
    Detected,
    Ended,
    EngagementChanged,
    Updated,
    WindowClosed,
    finish,
    follow_activity,
)
from backchannel.values import (
    Cue,
    EngagementLevel,
    EngagementSpan,
    Evidence,
    Probability,
    Progress,
    Quality,
    SegmentResult,
    Signal,
    SignalType,
    Span,
    WindowResult,
)

SO_SO = Quality(50.0, 50.0, 50.0, 50.0, 50.0)


def sign(
    start_s: float,
    end_s: float,
    probability: Probability = "medium",
    rationale: str = "Nodded twice.",
    name: SignalType = "agreement",
) -> Signal:
    return Signal(name, Span(start_s, end_s), probability, rationale, ("visual",), 0.6, ())


def window(
    start_s: float,
    end_s: float,
    *signals: Signal,
    complete: bool = False,
    engagement: Sequence[tuple[float, float, EngagementLevel]] = (),
    cues: Sequence[Cue] = (),
) -> WindowResult:
    spans = tuple(EngagementSpan(Span(a, b), state) for a, b, state in engagement)
    result = SegmentResult(Span(start_s, end_s), tuple(cues), signals, spans, SO_SO, SO_SO)
    return WindowResult(result, complete)


def told(*windows: WindowResult, end: bool = False) -> list[Change]:
    """Everything that is told, each window coming with media of its own; what windows cost is left out."""
    activity, said = Activity(), list[Change]()
    for one in windows:
        activity, changes = follow_activity(activity, Progress(one.result.span.end_s, (one,)))
        said += changes
    if end:
        activity, changes = finish(activity)
        said += changes
    return [change for change in said if not isinstance(change, WindowClosed)]


def test_a_signal_is_told_as_soon_as_a_window_shows_it_and_once() -> None:
    nod = sign(1.0, 1.9)
    assert told(window(0, 1.5), window(0, 2, nod), window(0, 3, nod)) == [Detected(nod)]


def test_it_ends_with_its_evidence_and_not_when_we_are_sure() -> None:
    nod = sign(1.0, 1.9)
    before, after = 1.9 + QUIET_S - 0.01, 1.9 + QUIET_S
    first = [window(0, 2, nod), window(0, 5, nod, complete=True)]
    assert told(*first, window(5, before)) == [Detected(nod)]
    assert told(*first, window(5, after)) == [Detected(nod), Ended("agreement", 1.9)]


def on(cue: str, start_s: float, end_s: float) -> Signal:
    """A signal of confidence whose most telling evidence is one cue of the voice."""
    evidence = Evidence(cue, "audio", Span(start_s, end_s), 2.0, "dB", None, 0.8)
    return replace(sign(start_s, end_s, name="confidence"), modalities=("audio",), evidence=(evidence,))


@pytest.mark.parametrize("cue", sorted(WHOLE_TURN_CUES))
def test_what_rests_on_a_turn_waits_for_its_end_or_the_complete_window(cue: str) -> None:
    steady = on(cue, 0.2, 2.9)
    assert told(window(0, 3, steady), window(0, 3, steady)) == []
    assert told(window(0, 3, steady), window(0, 2.9 + TURN_GAP_S, steady)) == [Detected(steady)]
    whole = on(cue, 0.2, 5.0)
    assert told(window(0, 3, steady), window(0, 5, whole, complete=True)) == [Detected(whole)]
    assert told(window(0, 3, steady), end=True) == [Detected(steady), Ended("confidence", 2.9)]


def test_a_turn_that_goes_on_keeps_its_signal_alive() -> None:
    first, more = on("steady_voice", 0.2, 5.0), on("steady_voice", 5.0, 9.4)
    said = told(window(0, 5, first, complete=True), window(5, 9.4, more), end=True)
    assert said == [Detected(first), Ended("confidence", 9.4)]


def test_a_turn_is_what_the_cues_take_for_one() -> None:
    assert voice_view.TURN_GAP_S == TURN_GAP_S


def test_what_has_ended_is_not_told_again_by_the_window_that_still_shows_it() -> None:
    nod = sign(0.2, 0.9)
    said = told(window(0, 1, nod), window(0, 4.5, nod), window(0, 4.8, nod), window(0, 5, nod, complete=True))
    assert said == [Detected(nod), Ended("agreement", 0.9)]


def test_its_start_never_changes_once_told() -> None:
    said = told(
        window(0, 2, sign(1.0, 1.9)),
        window(0, 3, sign(0.7, 2.6, "high")),
        window(0, 3.2, sign(1.2, 2.7, "high", "Smiled.")),
        window(0, 5, sign(1.2, 2.7, "high", "Smiled."), complete=True),
        end=True,
    )
    assert [change.signal.span.start_s for change in said if isinstance(change, Detected | Updated)] == [
        1.0
    ] * 3
    assert said[-1] == Ended("agreement", 2.7)


@pytest.mark.parametrize(
    ("gap_s", "times"), [(0.0, 1), (RENEW_S - 0.01, 1), (RENEW_S + 0.01, 2), (QUIET_S + 1, 2)]
)
def test_evidence_soon_after_goes_on_with_the_same_signal_across_windows(gap_s: float, times: int) -> None:
    first, second = sign(3.0, 4.5), sign(4.5 + gap_s, 5.0 + gap_s)
    said = told(
        window(0, 5, first, complete=True),
        window(5, 5 + gap_s, second),
        window(5, 10, second, complete=True),
        end=True,
    )
    assert sum(isinstance(change, Detected) for change in said) == times
    assert said[-1] == Ended("agreement", 5.0 + gap_s)


@pytest.mark.parametrize(
    ("later", "updates"),
    [
        (sign(1.0, 3.0), 0),
        (sign(1.0, 3.0, rationale="Nodded twice."), 0),
        (sign(1.0, 3.0, "high"), 1),
        (sign(1.0, 3.0, "low"), 0),
        (sign(1.0, 3.0, rationale="Smiled."), 0),
    ],
)
def test_only_a_rise_is_told_at_once(later: Signal, updates: int) -> None:
    said = told(window(0, 2, sign(1.0, 1.9)), window(0, 3, later))
    assert sum(isinstance(change, Updated) for change in said) == updates


@pytest.mark.parametrize("later", [sign(1.0, 3.0, "low"), sign(1.0, 3.0, rationale="Smiled.")])
def test_a_fall_or_another_reason_is_told_when_it_lasts(later: Signal) -> None:
    lasting = [window(0, 2, sign(1.0, 1.9)), window(0, 3, later)]
    assert not any(isinstance(change, Updated) for change in told(*lasting, window(0, 2.9 + SETTLE_S, later)))
    assert told(*lasting, window(0, 3 + SETTLE_S, later))[-1] == Updated(later)


def test_numbers_that_grow_are_no_news() -> None:
    said = told(
        *(
            window(
                0, 2 + k / 2, sign(1.0, 2 + k / 2, rationale=f"Spoke for {1 + k / 2} s from 1.0 to {k} s.")
            )
            for k in range(6)
        )
    )
    assert len(said) == 1


def test_what_flickers_is_not_told() -> None:
    high, low = sign(1.0, 2.0, "medium"), sign(1.0, 2.0, "low", "Smiled.")
    said = told(*(window(0, 2 + k / 2, low if k % 2 else high) for k in range(6)))
    assert said == [Detected(high)]


def test_a_signal_that_a_complete_window_does_not_show_is_taken_back() -> None:
    guess = sign(1.0, 1.9)
    said = told(window(0, 2, guess), window(0, 3), window(0, 5, complete=True))
    assert said == [Detected(guess), Ended("agreement", 1.9)]


def test_one_that_earlier_windows_showed_ends_where_they_say() -> None:
    sure, guess = sign(3.0, 4.6), sign(5.0, 7.5)
    said = told(
        window(0, 5, sure, complete=True), window(5, 7.5, guess), window(5, 10, complete=True), end=True
    )
    assert said == [Detected(sure), Ended("agreement", 4.6)]


def test_signals_of_other_types_do_not_touch_each_other() -> None:
    nod, pause = sign(1.0, 1.9), sign(1.2, 2.0, name="hesitation")
    said = told(window(0, 2, nod, pause), window(0, 5, nod, pause, complete=True), end=True)
    assert said == [
        Detected(nod),
        Detected(pause),
        Ended("agreement", 1.9),
        Ended("hesitation", 2.0),
    ]


def test_only_the_types_that_the_model_reports() -> None:
    shown = window(0, 2, sign(1.0, 1.9), sign(1.0, 1.9, name="stress"))
    activity, said = follow_activity(Activity(), Progress(2.0, (shown,)), HEARD)
    assert [change.signal.type for change in said if isinstance(change, Detected)] == ["agreement"]
    _, said = finish(activity, HEARD)
    assert [change.type for change in said if isinstance(change, Ended)] == ["agreement"]


def test_many_windows_at_once_are_told_like_one_after_the_other() -> None:
    windows = (
        window(0, 5, sign(1.0, 1.9), complete=True),
        window(5, 10, complete=True),
        window(10, 12, sign(10.5, 11.5)),
    )
    _, at_once = follow_activity(Activity(), Progress(12.0, windows))
    assert [change for change in at_once if not isinstance(change, WindowClosed)] == [
        Detected(sign(1.0, 1.9)),
        Ended("agreement", 1.9),
        Detected(sign(10.5, 11.5)),
    ]


# --- engagement ------------------------------------------------------------------------------------


def test_engagement_is_told_at_whole_steps_and_only_when_it_changes() -> None:
    said = told(
        window(0, 0.9, engagement=[(0, 0.9, "engaged")]),
        window(0, 1.4, engagement=[(0, 1, "neutral"), (1, 1.4, "engaged")]),
        window(0, 3.2, engagement=[(0, 2, "neutral"), (2, 3.2, "engaged")]),
        window(0, 5, engagement=[(0, 2, "neutral"), (2, 5, "engaged")], complete=True),
        window(5, 9, engagement=[(5, 9, "engaged")]),
    )
    assert said == [EngagementChanged("neutral", 0.0), EngagementChanged("engaged", 2.0)]


def test_engagement_does_not_flap() -> None:
    spans: list[tuple[float, float, EngagementLevel]] = [
        (k, k + 1, "engaged" if k % 2 else "neutral") for k in range(5)
    ]
    said = told(window(0, 5, engagement=spans, complete=True))
    starts = [change.start_s for change in said if isinstance(change, EngagementChanged)]
    assert starts == [0, 3]


# --- cues and windows ------------------------------------------------------------------------------


def nod_cue(start_s: float, end_s: float) -> Cue:
    return Cue("nod", "visual", Span(start_s, end_s), 9.0, "deg", None, 0.8)


def test_a_cue_is_told_once_when_it_is_over() -> None:
    grown = nod_cue(1.0, 2.0)
    said = told(
        window(0, 1.5, cues=[nod_cue(1.0, 1.5)]),
        window(0, 2.1, cues=[grown]),
        window(0, 2.5, cues=[grown]),
        window(0, 5, cues=[grown], complete=True),
        window(5, 6, cues=[grown]),
    )
    assert said == [CueFound(grown)]


def test_a_cue_that_goes_on_is_told_at_its_windows_end() -> None:
    said = told(window(0, 5, cues=[nod_cue(4.0, 5.0)], complete=True), window(5, 6, cues=[nod_cue(4.0, 5.4)]))
    assert said == [CueFound(nod_cue(4.0, 5.0))]


def test_a_complete_window_is_told_and_the_open_one_at_the_end() -> None:
    activity, said = follow_activity(Activity(), Progress(6.0, (window(0, 5, complete=True), window(5, 6))))
    assert [change.result.span for change in said if isinstance(change, WindowClosed)] == [Span(0, 5)]
    activity, said = finish(activity)
    assert [change.result.span for change in said if isinstance(change, WindowClosed)] == [Span(5, 6)]
    assert finish(activity)[1] == ()


# --- whatever comes --------------------------------------------------------------------------------


@st.composite
def conversations(draw: st.DrawFn) -> list[WindowResult]:
    """Windows of 5 s in ticks of a second, whose open windows change their mind all the time."""
    windows = []
    for k in range(4):
        for tick in range(1, 6):
            start_s, end_s = 5.0 * k, 5.0 * k + tick
            signals = []
            for name in ("agreement", "interest"):
                if draw(st.booleans()):
                    begins_s = start_s + draw(st.floats(0, tick - 0.2))
                    ends_s = begins_s + draw(st.floats(0.05, end_s - begins_s))
                    word = draw(st.sampled_from(("low", "medium", "high")))
                    signals.append(replace(sign(begins_s, ends_s, word), type=name))  # type: ignore[arg-type]
            windows.append(window(start_s, end_s, *signals, complete=tick == 5))
    return windows


@given(conversations())
def test_whatever_the_windows_say_the_story_makes_sense(windows: list[WindowResult]) -> None:
    open_since: dict[str, float] = {}
    for change in told(*windows, end=True):
        match change:
            case Detected(signal):
                assert signal.type not in open_since
                open_since[signal.type] = signal.span.start_s
            case Updated(signal):
                assert open_since[signal.type] == signal.span.start_s
            case Ended(name, end_s):
                assert open_since.pop(name) <= end_s
    assert not open_since
