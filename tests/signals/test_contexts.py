"""What a cue means in its circumstances."""

import pytest

from backchannel.signals.contexts import read
from backchannel.values import Cue, Span
from tests.signals.evidence import cue


def names(*cues: Cue) -> set[str]:
    return {reading.name for reading in read(cues)} - {found.name for found in cues}


@pytest.mark.parametrize("gesture", ["nod", "shake"])
def test_a_gesture_is_a_listeners_or_a_speakers(gesture: str) -> None:
    assert names(cue(gesture)) == {f"{gesture}.listening"}
    assert names(cue(gesture), cue("speaking", 7, 9)) == {f"{gesture}.listening"}
    assert names(cue(gesture), cue("speaking", 4, 9)) == {f"{gesture}.speaking"}


def steady(speech_s: float, pause_percent: float) -> Cue:
    measures = (("pause_share", pause_percent, "%"), ("speech", speech_s, "s"))
    return Cue("steady_voice", "audio", Span(2.0, 8.0), 3.0, "dB", None, 1.0, measures)


STEADY = steady(5.0, 10.0)
FIRES = {
    "facing.speaking": (cue("facing", 2, 8), cue("speaking", 2, 7)),
    "gaze_away.speaking": (cue("gaze_away"), cue("speaking", 4, 8)),
    "gaze_away.pause": (cue("gaze_away"), cue("long_pause", 4.8, 6.2)),
    "brow_raise.facing": (cue("brow_raise"), cue("facing", 2, 8)),
    "facial_shrug": (cue("brow_raise"), cue("lip_corner_down", 5.1, 6.1)),
    "smile_facing": (cue("smile"), cue("facing", 2, 8)),
    "steady_statement": (STEADY, cue("facing", 2, 8)),
    "furrow_narrowed": (cue("brow_furrow"), cue("eyes_narrowed")),
    "furrow_aside": (cue("brow_furrow"), cue("gaze_away")),
    "furrow_facing": (cue("brow_furrow", 5, 7), cue("facing", 2, 8)),
    "furrow_and_lip_press": (cue("brow_furrow"), cue("lip_press")),
    "narrowed_tilt": (cue("tilt"), cue("eyes_narrowed")),
    "raised_and_fast": (cue("pitch_raised"), cue("speech_faster", 4, 8)),
}


@pytest.mark.parametrize("name", FIRES)
def test_cues_together_are_read_together(name: str) -> None:
    assert name in names(*FIRES[name])


@pytest.mark.parametrize("name", FIRES)
def test_a_cue_alone_or_at_another_time_is_not_read_together(name: str) -> None:
    first, second = FIRES[name]
    later = cue(second.name, 40.0, 40.0 + second.span.duration_s)
    assert name not in names(first)
    assert name not in names(first, later)


def test_what_speech_or_a_smile_explains_is_not_read_otherwise() -> None:
    assert "brow_raise.facing" not in names(cue("brow_raise"), cue("facing", 2, 8), cue("speaking", 4, 8))
    assert "narrowed_tilt" not in names(cue("tilt"), cue("eyes_narrowed"), cue("smile"))


def test_a_word_a_halting_sentence_and_one_with_a_filler_are_no_statement() -> None:
    facing = cue("facing", 2, 8)
    assert "steady_statement" not in names(steady(1.5, 5.0), facing)
    assert "steady_statement" not in names(steady(5.0, 25.0), facing)
    assert "steady_statement" not in names(STEADY, facing, cue("filled_pause", 4, 4.4))


def test_brows_that_stay_up_only_while_speaking_are_emphasis() -> None:
    facing, held = cue("facing", 2, 9), cue("brow_raise", 4, 8)
    assert "brow_raise.facing" in names(held, facing, cue("speaking", 3, 6))
    assert "brow_raise.facing" not in names(held, facing, cue("speaking", 3, 9))


def test_a_furrow_means_something_else_in_speech_if_it_lasts() -> None:
    speaking = cue("speaking", 4, 9)
    assert "furrow.speaking" in names(cue("brow_furrow", 5, 7), speaking)
    assert "furrow.speaking" not in names(cue("brow_furrow", 5, 6), speaking)
    assert "furrow.speaking" not in names(cue("brow_furrow", 5, 7))
    assert "furrow_aside" not in names(cue("brow_furrow"), cue("gaze_away"), speaking)


def test_a_glance_of_furrowed_brows_is_no_question() -> None:
    assert "furrow_facing" not in names(cue("brow_furrow", 5, 5.6), cue("facing", 2, 8))


def test_a_reading_rests_on_given_cues_with_the_telling_one_first() -> None:
    for first, second in FIRES.values():
        for reading in read((first, second)):
            assert set(reading.cues) <= {first, second}
            assert reading.span == reading.cues[0].span


def test_force_is_strength_by_certainty() -> None:
    (sure, *_) = read([cue("smile", certainty=1.0)])
    (unsure, *_) = read([cue("smile", certainty=0.4)])
    (faint, *_) = read([cue("smile", value=1.0)])
    assert sure.force == 1.0
    assert unsure.force == pytest.approx(0.4)
    assert 0 < faint.force < 0.6


def test_nothing_is_read_from_nothing() -> None:
    assert read(()) == ()
