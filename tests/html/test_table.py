"""A table can be reached by keyboard, is named when it has a caption, and escapes its cells."""

from backchannel.html.markup import tag
from backchannel.html.table import table


def test_a_caption_names_the_table_for_screen_readers() -> None:
    drawn = table(("cue", "count"), [("nod", "3")], caption="All cues")
    assert "<caption>All cues</caption>" in drawn
    assert 'role="region" aria-label="All cues"' in drawn


def test_a_table_without_a_caption_is_not_a_nameless_region() -> None:
    drawn = table(("cue", "count"), [("nod", "3")])
    assert "caption" not in drawn
    assert "role=" not in drawn
    assert 'tabindex="0"' in drawn


def test_text_is_escaped_and_elements_are_kept() -> None:
    drawn = table(("clip",), [(tag("a", "one", href="#clip-0"),), ("<b>two</b>",)])
    assert '<th scope="row"><a href="#clip-0">one</a></th>' in drawn
    assert "<b>" not in drawn
