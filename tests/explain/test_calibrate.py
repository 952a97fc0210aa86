"""Calibration: a known miscalibration is found and mended, and few labels change little."""

from pathlib import Path

import numpy as np
import pytest

from backchannel.explain.calibrate import (
    EVERY_SCORE,
    SHIPPED,
    SIGNALS,
    Fit,
    Judged,
    brier,
    fit,
    judged_signals,
    left_out,
)
from backchannel.explain.labels import Labels
from backchannel.explain.reliability import bins_of, reliability_page, verdict
from backchannel.signals.calibration import read_calibration, write_calibration
from backchannel.signals.score import score_signals
from backchannel.signals.weights import signal_table
from backchannel.values import Bands, Rules, Signal, SignalType
from synthesis import labels_path
from tests.cli.commands import is_one_line_without_a_traceback, run
from tests.explain.build import evaluated
from tests.explain.test_replay import folder  # noqa: F401 -- the clips
from tests.html.reading import checked
from tests.media.making import Recipe, make
from tests.signals.evidence import EVERYTHING, MINUTE, cue

NAMES: tuple[SignalType, ...] = ("agreement", "hesitation", "interest")


def made(per_signal: int, slope: float, shifts: dict[str, float], seed: int = 3) -> list[Judged]:
    """Labels of a person for whom the true log-odds are ``slope · x + shift``."""
    random = np.random.default_rng(seed)
    judged = []
    for name in NAMES:
        for number, x in enumerate(random.normal(0.0, 1.5, per_signal)):
            truth = 1.0 / (1.0 + np.exp(-(slope * x + shifts.get(name, 0.0))))
            judged.append(Judged(f"{number % 40}.mp4", name, float(x), bool(random.random() < truth)))
    return judged


def shift_of(found: Fit, name: SignalType) -> float:
    return found.shifts[SIGNALS.index(name)]


def error(judged: list[Judged], probability: np.ndarray) -> float:
    """Mean distance of the points from the diagonal, weighted by their signals."""
    bins = bins_of(judged, probability)
    return sum(one.count * abs(one.probability - one.share) for one in bins) / len(judged)


def test_a_known_miscalibration_is_found() -> None:
    found = fit(made(1500, 0.6, {"agreement": 1.2, "hesitation": -1.0}))
    assert found.slope == pytest.approx(0.6, abs=0.07)
    assert shift_of(found, "agreement") == pytest.approx(1.2, abs=0.2)
    assert shift_of(found, "hesitation") == pytest.approx(-1.0, abs=0.2)
    assert shift_of(found, "interest") == pytest.approx(0.0, abs=0.2)


def test_and_mended_on_clips_that_the_fit_has_not_seen() -> None:
    judged = made(400, 0.6, {"agreement": 1.2, "hesitation": -1.0})
    unseen = left_out(judged)
    assert error(judged, SHIPPED.probability(judged)) > 0.1
    assert error(judged, unseen) < 0.04
    assert brier(judged, unseen) < brier(judged, SHIPPED.probability(judged)) - 0.01
    assert "better." in verdict(judged, fit(judged))


def test_weights_that_suit_the_labels_stay_as_they_are() -> None:
    found = fit(made(1500, 1.0, {}))
    assert found.slope == pytest.approx(1.0, abs=0.08)
    assert max(map(abs, found.shifts)) < 0.15


def test_without_labels_nothing_changes() -> None:
    assert fit([]) == SHIPPED
    assert SHIPPED.rules() == Rules()


@pytest.mark.parametrize("plausible", [True, False])
def test_few_labels_stay_near_the_shipped_weights(plausible: bool) -> None:
    for count, most in ((1, 0.4), (2, 0.7)):
        found = fit([Judged("a.mp4", "agreement", 0.0, plausible)] * count)
        assert 0 < abs(shift_of(found, "agreement")) < most
        assert found.slope == pytest.approx(1.0, abs=0.1)


def test_a_signal_without_labels_keeps_its_prior() -> None:
    rules = fit([Judged("a.mp4", "agreement", 0.0, True)] * 9).rules()
    assert [name for name, _ in rules.priors] == ["agreement"]


def test_a_clip_is_left_out_whole() -> None:
    # Its own labels are the only reason to raise agreement. Left out, they must not.
    judged = [Judged("a.mp4", "agreement", 0.0, True)] * 30
    judged += [Judged(f"{n}.mp4", "interest", 0.0, bool(n % 2)) for n in range(30)]
    assert left_out(judged)[0] == pytest.approx(0.5, abs=0.01)
    assert fit(judged).probability(judged)[0] > 0.8


def test_rules_say_what_the_fit_says() -> None:
    found = fit(made(400, 0.6, {"agreement": 1.2}))
    rules = found.rules()
    shift = dict(rules.priors)["agreement"] - signal_table()["agreement"].prior
    for x in np.linspace(-4, 4, 81):
        calibrated = found.probability([Judged("", "agreement", float(x), True)])[0]
        score = 1.0 / (1.0 + np.exp(-(x + shift)))
        for edge, band in ((0.35, rules.bands.report), (0.55, rules.bands.medium), (0.75, rules.bands.high)):
            assert (calibrated >= edge) == (score >= band)


def test_only_signals_with_a_score_and_a_label_are_judged() -> None:
    labels = Labels("a.mp4", signals_plausible=("interest", "agreement"), signals_implausible=("stress",))
    judged = judged_signals([evaluated("a.mp4", labels, (), "interest", "stress", "confidence")])
    assert [(one.signal, one.plausible) for one in judged] == [("interest", True), ("stress", False)]


def test_to_fit_every_score_is_seen_uncapped() -> None:
    weak = [cue("long_pause", value=0.7, certainty=0.1), cue("steady_voice", 0, 20)]
    assert not by_type(score_signals(weak, weak, MINUTE, EVERYTHING)).get("hesitation")
    assert by_type(score_signals(weak, weak, MINUTE, EVERYTHING, EVERY_SCORE))["hesitation"].score < 0.35
    strong = [cue("smile", 0, 9), cue("facing", 0, 20), cue("brow_raise", 0, 9), cue("lean_in", 0, 9)]
    capped, free = (
        by_type(score_signals(strong, strong, MINUTE, EVERYTHING, rules))["interest"].score
        for rules in (Rules(), EVERY_SCORE)
    )
    assert capped < 0.75 < free


def test_a_page_shows_the_diagram_and_its_numbers() -> None:
    judged = made(40, 0.6, {"agreement": 1.2})
    page = reliability_page(judged, fit(judged))
    checked(page)
    assert page.count("<circle") == len(bins_of(judged, SHIPPED.probability(judged))) + len(
        bins_of(judged, left_out(judged))
    )
    assert "Mean squared error" in page


def by_type(signals: tuple[Signal, ...]) -> dict[str, Signal]:
    return {signal.type: signal for signal in signals}


# --- the file and the commands ---------------------------------------------------------------------


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rules = Rules(priors=(("agreement", -1.5), ("stress", -3.25)), bands=Bands(0.3, 0.5, 0.7))
    path = tmp_path / "weights.toml"
    path.write_text(write_calibration(rules, ("a comment",)))
    assert read_calibration(path) == rules


def test_the_command_writes_weights_that_analyze_uses(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "weights.toml"
    labels_path(folder / "nod.mp4").write_text('{"file": "nod.mp4", "signals_implausible": ["agreement"]}')
    done = run("calibrate", folder, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "1 judged signals from 1 clips" in done.stdout
    assert "stay near the shipped ones" in done.stdout
    assert "Reliability diagram" in (tmp_path / "weights.html").read_text()
    assert dict(read_calibration(out).priors)["agreement"] < signal_table()["agreement"].prior
    strict = tmp_path / "strict.toml"
    strict.write_text(write_calibration(Rules(priors=(("agreement", -12.0),))))
    assert '"agreement"' in run("analyze", folder / "nod.mp4", "--json").stdout
    for arguments in (["--weights", strict], []):
        environ = {} if arguments else {"BACKCHANNEL_WEIGHTS": str(strict)}
        done = run("analyze", folder / "nod.mp4", "--json", *arguments, **environ)
        assert done.returncode == 0, done.stderr
        assert '"agreement"' not in done.stdout


BAD = {
    "missing": None,
    "not toml": "{",
    "empty": "",
    "another table": 'table = "0123456789abcdef"\n[bands]\nreport=0.3\nmedium=0.5\nhigh=0.7\n[priors]\n',
    "bands that fall": "[bands]\nreport=0.6\nmedium=0.5\nhigh=0.7\n[priors]\n",
    "a band of one": "[bands]\nreport=0.3\nmedium=0.5\nhigh=1.0\n[priors]\n",
    "an unknown signal": "[bands]\nreport=0.3\nmedium=0.5\nhigh=0.7\n[priors]\nhappiness=1.0\n",
    "no number": "[bands]\nreport=0.3\nmedium=0.5\nhigh=0.7\n[priors]\nstress=nan\n",
    "the shipped table": "[agreement]\nprior = -2.2\n",
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_one_clear_line_before_anything_starts(what: str, tmp_path: Path) -> None:
    path, text = tmp_path / "weights.toml", BAD[what]
    if text is not None:
        table = write_calibration(Rules()).splitlines()[0]
        path.write_text(text if "table" in text or what in ("not toml", "empty") else f"{table}\n{text}")
    (tmp_path / "film.mp4").write_bytes(make(Recipe(duration_s=3.0)))
    for command in (
        ("analyze", tmp_path / "film.mp4"),
        ("serve", "--port", 0, "--data-dir", tmp_path / "data"),
    ):
        done = run(*command, "--weights", path)
        assert is_one_line_without_a_traceback(done), done.stderr
        assert str(path) in done.stderr
        assert "Internal error" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_labels_that_judge_nothing_are_one_line(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    labels_path(folder / "nod.mp4").write_text('{"file": "nod.mp4"}')
    done = run("calibrate", folder, "--out", tmp_path / "weights.toml")
    assert done.returncode == 1
    assert "No label in" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "weights.toml").exists()
