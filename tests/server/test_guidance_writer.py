"""A language model may word advice: within its time, and only from evidence. Against a real HTTP server."""

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from backchannel.config import Settings
from backchannel.guidance.guide import Advice
from backchannel.server.guidance_writer import MAX_ANSWER_BYTES, GuidanceWriter, guidance_writer
from backchannel.signals.rationale import evidence_of
from backchannel.values import Span
from tests.guidance.test_guide import asking
from tests.perception.conftest import speech as speech  # noqa: PLC0414 -- a fixture
from tests.server.live import running
from tests.server.test_client_words import UPDATE, data_of, events_of, logging_to
from tests.server.test_words import talk as talk  # noqa: PLC0414 -- a fixture

TABLE = "Answer this before you go on: the person asked “what do you mean”."
ADVICE = Advice(TABLE, Span(0.0, 10.0), tuple(evidence_of(asking(), 0.9)))
GOOD = "They asked “what do you mean”, so explain the price."


@dataclass
class Model:
    """A model on a real port, which answers as a test says."""

    answer: Callable[[], bytes]
    url: str = ""
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)


def saying(text: str) -> Callable[[], bytes]:
    return lambda: json.dumps({"choices": [{"message": {"content": text}}]}).encode()


@contextmanager
def model(answer: Callable[[], bytes], status: int = 200) -> Iterator[Model]:
    made = Model(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append((self.path, dict(self.headers), json.loads(body)))
            content = made.answer()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_address[1]}/v1/"
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def written(made: Model, timeout_s: float = 10.0, key: str = "") -> str:
    writer = GuidanceWriter(made.url, "small", key, timeout_s)
    return asyncio.run(writer.write(ADVICE, ["It costs ten."], "Sell."))


def test_a_sentence_from_evidence_is_used() -> None:
    with model(saying(f" {GOOD}\n")) as made:
        assert written(made) == GOOD


def test_the_model_sees_evidence_words_and_instructions_and_nothing_else() -> None:
    with model(saying(GOOD)) as made:
        written(made, key="secret")
    ((path, headers, body),) = made.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert set(headers) == {"Host", "Accept-Encoding", "Content-Length", "Content-Type", "Authorization"}
    assert body["model"] == "small"
    given = json.loads(body["messages"][1]["content"])
    assert set(given) == {"advice", "evidence", "said", "instructions"}
    assert (given["said"], given["instructions"]) == (["It costs ten."], "Sell.")
    assert given["evidence"][0]["words"] == "what do you mean"
    assert set(given["evidence"][0]) == {"cue", "measure", "value", "unit", "words"}


@pytest.mark.parametrize(
    "answer",
    [
        saying("They asked three times, so explain the price."),
        saying("They said “too expensive”, so explain the price."),
        saying("They are angry, so explain the price."),
        saying(""),
        lambda: b"not json",
        lambda: b'{"choices": []}',
        lambda: b'{"error": "no such model"}',
        lambda: b'{"choices": [{"message": {"content": null}}]}',
        lambda: b" " * (MAX_ANSWER_BYTES + 1) + saying(GOOD)(),
        lambda: b"\xff\xfe",
    ],
)
def test_any_other_answer_leaves_the_sentence_of_the_table(answer: Callable[[], bytes]) -> None:
    with model(answer) as made:
        assert written(made) == TABLE


def test_a_model_that_is_late_is_not_waited_for() -> None:
    late = threading.Event()

    def answer() -> bytes:
        late.wait(10)
        return saying(GOOD)()

    with model(answer) as made:
        try:
            assert written(made, timeout_s=0.2) == TABLE
        finally:
            late.set()


def test_a_model_that_is_not_there_changes_nothing() -> None:
    with model(saying(GOOD)) as made:
        pass
    assert written(made) == TABLE


def test_there_is_none_unless_the_operator_names_one() -> None:
    assert guidance_writer(Settings()) is None
    assert guidance_writer(Settings(guidance_url="http://here/v1")) is not None


def test_a_session_gets_the_sentence_and_the_log_does_not(talk: bytes, tmp_path: Path) -> None:
    asked = UPDATE.replace("I'm not sure, maybe.", "Sorry, what do you mean?")
    config = '{"realtime_recommendation_instructions": "Sell.", "realtime_recommendation_frequency": "high"}'
    log = io.StringIO()
    with model(saying(GOOD)) as made, running(tmp_path, guidance_url=made.url) as live, logging_to(log):
        events = events_of(live, "/v0/realtime/analyze", "", config, asked, talk, talk, talk)
    (advice,) = data_of(events, "realtime_recommendation.generated")
    assert advice["text"] == GOOD
    assert len(made.requests) == 1
    given = json.loads(made.requests[0][2]["messages"][1]["content"])
    assert given["said"] == ["Sorry, what do you mean?", "You are wrong."]
    assert "advice written" in log.getvalue()
    for secret in ("price", "Sorry", "Sell", "mean"):
        assert secret not in log.getvalue()


def test_without_evidence_the_model_is_not_asked(talk: bytes, tmp_path: Path) -> None:
    config = '{"goal_dimensions": ["authority"], "realtime_recommendation_frequency": "high"}'
    with model(saying(GOOD)) as made, running(tmp_path, guidance_url=made.url) as live:
        events = events_of(live, "/v0/realtime/analyze", "", config, talk, talk, talk)
    assert [one["text"] for one in data_of(events, "realtime_recommendation.generated")] == ["NO_GUIDANCE"]
    assert not made.requests
