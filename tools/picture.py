"""Draws the README's picture: what `backchannel analyze` prints for the sample, as SVG.

``python -m tools.picture docs/result.svg`` makes the sample if needed and writes the file.
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from backchannel import analyze
from backchannel.cli.show import show_sections
from backchannel.protocol.include import Include
from backchannel.protocol.results import analysis_body
from tools.sample import write_sample

SAMPLE = Path(".cache/sample.mp4")
WIDTH = 110


def draw(target: Path) -> None:
    """Write the picture."""
    if not SAMPLE.is_file():
        write_sample(SAMPLE)
    body = analysis_body(list(analyze(SAMPLE)), Include(quality_overall=True))
    console = Console(record=True, width=WIDTH, force_terminal=True, file=io.StringIO(), highlight=False)
    console.print("[bold]$ backchannel analyze sample.mp4")
    show_sections(console, body.signals, body.engagement_state, body.conversation_quality)
    # The fonts that the exporter names live on somebody else's server; a reader's own will do.
    svg = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="backchannel"), flags=re.DOTALL)
    target.write_text(re.sub(r"[ \t]+\n", "\n", svg), encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
