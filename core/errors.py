"""Errors, chosen by what the caller should do about them.

    UproarError
    ├── ConfigError            fix the configuration, then run again        (exit 3)
    │   └── MissingSetting     set the variable that the message names      (exit 3)
    ├── SourceError            one source failed; the others go on          (exit 4)
    │   ├── RetryLater         wait `after` seconds, then ask again
    │   ├── AccessDenied       renew the key or the approval
    │   ├── QueryRejected      change the watch's terms for this source
    │   └── SourceChanged      the answer is not what the code knows: update Uproar
    ├── BudgetExhausted        the budget or rate is spent; continue later  (exit 5)
    ├── StoreBusy              another process holds the database           (exit 6)
    ├── StoreUnwritable        make room or give write permission           (exit 6)
    ├── SchemaMismatch         the database is of another version           (exit 6)
    ├── InputUnusable          nothing in the given file can be read        (exit 7)
    ├── ModelRefused           weights are missing, tampered with or unsafe (exit 3)
    └── AlertNotSent           a channel did not take the message; it stays in the outbox

A message says what, which value, what to do, and the alternatives. It never holds a secret or a post's text.
"""

from __future__ import annotations


class UproarError(Exception):
    """Base of every error that Uproar raises on purpose."""

    exit_code = 1


class ConfigError(UproarError):
    """A watch, a setting or an argument is wrong: fix it and run again."""

    exit_code = 3


class MissingSetting(ConfigError):
    """A needed setting is absent. The message names the variable and where to get its value."""


class ModelRefused(ConfigError):
    """Model weights are missing, tampered with or in a format that is not loaded."""


class SourceError(UproarError):
    """One source could not be read. Other sources are not touched by it."""

    exit_code = 4


class RetryLater(SourceError):
    """The source asks for a pause, or is down. `after` is the wait in seconds, None where it gave none."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class AccessDenied(SourceError):
    """The source refuses this key, account or address."""


class QueryRejected(SourceError):
    """The source does not accept this query."""


class SourceChanged(SourceError):
    """The source answered in a shape that this version does not know."""


class BudgetExhausted(UproarError):
    """The money or request budget of a source is spent. What was read so far is kept."""

    exit_code = 5


class StoreBusy(UproarError):
    """Another process held the database for longer than the busy time-out."""

    exit_code = 6


class StoreUnwritable(UproarError):
    """The disk under the database is full, read-only or failing. What was committed before is kept."""

    exit_code = 6


class SchemaMismatch(UproarError):
    """The database has an older or newer schema than this program. The message names the command that helps."""

    exit_code = 6


class InputUnusable(UproarError):
    """Not one row of an input could be used."""

    exit_code = 7


class AlertNotSent(UproarError):
    """A channel did not take an alert. Names the channel, never its URL.

    `retry_after` is the pause in seconds that it asks for; `maybe_taken`: the message went out and no answer came.
    """

    exit_code = 4

    def __init__(self, message: str, *, retry_after: float | None = None, maybe_taken: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.maybe_taken = maybe_taken
