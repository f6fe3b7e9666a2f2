"""What people's labels say of a window: the corrected share, the model's accuracy here, and how readers agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.correction import Corrected, corrected_share, kappa
from analysis.shares import wilson
from core.records import SENTIMENTS, STANCES
from core.watches import Watch
from reports.measure import Share, measured, share_of, word
from reports.window import clamp
from reports.wording import interval, percent

if TYPE_CHECKING:
    from store import Reader

RELEVANCE = ("relevant", "not relevant")
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Correction:
    """`corrected` is None under the least number of labels. `right` of `judged` posts have the reader's answer.

    The first reader of a post counts; the second gives `both` posts read twice, `agreed` of them alike, and kappa.
    """

    raw: Share
    corrected: Corrected | None
    right: int
    judged: int
    unclear: int
    both: int
    agreed: int
    kappa: float
    word: str

    @property
    def sentence(self) -> str:
        """The corrected share beside the one that it corrects; "" where nothing is corrected."""
        if self.corrected is None:
            return ""
        c = self.corrected
        return (
            f"Corrected for the classifier's error: {percent(c.share)} ({interval(c.low, c.high)}) of "
            f"relevant posts are {self.word}, by {c.labels} labelled posts drawn at random; "
            f"as classified it is {percent(self.raw.share)}."
        )

    @property
    def kept(self) -> dict[str, float | int] | None:
        """The corrected share as files keep it: share, low, high (0 to 1), labels; None where nothing is corrected."""
        if self.corrected is None:
            return None
        c = self.corrected
        return {"share": round(c.share, 6), "low": round(c.low, 6), "high": round(c.high, 6), "labels": c.labels}

    @property
    def sentences(self) -> list[str]:
        """What there is to say, one plain sentence each."""
        said = [self.sentence] if self.sentence else []
        if self.judged:
            low, high = wilson(self.right, self.judged)
            said.append(
                "Measured on this watch: the classifier agrees with the reader on "
                f"{percent(self.right / self.judged)} ({interval(low, high)}) of {self.judged} posts."
            )
        if self.both:
            beyond = "" if np.isnan(self.kappa) else f"; kappa {self.kappa:.2f}"
            said.append(f"Two readers gave {self.agreed} of {self.both} posts the same labels{beyond}.")
        if self.unclear:
            said.append(f"{self.unclear} posts were called unclear and are left out.")
        return said


def answers(watch: Watch) -> tuple[str, tuple[str, ...]]:
    """The head that readers are asked for beside relevance, with its answers."""
    return ("sentiment", SENTIMENTS) if watch.measure == "negative" else ("stance", STANCES)


def given_labels(head: str, answer: str) -> dict[str, str]:
    """An answer as labels by head: one that names a class is also an answer on relevance."""
    if answer in (RELEVANCE[1], UNCLEAR):
        return {"relevance": answer}
    return {"relevance": RELEVANCE[0], head: answer}


def correction(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> Correction:
    """What the labels of the window's posts say; the window is cut to the watch's life."""
    window = clamp(watch, clock=clock, since=since, until=until)
    counts = measured(reader.rollup(watch.name, since=window.since, until=window.until), watch)
    raw = share_of(counts)
    readings = _readings(reader.labelled(watch.name, since=window.since, until=window.until), watch)
    clear = readings[readings["answer"] != UNCLEAR]
    first, second = clear.drop_duplicates("post"), clear[clear.duplicated("post")].drop_duplicates("post")
    head, classes = answers(watch)
    worst = classes[classes.index("negative" if head == "sentiment" else "against")]
    is_relevant = first["relevant"].fillna(0).eq(1) & first[head].notna()
    model = first[head].where(is_relevant, RELEVANCE[1])
    truth = first["answer"]
    made = corrected_share(
        (raw.negative, raw.relevant, int(counts["scored"].sum())),
        (truth.eq(worst).to_numpy().astype(np.float64), truth.ne(RELEVANCE[1]).to_numpy().astype(np.float64)),
        (model.eq(worst).to_numpy().astype(np.float64), is_relevant.to_numpy().astype(np.float64)),
        weights=first["weight"].to_numpy().astype(np.float64),
    )
    pairs = second.merge(first[["post", "answer"]], on="post")
    left, right = pairs["answer_y"].tolist(), pairs["answer_x"].tolist()
    return Correction(
        raw, made, int((model == truth).sum()), len(first), int((readings["answer"] == UNCLEAR).sum()), len(pairs),
        sum(a == b for a, b in zip(left, right, strict=True)), kappa(left, right), word(watch),
    )  # fmt: skip


def _readings(rows: pd.DataFrame, watch: Watch) -> pd.DataFrame:
    """One row per post and reader, in order of reading; a reader's last word on a post counts. `answer` is one of
    the head's classes, "not relevant" or "unclear"."""
    head, _ = answers(watch)
    rows = rows[rows["head"].isin([head, "relevance"])].drop_duplicates(["post", "author", "head"], keep="last")
    relevance = rows[rows["head"] == "relevance"]
    values = rows[rows["head"] == head].set_index(["post", "author"])["value"]
    keys = list(zip(relevance["post"], relevance["author"], strict=True))
    answer = [
        values.get(key, UNCLEAR) if value == RELEVANCE[0] else value
        for key, value in zip(keys, relevance["value"], strict=True)
    ]
    return relevance.assign(answer=pd.Series(answer, index=relevance.index, dtype=object))
