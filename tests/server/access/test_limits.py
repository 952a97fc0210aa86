from datetime import UTC, datetime
from typing import Any, cast

import pytest

from backchannel.config import Settings
from backchannel.errors import Problem
from backchannel.server.access.auth import Principal
from backchannel.server.access.ledger import Ledger
from backchannel.server.access.limits import Limits, capped, over_budget
from backchannel.store import ApiKey, Caps, ClientToken, KeyLimits, Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def principal(key_id: str = "key", a_minute: float | None = None, **caps: Any) -> Principal:
    key = ApiKey(key_id, "name", (), NOW, limits=KeyLimits(requests_per_minute=a_minute))
    return Principal(key, ClientToken("token", key_id, (), Caps(**caps), NOW) if caps else None)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def make(clock: Clock) -> Limits:
    unasked = cast("Store", None)
    return Limits(unasked, Settings(requests_per_minute=60), Ledger(unasked), clock)


def wait_s(limits: Limits, who: Principal) -> float | None:
    with pytest.raises(Problem) as caught:
        limits.admit(who)
    assert caught.value.error_id == "ih3001"
    return caught.value.retry_after_s


def test_a_minutes_requests_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    limits = make(clock)
    for _ in range(60):
        limits.admit(principal())
    assert wait_s(limits, principal()) == 1.0
    clock.now_s += 0.5
    assert wait_s(limits, principal()) == 0.5
    clock.now_s += 0.5
    limits.admit(principal())
    assert wait_s(limits, principal()) == 1.0
    clock.now_s += 3600
    for _ in range(60):
        limits.admit(principal())
    wait_s(limits, principal())


def test_each_key_has_its_own_and_its_tokens_share_it() -> None:
    limits = make(Clock())
    for _ in range(2):
        limits.admit(principal("slow", 2))
    assert wait_s(limits, principal("slow", 2)) == 30.0
    assert wait_s(limits, principal("slow", 2, max_bytes=1)) == 30.0
    limits.admit(principal("other", 2))


def test_a_token_may_shorten_a_session_and_never_lengthen_it() -> None:
    settings = Settings()
    assert capped(settings, principal()) is settings
    assert capped(settings, principal(max_duration_s=60)).session_max_s == 60.0
    assert capped(settings, principal(max_duration_s=10**6)) is settings


def test_too_long_for_the_budget_is_not_too_long_for_the_server() -> None:
    long = Problem("ih4004", "Too long.")
    assert over_budget(long, 5.0, 60.0).error_id == "ih3006"
    assert over_budget(long, None, 60.0) is long
    assert over_budget(long, 60.0, 60.0) is long
    other = Problem("ih5001", "Nothing.")
    assert over_budget(other, 5.0, 60.0) is other
