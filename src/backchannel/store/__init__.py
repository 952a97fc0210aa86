"""What outlives a process: keys and their use."""

from backchannel.store.database import KeyStore, open_store
from backchannel.store.keys import SCOPES, STREAM_SCOPE, UPLOAD_SCOPE, ApiKey
from backchannel.store.schema import StoreError

__all__ = ["SCOPES", "STREAM_SCOPE", "UPLOAD_SCOPE", "ApiKey", "KeyStore", "StoreError", "open_store"]
