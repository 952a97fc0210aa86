"""Read and write a file of calibrated weights: priors of signals, and the bands of the three words.

The file has only what `backchannel calibrate` fitted. Everything else stays in `weights.toml`, so the file
names the table that it was fitted to. With another table its numbers would be wrong without a word.
"""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from backchannel.signals.weights import signal_table, strength_table
from backchannel.values import Bands, Rules, SignalType

MAX_PRIOR: Final = 12.0
"""No log-odds beyond this are believed: it is one in 160 000 (judgement)."""

Prior = Annotated[float, Meta(ge=-MAX_PRIOR, le=MAX_PRIOR)]
Probability = Annotated[float, Meta(gt=0.0, lt=1.0)]


class CalibrationError(ValueError):
    """A file of calibrated weights cannot be used. The message is one plain sentence that names it."""


class _Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    report: Probability
    medium: Probability
    high: Probability

    def __post_init__(self) -> None:
        if not self.report <= self.medium <= self.high:
            raise ValueError("report, medium and high must not fall")


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    table: str
    bands: _Bands
    priors: dict[SignalType, Prior]


def table_id() -> str:
    """Digest of what scores signals in the table of weights; comments and sources do not count."""
    rows = {
        name: [row.prior, *(dict(part) for part in (row.primary, row.supporting, row.against))]
        for name, row in signal_table().items()
    }
    definitive = {name: sorted(row.definitive) for name, row in signal_table().items()}
    strengths = {name: [how.by, how.half, how.full] for name, how in strength_table().items()}
    text = json.dumps([rows, definitive, strengths], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_calibration(path: str | Path) -> Rules:
    """Read a file of calibrated weights.

    Raises
    ------
    CalibrationError
        It is no such file, has a number out of bounds, or was fitted to another table of weights.
    OSError
        It cannot be read.
    """
    try:
        document = msgspec.convert(tomllib.loads(Path(path).read_text(encoding="utf-8")), _Document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CalibrationError(f"{path} is not a TOML file: {error}.") from None
    except msgspec.ValidationError as error:
        raise CalibrationError(f"{path} does not hold calibrated weights: {error}.") from None
    if document.table != table_id():
        raise CalibrationError(
            f"{path} was fitted to other weights (table {document.table}) than those of this version "
            f"({table_id()}). Run `backchannel calibrate` again."
        )
    bands = Bands(document.bands.report, document.bands.medium, document.bands.high)
    return Rules(priors=tuple(sorted(document.priors.items())), bands=bands)


def write_calibration(rules: Rules, comments: tuple[str, ...] = ()) -> str:
    """Return priors and bands as TOML.

    See Also
    --------
    read_calibration : The inverse.
    """
    bands = rules.bands
    return "\n".join(
        [
            *(f"# {comment}" for comment in comments),
            f'table = "{table_id()}"',
            "",
            "# Probabilities from which a signal is reported, and is called medium and high.",
            "[bands]",
            f"report = {bands.report:.4f}",
            f"medium = {bands.medium:.4f}",
            f"high = {bands.high:.4f}",
            "",
            "# Log-odds of a signal without any evidence.",
            "[priors]",
            *(f"{name} = {prior:.4f}" for name, prior in rules.priors),
            "",
        ]
    )
