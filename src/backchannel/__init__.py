"""Backchannel: live video of a person in, grounded social signals out.

>>> import backchannel
>>> for result in backchannel.analyze("talk.mp4"):        # doctest: +SKIP
...     for signal in result.signals:
...         print(signal.type, signal.probability, signal.rationale)

For a live conversation, keep a `Session` and give it each segment as it arrives.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backchannel.api import Session, analyze

__version__ = "0.1.0"
__all__ = ["Session", "__version__", "analyze"]


def __getattr__(name: str) -> Any:
    # The server imports this package too, and must not load the networks' engine: the library's names are
    # looked up only when somebody asks for them.
    if name in ("Session", "analyze"):
        return getattr(import_module("backchannel.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
