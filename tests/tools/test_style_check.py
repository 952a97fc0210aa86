"""Glossary words are found wherever people read, and nowhere else."""

from pathlib import Path

import pytest

from tools.prose import READERS, ROOT, Kind, Passage, passages, prose_files
from tools.style_check import PENDING, STYLE, Style, StyleError, check, findings, read_style

GUIDE = """# How we write

## Glossary

| Instead of | Write |
|---|---|
| `told` | reported |
| `rests on`, `rest on` | is based on |
| `the person's usual` | baseline |

## Exceptions

| Phrase | Files | Reason |
|---|---|---|
| `the rest on` | `*` | A noun. |
| `told you so` | `docs/jokes.md` | A saying. |
"""


@pytest.fixture
def style() -> Style:
    return read_style(GUIDE)


def words(style: Style, text: str, path: str = "docs/page.md", kind: Kind = "page") -> list[str]:
    return [finding.word for finding in findings(Passage(path, 1, text.count("\n") + 1, kind, text), style)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The client is told.", "told"),
        ("Told early, it may change.", "Told"),
        ("A signal rests on cues.", "rests on"),
        ("Signals rest\n    on cues.", "rest on"),
        ("Above the person’s usual.", "the person’s usual"),
        ("(told)", "told"),
    ],
)
def test_a_word_is_found(style: Style, text: str, found: str) -> None:
    assert words(style, text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "An untold story.",
        "The told-before list.",
        "The field told_before.",
        "The server reports it.",
        "It rests. On Monday it goes on.",
        "Put the rest on the page.",
    ],
)
def test_other_words_are_not(style: Style, text: str) -> None:
    assert words(style, text) == []


def test_an_exception_holds_in_its_files_only(style: Style) -> None:
    assert words(style, "We told you so.", "docs/jokes.md") == []
    assert words(style, "We told you so.", "docs/security.md") == ["told"]
    assert words(style, "We told you.", "docs/jokes.md") == ["told"]


MUST_FLAG = {
    "page.md": "It is told.",
    "table.md": "| Event | When |\n|---|---|\n| a | when told |",
    "module.py": '"""What is told."""',
    "function.py": 'def f() -> None:\n    """Return what is told."""',
    "attribute.py": 'N = 1\n"""Number of signals told."""',
    "message.py": 'raise Problem("ih5006", "It was told before.")',
    "parts.py": 'raise Problem("ih5006", "It was " "told before.")',
    "formatted.py": 'print(f"{count} signals told")',
    "text.js": 'line.append("Nothing was told");',
    "template.js": "line.append(`${count} signals were told`);",
    "comment.js": "/** What is told. */\nfunction f() {}",
    "page.html": "<p>Nothing is told.</p>",
    "label.html": '<button aria-label="What was told">x</button>',
    "table.toml": 'known_failure = "It is told late."',
}
MUST_NOT_FLAG = {
    "span.md": "The field `told` is a list.",
    "fence.md": '```json\n{"a": "is told"}\n```',
    "comment.md": "<!-- what is told -->",
    "target.md": "[Events](streams.md#when-what-is-told)",
    "name.py": 'told = state["told"]',
    "comment.py": "x = 1  # what was told",
    "code.py": '"""Return ``told``, or `told`."""',
    "doctest.py": '"""Return it.\n\n>>> f("is told")\n"""',
    "name.js": 'const told = state["told"]; // is told',
    "regex.js": 'const quote = /"/; const told = 1; const other = /"/;',
    "script.html": "<script>const told = 1;</script><code>told</code>",
    "key.toml": "told_s = 3.0",
}


@pytest.mark.parametrize("name", MUST_FLAG)
def test_what_people_read_is_searched(style: Style, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"\n{MUST_FLAG[name]}\n", encoding="utf-8")
    found = check([tmp_path / name], style, tmp_path)
    assert [(finding.path, finding.word) for finding in found] == [(name, "told")]


@pytest.mark.parametrize("name", MUST_NOT_FLAG)
def test_code_is_not_searched(style: Style, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{MUST_NOT_FLAG[name]}\n", encoding="utf-8")
    assert check([tmp_path / name], style, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("page.md", "# A\n\n```\ncode\n```\n\nIt is\ntold.\n", 8),
        ("module.py", '"""First.\n\nSecond.\nIt is told.\n"""\n', 4),
        ("message.py", 'x = 1\ny = "a\\nb\\nis told"\n', 2),
        ("page.html", "<p>\nOne.\nIt is told.</p>", 3),
        ("table.toml", "[nod]\n# It is told.\n", 2),
    ],
)
def test_a_finding_names_its_line(style: Style, tmp_path: Path, name: str, content: str, line: int) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    (finding,) = check([tmp_path / name], style, tmp_path)
    assert str(finding) == f"{name}:{line}: “told”: write reported"


@pytest.mark.parametrize(
    "guide",
    [
        "# How we write\n",
        GUIDE.replace("| `told` | reported |", "| told | reported |"),
        GUIDE.replace("| `told` | reported |", "| `told` |"),
        GUIDE.replace("A saying.", ""),
    ],
    ids=["no glossary", "no backticks", "a column too few", "no reason"],
)
def test_a_broken_guide_is_an_error(guide: str) -> None:
    with pytest.raises(StyleError):
        read_style(guide)


def test_the_guide_of_this_repository_can_be_read() -> None:
    style = read_style(STYLE.read_text(encoding="utf-8"))
    assert len(style.entries) > 20
    assert words(style, "The client is told; a signal rests on cues.") == ["told", "rests on"]


def test_every_file_with_prose_has_a_reader() -> None:
    files = prose_files()
    assert {path.suffix for path in files} <= READERS.keys()
    assert ROOT / "README.md" in files
    assert ROOT / "src" / "backchannel" / "errors.py" in files
    assert not [path for path in files if path.is_relative_to(ROOT / "src/backchannel/server/pages/site")]
    assert all(passages(path) for path in files if path.suffix == ".md")


def test_the_pending_list_is_in_order_and_names_no_file_twice() -> None:
    listed = PENDING.read_text(encoding="utf-8").splitlines() if PENDING.is_file() else []
    assert listed == sorted(set(listed))
