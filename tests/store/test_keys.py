import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.store.keys import PREFIX, digest, generate, looks_valid


def test_a_new_key_is_a_valid_subprotocol_token_and_checks() -> None:
    key = generate()
    assert key.startswith("bk_live_")
    assert set(key) <= set(string.ascii_letters + string.digits + "_")
    assert len(key) == len(PREFIX) + 43 + 6
    assert looks_valid(key)


def test_no_two_keys_are_alike() -> None:
    assert len({generate() for _ in range(200)}) == 200


@given(place=st.integers(len(PREFIX), len(PREFIX) + 48), letter=st.sampled_from(string.ascii_letters))
def test_one_wrong_letter_is_seen_without_the_store(place: int, letter: str) -> None:
    key = generate()
    mistyped = key[:place] + letter + key[place + 1 :]
    assert looks_valid(mistyped) == (mistyped == key)


@pytest.mark.parametrize("bad", ["", "bk_live_", "bk_live_é" + "0" * 48, "sk_live_" + "0" * 49, "0" * 57])
def test_what_is_no_key_at_all(bad: str) -> None:
    assert not looks_valid(bad)


def test_a_key_with_its_end_cut_or_more_after_it_is_refused() -> None:
    key = generate()
    assert not looks_valid(key[:-1])
    assert not looks_valid(key + "A")
    assert not looks_valid(key.upper())


def test_the_digest_does_not_hold_the_key() -> None:
    key = generate()
    assert key.encode() not in digest(key)
    assert len(digest(key)) == 32
