"""What must hold of the pages, whatever they say."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import msgspec
import pytest

from backchannel.config import Settings
from docs.site import pages

ROOT = Path(__file__).resolve().parents[2]


class Page(HTMLParser):
    """What a page names, and what it leads to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def every(self, attribute: str, *tags: str) -> Iterator[str]:
        for tag, attributes in self.tags:
            value = attributes.get(attribute)
            if value is not None and (not tags or tag in tags):
                yield value


@pytest.fixture(scope="module")
def built(site: Path) -> dict[str, Page]:
    return {path.name: Page(path) for path in sorted(site.glob("*.html"))}


def test_every_link_leads_somewhere(site: Path, built: dict[str, Page]) -> None:
    ids = {name: set(page.every("id")) for name, page in built.items()}
    checked = 0
    for name, page in built.items():
        for link in [*page.every("href"), *page.every("src")]:
            if urlsplit(link).scheme or link == "../":  # elsewhere; the console
                continue
            target, anchor = urldefrag(link)
            assert (site / (target or name)).is_file(), f"{name} links to {link}"
            if anchor:
                assert anchor in ids[target or name], f"{name} links to {link}"
            checked += 1
    assert checked > 500


def test_no_page_needs_what_its_policy_forbids(built: dict[str, Page]) -> None:
    for name, page in built.items():
        for tag, attributes in page.tags:
            assert tag not in {"script", "style", "iframe", "object", "form"}, name
            assert "style" not in attributes, f"{name}: {tag}"
            assert not any(attribute.startswith("on") for attribute in attributes), f"{name}: {tag}"
        loaded = [*page.every("src"), *page.every("href", "link")]
        assert not any(urlsplit(link).scheme or link.startswith("//") for link in loaded), name


def test_every_page_can_be_read_by_who_does_not_see_it(built: dict[str, Page]) -> None:
    for name, page in built.items():
        tags = [tag for tag, _ in page.tags]
        assert tags.count("h1") == 1, name
        assert tags.count("main") == 1, name
        assert dict(page.tags)["html"] == {"lang": "en"}, name
        for tag, attributes in page.tags:
            assert tag != "img" or "alt" in attributes, name
            assert tag != "pre" or attributes.get("tabindex") == "0", f"{name}: keys cannot scroll it"
        levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
        assert all(after - before <= 1 for before, after in pairwise(levels)), name


def test_every_page_is_in_the_menu(built: dict[str, Page]) -> None:
    listed = set(built["index.html"].every("href"))
    for name in built:
        assert name in listed or name == "index.html"


def test_every_setting_is_described_once() -> None:
    described = [name for names, _ in pages.described_settings() for name in names]
    assert sorted(described) == sorted(field.name for field in msgspec.structs.fields(Settings))
    assert all(meaning for _, meaning in pages.described_settings())


def test_a_part_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(pages.PageError, match="no part nonsense"):
        pages.fill("settings", "<!-- made: nonsense -->")


@pytest.mark.slow
def test_links_that_lead_nowhere_fail_the_build(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "evals").mkdir()
    for results in ("RESULTS.md", "TRUTH.md", "NODS.md"):
        shutil.copyfile(ROOT / "evals" / results, tmp_path / "evals" / results)
    links = ("nowhere.md", "errors.md#ih9999-nonsense", "#nowhere")
    with (tmp_path / "docs" / "faq.md").open("a", encoding="utf-8") as page:
        page.writelines(f"\n[A link]({link})\n" for link in links)
    command = [sys.executable, "-m", "docs.site.build", "--strict", "out"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode != 0
    assert built.stderr.count("faq.md") == len(links)
    assert not (tmp_path / "out").exists()
