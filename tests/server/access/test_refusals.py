import re

import pytest

from backchannel.server.access.refusals import problem_of
from backchannel.store.refusals import (
    BytesSpent,
    KeyRevoked,
    QuotaSpent,
    Refusal,
    TokenExpired,
    TokenRevoked,
    TokenUnknown,
    VideoSpent,
)

SENTENCES = [
    (KeyRevoked(), "ih2001", "The API key is revoked. Use another key."),
    (TokenExpired(), "ih2010", "The client token has expired. Mint a new one."),
    (TokenUnknown(), "ih2011", "This server did not make this client token. Mint a new one."),
    (TokenRevoked(), "ih2014", "The client token is revoked. Mint a new one."),
    (
        QuotaSpent(3600.0, 3599.96, 0.0, 60.0),
        "ih3003",
        "The API key may use 3600 s of video a month. It has used 3600.0 s. The quota renews next month.",
    ),
    (
        QuotaSpent(60.0, 10.0, 55.0, 60.0),
        "ih3003",
        (
            "The API key may use 60 s of video a month. It has used 10.0 s, and this media is 55.0 s long. "
            "The quota renews next month."
        ),
    ),
    (
        VideoSpent(8.0, 8.5, 0.0),
        "ih3006",
        "The client token may use 8 s of video. It has used 8.5 s. Mint a new one.",
    ),
    (
        BytesSpent(100, 90, 20),
        "ih3006",
        "The client token may send 100 bytes. It has sent 90, and 20 more arrived. Mint a new one.",
    ),
]


@pytest.mark.parametrize(("refusal", "error_id", "message"), SENTENCES)
def test_each_refusal_has_its_id_and_gives_limit_and_measured_value(
    refusal: Refusal, error_id: str, message: str
) -> None:
    problem = problem_of(refusal)
    assert (problem.error_id, problem.message) == (error_id, message)


def test_only_a_quota_says_when_to_come_back() -> None:
    waits = {type(refusal): problem_of(refusal).retry_after_s for refusal, _, _ in SENTENCES}
    assert waits.pop(QuotaSpent) == 60.0
    assert set(waits.values()) == {None}


def test_no_refusal_is_without_a_sentence() -> None:
    assert {type(refusal) for refusal, _, _ in SENTENCES} == set(Refusal.__subclasses__())
    assert all(re.fullmatch(r"([A-Z].*\.)", message) for _, _, message in SENTENCES)
