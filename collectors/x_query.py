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
    grouped = f"({said})" if _has_open_or(said) else said
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
        return " ".join(f"({part})" if _has_open_or(part) else part for part in parts if part)
    assert isinstance(node, AnyOf)
    if not all(parts):
        return ""
    return " OR ".join(f"({said})" if isinstance(part, AllOf) and " " in said else said
                       for part, said in zip(node.parts, parts, strict=True))  # fmt: skip


def _term(term: Term) -> str:
    if term.hashtag:
        return term.text
    if _KEYWORD.fullmatch(term.text) and term.text not in _OPERATORS:
        return term.text
    inner = term.text.replace('"', " ").strip()
    return f'"{inner}"'


def _has_open_or(said: str) -> bool:
    """Whether an OR stands outside of quotes and parentheses: what is joined to it needs a pair around it."""
    depth = 0
    for token in re.findall(r'"[^"]*"?|[()]|[^\s()"]+', said):
        depth += (token == "(") - (token == ")")
        if token == "OR" and depth == 0:
            return True
    return False
