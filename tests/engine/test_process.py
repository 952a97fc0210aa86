"""What only a process can do to the server, and the server to a process."""

import asyncio
from pathlib import Path

import pytest

from backchannel.engine.base import Piece
from backchannel.engine.jobs import LiveState
from backchannel.values import MediaLimits, Segment
from tests.engine.carriers import Processes, started

ROOT = Path(__file__).resolve().parents[2]


def test_what_a_library_prints_is_no_reply_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    async def scenario() -> None:
        async with asyncio.timeout(60), started(Processes()) as pool:
            state, _ = await pool.follow(LiveState(), Piece(Segment(b"print"), MediaLimits()))
            assert state.conversation == b"x"

    asyncio.run(scenario())
    assert "not a reply" not in "".join(capfd.readouterr())
