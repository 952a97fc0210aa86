"""Reports in a browser: they open offline without errors, fit small and large screens, and print.

Screenshots are in `.cache/screenshots`. Look at them.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import backchannel
from backchannel.report.gather import recording_of
from backchannel.report.page import Detail, render_report
from backchannel.report.recording import Recording
from backchannel.report.story import story_of
from backchannel.summary.summarize import summarize
from backchannel.values import SignalType
from tests.conftest import SHARED
from tests.report.build import AGREEMENT, NOD, recording
from tests.screenshots import FOLDER, keep

MEDIA = {".mp4", ".mov", ".webm", ".mpg"}
CLIPS = sorted(path.name for path in (SHARED / "clips").glob("*") if path.suffix in MEDIA) or ["no clips"]
NOW = datetime(2026, 11, 22, 20, 18, tzinfo=UTC)

STILL = cv2.imencode(".jpg", np.full((24, 32, 3), 120, np.uint8))[1].tobytes()
Open = Callable[..., Page]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a report from a file, offline. Any console message or request fails the test."""
    faults: list[str] = []
    contexts = []

    def show(report: str, width: int = 1200, **options: Any) -> Page:
        path = tmp_path / "report.html"
        path.write_text(report, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request", lambda request: faults.append(request.url) if request.url != path.as_uri() else None
        )
        page.goto(path.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert not faults


def is_as_wide_as_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def printed_pages(page: Page) -> int:
    """Print a page to PDF, and count the sheets."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


def long_recording() -> Recording:
    """Return twenty minutes with many signals of every type, many cues, and much that is said."""
    types = cycle(get_args(SignalType))
    signals = [
        AGREEMENT | {"type": next(types), "start": at, "end": at + 3, "probability": level}
        for at, level in zip(range(0, 1180, 47), ["low", "medium", "high"] * 9, strict=False)
    ]
    words = "And so we thought that it might be worth to look at all of this again, from the beginning on. "
    said = [{"start": at, "end": at + 7, "text": words * 2} for at in range(0, 1190, 8)]
    cues = [NOD | {"start": at, "end": at + 1.5} for at in range(0, 1190, 6)]
    return recording(duration=1200, signals=signals, cues=cues, transcript=said)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIPS)
def test_the_report_of_each_clip_opens_offline_and_prints_on_two_pages(
    show: Open, clips: Path, name: str
) -> None:
    gathered = recording_of(backchannel.analyze(clips / name).windows, name, NOW)
    page = show(render_report(gathered))
    assert page.get_by_role("heading", level=1).inner_text() == name
    assert is_as_wide_as_its_window(page)
    assert printed_pages(page) <= 2
    keep(page, f"report-{Path(name).stem}")
    page = show(render_report(gathered, "full"))
    assert page.locator(".signal-card").count() == len(gathered.signals)
    assert is_as_wide_as_its_window(page)


def test_a_long_recording_with_stills_and_words_prints_on_two_pages(show: Open) -> None:
    stills = {moment.span.start_s: STILL for moment in summarize(story_of(long_recording())).moments}
    assert len(stills) == 3
    page = show(render_report(long_recording(), stills=stills))
    assert page.locator("img").count() == 3
    assert page.locator("img").first.evaluate("image => image.naturalWidth") == 32
    assert printed_pages(page) == 2
    keep(page, "report-brief-long")


def test_print_leaves_out_the_rest_of_a_long_transcript(show: Open) -> None:
    page = show(render_report(long_recording()))
    rest = page.locator("#transcript details")
    expect(rest.locator("summary")).to_have_text("All of it (149 phrases)")
    page.emulate_media(media="print")
    assert rest.is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("detail", get_args(Detail))
def test_the_report_fits_the_screen_and_is_accessible(
    show: Open, scheme: Any, width: int, detail: Detail
) -> None:
    page = show(render_report(long_recording(), detail), width, color_scheme=scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert is_as_wide_as_its_window(page)
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
    keep(page, f"report-{detail}-{width}-{scheme}")


def test_a_mark_links_to_its_signal_and_unfolds_the_evidence(show: Open) -> None:
    page = show(render_report(recording(), "full"))
    evidence = page.locator("#signal-1 details")
    assert evidence.get_attribute("open") is None
    page.get_by_role("link", name="Very likely agreeing").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#signal-1$"))
    expect(page.locator("#signal-1").get_by_role("cell", name="9.25°")).to_be_visible()


def test_the_report_is_complete_without_scripts(show: Open) -> None:
    page = show(render_report(recording(), "full"), java_script_enabled=False)
    page.locator("#signal-1 summary").click()
    assert page.locator("#signal-1").get_by_role("cell", name="9.25°").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_print_unfolds_evidence_and_omits_long_lists(show: Open, scripts: bool) -> None:
    page = show(render_report(recording(), "full"), java_script_enabled=scripts)
    page.emulate_media(media="print")
    assert page.locator("#signal-1").get_by_role("cell", name="9.25°").is_visible()
    assert page.locator("details.long").is_hidden()
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.pdf(path=str(FOLDER / "report.pdf"), prefer_css_page_size=True)
    assert page.locator("#signal-1 details").get_attribute("open") is None


def test_text_of_the_recording_never_runs_as_code(show: Open) -> None:
    nasty = (
        "</style></script><script>document.title = 'ran'</script><img src=x onerror=\"document.title='ran'\">"
    )
    page = show(render_report(recording(source=nasty, signals=[AGREEMENT | {"rationale": nasty}])))
    assert page.get_by_role("heading", level=1).inner_text() == nasty
    assert page.locator("img").count() == 0
    assert page.title().startswith(nasty)
