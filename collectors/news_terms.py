"""A watch's terms as searches for news services, which know phrases and OR but no beginnings of words."""

from __future__ import annotations

from core.expressions import Term

MOST = 8
"""Terms in one search: Google reads 32 words, and GDELT refuses long queries."""


def any_of(cover: tuple[Term, ...], *, most: int = MOST) -> list[str]:
    """Searches that together find every article with one of the terms: "a" OR "b", up to `most` in each."""
    phrases = list(dict.fromkeys('"' + term.text.lstrip("#").replace('"', " ").strip() + '"' for term in cover))
    groups = [phrases[n : n + most] for n in range(0, len(phrases), most)]
    return [group[0] if len(group) == 1 else f"({' OR '.join(group)})" for group in groups]


def exact(cover: tuple[Term, ...]) -> bool:
    """Whether `any_of` asks for all that matches: the beginning of a word is asked for as a word, which is less."""
    return not any(term.prefix for term in cover)
