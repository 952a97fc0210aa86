"""`POST /v1/upload/analyze`: a file in, its analysis out, in one request."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from backchannel.engine.base import File
from backchannel.errors import Problem
from backchannel.protocol.multipart import Form
from backchannel.protocol.results import analysis_body
from backchannel.protocol.uploads import check_container, file_problem, given_words, include_of
from backchannel.server.access.admission import admit
from backchannel.server.access.auth import Principal
from backchannel.server.responses import json_response
from backchannel.server.services import Services
from backchannel.server.uploads.receive import gone, receive_form
from backchannel.store import UPLOAD_SCOPE
from backchannel.store.usage import Charge
from backchannel.values import SegmentResult

SERVER_FAULT: Final = 500

log = structlog.get_logger(__name__)


async def analyze_upload(request: Request) -> Response:
    """Analyse a file while its client waits."""
    services: Services = request.app.state.services
    async with AsyncExitStack() as held:
        await held.enter_async_context(services.shutdown.finishing(services.settings.drain_s))
        principal = await admit(request, UPLOAD_SCOPE)
        form = await accept_upload(request, principal, held)
        file = File(
            form.file or bytearray(),
            services.settings.file_limits,
            owner=principal.key.id,
            rules=services.rules_for(principal.key),
            words=services.listens_to(principal.key, request.url.query),
            given=given_words(form),
        )
        charge = await inspect_upload(file, principal, services)
        refund = True  # unless it becomes clear that it is not the server's fault
        try:
            results = await _unless_gone(request, services, file)
            refund = False
        except (Problem, ClientDisconnect) as ending:
            refund = isinstance(ending, Problem) and is_ours(ending)
            raise
        finally:
            await services.limits.settle(charge, refund=refund)
    log.info("upload analysed", key=principal.id, bytes=len(file.data), windows=len(results))
    return json_response(await asyncio.to_thread(analysis_body, results, include_of(form)))


async def accept_upload(request: Request, principal: Principal, held: AsyncExitStack) -> Form:
    """Take an upload off its connection, and hold the places that it takes.

    Raises
    ------
    Problem
        ``ih1002`` or ``ih3002`` when there is no place, what `Limits.charge` raises, or what is wrong with
        the form.
    """
    services: Services = request.app.state.services
    await services.limits.charge(principal)
    held.enter_context(services.uploads.one_more())
    await held.enter_async_context(services.limits.place(principal))
    form = await receive_form(request, services.settings)
    await services.limits.charge(principal, len(form.file or b""))
    return form


async def inspect_upload(
    file: File, principal: Principal, services: Services, *, sound_files: bool = False
) -> Charge:
    """Refuse what cannot be analysed, and charge for what can.

    Raises
    ------
    Problem
        What is wrong with the file; ``ih3003`` or ``ih3006`` when there is not enough left for it.
    """
    check_container(file.data, sound_files=sound_files)
    try:
        duration_s = await services.engine.inspect_file(file)
    except Problem as problem:
        raise file_problem(problem) from None
    return await services.limits.charge(principal, video_s=duration_s)


def is_ours(problem: Problem) -> bool:
    """Whether a problem is the server's, so that nobody is to pay for it."""
    return problem.entry.http_status >= SERVER_FAULT


async def _unless_gone(request: Request, services: Services, file: File) -> tuple[SegmentResult, ...]:
    """Analyse for as long as somebody waits for it."""

    async def begun(_duration_s: float) -> None:
        pass

    analysis = asyncio.create_task(services.engine.analyze_file(file, begun))
    leaving = asyncio.create_task(gone(request))
    try:
        await asyncio.wait({analysis, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not analysis.done():
            raise ClientDisconnect
        return analysis.result()
    except Problem as problem:
        raise file_problem(problem) from None
    finally:
        for task in (analysis, leaving):
            task.cancel()
        await asyncio.gather(analysis, leaving, return_exceptions=True)
