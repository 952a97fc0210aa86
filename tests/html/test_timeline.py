import re

import pytest

from backchannel.html.timeline import Mark, axis, lane, ticks
from backchannel.values import Span


@pytest.mark.parametrize(
    ("over", "times"),
    [
        (Span(0, 5), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]),
        (Span(0, 60), [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]),
        (Span(300, 600), [300, 330, 360, 390, 420, 450, 480, 510, 540, 570, 600]),
        (Span(0, 0), [0]),
    ],
)
def test_ticks_are_few_and_round(over: Span, times: list[float]) -> None:
    assert ticks(over) == times


def test_marks_are_clipped_to_the_lane() -> None:
    marks = [
        Mark(Span(290, 310), "cue", "whole", "in part"),
        Mark(Span(400, 401), "cue", "whole", "inside"),
        Mark(Span(10, 20), "cue", "whole", "outside"),
    ]
    drawn = lane("nod", "", marks, Span(300, 500))
    assert "outside" not in drawn
    rects = re.findall(r'<rect x="([^"]+)" y="3" width="([^"]+)"', drawn)
    assert rects == [("0.000%", "5.000%"), ("50.000%", "0.500%")]


def test_without_a_script_marks_have_titles_and_links() -> None:
    mark = Mark(Span(1, 2), "signal", "whole", 'nod <b> & "so"', href="#signal-1")
    drawn = lane("agreement", "", [mark], Span(0, 10), scripted=False)
    assert '<title>nod &lt;b&gt; &amp; "so"</title>' in drawn
    assert 'href="#signal-1"' in drawn
    assert "tabindex" not in drawn
    assert "<title>" not in lane("agreement", "", [mark], Span(0, 10))


@pytest.mark.parametrize(
    ("over", "labels"),
    [(Span(0, 10), ["0:00", "0:01", "0:10"]), (Span(0, 3), ["0:00.0", "0:00.5"]), (Span(300, 600), ["5:00"])],
)
def test_the_axis_shows_the_time_as_a_player_does(over: Span, labels: list[str]) -> None:
    drawn = axis(over)
    assert all(f">{label}<" in drawn for label in labels)
