"""A full disk: a plain error, and what was committed before is kept."""

import pytest
from sqlalchemy import text

from core.errors import StoreUnwritable
from store.engine import make_engine, reading, writing


def test_a_full_disk_is_told_and_loses_nothing_before_it(tmp_path, sqlite_template):
    path = tmp_path / "full.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = make_engine(f"sqlite:///{path}", "write")
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO meta VALUES ('before', 'kept')"))
    with pytest.raises(StoreUnwritable, match="disk is full"):
        _overfill(engine)
    with reading(engine) as connection:
        names = connection.scalars(text("SELECT name FROM meta")).all()
    assert "before" in names
    assert "0" not in names
    engine.dispose()


def _overfill(engine):
    with writing(engine) as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count={pages + 1}"))
        for n in range(100):
            connection.execute(text("INSERT INTO meta VALUES (:n, :v)"), {"n": str(n), "v": "x" * 10_000})
