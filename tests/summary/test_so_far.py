"""A live conversation, collected change by change, has the summary of the whole."""

from pathlib import Path

from backchannel import Session
from backchannel.protocol.results import NEUTRAL_QUALITY
from backchannel.summary.so_far import USED_CUES, StorySoFar
from backchannel.summary.summarize import summarize
from backchannel.updates import Changes, WindowClosed
from backchannel.values import Cue, SegmentResult, Signal, Span
from tests.api.material import decoded, joined
from tests.summary.build import ALL, cue, signal


def test_a_live_session_has_the_summary_of_its_file(captures: Path) -> None:
    material = decoded(joined(captures / "webm-vp8-timeslice-3s"))
    session, so_far = Session(), StorySoFar()
    session.add_audio(material.samples, 16_000, material.sound_s)
    for frame in material.frames:
        session.add_frame(frame.image, frame.time_s)
        so_far = so_far.after(Changes(frame.time_s, session.events()))
    last = session.finish()
    so_far = so_far.after(Changes(session.report().duration_s, last))
    assert summarize(so_far.story()) == session.report().summary


def result(start_s: float, *found: Signal | Cue) -> SegmentResult:
    return SegmentResult(
        span=Span(start_s, start_s + 5.0),
        cues=tuple(one for one in found if isinstance(one, Cue)),
        signals=tuple(one for one in found if isinstance(one, Signal)),
        engagement=(),
        quality=NEUTRAL_QUALITY,
        quality_overall=NEUTRAL_QUALITY,
        coverage=ALL,
    )


def collected(*results: SegmentResult) -> StorySoFar:
    so_far = StorySoFar()
    for one in results:
        so_far = so_far.after(Changes(one.span.end_s, (WindowClosed(one),)))
    return so_far


def test_a_signal_that_continues_counts_once() -> None:
    (joined,) = (
        collected(result(0, signal("interest", 3.0, "low")), result(5, signal("interest", 5.5, "high")))
        .story()
        .signals
    )
    assert (joined.span, joined.probability) == (Span(3.0, 7.5), "high")


def test_a_cue_that_crosses_windows_counts_once_as_the_later_window_knows_it() -> None:
    so_far = collected(result(0, cue("facing", 3, 5, 100.0)), result(5, cue("facing", 3, 9, 90.0)))
    assert [(one.span, one.value) for one in so_far.story().cues] == [(Span(3, 9), 90.0)]


def test_signals_that_the_client_does_not_get_are_left_out() -> None:
    so_far = collected(result(0, signal("interest", 1.0), signal("confusion", 2.0)))
    assert [one.type for one in so_far.story({"interest"}).signals] == ["interest"]


def test_only_cues_that_a_summary_can_mention_are_kept() -> None:
    kept = collected(result(0, *(cue(name, 1, 2) for name in ("smile", "blink", "speaking")))).cues
    assert {one.name for one in kept} == {"smile", "speaking"} < USED_CUES


def test_time_that_was_lost_is_remembered() -> None:
    so_far = StorySoFar().after(Changes(9.0, dropped=(Span(2.0, 4.0),)))
    assert (so_far.story().dropped, so_far.story().analysed_s) == ((Span(2.0, 4.0),), 7.0)


def test_after_a_resume_the_summary_says_from_when_on_it_is() -> None:
    so_far = StorySoFar(from_s=40.0)
    for one in (result(40, cue("speaking", 40, 45)), result(45, cue("speaking", 45, 47.5))):
        so_far = so_far.after(Changes(one.span.end_s, (WindowClosed(one),)))
    summary = summarize(so_far.story())
    assert summary.talk is not None
    assert (summary.talk.total_s, summary.talk.share) == (7.5, 0.75)
    assert summary.cautions[0] == ("Only the time from 0:40 on is summarised, after the connection was lost.")
