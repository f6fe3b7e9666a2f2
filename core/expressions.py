"""The language of a watch's terms: words, "phrases", #hashtags, prefix*, AND, OR, NOT and parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from core.errors import ConfigError
from core.words import BORDER, bordered, fold, is_unspaced, is_word

MAX_CHARACTERS = 10_000
MAX_DEPTH = 50
_LEXER = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)"(?P<star>\*?)|(?P<word>[^\s()"]+)|(?P<bad>.))'
)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: a word or phrase, the beginning of one (`prefix`), or a hashtag.

    `text` is folded. `needle` is what bordered text holds exactly where the term occurs.
    """

    text: str
    prefix: bool = False
    hashtag: bool = False
    needle: str = field(init=False)

    def __post_init__(self) -> None:
        marked = bordered(self.text)
        first, last = self.text[0], self.text[-1]
        if is_unspaced(first):
            marked = marked.removeprefix(BORDER)
        elif self.hashtag or is_word(first):
            marked = BORDER + marked  # a word starts here; a hashtag follows something that is no word
        if is_unspaced(last):
            marked = marked.removesuffix(BORDER)
        elif is_word(last) and not self.prefix:
            marked += BORDER
        object.__setattr__(self, "needle", marked)

    def occurs(self, marked: str) -> bool:
        """Whether bordered text holds the term. One substring search."""
        return self.needle in marked

    def may_occur(self, folded: str) -> bool:
        """Whether folded text, borders or not, holds the characters of the term."""
        return self.text in folded

    def cover(self) -> tuple[Term, ...]:
        """The term itself: a text that matches holds it."""
        return (self,)


@dataclass(frozen=True, slots=True)
class AllOf:
    """AND."""

    parts: tuple[Node, ...]

    def occurs(self, marked: str) -> bool:
        """Whether every part occurs."""
        return all(part.occurs(marked) for part in self.parts)

    def may_occur(self, folded: str) -> bool:
        """Whether every part may occur."""
        return all(part.may_occur(folded) for part in self.parts)

    def cover(self) -> tuple[Term, ...]:
        """The cover of the part with the fewest and then the longest terms."""
        covers = [cover for part in self.parts if (cover := part.cover())]
        return min(covers, key=lambda c: (len(c), -min(len(t.text) for t in c)), default=())


@dataclass(frozen=True, slots=True)
class AnyOf:
    """OR."""

    parts: tuple[Node, ...]

    def occurs(self, marked: str) -> bool:
        """Whether one part occurs."""
        return any(part.occurs(marked) for part in self.parts)

    def may_occur(self, folded: str) -> bool:
        """Whether one part may occur."""
        return any(part.may_occur(folded) for part in self.parts)

    def cover(self) -> tuple[Term, ...]:
        """The terms of all parts; none when one part alone can match without holding a term."""
        covers = [part.cover() for part in self.parts]
        return tuple(dict.fromkeys(t for c in covers for t in c)) if all(covers) else ()


@dataclass(frozen=True, slots=True)
class Without:
    """NOT."""

    part: Node

    def occurs(self, marked: str) -> bool:
        """Whether the part does not occur."""
        return not self.part.occurs(marked)

    def may_occur(self, folded: str) -> bool:
        """Always: what may occur in the part may fail at a border."""
        return True

    def cover(self) -> tuple[Term, ...]:
        """Nothing: absence cannot be searched for."""
        return ()


Node = Term | AllOf | AnyOf | Without


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # AND | OR | NOT | ( | ) | term | end
    at: int
    shown: str
    term: Term | None = None


def parse_tree(expression: str) -> Node:
    """The tree of an expression. Raises ConfigError with the position and what to do."""
    if len(expression) > MAX_CHARACTERS:
        raise ConfigError(f"terms are {len(expression):,} characters long; at most {MAX_CHARACTERS:,} are allowed")
    return _Parser(_tokens(expression)).tree()


def _tokens(expression: str) -> list[_Token]:
    found = []
    for match in _LEXER.finditer(expression.rstrip()):
        kind = match.lastgroup or ""
        at = match.start(kind if kind != "star" else "phrase") + 1
        shown = match[0].strip()
        if kind == "bad":
            raise ConfigError(f'terms, position {at}: a quote is opened and never closed. Write "two words"')
        if kind in ("open", "close"):
            found.append(_Token(shown, at, shown))
        elif kind == "star":
            found.append(_Token("term", at, shown, _term(match["phrase"], at, prefix=bool(match["star"]))))
        elif match["word"] in ("AND", "OR", "NOT"):
            found.append(_Token(match["word"], at, shown))
        else:
            word = match["word"]
            found.append(
                _Token("term", at, shown, _term(word.removesuffix("*"), at, prefix=word.endswith("*"), bare=True))
            )
    return [*found, _Token("end", len(expression) + 1, "the end")]


def _term(text: str, at: int, *, prefix: bool, bare: bool = False) -> Term:
    if bare and "*" in text:
        raise ConfigError(f"terms, position {at}: * stands only at the end of a word, as in delet*")
    folded = fold(text).strip()
    hashtag = bare and folded.startswith("#")
    if not folded.strip("#"):
        raise ConfigError(f'terms, position {at}: there is nothing to look for in {text!r}. Write a word or "a phrase"')
    return Term(folded, prefix=prefix, hashtag=hashtag)


class _Parser:
    """Recursive descent: any of (all of (not ... | term | parentheses))."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def tree(self) -> Node:
        node = self._any_of()
        if self._peek.kind != "end":
            raise self._error("a ) closes nothing. Remove it, or open it before")
        return node

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _error(self, message: str) -> ConfigError:
        return ConfigError(f"terms, position {self._peek.at}: {message}")

    def _any_of(self) -> Node:
        parts = [self._all_of()]
        while self._peek.kind == "OR":
            self._take()
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self) -> Node:
        parts = [self._one()]
        while self._peek.kind in ("AND", "NOT", "(", "term"):
            if self._peek.kind == "AND":
                self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Node:
        if self._peek.kind not in ("NOT", "(", "term"):
            raise self._error(f'a word, "a phrase" or ( is expected here, not {self._peek.shown}')
        token = self._take()
        if token.term is not None:
            return token.term
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} levels of parentheses and NOT. Write it flatter")
        node = Without(self._one()) if token.kind == "NOT" else self._inside(token)
        self._depth -= 1
        return node

    def _inside(self, opened: _Token) -> Node:
        node = self._any_of()
        if self._peek.kind != ")":
            raise self._error(f"the ( of position {opened.at} is never closed")
        self._take()
        return node
