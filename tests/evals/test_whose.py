"""Whose voice it is, on rendered speakers and listeners. `python -m evals.whose` has the figures."""

import pytest

from evals.nods.design import clip
from evals.whose import OTHERS, OWN, phrases_right


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*OTHERS, *OWN])
def test_phrases_belong_to_who_speaks_them(kind: str) -> None:
    right, phrases = phrases_right([clip(kind, 0)])
    assert phrases >= 3
    assert right == phrases
