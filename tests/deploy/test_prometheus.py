"""The files in `deploy`, with a real Prometheus that scrapes a real server under load."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml

from tests.media.making import Recipe, make
from tests.server.live import Live, running

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BOARD = json.loads((DEPLOY / "grafana" / "backchannel.json").read_text())
QUERIES = [(panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Prometheus, set up as in the sample, that has scraped a server with sessions on it."""
    if shutil.which("prometheus") is None:
        pytest.skip("needs Prometheus (Debian's package prometheus), which is not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    with running(folder / "server") as live, started(folder, live) as address:
        asyncio.run(sessions(live))
        wait_for(address, 'sum(backchannel_media_analysed_seconds_total{kind="live"}) > 11')
        yield address


@contextmanager
def started(folder: Path, live: Live) -> Iterator[str]:
    """Prometheus, for as long as the block lasts."""
    sample = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    sample["global"]["scrape_interval"] = "1s"
    sample["scrape_configs"][0]["static_configs"][0]["targets"] = [live.http.removeprefix("http://")]
    shutil.copy(DEPLOY / "prometheus" / "alerts.yml", folder)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(sample))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={place}",
        "--log.level=error",
    ]
    with subprocess.Popen(command) as process:
        try:
            wait_for(f"http://{place}", 'up{job="backchannel"} == 1')
            yield f"http://{place}"
        finally:
            process.terminate()


def asked(address: str, query: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{address}/api/v1/query", params={"query": query})
    assert answer.status_code == 200, answer.text
    return cast("list[dict[str, Any]]", answer.json()["data"]["result"])


def wait_for(address: str, query: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if asked(address, query):
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{query} never held"
        time.sleep(0.2)


async def sessions(live: Live) -> None:
    """Two sessions at once, with six seconds each; one sends something that is not media."""
    film = make(Recipe(duration_s=3.0))

    async def talk() -> None:
        async with live.stream() as stream:
            for media in (film, b"not media at all, and too long for a header" * 4, film):
                await stream.ask(media)

    await asyncio.gather(talk(), talk())


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_every_query_of_the_board_returns_numbers(prometheus: str, title: str, query: str) -> None:
    found = asked(prometheus, query)
    assert found, title
    assert all(sample["value"][1] != "NaN" for sample in found)


def test_the_alerts_are_loaded_and_a_healthy_server_fires_none(prometheus: str) -> None:
    groups = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 7
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert not [rule["name"] for rule in rules if rule["state"] == "firing"]


def test_an_alert_names_only_metrics_that_exist(prometheus: str) -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    names = {
        word.split("{")[0].split("[")[0]
        for rule in rules
        for word in rule["expr"].replace("(", " ").replace(")", " ").split()
        if word.startswith("backchannel_")
    }
    assert len(names) >= 6
    for name in names:
        assert asked(prometheus, name), name
