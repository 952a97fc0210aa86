"""Files whose clock goes back or jumps: joined recordings, and broadcasts that switch their source."""

import math

import numpy as np
import pytest

from backchannel.media.decode import decode_audio, decode_frames, probe
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, number_in, onsets, tone_times

LIMITS = MediaLimits()
FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
RECIPES = {
    "webm": Recipe("webm", "libvpx", "libopus", options={"live": "1"}, video_options=FAST_VPX),
    "ts": Recipe("mpegts"),
    "fragmented mp4": Recipe(options=FRAGMENTED, video_options={"bf": "0"}),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_second_recording_follows_the_first(name: str) -> None:
    data = make(RECIPES[name])
    segment = Segment(data + data)
    frames = list(decode_frames(segment, LIMITS, rate_hz=math.inf))
    times_s = [frame.time_s for frame in frames]

    assert probe(segment, LIMITS).duration_s == pytest.approx(6.0, abs=0.2)
    # At the joint libav discards the last packet of a transport stream, whose end it cannot know, and the
    # first ones of a fragmented MP4, which it takes for the encoder's delay.
    seen = [number_in(frame.image) for frame in frames]
    last, first = {"webm": (75, 0), "ts": (74, 0), "fragmented mp4": (75, 2)}[name]
    assert seen == [*range(last), *range(first, 75)]
    assert np.diff(times_s).min() > 0
    sound = decode_audio(segment, LIMITS)
    assert sound is not None
    tones_s = tone_times(RECIPES[name])
    heard_s = [time_s + sound.start_s for time_s in onsets(sound.samples)]
    assert heard_s == pytest.approx([*tones_s, *(time_s + 3.0 for time_s in tones_s)], abs=0.1)


def test_a_clock_that_jumps_by_hours_is_another_recording() -> None:
    late = make(Recipe("mpegts", start_s=7200.0))
    segment = Segment(make(Recipe("mpegts")) + late)

    assert probe(segment, LIMITS).duration_s == pytest.approx(6.0, abs=0.2)


def test_a_hole_is_not_closed() -> None:
    late = make(Recipe("mpegts", start_s=10.0))
    segment = Segment(make(Recipe("mpegts")) + late)

    assert probe(segment, LIMITS).duration_s == pytest.approx(13.0, abs=0.2)
