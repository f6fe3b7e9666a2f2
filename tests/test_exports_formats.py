"""Every format holds the same rows, and none of them a formula."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from datetime import timedelta

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from test_brief import LETTER
from test_exports_cells import HOSTILE
from test_exports_posts import CLOCK, filled, make_watch  # noqa: F401 (a fixture)

from core.errors import ConfigError
from exports.cells import safe
from exports.columns import Column, frame_arrays, schema_of, text_array, time_texts
from exports.dictionary import TABLES, columns_of
from exports.excel import LONGEST
from exports.figures import alerts_table, effects_table, themes_table, timeline_table
from exports.files import download
from exports.formats import Format, format_of, write_table
from exports.posts import posts_table
from reports.effect import effects
from reports.themes import themes

T = (Column("t", "text", ""), Column("n", "number", ""), Column("at", "time", ""), Column("yes", "flag", ""))


def batch(texts):
    micros = pa.array([1_746_748_800_000_000] * len(texts), pa.timestamp("us", tz="UTC"))
    arrays = [text_array(texts), pa.array([0.5] * len(texts)), micros, pa.array([True] * len(texts))]
    return pa.record_batch(arrays, schema_of(T))


def write(format, *batches, columns=T):
    sink = io.BytesIO()
    write_table(sink, format, schema_of(columns), iter(batches), {"export_id": "x-1", "notice": "=1+1"})
    return sink.getvalue()


def texts_of(format, data):
    if format is Format.CSV:
        return [row["t"] for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]
    if format is Format.JSONL:
        return [json.loads(line)["t"] for line in data.decode().split("\n") if line]
    if format is Format.PARQUET:
        return pyarrow.parquet.read_table(io.BytesIO(data))["t"].to_pylist()
    sheet = openpyxl.load_workbook(io.BytesIO(data), read_only=True)["rows"]
    # Excel writes characters that XML has not as _x001F_ and reads them back; openpyxl leaves that to its user.
    return [unescape(row[0] or "") for row in sheet.iter_rows(min_row=2, max_col=1, values_only=True)]


@pytest.mark.parametrize("format", [Format.CSV, Format.JSONL, Format.PARQUET])
def test_hostile_texts_are_the_same_safe_cells_in_every_format(format):
    assert texts_of(format, write(format, batch(HOSTILE))) == [safe(t) for t in HOSTILE]


def test_no_cell_of_a_workbook_is_a_formula():
    data = write(Format.XLSX, batch(HOSTILE))
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}, "text or number, never f"
    assert sum(cell.data_type == "s" for cell in cells) >= 2 * len(HOSTILE)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert not [n for n in parts.namelist() if n.endswith(".xml") and b"<f>" in parts.read(n)]
    assert [row[1].value for row in book["about"].iter_rows()] == ["x-1", "'=1+1"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("format", [Format.CSV, Format.XLSX])
def test_libreoffice_finds_no_formula(format, tmp_path):
    (tmp_path / f"a.{format.value}").write_bytes(write(format, batch(HOSTILE)))
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "fods"]
    if format is Format.CSV:  # UTF-8, commas, detecting numbers as a person who clicks "OK" would
        command += ["--infilter=CSV:44,34,76,1,,0,false,true,false"]
    subprocess.run([*command, "--outdir", tmp_path, tmp_path / f"a.{format.value}"], check=True, capture_output=True)
    text = (tmp_path / "a.fods").read_text()
    assert "table:formula" not in text
    assert text.count("1+1") > 20


@settings(max_examples=30)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_any_text_comes_back_from_a_workbook(texts):
    found = texts_of(Format.XLSX, write(Format.XLSX, batch(texts)))
    # XML has no carriage return of its own, and a workbook no cell without a character.
    expected = [safe(t) for t in texts]
    assert [t.replace("\r\n", "\n").replace("\r", "\n") for t in found] == [
        t.replace("\r\n", "\n").replace("\r", "\n") for t in expected
    ]


def test_a_long_text_is_cut_to_what_a_cell_holds():
    (text,) = texts_of(Format.XLSX, write(Format.XLSX, batch(["x" * 40_000])))
    assert len(text) == LONGEST
    assert text.endswith("…")


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr("exports.excel.MOST_ROWS", 3)
    book = openpyxl.load_workbook(io.BytesIO(write(Format.XLSX, batch(list("abcd")), batch(list("efg")))))
    assert book.sheetnames == ["rows", "rows 2", "rows 3", "about"]
    assert [[row[0] for row in book[n].iter_rows(min_row=2, values_only=True)] for n in book.sheetnames[:3]] == [
        ["a", "b", "c"], ["d", "e", "f"], ["g"],
    ]  # fmt: skip


@pytest.mark.parametrize("format", list(Format))
def test_a_table_without_rows_has_its_columns(format):
    data = write(format)
    if format is Format.CSV:
        assert data == b'"t","n","at","yes"\n'
    elif format is Format.PARQUET:
        assert pyarrow.parquet.read_table(io.BytesIO(data)).schema.names == ["t", "n", "at", "yes"]
    elif format is Format.XLSX:
        sheet = openpyxl.load_workbook(io.BytesIO(data))["rows"]
        assert [cell.value for cell in sheet[1]] == ["t", "n", "at", "yes"]
    else:
        assert data == b""


def test_values_keep_their_types():
    assert write(Format.CSV, batch(["a"])).decode().splitlines()[1] == '"a",0.5,"2025-05-09T00:00:00Z","yes"'
    (row,) = map(json.loads, write(Format.JSONL, batch(["a"])).splitlines())
    assert row == {"t": "a", "n": 0.5, "at": "2025-05-09T00:00:00Z", "yes": True}
    table = pyarrow.parquet.read_table(io.BytesIO(write(Format.PARQUET, batch(["a"]))))
    assert table.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert json.loads(table.schema.metadata[b"uproar"])["export_id"] == "x-1"


def test_times_are_told_in_their_zone():
    micros = [0, 1, None, 1_746_748_800_500_000, -1]
    utc = pa.array(micros, pa.timestamp("us", tz="UTC"))
    assert time_texts(utc) == ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", None,
                               "2025-05-09T00:00:00.500000Z", "1969-12-31T23:59:59.999999Z"]  # fmt: skip
    berlin = pa.array(micros[:1], pa.timestamp("us", tz="Europe/Berlin"))
    assert time_texts(berlin) == ["1970-01-01T01:00:00+01:00"]


def test_a_file_name_tells_the_format(tmp_path):
    assert format_of(tmp_path / "a.CSV") is Format.CSV
    assert format_of(tmp_path / "a.ndjson") is Format.JSONL
    with pytest.raises(ConfigError, match=r"\.xlsx"):
        format_of(tmp_path / "a.xls")


def test_the_dictionary_is_what_the_files_hold(filled):  # noqa: F811
    reader = filled(make_post(), score=True)
    watch = make_watch(announcements=(LETTER,))
    said = themes(reader, watch, KeywordClassifier(), clock=CLOCK)
    tables = [
        posts_table(reader, make_watch(), clock=CLOCK), timeline_table(reader, make_watch(), clock=CLOCK),
        alerts_table(reader, make_watch(), clock=CLOCK), effects_table(reader, watch, clock=CLOCK),
        themes_table(reader, watch, said, clock=CLOCK),
    ]  # fmt: skip
    for table in tables:
        names = [column.name for column in columns_of(table.kind)]
        for made in table.batches:
            assert made.schema.names == names
        assert {column.name for column in columns_of(table.kind) if column.meaning.strip()} == set(names)
    assert {table.kind for table in tables} == set(TABLES)
    with pytest.raises(ConfigError, match="posts, timeline"):
        columns_of("nothing")


def test_shares_name_their_denominator():
    for columns in TABLES.values():
        for column in columns:
            if column.name.startswith("p_") or "share" in column.name or column.name in ("low", "high"):
                assert column.denominator, column.name


def test_every_row_carries_id_model_and_time(filled):  # noqa: F811
    reader = filled(make_post(), make_post(id="b", created_at=T0 + timedelta(hours=1)), score=True)
    for make in (posts_table, timeline_table):
        done = download(make(reader, make_watch(), clock=CLOCK), Format.JSONL)
        rows = [json.loads(line) for line in done.data.splitlines()]
        assert len(rows) == done.rows > 1
        stamps = {(row["export_id"], row["model"], row["as_of"]) for row in rows}
        assert stamps == {(done.id, "m@1", "2025-05-11T00:00:00Z")}


def test_missing_numbers_are_missing():
    import pandas as pd

    frame = pd.DataFrame({"n": [float("nan"), float("inf"), 0.12345678], "w": pd.array([1, None, 3], "Int64")})
    number, whole = frame_arrays(frame, [Column("n", "number", ""), Column("w", "whole", "")])
    assert number.to_pylist() == [None, None, 0.123457]
    assert whole.to_pylist() == [1, None, 3]


def test_effects_and_refusals_are_rows(filled):  # noqa: F811
    reader = filled(*(make_post(id=str(n), text=f"terms {n}") for n in range(3)), score=True)
    watch = make_watch(announcements=(LETTER,))
    done = download(effects_table(reader, watch, clock=CLOCK), Format.JSONL)
    rows = [json.loads(line) for line in done.data.splitlines()]
    readings = [reading for report in effects(reader, watch, clock=CLOCK) for reading in report.readings]
    assert [(row["response"], row["refusal"], row["effect"]) for row in rows] == [
        (reading.response, reading.refusal, reading.effect) for reading in readings
    ]
    assert {row["announcements"] for row in rows} == {"letter"}
    assert rows[0]["scale"] == "times"
