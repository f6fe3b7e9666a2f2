"""Weights are what their manifest says, or they are not loaded: SHA-256 per file, and no pickle in the folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from core.errors import ModelRefused

MANIFEST = "MANIFEST"
_LINE = re.compile(r"([0-9a-f]{64})  ([\w.\-]+)")
_PICKLES = frozenset({".bin", ".ckpt", ".dill", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth"})


def verify(folder: Path, *, needed: frozenset[str] = frozenset()) -> str:
    """Check every file of `folder` against its manifest; returns eight hex digits that name this set of files.

    Raises ModelRefused where the manifest or a file that it (or `needed`) names is missing, a file is not what
    the manifest says, or the folder holds a format that can carry code.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise ModelRefused(f"{folder} has no {MANIFEST}: restore the weights, for instance with git checkout")
    for path in sorted(folder.iterdir()):
        if path.suffix in _PICKLES:
            raise ModelRefused(
                f"{path.name} in {folder} can carry code and is not loaded: only ONNX and safetensors are"
            )
    listed = _listed(manifest)
    for name in sorted(needed - listed.keys()):
        raise ModelRefused(f"{manifest} does not list {name}: restore the weights")
    for name, digest in listed.items():
        path = folder / name
        if not path.is_file():
            raise ModelRefused(f"{name} is missing from {folder}: restore the weights")
        if sha256(path) != digest:
            raise ModelRefused(f"{name} in {folder} is not the file of the manifest: restore the weights")
    return hashlib.sha256(manifest.read_bytes()).hexdigest()[:8]


def write_manifest(folder: Path, names: tuple[str, ...]) -> None:
    """Write the manifest of `names`, one `<sha256>  <name>` a line (the format of sha256sum)."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(names)]
    (folder / MANIFEST).write_text("".join(lines), encoding="ascii", newline="\n")


def sha256(path: Path) -> str:
    """The hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(manifest: Path) -> dict[str, str]:
    listed = {}
    for line in manifest.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ModelRefused(f"{manifest} is damaged: a line is not a SHA-256 and a plain file name")
        listed[match[2]] = match[1]
    return listed
