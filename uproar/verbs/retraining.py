"""Verb `model retrain`: heads of this installation's own, from what its readers have labelled."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from core.errors import InputUnusable
from core.permissions import check_training
from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import AnyWatch, Json


def retrain(
    watch: AnyWatch = None,
    without: Annotated[list[str] | None, typer.Option(help="Leave out labelled posts of this source.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure, and keep nothing.")] = False,
    json: Json = False,
) -> None:
    """Fit heads on the labels of this installation; a head that is not surely better stays as shipped."""
    from models.local import BASE, write
    from models.retrain import figures
    from models.retrain import retrain as fit
    from uproar.steps.retrain import rows_of_labels

    session = open_session()
    found = session.watch(watch) if watch else None
    with session.reader() as reader:
        labels = reader.taught(watch=found.name if found else None)
    left_out = set(without or ())
    used = set(labels["source"]) - left_out
    check_training(used, session.settings.permissions, today=session.now().date())
    rows, unusable = rows_of_labels(labels, without=left_out)
    if not rows:
        raise InputUnusable("no labels to learn from. People's labels come from: uproar label WATCH")
    if unusable:
        say(f"{unusable:,} labels could not be used: readers even, or no class of a head that is retrained")
    classifier = session.classifier(BASE)
    say(f"fitting on {len(rows):,} labelled texts …")
    corrections, gates = fit(classifier, rows)
    kept = corrections and not dry_run
    model = write(session.settings.home, base=classifier.model, corrections=corrections, figures=figures(gates)) \
        if kept else None  # fmt: skip
    document = {"model": model, "texts": len(rows), "heads": [asdict(gate) for gate in gates]}
    if json:
        write_json(document)
    else:
        write_table([_row(asdict(gate)) for gate in gates])
    if model:
        say(f"made {model}. Scores stand as they are until: uproar score --model '{model}' --since '60 days', "
            f"then uproar model activate '{model}'")  # fmt: skip
    elif not corrections:
        say("no head is surely better than the shipped one; nothing was kept")


def _row(gate: dict[str, object]) -> dict[str, object]:
    def told(value: object) -> object:
        if not isinstance(value, tuple):
            return value
        return f"{100 * value[0]:+.1f} ({100 * value[1]:+.1f} to {100 * value[2]:+.1f})"

    return {name: told(value) for name, value in gate.items()}
