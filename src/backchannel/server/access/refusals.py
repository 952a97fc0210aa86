"""What clients read when the store refuses their credential or has too little left for their media."""

from backchannel.errors import Problem
from backchannel.store.refusals import (
    BytesSpent,
    KeyRevoked,
    QuotaSpent,
    Refusal,
    TokenExpired,
    TokenRevoked,
    TokenUnknown,
    VideoSpent,
)


def problem_of(refusal: Refusal) -> Problem:
    """Return the problem that a client is sent for a refusal of the store."""
    match refusal:
        case KeyRevoked():
            return Problem("ih2001", "The API key is revoked. Use another key.")
        case TokenExpired():
            return Problem("ih2010", "The client token has expired. Mint a new one.")
        case TokenUnknown():
            return Problem("ih2011", "This server did not make this client token. Mint a new one.")
        case TokenRevoked():
            return Problem("ih2014", "The client token is revoked. Mint a new one.")
        case QuotaSpent():
            message = (
                f"The API key may use {refusal.quota_s:g} s of video a month. "
                f"{_video(refusal.used_s, refusal.asked_s)} The quota renews next month."
            )
            return Problem("ih3003", message, retry_after_s=refusal.retry_after_s)
        case VideoSpent():
            message = (
                f"The client token may use {refusal.budget_s:g} s of video. "
                f"{_video(refusal.used_s, refusal.asked_s)} Mint a new one."
            )
            return Problem("ih3006", message)
        case BytesSpent():
            message = (
                f"The client token may send {refusal.budget_bytes} bytes. It has sent "
                f"{refusal.used_bytes}, and {refusal.asked_bytes} more arrived. Mint a new one."
            )
            return Problem("ih3006", message)
    raise AssertionError(f"{type(refusal).__name__} has no message")


def _video(used_s: float, asked_s: float) -> str:
    asked = f", and this media is {asked_s:.1f} s long" if asked_s > 0 else ""
    return f"It has used {used_s:.1f} s{asked}."
