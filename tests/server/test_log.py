import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from backchannel.server.log import configure_logging
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
