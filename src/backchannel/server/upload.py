"""`POST /v1/upload/analyze`: a file in, its analysis out, in one request."""

import asyncio

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from backchannel.engine.base import File
from backchannel.errors import Problem
from backchannel.model import SegmentResult
from backchannel.protocol.results import analysis_body
from backchannel.protocol.uploads import check_container, file_problem, include_of
from backchannel.server.admission import admit
from backchannel.server.responses import json_response, problem_response
from backchannel.server.services import Services
from backchannel.server.upload_body import gone, lingering, receive_form
from backchannel.store import UPLOAD_SCOPE

log = structlog.get_logger(__name__)


async def analyze_upload(request: Request) -> Response:
    """Analyse a file while its client waits."""
    try:
        return await _analyze(request)
    except Problem as problem:
        log.info("upload refused", error_id=problem.error_id)
        return lingering(request, problem_response(request, problem))
    except ClientDisconnect:
        log.info("upload abandoned")
        return Response(status_code=400)


async def _analyze(request: Request) -> Response:
    services: Services = request.app.state.services
    principal = await admit(request, UPLOAD_SCOPE)
    with services.uploads.one_more():
        form = await receive_form(request, services.settings)
        data = form.file or bytearray()
        check_container(data)
        results = await _unless_gone(request, services, File(data, services.settings.file_limits))
    log.info("upload analysed", key=principal.id, bytes=len(data), windows=len(results))
    return json_response(await asyncio.to_thread(analysis_body, results, include_of(form)))


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
