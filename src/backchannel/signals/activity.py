"""Which signals and which engagement are going on: results of windows in, changes out.

A window that is still open is answered for again each time that media comes, and what it shows may come and
go by a hair. A person who reads along wants to be told when something begins, when it matters that it
changed, and when it is over. So:

- A signal is `Detected` as soon as a window shows it. Its start never changes once it is told.
- It is `Updated` at once when its probability rises. When its probability falls, or its rationale says
  something else than other numbers, it is updated if that was so for `SETTLE_S` of media since it was last
  told: what flickers is not told.
- What rests most on the manner of a whole turn (how steady, brisk or lively it was) begins when the turn is
  over, or with the complete window: a turn that goes on may still turn out otherwise.
- What an open window showed and the complete one does not is taken back: a signal ends where its evidence
  from complete windows ends, and at once where there is none.
- Evidence that begins within `RENEW_S` after the last goes on with the same signal, across windows too.
- It is `Ended` when media has come for `QUIET_S` since its last evidence; its end is that evidence's end,
  not the moment we became sure. So no signal of one type is told more often than every `QUIET_S`.
- Engagement is told where its level changes at a whole step of a second, and at most every `DWELL_S`.
- A cue is told once: when it is over by `SETTLED_CUE_S`, or when its window is.

Pure, and free of numpy: this runs in the process that holds the sockets.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backchannel.values import (
    Cue,
    EngagementLevel,
    Progress,
    SegmentResult,
    Signal,
    SignalType,
    Span,
    WindowResult,
)

RENEW_S: Final = 2.5
"""Evidence this close after the last belongs to the same signal, as it does inside a window
(`weigh.SAME_OCCASION_S`)."""
QUIET_S: Final = 3.5
"""No evidence for this long ends a signal: `RENEW_S`, and the second within which a cue is told."""
SETTLE_S: Final = 1.5
"""How long a lower probability or another rationale must hold before it is told (judgement)."""
DWELL_S: Final = 2.0
"""Shortest time between two levels of engagement (signals table: minimum dwell)."""
STEP_S: Final = 1.0
"""Engagement is decided at whole steps; what an open window says beyond the last one is half a decision."""
SETTLED_CUE_S: Final = 0.25
"""A cue that ended this long ago will not grow any more (judgement: three frames and a half)."""
TURN_GAP_S: Final = 1.6
"""Silence that ends a turn, as `cues.voice_view` has it; that one needs numpy."""
WHOLE_TURN_CUES: Final = frozenset(
    {"steady_voice", "speech_brisk", "speech_faster", "speech_slow", "pitch_lively", "pitch_flat"}
)
"""Cues of `cues.voice` that are about a turn from its beginning to its end."""
_JITTER_S: Final = 0.2
_RANKS: Final = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Detected:
    """A signal has begun."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class Updated:
    """A signal that goes on has another probability or another rationale; its start is the one told."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class Ended:
    """A signal is over since `end_s`."""

    type: SignalType
    end_s: float


@dataclass(frozen=True, slots=True)
class EngagementChanged:
    """A level of engagement was entered at `start_s`."""

    state: EngagementLevel
    start_s: float


@dataclass(frozen=True, slots=True)
class CueFound:
    """A cue is over and known."""

    cue: Cue


@dataclass(frozen=True, slots=True)
class WindowClosed:
    """A window is complete; its quality is known."""

    result: SegmentResult


Change = Detected | Updated | Ended | EngagementChanged | CueFound | WindowClosed


@dataclass(frozen=True, slots=True)
class ActiveSignal:
    """A signal that was told and has not ended.

    Attributes
    ----------
    told
        As it was last told.
    latest
        As the newest window with evidence shows it, with the start that was told.
    confirmed
        As the last complete window with evidence shows it; None while there is none.
    told_s
        Session time at which it was last told.
    differs_s
        Session time since which `latest` is not what was told; None while it is.
    """

    told: Signal
    latest: Signal
    told_s: float
    confirmed: Signal | None = None
    differs_s: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What is going on, and what was told of it. Begins as ``Activity()``.

    Attributes
    ----------
    active
        At most one of each type.
    ended
        Ends of the signals that are over, by type; an open window shows them again.
    engagement, engagement_since_s, decided_s
        Level as told, when it began, and up to when engagement was decided.
    cues
        Cues told lately, as (name, span).
    last
        The newest result, unless its window is closed.
    """

    active: tuple[ActiveSignal, ...] = ()
    ended: tuple[tuple[SignalType, float], ...] = ()
    engagement: EngagementLevel | None = None
    engagement_since_s: float = 0.0
    decided_s: float = 0.0
    cues: tuple[tuple[str, Span], ...] = ()
    last: SegmentResult | None = None


def follow_activity(
    activity: Activity, progress: Progress, types: frozenset[SignalType] | None = None
) -> tuple[Activity, tuple[Change, ...]]:
    """Tell what changed.

    Parameters
    ----------
    activity
        What was going on before.
    progress
        What new media brought.
    types
        Only these types of signals; None for every one.
    """
    changes: list[Change] = []
    for window in progress.windows:
        activity, told = _follow_window(activity, window, types)
        changes += told
    activity, ended = _end_quiet(activity, progress.reached_s)
    return activity, (*changes, *ended)


def finish(
    activity: Activity, types: frozenset[SignalType] | None = None
) -> tuple[Activity, tuple[Change, ...]]:
    """Tell the rest when no more media will come: the open window is closed and every signal ends."""
    changes: list[Change] = []
    if activity.last is not None:
        activity, told = _follow_window(activity, WindowResult(activity.last, complete=True), types)
        changes += told
    ends = [Ended(active.latest.type, active.latest.span.end_s) for active in activity.active]
    return Activity(), (*changes, *sorted(ends, key=lambda ended: (ended.end_s, ended.type)))


def _follow_window(
    activity: Activity, window: WindowResult, types: frozenset[SignalType] | None
) -> tuple[Activity, list[Change]]:
    result, now_s = window.result, window.result.span.end_s
    changes: list[Change] = []
    wanted = [signal for signal in result.signals if types is None or signal.type in types]
    if not window.complete:
        going_on = {active.told.type for active in activity.active}
        wanted = [one for one in wanted if one.type in going_on or not _hangs_on_open_turn(one, now_s)]
    activity = _as_confirmed(activity)
    for signal in sorted(wanted, key=lambda signal: (signal.span, signal.type)):
        activity, told = _follow_signal(activity, signal, now_s)
        changes += told
    if window.complete:
        activity, told = _confirm(activity, wanted)
        changes += told
    activity, told = _update(activity, now_s)
    changes += told
    activity, told = _follow_engagement(activity, result, complete=window.complete)
    changes += told
    activity, told = _follow_cues(activity, result, complete=window.complete)
    changes += told
    if window.complete:
        changes.append(WindowClosed(result))
    return replace(activity, last=None if window.complete else result), changes


# --- signals ---------------------------------------------------------------------------------------


def _hangs_on_open_turn(signal: Signal, now_s: float) -> bool:
    """Whether the most telling evidence is of a turn that may not be over."""
    if not signal.evidence:
        return False
    first = signal.evidence[0]
    return first.cue.partition(".")[0] in WHOLE_TURN_CUES and now_s - first.span.end_s < TURN_GAP_S


def _as_confirmed(activity: Activity) -> Activity:
    """Forget what an open window said: it is about to say it again, or not."""
    return replace(
        activity,
        active=tuple(replace(one, latest=one.confirmed or one.latest) for one in activity.active),
    )


def _confirm(activity: Activity, shown: Sequence[Signal]) -> tuple[Activity, list[Change]]:
    """Keep what a complete window shows, and end what only the open one did."""
    changes: list[Change] = []
    for active in activity.active:
        if any(one.type == active.told.type and one.span.end_s >= active.told.span.start_s for one in shown):
            activity = _with(activity, active, replace(active, confirmed=active.latest))
        elif active.confirmed is None:
            activity, ended = _end(activity, active)
            changes.append(ended)
    return activity, changes


def _follow_signal(activity: Activity, signal: Signal, now_s: float) -> tuple[Activity, list[Change]]:
    active = next((one for one in activity.active if one.told.type == signal.type), None)
    if active is not None and signal.span.end_s < active.told.span.start_s:
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
    begun = ActiveSignal(told=signal, latest=signal, told_s=now_s)
    return replace(activity, active=(*activity.active, begun)), [*changes, Detected(signal)]


def _renewed(latest: Signal, signal: Signal) -> Signal:
    """Return the signal as it is now, from the start that was told; a look back never ends it earlier."""
    end_s = max(signal.span.end_s, latest.span.end_s if signal.span.start_s > latest.span.end_s else 0.0)
    return replace(signal, span=Span(latest.span.start_s, max(end_s, latest.span.start_s)))


def _update(activity: Activity, now_s: float) -> tuple[Activity, list[Change]]:
    changes: list[Change] = []
    for active in activity.active:
        same = _said(active.told) == _said(active.latest)
        differs_s = None if same else now_s if active.differs_s is None else active.differs_s
        rises = _RANKS[active.latest.probability] > _RANKS[active.told.probability]
        if rises or (differs_s is not None and now_s - max(differs_s, active.told_s) >= SETTLE_S):
            changes.append(Updated(active.latest))
            after = replace(active, told=active.latest, told_s=now_s, differs_s=None)
        else:
            after = replace(active, differs_s=differs_s)
        activity = _with(activity, active, after)
    return activity, changes


def _said(signal: Signal) -> tuple[str, tuple[str, ...], str]:
    """Return what a signal says beside its numbers, which grow with every moment that it goes on."""
    return signal.probability, signal.modalities, re.sub(r"\d+(\.\d+)?", "#", signal.rationale)


def _end_quiet(activity: Activity, reached_s: float) -> tuple[Activity, list[Change]]:
    changes: list[Change] = []
    for active in activity.active:
        if reached_s - active.latest.span.end_s >= QUIET_S:
            activity, ended = _end(activity, active)
            changes.append(ended)
    return activity, changes


def _end(activity: Activity, active: ActiveSignal) -> tuple[Activity, Ended]:
    name, end_s = active.told.type, active.latest.span.end_s
    ended = {**dict(activity.ended), name: end_s}
    rest = tuple(one for one in activity.active if one is not active)
    return replace(activity, active=rest, ended=tuple(ended.items())), Ended(name, end_s)


def _with(activity: Activity, before: ActiveSignal, after: ActiveSignal) -> Activity:
    return replace(activity, active=tuple(after if one is before else one for one in activity.active))


# --- engagement and cues ---------------------------------------------------------------------------


def _follow_engagement(
    activity: Activity, result: SegmentResult, *, complete: bool
) -> tuple[Activity, list[Change]]:
    until_s = result.span.end_s if complete else result.span.end_s // STEP_S * STEP_S
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


def _follow_cues(
    activity: Activity, result: SegmentResult, *, complete: bool
) -> tuple[Activity, list[Change]]:
    until_s = result.span.end_s - (0.0 if complete else SETTLED_CUE_S)
    changes: list[Change] = []
    told = list(_recent(activity.cues, result.span.start_s))
    for cue in result.cues:
        over = cue.span.end_s <= until_s or complete
        if over and not any(name == cue.name and span.overlap_s(cue.span) > 0 for name, span in told):
            told.append((cue.name, cue.span))
            changes.append(CueFound(cue))
    return replace(activity, cues=tuple(told)), changes


def _recent(cues: Sequence[tuple[str, Span]], start_s: float) -> Iterator[tuple[str, Span]]:
    """Leave out cues too old to be shown again."""
    return ((name, span) for name, span in cues if span.end_s >= start_s - QUIET_S)
