"""The ONNX graph of the network, written node by node: one graph for all heads and the embedding.

Written by hand because the exporters' graphs need pattern matching to become fast, and because ONNX Runtime's own
dynamic quantisation takes one scale from the whole batch, so that a post's score moves with its neighbours. Here
every channel of every product has a fixed step, measured once on training texts (`models.steps`): a score does not
depend on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.network import ATTENTION_HEADS, GATE, HIDDEN, LAYERS

Weights = Mapping[str, NDArray[np.float32]]
Steps = Mapping[str, NDArray[np.float32]]  # product -> what one unit of int8 is worth, per input channel
EPSILON = 1e-8  # under the square root; far below any variance here, above its rounding error
OPSET = 17
LONGEST = 128  # tokens a text; positions beyond are left out of the file


class Graph:
    """Collects nodes and weights; every method returns the name of its result."""

    def __init__(self, weights: Weights, *, steps: Steps | None) -> None:
        self.weights = weights
        self.steps = steps
        self.products: dict[str, str] = {}  # product -> the name of its input
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], *, own: bool = False, results: int = 1, **settings: object) -> str:
        """Add one node; `own` marks ONNX Runtime's operators (domain com.microsoft)."""
        stem = f"{kind}_{len(self.nodes)}"
        outputs = [stem] if results == 1 else [f"{stem}_{i}" for i in range(results)]
        domain = "com.microsoft" if own else ""
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=stem, domain=domain, **settings))
        return outputs[0]

    def stored(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def linear(self, x: str, name: str, matrix: NDArray[np.float32]) -> str:
        """x @ matrix.T without bias; in int8 with fixed steps for x and one scale per column of the result."""
        self.products[name] = x
        if self.steps is None:
            return self.node("MatMul", [x, self.constant(f"{name}.t", matrix.T)])
        step = self.steps[name]
        quantised, scale = by_row(matrix * step)
        one, middle = self.constant("one", np.float32(1.0)), self.constant("middle", np.uint8(128))
        # A multiplication first: QuantizeLinear with a step per channel is not vectorised and five times slower.
        whole = self.node("Mul", [x, self.constant(f"{name}.step", (1 / step).astype(np.float32))])
        small = self.node("QuantizeLinear", [whole, one, middle])
        return self.node(
            "MatMulIntegerToFloat",
            [
                small,
                self.constant(f"{name}.q", quantised.T),
                one,
                self.constant(f"{name}.s", scale),
                middle,
            ],
            own=True,
        )

    def embedded(self, ids: str) -> str:
        """Word, position and token-type embeddings of `ids`, normalised; words are int8 with a scale per word."""
        table = self.weights["embeddings.word_embeddings.weight"]
        if self.steps is not None:
            quantised, scale = by_row(table)
            whole = self.node("Gather", [self.constant("words.q", quantised), ids])
            scales = self.node("Gather", [self.constant("words.s", scale[:, None]), ids])
            words = self.node("Mul", [self.node("Cast", [whole], to=TensorProto.FLOAT), scales])
        else:
            words = self.node("Gather", [self.constant("words", table), ids])
        places = self.weights["embeddings.position_embeddings.weight"]
        places = places + self.weights["embeddings.token_type_embeddings.weight"][0]
        length = self.node("Gather", [self.node("Shape", [ids]), self.constant("axis1", np.array([1], np.int64))])
        zero = self.constant("zero", np.array([0], np.int64))
        here = self.node("Slice", [self.constant("places", places[:LONGEST].astype(np.float32)), zero, length, zero])
        return self.normalised(self.node("Add", [words, here]), "embeddings.LayerNorm")

    def residual(self, x: str, origin: str, prefix: str) -> str:
        """LayerNorm(dense(x) + bias + origin)."""
        dense = self.linear(x, f"{prefix}.dense", self.weights[f"{prefix}.dense.weight"])
        summed = self.node("Add", [self.node("Add", [dense, self.stored(f"{prefix}.dense.bias")]), origin])
        return self.normalised(summed, f"{prefix}.LayerNorm")

    def normalised(self, x: str, norm: str) -> str:
        """LayerNorm of x, spelled out: ONNX Runtime's own node is not vectorised and took a fifth of the time.

        The variance is E[x*x] - E[x]*E[x], a form that the run time's graph optimiser leaves alone.
        """
        mean = self.node("ReduceMean", [x], axes=[-1], keepdims=1)
        square = self.node("ReduceMean", [self.node("Mul", [x, x])], axes=[-1], keepdims=1)
        variance = self.node("Sub", [square, self.node("Mul", [mean, mean])])
        deviation = self.node("Sqrt", [self.node("Add", [variance, self.constant("epsilon", np.float32(EPSILON))])])
        centred = self.node("Mul", [self.node("Sub", [x, mean]), self.node("Reciprocal", [deviation])])
        return self.node(
            "Add", [self.node("Mul", [centred, self.stored(f"{norm}.weight")]), self.stored(f"{norm}.bias")]
        )

    def layer(self, x: str, mask: str, number: int) -> str:
        prefix = f"encoder.layer.{number}"
        parts = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self.weights[f"{part}.weight"] for part in parts])
        bias = np.concatenate([self.weights[f"{part}.bias"] for part in parts])
        joined = self.linear(x, f"{prefix}.qkv", matrix)
        first = self.node("Split", [joined], results=3, axis=-1)
        split = [first[:-1] + str(i) for i in range(3)]
        inputs = [*split, self.constant(f"{prefix}.qkv.bias", bias), mask]
        mixed = self.node("MultiHeadAttention", inputs, own=True, num_heads=ATTENTION_HEADS)
        x = self.residual(mixed, x, f"{prefix}.attention.output")
        inner = self.linear(x, f"{prefix}.inner", self.weights[f"{prefix}.intermediate.dense.weight"])
        active = self.node("BiasGelu", [inner, self.stored(f"{prefix}.intermediate.dense.bias")], own=True)
        return self.residual(active, x, f"{prefix}.output")

    def dense(self, x: str, layers: Sequence[str]) -> str:
        """x @ matrix.T + bias in fp32, the stored `layers` side by side."""
        matrix = np.concatenate([self.weights[f"{layer}.weight"] for layer in layers])
        bias = np.concatenate([self.weights[f"{layer}.bias"] for layer in layers])
        name = layers[0]
        return self.node("Gemm", [x, self.constant(f"{name}.t", matrix.T), self.constant(f"{name}.b", bias)])

    def answers(self, pooled: str, heads: Sequence[str]) -> tuple[str, int]:
        """Logits of `heads` side by side and how many; sentiment, the first, is mixed of its two layers by the gate."""
        if heads[0] != "sentiment":
            raise ValueError("sentiment must be the first head")
        widths = [len(self.weights[f"heads.{head}.bias"]) for head in heads]
        plain = self.dense(pooled, [f"heads.{head}" for head in heads])
        sizes = self.constant("sentiment_and_rest", np.array([widths[0], sum(widths[1:])], np.int64))
        first = self.node("Split", [plain, sizes], results=2, axis=1)
        tweets, rest = first, first[:-1] + "1"
        opened = self.node("Sigmoid", [self.dense(pooled, [GATE])])
        moved = self.node("Mul", [opened, self.node("Sub", [self.dense(pooled, ["reading"]), tweets])])
        return self.node("Concat", [self.node("Add", [tweets, moved]), rest], axis=1), sum(widths)


def by_row(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`matrix` as int8 with one scale per row."""
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-9).astype(np.float32) / 127
    return np.round(matrix / scale[:, None]).clip(-127, 127).astype(np.int8), scale


def build(
    weights: Weights, heads: Sequence[str], *, steps: Steps | None = None, watched: bool = False
) -> onnx.ModelProto:
    """The model: input_ids, attention_mask (n, length) int64 -> logits (n, labels of `heads` in turn), embedding.

    With `steps` its products are int8, else fp32; `watched` adds the input of each product as an output of that name.
    """
    graph = Graph(weights, steps=steps)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.INT32)
    x = graph.embedded("input_ids")
    for number in range(LAYERS):
        x = graph.layer(x, mask, number)
    kept = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    one = graph.constant("axis_one", np.array([1], np.int64))
    total = graph.node("MatMul", [graph.node("Unsqueeze", [kept, one]), x])
    count = graph.node("ReduceSum", [kept, one], keepdims=1)
    pooled = graph.node("Div", [graph.node("Squeeze", [total, one]), count])
    logits, width = graph.answers(pooled, heads)
    unit = graph.node("LpNormalization", [pooled], axis=-1, p=2)
    graph.nodes += [
        helper.make_node("Identity", [logits], ["logits"]),
        helper.make_node("Identity", [unit], ["embedding"]),
    ]
    seen = list(graph.products) if watched else []
    graph.nodes += [helper.make_node("Identity", [graph.products[name]], [name]) for name in seen]
    shape = ["n", "length"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "uproar",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", width]),
                helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", HIDDEN]),
                *(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in seen),
            ],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)],
    )
    model.ir_version = 10
    return model
