"""What a report offers: values, arrays, data frames, plain values, and a look in a notebook."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import polars as pl
import pytest

from backchannel import Report, analyze
from backchannel.api.tables import TABLES, TableName
from backchannel.perception.whisper import built_in_whisper
from backchannel.protocol.include import Include
from backchannel.protocol.results import analysis_body
from backchannel.tracks import FACE_COLUMNS
from tests.api.material import joined
from tests.media.making import Recipe, make


@pytest.fixture(scope="module")
def report(captures: Path) -> Report:
    return analyze(joined(captures / "webm-vp8-timeslice-3s"))


@pytest.fixture(scope="module")
def faceless() -> Report:
    return analyze(make(Recipe(duration_s=6.0, audio="")))


def test_signals_and_cues_are_those_of_the_answer_of_an_upload(report: Report) -> None:
    body = analysis_body(report.windows, Include(evidence=True))
    assert isinstance(body.cues, tuple)
    assert [cue.name for cue in report.cues] == [cue.cue for cue in body.cues]
    assert report.cues
    assert [(signal.type, signal.rationale) for signal in report.signals] == [
        (signal.type, signal.rationale) for signal in body.signals
    ]


def test_engagement_covers_the_whole_without_a_seam(report: Report) -> None:
    parts = report.engagement
    assert (parts[0].span.start_s, parts[-1].span.end_s) == (0.0, report.duration_s)
    for before, after in pairwise(parts):
        assert before.span.end_s == after.span.start_s
        assert before.state != after.state


# --- tracks ----------------------------------------------------------------------------------------


def test_tracks_are_arrays_with_their_times(report: Report) -> None:
    yaw_deg = report.tracks["head_yaw_deg"]
    time_s = report.tracks.time_s("head_yaw_deg")
    assert yaw_deg.shape == time_s.shape
    assert np.all(np.diff(time_s) > 0)
    assert time_s[-1] < report.duration_s <= time_s[-1] + 0.2
    assert np.isfinite(yaw_deg).mean() > 0.9
    assert report.tracks.time_s("f0_hz").size == report.tracks["f0_hz"].size > 10 * yaw_deg.size / 2


def test_every_measure_of_the_face_is_a_track(report: Report) -> None:
    names = {"face_confidence" if name == "confidence" else name for name in FACE_COLUMNS} - {"valid"}
    assert names < set(report.tracks)
    assert len(report.tracks) == len(list(report.tracks))


def test_what_was_not_measured_is_missing_and_never_zero(faceless: Report) -> None:
    assert np.isnan(faceless.tracks["head_yaw_deg"]).all()
    assert faceless.tracks["head_yaw_deg"].size > 60
    assert "f0_hz" not in faceless.tracks
    assert faceless.quality is not None
    assert "There was no sound." in faceless.notes


def test_a_wrong_name_gets_the_right_ones(report: Report) -> None:
    with pytest.raises(KeyError, match=r"no track 'yaw'. Tracks: .*head_yaw_deg"):
        report.tracks["yaw"]
    assert "time_s" not in report.tracks


def test_arrays_cannot_be_changed_by_accident(report: Report) -> None:
    with pytest.raises(ValueError, match="read-only"):
        report.tracks["luminance"][0] = 1.0


# --- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_a_data_frame_of_either_library(report: Report, table: TableName) -> None:
    with_pandas, with_polars = report.to_dataframe(table), report.to_dataframe(table, "polars")
    assert isinstance(with_pandas, pd.DataFrame)
    assert isinstance(with_polars, pl.DataFrame)
    assert list(with_pandas.columns) == with_polars.columns == list(report.columns(table))
    assert len(with_pandas) == with_polars.height


def test_rows_are_what_the_report_has(report: Report) -> None:
    cues = report.to_dataframe("cues")
    assert list(cues["name"]) == [cue.name for cue in report.cues]
    assert list(cues["duration_s"]) == pytest.approx([cue.span.duration_s for cue in report.cues])
    evidence = report.to_dataframe("evidence")
    assert len(evidence) == sum(len(signal.evidence) for signal in report.signals)
    assert list(report.to_dataframe("quality")["start_s"]) == [one.span.start_s for one in report]
    picture = report.to_dataframe("picture")
    assert {"time_s", "head_yaw_deg", "box_left_px"} < set(picture.columns)


def test_a_table_without_rows_still_has_its_columns(faceless: Report) -> None:
    assert list(faceless.to_dataframe("words").columns)[:2] == ["text", "start_s"]
    assert faceless.to_dataframe("signals").empty


def test_an_unknown_table_or_library_is_named(report: Report) -> None:
    with pytest.raises(ValueError, match=r"no table 'frames'. Tables: signals, .*voice"):
        report.to_dataframe("frames")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"no library 'spark' here. Choose from pandas, polars"):
        report.to_dataframe("cues", "spark")  # type: ignore[call-overload]


def test_without_a_library_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pandas'] = sys.modules['polars'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "from backchannel.api.frame_library import as_data_frame\n"
        "as_data_frame({}, None)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: A data frame needs pandas or polars, which is not installed." in ran.stderr
    assert "pip install pandas" in ran.stderr


def test_neither_library_is_loaded_before_it_is_needed() -> None:
    code = "from backchannel.api import analyze, Report; import sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "polars", "pyarrow"} & set(ran.stdout.split())


def test_the_names_of_the_tables_are_complete() -> None:
    assert get_args(TableName) == TABLES


# --- other forms -----------------------------------------------------------------------------------


def test_plain_values_are_those_of_the_command_line(report: Report) -> None:
    plain = report.to_dict()
    assert list(plain) == ["signals", "engagement_state", "conversation_quality", "coverage", "cues"]
    assert len(plain["cues"]) == len(report.cues)


def test_words_are_there_only_if_somebody_listened(report: Report, clips: Path) -> None:
    assert (report.words, report.transcript) == ((), ())
    if built_in_whisper() is None:
        pytest.skip("needs the network for words, which this build does not have")
    spoken = analyze(clips / "woman-curly-hair-command-sentence.mpg", words=True)
    assert spoken.words
    assert list(spoken.to_dataframe("words")["text"]) == [word.text for word in spoken.words]
    assert spoken.to_dict()["transcript"][0]["text"] == spoken.transcript[0].text


def test_a_notebook_shows_the_signals_and_no_foreign_markup(report: Report) -> None:
    shown = Report("<b>talk</b>.mp4", report.windows)._repr_html_()
    assert "&lt;b&gt;talk&lt;/b&gt;.mp4" in shown
    assert all(signal.rationale.split(" (", maxsplit=1)[0][:20] in shown for signal in report.signals)


def test_an_empty_report_has_answers_too() -> None:
    empty = Report("nothing", ())
    assert (empty.duration_s, empty.signals, empty.notes, empty.quality) == (0.0, (), (), None)
    assert "No signal was reported." in empty._repr_html_()
    assert repr(empty.tracks) == "<TrackTable, empty>"
