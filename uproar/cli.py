"""`uproar`: the command line. Verbs live in `uproar/verbs`; here they are put together and errors become exit codes.

Exit codes: 0 ok, 1 unexpected, 2 usage, 3 configuration or secret missing, 4 some source failed, 5 budget or rate
exhausted, 6 database locked, unwritable or of another schema, 7 input wholly unusable, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from core.errors import UproarError
from uproar.output import say
from uproar.verbs import (
    alerting,
    briefing,
    clauses,
    comparing,
    demo,
    detecting,
    effects,
    explaining,
    exporting,
    gather,
    incidents,
    labelling,
    persons,
    reading,
    rechecking,
    saying,
    scoring,
    statements,
    terms,
    upkeep,
    volume,
    watching,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="How people react when a platform changes its terms.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    demo,
    gather,
    scoring,
    statements,
    reading,
    effects,
    detecting,
    comparing,
    saying,
    volume,
    alerting,
    briefing,
    incidents,
    labelling,
    explaining,
    exporting,
    terms,
    clauses,
    watching,
    rechecking,
    persons,
    upkeep,
):
    group.register(app)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"uproar {version('uproar')}\n")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Options of every verb."""


def main() -> None:
    """Run the command line; ends the process with one of the exit codes above."""
    try:
        app()
    except UproarError as error:
        say(f"uproar: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of stdout has gone (`| head`); a second error at shutdown would only hide that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
