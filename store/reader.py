"""`Reader`, the handle that cannot write, put together from its subjects."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select

from store.announcements import AnnouncementReader
from store.counts import RollupReader
from store.coverage import CoverageReader
from store.draws import DrawReader
from store.engine import make_engine, reading
from store.export_log import ExportReader
from store.find import PostReader
from store.frames import frame
from store.incident_reader import AlertReader
from store.public import PublicReader
from store.rechecks import ErasureReader
from store.registry import active_model
from store.schema import data_version, models, watches
from store.spending import SpendingReader
from store.tags import TagReader
from store.taught import TaughtReader
from store.terms_changes import TermsChangeReader
from store.terms_links import TermsLinkReader
from store.terms_versions import TermsVersionReader
from store.upgrade import check_schema


class Reader(
    RollupReader, PostReader, PublicReader, CoverageReader, AnnouncementReader, AlertReader, SpendingReader,
    TermsVersionReader, TermsChangeReader, TermsLinkReader, ExportReader, ErasureReader, DrawReader, TagReader,
    TaughtReader,
):  # fmt: skip
    """Reads frames and records; it cannot write, and every method sees one consistent state."""

    def watches(self) -> list[str]:
        """The names of the watches that the store knows, sorted."""
        with reading(self._engine) as connection:
            return list(connection.scalars(select(watches.c.name).order_by(watches.c.name)))

    def active_model(self) -> str | None:
        """The model whose figures are shown; None before the first is registered."""
        with reading(self._engine) as connection:
            return active_model(connection)

    def models(self) -> pd.DataFrame:
        """The registered models, oldest first: model, uses_subject, active."""
        query = select(models.c.name, models.c.uses_subject, models.c.active).order_by(models.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return frame(rows, {"model": "str", "uses_subject": "bool", "active": "bool"})

    def data_version(self) -> int:
        """A number that changes with every write that may change what is shown: a key for caches."""
        with reading(self._engine) as connection:
            return int(connection.scalar(select(data_version.c.value)) or 0)


def open_reader(url: str) -> Reader:
    """Open for reading only. Raises SchemaMismatch naming `uproar migrate` where the schema is not this program's."""
    engine = make_engine(url, "read")
    try:
        check_schema(engine, url)
    except BaseException:
        engine.dispose()
        raise
    return Reader(engine)
