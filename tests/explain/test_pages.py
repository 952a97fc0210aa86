"""The pages are whole, hold every miss, escape what they are told, and run nothing but their own script."""

import json

import numpy as np
import pytest

from backchannel.cues.baseline import Baselines
from backchannel.cues.face_rows import FACE_BASELINES, FACE_MEASURES
from backchannel.cues.face_view import FaceView
from backchannel.cues.thresholds import cue_table
from backchannel.explain.clip_page import explain_page
from backchannel.explain.confusion import confusion_page
from backchannel.explain.labels import Labels
from backchannel.explain.lanes import lanes_by_cue, lanes_of
from backchannel.explain.reasons import why_missed
from backchannel.explain.replay import Replay, VoiceCourse
from backchannel.values import Cue, Span
from tests.explain.build import cue, evaluated, label, result, spans
from tests.html.reading import checked

NASTY = 'clip <img src=x onerror=alert(1)> & "co".mp4'

DRAWN = (*FACE_MEASURES, "corner_low")
"""Names of the measures in a view of the face."""
WITH_BASELINE = (*FACE_BASELINES, "corner_low")


def replay(name: str = "", cues: tuple[Cue, ...] = ()) -> Replay:
    time_s = np.arange(150) / 15.0
    values = {key: np.full(150, 0.3, np.float32) for key in DRAWN}
    if name:
        values[name] = values[name].copy()
        values[name][60:90] += 0.02
    usual = Baselines({key: np.full(150, 0.3, np.float32) for key in WITH_BASELINE}, np.full(150, 60.0))
    face = FaceView(time_s, np.ones(150, bool), np.ones(150, bool), values, usual)
    ten_ms = np.arange(1000) / 100.0
    track = np.full(1000, 0.5, np.float32)
    track[:100] = np.nan
    voice = VoiceCourse(ten_ms, track, 200 * track, 200 * track, -60 * track, -60 * track, track)
    return Replay((result("interest"),), cues, face, voice)


def test_the_confusion_page_holds_every_label_every_detection_and_every_miss() -> None:
    labels = Labels(
        NASTY,
        cues=(label("nod", 1, 2), label("nod", 5, 6), label("smile", 3, 4), label("smile", 7, 8, "low")),
        speech=spans((1, 3)),
        signals_plausible=("agreement",),
        signals_implausible=("stress",),
        engagement_plausible=("neutral",),
    )
    cues = (cue("nod", 1, 2), cue("nod", 8, 9), cue("smile", 7, 8), cue("speaking", 1, 2))
    clip = evaluated(NASTY, labels, cues, "stress")
    read = checked(confusion_page([clip, evaluated("b.mp4", Labels("b.mp4"), ())], 5.0))
    assert [text.split(": ")[0] for text in read.marks("missed")] == [
        "Labelled nod 0:05.00–0:06.00, high certainty",
        "Labelled smile 0:03.00–0:04.00, high certainty",
        "Missed speech 0:02.00–0:03.00",
        "agreement is plausible in this clip",
    ]
    assert all("Nearly <found>." in text for text in read.marks("missed")[:2])
    nod, stress = read.marks("wrong")
    assert nod == (
        "Detected nod 0:08.00–0:09.00, wrong: 9 deg, to the left, baseline 1 deg, rate 2.10 Hz, "
        "certainty 0.80"
    )
    assert "Nodded & <smiled>." in stress
    assert len(read.marks("found")) == 2
    assert len(read.marks("right")) == 2
    assert len(read.marks("unasked")) == 1
    assert len(read.marks("ignored")) == 1
    assert "not plausible" in read.marks("engaged")[0]


def test_the_confusion_page_tells_every_miss_in_words_too() -> None:
    clip = evaluated(NASTY, Labels(NASTY, cues=(label("nod", 5, 6),)), (cue("shake", 1, 2),))
    text = confusion_page([clip], 5.0)
    table = text[text.index("<details>") :]
    assert "Every miss in words (2)" in table
    assert "missed: nod" in table
    assert "wrong: shake" in table
    assert "<img" not in text


def test_the_explain_page_draws_every_track_cue_and_label() -> None:
    cues = (cue("brow_raise", 4, 6), cue("steady_voice", 1, 3), cue("long_pause", 6, 7))
    labels = Labels(
        NASTY, cues=(label("brow_raise", 1, 2), label("hand_to_face", 3, 4)), speech=spans((1, 2))
    )
    read = checked(explain_page(NASTY, replay("brow", cues), labels))
    data = json.loads(read.inline["application/json"])
    assert data["duration"] == 10.0
    lanes = {lane["title"]: lane for lane in data["lanes"]}
    brow = lanes["Brow height"]
    assert [mark["name"] for mark in brow["cues"]] == ["brow raise left"]
    assert [mark["kind"] for mark in brow["labels"]] == ["label missed"]
    assert brow["levels"][0]["enter"] == pytest.approx(100 * cue_table()["brow_raise"]["enter"])
    assert brow["usual"] == [[0, 30.0]]
    assert brow["value"][0] == 30.0
    assert [mark["name"] for mark in lanes["Speech probability"]["labels"]] == ["speech"]
    assert lanes["Speech probability"]["value"][0] is None
    rows = {lane["title"]: [row["name"] for row in lane["rows"]] for lane in data["lanes"] if "rows" in lane}
    assert rows == {
        "Other cues": ["steady voice"],
        "Other labels": ["hand to face"],
        "Signals": ["interest"],
        "Engagement": ["state"],
    }


def test_without_labels_face_or_voice_the_explain_page_is_still_whole() -> None:
    bare = Replay((result(),), (), None, None)
    data = json.loads(checked(explain_page("a.mp4", bare)).inline["application/json"])
    assert [lane["title"] for lane in data["lanes"]] == ["Engagement"]


def test_a_minute_of_tracks_stays_small() -> None:
    noise = np.random.default_rng(1)
    rows = 900
    values = {key: noise.normal(size=rows).astype(np.float32) for key in DRAWN}
    face = FaceView(
        np.arange(rows) / 15.0,
        np.ones(rows, bool),
        np.ones(rows, bool),
        values,
        Baselines({key: np.ones(rows, np.float32) for key in WITH_BASELINE}, np.zeros(rows)),
    )
    track = noise.normal(size=6000).astype(np.float32)
    voice = VoiceCourse(np.arange(6000) / 100.0, track, 100 * track, 100 * track, track, track, track)
    assert len(explain_page("a.mp4", Replay((result(duration_s=60.0),), (), face, voice))) < 1_500_000


def test_every_measure_has_a_lane_and_every_lane_decides_cues_of_the_table() -> None:
    lanes = lanes_of(replay())
    assert len(lanes) >= len(DRAWN) - 2
    known = {*cue_table(), "long_pause", "felt smile", "shut"}
    assert set(lanes_by_cue(lanes)) <= known


@pytest.mark.parametrize(
    ("name", "measure", "said"),
    [
        (
            "brow_raise",
            "brow",
            "Brow height: reached 2.0 % of face width from the baseline; 3.0 is required.",
        ),
        ("nod", "pitch", "Head pitch (+ up): moved 0.0 deg in all; 4 deg peak to peak"),
        (
            "brow_furrow",
            "",
            "Folds between the brows, deeper than the baseline: reached 0.0 % from the baseline; 30.0",
        ),
    ],
)
def test_a_missed_label_is_told_how_near_it_came(name: str, measure: str, said: str) -> None:
    by_cue = lanes_by_cue(lanes_of(replay(measure)))
    assert said in why_missed(name, Span(4.2, 5.8), by_cue[name], [])


def test_a_detection_that_shares_too_little_is_told() -> None:
    assert why_missed("nod", Span(1.0, 2.0), (), [cue("nod", 1.8, 3.0)]) == (
        "A detection shares only 0.20 s with it."
    )


def test_a_level_held_too_briefly_is_told() -> None:
    played = replay("brow")
    assert played.face is not None
    played.face.values["brow"][:] = 0.3
    played.face.values["brow"][70:73] = 0.4
    by_cue = lanes_by_cue(lanes_of(played))
    text = why_missed("brow_raise", Span(4.6, 5.0), by_cue["brow_raise"], [])
    assert "but for 0.20 s at a time; 0.3 s are required." in text
