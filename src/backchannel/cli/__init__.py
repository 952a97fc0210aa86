"""The command `backchannel` and its subcommands, one per file of this package."""

import io
import os
import sys
from typing import Annotated, Final

import typer

from backchannel import __version__
from backchannel.cli.analyze import analyze
from backchannel.cli.batch import batch
from backchannel.cli.calibrate import calibrate
from backchannel.cli.escape import escaped
from backchannel.cli.evaluate import evaluate
from backchannel.cli.explain import explain
from backchannel.cli.keys import keys_app
from backchannel.cli.serve import serve
from backchannel.cli.stream import stream
from backchannel.cli.watch import watch
from backchannel.client.v0 import ClientError
from backchannel.config import SettingsError
from backchannel.errors import Problem
from backchannel.explain.labels import LabelsError
from backchannel.signals.calibration import CalibrationError
from backchannel.store import StoreError

__all__ = ["app", "main"]

BROKEN_PIPE: Final = 141
"""Exit code after the reader of our output has gone: 128 + SIGPIPE."""

# Plain help and errors: they read the same on a terminal, in a pipe and aloud.
app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False
)
app.command()(serve)
app.command()(analyze)
app.command()(batch)
app.command()(stream)
app.command()(watch)
app.command("eval")(evaluate)
app.command()(calibrate)
app.command()(explain)
app.add_typer(keys_app, name="keys")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"backchannel {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Turn live video of a person into social signals."""


def main() -> None:
    """Run the command. Every failure is one clear line on standard error, never a traceback."""
    for printed in (sys.stdout, sys.stderr):
        # A character that the terminal cannot show must not stop the command.
        if isinstance(printed, io.TextIOWrapper):
            printed.reconfigure(errors="replace")
    try:
        app()
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does. Drop what is still in the buffer.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    except (SettingsError, StoreError, ClientError, LabelsError, CalibrationError, Problem) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.strerror or 'The system refused'}{f': {error.filename}' if error.filename else ''}.")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        _fail(f"Internal error ({type(error).__name__}). This is a bug; please report it.")


def _fail(message: str) -> None:
    # Messages quote file names and servers.
    typer.echo(f"backchannel: {escaped(message)}", err=True)
    sys.exit(1)
