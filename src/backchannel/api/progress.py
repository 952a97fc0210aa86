"""Show how far an analysis has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from backchannel.html.words import clock

OnProgress = Callable[[float, float], object]
"""Called with the time reached and the duration of the media, s."""


@contextmanager
def progress_bar(*, shown: bool = True) -> Iterator[OnProgress]:
    """Show a bar on standard error if that is a terminal, or in a notebook."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[reached]}"),
        TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True)
    visible = shown and (console.is_terminal or console.is_jupyter)
    with Progress(*columns, console=console, transient=True, disable=not visible) as bar:
        task = bar.add_task("Loading the networks", total=None, reached="")

        def report(reached_s: float, duration_s: float) -> None:
            text = f"{clock(reached_s, 0)} of {clock(duration_s, 0)}" if reached_s else ""
            bar.update(task, total=duration_s, completed=reached_s, reached=text)
            if reached_s:
                bar.update(task, description="Analysing")

        yield report
