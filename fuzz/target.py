"""A target: what to call with changed inputs, and what it may raise."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
CORPUS: Final = ROOT / "fuzz" / "corpus"
SHARED: Final = ROOT.parent / "shared"
RECORDER: Final = ROOT / "tests" / "data" / "recorder"
MAX_SEED_BYTES: Final = 48 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """A parser or protocol machine.

    Attributes
    ----------
    name
        Its name, and that of its folder in the corpus.
    run
        Takes one input. Raises AssertionError if a promise is broken.
    allowed
        The exceptions that it may raise.
    seeds
        Returns valid inputs. Some come from ``../shared``, if it is there.
    """

    name: str
    run: Callable[[bytes], None]
    allowed: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]

    def corpus(self) -> list[Path]:
        """Inputs that crashed it once."""
        return sorted((CORPUS / self.name).glob("*.bin"))


def heads(*patterns: str) -> list[bytes]:
    """Return the beginnings of files in our recordings and in ``../shared``, by patterns of their paths."""
    found = [
        path for root in (RECORDER, SHARED) for pattern in patterns for path in sorted(root.glob(pattern))
    ]
    return [path.read_bytes()[:MAX_SEED_BYTES] for path in found]


def recordings(*names: str) -> list[bytes]:
    """Return the beginnings of browser recordings, their chunks joined."""
    folders = [folder for root in (RECORDER, SHARED / "recorder") for folder in sorted(root.glob("*"))]
    chosen = [folder for folder in folders if any(name in folder.name for name in names)]
    return [
        b"".join(path.read_bytes() for path in sorted(folder.glob("*.bin")))[:MAX_SEED_BYTES]
        for folder in chosen
    ]
