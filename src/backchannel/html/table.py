"""Draw a table that scrolls sideways on a narrow screen."""

from collections.abc import Sequence

from backchannel.html.markup import Child, Html, tag


def table(
    heading: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    caption: str | None = None,
    numbers: bool = False,
) -> Html:
    """Draw a table. The first column has the row headings.

    Parameters
    ----------
    heading
        The column headings.
    rows
        The cells of each row.
    caption
        The table's title, also for screen readers; None where a heading above it says the same.
    numbers
        Align all columns but the first to the right.

    Examples
    --------
    >>> drawn = table(("cue", "count"), [("nod", "3")], numbers=True)
    >>> '<tr><th scope="row">nod</th><td>3</td></tr>' in drawn
    True
    """
    return tag(
        "div",
        tag(
            "table",
            () if caption is None else tag("caption", caption),
            tag("thead", tag("tr", [tag("th", cell, scope="col") for cell in heading])),
            tag(
                "tbody",
                [
                    tag("tr", tag("th", first, scope="row"), [tag("td", cell) for cell in cells])
                    for first, *cells in rows
                ],
            ),
            class_=None if numbers else "texts",
        ),
        class_="wide",
        tabindex=0,
        role=None if caption is None else "region",
        aria_label=caption,
    )
