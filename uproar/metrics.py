"""What the service tells Prometheus, on this machine only: steps, sources, deliveries, and what is open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary, start_http_server

from alerts.outbox import Sent
from core.errors import ConfigError
from core.records import Outcome
from uproar.steps.collect import SourceReport

if TYPE_CHECKING:
    from store import Reader

_READ = (Outcome.OK, Outcome.EMPTY, Outcome.TRUNCATED, Outcome.SAMPLE)


class Metrics:
    """The figures of one process. Labels are names of watches, sources, channels and steps, never an address."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._steps = Summary("uproar_step_seconds", "Time of one step of a watch.", ["step"], registry=registry)
        self._failed = Counter("uproar_step_failures", "Steps that raised an error.", ["step"], registry=registry)
        both = ["watch", "source"]
        self._posts = Counter("uproar_posts_new", "Posts that were new.", both, registry=registry)
        self._runs = Counter("uproar_runs", "Runs of a source.", [*both, "outcome"], registry=registry)
        self._read = Gauge("uproar_source_read_timestamp_seconds", "Last good run.", both, registry=registry)
        self._sent = Counter("uproar_deliveries", "Deliveries tried.", ["channel", "result"], registry=registry)
        self._waiting = Gauge("uproar_outbox_waiting", "Deliveries that wait.", registry=registry)
        self._open = Gauge("uproar_incidents_open", "Open incidents.", ["watch", "rule"], registry=registry)
        self._round = Gauge("uproar_last_pass_timestamp_seconds", "End of the last pass.", registry=registry)

    def serve(self, port: int) -> None:
        """Answer GET /metrics on 127.0.0.1. Raises ConfigError where the port is taken."""
        try:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError:
            raise ConfigError(f"--metrics: port {port} of 127.0.0.1 is taken; choose another") from None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step, and count it where it raises."""
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._failed.labels(name).inc()
            raise
        finally:
            self._steps.labels(name).observe(time.monotonic() - began)

    def source(self, watch: str, report: SourceReport, *, now: datetime) -> None:
        """Count what one run of a source brought."""
        self._posts.labels(watch, report.source).inc(report.new)
        self._runs.labels(watch, report.source, report.outcome.value).inc()
        if report.outcome in _READ:
            self._read.labels(watch, report.source).set(now.timestamp())

    def deliveries(self, sent: Sent, reader: Reader) -> None:
        """Count deliveries, and look at what waits and what is open."""
        for attempt in sent.attempts:
            self._sent.labels(attempt.channel, attempt.result.value).inc()
        rows = reader.deliveries()
        self._waiting.set(int((rows["state"] == "waiting").sum()))
        incidents = reader.incidents(every_rule=True)
        self._open.clear()
        opened = incidents[incidents["closed_at"].isna()]
        for watch, rule in zip(opened["watch"], opened["rule"], strict=True):
            self._open.labels(str(watch), str(rule)).inc()

    def passed(self, *, now: datetime) -> None:
        """Note that every watch had its turn."""
        self._round.set(now.timestamp())
