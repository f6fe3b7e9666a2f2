"""How often the clause head is right on real changed clauses: `make bench-clauses` (needs UPROAR_SHARED_DATA)."""

from __future__ import annotations

import json
from collections import Counter

from analysis.shares import wilson
from benchmarks.clause_draw import LABELS, changed_clauses, terms_folder
from terms.classes import classed
from terms.directions import direction


def main() -> None:
    """Print precision per draw (first class among those the reader accepts), with its 95 % interval, and recall."""
    known = {drawn.name: drawn for drawn in changed_clauses(terms_folder())}
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    print("| draw | right | told | precision | 95 % | found of those with a class | not in this alignment |")
    directions: Counter[tuple[str, str]] = Counter()
    for draw in sorted({row["draw"] for row in rows}):
        told: Counter[str] = Counter()
        for row in (r for r in rows if r["draw"] == draw):
            drawn = known.get(row["name"])
            if drawn is None:
                told["lost"] += 1
                continue
            name = classed(drawn.clause, drawn.document).name
            told["told"] += name != "other"
            told["right"] += name in row["classes"]
            told["labelled"] += bool(row["classes"])
            if "direction" in row:
                directions[row["direction"], direction(drawn.clause.removed, drawn.clause.added)] += 1
        low, high = wilson(told["right"], told["told"])
        precision, recall = told["right"] / told["told"], told["right"] / told["labelled"]
        cells = (draw, told["right"], told["told"], f"{precision:.3f}", f"{low:.3f} to {high:.3f}", f"{recall:.3f}")
        print(f"| {' | '.join(map(str, cells))} | {told['lost']} |")
    sides = ("widens", "narrows")
    said = sum(count for (_, name), count in directions.items() if name in sides)
    right = sum(directions[name, name] for name in sides)
    opposite = directions["widens", "narrows"] + directions["narrows", "widens"]
    print(f"direction: {said} told of {directions.total()}, {right} right, {opposite} the opposite")


if __name__ == "__main__":
    main()
