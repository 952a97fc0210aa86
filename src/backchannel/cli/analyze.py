"""`backchannel analyze`: analyse a file on this machine, without a server."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import UNSET
from rich.console import Console

from backchannel.cli.exports import Look, Places, write_exports
from backchannel.cli.files import STDOUT, require_media_file, shown_name
from backchannel.cli.options import (
    AsJson,
    CsvPlace,
    DetailChoice,
    DetailName,
    EafPlace,
    HtmlPlace,
    IncludeFlags,
    ListenForWords,
    PolicyName,
    SrtPlace,
    VttPlace,
    WeightsFile,
    WithStills,
    words_switch,
)
from backchannel.cli.show import show_line, show_sections, show_summary, show_transcript
from backchannel.config import SettingsError, load_settings
from backchannel.protocol.include import parse_include
from backchannel.protocol.results import AnalysisBody, analysis_body
from backchannel.signals.calibration import read_calibration
from backchannel.values import Rules

if TYPE_CHECKING:
    from backchannel.api import Report

SHOWN_TO_PEOPLE = ("conversation_quality_overall", "conversation_quality_timeline")


def analyze(
    file: Annotated[Path, typer.Argument(help="A video or sound file.", show_default=False)],
    include: IncludeFlags = None,
    policy: PolicyName = None,
    weights: WeightsFile = None,
    words: ListenForWords = None,
    as_json: AsJson = False,
    html: HtmlPlace = None,
    detail: DetailName = DetailChoice.BRIEF,
    stills: WithStills = False,
    csv: CsvPlace = None,
    srt: SrtPlace = None,
    vtt: VttPlace = None,
    eaf: EafPlace = None,
) -> None:
    """Analyse a file on this machine and print its signals.

    Can also write a report, a table, captions or annotations. Needs no server.
    """
    places = Places.of(html=html, csv=csv, srt=srt, vtt=vtt, eaf=eaf)
    look = Look(detail.detail, stills)
    look.require_possible(places)
    media = require_media_file(file)
    places.require_usable(media, json_on_stdout=as_json)
    rules = Rules() if weights is None else read_calibration(weights)
    rules = rules if policy is None else replace(rules, policy=policy.policy)
    settings = load_settings(words=words_switch(words))
    report = _analyzed(media, rules, words=settings.words == "on")
    results = report.windows
    if as_json:
        # As on the wire: who did not ask for words sees none, only the signals that are based on them.
        asked = ("transcript",) if words else ()
        typer.echo(msgspec.json.encode(analysis_body(results, parse_include([*(include or ()), *asked]))))
    elif STDOUT not in places.by_kind.values():
        heard = ("transcript",) if settings.words == "on" else ()
        sections = parse_include([*(include or SHOWN_TO_PEOPLE), *heard])
        console = Console(highlight=False)
        _show(console, analysis_body(results, sections))
        show_summary(console, report.summary)
    write_exports(places, look, results, media, shown_name(media), datetime.now().astimezone())


def _analyzed(media: Path, rules: Rules, *, words: bool) -> "Report":
    # Imported here, because it loads the decoders and the networks, which other commands do not need.
    from backchannel.api import analyze as analyze_file  # noqa: PLC0415
    from backchannel.perception.networks import NetworkMissingError, stay_on_one_thread  # noqa: PLC0415

    stay_on_one_thread()
    try:
        return analyze_file(media, rules=rules, words=words, progress=True)
    except NetworkMissingError as error:
        raise SettingsError(str(error)) from None


def _show(console: Console, body: AnalysisBody) -> None:
    if body.coverage is not UNSET and body.coverage.notes:
        show_line(console, f"  {' '.join(body.coverage.notes)}")
    if body.transcript is not UNSET:
        show_transcript(console, body.transcript)
    quality = body.conversation_quality
    unjudged = body.coverage is not UNSET and body.coverage.policy == "behaviour"
    show_sections(
        console, body.signals, body.engagement_state, None if quality is UNSET or unjudged else quality
    )
