"""What outlives a process: keys and client tokens, their use, and jobs."""

from backchannel.store.database import Store, downgrade_store, open_store
from backchannel.store.jobs import Job
from backchannel.store.keys import (
    REALTIME_SCOPE,
    SCOPES,
    STREAM_SCOPE,
    UPLOAD_SCOPE,
    ApiKey,
    KeyLimits,
)
from backchannel.store.refusals import StoreError, StoreUnavailableError
from backchannel.store.tokens import Caps, ClientToken

__all__ = [
    "REALTIME_SCOPE",
    "SCOPES",
    "STREAM_SCOPE",
    "UPLOAD_SCOPE",
    "ApiKey",
    "Caps",
    "ClientToken",
    "Job",
    "KeyLimits",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "downgrade_store",
    "open_store",
]
