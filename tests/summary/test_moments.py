"""Two or three moments that say two or three things, strongest first, shown in order of time."""

from backchannel.summary.moments import moments
from tests.summary.build import cue, signal, story


def test_the_most_probable_signals_win_and_then_those_with_more_evidence() -> None:
    found = moments(
        story(
            signal("hesitation", 2.0, "low", 9.0),
            signal("interest", 30.0, "medium", 1.0),
            signal("agreement", 20.0, "medium", 2.0),
            signal("confidence", 10.0, "high", 0.5),
        )
    )
    assert [moment.signal for moment in found] == ["confidence", "agreement", "interest"]


def test_each_type_comes_once_with_its_strongest() -> None:
    found = moments(story(signal("interest", 2.0), signal("interest", 9.0, "high"), signal("interest", 20.0)))
    assert [(moment.signal, moment.span.start_s) for moment in found] == [("interest", 9.0)]


def test_a_moment_has_its_sentence_without_numbers_in_brackets() -> None:
    (moment,) = moments(story(signal("interest", 2.0)))
    assert (moment.heading, moment.sentence) == ("Likely interested", "Nodded for interest.")


def test_notable_cues_fill_up_but_never_push_a_signal_out() -> None:
    smile = cue("smile", 20, 23, 12.0, unit="% of face width", measures=(("duration", 3.0, "s"),))
    found = moments(story(signal("interest", 2.0), smile, cue("pause", 30, 31)))
    assert [(moment.heading, moment.sentence) for moment in found] == [
        ("Likely interested", "Nodded for interest."),
        ("", "Smiled for 3 s."),
    ]
    enough = moments(story(signal("interest", 2.0), signal("agreement", 5.0), smile))
    assert [moment.signal for moment in enough] == ["interest", "agreement"]


def test_a_cue_that_is_part_of_a_chosen_signal_is_not_a_second_moment() -> None:
    smile = cue("smile", 2.5, 3.5, 12.0, unit="% of face width", measures=(("duration", 1.0, "s"),))
    assert len(moments(story(signal("interest", 2.0), smile))) == 1


def test_a_glance_and_a_short_pause_are_no_moments() -> None:
    assert moments(story(cue("gaze_away", 1, 1.5), cue("pause", 3, 5), cue("blink", 6, 9))) == ()
