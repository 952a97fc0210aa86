"""What the handlers share; made once when the server starts."""

from dataclasses import dataclass

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.protocol.errors import ErrorLinks
from backchannel.server.farewell import Farewell
from backchannel.server.jobs import Jobs
from backchannel.server.limits import Limits
from backchannel.server.upload_body import HeldUploads
from backchannel.store import KeyStore


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers share."""

    settings: Settings
    store: KeyStore
    engine: Engine
    limits: Limits
    links: ErrorLinks
    uploads: HeldUploads
    farewell: Farewell
    jobs: Jobs
