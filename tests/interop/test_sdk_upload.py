"""The vendor's own client, unmodified, against our uploads and client tokens: only `base_url` is changed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from interhumanai import InterhumanAPIError, InterhumanClient
from interhumanai.errors import UploadJobTimeoutError
from interhumanai.types import (
    IncludeFlag,
    Scope,
    UploadJob,
    UploadJobIncludeFlag,
    UploadJobStatus,
    UploadModel,
)

from backchannel.errors import CATALOGUE
from backchannel.store import STREAM_SCOPE, UPLOAD_SCOPE, KeyLimits, open_store
from tests.media.making import Recipe, make
from tests.server.live import Live, running

ROOT = Path(__file__).resolve().parents[2]
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp41|"


@pytest.fixture(scope="session")
def faulty_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server whose analysis does what the test's files tell it to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with running(tmp_path_factory.mktemp("faulty"), "tests.engine.faulty") as live:
            yield live


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await scenario()

    asyncio.run(bounded())


def client(live: Live, credential: str = "") -> InterhumanClient:
    return InterhumanClient(access_token=credential or live.key, base_url=live.http)


async def refusal(call: Awaitable[object]) -> InterhumanAPIError:
    with pytest.raises(InterhumanAPIError) as caught:
        await call
    error = caught.value
    assert error.error_id is not None
    assert error.correlation_id
    assert error.link is not None
    assert error.link.endswith(f"/docs/errors#{CATALOGUE[error.error_id].anchor}")
    return error


# --- uploads ---------------------------------------------------------------------------------------


def test_analyze(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(make(Recipe(duration_s=6.0)))

    async def scenario() -> None:
        plain = await client(live).upload.analyze(path)
        assert plain.engagement_state[0].start == 0.0
        assert plain.conversation_quality is None
        flags = [IncludeFlag.CONVERSATION_QUALITY_TIMELINE]
        with path.open("rb") as file:
            full = await client(live).upload.analyze(
                file, include=flags, goal_dimensions=["clarity"], conversation_context="An interview."
            )
        assert full.conversation_quality is not None
        assert [entry.start for entry in full.conversation_quality.timeline] == [0.0, 5.0]
        assert full.feedback is None

    run(scenario)


def test_analyze_under_the_policy_behaviour(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(make(Recipe(duration_s=6.0)))
    _, key = live.store.keys.create("school", policy="behaviour")

    async def scenario() -> None:
        flags = [IncludeFlag.CONVERSATION_QUALITY_OVERALL, IncludeFlag.CONVERSATION_QUALITY_TIMELINE]
        result = await client(live, key).upload.analyze(path, include=flags)
        assert result.engagement_state[0].start == 0.0
        assert result.conversation_quality is not None
        assert result.conversation_quality.overall.quality_index == 50

    run(scenario)


@pytest.mark.slow
def test_analyze_a_real_face(live: Live, clips: Path) -> None:
    async def scenario() -> None:
        result = await client(live).upload.analyze(clips / "man-selfie-playful-head-sway.mp4")
        assert result.signals
        assert all(signal.rationale and signal.probability and signal.modality for signal in result.signals)

    run(scenario)


def test_submit_wait_and_read_a_job(live: Live) -> None:
    film = make(Recipe(duration_s=11.5))

    async def scenario() -> None:
        upload = client(live).upload
        job = await upload.submit(film, model=UploadModel.INTER_2, include=list(UploadJobIncludeFlag))
        assert not job.is_terminal
        done = await upload.wait_for_job(job, timeout=100, poll_interval=0.05)
        assert (done.job_id, done.status) == (job.job_id, UploadJobStatus.COMPLETED)
        assert done.expires_at - done.created_at == timedelta(hours=1)
        assert done.result is not None
        assert [window.index for window in done.result.windows] == [0, 1, 2]
        assert done.result.signals is not None
        assert done.result.conversation_quality is not None
        assert done.result.conversation_quality.overall is not None
        assert done.result.conversation_quality.timeline is not None
        assert await upload.get_job(done.job_id) == done

        sound = make(Recipe(container="wav", video="", audio="pcm_s16le", duration_s=4.0))
        heard = await upload.submit(sound, model="inter-2-audio", wait_seconds=100)
        assert heard.status is UploadJobStatus.COMPLETED
        assert heard.result is not None
        assert heard.result.signals is None
        assert heard.result.conversation_quality is None

    run(scenario)


def test_what_a_bad_file_raises(live: Live) -> None:
    async def scenario() -> None:
        upload = client(live).upload
        silent = make(Recipe(duration_s=4.0, audio=""))
        for call, status, error_id in (
            (upload.submit(silent, model="inter-2"), 422, "ih5008"),
            (upload.submit(make(Recipe(duration_s=4.0, video="")), model="inter-2"), 422, "ih5001"),
            (upload.submit(silent, model="inter-2-deep"), 400, "ih4005"),
            (upload.submit(silent, model="inter-2-audio", wait_seconds=121), 400, "ih4005"),
            (upload.analyze(make(Recipe(duration_s=2.0))), 400, "ih4007"),
            (upload.analyze(b"nothing"), 400, "ih4002"),
            (upload.analyze(b"\0" * 33_554_433), 413, "ih4003"),
            (upload.get_job("0" * 32), 404, "ih4021"),
        ):
            error = await refusal(call)
            assert (error.status, error.error_id) == (status, error_id)

    run(scenario)


def test_a_job_that_runs_on_fails_and_expires(faulty_live: Live, tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    async def scenario() -> None:
        upload = client(faulty_live).upload
        waiting = await upload.submit(MP4 + f"|wait {gate}".encode(), model="inter-2")
        with pytest.raises(UploadJobTimeoutError) as caught:
            await upload.wait_for_job(waiting, timeout=0.05, poll_interval=0.01)
        assert isinstance(caught.value.job, UploadJob)
        gate.touch()
        assert (await upload.wait_for_job(waiting, poll_interval=0.01)).is_terminal
        failed = await upload.submit(MP4 + b"|raise", model="inter-2", wait_seconds=60)
        assert failed.status is UploadJobStatus.FAILED
        assert failed.error is not None
        assert (failed.error.error_id, failed.result) == ("ih1001", None)
        later = failed.expires_at
        with open_store(faulty_live.settings.data_dir, lambda: later) as store:
            # A later submission clears what has expired away.
            store.places.beat()
            store.jobs.create("other", "", "inter-2", 1)
        assert (await refusal(upload.get_job(failed))).error_id == "ih4021"

    run(scenario)


def test_bad_credentials(faulty_live: Live) -> None:
    _, stream_only = faulty_live.store.keys.create("stream", [STREAM_SCOPE])
    _, often = faulty_live.store.keys.create("often", limits=KeyLimits(requests_per_minute=1))

    async def scenario() -> None:
        for credential, status, error_id in (
            ("wrong", 401, "ih2001"),
            ("bk_ct_wrong", 401, "ih2011"),
            (stream_only, 403, "ih2003"),
        ):
            for call in (
                client(faulty_live, credential).upload.analyze(MP4),
                client(faulty_live, credential).upload.submit(MP4, model="inter-2"),
                client(faulty_live, credential).upload.get_job("0" * 32),
            ):
                error = await refusal(call)
                assert (error.status, error.error_id) == (status, error_id)
        await client(faulty_live, often).upload.analyze(MP4)
        assert (await refusal(client(faulty_live, often).upload.analyze(MP4))).error_id == "ih3001"

    run(scenario)


# --- client tokens ---------------------------------------------------------------------------------


def test_create_use_and_revoke_a_client_token(faulty_live: Live) -> None:
    async def scenario() -> None:
        auth = client(faulty_live).auth
        plain = await auth.create_client_token(api_key=faulty_live.key)
        assert (plain.token_type, plain.expires_in, plain.scope) == ("Bearer", 300, STREAM_SCOPE)
        assert (plain.max_concurrent, plain.max_bytes, plain.allowed_origins) == (1, None, None)
        token = await auth.create_client_token(
            api_key=faulty_live.key,
            scopes=[Scope.UPLOAD, Scope.STREAM],
            expires_in=5,
            max_duration_seconds=60,
            max_bytes=10_000,
            max_concurrent=3,
            max_video_seconds=1,
        )
        assert (token.expires_in, token.max_concurrent, token.max_video_seconds) == (60, 3, 1)
        upload = client(faulty_live, token.access_token).upload
        await upload.analyze(MP4)
        for _ in range(9):  # 0.1 s each, as this server's analysis has it
            await upload.analyze(MP4)
        spent = await refusal(upload.analyze(MP4))
        assert (spent.status, spent.error_id) == (429, "ih3006")
        for _ in range(2):
            await auth.revoke_client_token(api_key=faulty_live.key, token=token.access_token)
        assert (await refusal(upload.analyze(MP4))).error_id == "ih2014"
        denied = await refusal(auth.create_client_token(api_key="wrong"))
        assert (denied.status, denied.error_id) == (401, "ih2001")

    run(scenario)


def test_a_client_that_exchanges_its_key_and_renews_its_token(faulty_live: Live) -> None:
    key, secret = faulty_live.store.keys.create("legacy")

    async def scenario() -> None:
        managed = InterhumanClient(key_id=key.id, key_secret=secret, base_url=faulty_live.http)
        job = await managed.upload.submit(MP4, model="inter-2", wait_seconds=60)
        assert job.is_terminal
        other = InterhumanClient(key_id=key.id, key_secret=secret, base_url=faulty_live.http)
        assert (await other.upload.get_job(job.job_id)).job_id == job.job_id
        narrow = InterhumanClient(
            key_id=key.id, key_secret=secret, scopes=[UPLOAD_SCOPE], base_url=faulty_live.http
        )
        assert (await narrow.get_token()) != (await managed.get_token())

    run(scenario)
