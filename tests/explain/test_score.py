import pytest

from backchannel.explain.labels import Labels
from backchannel.explain.score import (
    CueScore,
    labels_by_cue,
    match_cue,
    matches,
    score_clip,
    verdict_of_detection,
)
from backchannel.explain.totals import (
    as_json,
    as_markdown,
    false_per_minute,
    implausible_share,
    neither_share,
    plausible_found,
    speech_accuracy,
    total_cues,
)
from backchannel.values import Span
from tests.explain.build import cue, evaluated, label, result, spans


@pytest.mark.parametrize(
    ("detected", "labelled"),
    [
        pytest.param((1.0, 2.0), (1.0, 2.0), id="the same"),
        pytest.param((1.0, 2.0), (1.5, 2.5), id="half of each"),
        pytest.param((1.0, 1.2), (1.1, 9.0), id="half of the short one"),
        pytest.param((1.0, 1.2), (0.0, 9.0), id="one inside the other"),
        pytest.param((0.0, 5.0), (4.5, 9.0), id="half a second of two long ones"),
    ],
)
def test_matches(detected: tuple[float, float], labelled: tuple[float, float]) -> None:
    assert matches(Span(*detected), Span(*labelled))
    assert matches(Span(*labelled), Span(*detected))


@pytest.mark.parametrize(
    ("detected", "labelled"),
    [
        pytest.param((1.0, 2.0), (2.0, 3.0), id="end to end"),
        pytest.param((1.0, 2.0), (5.0, 6.0), id="apart"),
        pytest.param((1.0, 1.8), (1.5, 2.5), id="less than half of the shorter, and of half a second"),
        pytest.param((0.0, 5.0), (4.6, 9.0), id="less than half a second of two long ones"),
        pytest.param((1.0, 1.0), (0.0, 2.0), id="a moment without length"),
    ],
)
def test_does_not_match(detected: tuple[float, float], labelled: tuple[float, float]) -> None:
    assert not matches(Span(*detected), Span(*labelled))
    assert not matches(Span(*labelled), Span(*detected))


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        ([], "wrong"),
        ([label("nod", 1, 2)], "right"),
        ([label("nod", 1, 2, "medium")], "right"),
        ([label("nod", 1, 2, "low")], "ignored"),
        ([label("nod", 1.9, 5, "low")], "ignored"),
        ([label("nod", 1, 2), label("nod", 1.5, 3, "low")], "right"),
        ([label("nod", 1.9, 5)], "wrong"),
        ([label("nod", 3, 5, "low")], "wrong"),
    ],
)
def test_what_becomes_of_a_detection(labels: list[object], verdict: str) -> None:
    assert verdict_of_detection(Span(1.0, 2.0), labels) == verdict  # type: ignore[arg-type]


def test_a_label_of_low_certainty_is_neither_asked_for_nor_held_against_a_detection() -> None:
    match = match_cue([cue("nod", 1, 2)], [label("nod", 1, 2, "low")])
    assert match.score == CueScore()
    assert not match.missed
    assert not match.wrong


def test_one_long_detection_finds_several_labels_and_counts_once() -> None:
    score = match_cue([cue("smile", 0, 9)], [label("smile", 1, 2), label("smile", 5, 6)]).score
    assert score == CueScore(labels=2, found=2, detections=1, right=1)
    assert (score.precision, score.recall, score.f1) == (1.0, 1.0, 1.0)


def test_two_detections_of_one_label_are_both_right() -> None:
    score = match_cue([cue("smile", 1, 2), cue("smile", 3, 4)], [label("smile", 1, 4)]).score
    assert score == CueScore(labels=1, found=1, detections=2, right=2)


@pytest.mark.parametrize(
    ("score", "precision", "recall", "f1"),
    [
        (CueScore(), None, None, None),
        (CueScore(detections=2), 0.0, None, None),
        (CueScore(labels=2), None, 0.0, 0.0),
        (CueScore(labels=4, found=2, detections=4, right=4), 1.0, 0.5, pytest.approx(2 / 3)),
    ],
)
def test_what_cannot_be_said_is_not_said(
    score: CueScore, precision: object, recall: object, f1: object
) -> None:
    assert (score.precision, score.recall, score.f1) == (precision, recall, f1)


def test_labels_go_by_our_names_and_pauses_are_cues() -> None:
    labels = Labels(
        "a.mp4",
        cues=(label("head_tilt", 1, 2), label("laugh", 3, 4)),
        long_pauses=spans((5, 6)),
        filled_pauses=spans((7, 8)),
    )
    by_cue = labels_by_cue(labels)
    assert [one.span for one in by_cue["tilt"]] == [Span(1, 2)]
    assert [one.span for one in by_cue["long_pause"]] == [Span(5, 6)]
    assert [one.span for one in by_cue["filled_pause"]] == [Span(7, 8)]
    assert sum(map(len, by_cue.values())) == 3


def test_speech_is_compared_over_all_the_time_there_is_sound() -> None:
    labels = Labels("a.mp4", speech=spans((1.0, 3.0)))
    clip = score_clip("a.mp4", [result()], [cue("speaking", 1.5, 3.5)], labels)
    assert clip.speech_s == pytest.approx(10.0)
    assert clip.speech_agreement_s == pytest.approx(9.0)
    silent = score_clip("b.mp4", [result(sound=False)], [], Labels("b.mp4"))
    assert silent.speech_s == 0
    assert speech_accuracy([clip, silent]).value == pytest.approx(0.9)
    assert speech_accuracy([silent]).value is None


def test_signals_count_by_type() -> None:
    labels = Labels("a.mp4", signals_plausible=("interest", "agreement"), signals_implausible=("stress",))
    clip = score_clip("a.mp4", [result("interest", "stress", "interest", "confidence")], [], labels)
    assert clip.reported == ("confidence", "interest", "stress")
    assert clip.implausible == ("stress",)
    assert clip.found == ("interest",)
    assert clip.missed == ("agreement",)
    assert clip.neither == ("confidence",)
    assert implausible_share([clip]).value == pytest.approx(1 / 3)
    assert neither_share([clip]).value == pytest.approx(1 / 3)
    assert plausible_found([clip]).value == pytest.approx(1 / 2)
    nothing = score_clip("b.mp4", [result()], [], Labels("b.mp4"))
    assert implausible_share([nothing]).value is None
    assert plausible_found([nothing]).value is None


def test_totals_add_up_over_clips_and_leave_other_cues_out() -> None:
    one = evaluated("a.mp4", Labels("a.mp4", cues=(label("nod", 1, 2),)), (cue("nod", 1, 2),)).score
    two = evaluated("b.mp4", Labels("b.mp4", cues=(label("nod", 1, 2),)), (cue("nod", 5, 6),)).score
    totals = total_cues([one, two])
    assert totals["nod"] == CueScore(labels=2, found=1, detections=2, right=1)
    assert totals["shake"] == CueScore()


def test_json_has_the_shape_that_is_promised() -> None:
    labels = Labels("a.mp4", cues=(label("nod", 1, 2),), signals_plausible=("interest",))
    body = as_json([evaluated("a.mp4", labels, (cue("nod", 1, 2),), "interest").score])
    assert list(body) == ["cues", "speech", "signals", "false_per_minute", "intervals", "clips"]
    assert body["cues"]["nod"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "labels": 1, "detections": 1}
    assert body["cues"]["shake"] == {
        "precision": None, "recall": None, "f1": None, "labels": 0, "detections": 0
    }  # fmt: skip
    assert list(body["speech"]) == ["frame_accuracy"]
    assert body["signals"] == {"implausible_share": 0.0, "neither_share": 0.0, "plausible_found": 1.0}
    assert body["false_per_minute"] == {"nod": 0.0, "shake": 0.0}
    assert body["intervals"]["cues"]["nod"] == {"precision": None, "recall": None, "f1": None}
    clip = body["clips"]["a.mp4"]
    assert clip["duration_s"] == 10.0
    assert clip["cues"] == body["cues"]
    assert (clip["reported"], clip["implausible"], clip["missed"]) == (["interest"], [], [])


def test_the_tables_name_every_cue_and_every_clip() -> None:
    text = as_markdown([evaluated("a.mp4", Labels("a.mp4"), (cue("nod", 1, 2),)).score])
    assert "| nod " in text
    assert "| a.mp4 |" in text
    assert "| False nods a minute " in text
    assert "| 6.00 " in text
    assert "No figures by `person`, `light`, `skin_tone`: the labels do not say." in text
    table = text.split("\n\n")[1].splitlines()
    assert len({len(line) for line in table}) == 1


def test_every_figure_has_its_interval_in_the_same_shape() -> None:
    clips = [
        evaluated(f"{n}.mp4", Labels("", cues=(label("nod", 1, 2),)), (cue("nod", 1 + n, 2 + n),)).score
        for n in range(6)
    ]
    body = as_json(clips)
    assert body["intervals"]["cues"]["nod"]["recall"] == [0.0, 0.5]
    for name in ("cues", "speech", "signals", "false_per_minute"):
        assert list(body["intervals"][name]) == list(body[name])
    assert false_per_minute(clips, "nod").value == pytest.approx(5.0)
    assert "0.17 (0.00–0.50)" in as_markdown(clips)
