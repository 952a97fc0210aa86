import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from backchannel.server.log import BURST, PER_S, RateLimit, configure_logging
from backchannel.server.request_id import clean_client_id


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root, own = logging.getLogger(), logging.getLogger("backchannel")
    before = (root.handlers[:], root.level, own.level)
    configure_logging("info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], own.level = before[0], before[2]
    root.setLevel(before[1])


def test_each_event_is_one_line_of_json(lines: io.StringIO) -> None:
    structlog.get_logger("backchannel.x").info("stream opened", key="abc")
    structlog.get_logger("backchannel.x").debug("too much detail")
    (line,) = lines.getvalue().splitlines()
    assert {"event": "stream opened", "key": "abc", "level": "info"}.items() <= json.loads(line).items()


def test_exception_texts_are_never_logged(lines: io.StringIO) -> None:
    try:
        int("secret media")
    except ValueError:
        structlog.get_logger("backchannel.x").exception("failed")
        logging.getLogger("uvicorn.error").exception("failed too")
    ours, theirs = map(json.loads, lines.getvalue().splitlines())
    assert "secret" not in lines.getvalue()
    assert ours["kind"] == theirs["kind"] == "ValueError"
    assert ours["place"].startswith("test_log.py:")


def test_access_lines_of_the_web_server_are_not_logged(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info('"WebSocket /v0?token=secret" [accepted]')
    logging.getLogger("uvicorn.access").info("GET /?token=secret")
    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("order-7:a.b/c+d=@e_f", "order-7:a.b/c+d=@e_f"),
        ('a"b\\c\x1b[31m{}', "a?b?c??31m??"),
        ("x" * 500, "x" * 128),
    ],
)
def test_a_client_id_cannot_disturb_the_log(raw: str, cleaned: str) -> None:
    assert clean_client_id(raw) == cleaned


def test_the_same_event_too_often_is_left_out_and_counted_and_others_are_not() -> None:
    now_s = 0.0
    limit = RateLimit(lambda: now_s)

    def passes(event: str, name: str = "backchannel.server") -> dict[str, Any] | None:
        fields: dict[str, Any] = {"event": event}
        record = logging.LogRecord(name, logging.INFO, "", 0, fields, (), None)
        return fields if limit.filter(record) else None

    for _ in range(int(BURST)):
        assert passes("stream refused") == {"event": "stream refused"}
    for _ in range(7):
        assert passes("stream refused") is None
    assert passes("stream opened") == {"event": "stream opened"}
    now_s = 1 / PER_S
    assert passes("stream refused") == {"event": "stream refused", "left_out": 7}
    assert passes("stream refused") is None
    passed = [passes(f"a text with {number}", "asyncio") for number in range(1000)]
    assert sum(fields is not None for fields in passed) == BURST, "texts of a library count together"
