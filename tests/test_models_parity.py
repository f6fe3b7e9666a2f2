"""The shipped ONNX file says what the shipped safetensors say in torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.onnx import FOLDERS, WEIGHTS, OnnxClassifier

torch = pytest.importorskip("torch")

SHIPPED = WEIGHTS / FOLDERS["uproar-minilm"]
POSTS = Path(__file__).parent.parent / "models" / "training_posts.jsonl"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    lines = POSTS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[::5]]


@pytest.fixture(scope="module")
def in_torch(texts: list[str]) -> dict[str, np.ndarray]:
    from safetensors.torch import load_file

    from core.text import model_input
    from models.fitting import predict, tokenizer
    from models.network import Network

    heads = {name: tuple(names) for name, names in json.loads((SHIPPED / "heads.json").read_text())["heads"].items()}
    network = Network(heads)
    stored = load_file(SHIPPED / "model.safetensors")
    network.load_state_dict({name: value.float() for name, value in stored.items()})
    return predict(network, [model_input(text) for text in texts], words=tokenizer(SHIPPED))


def test_int8_agrees_with_torch(texts: list[str], in_torch: dict[str, np.ndarray]) -> None:
    scores = OnnxClassifier(SHIPPED, name="parity", threads=2, detect_language=False).score(texts)
    for head in ("sentiment", "stance", "relevance"):
        same = scores.probabilities[head][scores.scored].argmax(1) == in_torch[head][scores.scored].argmax(1)
        assert same.mean() >= 0.93, head  # 155 posts, many on the border; export asks 0.97 of 2,000 tweets
    exact = 1 / (1 + np.exp(-in_torch["topics"]))
    assert np.abs(scores.probabilities["topics"] - exact)[scores.scored].mean() < 0.02


@pytest.mark.slow
def test_the_stored_encoder_opens_in_transformers(texts: list[str]) -> None:
    from transformers import AutoModel

    from models.fitting import tokenizer

    encoder = AutoModel.from_pretrained(SHIPPED, dtype=torch.float32, add_pooling_layer=False).eval()
    ids = tokenizer(SHIPPED).encode(texts[0]).ids
    with torch.inference_mode():
        pooled = encoder(input_ids=torch.tensor([ids])).last_hidden_state.mean(dim=1)[0].numpy()
    ours = OnnxClassifier(SHIPPED, name="parity", threads=2).embed(texts[:1])[0]
    assert float(ours @ pooled) / float(np.linalg.norm(pooled)) > 0.99


def test_the_fp32_graph_equals_torch_whatever_the_padding() -> None:
    import onnxruntime

    from models.fitting import pad
    from models.graph import build
    from models.network import Network

    torch.manual_seed(3)
    heads = {"sentiment": ("a", "b", "c"), "topics": ("d", "e")}
    network = Network(heads).eval()
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    session = onnxruntime.InferenceSession(build(weights, list(heads)).SerializeToString())
    ids, mask = pad([[101, 2054, 102], [101, *range(2000, 2040), 102]])
    logits, vectors = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
    with torch.inference_mode():
        expected, expected_vectors = network(ids, mask)
    joined = torch.cat([expected["sentiment"], expected["topics"]], dim=1).numpy()
    assert np.allclose(logits, joined, atol=1e-4)
    assert np.allclose(vectors, expected_vectors.numpy(), atol=1e-4)
