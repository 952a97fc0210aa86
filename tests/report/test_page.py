"""The full report shows the recording, adds nothing, and is safe to open even if the recording is hostile."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from backchannel.report.page import render_report
from backchannel.report.prose import WHAT_THIS_IS
from backchannel.report.recording import Recording
from backchannel.values import BEHAVIOUR_NOTE
from tests.html.reading import checked
from tests.report.build import AGREEMENT, NOD, NOD_EVIDENCE, SCORES, recording

NASTY = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)> & \"q\" 'a' {{x}} ${x} $x"


def full(read: Recording) -> str:
    """Return the full report."""
    return render_report(read, "full")


def text_of(page: str) -> str:
    """Return the visible text, on one line."""
    bare = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(bare.split())


def test_the_report_has_every_signal_with_rationale_and_evidence() -> None:
    page = full(recording())
    checked(page)
    text = text_of(page)
    assert "Very likely agreeing 0:04.1–0:06.0 Nodded 3 times while facing the camera. Evidence: 1" in text
    assert "nod seen 0:04.1–0:06.0 9.25° 1.50° +1.88" in text
    assert 'href="#signal-1"' in page
    assert 'id="signal-1"' in page


def test_the_headline_is_the_fact_and_its_further_numbers_are_one_click_down() -> None:
    paused = AGREEMENT | {"rationale": "Paused twice (0.7 and 1.4 s). No face was in view."}
    text = text_of(full(recording(signals=[paused])))
    assert "0:06.0 Paused twice. Evidence: 1 measurement Paused twice (0.7 and 1.4 s). No face was in" in text


def test_a_measure_of_a_cue_is_named_behind_it() -> None:
    rate = NOD_EVIDENCE | {"measure": "rate", "value": 2.1, "unit": "Hz", "baseline": None, "weight": 0}
    text = text_of(full(recording(signals=[AGREEMENT | {"evidence": [NOD_EVIDENCE, rate]}])))
    assert "nod: rate seen 0:04.1–0:06.0 2.10 Hz – –" in text


def test_the_report_explains_its_limits() -> None:
    assert WHAT_THIS_IS in text_of(full(recording()))


def test_the_summary_lists_measurements_and_missing_media() -> None:
    text = text_of(full(recording()))
    assert (
        "1 signal was reported in 10 s: agreement. It says “Very likely agreeing” (0:04.1–0:06.0): Nodded"
        in text
    )
    assert "The person appeared engaged 70% of the time and neutral 30%." in text
    assert "The quality index is 55 of 100" in text
    assert "rapport is highest (62) and energy lowest (50)" in text
    assert "There was no sound." in text


def test_under_the_policy_behaviour_there_is_no_quality_to_read() -> None:
    # The scores are in the recording all the same, as a client of the wire gets them.
    strict = recording(coverage={"picture": True, "sound": True, "policy": "behaviour"})
    text = text_of(full(strict))
    assert BEHAVIOUR_NOTE in text
    assert "quality index" not in text
    assert "rapport" not in text


def test_missing_measurements_are_marked_and_never_filled_in() -> None:
    text = text_of(full(recording()))
    for name in ("speech", "speech rate", "pauses", "filled pauses", "short sounds"):
        assert f"{name} not measured" in text
    assert "nods 1 gesture " in text
    assert "head shakes none" in text


def test_defaults_are_not_presented_as_findings() -> None:
    even = dict.fromkeys(SCORES, 50)
    empty = recording(
        signals=[],
        cues=[NOD | {"cue": "face_absent", "unit": "s"}],
        quality={"overall": even, "timeline": [{"start": 0, "end": 10, "values": even}]},
        coverage={"picture": True, "sound": False, "face_share": 0, "frozen": True},
    )
    text = text_of(full(empty))
    summary = text[text.index("Summary") : text.index("Signals are")]
    assert summary == (
        "Summary Nothing was detected in 10 s. "
        "No face was in view. The picture did not change. There was no sound. "
        "Nobody was visible or speaking, so engagement was not measured. "
    )


def test_a_known_analysis_rate_is_shown() -> None:
    coverage = {"picture": True, "sound": True, "analysis_rate_hz": 7.5}
    text = text_of(full(recording(coverage=coverage)))
    assert "analysis rate at least 7.5 frames per second" in text
    assert "Only 7.5 frames a second were analysed instead of 15." in text


def test_unknown_facts_are_omitted() -> None:
    unknown = recording(coverage={}, quality={}, engagement=[], recorded_at=None)
    page = full(unknown)
    checked(page)
    text = text_of(page)
    assert "There was no sound." not in text
    assert "No face was in view." not in text
    assert "sound unknown" in text
    assert "analysis rate unknown" in text
    assert "Recorded" not in text
    assert "quality index is" not in text
    assert "appeared" not in text


@pytest.mark.parametrize("nothing", [0, 0.5])
def test_an_empty_recording_gives_a_valid_page(nothing: float) -> None:
    empty = recording(duration=nothing, signals=[], cues=[], engagement=[], quality={}, coverage={})
    checked(full(empty))


@pytest.mark.parametrize(
    "changes",
    [
        {"source": NASTY},
        {"signals": [AGREEMENT | {"rationale": NASTY}]},
        {"signals": [AGREEMENT | {"evidence": [NOD_EVIDENCE | {"unit": '"><img src=x>'}]}]},
        {"cues": [NOD | {"unit": '"><svg onload=a()>'}]},
        {"engine": NASTY[:64], "version": "<script>"},
    ],
)
def test_texts_of_the_recording_are_escaped(changes: dict[str, Any]) -> None:
    read = checked(full(recording(**changes)))
    plain = checked(full(recording()))
    assert [name for name, _ in read.elements] == [name for name, _ in plain.elements]
    assert read.inline == plain.inline


def test_dates_have_their_utc_offset() -> None:
    page = full(recording())
    assert "20:16 (UTC)" in page
    assert "22 November 2026, 21:18 (UTC+01:00)" in page
    assert '<time datetime="2026-11-22T21:18:02+01:00">' in page
    winter = datetime(2026, 1, 2, 3, 4, tzinfo=UTC).isoformat()
    assert "2 January 2026, 03:04 (UTC)" in full(recording(analyzed_at=winter))


def test_an_hour_is_drawn_as_a_whole_and_in_parts() -> None:
    late = AGREEMENT | {"start": 3000.0, "end": 3002.0}
    page = full(recording(duration=3600, signals=[late]))
    checked(page)
    assert "In 12 parts of 5 minutes" in page
    assert "50:00.0–50:02.0" in page
    assert page.count('href="#signal-1"') == 2


def test_lost_media_is_reported_and_drawn() -> None:
    lossy = recording(
        coverage={
            "picture": True,
            "sound": True,
            "dropped": [{"start": 2, "end": 3.5}],
            "degraded": [{"start": 5, "end": 6}],
        }
    )
    page = full(lossy)
    assert "1.5 s of the recording was not analysed. 1 s of the recording was analysed without" in text_of(
        page
    )
    assert "not analysed 0:02.0–0:03.5" in page


def test_the_page_of_an_hour_of_dense_cues_stays_small() -> None:
    cues = [NOD | {"start": at, "end": at + 0.5} for at in range(0, 3590, 2)] * 5
    assert len(full(recording(duration=3600, cues=cues))) < 6_000_000


@pytest.mark.slow
def test_the_largest_accepted_document_renders_in_seconds() -> None:
    # Every client with the stream scope may post one, and the server process renders it.
    signals = [AGREEMENT | {"start": at, "end": at + 1} for at in range(5_000)]
    cues = [NOD | {"start": at, "end": at + 1} for at in range(20_000)]
    said = [{"start": at * 8, "end": at * 8 + 7, "text": "And so on."} for at in range(10_000)]
    largest = recording(duration=86_400, signals=signals, cues=cues, transcript=said)
    before_s = time.process_time()
    full(largest)
    render_report(largest)
    assert time.process_time() - before_s < 10
