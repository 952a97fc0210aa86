import uuid

import httpx
import pytest

from backchannel.errors import CATALOGUE
from tests.server.live import PATH, Live


def test_health_and_readiness(faulty_live: Live) -> None:
    assert httpx.get(f"{faulty_live.http}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{faulty_live.http}/readyz").json() == {"status": "ready"}


def test_every_error_has_its_anchor_on_the_page(faulty_live: Live) -> None:
    page = httpx.get(f"{faulty_live.http}/docs/errors")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for entry in CATALOGUE.values():
        assert f'id="{entry.anchor}"' in page.text
        assert entry.title in page.text
    assert 'lang="en"' in page.text
    assert "docs/errors" in httpx.get(faulty_live.http).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/healthz", 405), ("GET", PATH, 426), ("GET", "/v0/%ff%00", 404)],
)
def test_unknown_addresses_and_methods_get_json_errors(
    faulty_live: Live, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, faulty_live.http + path)
    body = answer.json()
    assert answer.status_code == status
    assert list(body) == ["error_id", "correlation_id", "link", "message", "retryable"]
    assert body["correlation_id"] == answer.headers["x-correlation-id"]
    assert body["link"].startswith(f"{faulty_live.http}/docs/errors#ih")


@pytest.mark.parametrize("path", ["/", "/healthz", "/docs/errors", "/nothing"])
def test_each_response_has_its_own_id_and_never_echoes_the_clients(faulty_live: Live, path: str) -> None:
    mine = {"X-Client-Request-Id": "mine-7"}
    first, second = (httpx.get(faulty_live.http + path, headers=mine) for _ in range(2))
    ids = {first.headers["x-correlation-id"], second.headers["x-correlation-id"]}
    assert len(ids) == 2
    assert all(str(uuid.UUID(one)) == one for one in ids)
    assert "mine-7" not in str(first.headers) + first.text
    assert "uvicorn" not in str(first.headers)
