"""Frozen values with arrays in them, to bytes and back: typed, versionless, and unable to run code.

Not pickle: a state may be kept by a server and come back later, and reading a pickle can run anything.
"""

from typing import Any, TypeVar

import msgspec
import numpy as np

Value = TypeVar("Value")


def pack_value(value: object) -> bytes:
    """Write a dataclass of numbers, texts, tuples and arrays as MessagePack."""
    return msgspec.msgpack.encode(value, enc_hook=_array_to_parts)


def unpack_value(packed: bytes, kind: type[Value]) -> Value:
    """Read what `pack_value` wrote.

    Raises
    ------
    msgspec.MsgspecError
        When the bytes are not a packed value of this kind.
    """
    return msgspec.msgpack.decode(packed, type=kind, dec_hook=_array_from_parts)


def _array_to_parts(value: object) -> tuple[str, tuple[int, ...], bytes]:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"cannot pack {type(value).__name__}")
    return value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes()


def _array_from_parts(kind: type[Any], parts: Any) -> Any:
    dtype, shape, content = parts
    if np.dtype(dtype).kind not in "fib":
        raise NotImplementedError(f"cannot unpack {kind} from {dtype}")
    return np.frombuffer(content, dtype=dtype).reshape(shape)
