"""Posts scored per second, every path in one run on the same distinct texts: a Markdown table on stdout.

`python -m benchmarks.bench_model [--posts 4000] [--slow-posts 400]`. Needs TweetEval in UPROAR_SHARED_DATA; the
pipeline rows need torch and transformers and use the same encoder under a classification head of transformers'
own, which is not trained: they say how fast the path is, not what it answers.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from core.settings import load_settings
from models.onnx import FOLDERS, WEIGHTS, OnnxClassifier

FOLDER = WEIGHTS / FOLDERS["uproar-minilm"]
WARM_UP = 64
PACKAGES = ("onnxruntime", "tokenizers", "lingua-language-detector", "torch", "transformers", "vaderSentiment")


def texts(shared: Path, count: int) -> list[str]:
    """Distinct tweets of TweetEval's sentiment test split, as they stand."""
    path = shared / "train" / "tweeteval" / "sentiment" / "test_text.txt"
    return list(dict.fromkeys(path.read_text(encoding="utf-8").splitlines()))[:count]


def rate(score: Callable[[list[str]], object], posts: Sequence[str]) -> float:
    """Posts per second of wall time, after a warm-up on the first texts."""
    score(list(posts[:WARM_UP]))
    start = time.perf_counter()
    score(list(posts))
    return len(posts) / (time.perf_counter() - start)


def ours(threads: int, *, detect: bool) -> Callable[[list[str]], object]:
    """The shipped classifier as it is used."""
    return OnnxClassifier(FOLDER, name="bench", threads=threads, detect_language=detect).score


def in_pipeline(threads: int, *, batch: int) -> Callable[[list[str]], object]:
    """transformers.pipeline over the same encoder in fp32."""
    from safetensors.torch import load_file
    from transformers import BertConfig, BertForSequenceClassification

    from models.network import ATTENTION_HEADS, HIDDEN, INNER, LAYERS

    config = BertConfig(
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=ATTENTION_HEADS,
        intermediate_size=INNER,
        num_labels=3,
    )
    network = BertForSequenceClassification(config)
    stored = {name: value.float() for name, value in load_file(FOLDER / "model.safetensors").items()}
    network.bert.load_state_dict({k: v for k, v in stored.items() if not k.startswith("heads.")}, strict=False)
    return _pipeline(network, threads, batch)


def roberta_shaped(threads: int, *, batch: int) -> Callable[[list[str]], object]:
    """transformers.pipeline over a network of RoBERTa-base's shape (random weights: speed only), the same tokenizer."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    return _pipeline(RobertaForSequenceClassification(RobertaConfig(vocab_size=50_265, num_labels=3)), threads, batch)


def _pipeline(network: object, threads: int, batch: int) -> Callable[[list[str]], object]:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast, pipeline

    torch.set_num_threads(threads)
    words = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_file(str(FOLDER / "tokenizer.json")), pad_token="[PAD]", model_max_length=128
    )
    classify = pipeline("text-classification", model=network, tokenizer=words, device="cpu")
    return lambda posts: classify(posts, batch_size=batch, truncation=True)


def vader() -> Callable[[list[str]], object]:
    """VADER, one text at a time, as its documentation shows."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda posts: [analyzer.polarity_scores(post) for post in posts]


def processor() -> str:
    """The processor's name, from /proc/cpuinfo where there is one."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_model", description=__doc__)
    parser.add_argument("--posts", type=int, default=4_000, help="texts for the fast paths")
    parser.add_argument("--slow-posts", type=int, default=400, help="texts for the pipelines")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    posts = texts(load_settings().shared_data, options.posts)
    few = posts[:: max(1, len(posts) // options.slow_posts)][: options.slow_posts]
    paths: list[tuple[str, Callable[[list[str]], object], list[str]]] = [
        ("Uproar int8, all heads, with language detection", ours(options.threads, detect=True), posts),
        ("Uproar int8, all heads, without", ours(options.threads, detect=False), posts),
        ("Uproar int8, one thread, with language detection", ours(1, detect=True), posts),
        ("transformers.pipeline, same encoder, batch 1", in_pipeline(options.threads, batch=1), few),
        ("transformers.pipeline, same encoder, batch 32", in_pipeline(options.threads, batch=32), few),
        ("transformers.pipeline, RoBERTa-base-shaped, batch 1", roberta_shaped(options.threads, batch=1), few),
        ("transformers.pipeline, RoBERTa-base-shaped, batch 32", roberta_shaped(options.threads, batch=32), few),
        ("VADER", vader(), posts),
    ]
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES))
    print(f"Load average at the start: {os.getloadavg()[0]:.2f}. Distinct tweets, {mean_length(posts):.0f} characters.")
    print("\n|Path|Texts|Posts/s|The first row is this many times as fast|\n|---|--:|--:|--:|")
    first = 0.0
    for name, score, picked in paths:
        pace = rate(score, picked)
        first = first or pace
        print(f"|{name}|{len(picked):,}|{pace:,.0f}|{first / pace:,.1f}|", flush=True)


def mean_length(posts: Sequence[str]) -> float:
    """Mean number of characters."""
    return sum(map(len, posts)) / len(posts)


if __name__ == "__main__":
    main()
