"""Figures with intervals: what a bootstrap over clips must and must not say."""

import numpy as np
import pytest

from backchannel.explain.figures import MIN_CLIPS, Figure, f1, precision, ratio, recall
from backchannel.explain.groups import group_rows, groups_of
from backchannel.explain.labels import Labels
from backchannel.explain.score import CueScore
from backchannel.explain.unlabelled import unlabelled_rows
from tests.explain.build import cue, evaluated, label


def test_the_same_clips_always_give_the_same_interval() -> None:
    parts = [(n % 3, 3) for n in range(20)]
    assert ratio(parts) == ratio(list(parts))


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        drawn = ratio([(int(found), 4) for found in random.binomial(4, 0.7, size=25)])
        assert drawn.low is not None
        assert drawn.high is not None
        covered += drawn.low <= 0.7 <= drawn.high
    assert 0.88 <= covered / 200 <= 0.99


def test_an_interval_is_wider_when_clips_differ_than_when_labels_do() -> None:
    alike = recall([CueScore(4, 2, 2, 2)] * 10)
    apart = recall([CueScore(4, 4, 4, 4), CueScore(4, 0, 0, 0)] * 5)
    assert alike.value == apart.value == 0.5
    assert alike.low == alike.high == 0.5
    assert apart.low is not None
    assert apart.low < 0.3


@pytest.mark.parametrize("clips", range(1, MIN_CLIPS))
def test_a_few_clips_have_a_figure_but_no_interval(clips: int) -> None:
    assert ratio([(1, 2)] * clips + [(0, 0)] * 30) == Figure(0.5)


@pytest.mark.parametrize("parts", [[], [(0, 0)], [(0, 0)] * 9])
def test_nothing_counted_is_no_figure(parts: list[tuple[float, float]]) -> None:
    assert ratio(parts) == Figure()
    assert str(ratio(parts)) == "–"


def test_the_figures_are_those_of_the_sums() -> None:
    scores = [CueScore(4, 2, 1, 1), CueScore(0, 0, 3, 0), CueScore(2, 0, 0, 0), *[CueScore(1, 1, 1, 1)] * 5]
    total = sum(scores, CueScore())
    assert precision(scores).value == total.precision
    assert recall(scores).value == total.recall
    assert f1(scores).value == pytest.approx(total.f1)
    assert f1([CueScore(detections=3)] * 9) == Figure()
    assert f1([CueScore(labels=3)] * 9) == Figure(0.0, 0.0, 0.0)


def test_groups_are_what_labels_say_and_nothing_else() -> None:
    clips = [
        evaluated("a.mp4", Labels("a.mp4", light="dim", cues=(label("nod", 1, 2),)), (cue("nod", 1, 2),)),
        evaluated("b.mp4", Labels("b.mp4", light="daylight"), ()),
        evaluated("c.mp4", Labels("c.mp4"), ()),
    ]
    scores = [clip.score for clip in clips]
    assert {name: [one.name for one in group] for name, group in groups_of(scores, "light").items()} == {
        "daylight": ["b.mp4"],
        "dim": ["a.mp4"],
        "not labelled": ["c.mp4"],
    }
    heading, _, dim, _ = group_rows(scores, "light")
    assert dict(zip(heading, dim, strict=True))["Recall, all cues"] == "1.00"
    assert group_rows(scores, "skin_tone") == []
    assert groups_of(scores, "person") == {}


def test_signals_without_a_label_are_listed_with_their_rationale() -> None:
    labels = Labels("a.mp4", signals_plausible=("interest",), signals_implausible=("stress",))
    clip = evaluated("a.mp4", labels, (), "interest", "stress", "confidence")
    _, *rows = unlabelled_rows([clip])
    assert [(row[0], row[1], row[4]) for row in rows] == [("a.mp4", "confidence", "Nodded & <smiled>.")]
