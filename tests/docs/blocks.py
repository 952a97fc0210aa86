"""The blocks of code in the README and in the pages."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
README = DOCS.parent / "README.md"


def blocks(language: str) -> list[tuple[str, str]]:
    """Every block of a language, each with the name of its page."""
    return [
        (page.name, block)
        for page in (README, *sorted(DOCS.glob("*.md")))
        for block in re.findall(
            rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
    ]
