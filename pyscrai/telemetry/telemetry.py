"""What a process tells OpenTelemetry: traces of runs, turns and calls, and what they took.

Names follow OpenTelemetry's semantic conventions for generative AI. Imported only where telemetry is switched on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from pyscrai import __version__
from pyscrai.errors import PyscraiError
from pyscrai.telemetry.figures import FleetFigures

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)
TOKENS = (1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576)
"""Bounds of the histograms, near to those that the conventions advise."""


class Telemetry:
    """The tracer and the instruments of a process.

    Args:
        instance: the process's name, as the fleet knows it.
        content: whether prompts and replies go along.
        spans, readers: where traces and metrics go; the OTLP endpoint that the environment names, if left out.
    """

    def __init__(self, instance: str, *, content: bool = False, spans: SpanProcessor | None = None,
                 readers: Iterable[MetricReader] | None = None) -> None:
        resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or "pyscrai",
                                    "service.version": __version__, "service.instance.id": instance})
        self.content = content
        # Not put into the global place: a program that embeds PyScrAI has its own there.
        self._traces = TracerProvider(resource=resource)
        if spans is None and os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none":
            spans = BatchSpanProcessor(OTLPSpanExporter())
        if spans is not None:
            self._traces.add_span_processor(spans)
        if readers is None:
            readers = [] if os.environ.get("OTEL_METRICS_EXPORTER", "otlp") == "none" else [
                PeriodicExportingMetricReader(OTLPMetricExporter())]
        self._meters = MeterProvider(resource=resource, metric_readers=list(readers))
        self._tracer = self._traces.get_tracer("pyscrai", __version__)
        meter = self._meters.get_meter("pyscrai", __version__)
        self.durations = meter.create_histogram(
            "gen_ai.client.operation.duration", "s", "How long calls of models took.",
            explicit_bucket_boundaries_advisory=SECONDS)
        self.tokens = meter.create_histogram(
            "gen_ai.client.token.usage", "{token}", "Tokens that calls of models took.",
            explicit_bucket_boundaries_advisory=TOKENS)
        self.cost = meter.create_counter("pyscrai.cost", "{USD}", "What calls of models cost, where prices are known.")
        self.turns = meter.create_counter("pyscrai.turns", "{turn}", "Activations that were played.")
        self.turn_seconds = meter.create_histogram("pyscrai.turn.duration", "s", "How long activations took.",
                                                   explicit_bucket_boundaries_advisory=SECONDS)
        self.figures: FleetFigures | None = None
        """How the fleet stands, where this process tells of it."""
        for name, about, read in (
                ("pyscrai.queue.depth", "Runs that wait for a worker.", lambda found: found.waiting),
                ("pyscrai.runs.playing", "Runs that are being played.", lambda found: found.playing),
                ("pyscrai.fleet.workers", "Processes that live.", lambda found: found.workers),
                ("pyscrai.fleet.capacity", "Runs that may be played at once.", lambda found: found.capacity)):
            meter.create_observable_gauge(name, [self._gauge(read)], "1", about)
        meter.create_observable_gauge("pyscrai.runs", [self._runs], "{run}", "Runs by status.")

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str | int | float | bool], *, kind: SpanKind = SpanKind.INTERNAL
             ) -> Iterator[Span]:
        """Time a piece of work; what it raises is noted with its code, and raised."""
        with self._tracer.start_as_current_span(name, kind=kind, attributes=dict(attributes), record_exception=False,
                                                set_status_on_exception=False) as span:
            try:
                yield span
            except Exception as error:
                code = error.code if isinstance(error, PyscraiError) else type(error).__name__
                span.set_attribute("error.type", code)
                # The message of an error may quote a reply.
                span.set_status(Status(StatusCode.ERROR, str(error) if self.content else code))
                raise

    def shutdown(self) -> None:
        """Send what is left, and end. It may wait for an endpoint."""
        self._traces.shutdown()
        self._meters.shutdown()

    def _gauge(self, read: Callable[[FleetFigures], int]) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [] if self.figures is None else [Observation(read(self.figures))]

        return observe

    def _runs(self, _: CallbackOptions) -> Iterable[Observation]:
        runs = {} if self.figures is None else self.figures.runs
        return [Observation(count, {"pyscrai.run.status": status}) for status, count in runs.items()]
