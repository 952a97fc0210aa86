import json

from backchannel.html.markup import page, tag
from tests.html.reading import Page


def test_text_is_escaped_once() -> None:
    made = tag("p", "<b> & ", tag("b", "x", title='"<'), class_="a", hidden=True, id=None)
    assert made == '<p class="a" hidden="">&lt;b&gt; &amp; <b title="&quot;&lt;">x</b></p>'


def test_data_cannot_end_the_script_element() -> None:
    text = page(
        "t",
        "",
        "backchannel.explain",
        (),
        ("confusion.js",),
        {"name": "</script><script>alert(1)</script><!--"},
    )
    data = Page(text).inline["application/json"]
    assert json.loads(data) == {"name": "</script><script>alert(1)</script><!--"}
    assert text.count("</script>") == 2
