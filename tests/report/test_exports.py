"""Exports can be read by the libraries of others."""

import csv
import io
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import srt
import webvtt
from pympi.Elan import Eaf

from backchannel.report.captions import srt_of, vtt_of
from backchannel.report.elan import eaf_of
from backchannel.report.prose import WHAT_THIS_IS
from backchannel.report.recording import Recording
from backchannel.report.rows import COLUMNS, csv_of
from tests.report.build import AGREEMENT, ANALYZED_AT, NOD, NOD_EVIDENCE, recording

NASTY = 'a <b>&</b> "q", ;\n\n2\n00:00:01,000 --> 00:00:09,000\nhidden\ttext é 音'
OVERLAPPING = [NOD, NOD | {"start": 5, "end": 7}, NOD | {"start": 6, "end": 6.5}]


def rows(read: Recording) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_of(read), newline="")))


def read_eaf(read: Recording, folder: Path, media: str = "talk.mp4") -> Eaf:
    path = folder / "talk.eaf"
    path.write_text(eaf_of(read, media), encoding="utf-8")
    return Eaf(str(path))


class TestCsv:
    def test_there_is_a_row_for_every_signal_cue_period_and_score(self) -> None:
        table = rows(recording())
        assert [row["kind"] for row in table] == ["signal", "cue"] + ["engagement"] * 2 + ["quality"] * 12
        assert all(tuple(row) == COLUMNS for row in table)
        assert {row["source"] for row in table} == {"Live conversation"}

    def test_a_signal_and_a_cue_keep_their_measurements(self) -> None:
        counted = NOD | {"measures": [["rate", 2.1, "Hz"], ["count", 3, ""]], "direction": "up"}
        signal, cue, *_ = rows(recording(cues=[counted]))
        assert {name: value for name, value in signal.items() if value} == {
            "source": "Live conversation",
            "kind": "signal",
            "name": "agreement",
            "start_s": "4.1",
            "end_s": "6.0",
            "duration_s": "1.9",
            "probability": "high",
            "modality": "visual",
            "rationale": AGREEMENT["rationale"],
        }
        assert (cue["value"], cue["unit"], cue["baseline"], cue["certainty"]) == ("9.25", "deg", "", "0.9")
        assert (cue["direction"], cue["measures"]) == ("up", "rate=2.1 Hz; count=3")

    def test_numbers_are_rounded(self) -> None:
        long = NOD | {"start": 4.123456, "end": 6.98765, "value": 9.2512345678, "baseline": 1.5000001}
        cue = rows(recording(cues=[long | {"certainty": 0.8333333333}]))[1]
        assert (cue["start_s"], cue["end_s"], cue["duration_s"]) == ("4.12", "6.99", "2.86")
        assert (cue["value"], cue["baseline"], cue["certainty"]) == ("9.251", "1.5", "0.83")

    def test_special_characters_stay_in_their_cell(self) -> None:
        first, *_ = rows(recording(source='a,"b"\r\nc', signals=[AGREEMENT | {"rationale": NASTY}]))
        assert (first["source"], first["rationale"]) == ('a,"b"\r\nc', NASTY)

    def test_a_signal_lists_every_modality_of_its_evidence(self) -> None:
        both = [NOD_EVIDENCE, NOD_EVIDENCE | {"cue": "loud", "modality": "audio"}]
        first, *_ = rows(recording(signals=[AGREEMENT | {"evidence": both}]))
        assert first["modality"] == "audio+visual"


SENTENCE = (
    "Smiled for 2 s while facing the camera (lips 12% wider), raised the brows briefly, nodded 3 times and "
    "leaned in for 4 s."
)


class TestCaptions:
    def test_a_caption_comes_with_its_signal_and_stays_for_as_long_as_reading_takes(self) -> None:
        late = AGREEMENT | {"type": "interest", "start": 3725.25, "end": 3726}
        first, second = srt.parse(srt_of(recording(signals=[AGREEMENT, late])), ignore_errors=False)
        assert (first.index, second.index) == (1, 2)
        assert first.content == "Very likely agreeing\nNodded 3 times while facing the camera."
        assert first.start == timedelta(seconds=4.1)
        assert first.end - first.start == timedelta(seconds=len(first.content) / 15)
        assert second.start == timedelta(seconds=3725.25)

    def test_a_caption_gives_way_to_the_next_signal(self) -> None:
        signals = [AGREEMENT | {"start": at, "end": at + 9} for at in (1.0, 3.0, 20.0)]
        captions = list(srt.parse(srt_of(recording(duration=60, signals=signals)), ignore_errors=False))
        assert captions[0].end == captions[1].start == timedelta(seconds=3)
        assert captions[1].end < captions[2].start

    def test_signals_that_begin_together_share_a_caption(self) -> None:
        both = [AGREEMENT, AGREEMENT | {"type": "interest", "probability": "low", "start": 5.0, "end": 7.0}]
        (caption,) = srt.parse(srt_of(recording(signals=both)), ignore_errors=False)
        assert caption.content == "Very likely agreeing\nPossibly interested"

    def test_lines_are_as_short_as_those_of_subtitles(self) -> None:
        signals = [AGREEMENT | {"rationale": SENTENCE}]
        (caption,) = srt.parse(srt_of(recording(signals=signals)), ignore_errors=False)
        assert caption.content.splitlines() == [
            "Very likely agreeing",
            "Smiled for 2 s while facing the camera and",
            "raised the brows briefly.",
        ]

    def test_what_was_said_is_a_subtitle_below_the_signals(self) -> None:
        text = "So this is what we have thought about it. " * 3
        written = vtt_of(recording(transcript=[{"start": 1.0, "end": 7.0, "text": text}]))
        words = [
            one for one in webvtt.from_string(written).captions if str(one.identifier).startswith("words")
        ]
        assert (words[0].start, words[-1].end) == ("00:00:01.000", "00:00:07.000")
        assert [one.end for one in words[:-1]] == [one.start for one in words[1:]]
        lines = [line for one in words for line in one.text.splitlines()]
        assert max(map(len, lines)) <= 42
        assert " ".join(lines) == text.strip()
        assert written.count(" line:5%") == 1

    def test_vtt_has_a_caption_for_each_signal_and_an_explanation(self) -> None:
        written = vtt_of(
            recording(signals=[AGREEMENT, AGREEMENT | {"type": "interest", "start": 9, "end": 9}])
        )
        read = webvtt.from_string(written)
        assert [(one.identifier, one.start) for one in read.captions] == [
            ("signal-1", "00:00:04.100"),
            ("signal-2", "00:00:09.000"),
        ]
        assert read[0].text == "Very likely agreeing\nNodded 3 times while facing the camera."
        assert WHAT_THIS_IS in written

    def test_a_text_cannot_end_its_caption_or_begin_another(self) -> None:
        nasty = recording(source=NASTY, signals=[AGREEMENT | {"rationale": NASTY}])
        (caption,) = srt.parse(srt_of(nasty), ignore_errors=False)
        assert caption.content.count("\n") == 2
        assert len(webvtt.from_string(vtt_of(nasty))) == 1
        body = vtt_of(nasty).partition("signal-1")[2]
        assert "<b>" not in body
        assert vtt_of(nasty).count("-->") == 1
        said = recording(signals=[], transcript=[{"start": 1, "end": 2, "text": NASTY}])
        assert "<b>" not in vtt_of(said)
        assert all(one.content.count("-->") == 0 for one in srt.parse(srt_of(said), ignore_errors=False))

    def test_without_signals_the_files_have_no_captions(self) -> None:
        assert srt_of(recording(signals=[])) == ""
        assert len(webvtt.from_string(vtt_of(recording(signals=[])))) == 0


class TestElan:
    def test_there_is_a_tier_for_engagement_each_signal_and_each_cue(self, tmp_path: Path) -> None:
        read = read_eaf(recording(), tmp_path)
        assert list(read.get_tier_names()) == ["engagement", "signal agreement", "cue nod"]
        assert read.get_annotation_data_for_tier("engagement") == [
            (0, 3000, "neutral"),
            (3000, 10000, "engaged"),
        ]
        ((start_ms, end_ms, value),) = read.get_annotation_data_for_tier("signal agreement")
        assert (start_ms, end_ms, value) == (4100, 6000, f"high: {AGREEMENT['rationale']}")

    def test_annotations_of_one_tier_never_overlap(self, tmp_path: Path) -> None:
        read = read_eaf(recording(cues=OVERLAPPING), tmp_path)
        tiers = [name for name in read.get_tier_names() if name.startswith("cue")]
        assert tiers == ["cue nod", "cue nod 2"]
        kept = 0
        for name in tiers:
            spans = sorted(read.get_annotation_data_for_tier(name))
            kept += len(spans)
            assert all(one[1] <= other[0] for one, other in pairwise(spans))
        assert kept == len(OVERLAPPING)

    def test_an_annotation_without_duration_gets_one_millisecond(self, tmp_path: Path) -> None:
        read = read_eaf(recording(cues=[NOD | {"start": 5, "end": 5}]), tmp_path)
        assert [span[:2] for span in read.get_annotation_data_for_tier("cue nod")] == [(5000, 5001)]

    @pytest.mark.parametrize(
        ("media", "relative", "kind"),
        [
            ("talk.mp4", "./talk.mp4", "video/mp4"),
            ("../clips/ä b.mov", "../clips/ä b.mov", "video/quicktime"),
            ("talk", "./talk", "unknown"),
        ],
    )
    def test_the_media_path_is_relative_to_the_document(
        self, tmp_path: Path, media: str, relative: str, kind: str
    ) -> None:
        (linked,) = read_eaf(recording(), tmp_path, media).get_linked_files()
        assert (linked["RELATIVE_MEDIA_URL"], linked["MIME_TYPE"]) == (relative, kind)

    def test_every_reference_resolves_and_time_slots_are_in_order(self) -> None:
        root = ET.fromstring(eaf_of(recording(cues=OVERLAPPING), "talk.mp4"))  # noqa: S314 -- our own
        slots = [
            (slot.attrib["TIME_SLOT_ID"], int(slot.attrib["TIME_VALUE"])) for slot in root.iter("TIME_SLOT")
        ]
        aligned = [one.attrib for one in root.iter("ALIGNABLE_ANNOTATION")]
        assert len(dict(slots)) == len(slots) == 2 * len(aligned)
        assert [time_ms for _, time_ms in slots] == sorted(time_ms for _, time_ms in slots)
        assert {one["TIME_SLOT_REF1"] for one in aligned} | {one["TIME_SLOT_REF2"] for one in aligned} == set(
            dict(slots)
        )
        assert all(dict(slots)[one["TIME_SLOT_REF1"]] < dict(slots)[one["TIME_SLOT_REF2"]] for one in aligned)
        assert len({one["ANNOTATION_ID"] for one in aligned}) == len(aligned)
        assert [child.tag for child in root] == ["HEADER", "TIME_ORDER", *["TIER"] * 4, "LINGUISTIC_TYPE"]
        assert {tier.attrib["LINGUISTIC_TYPE_REF"] for tier in root.iter("TIER")} == {"default-lt"}
        assert datetime.fromisoformat(root.attrib["DATE"]) == ANALYZED_AT

    def test_texts_are_escaped_and_the_document_stays_valid(self, tmp_path: Path) -> None:
        nasty = recording(signals=[AGREEMENT | {"rationale": f"{NASTY} \x00\x1b]]>"}])
        read = read_eaf(nasty, tmp_path, "a&\x01.mp4")
        ((*_, value),) = read.get_annotation_data_for_tier("signal agreement")
        assert value == f"high: {NASTY} \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}]]>"
