"""Which service a post is about: names in the text, then accounts, forum and links, and no guess between equals.

Own method, for there is no published one for this question. Each service is counted by how often its names stand in
the text (an account that is mentioned counts as a name); the one that is named most often is the subject, of two equal
ones the one that is named first within the first 200 characters, else neither. A text that names none is about the
service of its forum, or of the one service that it links to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.services import Service

OPENING = 200
"""A name this early says what a text is about."""
LONGEST = 20_000
_LINK = re.compile(r"https?://([\w.-]+)|\bwww\.([\w.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Names:
    service: Service
    sure: re.Pattern[str] | None
    ambiguous: re.Pattern[str] | None
    context: re.Pattern[str] | None


class Recogniser:
    """Recognises the services of a list. Linear in the length of a text."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._names = [
            _Names(
                service,
                _words([*service.aliases, *(f"@{account}" for account in service.accounts)], re.IGNORECASE),
                _words(service.ambiguous, re.NOFLAG),
                _words(service.context, re.IGNORECASE),
            )
            for service in services
        ]
        self._any, self._owners = _index(services)
        self._forums = {forum.lower(): service.name for service in services for forum in service.communities}
        self._domains = {domain: service.name for service in services for domain in service.domains}

    def subject(self, text: str, *, community: str = "") -> str:
        """The name of the service that a post is about, "" where that is not clear."""
        text = text[:LONGEST]
        links = {self._linked(host) for found in _LINK.findall(text) for host in found if host} - {""}
        bare = _LINK.sub(" ", text)
        forum = self._forums.get(community.lower().removeprefix("r/"), "")
        named = dict(self._named(bare))
        if not named:
            return forum or (links.pop() if len(links) == 1 else "")
        most = max(len(places) for places in named.values())
        first = sorted((places[0], name) for name, places in named.items() if len(places) == most)
        if len(first) == 1:
            return first[0][1]
        if forum in {name for _, name in first}:
            return forum
        return first[0][1] if first[0][0] < OPENING <= first[1][0] else ""

    def _named(self, text: str) -> list[tuple[str, list[int]]]:
        # One pass over the text for all names; then only the services that may be meant are looked at.
        hits = {" ".join(match[0].lower().split()) for match in self._any.finditer(text)} if self._any else set()
        every = range(len(self._names))  # for letters that match without being equal, such as the long s
        found = []
        for number in sorted({owner for hit in hits for owner in self._owners.get(hit, every)}):
            names = self._names[number]
            places = [match.start() for match in names.sure.finditer(text)] if names.sure else []
            if names.ambiguous and (places or (names.context and names.context.search(text))):
                places += [match.start() for match in names.ambiguous.finditer(text)]
            if places:
                found.append((names.service.name, sorted(set(places))))
        return found

    def _linked(self, host: str) -> str:
        parts = host.lower().rstrip(".").split(".")
        tails = (".".join(parts[n:]) for n in range(len(parts) - 1))
        return next((self._domains[tail] for tail in tails if tail in self._domains), "")


def _index(services: Sequence[Service]) -> tuple[re.Pattern[str] | None, dict[str, list[int]]]:
    owners: dict[str, list[int]] = {}
    for number, service in enumerate(services):
        for name in (*service.aliases, *service.ambiguous, *(f"@{account}" for account in service.accounts)):
            owners.setdefault(name.lower(), []).append(number)
    return _words(list(owners), re.IGNORECASE), owners


def _words(names: Sequence[str], flags: re.RegexFlag) -> re.Pattern[str] | None:
    if not names:
        return None
    # Longest first, so that "GitHub Copilot" is one name and not two.
    choices = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w@.])(?:{choices})(?!\w)(?!\.\w)", flags)
