"""Builds the pages that the server shows at ``/docs``: ``python -m docs.site.build`` from the top folder.

Sphinx also writes indexes and search scripts. Only pages, style sheets and pictures are kept.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Final

from sphinx.cmd.build import build_main

ROOT: Final = Path(__file__).resolve().parents[2]
TARGET: Final = ROOT / "src" / "backchannel" / "server" / "pages" / "site"
KEPT: Final = ("*.html", "_static/*.css", "_static/icon.svg", "_images/*.svg")
NOT_KEPT: Final = frozenset({"search.html", "genindex.html", "pygments.css", "basic.css"})


def build(target: Path, *, strict: bool) -> None:
    """Build the pages, and replace `target` with them.

    Parameters
    ----------
    strict
        Whether a warning, for example about a broken link, fails the build.

    Raises
    ------
    SystemExit
        Sphinx failed. Its messages are on standard error.
    """
    with tempfile.TemporaryDirectory(prefix="backchannel-docs-") as scratch:
        out, doctrees = Path(scratch, "html"), Path(scratch, "doctrees")
        options = ["-q", "-n", "-b", "html", "-c", str(ROOT / "docs" / "site"), "-d", str(doctrees)]
        strictly = ["--fail-on-warning", "--keep-going"] if strict else []
        code = build_main([*options, *strictly, str(ROOT / "docs"), str(out)])
        if code != 0:
            raise SystemExit(f"backchannel: building the documentation failed (exit code {code}); see above.")
        _keep(out, target)


def _keep(out: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for pattern in KEPT:
        for path in out.glob(pattern):
            if path.name not in NOT_KEPT:
                place = target / path.relative_to(out)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m docs.site.build", description="Build the pages.")
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    parser.add_argument("--strict", action="store_true", help="fail on warnings")
    chosen = parser.parse_args()
    build(chosen.target, strict=chosen.strict)


if __name__ == "__main__":
    main()
