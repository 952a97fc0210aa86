"""A server with calibrated weights uses them for every endpoint."""

import asyncio
from pathlib import Path

import httpx
import pytest

from backchannel.signals.calibration import write_calibration
from backchannel.values import Bands, Rules
from tests.server.live import Live, running
from tests.server.test_policy import posted

CLIP = "man-suit-interview-answer-long-pauses.mp4"
NEVER = Rules(priors=(("hesitation", -12.0), ("uncertainty", -12.0), ("confidence", -12.0)))
CAUTIOUS = Rules(bands=Bands(report=0.35, medium=0.99, high=0.999))


def signals_of(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(signal["type"], signal["probability"]) for signal in answer.json()["signals"]]


async def streamed(live: Live, media: bytes) -> list[tuple[str, str]]:
    async with live.stream() as stream:
        _, result, _ = await stream.ask(media)
        return [(signal["type"], signal["probability"]) for signal in result["signals"]]


@pytest.mark.parametrize("rules", [NEVER, CAUTIOUS], ids=["priors", "bands"])
def test_priors_and_bands_hold_on_streams_and_uploads(
    live: Live, clips: Path, tmp_path: Path, rules: Rules
) -> None:
    clip = clips / CLIP
    shipped = signals_of(posted(live, "/v1/upload/analyze", clip, {}))
    assert "hesitation" in dict(shipped)
    weights = tmp_path / "weights.toml"
    weights.write_text(write_calibration(rules))
    with running(tmp_path / "data", weights=weights) as calibrated:
        for signals in (
            signals_of(posted(calibrated, "/v1/upload/analyze", clip, {})),
            asyncio.run(streamed(calibrated, clip.read_bytes())),
        ):
            assert not {name for name, _ in rules.priors} & set(dict(signals))
            if rules is CAUTIOUS:
                assert set(dict(signals).values()) == {"low"}
