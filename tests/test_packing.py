"""Values with arrays in them, to bytes and back."""

import pickle
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from backchannel.arrays import BoolArray, FloatArray, TimeArray
from backchannel.packing import pack_value, unpack_value
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


def assert_identical(one: NDArray[Any], other: NDArray[Any]) -> None:
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    "table",
    [
        np.zeros((0, 3), np.float32),
        np.array([[1, np.nan], [np.inf, -0.0]], np.float32),
        np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2],
        np.full((4, 2), np.nan, np.float32),
    ],
    ids=["empty", "missing values", "not in one piece", "nothing but missing values"],
)
def test_a_value_comes_back_as_it_was(table: NDArray[np.float32]) -> None:
    before = outer(table)
    after = unpack_value(pack_value(before), Outer)
    assert (after.number, after.parts) == (before.number, before.parts)
    for name in ("times", "table", "mask"):
        assert_identical(getattr(before, name), getattr(after, name))


def in_steps(rows: int, columns: int) -> NDArray[np.float32]:
    """Measurements in fixed steps, a different one for each column, some of them missing."""
    chance = np.random.default_rng(rows)
    steps = 2.0 ** -np.arange(columns)
    table = chance.integers(-500, 500, (rows, columns)) * steps
    return np.where(chance.random((rows, columns)) < 0.2, np.nan, table + 0.0).astype(np.float32)


STEPPED: dict[str, NDArray[Any]] = {
    "measures of a face": in_steps(100, 11),
    "one row": in_steps(1, 3),
    "one column": in_steps(50, 1),
    "a single row of times": np.arange(300) / 4096,
    "rows of 10 ms": (12_345 + np.arange(300)) * 0.01,
    "rows of 10 ms after a day": (8_640_000 + np.arange(300)) * 0.01,
    "rows of 10 ms after four months, beyond all steps": (2_000_000_000 + np.arange(300)) * 0.01,
    "whole numbers": np.array([0, 5, -7, 2**29], np.int64),
    "large whole numbers": np.array([0, 2**40, -(2**40)], np.int64),
    "falling and rising by the most there is": np.array([2**29, -(2**29), 2**29], np.float64),
    "all the same": np.full(200, 0.25, np.float32),
    "zeros": np.zeros((20, 4), np.float32),
    "negative zeros": np.full((20, 4), -0.0, np.float32),
    "in no steps": np.random.default_rng(3).normal(size=(40, 5)).astype(np.float32),
    "too small for steps": np.array([1e-30, -1e-30], np.float64),
    "booleans": np.random.default_rng(4).random((13, 3)) < 0.5,
}


@pytest.mark.parametrize("array", STEPPED.values(), ids=STEPPED.keys())
def test_an_array_comes_back_bit_by_bit(array: NDArray[Any]) -> None:
    assert_identical(array, unpack_value(pack_value(array), NDArray[Any]))


@settings(deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.bool_]),
        arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6),
    )
)
def test_any_array_comes_back_bit_by_bit(array: NDArray[Any]) -> None:
    again = unpack_value(pack_value(array), NDArray[Any])
    if array.dtype.kind == "f":
        # A missing number stays one; which of the many NaNs it was is not kept.
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
        again = np.where(np.isnan(again), np.array(np.nan, again.dtype), again)
    assert_identical(array, again)


def test_steps_make_measurements_small() -> None:
    quiet = np.round(np.random.default_rng(0).normal(0, 2, (200, 18)).cumsum(axis=0)) / 16 + 0.0
    packed = pack_value(quiet.astype(np.float32))
    assert len(packed) < 1.2 * quiet.size * 4, "no larger than it was"
    assert len(zlib.compress(packed)) < quiet.size


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
        b"\x81\xa1\xff\x00",
        b"\x81\xa1x" + b"\x91" * 100_000 + b"\xc0",
    ],
    ids=["nothing", "a number", "words", "a pickle", "another value", "cut", "too much", "no text", "nested"],
)
def test_what_is_no_such_value_is_refused(packed: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack_value(packed, Outer)


@pytest.mark.parametrize(
    "parts",
    [
        ("|O", (1,), (), b"12345678", b""),
        ("<f4", (3,), (), b"1234", b""),
        ("<f4", (-1, 0), (), b"", b""),
        ("<f4", (2**62, 2**62), (), b"1234", b""),
        ("<f4", (2**40,), (1.0,), b"\0\0\0\0", b"\0"),
        ("<f4", (8,), (1.0,), b"\0\0\0\0", b"\0"),
        ("<f4", (2,), (1.0, 1.0), b"\0\0\0\0", b"\0"),
        ("<f4", (1,), (1.0,), b"\0\0\0", b"\0"),
        ("|b1", (9,), (), b"\0", b""),
        ("nonsense", (1,), (), b"1", b""),
        ("i4,(", (1,), (), b"1234", b""),
        ("(1000000,)f4", (1,), (), b"1234", b""),
        ("<M8[s]", (1,), (), b"12345678", b""),
        ("<f4", (1,), b"1234"),
    ],
    ids=[
        "objects",
        "too few bytes",
        "a shape that is none",
        "a shape beyond all numbers",
        "a shape beyond all memory",
        "more rows than numbers",
        "more columns than numbers",
        "a part of a number",
        "too few bits",
        "a type that is none",
        "a type that is code",
        "a type of many",
        "a type of times",
        "too few parts",
    ],
)
def test_an_array_that_is_none_is_refused(parts: tuple[Any, ...]) -> None:
    packed = msgspec.msgpack.encode(parts)
    with pytest.raises(msgspec.MsgspecError):
        unpack_value(packed, NDArray[np.float32])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused_with_one_kind_of_error(packed: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack_value(packed, Outer)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_value_is_read_or_refused_with_one_kind_of_error(data: st.DataObject) -> None:
    packed = bytearray(pack_value(outer(in_steps(5, 3))))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(msgspec.MsgspecError):
        unpack_value(bytes(packed), Outer)


def test_what_cannot_be_written_down_is_said() -> None:
    with pytest.raises(NotImplementedError, match="cannot pack Generator"):
        pack_value({"rng": np.random.default_rng(0)})
