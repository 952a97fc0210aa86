"""`POST /v2/upload/analyze` and `GET /v2/upload/jobs/{job_id}`: a file in, its analysis when it is done."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import msgspec
import structlog
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from backchannel.engine.base import File
from backchannel.errors import Problem
from backchannel.protocol.errors import ErrorLinks, error_body
from backchannel.protocol.multipart import Form
from backchannel.protocol.products import model_named
from backchannel.protocol.uploads import JobBody, JobRequest, ResultBody, given_words, read_job_request
from backchannel.server.access.admission import admit
from backchannel.server.access.auth import Principal
from backchannel.server.responses import json_response
from backchannel.server.services import Services
from backchannel.server.uploads.analyze import accept_upload, inspect_upload, is_ours
from backchannel.server.uploads.receive import gone
from backchannel.store import UPLOAD_SCOPE, Job

ACCEPTED: Final = 202

log = structlog.get_logger(__name__)


async def submit_upload(request: Request) -> Response:
    """Begin a job; and, when asked to, wait for it for a while."""
    services: Services = request.app.state.services
    job, wait_s = await _submit(request, services)
    await _wait(request, services, job, wait_s)
    job = await services.jobs.find(job.id, job.key_id)
    return json_response(_body(job, services.links), 200 if job.is_terminal else ACCEPTED)


async def show_job(request: Request) -> Response:
    """Say how a job stands."""
    services: Services = request.app.state.services
    principal = await admit(request, UPLOAD_SCOPE)
    job = await services.jobs.find(request.path_params["job_id"], principal.key.id)
    return json_response(_body(job, services.links))


async def _submit(request: Request, services: Services) -> tuple[Job, float]:
    async with services.shutdown.finishing(services.settings.drain_s), AsyncExitStack() as held:
        principal = await admit(request, UPLOAD_SCOPE)
        form = await accept_upload(request, principal, held)
        asked = read_job_request(form)
        file = _file(form, asked, principal, services, request.url.query)
        charge = await inspect_upload(file, principal, services, sound_files=asked.sound_only)
        places = held.pop_all()

        async def at_end(failure: Problem | None) -> None:
            await places.aclose()
            await services.limits.settle(charge, refund=failure is not None and is_ours(failure))

        try:
            job = await services.jobs.submit(
                principal.key.id, request.state.correlation_id, file, asked, at_end
            )
        except BaseException:
            await places.aclose()
            await services.limits.settle(charge, refund=True)
            raise
    log.info("job submitted", key=principal.id, job=job.id, bytes=len(file.data))
    return job, asked.wait_s


def _file(form: Form, asked: JobRequest, principal: Principal, services: Services, query: str) -> File:
    return File(
        form.file or bytearray(),
        services.settings.file_limits,
        needs_picture=not asked.sound_only,
        needs_sound=True,
        sound_only=asked.sound_only,
        rules=services.rules_for(principal.key),
        owner=principal.key.id,
        words=services.listens_to(principal.key, query),
        given=given_words(form),
    )


async def _wait(request: Request, services: Services, job: Job, wait_s: float) -> None:
    """Wait for a job's end, unless the client goes or the server stops before."""
    if not wait_s:
        return
    stopping = asyncio.Event()
    waits = [
        asyncio.create_task(wait) for wait in (services.jobs.ended(job.id), gone(request), stopping.wait())
    ]
    try:
        with services.shutdown.attend(stopping.set):
            await asyncio.wait(waits, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _failure(job: Job) -> Problem | None:
    if job.was_interrupted:
        return Problem("ih1004", "The server stopped before this job was done. Submit the file again.")
    return None if job.error_id is None else Problem(job.error_id, job.error_message or "")


def _body(job: Job, links: ErrorLinks) -> JobBody:
    model = model_named(job.model)
    if model is None:
        raise Problem("ih1001", "The job was kept by another version of this server.")
    failure = _failure(job)
    error = None if failure is None else error_body(failure, job.correlation_id, links)
    return JobBody(
        job_id=job.id,
        status=job.status,
        model=model,
        created_at=job.created_at,
        expires_at=job.expires_at,
        status_url=f"/v2/upload/jobs/{job.id}",
        result=UNSET if job.result is None else msgspec.json.decode(job.result, type=ResultBody),
        error=UNSET if error is None else error,
    )
