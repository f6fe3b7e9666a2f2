"""Matching: which posts a watch holds, decided here and alike for every source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import ConfigError
from core.expressions import Node, Term, parse_tree
from core.records import Post, Reason, Sighted
from core.words import bordered, fold


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. Matching takes time linear in the length of a text, whatever the text holds."""

    tree: Node
    cover: tuple[Term, ...]

    def matches(self, text: str) -> bool:
        """Whether `text` matches: without case, in whole words (Unicode), any white space between two words."""
        folded = fold(text)
        # Most posts end at the first test, which needs no borders.
        return self.tree.may_occur(folded) and self.tree.occurs(bordered(folded))

    def phrases(self) -> tuple[str, ...]:
        """A cover in folded form, to narrow a search by: every matching text holds at least one of them.

        A prefix comes without its star, a hashtag with its sign; `cover` has the terms themselves.
        """
        return tuple(dict.fromkeys(term.text for term in self.cover))


def parse(expression: str) -> Expression:
    """Read an expression: words, "phrases", #hashtags, prefix*, AND, OR, NOT, parentheses.

    Two terms side by side mean AND, which binds closer than OR. A bare word is found in its hashtag too, a
    #hashtag only as one. Raises ConfigError with the position and what to do.
    """
    tree = parse_tree(expression)
    cover = tree.cover()
    if not cover:
        raise ConfigError(
            "terms need a word that every match holds: NOT alone, or one side of an OR, finds everything else"
        )
    return Expression(tree, cover)


class Matcher:
    """Decides for the posts of one run. Remembers the posts that it held, so that their replies are held too."""

    def __init__(self, expression: str) -> None:
        self.expression = parse(expression)
        self._held: set[tuple[str, str]] = set()

    def reason(self, text: str, thread_texts: Iterable[str] = ()) -> Reason | None:
        """TEXT when `text` matches, THREAD when the text of an ancestor does, else None."""
        if self.expression.matches(text):
            return Reason.TEXT
        if any(self.expression.matches(thread) for thread in thread_texts):
            return Reason.THREAD
        return None

    def sight(self, posts: Iterable[Post], thread_text: Mapping[str, str] | None = None) -> tuple[Sighted, ...]:
        """The posts that the watch holds, in the order given, with the reason.

        `thread_text` gives texts of ancestors by their id. A reply to a post that this matcher held, now or
        before, is held as THREAD, and so are the replies to it.
        """
        posts = tuple(posts)
        found = {n: Reason.TEXT for n, post in enumerate(posts) if self.expression.matches(post.text)}
        self._held.update((posts[n].source, posts[n].id) for n in found)
        ancestors = thread_text or {}
        if len(found) == len(posts):
            return tuple(Sighted(post) for post in posts)
        # Parents first, so that a chain of replies on one page hangs together in any order.
        for n in sorted(range(len(posts)), key=lambda n: posts[n].created_at):
            if n not in found and self._in_thread(posts[n], ancestors):
                found[n] = Reason.THREAD
                self._held.add((posts[n].source, posts[n].id))
        return tuple(Sighted(posts[n], found[n]) for n in sorted(found))

    def _in_thread(self, post: Post, ancestors: Mapping[str, str]) -> bool:
        for ancestor in (post.parent_id, post.root_id):
            if not ancestor or ancestor == post.id:
                continue
            if (post.source, ancestor) in self._held:
                return True
            if self.expression.matches(ancestors.get(ancestor, "")):
                self._held.add((post.source, ancestor))
                return True
        return False
