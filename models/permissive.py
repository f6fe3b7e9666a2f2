"""Training without restricted sets: `python -m models.train --data permissive`.

Tone and emotion from GoEmotions (Apache-2.0), the mission's heads from the posts written for Uproar: no tweets, no
public posts, no teacher that saw either. Every tenth own post is held out for the shifts. The labelled reactions and
TweetEval's validation split are read only to say how good the result is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from models.calibration import READING, class_shift, temperature, topic_shift
from models.data import HEADS, Row, goemotions, ordinary, own_posts, reactions, tweeteval
from models.export import Shifts, known_and_others, ship
from models.fitting import Plan, fit, predict, tokenizer
from models.measure import compared
from models.metrics import macro_f1, macro_recall
from models.network import Network, base_folder, pretrained

log = logging.getLogger(__name__)
TONE = Plan("permissive-tone", epochs=2, rate=1e-4, head_rate=1e-3)
REACTIONS = Plan("permissive", epochs=1, rate=8e-5, head_rate=1e-3, seed=11)
LOOKS = 4  # how often an own post is seen
REPLAY = 8_000  # comments that keep the tone in memory
ORDINARY = 2_000  # comments that teach "not relevant"
HELD_OUT = 10  # every tenth own post
WATCHED = 300  # comments from which the steps of int8 are measured, beside a twentieth of the own posts


def train(out: Path, to: Path, shared: Path) -> None:
    """Both stages, the exported folder `to`, and the scores in `out`/permissive.json."""
    words = tokenizer(base_folder())
    comments = goemotions(shared, "train")
    network = _stage(out, TONE, pretrained(HEADS, base_folder()), comments, words)
    network.heads["stance"].load_state_dict(network.heads["sentiment"].state_dict())
    network.reading.load_state_dict(network.heads["sentiment"].state_dict())
    posts = own_posts()
    kept = [post for number, post in enumerate(posts) if number % HELD_OUT]
    rows = kept * LOOKS + comments[:REPLAY] + ordinary(comments[REPLAY:], ORDINARY, seed=REACTIONS.seed)
    network = _stage(out, REACTIONS, network, rows, words)
    shifts, temperatures = _calibrate(network, posts[::HELD_OUT], goemotions(shared, "dev"), words)
    texts = [row.text for row in (*comments[:WATCHED], *posts[::20])]
    ship(network, shifts, temperatures, texts, to, shared)
    (out / "permissive.json").write_text(json.dumps(_scores(network, shifts, shared, words), indent=1))


def _stage(out: Path, plan: Plan, network: Network, rows: list[Row], words: Tokenizer) -> Network:
    done = out / f"{plan.name}.safetensors"
    if done.exists():
        network.load_state_dict(load_file(done))
        return network
    fit(network, rows, plan, words=words, folder=out)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, done)
    return network


def _calibrate(
    network: Network, held_out: list[Row], comments: list[Row], words: Tokenizer
) -> tuple[Shifts, dict[str, float]]:
    logits = predict(network, [row.text for row in held_out], words=words)
    logits[READING] = logits["sentiment"]
    logits["sentiment"] = predict(network, [row.text for row in comments], words=words)["sentiment"]
    golds = {head: np.array([getattr(row, head) for row in held_out]) for head in ("stance", "relevance")}
    golds[READING] = np.array([row.sentiment for row in held_out])
    golds["sentiment"] = np.array([row.sentiment for row in comments])
    shifts = {head: class_shift((gold, logits[head], macro_f1)) for head, gold in golds.items()}
    golds["topics"] = np.array([row.topics for row in held_out]).astype(np.int64)
    shifts["topics"] = topic_shift(golds["topics"], logits["topics"])
    return shifts, {head: round(temperature(gold, logits[head] + shifts[head]), 4) for head, gold in golds.items()}


def _scores(network: Network, shifts: Shifts, shared: Path, words: Tokenizer) -> Mapping[str, object]:
    rows = reactions(shared)
    logits = predict(network, [row.text for row in rows], words=words)
    said = {head: (logits[head] + shifts[head]).argmax(1) for head in ("stance", "relevance")}
    said["sentiment"] = (logits["sentiment"] + shifts[READING]).argmax(1)
    said["topics"] = (logits["topics"] + shifts["topics"] >= 0).astype(np.int64)
    parts = dict(zip(("known", "others"), known_and_others(rows), strict=True))
    found: dict[str, object] = {
        name: compared([rows[i] for i in picked], {head: labels[picked] for head, labels in said.items()})
        for name, picked in parts.items()
    }
    for task, metric in (("sentiment", macro_recall), ("emotion", macro_f1)):
        split = tweeteval(shared, task, "val")
        moved = predict(network, [row.text for row in split], words=words)[task] + shifts.get(task, 0)
        gold = np.array([getattr(row, task) for row in split])
        found[f"tweeteval validation, {task}"] = round(100 * metric(gold, moved.argmax(1)), 1)
    return found
