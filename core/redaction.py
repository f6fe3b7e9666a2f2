"""Secrets kept out of logs: those of client libraries too, which print headers and bodies at DEBUG."""

from __future__ import annotations

import logging
import traceback
from typing import Any

HIDDEN = "[secret]"
_SHORTEST = 6
"""A shorter value would blank out ordinary words; no platform gives such a token."""

_secrets: set[str] = set()


def guard(*secrets: str) -> None:
    """From now on, no log record of this process shows one of `secrets`, whichever logger writes it.

    A filter on a logger does not see the records of its children; the record factory sees every record, its
    arguments and its traceback.
    """
    _secrets.update(secret for secret in secrets if len(secret) >= _SHORTEST)
    if not isinstance(logging.getLogRecordFactory(), _Factory):
        logging.setLogRecordFactory(_Factory(logging.getLogRecordFactory()))


def quieten(*names: str) -> None:
    """Keep these loggers, and their children, from writing DEBUG records: they hold queries, texts and headers."""
    for name in names:
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)


def redact(text: str) -> str:
    """`text` with every guarded secret replaced."""
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    return text


class _Factory:
    """Makes log records as the factory before it did, without secrets."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._before(*args, **kwargs)
        if not _secrets:
            return record
        message = record.getMessage()
        if any(secret in message for secret in _secrets):
            record.msg, record.args = redact(message), ()
        if record.exc_info and record.exc_info[0] is not None:
            told = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            if any(secret in told for secret in _secrets):
                record.exc_info, record.exc_text = None, redact(told)
        return record
