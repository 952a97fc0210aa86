"""Convert frozen values with arrays to bytes and back: typed, exact, and unable to run code.

This is not pickle, because a state can come back from elsewhere and reading a pickle can run any code.

Measurements are kept in fixed steps (`cues.face_rows`, `cues.voice_rows`), so an array is written as whole
numbers of steps, each as its difference from the row before. A still face then takes few bytes. An array
without fixed steps is written as it is. Both come back bit by bit.
"""

import math
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from backchannel.constants import VOICE_ROW_S

_FINEST_STEP: Final = 2.0**-12
_MOST_STEPS: Final = 2**30
_LONG: Final = 1024
_GLANCE: Final = 16
"""Of a column with more numbers than `_LONG`, so many are checked first. Raw samples have no steps, and show
it at once."""
_DTYPES: Final = frozenset(
    np.dtype(kind).str for kind in (np.bool_, np.int32, np.int64, np.float32, np.float64)
)
"""Types of arrays that are read. Others are refused by name: numpy evaluates what a name says."""

Value = TypeVar("Value")
Parts = tuple[str, tuple[int, ...], tuple[float, ...], bytes, bytes]
"""Type, shape, step of each column (empty: written as it is), content and missing numbers of an array."""


def pack_value(value: object) -> bytes:
    """Write a value made of numbers, texts, tuples, mappings, dataclasses and arrays.

    See Also
    --------
    unpack_value : The inverse.

    Examples
    --------
    >>> unpack_value(pack_value((1.5, "nod")), tuple[float, str])
    (1.5, 'nod')
    """
    return msgspec.msgpack.encode(value, enc_hook=_parts_of)


def unpack_value(packed: bytes, kind: type[Value]) -> Value:
    """Read what `pack_value` wrote.

    Raises
    ------
    msgspec.MsgspecError
        When the bytes are not a packed value of this kind.
    """
    try:
        return msgspec.msgpack.decode(packed, type=kind, dec_hook=_array_of)
    except (UnicodeDecodeError, RecursionError):
        # msgspec raises these for a text that is none, and for values inside values without end.
        raise msgspec.ValidationError(f"not a {kind}") from None


# --- arrays ----------------------------------------------------------------------------------------


def _parts_of(value: object) -> Parts:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"cannot pack {type(value).__name__}")
    if value.dtype.kind == "b":
        return value.dtype.str, value.shape, (), np.packbits(value).tobytes(), b""
    if value.size:
        columns = np.ascontiguousarray(value.reshape(value.shape[0], -1).T)
        found = _in_steps(columns)
        if found is not None:
            steps, whole = found
            missing = np.packbits(np.isnan(columns)).tobytes()
            return value.dtype.str, value.shape, steps, _differences(whole), missing
    return value.dtype.str, value.shape, (), np.ascontiguousarray(value).tobytes(), b""


def _in_steps(columns: NDArray[Any]) -> tuple[tuple[float, ...], NDArray[np.int32]] | None:
    """Return the largest step of each column, and how many of it each number is, if that says all of them."""
    if columns.shape[1] > _LONG and _in_steps(columns[:, :_GLANCE]) is None:
        return None  # raw samples, most likely
    missing = np.isnan(columns)
    exact = columns.astype(np.float64)
    exact[missing] = 0.0
    if not np.isfinite(exact).all():
        return None
    for finest in (_FINEST_STEP, VOICE_ROW_S):
        with np.errstate(over="ignore"):
            number = np.round(exact / finest)
        if np.abs(number).max() >= _MOST_STEPS:
            continue
        whole = number.astype(np.int32)
        # How often every number of a column can be halved: the lowest bit that any of them has.
        used = np.bitwise_or.reduce(np.abs(whole), axis=1)
        halvings = np.where(used == 0, 0, np.bitwise_count((used & -used) - 1)).astype(np.int32)
        whole >>= halvings[:, np.newaxis]
        steps = tuple((finest * 2.0**halvings).tolist())
        if _from_steps(whole, steps, missing, columns.dtype).tobytes() == columns.tobytes():
            return steps, _held(whole, missing)
    return None


def _held(whole: NDArray[np.int32], missing: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Replace each missing number with the last known one, which takes no space."""
    if not missing.any():
        return whole
    rows = np.where(missing, 0, np.arange(whole.shape[1]))
    return np.take_along_axis(whole, np.maximum.accumulate(rows, axis=1), axis=1)


def _from_steps(
    whole: NDArray[np.int32], steps: tuple[float, ...], missing: NDArray[np.bool_], dtype: np.dtype[Any]
) -> NDArray[Any]:
    exact = whole * np.asarray(steps, np.float64)[:, np.newaxis]
    exact[missing] = np.nan
    return exact.astype(dtype)


def _differences(whole: NDArray[np.int32]) -> bytes:
    """Differences along each column, with bytes of equal weight side by side, because those compress well."""
    steps = whole.copy()
    steps[:, 1:] -= whole[:, :-1]
    zigzag = (steps.astype(np.uint32) << np.uint32(1)) ^ (steps >> 31).astype(np.uint32)
    return np.ascontiguousarray(zigzag.ravel().view(np.uint8).reshape(-1, 4).T).tobytes()


def _from_differences(content: bytes, columns: int) -> NDArray[np.int32]:
    planes = np.frombuffer(content, np.uint8).reshape(4, -1)
    zigzag = np.ascontiguousarray(planes.T).view(np.uint32).reshape(columns, -1)
    steps = (zigzag >> np.uint32(1)).astype(np.int32) ^ -(zigzag & np.uint32(1)).astype(np.int32)
    return np.cumsum(steps, axis=1, dtype=np.int32)


def _array_of(kind: type[Any], parts: Any) -> Any:
    try:
        name, shape, steps, content, gaps = msgspec.convert(parts, Parts)
        if name not in _DTYPES or any(side < 0 for side in shape):
            return _refused(kind)
        dtype, size = np.dtype(name), math.prod(shape)
        if steps:
            missing = _bits(gaps, size).reshape(len(steps), -1)
            whole = _from_differences(content, len(steps))
            if whole.shape != missing.shape:
                return _refused(kind)
            with np.errstate(all="ignore"):
                columns = _from_steps(whole, steps, missing, dtype)
            return np.ascontiguousarray(columns.T).reshape(shape)
        if dtype.kind == "b":
            return _bits(content, size).reshape(shape)
        return np.frombuffer(content, dtype=dtype).reshape(shape)
    except (ValueError, TypeError, IndexError, OverflowError):
        return _refused(kind)


def _bits(content: bytes, size: int) -> NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(content, np.uint8))[:size].astype(np.bool_)


def _refused(kind: type[Any]) -> Any:
    raise msgspec.ValidationError(f"not an array for {kind}")
