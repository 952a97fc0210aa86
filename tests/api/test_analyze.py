"""A file as a path, as bytes or open: one report, and errors that say what was passed."""

import io
from pathlib import Path
from typing import Any

import pytest

import backchannel
from backchannel import Report, analyze
from backchannel.errors import Problem
from backchannel.values import SegmentResult
from tests.api.material import joined
from tests.media.making import Recipe, make


@pytest.fixture(scope="module")
def film() -> bytes:
    return make(Recipe(duration_s=6.0))


def test_a_path_bytes_and_an_open_file_give_the_same_report(film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(film)
    with path.open("rb") as opened:
        reports = [
            analyze(path),
            analyze(str(path)),
            analyze(film),
            analyze(opened),
            analyze(io.BytesIO(film)),
        ]
    assert [report.windows for report in reports] == [reports[0].windows] * 5
    assert [report.source for report in reports[:3]] == ["talk.mp4", "talk.mp4", f"{len(film)} bytes"]


def test_a_report_is_the_sequence_of_its_windows_as_before(film: bytes) -> None:
    report = analyze(film)
    assert isinstance(report, Report)
    assert [type(result) for result in report] == [SegmentResult] * 2
    assert (len(report), report[0], report[-1], report[:1]) == (
        2,
        report.windows[0],
        report.windows[1],
        report.windows[:1],
    )


def test_progress_goes_from_zero_to_the_end(captures: Path) -> None:
    seen: list[tuple[float, float]] = []
    report = analyze(joined(captures / "webm-vp8-timeslice-3s"), progress=lambda *times: seen.append(times))
    reached = [reached_s for reached_s, _ in seen]
    assert reached == sorted(reached)
    assert len(reached) > 50
    assert (seen[0][0], seen[-1]) == (0.0, (report.duration_s, report.duration_s))


def test_a_bar_is_drawn_only_where_somebody_sees_it(film: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    analyze(film, progress=True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("passed", "kind", "message"),
    [
        (17, TypeError, "not int"),
        (None, TypeError, "not NoneType"),
        (io.StringIO("text"), TypeError, "open as text"),
        ("https://example.org/talk.mp4", ValueError, "https://example.org/talk.mp4 is a web address"),
        ("missing.mp4", FileNotFoundError, "missing.mp4"),
        (Path(), IsADirectoryError, "."),
    ],
)
def test_an_error_says_what_was_passed(passed: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        analyze(passed)


def test_a_problem_with_the_media_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(Problem) as caught:
        analyze(path)
    assert caught.value.__notes__ == ["The source is notes.mp4."]


def test_the_package_lists_what_it_offers() -> None:
    assert {"Report", "Session", "analyze"} <= set(dir(backchannel))
