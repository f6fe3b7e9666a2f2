"""The training loop: length-bucketed batches, a masked multi-head loss, averaged weights, checkpoints."""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from models.data import HEADS, MISSING, Row
from models.network import FRESH, GATE, Network
from models.teacher import Teacher

log = logging.getLogger(__name__)
MAX_TOKENS = 128
LABEL_SMOOTHING = 0.05
TEACHER = 0.6  # weight of a teacher's word where a reader's label stands beside it
AVERAGED = 0.3  # the last part of a run, over which the weights are averaged
AVERAGE_EVERY = 10
TOPIC_WEIGHT = 9.0  # the topic loss is a mean over nine labels, most of them "no"
CHECKPOINT_EVERY = 200
Priors = dict[tuple[str, bool], Tensor]  # (head, is a tweet) -> what is added to logits in training


@dataclass(frozen=True, slots=True)
class Plan:
    """One stage of training: its rows are passed in already repeated as often as they count."""

    name: str
    epochs: int
    rate: float
    floor: float = 0.0  # the learning rate ends at rate * floor
    head_rate: float | None = None  # for heads that start from nothing; None: as `rate`
    batch: int = 48
    warmup: float = 0.06
    seed: int = 7


def tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of `folder`, cut to MAX_TOKENS and without padding."""
    words: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    words.no_padding()
    words.enable_truncation(MAX_TOKENS)
    return words


def fit(network: Network | Teacher, rows: Sequence[Row], plan: Plan, *, words: Tokenizer, folder: Path) -> None:
    """Train `network` in place by `plan`; a checkpoint in `folder` from a killed run is resumed."""
    tokens = [encoding.ids for encoding in words.encode_batch([row.text for row in rows])]
    order = [
        batch for epoch in range(plan.epochs) for batch in buckets(tokens, size=plan.batch, seed=plan.seed + epoch)
    ]
    optimizer = torch.optim.AdamW(_parts(network, plan), lr=plan.rate, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _triangle(len(order), plan))
    checkpoint = folder / f"{plan.name}.checkpoint.pt"
    start = _resume(checkpoint, network, optimizer, schedule)
    torch.manual_seed(plan.seed + start)
    priors = _priors(rows)
    mean = AveragedModel(network)
    network.train()
    began, running = time.monotonic(), 0.0
    for step, batch in enumerate(order[start:], start + 1):
        ids, mask = pad([tokens[i] for i in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, _ = network(ids, mask)
        loss = _loss(logits, [rows[i] for i in batch], priors)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step > (1 - AVERAGED) * len(order) and step % AVERAGE_EVERY == 0:
            mean.update_parameters(network)
        running = 0.98 * running + 0.02 * loss.item() if step > start + 1 else loss.item()
        if step % 50 == 0:
            pace = (step - start) / (time.monotonic() - began)
            left = (len(order) - step) / pace / 60
            log.info("%s step %d/%d loss %.3f, %.1f min left", plan.name, step, len(order), running, left)
        if step % CHECKPOINT_EVERY == 0:
            _save(checkpoint, network, optimizer, step)
    if mean.n_averaged:
        network.load_state_dict(mean.module.state_dict())
    checkpoint.unlink(missing_ok=True)


def buckets(tokens: Sequence[Sequence[int]], *, size: int, seed: int) -> list[list[int]]:
    """Row numbers in batches of like length, batches in random order: the same for the same seed."""
    shuffle = random.Random(seed)
    order = list(range(len(tokens)))
    shuffle.shuffle(order)
    window = size * 50
    batches = []
    for start in range(0, len(order), window):
        near = sorted(order[start : start + window], key=lambda i: len(tokens[i]))
        batches += [near[i : i + size] for i in range(0, len(near), size)]
    shuffle.shuffle(batches)
    return batches


def pad(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask (n, longest), int64, padded with 0 on the right."""
    longest = max(map(len, tokens))
    ids = torch.zeros(len(tokens), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, values in enumerate(tokens):
        ids[row, : len(values)] = torch.tensor(values)
        mask[row, : len(values)] = 1
    return ids, mask


def predict(
    network: Network | Teacher, texts: Sequence[str], *, words: Tokenizer, half: bool = False
) -> dict[str, NDArray[np.float32]]:
    """Logits per head (n, labels), float32, in input order, by the torch network; `half` computes in bfloat16."""
    tokens = [encoding.ids for encoding in words.encode_batch(list(texts))]
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
    out = {head: np.zeros((len(texts), len(labels)), np.float32) for head, labels in HEADS.items()}
    network.eval()
    if half:  # a copy: autocast would convert every weight anew for every batch
        network = copy.deepcopy(network).to(torch.bfloat16)
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            batch = order[start : start + 64]
            logits, _ = network(*pad([tokens[i] for i in batch]))
            for head in HEADS:
                out[head][batch] = logits[head].float().numpy()
    return out


def _loss(logits: dict[str, Tensor], rows: Sequence[Row], priors: Priors) -> Tensor:
    """Cross-entropy summed over the heads, and the gate's; a row counts in the heads that it carries a label for."""
    total = torch.zeros(())
    for head in HEADS:
        own, taught = _hard(logits[head].float(), head, rows, priors), _soft(logits[head].float(), head, rows)
        total = total + own + taught
    if GATE in logits:
        reaction = torch.tensor([float(row.group != "") for row in rows])
        total = total + functional.binary_cross_entropy_with_logits(logits[GATE].float(), reaction)
    return total


def _hard(logits: Tensor, head: str, rows: Sequence[Row], priors: Priors) -> Tensor:
    """Loss against readers' labels; where a teacher speaks too, it counts for less."""
    marked = [i for i, row in enumerate(rows) if _labelled(row, head)]
    if not marked:
        return torch.zeros(())
    weight = torch.tensor([1 - TEACHER if rows[i].soft else 1.0 for i in marked])
    if head == "topics":
        gold = torch.tensor([rows[i].topics for i in marked])
        loss = functional.binary_cross_entropy_with_logits(
            logits[marked], gold, pos_weight=torch.tensor(2.0), reduction="none"
        ).mean(1)
        return TOPIC_WEIGHT * (loss * weight).mean() * _share(len(marked))
    gold = torch.tensor([getattr(rows[i], head) for i in marked])
    shifts = torch.stack([priors.get((head, rows[i].group == ""), logits.new_zeros(logits.shape[1])) for i in marked])
    loss = functional.cross_entropy(logits[marked] + shifts, gold, label_smoothing=LABEL_SMOOTHING, reduction="none")
    return (loss * weight).mean() * _share(len(marked))


def _soft(logits: Tensor, head: str, rows: Sequence[Row]) -> Tensor:
    """Loss against a teacher's probabilities."""
    marked = [i for i, row in enumerate(rows) if row.soft and head in row.soft]
    if not marked:
        return torch.zeros(())
    weight = torch.tensor([TEACHER if _labelled(rows[i], head) else 1.0 for i in marked])
    gold = torch.tensor([(rows[i].soft or {})[head] for i in marked])
    if head == "topics":
        loss = functional.binary_cross_entropy_with_logits(logits[marked], gold, reduction="none").mean(1)
        return TOPIC_WEIGHT * (loss * weight).mean() * _share(len(marked))
    loss = functional.cross_entropy(logits[marked], gold, reduction="none")
    return (loss * weight).mean() * _share(len(marked))


def _labelled(row: Row, head: str) -> bool:
    return row.topics is not None if head == "topics" else getattr(row, head) != MISSING


def _share(count: int) -> float:
    """Fewer than eight labelled rows in a batch count for less, so that one row does not steer the encoder."""
    return min(count, 8) / 8


def _priors(rows: Sequence[Row]) -> Priors:
    """Log frequencies of the classes, by which logits are moved in training so that the network learns balanced ones.

    Logit adjustment (Menon et al. 2021), for the sentiment of tweets alone: it serves the macro recall; their set is
    far from what is collected. What else is labelled teaches its own frequencies.
    """
    labels = [row.sentiment for row in rows if row.group == "" and row.sentiment != MISSING]
    if not labels:
        return {}
    counts = np.bincount(labels, minlength=len(HEADS["sentiment"])) + 1.0
    return {("sentiment", True): torch.tensor(np.log(counts / counts.sum()), dtype=torch.float32)}


def _parts(network: Network, plan: Plan) -> list[dict[str, object]]:
    """Parameters by learning rate and weight decay (none for biases and norms)."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        rate = (plan.head_rate if name.startswith(FRESH) else None) or plan.rate
        groups.setdefault((rate, 0.01 if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()]


def _triangle(steps: int, plan: Plan) -> Callable[[int], float]:
    rise = max(1, int(steps * plan.warmup))

    def at(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return plan.floor + (1 - plan.floor) * max(0.0, (steps - step) / max(1, steps - rise))

    return at


def _save(path: Path, network: Network, optimizer: torch.optim.Optimizer, step: int) -> None:
    fresh = path.with_suffix(".new")
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, fresh)
    fresh.replace(path)


def _resume(
    path: Path,
    network: Network,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.last_epoch = state["step"]
    log.info("resuming at step %d", state["step"])
    return int(state["step"])
