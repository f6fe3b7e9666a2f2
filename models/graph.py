"""The ONNX graph of the network, written node by node: one graph for all heads and the embedding.

Written by hand because the exporters' graphs need pattern matching to become fast, and because ONNX Runtime's own
dynamic quantisation takes one scale from the whole batch, so that a post's score moves with its neighbours. Here
every token row has its own scale: a score does not depend on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.network import ATTENTION_HEADS, LAYERS

Weights = Mapping[str, NDArray[np.float32]]
EPSILON = 1e-8  # under the square root; far below any variance here, above its rounding error
OPSET = 17
LONGEST = 128  # tokens a text; positions beyond are left out of the file


class Graph:
    """Collects nodes and weights; every method returns the name of its result."""

    def __init__(self, weights: Weights, *, int8: bool) -> None:
        self.weights = weights
        self.int8 = int8
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
        """x @ matrix.T without bias, in int8 with one scale per row of x and per column of the result."""
        if not self.int8:
            return self.node("MatMul", [x, self.constant(f"{name}.t", matrix.T)])
        quantised, scale = by_row(matrix)
        small, row_scale = self.rows(x)
        product = self.node(
            "MatMulIntegerToFloat",
            [
                small,
                self.constant(f"{name}.q", quantised.T),
                self.constant("one", np.float32(1.0)),
                self.constant(f"{name}.s", scale),
                self.constant("middle", np.uint8(128)),
            ],
            own=True,
        )
        return self.node("Mul", [product, row_scale])

    def rows(self, x: str) -> tuple[str, str]:
        """x as uint8 round 128 with one scale per token (its largest magnitude over 127), and that scale."""
        highest = self.node("ReduceMax", [x], axes=[-1], keepdims=1)
        lowest = self.node("ReduceMin", [x], axes=[-1], keepdims=1)
        largest = self.node("Max", [highest, self.node("Neg", [lowest]), self.constant("tiny", np.float32(1e-9))])
        scale = self.node("Mul", [largest, self.constant("step", np.float32(1 / 127))])
        whole = self.node("Mul", [x, self.node("Reciprocal", [scale])])
        one, middle = self.constant("one", np.float32(1.0)), self.constant("middle", np.uint8(128))
        return self.node("QuantizeLinear", [whole, one, middle]), scale

    def embedded(self, ids: str) -> str:
        """Word, position and token-type embeddings of `ids`, normalised; words are int8 with a scale per word."""
        table = self.weights["embeddings.word_embeddings.weight"]
        if self.int8:
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


def by_row(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`matrix` as int8 with one scale per row."""
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-9).astype(np.float32) / 127
    return np.round(matrix / scale[:, None]).clip(-127, 127).astype(np.int8), scale


def build(weights: Weights, heads: Sequence[str], *, int8: bool) -> onnx.ModelProto:
    """The model: input_ids, attention_mask (n, length) int64 -> logits (n, labels of `heads` in turn), embedding."""
    graph = Graph(weights, int8=int8)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.INT32)
    x = graph.embedded("input_ids")
    for number in range(LAYERS):
        x = graph.layer(x, mask, number)
    kept = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    one = graph.constant("axis_one", np.array([1], np.int64))
    total = graph.node("MatMul", [graph.node("Unsqueeze", [kept, one]), x])
    count = graph.node("ReduceSum", [kept, one], keepdims=1)
    pooled = graph.node("Div", [graph.node("Squeeze", [total, one]), count])
    matrix = np.concatenate([weights[f"heads.{head}.weight"] for head in heads])
    bias = np.concatenate([weights[f"heads.{head}.bias"] for head in heads])
    inputs = [pooled, graph.constant("heads.weight", matrix.T), graph.constant("heads.bias", bias)]
    logits = graph.node("Gemm", inputs)
    unit = graph.node("LpNormalization", [pooled], axis=-1, p=2)
    graph.nodes += [
        helper.make_node("Identity", [logits], ["logits"]),
        helper.make_node("Identity", [unit], ["embedding"]),
    ]
    shape = ["n", "length"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "uproar",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(bias)]),
                helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", matrix.shape[1]]),
            ],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)],
    )
    model.ir_version = 10
    return model
