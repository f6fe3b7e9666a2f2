"""What a watch's terms mean: words, "phrases", #hashtags, prefix*, AND OR NOT and parentheses, in linear time.

A platform's own query language only narrows; this decides, so that a watch means the same on every source.
Grammar, loosest first: `a OR b`, `a AND b` (or side by side), `NOT a`, `( ... )`. Operators are upper case.
Matching ignores case and accents' composition (NFC, casefold). A word stands between word borders; a bare word also
matches the hashtag, `#tag` the hashtag alone; a trailing `*` matches any continuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.errors import ConfigError
from core.records import Post, Reason, Sighted

MAX_EXPRESSION = 10_000
_TOKEN = re.compile(r'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+))')
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """The form in which terms and texts are compared."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


class _Node(Protocol):
    def holds(self, present: frozenset[str]) -> bool: ...
    def cover(self) -> frozenset[str] | None: ...


@dataclass(frozen=True, slots=True)
class _Term:
    literal: str  # folded; "#" in front for a hashtag, "*" behind for a prefix

    def holds(self, present: frozenset[str]) -> bool:
        return self.literal in present

    def cover(self) -> frozenset[str] | None:
        return frozenset({self.literal})


@dataclass(frozen=True, slots=True)
class _Not:
    inner: _Node

    def holds(self, present: frozenset[str]) -> bool:
        return not self.inner.holds(present)

    def cover(self) -> frozenset[str] | None:
        return None


@dataclass(frozen=True, slots=True)
class _All:
    parts: tuple[_Node, ...]

    def holds(self, present: frozenset[str]) -> bool:
        return all(part.holds(present) for part in self.parts)

    def cover(self) -> frozenset[str] | None:
        covers = [c for c in (part.cover() for part in self.parts) if c is not None]
        # Fewer questions first, then longer phrases: they narrow most at the platform.
        return min(covers, key=lambda c: (len(c), -min(map(len, c)))) if covers else None


@dataclass(frozen=True, slots=True)
class _Any:
    parts: tuple[_Node, ...]

    def holds(self, present: frozenset[str]) -> bool:
        return any(part.holds(present) for part in self.parts)

    def cover(self) -> frozenset[str] | None:
        covers = [part.cover() for part in self.parts]
        if any(c is None for c in covers):
            return None
        return frozenset().union(*(c for c in covers if c))


class Expression:
    """A parsed expression. `matches` takes time linear in the text, whatever the text."""

    def __init__(self, root: _Node, literals: Iterable[str], phrases: Iterable[str]) -> None:
        self._root = root
        self._phrases = tuple(sorted(phrases))
        self._patterns = {literal: _pattern(literal) for literal in sorted(literals)}
        words = [re.escape(literal.strip("#*").split(" ")[0]) for literal in phrases]
        self._likely = re.compile("|".join(sorted(set(words), key=len, reverse=True)))

    def matches(self, text: str) -> bool:
        """Whether `text` satisfies the expression."""
        folded = fold(text)
        if self._likely.search(folded) is None:
            return False
        return self._root.holds(frozenset(lit for lit, pattern in self._patterns.items() if pattern.search(folded)))

    def phrases(self) -> tuple[str, ...]:
        """A cover: every matching text holds at least one of these (folded; `#` and a trailing `*` kept)."""
        return self._phrases


def parse(expression: str) -> Expression:
    """Read an expression. Raises ConfigError with the position of what cannot be read, and a remedy."""
    if len(expression) > MAX_EXPRESSION:
        raise ConfigError(f"the terms are longer than {MAX_EXPRESSION:,} characters; split the watch")
    parser = _Parser(expression)
    root = parser.parse()
    cover = root.cover()
    if cover is None:
        raise ConfigError("the terms only exclude: name at least one word or phrase that a post must hold")
    return Expression(root, parser.literals, cover)


class Matcher:
    """Decides for one watch which posts it holds, and remembers them so that replies in their threads follow."""

    def __init__(self, expression: str) -> None:
        self._expression = parse(expression)
        self._matched: set[tuple[str, str]] = set()

    def reason(self, text: str, thread_texts: Iterable[str] = ()) -> Reason | None:
        """TEXT when the text matches, THREAD when an ancestor's does, None when neither."""
        if self._expression.matches(text):
            return Reason.TEXT
        return Reason.THREAD if any(map(self._expression.matches, thread_texts)) else None

    def sight(self, posts: Iterable[Post], thread_text: Mapping[str, str] | None = None) -> tuple[Sighted, ...]:
        """The posts that the watch holds, in order; `thread_text` gives ancestors' texts by id.

        A post whose parent or root was held earlier by this matcher is held for its THREAD.
        """
        return tuple(self._sighted(posts, thread_text or {}))

    def _sighted(self, posts: Iterable[Post], thread_text: Mapping[str, str]) -> Iterator[Sighted]:
        for post in posts:
            above = [i for i in (post.parent_id, post.root_id) if i]
            reason = self.reason(post.text, [thread_text[i] for i in above if i in thread_text])
            if reason is None and any((post.source, i) in self._matched for i in above):
                reason = Reason.THREAD
            if reason is not None:
                self._matched.add((post.source, post.id))
                yield Sighted(post, reason)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(self._scan(text))
        self._at = 0
        self._depth = 0
        self.literals: set[str] = set()

    def parse(self) -> _Node:
        if not self._tokens:
            raise ConfigError("the terms are empty: name at least one word or phrase")
        root = self._either()
        if self._at < len(self._tokens):
            raise ConfigError(f"unexpected {self._tokens[self._at][1]!r} at {self._tokens[self._at][2]}: a ( is missing")
        return root

    def _scan(self, text: str) -> Iterator[tuple[str, str, int]]:
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise ConfigError(f'a quotation mark at {text.index(chr(34), at) + 1} is never closed')
            kind = found.lastgroup or "word"
            value, position = found[kind], found.start(kind) + 1
            if kind == "word" and value in ("AND", "OR", "NOT"):
                kind = value
            yield kind, value, position
            at = found.end()

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else "end"

    def _either(self) -> _Node:
        parts = [self._both()]
        while self._peek() == "OR":
            self._at += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def _both(self) -> _Node:
        parts = [self._negated()]
        while (kind := self._peek()) not in ("OR", "close", "end"):
            if kind == "AND":
                self._at += 1
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def _negated(self) -> _Node:
        if self._peek() == "NOT":
            self._at += 1
            return _Not(self._negated())
        return self._single()

    def _single(self) -> _Node:
        kind = self._peek()
        if kind == "end":
            raise ConfigError("the terms end where a word is missing")
        _, value, position = self._tokens[self._at]
        self._at += 1
        if kind == "open":
            self._depth += 1
            if self._depth > 50:
                raise ConfigError("the terms nest deeper than 50 parentheses")
            inner = self._either()
            if self._peek() != "close":
                raise ConfigError(f"the ( at {position} is never closed")
            self._at += 1
            self._depth -= 1
            return inner
        if kind not in ("word", "phrase"):
            raise ConfigError(f"unexpected {value!r} at {position}: a word is missing before it")
        literal = _SPACE.sub(" ", fold(value)).strip()
        if not re.search(r"\w", literal):
            raise ConfigError(f"{value!r} at {position} holds no letter or digit")
        self.literals.add(literal)
        return _Term(literal)


def _pattern(literal: str) -> re.Pattern[str]:
    body, hashtag, prefix = literal.rstrip("*"), literal.startswith("#"), literal.endswith("*")
    before = r"(?<!\w)" if not hashtag and body[0].isalnum() else r"(?<![\w#])" if hashtag else ""
    after = "" if prefix or not (body[-1].isalnum() or body[-1] == "_") else r"(?!\w)"
    return re.compile(before + r"\s+".join(map(re.escape, body.split(" "))) + after)
