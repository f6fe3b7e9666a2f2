"""The written texts, and the light variation of each that makes different people sound different."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pace import END, START

HERE = Path(__file__).parent
# Beginnings of words that the watch searches for.
SEARCHED = (
    "soundcloud", "train", "consent", "licen", "letter", "statement", "upload", "delet", "track", "artist", "playlist",
    "repost", "account", "royalt", "bandcamp", "rights", "clause",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Base:
    """One written text with what its writer meant; it is used within [`opens`, `closes`) only."""

    text: str
    phase: str
    kind: str
    stance: str
    angle: str
    lang: str
    opens: datetime
    closes: datetime

    def suits(self, platform: str) -> bool:
        if platform == "bluesky":
            return len(self.text) <= 300
        if platform == "hackernews":
            return self.lang == "en" and self.angle != "music" and self.text.isprintable() and not self.text.isupper()
        return True


def read_texts() -> list[Base]:
    """The written texts in file order."""
    rows = [json.loads(line) for line in (HERE / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        Base(
            text=row["text"],
            phase=row["phase"],
            kind=row["kind"],
            stance=row["stance"],
            angle=row["angle"],
            lang=row["lang"],
            opens=datetime.fromisoformat(row.get("from", START.isoformat())),
            closes=datetime.fromisoformat(row.get("until", END.isoformat())),
        )
        for row in rows
    ]


def joint(text: str) -> str:
    """What stands between a text and the closing added to it."""
    if re.search(r"https?://\S+$", text):
        return "\n"
    return ". " if text[-1].isalnum() else " "


class Wording:
    """Varies a written text lightly, as different people would: a greeting, a hashtag, a short form, a slip."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.phrases = json.loads((HERE / "phrases.json").read_text(encoding="utf-8"))
        self.seen: Counter[str] = Counter()

    def vary(self, base: Base, platform: str) -> str:
        """A text not used before where eight attempts find one."""
        text = base.text
        for _ in range(8):
            if not self.seen[text]:
                break
            text = self.attempt(base, platform)
        self.seen[text] += 1
        return text

    def attempt(self, base: Base, platform: str) -> str:
        text, rng = base.text, self.rng
        if base.lang == "en":
            for old, new in rng.sample(self.phrases["swaps"], 0 if platform == "hackernews" else 3):
                text = re.sub(rf"\b{re.escape(old)}\b", new, text)
            text = self.framed(text, base)
        if rng.random() < 0.12 and platform != "hackernews":
            text = text.lower()
        if rng.random() < 0.10:
            text = self.slip(text)
        if platform == "bluesky" and (rng.random() < 0.25 or base.lang != "en"):
            tags = self.phrases["hashtags"]["quiet" if base.phase == "quiet" else "event"]
            text = " ".join([text, *rng.sample(tags, rng.choice((1, 1, 2)))])
        return text if platform != "bluesky" or len(text) <= 300 else base.text

    def framed(self, text: str, base: Base) -> str:
        key = "article" if base.kind == "article" else "any"
        own = base.stance if key == "any" else ""
        for side, chance in (("openings", 0.45), ("closings", 0.35)):
            if self.rng.random() < chance:
                extra = self.rng.choice(self.phrases[side][key] + self.phrases[side].get(own, []))
                text = f"{extra} {text}" if side == "openings" else f"{text}{joint(text)}{extra}"
        return text

    def slip(self, text: str) -> str:
        """Two neighbouring letters swapped inside one long word; words that a search needs are left alone."""
        spots = [
            match.start() + 2
            for match in re.finditer(r"(?<![\w/#.])[a-z]{6,}(?![\w/.])", text)
            if not match.group().startswith(SEARCHED)
        ]
        if not spots:
            return text
        at = self.rng.choice(spots)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
