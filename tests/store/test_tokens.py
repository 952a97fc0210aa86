from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from backchannel.store import STREAM_SCOPE, Caps, Store
from backchannel.store.refusals import Refusal, TokenExpired, TokenRevoked, TokenUnknown
from backchannel.store.tokens import looks_like_token, take_apart
from tests.store.conftest import Clock, Database

CAPS = Caps(60, 1000, 2, 30, ("https://a.example", "http://localhost:3000"))


def refusal(call: Callable[..., object], *arguments: object) -> type[Refusal]:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.type


@pytest.fixture
def key_id(store: Store) -> str:
    return store.keys.create("server")[0].id


def mint(store: Store, key_id: str, expires_s: int = 300, caps: Caps = CAPS) -> str:
    return store.tokens.mint(key_id, [STREAM_SCOPE], expires_s, caps)[1]


def test_a_minted_token_is_recognised_with_all_its_caps(store: Store, key_id: str) -> None:
    minted, credential = store.tokens.mint(key_id, [STREAM_SCOPE], 300, CAPS)
    assert store.tokens.verify(credential) == minted
    assert (minted.caps, minted.scopes, minted.key_id) == (CAPS, (STREAM_SCOPE,), key_id)
    nothing = store.tokens.mint(key_id, [STREAM_SCOPE], 300, Caps())
    assert store.tokens.verify(nothing[1]).caps == Caps()


def test_it_fits_a_subprotocol_header_and_is_no_api_key(store: Store, key_id: str) -> None:
    credential = mint(store, key_id)
    assert looks_like_token(credential)
    assert len(credential) < 120
    assert set(credential) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
    assert store.keys.verify(credential) is None


def test_no_character_of_it_can_be_changed(store: Store, key_id: str) -> None:
    credential = mint(store, key_id)
    for place in range(len("bk_ct_"), len(credential)):
        changed = credential[:place] + ("1" if credential[place] != "1" else "2") + credential[place + 1 :]
        assert refusal(store.tokens.verify, changed) == TokenUnknown


@pytest.mark.parametrize(
    "credential",
    [
        "bk_ct_",
        "bk_ct_a.b.c",
        "bk_ct_a.b.c.d",
        "bk_ct_a.b.99999999999999.d",
        "bk_ct_a.b.1.é",
        "bk_ct_" + "1" * 999,
    ],
)
def test_what_is_no_token_at_all(store: Store, credential: str) -> None:
    assert refusal(store.tokens.verify, credential) == TokenUnknown


def test_expiry_is_to_the_second(store: Store, key_id: str, clock: Clock) -> None:
    credential = mint(store, key_id, 60)
    clock.now += timedelta(seconds=59)
    store.tokens.verify(credential)
    clock.now += timedelta(seconds=1)
    assert refusal(store.tokens.verify, credential) == TokenExpired


def test_revocation_is_seen_by_another_process_at_once(
    store: Store, key_id: str, database: Database, clock: Clock
) -> None:
    first, second = mint(store, key_id), mint(store, key_id)
    with database.open(clock) as other:
        other.tokens.revoke(key_id, first)
        other.tokens.revoke(key_id, first)
    assert refusal(store.tokens.verify, first) == TokenRevoked
    store.tokens.verify(second)
    store.keys.revoke(key_id)
    assert refusal(store.tokens.verify, second) == TokenRevoked


def test_only_the_key_that_made_it_may_revoke_it(store: Store, key_id: str, clock: Clock) -> None:
    credential = mint(store, key_id)
    other = store.keys.create("other")[0].id
    assert refusal(store.tokens.revoke, other, credential) == TokenUnknown
    store.tokens.verify(credential)
    assert refusal(store.tokens.revoke, key_id, credential[:-1]) == TokenUnknown
    clock.now += timedelta(days=2)
    mint(store, key_id)  # clears away what expired long ago
    store.tokens.revoke(key_id, credential)


def test_a_rotated_key_is_good_for_what_it_signed_until_that_expires(
    store: Store, key_id: str, clock: Clock
) -> None:
    old = mint(store, key_id, 3600)
    store.tokens.rotate()
    new = mint(store, key_id)
    for credential in (old, new):
        store.tokens.verify(credential)
    spelled = [take_apart(credential) for credential in (old, new)]
    assert None not in spelled
    assert len({one.signing_key_id for one in spelled if one}) == 2
    store.tokens.rotate(at_once=True)
    for credential in (old, new):
        assert refusal(store.tokens.verify, credential) == TokenUnknown
    store.tokens.verify(mint(store, key_id))


def test_neither_token_nor_signature_is_on_disk(sqlite_store: Store, data_dir: Path) -> None:
    credential = mint(sqlite_store, sqlite_store.keys.create("server")[0].id)
    sqlite_store.tokens.verify(credential)
    for file in data_dir.iterdir():
        assert credential.rpartition(".")[2].encode() not in file.read_bytes()
