"""What is rendered is said to be rendered, and no signal is left without a word."""

from dataclasses import replace
from typing import get_args

import pytest

from backchannel.values import SignalType
from synthesis import View
from tools.examples import NOT_RENDERED, Example, examples, signals_of
from tools.rationales import HEAD, RENDERED, TARGET


def section(name: str) -> str:
    """The page's text under a heading."""
    return TARGET.read_text(encoding="utf-8").split(f"## {name}\n")[1].split("\n## ")[0]


def test_the_page_has_every_signal() -> None:
    page = TARGET.read_text(encoding="utf-8")
    assert page.startswith(HEAD)
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(get_args(SignalType))


@pytest.mark.parametrize("name", get_args(SignalType))
def test_rendered_and_real_clips_never_stand_under_one_signal(name: SignalType) -> None:
    told = section(name)
    assert ("a rendered clip (" in told) == (RENDERED in told)
    if RENDERED in told:
        assert told.count("a rendered clip (") == 2
        assert " s of `" not in told
    elif name in NOT_RENDERED and " s of `" not in told:
        assert NOT_RENDERED[name] in told


def test_a_signal_has_two_scripts_or_a_reason_why_it_has_none() -> None:
    scripts = examples()
    assert all(len(of_signal) == 2 for of_signal in scripts.values())
    assert not scripts.keys() & NOT_RENDERED.keys()


def test_an_example_is_analysed_as_a_file_and_shows_its_signal() -> None:
    nods = examples()["agreement"][0]
    # Smaller and coarser than on the page, which is much less work.
    small = Example(nods.script, replace(nods.shot, view=View(320, 240, 60.0), frame_rate_hz=15.0))
    (agreement,) = (signal for signal in signals_of(small) if signal.type == "agreement")
    assert agreement.rationale.startswith("Nodded 3 times")
