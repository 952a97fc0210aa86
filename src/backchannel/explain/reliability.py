"""The reliability diagram: how often a signal of a probability is plausible (Murphy & Winkler 1977)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backchannel.explain.calibrate import SHIPPED, SIGNALS, Fit, Judged, Numbers, brier, left_out
from backchannel.html.markup import Html, page, tag
from backchannel.html.table import table
from backchannel.signals.weights import signal_table
from backchannel.values import Bands

EDGES: Final = (0.0, 0.2, 0.35, 0.55, 0.75, 1.0)
"""Bins of probability. From 0.35 on they are the shipped bands."""
SIDE: Final = 320.0
MARGIN: Final = 44.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Signals of similar probability: how many, their mean probability, and the share that is plausible."""

    count: int
    probability: float
    share: float


def bins_of(judged: Sequence[Judged], probability: Numbers) -> tuple[Bin, ...]:
    """Bins with at least one signal, from low to high probability."""
    plausible = np.asarray([one.plausible for one in judged], np.float64)
    place = np.clip(np.searchsorted(EDGES, probability, side="right") - 1, 0, len(EDGES) - 2)
    return tuple(
        Bin(int(inside.sum()), float(probability[inside].mean()), float(plausible[inside].mean()))
        for number in range(len(EDGES) - 1)
        if (inside := place == number).any()
    )


def reliability_page(judged: Sequence[Judged], fitted: Fit) -> str:
    """Return the whole page."""
    shipped, unseen = SHIPPED.probability(judged), left_out(judged)
    body = [
        tag(
            "header",
            tag("h1", "Calibration"),
            tag("p", verdict(judged, fitted), class_="lead"),
            tag(
                "p",
                (
                    "A point shows signals of similar probability: to the right, what the program said; up, "
                    "the share that the labels call plausible. On the diagonal, both agree. Larger points "
                    "have more signals. Every calibrated point comes from fits that did not see its clip."
                ),
            ),
        ),
        tag(
            "main",
            _diagram(bins_of(judged, shipped), bins_of(judged, unseen)),
            tag("h2", "The points"),
            _bins_table(bins_of(judged, shipped), bins_of(judged, unseen)),
            tag("h2", "Priors"),
            _priors_table(judged, fitted),
            tag("h2", "Bands"),
            _bands_table(fitted),
        ),
    ]
    return page("Calibration", body, "backchannel.explain", ("reliability.css",), ())


def verdict(judged: Sequence[Judged], fitted: Fit) -> str:
    """Say what the calibration is worth, in two or three sentences."""
    clips = len({one.clip for one in judged})
    plausible = sum(one.plausible for one in judged)
    before, after = brier(judged, SHIPPED.probability(judged)), brier(judged, left_out(judged))
    inside = brier(judged, fitted.probability(judged))
    worth = (
        "The calibrated weights suit clips that they have not seen better."
        if after < before
        else "The calibrated weights do not suit clips that they have not seen any better. Keep the "
        "shipped ones, or label more clips."
    )
    return (
        f"{len(judged)} judged signals from {clips} clips: {plausible} plausible, {len(judged) - plausible} "
        f"implausible. Mean squared error (0 is best, 0.25 a coin): {before:.3f} with the shipped weights, "
        f"{after:.3f} calibrated, each clip left out in turn ({inside:.3f} on the clips of the fit). {worth}"
    )


def _diagram(shipped: Sequence[Bin], calibrated: Sequence[Bin]) -> Html:
    ticks = [
        (
            tag("text", f"{tick:g}", x=_x(tick), y=_y(0) + 18, text_anchor="middle"),
            tag("text", f"{tick:g}", x=_x(0) - 8, y=_y(tick) + 4, text_anchor="end"),
        )
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    size = SIDE + 2 * MARGIN
    return tag(
        "figure",
        tag(
            "svg",
            tag("rect", x=_x(0), y=_y(1), width=SIDE, height=SIDE, class_="frame"),
            tag("path", d=f"M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}", class_="agree"),
            ticks,
            tag("text", "probability", x=_x(0.5), y=_y(0) + 36, text_anchor="middle"),
            tag("text", "share that is plausible", x=_x(0), y=_y(1) - 10),
            _points(shipped, "shipped"),
            _points(calibrated, "calibrated"),
            viewBox=f"0 0 {size:g} {size:g}",
            role="img",
            aria_label="Reliability diagram. The table below has its points.",
            class_="reliability",
        ),
        tag(
            "figcaption",
            tag("span", "○ shipped weights", class_="shipped"),
            " · ",
            tag("span", "● calibrated, clip left out", class_="calibrated"),
        ),
    )


def _points(bins: Sequence[Bin], kind: str) -> Html:
    path = "L".join(f"{_x(one.probability):.1f} {_y(one.share):.1f}" for one in bins)
    return tag(
        "g",
        tag("path", d=f"M{path}") if bins else (),
        [
            tag(
                "circle",
                tag("title", f"{one.count} signals"),
                cx=round(_x(one.probability), 1),
                cy=round(_y(one.share), 1),
                r=round(min(12.0, 2.5 + one.count**0.5), 1),
            )
            for one in bins
        ],
        class_=kind,
    )


def _x(value: float) -> float:
    return MARGIN + SIDE * value


def _y(value: float) -> float:
    return MARGIN + SIDE * (1.0 - value)


def _bins_table(shipped: Sequence[Bin], calibrated: Sequence[Bin]) -> Html:
    rows = [
        (kind, str(one.count), f"{one.probability:.2f}", f"{one.share:.2f}")
        for kind, bins in (("shipped", shipped), ("calibrated, clip left out", calibrated))
        for one in bins
    ]
    return table(("Weights", "Signals", "Mean probability", "Share plausible"), rows, numbers=True)


def prior_rows(judged: Sequence[Judged], fitted: Fit) -> list[tuple[str, ...]]:
    """The table of priors as text, its heading first."""
    priors = dict(fitted.rules().priors)
    rows: list[tuple[str, ...]] = [
        ("Signal", "Plausible", "Implausible", "Shipped prior", "Calibrated prior")
    ]
    for name in SIGNALS:
        labels = [one.plausible for one in judged if one.signal == name]
        before = signal_table()[name].prior
        rows.append(
            (
                name,
                str(sum(labels)),
                str(len(labels) - sum(labels)),
                f"{before:.2f}",
                f"{priors.get(name, before):.2f}",
            )
        )
    return rows


def band_rows(fitted: Fit) -> list[tuple[str, ...]]:
    """The table of bands as text, its heading first."""
    before, after = Bands(), fitted.rules().bands
    return [
        ("Word", "Shipped: from", "Calibrated: from"),
        *(
            (word, f"{getattr(before, field):.2f}", f"{getattr(after, field):.2f}")
            for word, field in (("low", "report"), ("medium", "medium"), ("high", "high"))
        ),
    ]


def _priors_table(judged: Sequence[Judged], fitted: Fit) -> Html:
    heading, *rows = prior_rows(judged, fitted)
    return table(heading, rows, numbers=True)


def _bands_table(fitted: Fit) -> Html:
    heading, *rows = band_rows(fitted)
    return table(heading, rows, numbers=True)
