import pytest

from backchannel.report.figures import figures_of
from tests.report.build import NOD, recording

FACING = NOD | {"cue": "facing", "unit": "%"}
SPEAKING = NOD | {"cue": "speaking", "modality": "audio", "unit": "s"}
BOTH = {"picture": True, "sound": True}


def test_facing_is_a_weighted_share_of_the_time_with_a_picture() -> None:
    cues = [FACING | {"start": 0, "end": 4, "value": 100}, FACING | {"start": 6, "end": 8, "value": 75}]
    read = recording(cues=cues, coverage=BOTH | {"degraded": [{"start": 8, "end": 10}]})
    assert figures_of(read).facing_share == pytest.approx((4 + 1.5) / 8)


@pytest.mark.parametrize("coverage", [{"picture": False, "sound": True}, {"picture": True, "frozen": True}])
def test_without_a_moving_picture_there_are_no_visual_figures(coverage: dict[str, bool]) -> None:
    found = figures_of(recording(cues=[], coverage=coverage))
    assert (found.seen_s, found.facing_share) == (None, None)


def test_dropped_media_does_not_count_as_measured() -> None:
    read = recording(coverage=BOTH | {"dropped": [{"start": 2, "end": 4}]})
    assert (figures_of(read).seen_s, figures_of(read).heard_s) == (8, 8)


def test_without_coverage_audio_cues_show_that_there_was_sound() -> None:
    assert figures_of(recording(cues=[SPEAKING], coverage={})).heard_s == 10
    assert figures_of(recording(cues=[NOD], coverage={})).heard_s is None


def test_a_rate_per_minute_needs_half_a_minute() -> None:
    assert figures_of(recording(duration=29)).tallies["nod"].per_minute is None
    assert figures_of(recording(duration=30)).tallies["nod"].per_minute == 2


def test_the_speech_rate_is_weighted_by_the_duration_of_turns() -> None:
    brisk = SPEAKING | {"cue": "speech_brisk", "unit": "syllables/s", "start": 0, "end": 3, "value": 5}
    slow = brisk | {"cue": "speech_slow", "start": 4, "end": 5, "value": 1}
    assert figures_of(recording(cues=[brisk, slow])).speech_rate == (4.0, 4.0)
    assert figures_of(recording(cues=[SPEAKING])).speech_rate is None


def test_single_nods_are_counted_only_if_every_gesture_has_a_count() -> None:
    three = NOD | {"measures": [["count", 3, ""]]}
    assert figures_of(recording(cues=[three, three | {"start": 7, "end": 8}])).nods == 6
    assert figures_of(recording(cues=[three, NOD])).nods is None


def test_engagement_shares_refer_to_the_decided_time() -> None:
    parts = [{"start": 0, "end": 2, "state": "engaged"}, {"start": 2, "end": 8, "state": "neutral"}]
    shares = figures_of(recording(engagement=parts)).engagement
    assert shares == {"engaged": 0.25, "neutral": 0.75, "disengaged": 0.0}
