"""The brief report: summary, moments, timeline, key figures and cautions, and nothing that was not found."""

from typing import Any

import pytest

from backchannel.report.page import render_report
from backchannel.report.prose import COMPANY, WHAT_THIS_IS
from backchannel.report.recording import Recording
from backchannel.values import BEHAVIOUR_NOTE
from tests.html.reading import checked
from tests.report.build import AGREEMENT, NOD, recording
from tests.report.test_page import NASTY, text_of

SMILE = NOD | {"cue": "smile", "start": 1.0, "end": 3.0, "unit": "% of face width"}
SAID = [
    {"start": 3.8, "end": 5.0, "text": "Yes, of course."},
    {"start": 8.0, "end": 9.0, "text": "And then?"},
]


def section(read: Recording, title: str) -> str:
    """Return the text of a section of the brief report."""
    page = render_report(read)
    checked(page)
    start = page.index(f">{title}</h2>")
    return text_of("<h2" + page[start : page.index("</section>", start)])


def test_it_begins_with_voice_and_face() -> None:
    text = section(recording(cues=[SMILE]), "In short")
    assert "There was no sound, so speech was not measured." in text
    assert "smiled once (2 s)" in text


def test_a_moment_has_its_time_its_likelihood_and_its_sentence() -> None:
    text = section(recording(), "Moments worth seeing")
    assert "0:04.1–0:06.0 Very likely agreeing Nodded 3 times while facing the camera." in text


def test_without_signals_a_notable_cue_is_a_moment_and_without_those_nothing_is() -> None:
    assert "Smiled for 2 s." in section(recording(signals=[], cues=[SMILE]), "Moments worth seeing")
    assert "Nothing stood out." in section(recording(signals=[], cues=[]), "Moments worth seeing")


def test_a_cue_of_a_live_session_has_no_measures_and_is_a_moment_all_the_same() -> None:
    assert "Nodded for 1.9 s." in section(recording(signals=[]), "Moments worth seeing")


def test_the_words_of_a_moment_are_quoted_and_stand_beside_their_signals() -> None:
    read = recording(transcript=SAID)
    assert "“Yes, of course.”" in section(read, "Moments worth seeing")
    said = section(read, "What was said")
    assert "0:04 Yes, of course. Very likely agreeing" in said
    assert "0:08 And then?" in said


def test_a_moment_quotes_only_the_words_of_its_own_time() -> None:
    words = [{"start": at, "end": at + 1, "text": f"w{at}"} for at in range(10)]
    text = "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9"
    long = {"start": 0, "end": 10, "text": text, "words": words}
    assert "“… w4 w5”" in section(recording(transcript=[long]), "Moments worth seeing")
    unknown = {"start": 0, "end": 10, "text": text}
    assert "“" not in section(recording(transcript=[unknown]), "Moments worth seeing")


def test_without_words_there_is_no_transcript() -> None:
    assert "What was said" not in text_of(render_report(recording()))


def test_a_recording_of_half_a_minute_is_compared_with_itself() -> None:
    smiles = [SMILE, SMILE | {"start": 50.0, "end": 54.0}, SMILE | {"start": 40.0, "end": 41.0}]
    text = section(recording(duration=60, cues=smiles), "Key figures")
    assert "whole recording first half second half" in text
    assert "smiles 3 times, 7 s 1 time, 2 s 2 times, 5 s" in text
    assert "first half" not in section(recording(duration=29, cues=smiles[:1]), "Key figures")


def test_a_cue_across_the_middle_counts_in_each_half_with_its_part() -> None:
    text = section(recording(duration=60, cues=[SMILE | {"start": 28.0, "end": 36.0}]), "Key figures")
    assert "smiles 1 time, 8 s 1 time, 2 s 1 time, 6 s" in text


def test_figures_that_were_not_measured_are_marked() -> None:
    text = section(recording(), "Key figures")
    assert "spoke not measured" in text
    assert "smiles none" in text
    assert "faced the camera not clearly" in text
    unseen = section(
        recording(cues=[], coverage={"picture": True, "sound": True, "face_share": 0}), "Key figures"
    )
    assert "smiles not measured" in unseen


def test_cautions_name_what_was_missing_and_the_note_is_always_there() -> None:
    lossy = {"picture": True, "sound": True, "company": True, "dropped": [{"start": 2, "end": 3.5}]}
    text = section(recording(coverage=lossy), "Treat with caution")
    assert "1.5 s of the recording were not analysed." in text
    assert "More than one face was in view." in text
    assert WHAT_THIS_IS in text
    assert COMPANY in section(recording(coverage=lossy), "In short")
    assert COMPANY not in text_of(render_report(recording()))
    strict = recording(coverage={"picture": True, "sound": True, "policy": "behaviour"})
    assert BEHAVIOUR_NOTE in section(strict, "Treat with caution")


def test_stills_are_shown_only_if_given_and_only_then_may_the_page_show_pictures() -> None:
    page = render_report(recording(), stills={4.1: b"jpeg"})
    assert '<img src="data:image/jpeg;base64,anBlZw==" alt="Still at 0:04.1–0:06.0">' in page
    assert "img-src data:" in page
    for without in (render_report(recording()), render_report(recording(), "full", {4.1: b"jpeg"})):
        assert "<img" not in without
        assert "img-src" not in without


@pytest.mark.parametrize(
    "changes",
    [
        {"source": NASTY},
        {"signals": [AGREEMENT | {"rationale": NASTY}]},
        {"transcript": [{"start": 4, "end": 6, "text": NASTY}]},
        {"engine": NASTY[:64], "version": "<script>"},
    ],
)
def test_texts_of_the_recording_are_escaped(changes: dict[str, Any]) -> None:
    plain = recording(transcript=[{"start": 4, "end": 6, "text": "So."}] if "transcript" in changes else [])
    read = checked(render_report(recording(**changes)))
    assert [name for name, _ in read.elements] == [name for name, _ in checked(render_report(plain)).elements]


@pytest.mark.parametrize("nothing", [0, 0.5])
def test_an_empty_recording_gives_a_valid_page(nothing: float) -> None:
    empty = recording(duration=nothing, signals=[], cues=[], engagement=[], quality={}, coverage={})
    checked(render_report(empty))
