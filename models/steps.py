"""The steps of int8: what one unit is worth for each channel that goes into a product, measured on training texts.

A channel with large values gets a large step and smaller weights behind it (SmoothQuant, Xiao et al. 2023, alpha 0.8):
one step for all channels would be ruled by the few that reach far.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.graph import Weights, build

SMOOTH = 0.8


def measured(
    weights: Weights, heads: Sequence[str], texts: Sequence[str], words: Tokenizer
) -> dict[str, NDArray[np.float32]]:
    """Steps per product, each (input channels,), from one pass of `texts` through the fp32 graph."""
    session = onnxruntime.InferenceSession(build(weights, heads, watched=True).SerializeToString())
    names = [out.name for out in session.get_outputs()][2:]
    largest: dict[str, NDArray[np.float32]] = {}
    for text in texts:
        ids = np.array([words.encode(text).ids], np.int64)
        found = session.run(names, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, values in zip(names, found, strict=True):
            reach = np.abs(values[0]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, reach), reach)
    return {name: _smoothed(reach) for name, reach in largest.items()}


def _smoothed(reach: NDArray[np.float32]) -> NDArray[np.float32]:
    top = float(reach.max())
    share = np.maximum(reach / top, 1e-4)
    result: NDArray[np.float32] = (top / 127 * share**SMOOTH).astype(np.float32)
    return result
