"""`backchannel batch`: analyse many files into tables."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from backchannel import __version__
from backchannel.cli.escape import escaped
from backchannel.cli.options import ListenForWords, PolicyName, WeightsFile, words_switch
from backchannel.config import ENV_PREFIX, SettingsError, load_settings
from backchannel.signals.calibration import read_calibration
from backchannel.values import Rules


def batch(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES", help="Files, or patterns in quotes such as 'talks/*.mp4'.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            envvar=f"{ENV_PREFIX}OUT",
            help="Table of signals to write: .parquet, .csv or .jsonl. Windows and cues go beside it.",
            show_default=False,
        ),
    ],
    words: ListenForWords = None,
    policy: PolicyName = None,
    weights: WeightsFile = None,
) -> None:
    """Analyse many files, and write tables of their signals, windows and cues.

    A broken file is a row with an error. After an interruption, the same command goes on where it stopped.
    """
    # Imported here because these load the decoders and the networks, which other commands do not need.
    from backchannel.api import Report  # noqa: PLC0415
    from backchannel.api import analyze as analyze_file  # noqa: PLC0415
    from backchannel.batch.journal import Journal  # noqa: PLC0415
    from backchannel.batch.run import analyse_all, found  # noqa: PLC0415
    from backchannel.batch.tables import places_of  # noqa: PLC0415
    from backchannel.perception.networks import NetworkMissingError, stay_on_one_thread  # noqa: PLC0415
    from backchannel.perception.whisper import whisper_for_words  # noqa: PLC0415

    places = places_of(out)
    results = {place.resolve() for place in places.values()}
    items = [item for item in found(files) if item.path.resolve() not in results]
    if not items:
        raise SettingsError(f"No file matches {', '.join(files)}. Check the folder and the pattern.")
    rules = Rules() if weights is None else read_calibration(weights)
    rules = rules if policy is None else replace(rules, policy=policy.policy)
    settings = load_settings(words=words_switch(words))
    heard = settings.words == "on"
    if heard:
        try:
            whisper_for_words(settings.words_model)
        except NetworkMissingError as error:
            raise SettingsError(str(error)) from None
    options = {"version": __version__, "words": heard, "rules": str(asdict(rules))}
    journal = Journal(out.with_name(f"{out.name}.journal"), options)
    stay_on_one_thread()

    def analyse(path: Path) -> Report:
        return analyze_file(path, rules=rules, words=heard, progress=True)

    failed = 0
    for step in analyse_all(items, out, journal, analyse):
        failed += bool(step.error)
        found_text = step.error or f"{step.signals} signal{'' if step.signals == 1 else 's'}"
        note = " (before)" if step.before else ""
        typer.echo(escaped(f"{step.place} of {step.total}  {step.item.name}: {found_text}{note}"), err=True)
    written = ", ".join(escaped(str(place)) for place in places.values())
    typer.echo(f"Wrote {written}.{f' {failed} of {len(items)} files failed.' if failed else ''}", err=True)
