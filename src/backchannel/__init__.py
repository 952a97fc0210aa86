"""Backchannel: live video of a person in, grounded social signals out.

>>> import backchannel
>>> report = backchannel.analyze("talk.mp4")              # doctest: +SKIP
>>> for signal in report.signals:                         # doctest: +SKIP
...     print(signal.type, signal.probability, signal.rationale)

For a live conversation, keep a `Session` and give it each chunk, or frames and sound, as they arrive.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backchannel.api import Report, Session, analyze

__version__ = "0.1.0"
__all__ = ["Report", "Session", "__version__", "analyze"]


def __getattr__(name: str) -> Any:
    # The server imports this package too and must not load the inference engine, so these names are
    # imported on first use.
    if name in __all__:
        return getattr(import_module("backchannel.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    # Without this, dir() and tab completion would miss the names that are imported on first use.
    return sorted(__all__)
