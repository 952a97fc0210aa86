"""The bounds of synthetic truth, on a few clips; ``python -m evals.truth`` asks the same of two hundred."""

import pytest

from evals.truth import measure
from evals.yardstick.design import cheapest
from evals.yardstick.real_frames import CLIPS, MISSING, real_frame_errors
from evals.yardstick.report import REAL_FRAME_BOUNDS, as_markdown


@pytest.mark.slow
def test_every_bound_holds_on_a_few_clips() -> None:
    report = measure(cheapest(8), real_frames=False)
    assert not report.broken(), as_markdown(report)
    assert not report.failures(), as_markdown(report)


@pytest.mark.slow
@pytest.mark.skipif(not CLIPS.is_dir(), reason=MISSING)
def test_real_faces_turn_as_far_as_they_were_turned() -> None:
    # One frame of each person: further frames of a clip look nearly the same.
    samples = real_frame_errors(frames_a_clip=1)
    assert samples["real frames"].count >= 10
    for bound in REAL_FRAME_BOUNDS:
        assert bound.holds(samples[bound.name].mean), bound.name
