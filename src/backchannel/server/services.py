"""The objects that all handlers share. The server creates them once at the start."""

from dataclasses import dataclass, field, replace

from backchannel.config import Settings
from backchannel.engine.base import Engine
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.include import wants_words
from backchannel.server.access.ledger import Ledger
from backchannel.server.access.limits import Limits
from backchannel.server.guidance_writer import GuidanceWriter
from backchannel.server.holders import Holders
from backchannel.server.metrics import Metrics
from backchannel.server.shutdown import Shutdown
from backchannel.server.uploads.job_runner import Jobs
from backchannel.server.uploads.receive import HeldUploads
from backchannel.store import ApiKey, Store
from backchannel.values import Rules


@dataclass(frozen=True, slots=True)
class Services:
    """The objects that all handlers share."""

    settings: Settings
    store: Store
    engine: Engine
    limits: Limits
    ledger: Ledger
    links: ErrorLinks
    uploads: HeldUploads
    shutdown: Shutdown
    jobs: Jobs
    calibrated: Rules
    metrics: Metrics
    holders: Holders = field(default_factory=Holders)
    writer: GuidanceWriter | None = None

    def listens_to(self, key: ApiKey, query: str) -> bool:
        """Return whether the server listens for words in a key's media that comes with a query string."""
        return self.settings.words == "on" and key.words is not False and wants_words(query)

    def rules_for(self, key: ApiKey) -> Rules:
        """Return how media of a key is interpreted. The stricter policy of server and key counts."""
        strict = "behaviour" in (self.settings.policy, key.policy)
        return replace(self.calibrated, policy="behaviour" if strict else "full")
