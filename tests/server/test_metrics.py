"""`/metrics`: what is counted, and what must never be in it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from backchannel.errors import CATALOGUE
from tests.media.making import Recipe, make
from tests.server.live import Live, running

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that counts for the tests of this file only."""
    with running(tmp_path_factory.mktemp("counted")) as live:
        yield live


def scraped(live: Live) -> Samples:
    answer = httpx.get(f"{live.http}/metrics")
    assert answer.status_code == 200
    return {
        (sample.name.removeprefix("backchannel_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def test_every_series_exists_before_anything_has_happened(counted: Live) -> None:
    samples = scraped(counted)
    for endpoint in ("v0", "v1", "v2"):
        assert value(samples, "sessions_open", endpoint=endpoint) == 0
        assert value(samples, "sessions_total", endpoint=endpoint) == 0
    for error_id in CATALOGUE:
        assert value(samples, "errors_total", id=error_id) == 0
    for kind in ("live", "file"):
        assert value(samples, "job_wait_seconds_count", kind=kind) == 0
        assert value(samples, "media_dropped_seconds_total", kind=kind) == 0
    assert value(samples, "ready") == 1
    assert value(samples, "workers") == 1


def test_a_session_is_open_only_while_it_is_and_its_media_is_counted(counted: Live) -> None:
    before = scraped(counted)

    async def talk() -> Samples:
        async with counted.stream() as stream:
            assert (await stream.ask(make(Recipe(duration_s=4.0))))[-1]["status"] == "completed"
            return await asyncio.to_thread(scraped, counted)

    during = asyncio.run(talk())
    assert value(during, "sessions_open", endpoint="v0") == 1
    assert value(during, "sessions_open", endpoint="v2") == 0
    assert (
        value(during, "sessions_total", endpoint="v0") - value(before, "sessions_total", endpoint="v0") == 1
    )
    analysed_s = value(during, "media_analysed_seconds_total", kind="live")
    assert analysed_s - value(before, "media_analysed_seconds_total", kind="live") == pytest.approx(
        4, abs=0.1
    )
    assert value(during, "job_work_seconds_sum", kind="live") > value(
        before, "job_work_seconds_sum", kind="live"
    )
    assert value(during, "store_seconds_count") > value(before, "store_seconds_count")
    while value(scraped(counted), "sessions_open", endpoint="v0"):
        pass  # the server hears of the end a moment later; the time limit of the test bounds this


def test_a_handshake_that_is_refused_opens_no_session_and_counts_its_error(counted: Live) -> None:
    before = scraped(counted)
    address = f"{counted.http}/v1/upload/analyze"
    assert httpx.post(address, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    after = scraped(counted)
    rose = [
        labels
        for (name, labels), number in after.items()
        if name == "errors_total" and number > before[name, labels]
    ]
    assert len(rose) == 1
    assert dict(rose[0])["id"].startswith("ih2")


@pytest.mark.parametrize("query", ["", "?resume"])
def test_an_error_within_a_session_is_counted_once(counted: Live, query: str) -> None:
    before = scraped(counted)

    async def talk() -> str:
        async with counted.stream(query) as stream:
            return str((await stream.ask(b"this is no media" * 100))[-1]["error_id"])

    error_id = asyncio.run(talk())
    after = scraped(counted)
    assert value(after, "errors_total", id=error_id) - value(before, "errors_total", id=error_id) == 1


def test_an_error_on_a_stream_of_events_is_counted_once(counted: Live) -> None:
    before = scraped(counted)

    async def talk() -> str:
        address = counted.ws.replace("/v0/", "/v2/")
        headers = {"Authorization": f"Bearer {counted.key}"}
        async with connect(address, additional_headers=headers) as socket:
            await socket.send(b"this is no media" * 100)
            async for text in socket:
                if (message := json.loads(text))["type"] == "error":
                    return str(message["data"]["code"])
        raise AssertionError("no error came")

    error_id = asyncio.run(talk())
    after = scraped(counted)
    assert value(after, "errors_total", id=error_id) - value(before, "errors_total", id=error_id) == 1


def test_a_file_is_counted_as_a_file(counted: Live) -> None:
    before = scraped(counted)
    media = make(Recipe(duration_s=4.0))
    answer = httpx.post(
        f"{counted.http}/v1/upload/analyze",
        headers={"Authorization": f"Bearer {counted.key}"},
        files={"file": ("film.mp4", media, "video/mp4")},
        timeout=60,
    )
    assert answer.status_code == 200
    after = scraped(counted)
    analysed = [value(samples, "media_analysed_seconds_total", kind="file") for samples in (before, after)]
    assert analysed[1] - analysed[0] == pytest.approx(4, abs=0.1)


def test_no_label_names_a_key_or_a_person(counted: Live) -> None:
    text = httpx.get(f"{counted.http}/metrics").text
    keys = [counted.key, *(key.id for key in counted.store.keys.list())]
    assert not [key for key in keys if key in text]
    labels = {label for _, labels in scraped(counted) for label, _ in labels}
    assert labels <= {"endpoint", "kind", "reason", "id", "le"}


def test_they_can_be_turned_off(tmp_path: Path) -> None:
    with running(tmp_path, metrics="off") as live:
        assert httpx.get(f"{live.http}/metrics").status_code == 404
