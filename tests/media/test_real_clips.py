"""Real clips against what their catalogue says, which other tools measured."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.media.decode import decode_audio, decode_frames, probe
from backchannel.values import MediaLimits, Segment

LIMITS = MediaLimits()


def test_every_clip_has_the_duration_size_and_tracks_of_its_catalogue(clips: Path) -> None:
    for entry in json.loads((clips / "clips.json").read_text()):
        timing = probe(Segment((clips / entry["file"]).read_bytes()), LIMITS)

        assert timing.duration_s == pytest.approx(entry["duration_s"], abs=2 / entry["fps"]), entry["file"]
        assert (timing.width_px, timing.height_px) == (entry["width"], entry["height"]), entry["file"]
        assert timing.has_video
        assert timing.has_audio == entry["audio"], entry["file"]
        assert timing.stream_start_s is None


def test_every_clip_decodes_to_frames_and_sound_that_span_it(clips: Path) -> None:
    catalogue: list[dict[str, Any]] = json.loads((clips / "clips.json").read_text())
    for entry in catalogue:
        if entry["duration_s"] > 10:
            continue
        segment = Segment((clips / entry["file"]).read_bytes())
        times = [frame.time_s for frame in decode_frames(segment, LIMITS, rate_hz=5, max_side_px=160)]
        sound = decode_audio(segment, LIMITS)

        assert times[0] <= 0.1, entry["file"]
        assert times[-1] == pytest.approx(entry["duration_s"], abs=0.3), entry["file"]
        assert np.all(np.diff(times) > 0), entry["file"]
        assert len(times) <= entry["duration_s"] * 5 + 2, entry["file"]
        assert (sound is not None) == entry["audio"]
        if sound is not None:
            end_s = sound.start_s + len(sound.samples) / SAMPLE_RATE_HZ
            assert end_s == pytest.approx(entry["duration_s"], abs=0.1), entry["file"]
