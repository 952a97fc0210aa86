"""What the handlers share; made once when the server starts."""

from dataclasses import dataclass

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.protocol.errors import ErrorLinks
from backchannel.server.access.limits import Limits
from backchannel.server.shutdown import Shutdown
from backchannel.server.uploads.job_runner import Jobs
from backchannel.server.uploads.receive import HeldUploads
from backchannel.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers share."""

    settings: Settings
    store: Store
    engine: Engine
    limits: Limits
    links: ErrorLinks
    uploads: HeldUploads
    shutdown: Shutdown
    jobs: Jobs
