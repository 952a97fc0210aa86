"""Have a language model word advice, if the operator has named one: off by default.

It is any server with the usual interface for chat completions (``POST {url}/chat/completions``). It sees the
evidence, what was said, the client's instructions and the sentence of the table, and nothing else. Its
sentence is used only if it is grounded (`guidance.grounding`) and comes in time. Otherwise the sentence of
the table is used. Nothing of it is logged.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog

from backchannel.config import Settings
from backchannel.guidance.grounding import MAX_WORDS, is_grounded
from backchannel.guidance.guide import Advice

MAX_ANSWER_BYTES: Final = 64 * 1024
MAX_TOKENS: Final = 120
MOST_HEARD: Final = 20
"""Phrases of the transcript that the model sees, the last ones (judgement: a minute or two)."""
SYSTEM: Final = (
    "You advise somebody who talks with a person in a video call. You get one piece of advice, the "
    "measurements behind it, and what was said. Write the advice again as one short sentence of at most "
    f"{MAX_WORDS} words that fits the instructions and the conversation. Keep its meaning. Name the "
    "evidence. Use no number, quotation or observation that is not given. Do not name feelings or "
    "thoughts. Write only the sentence."
)

log = structlog.get_logger(__name__)


class _Message(msgspec.Struct, frozen=True):
    content: str


class _Choice(msgspec.Struct, frozen=True):
    message: _Message


class _Answer(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...]


@dataclass(frozen=True, slots=True)
class GuidanceWriter:
    """A language model that words advice.

    Attributes
    ----------
    url, model, key
        Where it is, which it is, and the credential; empty for none.
    timeout_s
        How long to wait for a sentence.
    """

    url: str
    model: str
    key: str
    timeout_s: float

    async def write(self, advice: Advice, heard: Sequence[str], instructions: str) -> str:
        """Return a sentence for some advice: the model's, or that of the table."""
        heard = heard[-MOST_HEARD:]
        began_s = asyncio.get_running_loop().time()
        outcome = "used"
        text = advice.text
        try:
            async with asyncio.timeout(self.timeout_s):
                written = await asyncio.to_thread(
                    self._ask, _request(self.model, advice, heard, instructions)
                )
            if is_grounded(written, advice, heard):
                text = written
            else:
                outcome = "not grounded"
        except TimeoutError:
            outcome = "late"
        except (OSError, HTTPException, msgspec.MsgspecError, UnicodeDecodeError, IndexError):
            outcome = "failed"
        took_s = asyncio.get_running_loop().time() - began_s
        log.info("advice written", outcome=outcome, took_s=round(took_s, 3))
        return text

    def _ask(self, request: bytes) -> str:
        address = urlsplit(self.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self.timeout_s)
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            path = f"{address.path.rstrip('/')}/chat/completions"
            connection.request("POST", path, request, headers)
            answer = connection.getresponse()
            body = answer.read(MAX_ANSWER_BYTES)
        finally:
            connection.close()
        return " ".join(msgspec.json.decode(body, type=_Answer).choices[0].message.content.split())


def guidance_writer(settings: Settings) -> GuidanceWriter | None:
    """Return the writer that the settings name, or None."""
    if not settings.guidance_url:
        return None
    return GuidanceWriter(
        settings.guidance_url, settings.guidance_model, settings.guidance_key, settings.guidance_timeout_s
    )


def _request(model: str, advice: Advice, heard: Sequence[str], instructions: str) -> bytes:
    evidence: list[dict[str, Any]] = [
        {"cue": entry.cue, "measure": entry.measure, "value": round(entry.value, 2), "unit": entry.unit}
        | ({"words": entry.text} if entry.text else {})
        for entry in advice.evidence
    ]
    given = {"advice": advice.text, "evidence": evidence, "said": heard, "instructions": instructions}
    return msgspec.json.encode(
        {
            "model": model,
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": msgspec.json.encode(given).decode()},
            ],
            "temperature": 0,
            "max_tokens": MAX_TOKENS,
        }
    )
