import pytest

from backchannel.errors import Problem
from backchannel.server.access.auth import Offer, read_offer


@pytest.mark.parametrize(
    ("authorization", "subprotocols", "expected"),
    [
        ("Bearer abc", [], Offer("abc", None)),
        ("bearer   abc ", [], Offer("abc", None)),
        (None, ["abc"], Offer("abc", "abc")),
        (None, ["access_token", "abc"], Offer("abc", "access_token")),
        (None, ["access_token", "abc", "chat"], Offer("abc", "access_token")),
        ("Bearer abc", ["access_token", "other"], Offer("abc", "access_token")),
        ("Bearer abc", ["other"], Offer("abc", "other")),
        ("Bearer abc", ["chat", "superchat"], Offer("abc", None)),
        ("", ["abc"], Offer("abc", "abc")),
    ],
)
def test_where_a_credential_is_found(
    authorization: str | None, subprotocols: list[str], expected: Offer
) -> None:
    assert read_offer(authorization, subprotocols) == expected


@pytest.mark.parametrize(
    ("authorization", "subprotocols", "error_id"),
    [
        (None, [], "ih2002"),
        ("Bearer", [], "ih2002"),
        ("Bearer  ", [], "ih2002"),
        (None, ["access_token"], "ih2002"),
        (None, ["chat", "superchat"], "ih2002"),
        ("Basic abc", [], "ih2001"),
        ("abc", [], "ih2001"),
    ],
)
def test_where_there_is_none(authorization: str | None, subprotocols: list[str], error_id: str) -> None:
    with pytest.raises(Problem) as caught:
        read_offer(authorization, subprotocols)
    assert caught.value.error_id == error_id
    assert "abc" not in caught.value.message
