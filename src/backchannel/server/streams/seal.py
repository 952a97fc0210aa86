"""Encrypts what is kept of a session with its resume token, which only its client has.

The store has a digest of the token as the session's id. Neither the id nor the database lets anybody read
what the session said, or the second of sound in its state.
"""

import secrets
from hashlib import blake2b
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

TOKEN_BYTES: Final = 32
LONGEST_TOKEN: Final = 64
NONCE_BYTES: Final = 12


class Seal:
    """The lock of one session.

    Parameters
    ----------
    token
        Its resume token: 256 random bits, so that a plain digest of it is a good key.

    Attributes
    ----------
    id
        Name of the session in the store.
    """

    def __init__(self, token: str) -> None:
        self.token: Final = token
        secret = token[:LONGEST_TOKEN].encode(errors="replace")
        self.id: Final = blake2b(secret, digest_size=32, person=b"resume id").hexdigest()
        self._cipher = ChaCha20Poly1305(blake2b(secret, digest_size=32, person=b"resume key").digest())

    @classmethod
    def new(cls) -> Self:
        """Make a token and its lock."""
        return cls(secrets.token_urlsafe(TOKEN_BYTES))

    def close(self, plain: bytes, what: str) -> bytes:
        """Encrypt; `what` names it, so that nothing can be exchanged for something else."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, what.encode())

    def open(self, closed: bytes, what: str) -> bytes | None:
        """Decrypt; None if it was not closed with this token, or is something else."""
        try:
            return self._cipher.decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], what.encode())
        except (InvalidTag, ValueError):
            return None
