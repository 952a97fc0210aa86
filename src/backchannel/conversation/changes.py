"""Decide what to report about one person: windows in, changes out.

An open window is analysed again each time media arrives, and borderline results come and go. A
reader wants to know when something begins, when it changes noticeably, and when it ends. So:

- A signal is detected as soon as a window shows it. Its start never changes once it is reported.
- It is updated at once when its probability rises. When its probability falls, or its rationale changes in
  more than its numbers, the update waits until that has lasted for `SETTLE_S` since the last report.
- A signal whose main evidence describes a whole turn (how steady, brisk or lively the speech was) begins
  when the turn is over or the window closes, because the rest of the turn can still change the evidence.
- If the closed window does not confirm a signal of the open one, the signal ends where its evidence from
  closed windows ends, or at once if there is none.
- Evidence that begins within `RENEW_S` of the last continues the same signal, across windows too.
- A signal ends when `QUIET_S` of media has brought no new evidence. Its end is the end of that evidence, not
  the moment of the decision. So no type of signal is detected more often than every `QUIET_S`.
- Engagement changes at whole steps of a second, and at most every `DWELL_S`.
- A cue is reported once: `SETTLED_CUE_S` after it is over, or when its window closes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backchannel.constants import CONTEXT_S
from backchannel.cues.voice_view import TURN_GAP_S
from backchannel.cues.words.find import NAMES
from backchannel.signals.engagement import MIN_DWELL_S, STEP_S
from backchannel.signals.score import SAME_OCCASION_S
from backchannel.updates import (
    Change,
    CueOver,
    EngagementChanged,
    SignalBegan,
    SignalChanged,
    SignalOver,
    WindowClosed,
)
from backchannel.values import EngagementLevel, SegmentResult, Signal, SignalType, Span

RENEW_S: Final = SAME_OCCASION_S
"""Evidence this close after the last belongs to the same signal, as it does inside a window."""
QUIET_S: Final = RENEW_S + 1.0
"""No evidence for this long ends a signal: `RENEW_S`, and the second within which a cue is detected."""
SETTLE_S: Final = 1.5
"""How long a lower probability or another rationale must hold before it is reported (judgement)."""
DWELL_S: Final = MIN_DWELL_S
"""Shortest time between two changes of engagement."""
SETTLED_CUE_S: Final = 0.25
"""A cue that ended this long ago is final (judgement: three and a half frames)."""
WHOLE_TURN_CUES: Final = frozenset(
    {"steady_voice", "speech_brisk", "speech_faster", "speech_slow", "pitch_lively", "pitch_flat"}
)
"""Cues of `cues.voice` about a turn from its beginning to its end."""
_JITTER_S: Final = 0.2
_RANKS: Final = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class ActiveSignal:
    """A signal that was detected and has not ended.

    Attributes
    ----------
    reported
        As it was last reported, without its evidence.
    latest
        As the newest window with evidence shows it, with the start that was reported.
    reported_s
        Session time at which it was last reported.
    confirmed
        As the last closed window with evidence shows it; None while there is none.
    differs_s
        Session time since which `latest` differs from what was reported; None while it does not.
    """

    reported: Signal
    latest: Signal
    reported_s: float
    confirmed: Signal | None = None
    differs_s: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What was reported about one person. Begins as ``Activity()``.

    Attributes
    ----------
    active
        At most one of each type.
    ended
        Ends of finished signals, by type. An open window finds them again.
    engagement, engagement_since_s, decided_s
        State as reported, when it began, and up to when engagement was decided.
    cues
        Recently reported cues, as (name, span).
    """

    active: tuple[ActiveSignal, ...] = ()
    ended: tuple[tuple[SignalType, float], ...] = ()
    engagement: EngagementLevel | None = None
    engagement_since_s: float = 0.0
    decided_s: float = 0.0
    cues: tuple[tuple[str, Span], ...] = ()


def report_window(
    activity: Activity, result: SegmentResult, *, closed: bool
) -> tuple[Activity, tuple[Change, ...]]:
    """Return what a window changes.

    Parameters
    ----------
    closed
        The window is over and this is its final result; otherwise the next media may change it.
    """
    now_s = result.span.end_s
    changes: list[Change] = []
    shown = list(result.signals)
    if not closed:
        going_on = {active.reported.type for active in activity.active}
        shown = [one for one in shown if one.type in going_on or not _hangs_on_open_turn(one, now_s)]
    activity = _as_confirmed(activity)
    for signal in sorted(shown, key=lambda signal: (signal.span, signal.type)):
        activity, news = _follow_signal(activity, signal, now_s)
        changes += news
    if closed:
        activity, news = _confirm(activity, shown)
        changes += news
    activity, news = _update(activity, now_s)
    changes += news
    activity, news = _follow_engagement(activity, result, closed=closed)
    changes += news
    activity, news = _follow_cues(activity, result, closed=closed)
    changes += news
    return activity, (*changes, WindowClosed(result)) if closed else tuple(changes)


def end_quiet(activity: Activity, reached_s: float) -> tuple[Activity, tuple[Change, ...]]:
    """End the signals that have had no evidence for a while."""
    changes: list[Change] = []
    for active in activity.active:
        if reached_s - active.latest.span.end_s >= QUIET_S:
            activity, ended = _end(activity, active)
            changes.append(ended)
    return activity, tuple(changes)


def end_all(activity: Activity) -> tuple[Activity, tuple[Change, ...]]:
    """End every signal: no more media will come."""
    ends = [SignalOver(active.latest.type, active.latest.span.end_s) for active in activity.active]
    return replace(activity, active=()), tuple(sorted(ends, key=lambda ended: (ended.end_s, ended.type)))


# --- signals ---------------------------------------------------------------------------------------


def _hangs_on_open_turn(signal: Signal, now_s: float) -> bool:
    """Whether the main evidence is about a turn that may not be over."""
    if not signal.evidence:
        return False
    first = signal.evidence[0]
    return first.cue in WHOLE_TURN_CUES and now_s - first.span.end_s < TURN_GAP_S


def _as_confirmed(activity: Activity) -> Activity:
    """Forget what the open window showed, because it is analysed again."""
    return replace(
        activity,
        active=tuple(replace(one, latest=one.confirmed or one.latest) for one in activity.active),
    )


def _confirm(activity: Activity, shown: Sequence[Signal]) -> tuple[Activity, list[Change]]:
    """Confirm signals in a closed window, and end those that only the open one showed."""
    changes: list[Change] = []
    for active in activity.active:
        if any(
            one.type == active.reported.type and one.span.end_s >= active.reported.span.start_s
            for one in shown
        ):
            activity = _with(activity, active, replace(active, confirmed=active.latest))
        elif active.confirmed is None:
            activity, ended = _end(activity, active)
            changes.append(ended)
    return activity, changes


def _follow_signal(activity: Activity, signal: Signal, now_s: float) -> tuple[Activity, list[Change]]:
    active = next((one for one in activity.active if one.reported.type == signal.type), None)
    if active is not None and signal.span.end_s < active.reported.span.start_s:
        return activity, []  # an earlier one of this window, which has ended
    if active is not None and signal.span.start_s <= active.latest.span.end_s + RENEW_S:
        return _with(activity, active, replace(active, latest=_renewed(active.latest, signal))), []
    changes: list[Change] = []
    if active is not None:
        activity, ended = _end(activity, active)
        changes.append(ended)
    over_s = dict(activity.ended).get(signal.type, -1.0)
    if signal.span.end_s <= over_s + _JITTER_S:
        return activity, changes
    signal = replace(signal, span=Span(max(signal.span.start_s, over_s), signal.span.end_s))
    begun = ActiveSignal(reported=_without_evidence(signal), latest=signal, reported_s=now_s)
    return replace(activity, active=(*activity.active, begun)), [*changes, SignalBegan(signal)]


def _renewed(latest: Signal, signal: Signal) -> Signal:
    """Return the signal as it is now, from the start that was reported; it never ends earlier."""
    end_s = max(signal.span.end_s, latest.span.end_s if signal.span.start_s > latest.span.end_s else 0.0)
    return replace(signal, span=Span(latest.span.start_s, max(end_s, latest.span.start_s)))


def _update(activity: Activity, now_s: float) -> tuple[Activity, list[Change]]:
    changes: list[Change] = []
    for active in activity.active:
        same = _said(active.reported) == _said(active.latest)
        differs_s = None if same else now_s if active.differs_s is None else active.differs_s
        rises = _RANKS[active.latest.probability] > _RANKS[active.reported.probability]
        if rises or (differs_s is not None and now_s - max(differs_s, active.reported_s) >= SETTLE_S):
            changes.append(SignalChanged(active.latest))
            after = replace(
                active, reported=_without_evidence(active.latest), reported_s=now_s, differs_s=None
            )
        else:
            after = replace(active, differs_s=differs_s)
        activity = _with(activity, active, after)
    return activity, changes


def _without_evidence(signal: Signal) -> Signal:
    return replace(signal, evidence=())


def _said(signal: Signal) -> tuple[str, tuple[str, ...], str]:
    """Return a signal's content without its numbers, which grow while it continues."""
    return signal.probability, signal.modalities, re.sub(r"\d+(\.\d+)?", "#", signal.rationale)


def _end(activity: Activity, active: ActiveSignal) -> tuple[Activity, SignalOver]:
    name, end_s = active.reported.type, active.latest.span.end_s
    ended = {**dict(activity.ended), name: end_s}
    rest = tuple(one for one in activity.active if one is not active)
    return replace(activity, active=rest, ended=tuple(ended.items())), SignalOver(name, end_s)


def _with(activity: Activity, before: ActiveSignal, after: ActiveSignal) -> Activity:
    return replace(activity, active=tuple(after if one is before else one for one in activity.active))


# --- engagement and cues ---------------------------------------------------------------------------


def _follow_engagement(
    activity: Activity, result: SegmentResult, *, closed: bool
) -> tuple[Activity, list[Change]]:
    until_s = result.span.end_s if closed else result.span.end_s // STEP_S * STEP_S
    changes: list[Change] = []
    for part in result.engagement:
        start_s, end_s = max(part.span.start_s, activity.decided_s), min(part.span.end_s, until_s)
        if end_s <= start_s:
            continue
        activity = replace(activity, decided_s=end_s)
        if activity.engagement == part.state:
            continue
        if activity.engagement is None or start_s - activity.engagement_since_s >= DWELL_S:
            activity = replace(activity, engagement=part.state, engagement_since_s=start_s)
            changes.append(EngagementChanged(part.state, start_s))
    return activity, changes


def _follow_cues(activity: Activity, result: SegmentResult, *, closed: bool) -> tuple[Activity, list[Change]]:
    until_s = result.span.end_s - (0.0 if closed else SETTLED_CUE_S)
    changes: list[Change] = []
    reported = list(_recent(activity.cues, result.span.start_s))
    for cue in result.cues:
        over = cue.span.end_s <= until_s or closed
        if over and not any(name == cue.name and span.overlap_s(cue.span) > 0 for name, span in reported):
            reported.append((cue.name, cue.span))
            changes.append(CueOver(cue))
    return replace(activity, cues=tuple(reported)), changes


def _recent(cues: Sequence[tuple[str, Span]], start_s: float) -> Iterator[tuple[str, Span]]:
    """Leave out cues too old to appear again. Words are known late, so the window may show older ones."""
    return (
        (name, span)
        for name, span in cues
        if span.end_s >= start_s - (CONTEXT_S if name in NAMES else QUIET_S)
    )
