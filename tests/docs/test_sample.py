"""The signals that the pages show for the sample are those that the sample gives."""

import re
from pathlib import Path
from typing import get_args

import pytest

from backchannel import analyze
from backchannel.html.words import likely
from backchannel.protocol.include import Include
from backchannel.protocol.results import AnalysisBody, analysis_body
from backchannel.values import Probability, SignalType
from tests.docs.blocks import DOCS, blocks
from tools.sample import write_sample

STEP_S = 0.5
"""How far apart the times of one signal may be on two kinds of processor, which round differently."""

LINE = re.compile(r"^  0:([\d.]+)–0:([\d.]+) +(.*? \w+)  +", re.MULTILINE)
WORDS = {
    likely(probability, signal) for probability in get_args(Probability) for signal in get_args(SignalType)
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> AnalysisBody:
    clip = tmp_path_factory.mktemp("sample") / "sample.mp4"
    write_sample(clip)
    return analysis_body(list(analyze(clip)), Include())


@pytest.mark.slow
def test_the_quickstart_shows_signals_of_the_sample(found: AnalysisBody) -> None:
    shown = [row for page, text in blocks("text") if page == "quickstart.md" for row in LINE.findall(text)]
    assert shown
    for start_s, end_s, words in shown:
        assert any(
            likely(signal.probability, signal.type) == words
            and abs(signal.start - float(start_s)) <= STEP_S
            and abs(signal.end - float(end_s)) <= STEP_S
            for signal in found.signals
        ), f"{words}, {start_s} to {end_s} s"


@pytest.mark.slow
def test_the_picture_shows_the_signals_of_the_sample_and_no_other(found: AnalysisBody) -> None:
    """If not: ``python -m tools.picture docs/result.svg``."""
    words = re.findall(r"<text[^>]*>(.*?)</text>", Path(DOCS / "result.svg").read_text(encoding="utf-8"))
    shown = [name for word in words if (name := word.replace("&#160;", " ").strip()) in WORDS]
    assert shown == [likely(signal.probability, signal.type) for signal in found.signals]
