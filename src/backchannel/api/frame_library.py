"""Make data frames with pandas or polars, whichever is installed."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Literal, get_args

FrameLibrary = Literal["pandas", "polars"]
LIBRARIES: Final[tuple[FrameLibrary, ...]] = get_args(FrameLibrary)


def as_data_frame(columns: Mapping[str, Sequence[Any]], library: FrameLibrary | None) -> Any:
    """Return columns as a data frame.

    Raises
    ------
    ImportError
        The library is not installed.
    ValueError
        There is no such library.
    """
    if library is not None and library not in LIBRARIES:
        raise ValueError(f"There is no library {library!r} here. Choose from {', '.join(LIBRARIES)}.")
    wanted = LIBRARIES if library is None else (library,)
    found = next((name for name in wanted if find_spec(name) is not None), None)
    if found is None:
        raise ImportError(
            f"A data frame needs {' or '.join(wanted)}, which is not installed. "
            f"Run `pip install {wanted[0]}`, or use Report.columns() or Report.to_dict()."
        )
    return import_module(found).DataFrame(dict(columns))
