"""Makes the browser recordings in tests/data/recorder: ``python -m tools.captures tests/data/recorder``.

Drives Debian's Chromium, headless. Its fake camera shows a rendered portrait, its fake microphone plays a
synthetic voice, and its MediaRecorder encodes both. Each numbered file is one `dataavailable` blob, byte for
byte what a page would send over a socket.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, Route, sync_playwright

from synthesis import Blink, Filler, Glance, Nod, Performance, Say, Shot, Smile, View, write_clip
from tools.fake_camera import fake_camera

WIDTH_PX, HEIGHT_PX = 320, 240
VIDEO_BPS: Final = 60_000
AUDIO_BPS: Final = 20_000
"""So low that the whole set stays under a megabyte. The face is still found and the speech still heard."""

ADDRESS: Final = "http://127.0.0.1:1/"
"""No server listens there; Playwright answers. Browsers give a camera to pages from this address."""

ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)

RECORD: Final = """
async (wanted) => {
  const camera = await navigator.mediaDevices.getUserMedia({
    video: wanted.video && {width: wanted.width_px, height: wanted.height_px},
    audio: wanted.audio && {echoCancellation: false, noiseSuppression: false, autoGainControl: false},
  });
  const blobs = [];
  for (let take = 0; take < wanted.takes; take++) {
    const recorder = new MediaRecorder(camera, {
      mimeType: wanted.media_type,
      videoBitsPerSecond: wanted.video_bps,
      audioBitsPerSecond: wanted.audio_bps,
    });
    recorder.ondataavailable = (event) => blobs.push(event.data);
    const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start(wanted.slice_ms ?? undefined);
    await new Promise((resolve) => setTimeout(resolve, wanted.take_ms));
    recorder.stop();
    await stopped;
  }
  camera.getTracks().forEach((track) => track.stop());
  const encoded = (blob) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(";base64,")[1] ?? "");
    reader.readAsDataURL(blob);
  });
  return await Promise.all(blobs.map(encoded));
}
"""


@dataclass(frozen=True, slots=True)
class Capture:
    """One recording to make.

    Attributes
    ----------
    media_type
        What the MediaRecorder is asked for.
    take_ms
        Time from `start()` to `stop()`, ms.
    slice_ms
        The recorder's time slice, ms; None gives one blob for each take.
    takes
        How often the recorder is started. Each start is a new stream.
    """

    name: str
    media_type: str
    take_ms: int
    slice_ms: int | None
    takes: int = 1
    video: bool = True
    audio: bool = True


CAPTURES: Final = (
    Capture("mp4-timeslice-3s", "video/mp4;codecs=vp9,opus", 12_400, 3000),
    Capture("webm-audio-only-timeslice-3s", "audio/webm;codecs=opus", 9400, 3000, video=False),
    Capture("webm-h264-timeslice-5s", "video/webm;codecs=h264,opus", 11_500, 5000),
    Capture("webm-video-only-timeslice-3s", "video/webm;codecs=vp8", 9400, 3000, audio=False),
    Capture("webm-vp8-restart-4s", "video/webm;codecs=vp8,opus", 4000, None, takes=3),
    Capture("webm-vp8-timeslice-3s", "video/webm;codecs=vp8,opus", 12_400, 3000),
    Capture("webm-vp9-timeslice-1s", "video/webm;codecs=vp9,opus", 10_500, 1000),
)
"""The same kinds, under the same names, as the recordings of real people that some tests use as well."""


def scene() -> Shot:
    """Return what the camera sees: a person who speaks, hesitates, nods, smiles, and speaks again."""
    doubt = Say(0.5, ("They are better than we expected.", 1.3, Filler(), 0.3, "But I am not quite sure."))
    decision = Say(9.7, ("Let us keep the plan as it is.",))
    gestures = (
        Blink(0.3),
        Glance(2.1, 1.1, yaw_deg=22.0, pitch_deg=4.0),
        Blink(4.2),
        Nod(6.0, cycles=3, peak_to_peak_deg=10.0, rate_hz=2.0),
        Smile(7.3, 2.0),
        Blink(9.4),
    )
    return Shot(Performance(12.0, gestures, (doubt, decision), seed=11), View(WIDTH_PX, HEIGHT_PX, 50.0))


def write_captures(target: Path) -> str:
    """Record everything into a folder each; returns the browser's version."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        clip = Path(name) / "scene.mp4"
        write_clip(clip, scene())
        camera = fake_camera(clip, Path(name), size_px=(WIDTH_PX, HEIGHT_PX))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *camera.arguments]
        )
        page = browser.new_page()
        page.route(f"{ADDRESS}**", _give_empty_page)
        page.goto(ADDRESS)
        for capture in CAPTURES:
            _write(target / capture.name, _record(page, capture))
        version = browser.version
        browser.close()
    return version


def _give_empty_page(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>Recorder</title>", content_type="text/html")


def _record(page: Page, capture: Capture) -> list[bytes]:
    wanted = {
        "media_type": capture.media_type,
        "take_ms": capture.take_ms,
        "slice_ms": capture.slice_ms,
        "takes": capture.takes,
        "video": capture.video,
        "audio": capture.audio,
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "video_bps": VIDEO_BPS,
        "audio_bps": AUDIO_BPS,
    }
    blobs: list[str] = page.evaluate(RECORD, wanted)
    return [base64.b64decode(blob) for blob in blobs]


def _write(folder: Path, chunks: list[bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, chunk in enumerate(chunks, start=1):
        # A neutral suffix: none of these but the first is a file that a player would open.
        (folder / f"{number:02}.bin").write_bytes(chunk)
    print(f"{folder.name}: {len(chunks)} chunks, {sum(map(len, chunks)) / 1000:.0f} kB")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.captures", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("target", type=Path, metavar="FOLDER")
    target: Path = parser.parse_args().target
    print(f"recorded by Chromium {write_captures(target)}")


if __name__ == "__main__":
    main()
