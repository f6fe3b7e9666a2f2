"""Custom topics on real labels: the nine topics as if a watch had defined them, with eight examples each.

Prints F1 per topic with at least 23 labelled posts (8 are shown, 15 left), the mean over five draws of examples, and
their macro-F1. The shipped network was trained on these labels, so this flatters; needs UPROAR_SHARED_DATA.
"""

from __future__ import annotations

import numpy as np

from core.records import TOPICS
from core.settings import load_settings
from models.data import reactions
from models.few_shot import FewShot
from models.metrics import f1
from models.registry import load_classifier

SHOWN, LEFT, DRAWS = 8, 15, 5
DESCRIPTIONS = {
    "ai_training": "posts and works are used to train AI models",
    "consent": "nobody was asked, no consent, no opt out",
    "ownership": "who owns the work, copyright, license",
    "compensation": "pay, prices, royalties, refunds, subscription cost",
    "privacy": "privacy, personal data, tracking",
    "trust": "the company lied or broke trust",
    "leaving": "leaving, deleting the account, cancelling, boycott",
    "replacement": "people are replaced by AI, jobs lost, AI slop",
    "legal": "lawsuits, law, GDPR, courts",
}


def main() -> None:
    """Print the table."""
    rows = reactions(load_settings().shared_data)
    gold = np.array([row.topics for row in rows]).astype(np.int64)
    texts = [row.text for row in rows]
    teller = FewShot(load_classifier(), texts)
    means = {}
    for number, topic in enumerate(TOPICS):
        positives = np.flatnonzero(gold[:, number])
        if len(positives) < SHOWN + LEFT:
            print(f"{topic:14} {len(positives):4} posts: too few to measure")
            continue
        found = []
        for seed in range(DRAWS):
            shown = np.random.default_rng(seed).choice(positives, SHOWN, replace=False)
            told = teller.tell(DESCRIPTIONS[topic], [texts[n] for n in shown])
            rest = np.setdiff1d(np.arange(len(rows)), shown)
            found.append(f1(gold[rest, number], told.yes[rest].astype(np.int64)))
        means[topic] = float(np.mean(found))
        print(f"{topic:14} {len(positives):4} posts: F1 {100 * means[topic]:5.1f} ({100 * min(found):.1f} to "
              f"{100 * max(found):.1f} over {DRAWS} draws)")  # fmt: skip
    print(f"macro-F1 over {len(means)} topics: {100 * np.mean(list(means.values())):.1f}")


if __name__ == "__main__":
    main()
