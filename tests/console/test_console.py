"""The console as people use it: a real browser, a real server with real workers, a person on camera.

Screenshots of every state are in ``.cache/screenshots``. Look at them.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from backchannel import analyze
from backchannel.html import words
from backchannel.html.words import likely
from backchannel.protocol.include import Include
from backchannel.protocol.results import analysis_body
from backchannel.server.pages.console import SAMPLE_NAME, read_files
from backchannel.signals.policy import scored_signals
from backchannel.values import BEHAVIOUR_NOTE, Probability, SignalType
from tests.console.conftest import NOD, Open, keep_figures
from tests.screenshots import keep
from tests.server.live import Live, listening_server, running
from tools.fake_camera import FakeCamera, fake_camera

pytestmark = pytest.mark.slow
WIDTHS_PX = (360, 768, 1280, 1920)
EVERYTHING = Include(quality_overall=True, quality_timeline=True, evidence=True)
REFUSED = "Failed to load resource"
LOST = "WebSocket connection"
MAX_DELAY_S = 2.0
NODS = 3


def open_console(page: Page, url: str) -> None:
    page.goto(url)
    expect(start_button(page)).to_be_enabled()


def start_button(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("button", name="Start", exact=True)


def start(page: Page, url: str) -> None:
    open_console(page, url)
    start_button(page).press("Enter")
    expect(page.locator("#state")).to_have_text("Live", timeout=20_000)
    # The focus stays on the controls and does not jump to the top of the page.
    expect(page.get_by_role("button", name="Pause")).to_be_focused()


def recorded_s(page: Page) -> float:
    """Return the recorded time that the page shows, s."""
    duration = page.locator("#time").get_attribute("datetime") or ""
    return float(duration.removeprefix("PT").removesuffix("S"))


def bars(page: Page, lane: str) -> Locator:
    return page.locator(f'.lane[data-key="{lane}"] .bar-item')


def span_of(bar: Locator) -> tuple[float, float]:
    """Return the start and end of a bar, s, from its label: "Nod, 9.9°, 0:02.5 to 0:04.0"."""
    times = re.findall(r"(\d+):(\d\d\.\d)", bar.get_attribute("aria-label") or "")
    start_s, end_s = (int(minutes) * 60 + float(seconds) for minutes, seconds in times)
    return start_s, end_s


def end_of(bar: Locator) -> float:
    return span_of(bar)[1]


def assert_fits(page: Page) -> None:
    """At no width is anything wider than the page, and on a laptop nothing scrolls."""
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width >= 1280:
            assert page.evaluate("document.documentElement.scrollHeight") <= 800
    page.set_viewport_size({"width": 1280, "height": 800})


def assert_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert not grave, [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in grave]


# --- words -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that listens for words."""
    with listening_server(tmp_path_factory.mktemp("words")) as live:
        yield live


def config_frames(page: Page) -> list[dict[str, Any]]:
    """Collect the config frames that the page sends."""
    sent: list[dict[str, Any]] = []

    def keep_config(payload: str | bytes) -> None:
        if isinstance(payload, str) and "include" in payload:
            sent.append(json.loads(payload))

    page.on("websocket", lambda socket: socket.on("framesent", keep_config))
    return sent


def test_words_can_be_switched_off_while_they_are_heard(
    listening: Live, nodding: FakeCamera, browse: Open
) -> None:
    page = browse(nodding)
    sent = config_frames(page)
    start(page, listening.http)
    switch = page.get_by_label("Words are heard")
    expect(switch).to_be_checked()
    keep(page, "words")
    assert_accessible(page)
    switch.uncheck()
    expect(switch).to_be_disabled()
    page.get_by_role("button", name="End").click()
    expect(page.locator("#state")).to_have_text("Ended", timeout=20_000)
    expect(switch).to_be_enabled()
    expect(switch).not_to_be_checked()
    assert [frame.get("words") for frame in sent] == [None, False]
    assert sent[0]["include"] == sent[1]["include"]
    start_button(page).click()
    expect(page.locator("#state")).to_have_text("Live", timeout=20_000)
    assert [frame.get("words") for frame in sent] == [None, False, False]


def test_without_words_there_is_no_switch(live: Live, browse: Open) -> None:
    page = browse()
    open_console(page, live.http)
    expect(page.get_by_label("Words are heard")).to_be_hidden()


# --- the first minute ------------------------------------------------------------------------------


def test_a_real_person_gets_a_first_signal(live: Live, speaking: FakeCamera, browse: Open) -> None:
    page = browse(speaking)
    opened_s = time.monotonic()
    open_console(page, live.http)
    timing: Any = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    assert timing["loadEventEnd"] < 1000
    assert_accessible(page)
    keep(page, "setup")
    assert page.get_by_role("region", name="Timeline").count() == 0
    start_button(page).click()
    first = page.locator(".chip").first
    expect(first).to_be_visible(timeout=30_000)
    took_s = time.monotonic() - opened_s
    # A sentence without times, and what it may mean. The numbers are one click below.
    headline = first.locator(".rationale").inner_text()
    assert headline.endswith(".")
    assert headline == words.headline(headline)
    assert re.match(
        r"(Possibly|Likely|Very likely) [a-z]+$", first.locator(".chip-level").inner_text().strip()
    )
    first.locator(".chip-head").press("Enter")
    assert first.locator(".full").inner_text().startswith(headline.removesuffix(".")[:20])
    figures = first.locator("tbody tr")
    assert figures.count() >= 1
    assert re.search(r"\d", figures.first.inner_text())
    expect(page.locator("#overlay-face")).to_be_visible(timeout=10_000)
    page.get_by_label("Face outline").uncheck()
    expect(page.locator("#overlay-face")).to_be_hidden()
    page.get_by_label("Face outline").check()
    expect(page.locator("#health")).to_have_text(re.compile("keeping up"))
    page.locator("#health summary").press("Enter")
    expect(page.locator("#latency")).to_have_text(re.compile(r"^\d\.\d s$"))
    expect(page.locator("#coverage")).to_have_text("100 %")
    assert_accessible(page)
    page.locator("#health summary").press("Enter")
    page.get_by_text("Conversation quality", exact=True).click()
    expect(page.locator('#quality [role="meter"]').first).to_have_attribute(
        "aria-valuetext", re.compile(r"^\d+$"), timeout=10_000
    )
    expect(page.locator("#quality")).to_contain_text("not enough evidence")
    # Only lanes for what has happened.
    assert set(
        page.locator(".lane.signal").evaluate_all("all => all.map((lane) => lane.children.length > 0)")
    ) == {True}
    page.get_by_role("button", name="Show cues").click()
    assert_accessible(page)
    assert_fits(page)
    keep(page, "live")
    keep_figures(first_signal_s=took_s, page_ready_ms=timing["loadEventEnd"])
    assert took_s < 15


def test_a_nod_appears_within_two_seconds_of_its_end(live: Live, nodding: FakeCamera, browse: Open) -> None:
    page = browse(nodding, color_scheme="dark")
    start(page, live.http)
    page.get_by_role("button", name="Show cues").click()
    nods, agreements = bars(page, "cue nod"), bars(page, "agreement")
    delays_s: list[float] = []
    # If other work delays the machine, one of the next nods must be on time.
    while len(delays_s) < NODS and not (delays_s and delays_s[-1] < MAX_DELAY_S):
        expect(nods.nth(len(delays_s))).to_be_attached(timeout=20_000)
        delays_s.append(recorded_s(page) - end_of(nods.nth(len(delays_s))))
    keep_figures(nod_delay_s=delays_s[-1])
    assert delays_s[-1] < MAX_DELAY_S
    nod = nods.first
    start_s, end_s = span_of(nod)
    assert end_s - start_s == pytest.approx(NOD.cycles / NOD.rate_hz, abs=0.3)
    expect(agreements.first).to_be_attached()
    assert span_of(agreements.first)[0] == pytest.approx(start_s, abs=0.3)
    expect(page.locator(".tag").filter(has_text="nodding").first).to_be_attached(timeout=15_000)
    assert_accessible(page)
    keep(page, "live-dark")

    # A click on the timeline shows that moment. So does the keyboard.
    nod.click()
    moment = page.get_by_role("region", name=re.compile(r"^At 0:\d\d\.\d$"))
    expect(moment).to_contain_text("Nod: ")
    expect(moment).to_contain_text("Nodded")
    expect(page.locator("#video")).to_be_in_viewport()
    page.get_by_role("button", name="Back to now").click()
    page.locator("#viewport").focus()
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.search(r"\d+:\d\d\.\d to \d+:\d\d\.\d$", focused)
    assert_accessible(page)

    # A pause stops the recording. It continues afterwards.
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.locator("#state")).to_have_text("Paused")
    paused_s = recorded_s(page)
    keep(page, "paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#state")).to_have_text("Live")
    assert recorded_s(page) - paused_s < 1.0

    with page.expect_download() as saving:
        page.get_by_role("button", name="Save report").click()
    report = Path(saving.value.path()).read_text(encoding="utf-8")
    assert "Nodded" in report
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.locator("#state")).to_have_text("Ended", timeout=20_000)
    assert_accessible(page)
    keep(page, "ended-dark")


# --- when something is missing ---------------------------------------------------------------------


def test_without_permission_the_page_explains_what_to_do(live: Live, browse: Open) -> None:
    page = browse(allowed=False)
    open_console(page, live.http)
    start_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("No permission.")
    expect(start_button(page)).to_be_enabled()
    assert_accessible(page)
    keep(page, "no-permission")


def test_no_face_in_view(live: Live, browse: Open) -> None:
    page = browse(viewport={"width": 360, "height": 740})
    start(page, live.http)
    expect(page.locator("#conditions")).to_contain_text("No face in view.", timeout=15_000)
    expect(page.locator("#health")).to_contain_text("no face")
    expect(page.locator("#engagement")).to_have_text("Not visible")
    assert page.locator("#face-share").text_content() == "0 %"
    assert page.locator(".chip").count() == 0
    assert_fits(page)
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 800})
        keep(page, f"no-face-{width}")
    assert_accessible(page)


def test_black_video_and_silence(live: Live, clips: Path, browse: Open, tmp_path: Path) -> None:
    page = browse(fake_camera(clips / "black-screen-no-audio.mp4", tmp_path), color_scheme="dark")
    start(page, live.http)
    conditions = page.locator("#conditions")
    expect(conditions).to_contain_text("Too dark.", timeout=15_000)
    expect(conditions).to_contain_text("No sound.", timeout=20_000)
    assert "No face" not in conditions.inner_text()
    assert page.locator(".chip").count() == 0
    keep(page, "too-dark")


def test_after_a_long_pause_a_new_session_continues(
    nodding: FakeCamera, browse: Open, tmp_path: Path
) -> None:
    with running(tmp_path, idle_timeout_s=1.0) as live:
        page = browse(nodding, expected=[LOST, REFUSED])
        start(page, live.http)
        page.get_by_role("button", name="Pause").click()
        # The server ends the idle session. The page shows no error.
        page.wait_for_timeout(2000)
        expect(page.locator("#state")).to_have_text("Paused")
        assert page.locator(".marks .join").count() == 0
        page.get_by_role("button", name="Resume").click()
        expect(page.locator(".marks .join")).to_be_attached(timeout=10_000)
        expect(page.locator("#state")).to_have_text("Live")
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(2000)
        page.get_by_role("button", name="End", exact=True).click()
        expect(page.locator("#state")).to_have_text("Ended", timeout=5_000)


def test_after_a_kill_and_restart_of_the_server_nothing_is_lost(
    nodding: FakeCamera, browse: Open, tmp_path: Path
) -> None:
    page = browse(nodding, expected=[LOST, REFUSED])
    with serving(tmp_path) as (url, port):
        start(page, url)
        expect(bars(page, "agreement").first).to_be_attached(timeout=20_000)
        before = bars(page, "agreement").first.get_attribute("data-id")
    expect(page.locator("#state")).to_have_text("Reconnecting", timeout=10_000)
    expect(page.locator("#conditions")).to_contain_text("The connection to the server was lost.")
    keep(page, "reconnecting")
    with serving(tmp_path, port):
        expect(page.locator("#conditions")).to_contain_text("Reconnected, nothing lost.", timeout=30_000)
        expect(page.locator("#state")).to_have_text("Live")
        keep(page, "resumed")
        # Earlier results are still there, what was recorded meanwhile is analysed, and the clock continues.
        assert bars(page, "agreement").first.get_attribute("data-id") == before
        expect(bars(page, "agreement").nth(1)).to_be_attached(timeout=20_000)
        assert end_of(bars(page, "agreement").nth(1)) <= recorded_s(page) + 0.1
        assert page.locator(".marks .join").count() == 0
        assert page.locator(".marks .loss").count() == 0


def test_a_session_that_cannot_be_resumed_is_followed_by_a_new_one_and_the_gap_is_marked(
    nodding: FakeCamera, browse: Open, tmp_path: Path
) -> None:
    page = browse(nodding, expected=[LOST, REFUSED])
    with serving(tmp_path, resume_s=0) as (url, port):
        start(page, url)
        expect(bars(page, "agreement").first).to_be_attached(timeout=20_000)
        before = bars(page, "agreement").first.get_attribute("data-id")
    expect(page.locator("#state")).to_have_text("Reconnecting", timeout=10_000)
    lost_s = recorded_s(page)
    with serving(tmp_path, port, resume_s=0):
        expect(page.locator("#state")).to_have_text("Live", timeout=30_000)
        # Earlier results are still there, the gap is marked, and the clock continues.
        assert bars(page, "agreement").first.get_attribute("data-id") == before
        expect(page.locator(".marks .join")).to_be_attached()
        expect(page.locator(".marks .loss").first).to_be_attached()
        expect(bars(page, "agreement").nth(1)).to_be_attached(timeout=20_000)
        again_s = end_of(bars(page, "agreement").nth(1))
        assert lost_s < again_s <= recorded_s(page) + 0.1
        assert page.locator("#coverage").text_content() != "100 %"
        # The times of its evidence are those of the page.
        newest = page.locator(".chip").first
        newest.locator(".chip-head").click()
        times = re.findall(r"0:(\d\d\.\d)", newest.locator("tbody").inner_text())
        assert all(float(time_s) > lost_s for time_s in times)
        assert times
        keep(page, "reconnected")


# --- other ways in ---------------------------------------------------------------------------------


def test_a_file_is_uploaded_and_then_played_beside_the_results_of_the_command_line(
    live: Live, clips: Path, browse: Open
) -> None:
    clip = clips / "man-suit-interview-answer-long-pauses.mp4"
    body = analysis_body(list(analyze(clip)), EVERYTHING)
    expected: Any = msgspec.json.decode(msgspec.json.encode(body))
    page = browse()
    open_console(page, live.http)
    page.locator("#file").set_input_files(clip)
    expect(page.locator("#working-text")).to_have_text(
        re.compile(r"^(Uploading: 0:\d\d of|Analysing) 0:\d\d")
    )
    keep(page, "file-analysing")
    with page.expect_response(re.compile("upload")) as answered:
        expect(page.locator("#state")).to_have_text("Ended", timeout=60_000)
    result: Any = answered.value.json()["result"]
    for signal in expected["signals"]:
        del signal["modality"]
    assert result["signals"] == expected["signals"]
    assert result["engagement_state"] == expected["engagement_state"]
    assert result["conversation_quality"] == expected["conversation_quality"]
    assert result["cues"] == expected["cues"]
    # Every signal is on the timeline, and the file plays beside them.
    assert page.locator(".lane.signal .bar-item").count() == len(expected["signals"])
    expect(page.locator("#time")).not_to_have_text("0:00")
    page.evaluate("document.querySelector('#video').pause()")
    first = page.locator(".lane.signal .bar-item").first
    first.press("Enter")
    expect(page.locator(".chip").first).to_contain_text(likely(*strongest_first(expected["signals"], first)))
    at_s = page.evaluate("document.querySelector('#video').currentTime")
    assert at_s == pytest.approx(span_of(first)[0], abs=0.1)
    page.locator("#scrubber").fill("1.5")
    assert page.evaluate("document.querySelector('#video').currentTime") == pytest.approx(1.5, abs=0.1)
    assert_accessible(page)
    assert_fits(page)
    keep(page, "file-ended")


def strongest_first(signals: list[dict[str, Any]], bar: Locator) -> tuple[Probability, SignalType]:
    """Return the level and the type of the signal that a bar shows."""
    start_s, _ = span_of(bar)
    found = min(signals, key=lambda signal: abs(signal["start"] - start_s))
    return found["probability"], found["type"]


def test_a_video_without_sound_is_uploaded_too(live: Live, clips: Path, browse: Open) -> None:
    page = browse(expected=[REFUSED])
    open_console(page, live.http)
    page.locator("#file").set_input_files(clips / "black-screen-no-audio.mp4")
    expect(page.locator("#state")).to_have_text("Ended", timeout=30_000)
    expect(page.locator("#engagement")).to_have_text("Not visible")
    assert page.locator(".chip").count() == 0
    page.get_by_role("button", name="Show cues").click()
    expect(bars(page, "cue face_absent")).to_be_attached()


def test_a_file_above_the_limit_is_played_and_analysed_live(live: Live, clips: Path, browse: Open) -> None:
    page = browse()
    page.route(
        "**/console/upload.js",
        lambda route: route.fulfill(body=with_a_limit(100_000), content_type="text/javascript"),
    )
    open_console(page, live.http)
    page.locator("#file").set_input_files(clips / "man-webcam-posed-head-moves.webm")
    expect(page.locator("#state")).to_have_text("Live", timeout=10_000)
    expect(page.locator("#conditions")).to_contain_text("Large file.")
    expect(page.locator("#face-share")).to_have_text("100 %", timeout=10_000)
    expect(page.locator("#time")).to_have_text("0:03", timeout=10_000)
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.locator("#state")).to_have_text("Ended", timeout=20_000)
    # After the session, a moment of the timeline still shows that moment of the file.
    page.locator("#scrubber").fill("1.5")
    assert page.evaluate("document.querySelector('#video').currentTime") == pytest.approx(1.5, abs=0.1)


def with_a_limit(limit_bytes: int) -> str:
    """Return the module that uploads, with a lower limit, so that a test needs no large file."""
    text = read_files()["upload.js"].content.decode()
    changed = text.replace("MAX_FILE_BYTES = 32 * 1024 * 1024", f"MAX_FILE_BYTES = {limit_bytes}")
    assert changed != text
    return changed


def test_an_analysis_can_be_cancelled(live: Live, clips: Path, browse: Open) -> None:
    page = browse()
    open_console(page, live.http)
    page.locator("#file").set_input_files(clips / "man-webcam-posed-head-moves.webm")
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("main").get_by_role("button", name="Analyse", exact=True)).to_be_focused()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_the_sample_needs_no_camera_and_no_key(clips: Path, browse: Open, tmp_path: Path) -> None:
    with running(tmp_path) as live:
        shutil.copy(clips / "woman-frowning-firm-statement.mp4", live.settings.data_dir / SAMPLE_NAME)
        page = browse(allowed=False)
        open_console(page, live.http)
        page.get_by_role("button", name="Try the sample").click()
        expect(page.locator("#state")).to_have_text("Ended", timeout=60_000)
        expect(page.locator(".lane.signal .bar-item").first).to_be_attached()
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save report").click()
        assert "<h1>Sample.mp4</h1>" in Path(saving.value.path()).read_text(encoding="utf-8")


def test_a_dropped_file_that_is_not_a_video_is_an_error(live: Live, browse: Open) -> None:
    page = browse(expected=[REFUSED])
    open_console(page, live.http)
    letter = page.evaluate_handle(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["This is not a video."], "letter.mp4"));
          return dropped;
        }"""
    )
    page.dispatch_event("#frame", "dragover", {"dataTransfer": letter})
    expect(page.locator("#frame")).to_have_class(re.compile("dropping"))
    page.dispatch_event("#frame", "drop", {"dataTransfer": letter})
    expect(page.locator("#frame")).not_to_have_class(re.compile("dropping"))
    expect(page.locator("#file-name")).to_have_text("letter.mp4")
    expect(page.get_by_role("alert")).to_contain_text("This is not a supported video file.")
    page.get_by_role("button", name="Use the camera instead").click()
    expect(start_button(page)).to_be_enabled()


def test_the_page_asks_for_a_key_if_one_is_needed(browse: Open, tmp_path: Path) -> None:
    with running(tmp_path, console="key") as guarded:
        page = browse(expected=[LOST, REFUSED])
        open_console(page, guarded.http)
        expect(page.get_by_label("API key")).to_be_visible()
        start_button(page).click()
        expect(page.get_by_role("alert")).to_contain_text("An API key is needed.")
        page.get_by_label("API key").fill("bk_live_" + "x" * 49)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("not known here")
        assert_accessible(page)
        keep(page, "key")
        page.get_by_label("API key").fill(guarded.key)
        page.keyboard.press("Enter")
        expect(page.locator("#state")).to_have_text("Live", timeout=20_000)
        assert page.get_by_label("API key").input_value() == ""
        expect(page.get_by_label("API key")).to_be_hidden()


@contextmanager
def serving(data_dir: Path, port: int = 0, resume_s: float = 60.0) -> Iterator[tuple[str, int]]:
    """Run `backchannel serve` in its own process, and kill it at the end."""
    port = port or _free_port()
    command = [sys.executable, "-c", "from backchannel.cli import main; main()", "serve"]
    options = ["--port", str(port), "--data-dir", str(data_dir), "--workers", "1", "--log-level", "error"]
    environ = {**os.environ, "BACKCHANNEL_RESUME_S": str(resume_s)}
    server = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, env=environ)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline_s = time.monotonic() + 60
        while not _ready(url):
            assert time.monotonic() < deadline_s, "the server did not become ready"
            time.sleep(0.1)
        yield url, port
    finally:
        server.kill()
        server.wait()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_server_that_reports_only_behaviour_says_so_and_shows_no_quality(
    browse: Open, tmp_path: Path
) -> None:
    with running(tmp_path, policy="behaviour") as live:
        page = browse()
        start(page, live.http)
        expect(page.locator("#policy")).to_be_visible()
        expect(page.locator("#policy")).to_have_text(BEHAVIOUR_NOTE)
        expect(page.get_by_role("heading", name="Conversation quality")).to_be_hidden()
        assert_accessible(page)
        keep(page, "behaviour")
        lanes = page.locator(".lane-name.signal").all_inner_texts()
        assert {lane.lower() for lane in lanes} <= set(scored_signals("behaviour"))
        with page.expect_download() as download:
            page.get_by_role("button", name="Save report").click()
        assert BEHAVIOUR_NOTE in Path(download.value.path()).read_text(encoding="utf-8")
