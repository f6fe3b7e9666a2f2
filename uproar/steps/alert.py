"""Stage four: what is due in the outbox goes to its channels."""

from __future__ import annotations

from collections.abc import Callable

from alerts.channels import load_channels
from alerts.facts import renderer
from alerts.outbox import Sent, deliver
from core.services import children
from core.watches import Watch
from store import Reader, Store
from uproar.session import Session


def send_alerts(
    session: Session, store: Store, reader: Reader, *, dry_run: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Sent:  # fmt: skip
    """Deliver what is due, or with `dry_run` only tell what would go out. A failing channel never stops another."""
    render = renderer(reader, _all_watches(session), clock=session.now, dashboard_url=session.settings.dashboard_url)
    channels = load_channels(session.settings, strict=False)
    return deliver(store, channels, reader=reader, clock=session.now, render=render, dry_run=dry_run,
                   stopped=stopped)  # fmt: skip


def _all_watches(session: Session) -> list[Watch]:
    watches = session.watches()
    return [*watches, *(child for watch in watches if watch.is_radar for child in children(watch))]
