"""Four lines: every number is one of the story's, and what was not measured is said and never counted."""

from dataclasses import replace
from pathlib import Path

import pytest

from backchannel import analyze
from backchannel.summary.story import Story
from backchannel.summary.summarize import INTERPRETATION, Count, Share, summarize
from backchannel.values import Coverage, Span
from tests.api.material import joined
from tests.summary.build import ALL, cue, signal, story

SPOKE = (
    cue("speaking", 0, 20),
    cue("pause", 20, 20.5),
    cue("speaking", 20.5, 30.5),
    cue("long_pause", 40, 42),
)


def test_the_voice() -> None:
    summary = summarize(story(*SPOKE))
    assert summary.talk == Share(30.0, 0.5)
    assert summary.pauses == Count(2, 2.5, 2.0)
    assert summary.lines[0] == "Spoke for 30 s (50% of the time), with 2 pauses; the longest lasted 2 s."


def test_somebody_else_is_not_the_person() -> None:
    summary = summarize(story(cue("other_voice", 0, 6)))
    assert (summary.talk, summary.others_talk) == (Share(0.0, 0.0), Share(6.0, 0.1))
    assert summary.lines[0] == "The person in view did not speak. Somebody else spoke for 6 s."
    assert (
        summarize(story(*SPOKE, cue("other_voice", 50, 56))).lines[0].endswith("Somebody else spoke for 6 s.")
    )


def test_the_face() -> None:
    summary = summarize(story(cue("facing", 0, 40, 75.0), cue("smile", 1, 4), cue("smile", 3, 5)))
    assert summary.facing == Share(30.0, 0.5)
    assert summary.smiles == Count(2, 4.0, 3.0)
    assert summary.lines[1] == "Faced the camera for at least 30 s (50% of the time), and smiled twice (4 s)."


@pytest.mark.parametrize(
    ("coverage", "line", "sentence"),
    [
        (replace(ALL, sound=False, speech_share=None), 0, "There was no sound, so speech was not measured."),
        (replace(ALL, speech_share=0.0), 0, "No speech was heard."),
        (
            replace(ALL, picture=False, face_share=None),
            1,
            "There was no picture, so nothing about the face was measured.",
        ),
        (
            replace(ALL, face_share=0.0),
            1,
            "No face was in view, so nothing about the face was measured.",
        ),
        (
            replace(ALL, frozen=True),
            1,
            "The picture did not change, so nothing about the face was measured.",
        ),
    ],
)
def test_what_was_not_measured_is_said_and_is_not_zero(coverage: Coverage, line: int, sentence: str) -> None:
    summary = summarize(story(coverage=coverage))
    assert summary.lines[line] == sentence
    if not coverage.sound:
        assert (summary.talk, summary.pauses) == (None, None)
    if line == 1:
        assert (summary.facing, summary.smiles) == (None, None)


def test_lost_time_does_not_count_as_time_without_speech() -> None:
    summary = summarize(story(*SPOKE, dropped=(Span(30.5, 45.5), Span(40, 45.5))))
    assert summary.talk is not None
    assert summary.talk.share == pytest.approx(30 / 45)
    assert summary.cautions[0] == "15 s of the recording were not analysed."


def test_the_moments_are_named_in_order_of_time() -> None:
    summary = summarize(story(signal("interest", 50.0, "high"), signal("agreement", 5.0)))
    assert summary.lines[2] == "Worth seeing: 0:05 (likely agreeing) and 0:50 (very likely interested)."
    assert summarize(story()).lines[2] == "Nothing stood out."


def test_what_to_be_careful_about() -> None:
    assert summarize(story()).cautions == (INTERPRETATION,)
    short = summarize(
        story(signal("interest", 1.0, "low"), duration_s=8.0, coverage=replace(ALL, company=True))
    )
    assert short.cautions == (
        "More than one face was in view. Only one person was analysed.",
        "The recording is short, so the person's baseline is uncertain.",
        "Every signal is only possible, none likely.",
        INTERPRETATION,
    )
    assert short.lines[3] == f"Be careful: {' '.join(short.cautions)}"


def test_the_policy_behaviour_says_what_it_leaves_out() -> None:
    cautions = summarize(story(coverage=replace(ALL, policy="behaviour"))).cautions
    assert cautions == ("Only behaviour is reported: no feelings, and no conversation quality.",)


def test_an_empty_story_has_four_lines_too() -> None:
    nothing = Coverage(picture=False, sound=False, face_share=None, speech_share=None)
    assert len(summarize(Story(0.0, (), (), nothing)).lines) == 4


def test_a_recording_of_a_person(captures: Path) -> None:
    lines = analyze(joined(captures / "webm-vp8-timeslice-3s")).summary.lines
    assert lines[0].startswith("Spoke for ")
    assert "smiled " in lines[1]
    assert lines[2].startswith("Worth seeing: 0:")
