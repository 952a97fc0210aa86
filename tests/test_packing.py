"""Values with arrays in them, to bytes and back."""

import pickle
from dataclasses import dataclass, fields

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.packing import pack_value, unpack_value
from backchannel.session import SessionState, pack, unpack
from backchannel.values import Span


@dataclass(frozen=True, slots=True)
class Inner:
    span: Span
    name: str | None


@dataclass(frozen=True, slots=True)
class Outer:
    number: float
    times: TimeArray
    table: FloatArray
    mask: BoolArray
    parts: tuple[Inner, ...]


def outer(table: NDArray[np.float32]) -> Outer:
    return Outer(1.5, np.array([0.1, 0.2]), table, np.array([True, False]), (Inner(Span(0.0, 1.0), None),))


@pytest.mark.parametrize(
    "table",
    [
        np.zeros((0, 3), np.float32),
        np.array([[1, np.nan], [np.inf, -0.0]], np.float32),
        np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2],
    ],
    ids=["empty", "missing values", "not in one piece"],
)
def test_a_value_comes_back_as_it_was(table: NDArray[np.float32]) -> None:
    before = outer(table)
    after = unpack_value(pack_value(before), Outer)
    assert (after.number, after.parts) == (before.number, before.parts)
    for name in ("times", "table", "mask"):
        one, other = getattr(before, name), getattr(after, name)
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


def test_the_same_value_gives_the_same_bytes() -> None:
    table = np.ones((2, 2), np.float32)
    assert pack_value(outer(table)) == pack_value(outer(table.copy()))
    packed = pack_value(outer(table))
    assert pack_value(unpack_value(packed, Outer)) == packed


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\x00",
        b"not packed at all",
        pickle.dumps({"number": 1}),
        pack_value(Span(0.0, 1.0)),
        pack_value(outer(np.ones((2, 2), np.float32)))[:-5],
        pack_value(outer(np.ones((2, 2), np.float32))) + b"more",
    ],
)
def test_what_is_no_such_value_is_refused(packed: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack_value(packed, Outer)


@pytest.mark.parametrize(
    ("parts"),
    [("|O", (1,), b"12345678"), ("<f4", (3,), b"1234"), ("<f4", (-1, 0), b""), ("nonsense", (1,), b"1")],
    ids=["objects", "too few bytes", "a shape that is none", "a type that is none"],
)
def test_an_array_that_is_none_is_refused(parts: tuple[str, tuple[int, ...], bytes]) -> None:
    packed = msgspec.msgpack.encode(parts)
    with pytest.raises((msgspec.MsgspecError, NotImplementedError)):
        unpack_value(packed, NDArray[np.float32])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused_with_one_kind_of_error(packed: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack_value(packed, Outer)


def test_what_cannot_be_written_down_is_said() -> None:
    with pytest.raises(NotImplementedError, match="cannot pack Generator"):
        pack_value({"rng": np.random.default_rng(0)})


def test_a_new_session_is_small_and_comes_back() -> None:
    packed = pack(SessionState())
    assert len(packed) < 1000
    again = unpack(packed)
    assert {field.name for field in fields(again)} == {field.name for field in fields(SessionState)}
    assert pack(again) == packed
    assert pack(unpack(b"")) == packed
