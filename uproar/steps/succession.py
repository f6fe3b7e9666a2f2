"""What an update of the shipped weights asks for: their new revision takes over once it has scored what is shown."""

from __future__ import annotations

from datetime import datetime, timedelta

from store import Store

BACK_FILL = timedelta(days=60)
"""What a model must have scored before its figures are shown: the record that spikes are judged against."""


def succeed(store: Store, model: str, *, now: datetime) -> bool:
    """Activate `model` where it is a later revision of the active one and no post of BACK_FILL waits for it.

    Without this, an update would leave every new post without a score on the dashboard until somebody acts. Models of
    other names, and heads that were retrained here, are only ever activated by hand. Returns whether it did.
    """
    active = store.active_model()
    if active is None or active == model or active.partition("@")[0] != model.partition("@")[0] or "+" in model:
        return False
    if store.waiting(model, since=now - BACK_FILL):
        return False
    store.activate_model(model)
    return True
