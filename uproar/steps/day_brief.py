"""The brief of the day: written beside the digest, once a day, for whoever opens it in the morning."""

from __future__ import annotations

from pathlib import Path

from core.watches import Watch
from exports.brief import make_brief, write_brief
from store import Reader
from uproar.session import Session

WHO = "uproar run"


def day_brief(session: Session, reader: Reader, watch: Watch) -> Path | None:
    """Write today's brief to briefs/WATCH/DAY.html under UPROAR_HOME once the digest's time has come.

    None where the watch has no digest, is a replay or a radar's child, before that time, and where it is written
    already. Without themes, whose reading would hold the service up.
    """
    at = watch.alerts.digest
    now = session.now()
    local = now.astimezone(watch.zone)
    if at is None or watch.as_of is not None or watch.radar or local.time() < at:
        return None
    path = session.settings.home / "briefs" / watch.name / f"{local.date().isoformat()}.html"
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    made = make_brief(reader, watch, clock=now, others=session.watches())
    with session.annotations() as log:
        return write_brief(reader, made, path, log=log, who=WHO)
