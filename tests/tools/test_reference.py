"""The reference page is written from the tables, and is never behind them."""

from tools.reference import TARGET, reference


def test_the_page_in_docs_is_what_the_tables_say() -> None:
    told = "docs/cues-and-signals.md is behind the tables: run `python -m tools.reference`"
    assert TARGET.read_text(encoding="utf-8") == reference(), told
