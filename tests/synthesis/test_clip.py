"""A written clip: what a decoder gets back, and the labels beside it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from backchannel.values import Span
from synthesis import (
    Cover,
    Encoding,
    Glance,
    Look,
    Nod,
    Performance,
    Say,
    Shot,
    Smile,
    View,
    labels_path,
    perform,
    write_clip,
)
from synthesis.film import VideoCodec
from synthesis.labels import labels_of
from tools.sample import DURATION_S, sample

SAY = Say(0.4, ("The plan works.", 1.1, "I am sure."))
SMALL = View(160, 120, 28.0)


def shot(codec: VideoCodec = "h264", *, sound: bool = True) -> Shot:
    return Shot(
        Performance(4.0, (Nod(1.2, cycles=2), Glance(2.6, 1.0, yaw_deg=8.0)), (SAY,)),
        SMALL,
        15.0,
        encoding=Encoding(codec),
        sound=sound,
    )


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "h264"), ("a.webm", "vp8"), ("b.webm", "vp9")])
def test_a_decoder_gets_the_pauses_back_where_they_were_scripted(
    tmp_path: Path, name: str, codec: VideoCodec
) -> None:
    write_clip(tmp_path / name, shot(codec))
    labels = json.loads(labels_path(tmp_path / name).read_text())
    (pause,) = labels["pauses"]
    start_s, end_s = _longest_quiet_s(tmp_path / name)
    assert start_s == pytest.approx(pause["start"], abs=0.06)
    assert end_s == pytest.approx(pause["end"], abs=0.06)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_a_decoder_gets_every_frame_back_at_its_time(tmp_path: Path, codec: VideoCodec) -> None:
    path = tmp_path / ("a.mp4" if codec == "h264" else "a.webm")
    truth = write_clip(path, shot(codec))
    with av.open(str(path)) as film:
        times = [frame.time for frame in film.decode(video=0)]
    assert times == pytest.approx(truth.time_s, abs=0.002)


def test_a_clip_without_sound_has_no_sound_track_and_no_speech_in_its_labels(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", shot(sound=False))
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert not film.streams.audio
    assert json.loads(labels_path(tmp_path / "a.mp4").read_text())["speech"] == []


def test_the_same_shot_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_clip(tmp_path / name, shot())
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_progress_goes_up_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    write_clip(tmp_path / "a.mp4", shot(), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_labels_have_the_fields_of_the_real_clips(clips: Path) -> None:
    real = json.loads((clips / "man-suit-interview-answer-long-pauses.mp4.labels.json").read_text())
    made = _labels(shot())
    assert set(real) - {"transcript_rough"} <= set(made)
    assert set(real["cues"][0]) <= set(made["cues"][0])


def test_labels_carry_each_cue_with_its_size_and_leave_no_mark_on_faint_ones() -> None:
    made = {cue["cue"]: cue for cue in _labels(shot())["cues"]}
    assert made["nod"] == {
        "cue": "nod", "start": 1.2, "end": 2.2, "certainty": "high", "value": 9.0, "unit": "deg"
    }  # fmt: skip
    assert made["gaze_away"]["certainty"] == "low"
    assert made["gaze_away"]["direction"] == "left"


def test_labels_tell_when_the_face_is_hidden() -> None:
    hidden = Shot(Performance(3.0), look=Look(covers=(Cover("lens", Span(1.0, 2.0)),)))
    (cue,) = _labels(hidden)["cues"]
    assert cue == {"cue": "face_absent", "start": 1.0, "end": 2.0, "certainty": "high"}


def test_the_sample_shows_what_it_promises() -> None:
    script = sample()
    gestures = script.performance.gestures
    (nod,) = (gesture for gesture in gestures if isinstance(gesture, Nod))
    (glance,) = (gesture for gesture in gestures if isinstance(gesture, Glance))
    assert any(isinstance(gesture, Smile) for gesture in gestures)
    _, voice = perform(script)
    assert voice is not None
    # The nod is a listener's: nobody speaks during it. The glance is inside the long pause.
    assert all(span.overlap_s(nod.span) == 0 for span in voice.speech)
    assert any(pause.overlap_s(glance.span) == pytest.approx(1.25) for pause in voice.pauses)
    assert sum(pause.duration_s >= 1 for pause in voice.pauses) == 1
    assert all(gesture.span.end_s <= DURATION_S for gesture in gestures)


def _labels(made: Shot) -> dict[str, Any]:
    _, voice = perform(made)
    return labels_of("a.mp4", made.performance, voice, made.look)


def _longest_quiet_s(path: Path) -> tuple[float, float]:
    """Start and end of the longest stretch below -50 dBFS between two sounds, s."""
    with av.open(str(path)) as film:
        frames = list(film.decode(audio=0))
    samples = np.concatenate([np.atleast_2d(frame.to_ndarray())[0] for frame in frames]).astype(float)
    hop = frames[0].sample_rate // 100
    blocks = samples[: samples.size // hop * hop].reshape(-1, hop)
    loud = np.flatnonzero(np.sqrt((blocks**2).mean(axis=1)) > 10 ** (-50 / 20))
    longest = np.diff(loud).argmax()
    start_s = frames[0].time or 0.0
    return start_s + (loud[longest] + 1) / 100, start_s + loud[longest + 1] / 100


def test_a_browsers_h264_comes_with_opus_and_without_b_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    write_clip(path, replace(shot(), encoding=Encoding("h264", as_browser=True)))
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "opus"
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    assert len(packets) == 60
    assert [packet.pts for packet in packets] == sorted(packet.pts or 0 for packet in packets)
