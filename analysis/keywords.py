"""The words that mark out a group of texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from math import log, sqrt

_WORD = re.compile(r"[^\W\d_][\w']*", re.UNICODE)
_LINK = re.compile(r"https?://\S+|www\.\S+|[@][\w.]+")
_COMMON = """
a about after again all also am an and any are as at be because been before being but by can could did do does doing don
down even ever every for from get gets getting go going got had has have having he her here him his how i if in into is
it its just know like ll make makes many maybe me more most much my no not now of off on one only or other our out over
own people really re s said same say says see she should so some still such t than that the their them then there these
they thing things think this those through to too u up us use used using ve very want was way we well were what when
where which while who why will with would yeah yes you your yours im ive dont doesnt didnt isnt cant wont thats youre
theyre lol amp gonna let new good bad time day today year years need actually literally http user
weve hes shes whats youll youve havent hasnt wouldnt shouldnt couldnt arent wasnt werent theyve theyll itll id ill
lets abt fuck fucking shit crap first try trying actual
"""
_STOP = frozenset(_COMMON.split())
PRIOR = 0.1
SURE = 1.96


def words(text: str) -> list[str]:
    """The words of a text in lower case, links, mentions and apostrophes left out."""
    plain = _LINK.sub(" ", text).lower().replace("\u2019", "'")
    return [w.replace("'", "") for w in _WORD.findall(plain)]


def terms(text: str, *, without: Collection[str] = ()) -> set[str]:
    """Its telling words, and pairs of neighbouring ones; `without` are left out, as are common words."""
    row = words(text)
    telling = [len(w) > 2 and w not in _STOP and w not in without for w in row]
    found = {w for w, use in zip(row, telling, strict=True) if use}
    pairs = zip(row, row[1:], telling, telling[1:], strict=False)
    return found | {f"{one} {two}" for one, two, use1, use2 in pairs if use1 and use2}


def keywords(groups: Sequence[Sequence[str]], *, without: Collection[str] = (), count: int = 8) -> list[list[str]]:
    """For each group of texts its `count` best terms, best first.

    Candidates are terms whose log-odds against all other groups, with an informative Dirichlet prior, lie 1.96
    standard errors above 0 (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16 (2008) 372-403); they
    are ranked by class-based TF-IDF (Grootendorst, "BERTopic", arXiv:2203.05794). A text counts a term once.
    """
    counts = [Counter(term for text in group for term in terms(text, without=without)) for group in groups]
    total: Counter[str] = sum(counts, Counter())
    mean = sum(total.values()) / max(1, len(groups))
    found = []
    for own, group in zip(counts, groups, strict=True):
        size = sum(own.values())
        ranked = [
            (-(n / max(1, size)) * log(1 + mean / total[term]), term)
            for term, n in own.items()
            if n >= min(3, len(group)) and (len(groups) == 1 or _log_odds(term, own, total) > SURE)
        ]
        found.append(_distinct([term for _, term in sorted(ranked)], count))
    return found


def _log_odds(term: str, own: Counter[str], total: Counter[str]) -> float:
    """The z-score of a term's log-odds in its group against the rest."""
    everything = sum(total.values())
    prior_term, prior = PRIOR * total[term], PRIOR * everything
    inside, outside = sum(own.values()), everything - sum(own.values())
    y, rest = own[term], total[term] - own[term]
    one = (y + prior_term) / max(inside + prior - y - prior_term, 1e-9)
    two = (rest + prior_term) / max(outside + prior - rest - prior_term, 1e-9)
    return (log(one) - log(two)) / sqrt(1 / (y + prior_term) + 1 / (rest + prior_term))


def _distinct(ranked: list[str], count: int) -> list[str]:
    """The first terms that do not repeat one another's words."""
    kept: list[str] = []
    for term in ranked:
        if not any(set(term.split()) & set(other.split()) for other in kept):
            kept.append(term)
        if len(kept) == count:
            break
    return kept
