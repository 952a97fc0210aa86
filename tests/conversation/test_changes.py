"""What is reported of signals that come and go: sequences of windows in, changes out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.conversation.changes import (
    QUIET_S,
    RENEW_S,
    SETTLE_S,
    WHOLE_TURN_CUES,
    Activity,
    end_all,
    end_quiet,
    report_window,
)
from backchannel.cues.voice_view import TURN_GAP_S
from backchannel.updates import (
    Change,
    CueOver,
    EngagementChanged,
    SignalBegan,
    SignalChanged,
    SignalOver,
    WindowClosed,
)
from backchannel.values import (
    Cue,
    EngagementLevel,
    EngagementSpan,
    Evidence,
    Probability,
    Quality,
    SegmentResult,
    Signal,
    SignalType,
    Span,
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


class Window(NamedTuple):
    """What a window shows, while it is open or for good."""

    result: SegmentResult
    closed: bool


def window(
    start_s: float,
    end_s: float,
    *signals: Signal,
    closed: bool = False,
    engagement: Sequence[tuple[float, float, EngagementLevel]] = (),
    cues: Sequence[Cue] = (),
) -> Window:
    spans = tuple(EngagementSpan(Span(a, b), state) for a, b, state in engagement)
    return Window(SegmentResult(Span(start_s, end_s), tuple(cues), signals, spans, SO_SO, SO_SO), closed)


def followed(*windows: Window, end: bool = False, at_once: bool = False) -> list[Change]:
    """Every change; each window comes with media of its own, unless all come at once.

    Parameters
    ----------
    end
        No more media comes: a window that is still open closes as it is, and every signal ends.
    """
    activity, news = Activity(), list[Change]()
    for one in windows:
        activity, changes = report_window(activity, one.result, closed=one.closed)
        news += changes
        if not at_once or one is windows[-1]:
            activity, changes = end_quiet(activity, one.result.span.end_s)
            news += changes
    if end:
        if not windows[-1].closed:
            activity, changes = report_window(activity, windows[-1].result, closed=True)
            news += changes
        activity, changes = end_all(activity)
        news += changes
    return news


def reported(*windows: Window, end: bool = False, at_once: bool = False) -> list[Change]:
    """Every change but closed windows."""
    news = followed(*windows, end=end, at_once=at_once)
    return [change for change in news if not isinstance(change, WindowClosed)]


def test_a_signal_is_reported_as_soon_as_a_window_shows_it_and_once() -> None:
    nod = sign(1.0, 1.9)
    assert reported(window(0, 1.5), window(0, 2, nod), window(0, 3, nod)) == [SignalBegan(nod)]


def test_it_ends_with_its_evidence_and_not_when_we_are_sure() -> None:
    nod = sign(1.0, 1.9)
    before, after = 1.9 + QUIET_S - 0.01, 1.9 + QUIET_S
    first = [window(0, 2, nod), window(0, 5, nod, closed=True)]
    assert reported(*first, window(5, before)) == [SignalBegan(nod)]
    assert reported(*first, window(5, after)) == [SignalBegan(nod), SignalOver("agreement", 1.9)]


def on(cue: str, start_s: float, end_s: float) -> Signal:
    """A signal of confidence whose most telling evidence is one cue of the voice."""
    evidence = Evidence(cue, "", "audio", Span(start_s, end_s), 2.0, "dB", None, 0.8)
    return replace(sign(start_s, end_s, name="confidence"), modalities=("audio",), evidence=(evidence,))


@pytest.mark.parametrize("cue", sorted(WHOLE_TURN_CUES))
def test_what_is_based_on_a_turn_waits_for_its_end_or_the_closed_window(cue: str) -> None:
    steady = on(cue, 0.2, 2.9)
    assert reported(window(0, 3, steady), window(0, 3, steady)) == []
    assert reported(window(0, 3, steady), window(0, 2.9 + TURN_GAP_S, steady)) == [SignalBegan(steady)]
    whole = on(cue, 0.2, 5.0)
    assert reported(window(0, 3, steady), window(0, 5, whole, closed=True)) == [SignalBegan(whole)]
    assert reported(window(0, 3, steady), end=True) == [SignalBegan(steady), SignalOver("confidence", 2.9)]


def test_a_turn_that_goes_on_keeps_its_signal_alive() -> None:
    first, more = on("steady_voice", 0.2, 5.0), on("steady_voice", 5.0, 9.4)
    news = reported(window(0, 5, first, closed=True), window(5, 9.4, more), end=True)
    assert news == [SignalBegan(first), SignalOver("confidence", 9.4)]


def test_what_has_ended_is_not_reported_again_by_the_window_that_still_shows_it() -> None:
    nod = sign(0.2, 0.9)
    news = reported(
        window(0, 1, nod), window(0, 4.5, nod), window(0, 4.8, nod), window(0, 5, nod, closed=True)
    )
    assert news == [SignalBegan(nod), SignalOver("agreement", 0.9)]


def test_its_start_never_changes_once_reported() -> None:
    news = reported(
        window(0, 2, sign(1.0, 1.9)),
        window(0, 3, sign(0.7, 2.6, "high")),
        window(0, 3.2, sign(1.2, 2.7, "high", "Smiled.")),
        window(0, 5, sign(1.2, 2.7, "high", "Smiled."), closed=True),
        end=True,
    )
    assert [
        change.signal.span.start_s for change in news if isinstance(change, SignalBegan | SignalChanged)
    ] == [1.0] * 3
    assert news[-1] == SignalOver("agreement", 2.7)


@pytest.mark.parametrize(
    ("gap_s", "times"), [(0.0, 1), (RENEW_S - 0.01, 1), (RENEW_S + 0.01, 2), (QUIET_S + 1, 2)]
)
def test_evidence_soon_after_goes_on_with_the_same_signal_across_windows(gap_s: float, times: int) -> None:
    first, second = sign(3.0, 4.5), sign(4.5 + gap_s, 5.0 + gap_s)
    news = reported(
        window(0, 5, first, closed=True),
        window(5, 5 + gap_s, second),
        window(5, 10, second, closed=True),
        end=True,
    )
    assert sum(isinstance(change, SignalBegan) for change in news) == times
    assert news[-1] == SignalOver("agreement", 5.0 + gap_s)


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
def test_only_a_rise_is_reported_at_once(later: Signal, updates: int) -> None:
    news = reported(window(0, 2, sign(1.0, 1.9)), window(0, 3, later))
    assert sum(isinstance(change, SignalChanged) for change in news) == updates


@pytest.mark.parametrize("later", [sign(1.0, 3.0, "low"), sign(1.0, 3.0, rationale="Smiled.")])
def test_a_fall_or_another_reason_is_reported_when_it_lasts(later: Signal) -> None:
    lasting = [window(0, 2, sign(1.0, 1.9)), window(0, 3, later)]
    assert not any(
        isinstance(change, SignalChanged) for change in reported(*lasting, window(0, 2.9 + SETTLE_S, later))
    )
    assert reported(*lasting, window(0, 3 + SETTLE_S, later))[-1] == SignalChanged(later)


def test_numbers_that_grow_are_no_news() -> None:
    news = reported(
        *(
            window(
                0, 2 + k / 2, sign(1.0, 2 + k / 2, rationale=f"Spoke for {1 + k / 2} s from 1.0 to {k} s.")
            )
            for k in range(6)
        )
    )
    assert len(news) == 1


def test_what_flickers_is_not_reported() -> None:
    high, low = sign(1.0, 2.0, "medium"), sign(1.0, 2.0, "low", "Smiled.")
    news = reported(*(window(0, 2 + k / 2, low if k % 2 else high) for k in range(6)))
    assert news == [SignalBegan(high)]


def test_a_signal_that_a_closed_window_does_not_show_is_taken_back() -> None:
    guess = sign(1.0, 1.9)
    news = reported(window(0, 2, guess), window(0, 3), window(0, 5, closed=True))
    assert news == [SignalBegan(guess), SignalOver("agreement", 1.9)]


def test_one_that_earlier_windows_showed_ends_where_they_say() -> None:
    sure, guess = sign(3.0, 4.6), sign(5.0, 7.5)
    news = reported(
        window(0, 5, sure, closed=True), window(5, 7.5, guess), window(5, 10, closed=True), end=True
    )
    assert news == [SignalBegan(sure), SignalOver("agreement", 4.6)]


def test_signals_of_other_types_do_not_touch_each_other() -> None:
    nod, pause = sign(1.0, 1.9), sign(1.2, 2.0, name="hesitation")
    news = reported(window(0, 2, nod, pause), window(0, 5, nod, pause, closed=True), end=True)
    assert news == [
        SignalBegan(nod),
        SignalBegan(pause),
        SignalOver("agreement", 1.9),
        SignalOver("hesitation", 2.0),
    ]


def test_many_windows_at_once_are_reported_like_one_after_the_other() -> None:
    windows = (
        window(0, 5, sign(1.0, 1.9), closed=True),
        window(5, 10, closed=True),
        window(10, 12, sign(10.5, 11.5)),
    )
    assert reported(*windows, at_once=True) == [
        SignalBegan(sign(1.0, 1.9)),
        SignalOver("agreement", 1.9),
        SignalBegan(sign(10.5, 11.5)),
    ]


# --- engagement ------------------------------------------------------------------------------------


def test_engagement_is_reported_at_whole_steps_and_only_when_it_changes() -> None:
    news = reported(
        window(0, 0.9, engagement=[(0, 0.9, "engaged")]),
        window(0, 1.4, engagement=[(0, 1, "neutral"), (1, 1.4, "engaged")]),
        window(0, 3.2, engagement=[(0, 2, "neutral"), (2, 3.2, "engaged")]),
        window(0, 5, engagement=[(0, 2, "neutral"), (2, 5, "engaged")], closed=True),
        window(5, 9, engagement=[(5, 9, "engaged")]),
    )
    assert news == [EngagementChanged("neutral", 0.0), EngagementChanged("engaged", 2.0)]


def test_engagement_does_not_flap() -> None:
    spans: list[tuple[float, float, EngagementLevel]] = [
        (k, k + 1, "engaged" if k % 2 else "neutral") for k in range(5)
    ]
    news = reported(window(0, 5, engagement=spans, closed=True))
    starts = [change.start_s for change in news if isinstance(change, EngagementChanged)]
    assert starts == [0, 3]


# --- cues and windows ------------------------------------------------------------------------------


def nod_cue(start_s: float, end_s: float) -> Cue:
    return Cue("nod", "visual", Span(start_s, end_s), 9.0, "deg", None, 0.8)


def test_a_cue_is_reported_once_when_it_is_over() -> None:
    grown = nod_cue(1.0, 2.0)
    news = reported(
        window(0, 1.5, cues=[nod_cue(1.0, 1.5)]),
        window(0, 2.1, cues=[grown]),
        window(0, 2.5, cues=[grown]),
        window(0, 5, cues=[grown], closed=True),
        window(5, 6, cues=[grown]),
    )
    assert news == [CueOver(grown)]


def test_a_cue_that_goes_on_is_reported_at_its_windows_end() -> None:
    news = reported(
        window(0, 5, cues=[nod_cue(4.0, 5.0)], closed=True), window(5, 6, cues=[nod_cue(4.0, 5.4)])
    )
    assert news == [CueOver(nod_cue(4.0, 5.0))]


def test_a_closed_window_is_reported_last_and_an_open_one_is_not() -> None:
    nod = sign(1.0, 1.9)
    closed = window(0, 5, nod, closed=True, cues=[nod_cue(1.0, 1.9)], engagement=[(0, 5, "engaged")])
    news = followed(closed, window(5, 6))
    assert [type(change) for change in news] == [
        SignalBegan,
        EngagementChanged,
        CueOver,
        WindowClosed,
        SignalOver,
    ]
    assert news[3] == WindowClosed(closed.result)


def test_at_the_end_every_signal_ends_in_the_order_of_their_ends() -> None:
    activity, _ = report_window(
        Activity(), window(0, 3, sign(1.0, 2.8), sign(1.0, 2.0, name="interest")).result, closed=False
    )
    activity, ends = end_all(activity)
    assert ends == (SignalOver("interest", 2.0), SignalOver("agreement", 2.8))
    assert end_all(activity) == (activity, ())


# --- whatever comes --------------------------------------------------------------------------------


@st.composite
def conversations(draw: st.DrawFn) -> list[Window]:
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
            windows.append(window(start_s, end_s, *signals, closed=tick == 5))
    return windows


@given(conversations())
def test_whatever_the_windows_say_the_story_makes_sense(windows: list[Window]) -> None:
    open_since: dict[str, float] = {}
    for change in reported(*windows, end=True):
        match change:
            case SignalBegan(signal):
                assert signal.type not in open_since
                open_since[signal.type] = signal.span.start_s
            case SignalChanged(signal):
                assert open_since[signal.type] == signal.span.start_s
            case SignalOver(name, end_s):
                assert open_since.pop(name) <= end_s
    assert not open_since
