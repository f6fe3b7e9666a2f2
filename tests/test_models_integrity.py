"""Weights that are not what the manifest says are refused, with the file named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import ModelRefused
from models.integrity import MANIFEST, verify, write_manifest
from models.onnx import FOLDERS, NEEDED, WEIGHTS, OnnxClassifier

SHIPPED = WEIGHTS / FOLDERS["uproar-minilm"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.onnx").write_bytes(b"weights")
    (tmp_path / "b.json").write_bytes(b"{}")
    write_manifest(tmp_path, ("a.onnx", "b.json"))
    return tmp_path


def test_intact_files_give_a_revision_that_changes_with_them(folder: Path) -> None:
    first = verify(folder, needed=frozenset({"a.onnx"}))
    assert len(first) == 8
    assert verify(folder) == first
    (folder / "a.onnx").write_bytes(b"other weights")
    write_manifest(folder, ("a.onnx", "b.json"))
    assert verify(folder) != first


def test_a_changed_byte_is_refused(folder: Path) -> None:
    (folder / "a.onnx").write_bytes(b"Weights")
    with pytest.raises(ModelRefused, match=r"a\.onnx"):
        verify(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "b.json").unlink()
    with pytest.raises(ModelRefused, match=r"b\.json is missing"):
        verify(folder)


def test_a_file_that_the_manifest_leaves_out_is_refused(folder: Path) -> None:
    with pytest.raises(ModelRefused, match=r"tokenizer\.json"):
        verify(folder, needed=frozenset({"tokenizer.json"}))


def test_no_manifest_is_refused(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(ModelRefused, match=MANIFEST):
        verify(folder)


@pytest.mark.parametrize("line", ["nonsense", f"{'0' * 64}  ../outside", f"{'0' * 64}  sub/file", ""])
def test_a_damaged_manifest_is_refused(folder: Path, line: str) -> None:
    (folder / MANIFEST).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ModelRefused, match="damaged"):
        verify(folder)


@pytest.mark.parametrize("name", ["model.pkl", "pytorch_model.bin", "model.pt", "head.joblib"])
def test_pickles_are_refused_whatever_the_manifest_says(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x80\x04.")
    write_manifest(folder, ("a.onnx", "b.json", name))
    with pytest.raises(ModelRefused, match=name):
        verify(folder)


def test_the_classifier_checks_before_it_loads(tmp_path: Path) -> None:
    copy = tmp_path / "weights"
    shutil.copytree(SHIPPED, copy)
    whole = OnnxClassifier(copy, name="copy")
    assert whole.model == f"copy@{verify(copy)}"
    data = bytearray((copy / "model.int8.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "model.int8.onnx").write_bytes(data)
    with pytest.raises(ModelRefused, match=r"model\.int8\.onnx"):
        OnnxClassifier(copy, name="copy")


def test_heads_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    for name in NEEDED:
        (tmp_path / name).write_text('{"heads": 3}', encoding="utf-8")
    write_manifest(tmp_path, tuple(NEEDED))
    with pytest.raises(ModelRefused, match=r"heads\.json"):
        OnnxClassifier(tmp_path, name="broken")


def test_the_shipped_folder_is_small_and_listed() -> None:
    listed = {line.split("  ")[1] for line in (SHIPPED / MANIFEST).read_text(encoding="utf-8").splitlines()}
    assert listed >= NEEDED | {"model.safetensors"}
    assert {path.name for path in SHIPPED.iterdir()} - listed == {MANIFEST, "CARD.md", "LICENSE", "figures.json"}
    assert (SHIPPED / "LICENSE").read_bytes() == (WEIGHTS / "LICENSE").read_bytes()
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 75e6
