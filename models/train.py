"""Train the shipped classifier: `python -m models.train --out DIR`. Needs torch, transformers and base weights.

Stage "tone": a larger network (the teacher) learns sentiment and emotion on tweets; the small one (the student, which
ships) learns them from the labels and from the teacher's probabilities. Stage "reactions" adds stance, relevance and
topics on labelled reactions and Uproar's own posts, with tweets mixed in so that tone is not forgotten. Stage "folds"
repeats "reactions" with half of the controversies held out, twice, for honest figures and thresholds. Each result is a
file in DIR and is not made again where it exists, so a killed run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from core.permissions import check_training
from core.settings import load_settings
from models import permissive
from models.data import HEADS, Row, platforms, reactions, tweeteval
from models.export import FOLDER, export
from models.fitting import Plan, fit, predict, tokenizer
from models.folds import FOLDS, deal
from models.metrics import macro_f1, macro_recall
from models.mixture import (
    emotional,
    everything_labelled,
    for_reactions,
    for_the_teacher,
    for_tone,
)
from models.network import Network, base_folder, blended, pretrained
from models.teacher import Teacher, unpack

log = logging.getLogger(__name__)
Some = TypeVar("Some", Network, Teacher)
TEACHER_TONE = Plan("teacher", epochs=1, rate=4e-5, head_rate=5e-4, floor=0.05, batch=32)
TEACHER_EMOTION = Plan("teacher-emotion", epochs=1, rate=3e-5, floor=0.05, batch=32)
TONE = Plan("tone", epochs=3, rate=1e-4, head_rate=1e-3)
REACTIONS = Plan("reactions", epochs=1, rate=8e-5, head_rate=1e-3, seed=11)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where training reads and writes, and the two tokenizers."""

    out: Path
    shared: Path

    @property
    def teacher_base(self) -> Path:
        return unpack(self.out)

    def small_words(self) -> Tokenizer:
        return tokenizer(base_folder())

    def large_words(self) -> Tokenizer:
        return tokenizer(self.teacher_base)

    def stage(self, plan: Plan, network: Some, rows: Callable[[], list[Row]], words: Tokenizer) -> Some:
        """`network` trained by `plan` on `rows()`, from DIR/<plan.name>.safetensors where that exists."""
        done = self.out / f"{plan.name}.safetensors"
        if done.exists():
            network.load_state_dict(load_file(done))
            return network
        fit(network, rows(), plan, words=words, folder=self.out)
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, done)
        report(network, self.shared, words)
        return network


def teacher_of_tone(shop: Workshop) -> Teacher:
    """The teacher after tweets."""
    network = Teacher(HEADS, shop.teacher_base)
    return shop.stage(TEACHER_TONE, network, lambda: for_the_teacher(shop.shared), shop.large_words())


def teacher_of_emotion(shop: Workshop) -> Teacher:
    """The teacher of tone after further looks at the few tweets that are labelled with an emotion."""
    return shop.stage(
        TEACHER_EMOTION, teacher_of_tone(shop), lambda: emotional(shop.shared, looks=2), shop.large_words()
    )


def student_of_tone(shop: Workshop) -> Network:
    """The student after tweets, taught by the two teachers."""

    def rows() -> list[Row]:
        return for_tone(teacher_of_tone(shop), teacher_of_emotion(shop), shop.shared, shop.large_words())

    return shop.stage(TONE, pretrained(HEADS, base_folder()), rows, shop.small_words())


def react(shop: Workshop, suffix: str, kept: Sequence[Row], hidden: frozenset[str]) -> Network:
    """The student after reactions, with `kept` labelled and `hidden` texts never seen."""
    words = shop.small_words()

    def rows() -> list[Row]:
        return for_reactions(visible(shop, kept, hidden), student_of_tone(shop), shop.shared, words)

    plan = replace(REACTIONS, name=REACTIONS.name + suffix)
    return shop.stage(plan, _with_stance(student_of_tone(shop)), rows, words)


def averaged(shop: Workshop, *, folds: int = FOLDS) -> None:
    """Write DIR/shipped.safetensors: the mean of the student and of its fold twins (model soup, Wortsman et al. 2022).

    All start from the same weights and differ in what they saw, so their mean is one network, no ensemble.
    """
    names = [REACTIONS.name, *(f"{REACTIONS.name}-fold{number}" for number in range(folds))]
    states = [load_file(shop.out / f"{name}.safetensors") for name in names]
    network = Network(HEADS)
    network.load_state_dict({key: torch.stack([state[key] for state in states]).mean(0) for key in states[0]})
    save_file(blended(network).state_dict(), shop.out / "shipped.safetensors")
    report(network, shop.shared, shop.small_words())


def visible(shop: Workshop, kept: Sequence[Row], hidden: frozenset[str]) -> list[Row]:
    """What a network of stage "reactions" may see of the labelled posts."""
    return [row for row in everything_labelled(kept, shop.shared) if row.text not in hidden]


def without_fold(shop: Workshop, number: int) -> tuple[list[Row], frozenset[str]]:
    """The reactions outside of fold `number`, and the texts inside."""
    rows = reactions(shop.shared)
    hidden = frozenset(row.text for row, place in zip(rows, deal(rows), strict=True) if place == number)
    return [row for row in rows if row.text not in hidden], hidden


def _with_stance(network: Some) -> Some:
    """Stance, and sentiment of reactions, start from sentiment: against is mostly negative, for mostly positive."""
    network.heads["stance"].load_state_dict(network.heads["sentiment"].state_dict())
    if isinstance(network, Network):
        network.reading.load_state_dict(network.heads["sentiment"].state_dict())
    return network


def out_of_fold(shop: Workshop, *, folds: int = FOLDS) -> None:
    """Write DIR/out_of_fold.npz: logits per head for reactions, each from a network that did not see its fold.

    `row` holds their positions in `models.data.reactions`. Fewer `folds` than FOLDS cover fewer posts in less time.
    """
    rows = reactions(shop.shared)
    fold = deal(rows)
    held = np.flatnonzero(fold < folds)
    logits = {head: np.zeros((len(rows), len(labels)), np.float32) for head, labels in HEADS.items()}
    for number in range(folds):
        ours = np.flatnonzero(fold == number)
        network = blended(react(shop, f"-fold{number}", *without_fold(shop, number)))
        for head, values in predict(network, [rows[i].text for i in ours], words=shop.small_words()).items():
            logits[head][ours] = values
    found = {head: values[held] for head, values in logits.items()}
    np.savez(shop.out / "out_of_fold.npz", allow_pickle=False, row=held, **found)


def report(network: Network | Teacher, shared: Path, words: Tokenizer) -> None:
    """Log the validation scores of sentiment and emotion; test splits are not touched here."""
    for task, metric in (("sentiment", macro_recall), ("emotion", macro_f1)):
        rows = tweeteval(shared, task, "val")
        half = isinstance(network, Teacher)
        logits = predict(network, [row.text for row in rows], words=words, half=half)[task]
        gold = np.array([getattr(row, task) for row in rows])
        log.info("validation %s %.1f (n=%d)", task, 100 * metric(gold, logits.argmax(1)), len(rows))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every stage that is not done yet."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and trained weights")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder for the exported weights")
    parser.add_argument("--shared", type=Path, help="the shared data folder (default: UPROAR_SHARED_DATA)")
    parser.add_argument("--stage", choices=("tone", "reactions", "folds", "all"), default="all", help="where to stop")
    parser.add_argument("--data", choices=("all", "permissive"), default="all", help="permissive: no restricted sets")
    parser.add_argument("--folds", type=int, choices=range(1, FOLDS + 1), default=FOLDS, help="folds held out in turn")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    shop = Workshop(options.out, options.shared or settings.shared_data)
    if options.data == "permissive":
        if options.to == FOLDER:
            raise SystemExit("--data permissive needs --to FOLDER: the shipped weights are trained on more")
        permissive.train(options.out, options.to, shop.shared)
        return
    check_training({"x"} if options.stage == "tone" else platforms(shop.shared), settings.permissions)
    student_of_tone(shop)
    if options.stage == "tone":
        return
    react(shop, "", reactions(shop.shared), frozenset())
    if options.stage == "reactions":
        return
    out_of_fold(shop, folds=options.folds)
    averaged(shop, folds=options.folds)
    if options.stage == "all":
        export(shop.out, options.to, shop.shared)


if __name__ == "__main__":
    main()
