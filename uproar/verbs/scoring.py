"""Verbs `score`, `classify` and `model`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from core.errors import ConfigError, InputUnusable
from core.records import Classifier
from uproar.output import rows_of, say, write_json, write_line, write_table
from uproar.session import MODEL, Session, open_session
from uproar.steps.score import score as score_step
from uproar.steps.succession import BACK_FILL, succeed
from uproar.verbs.arguments import AnyWatch, Json, from_then
from uproar.verbs.gather import progress_bar
from uproar.verbs.retraining import retrain

models = typer.Typer(no_args_is_help=True, help="The classifiers that have scored posts here.")
Model = Annotated[
    str, typer.Option("--model", help="A registered classifier, a folder, or OWNER/NAME of the Hugging Face hub.")
]
AnyModel = Annotated[str | None, typer.Option("--model", help="As for `classify`; without it, the active one.")]
ScoreSince = Annotated[str | None, typer.Option(help="Only posts from then on: a day, a time, or 60d, or '60 days'.")]
CHUNK = 512


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(score)
    app.command()(classify)
    app.add_typer(models, name="model")
    models.command()(retrain)


class Engine(StrEnum):
    """Where the classifier runs."""

    local = "local"
    ray = "ray"


def score(
    watch: AnyWatch = None, model: AnyModel = None, since: ScoreSince = None,
    engine: Annotated[Engine, typer.Option(help="ray: by workers on this machine, or of the cluster RAY_ADDRESS.")]
    = Engine.local,
    parquet: Annotated[Path | None, typer.Option(help="With --engine ray: Parquet files (text, id), not the database.")]
    = None,
    to: Annotated[Path | None, typer.Option(help="Folder for the answers to --parquet; what is there is kept.")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Score what has not been scored yet, each distinct text once, and bring the timeline up to date."""
    session = open_session()
    if parquet is not None:
        _score_parquet(session, parquet, to, engine=engine, model=model, json=json)
        return
    if to is not None:
        raise ConfigError("--to goes with --parquet")
    found = session.watch(watch) if watch else None
    with session.store() as store:
        classifier = session.classifier(model) if model else session.scorer(store.active_model())
        start = from_then(since, found, now=session.now())
        if found:
            store.register_watch(found.name, subject=found.platform)
        with progress_bar() as progress:
            show = (lambda n: progress("scoring", n)) if progress else None
            if engine is Engine.ray:
                from uproar.steps.score_cluster import score_on_cluster

                done = score_on_cluster(
                    store, classifier, model or session.name_of(classifier), found, home=session.settings.home,
                    since=start, progress=show,
                )  # fmt: skip
            else:
                done = score_step(store, classifier, found, since=start, progress=show)
        if model is None and succeed(store, classifier.model, now=session.now()):
            say(f"active: {classifier.model}")
        hours = store.refresh_rollups(watch=found.name if found else None)
    row = {"model": classifier.model, "texts_scored": done, "hours_updated": hours}
    write_json(row) if json else write_table([row])


def _score_parquet(
    session: Session, source: Path, target: Path | None, *, engine: Engine, model: str | None, json: bool
) -> None:
    from uproar.steps.score_cluster import score_parquet

    if engine is not Engine.ray or target is None:
        raise ConfigError("--parquet needs --engine ray and --to FOLDER")
    if not source.exists():
        raise InputUnusable(f"{source}: no such file or folder")
    name = model or session.settings.model or MODEL
    classifier = session.classifier(name)
    with progress_bar() as progress:
        done = score_parquet(
            source, target, classifier, name, home=session.settings.home,
            progress=(lambda n: progress("scoring", n)) if progress else None,
        )  # fmt: skip
    row = {"model": classifier.model, "rows_scored": done, "folder": str(target)}
    write_json(row) if json else write_table([row])


def classify(model: Model = MODEL) -> None:
    """Turn lines {"id","text"} on stdin into lines with sentiment, stance, relevant, topics and probabilities."""
    classifier = open_session().classifier(model)
    lines = (line for line in sys.stdin.buffer if line.strip())
    bad = good = 0
    for chunk in _chunks(enumerate(lines, 1)):
        parsed = [(number, *_text_of(line)) for number, line in chunk]
        answers = iter(_answers(classifier, [text for _, _, text, problem in parsed if not problem]))
        for number, given, _, problem in parsed:
            bad, good = bad + bool(problem), good + (not problem)
            write_line(
                {"id": given, "error": f"line {number}: {problem}"} if problem else {"id": given, **next(answers)}
            )
    if bad:
        say(f"{bad:,} lines could not be read")
    if bad and not good:
        raise InputUnusable('stdin: no line is an object with "id" and "text", such as {"id": "1", "text": "..."}')


@models.command("list")
def list_models(json: Json = False) -> None:
    """Every model that has scored here, and which one is active."""
    with open_session().reader() as reader:
        rows = rows_of(reader.models())
    write_json(rows) if json else write_table(rows)


@models.command()
def activate(
    model: Annotated[str, typer.Argument(help="name@revision, as `uproar model list` prints it.")],
    force: Annotated[bool, typer.Option("--force", help="Even where posts of the last 60 days have no score.")] = False,
) -> None:
    """Make a model the one whose scores are shown, once it has scored the last 60 days.

    Old scores and decisions stay as they are, and the timeline shows the break.
    """
    session = open_session()
    with session.store() as store:
        waiting = store.waiting(model, since=session.now() - BACK_FILL)
        if waiting and not force:
            raise ConfigError(
                f"{waiting:,} posts of the last 60 days have no score of {model}. First: uproar score --model "
                f"'{model}' --since '60 days' (or --force)"
            )
        store.activate_model(model)
        store.refresh_rollups()
    say(f"active: {model}")


def _answers(classifier: Classifier, texts: list[str]) -> list[dict[str, object]]:
    from core.text import model_input
    from models.labels import labels

    if not texts:
        return []
    scores = classifier.score([model_input(text) for text in texts])
    return [
        {"sentiment": found.sentiment, "stance": found.stance, "relevant": found.relevant, "topics": list(found.topics),
         "lang": lang, "scored": bool(done), "probabilities": found.probabilities}
        for found, lang, done in zip(labels(scores), scores.lang, scores.scored, strict=True)
    ]  # fmt: skip


def _text_of(line: bytes) -> tuple[object, str, str]:
    """(id, text, problem) of one input line; the problem is "" where the line can be scored."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None, "", "not JSON"
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return (row.get("id") if isinstance(row, dict) else None), "", 'no "text"'
    return row.get("id"), row["text"], ""


def _chunks(items: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        yield chunk
