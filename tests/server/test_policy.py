"""The policy `behaviour` on every door: no answer contains the name of a feeling."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

import backchannel
from backchannel.signals.policy import LEFT_OUT
from backchannel.values import BEHAVIOUR_NOTE, Policy
from tests.cli.commands import run
from tests.server.live import Live, running

FEELINGS = re.compile("stress|frustration|confusion|skepticism|uncertainty|confidence|interest(?!human)")
EVERYTHING = (
    "include[]=evidence&include[]=conversation_quality_overall&include[]=conversation_quality_timeline"
)
FIELDS = {"include[]": ["signals", "conversation_quality_overall", "conversation_quality_timeline"]}
CLIPS = ("man-red-shirt-short-intro.mp4", "man-disgusted-acted-line.mp4")
FIFTIES = dict.fromkeys(("quality_index", "clarity", "authority", "energy", "rapport", "learning"), 50)


@pytest.fixture(params=CLIPS)
def clip(request: pytest.FixtureRequest, clips: Path) -> Path:
    """A clip with feelings in it, if they may be reported."""
    path = clips / str(request.param)
    found = {signal.type for result in backchannel.analyze(path) for signal in result.signals}
    assert found & LEFT_OUT["behaviour"], "this clip shows nothing; choose another"
    return path


@pytest.fixture(scope="module")
def strict(live: Live) -> Live:
    """An ordinary server, seen by a key with a policy of its own."""
    _, key = live.store.keys.create("school", policy="behaviour")
    return Live(live.settings, live.store, live.engine, key)


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("strict"), policy="behaviour") as live:
        yield live


async def streamed(live: Live, path: str, media: bytes, *, ends: bool) -> str:
    """Send a file, and return everything that the server says."""
    url = f"{live.http.replace('http', 'ws', 1)}{path}?{EVERYTHING}"
    said: list[str] = []
    async with (
        asyncio.timeout(100),
        connect(url, max_size=None, additional_headers={"Authorization": f"Bearer {live.key}"}) as socket,
    ):
        await socket.send(media)
        if ends:
            await socket.send('{"type":"session.close"}')
        last = "session.ended" if ends else "completed"
        while not said or last not in said[-1]:
            said.append(str(await socket.recv()))
    return "\n".join(said)


def events_of(said: str, kind: str) -> list[dict[str, Any]]:
    events = map(json.loads, said.splitlines())
    return [event["data"] for event in events if event["type"] == kind]


def test_v0(strict: Live, clip: Path) -> None:
    said = asyncio.run(streamed(strict, "/v0/stream/analyze", clip.read_bytes(), ends=False))
    assert not FEELINGS.search(said)
    result = json.loads(said.splitlines()[1])
    assert result["engagement_state"]
    assert result["conversation_quality"]["overall"] == FIFTIES
    assert result["coverage"]["policy"] == "behaviour"
    assert BEHAVIOUR_NOTE in result["coverage"]["notes"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_events(strict: Live, clip: Path, version: str) -> None:
    said = asyncio.run(streamed(strict, f"/{version}/stream/analyze", clip.read_bytes(), ends=True))
    assert not FEELINGS.search(said)
    (ready,) = events_of(said, "session.ready")
    assert ready["policy"] == "behaviour"
    assert events_of(said, "cue.detected")
    assert events_of(said, "engagement.updated")
    for quality in events_of(said, "conversation_quality.updated"):
        assert quality["overall"] == FIFTIES


@pytest.mark.parametrize("path", ["/v0/upload/analyze", "/v1/upload/analyze"])
def test_uploads(strict: Live, clip: Path, path: str) -> None:
    answer = posted(strict, path, clip, FIELDS)
    assert not FEELINGS.search(answer.text)
    body = answer.json()
    assert body["conversation_quality"]["overall"] == FIFTIES
    assert body["coverage"]["policy"] == "behaviour"


def test_jobs(strict: Live, clip: Path) -> None:
    fields = FIELDS | {"model": "inter-2", "wait_seconds": "100"}
    answer = posted(strict, "/v2/upload/analyze", clip, fields)
    assert answer.json()["status"] == "completed"
    assert not FEELINGS.search(answer.text)
    kept = httpx.get(strict.http + answer.json()["status_url"], headers=credential(strict))
    assert kept.json()["result"] == answer.json()["result"]


def test_a_client_token_has_the_policy_of_its_key(strict: Live, clip: Path) -> None:
    asked = {"api_key": strict.key, "scopes": ["interhumanai.stream"]}
    token = httpx.post(f"{strict.http}/v1/client_tokens", json=asked).json()["access_token"]
    lent = Live(strict.settings, strict.store, strict.engine, token)
    said = asyncio.run(streamed(lent, "/v2/stream/analyze", clip.read_bytes(), ends=True))
    assert not FEELINGS.search(said)


def test_a_whole_server(strict_server: Live, clip: Path) -> None:
    said = asyncio.run(streamed(strict_server, "/v2/stream/analyze", clip.read_bytes(), ends=True))
    assert not FEELINGS.search(said)
    assert not FEELINGS.search(posted(strict_server, "/v1/upload/analyze", clip, FIELDS).text)


@pytest.mark.parametrize("policy", [None, "full", "behaviour"])
def test_a_key_cannot_lift_the_policy_of_the_server(strict_server: Live, policy: Policy | None) -> None:
    _, key = strict_server.store.keys.create("lenient", policy=policy)
    lenient = Live(strict_server.settings, strict_server.store, strict_server.engine, key)
    said = asyncio.run(streamed(lenient, "/v2/stream/analyze", b"", ends=True))
    (ready,) = events_of(said, "session.ready")
    assert ready["policy"] == "behaviour"


def test_without_a_policy_nothing_changes_on_the_wire(live: Live, clip: Path) -> None:
    said = asyncio.run(streamed(live, "/v2/stream/analyze", clip.read_bytes(), ends=True))
    assert FEELINGS.search(said)
    (ready,) = events_of(said, "session.ready")
    assert "policy" not in ready
    assert "policy" not in posted(live, "/v1/upload/analyze", clip, FIELDS).json()["coverage"]


def test_the_library_and_the_command_line_and_its_exports(clip: Path, tmp_path: Path) -> None:
    done = run("analyze", clip, "--policy", "behaviour", "--json", "--include", "evidence")
    assert done.returncode == 0
    assert not FEELINGS.search(done.stdout)
    assert json.loads(done.stdout)["engagement_state"]
    page, table, captions = (tmp_path / f"out.{kind}" for kind in ("html", "csv", "srt"))
    done = run(
        "analyze", clip, "--html", page, "--csv", table, "--srt", captions, BACKCHANNEL_POLICY="behaviour"
    )
    assert done.returncode == 0
    assert BEHAVIOUR_NOTE in done.stdout
    assert "clarity" not in done.stdout
    for shown in (done.stdout, table.read_text(), captions.read_text(), words_of(page.read_text())):
        assert not FEELINGS.search(shown)
    assert BEHAVIOUR_NOTE in page.read_text()
    why = tmp_path / "why.html"
    assert run("explain", clip, "--out", why, "--policy", "behaviour").returncode == 0
    (drawn,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', why.read_text())
    assert not FEELINGS.search(drawn)


def posted(live: Live, path: str, clip: Path, fields: dict[str, Any]) -> httpx.Response:
    files = {"file": ("video", clip.read_bytes())}
    answer = httpx.post(live.http + path, files=files, data=fields, headers=credential(live), timeout=120)
    assert answer.status_code == 200, answer.text
    return answer


def credential(live: Live) -> dict[str, str]:
    return {"Authorization": f"Bearer {live.key}"}


def words_of(page: str) -> str:
    """What a person reads of a page: no styles and no scripts."""
    return re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
