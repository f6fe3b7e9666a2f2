"""A watch's expression as a query of X: never narrower than the expression, for the watch itself decides."""

from __future__ import annotations

import re

from core.errors import QueryRejected
from core.expressions import AllOf, AnyOf, Node, Term, Without

RECENT_LENGTH, ARCHIVE_LENGTH = 512, 1_024
_KEYWORD = re.compile(r"\w+")
_OPERATORS = frozenset({"or", "and", "not"})
NO_REPOSTS = "-is:retweet"


def x_query(tree: Node, *, reposts: bool, archive: bool, given: str = "") -> str:
    """What to ask X for `tree`, or the watch's own query `given`. Raises QueryRejected with what to do.

    What X cannot say (a beginning such as delet*, NOT by our rules of words) is left out, which asks for more.
    """
    said = given or _said(tree)
    if not said:
        raise QueryRejected(
            "x: X has no prefix*, so these terms leave nothing to search for. Add whole words, or options = "
            '{ query = "..." } in X\'s own language'
        )
    grouped = said if _is_group(said) or not re.search(r"\bOR\b", said) else f"({said})"
    whole = grouped if reposts else f"{grouped} {NO_REPOSTS}"
    most = ARCHIVE_LENGTH if archive else RECENT_LENGTH
    if len(whole) > most:
        raise QueryRejected(
            f"x: these terms make a query of {len(whole)} characters, X takes {most}. Shorten them, or give "
            'options = { query = "..." } in X\'s own language'
        )
    return whole


def _said(node: Node) -> str:
    """The node in X's language; "" where it cannot be said, which stands for everything."""
    if isinstance(node, Term):
        return "" if node.prefix else _term(node)
    if isinstance(node, Without):
        return ""
    parts = [_said(part) for part in node.parts]
    if isinstance(node, AllOf):
        return " ".join(part if _is_group(part) or " OR " not in part else f"({part})" for part in parts if part)
    assert isinstance(node, AnyOf)
    if not all(parts):
        return ""
    return " OR ".join(f"({p})" if " " in p and not _is_group(p) and not p.startswith('"') else p for p in parts)


def _term(term: Term) -> str:
    if term.hashtag:
        return term.text
    if _KEYWORD.fullmatch(term.text) and term.text not in _OPERATORS:
        return term.text
    inner = term.text.replace('"', " ").strip()
    return f'"{inner}"'


def _is_group(said: str) -> bool:
    """Whether one pair of parentheses holds all of it."""
    if not (said.startswith("(") and said.endswith(")")):
        return False
    depth = 0
    for n, char in enumerate(said):
        depth += (char == "(") - (char == ")")
        if depth == 0 and n < len(said) - 1:
            return False
    return True
