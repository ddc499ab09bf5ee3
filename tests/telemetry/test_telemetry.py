"""Telemetry: what a run tells of itself, what it keeps to itself, and that an OTLP endpoint gets it."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pyscrai.cli.log_setup import configure_logs
from pyscrai.config.settings import load_settings
from pyscrai.engines.scenario_runner import Result
from pyscrai.errors import ConfigError
from pyscrai.factories import services as services_module
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.telemetry import open_telemetry, watched_by
from pyscrai.factories.template_store import store_templates
from pyscrai.telemetry.figures import FleetFigures
from pyscrai.telemetry.log_context import add_trace_ids
from pyscrai.telemetry.telemetry import Telemetry
from pyscrai.templates.reading.loader import load_data
from tests.fakeserver import FakeOpenAI, Status

TALK: dict[str, Any] = {
    "kind": "scenario", "name": "talk", "premise": "The password is swordfish.",
    "roles": {name: {"agent": {"engine": "actor", "personality": {"role": "a talker"}, "failure": {
        "retries": 1, "backoff": 0}}} for name in ("ann", "bob")},
    "flow": {"start": "talking", "phases": {"talking": {
        "speakers": ["ann", "bob"], "next": [{"to": "end", "when": "turn >= 3"}]}}}, "max_turns": 4}


class Told:
    """Telemetry that stays here."""

    def __init__(self, *, content: bool = False) -> None:
        self._spans, self._metrics = InMemorySpanExporter(), InMemoryMetricReader()
        self.telemetry = Telemetry("here", content=content, spans=SimpleSpanProcessor(self._spans),
                                   readers=[self._metrics])

    @property
    def spans(self) -> Any:
        return self._spans.get_finished_spans()

    def metrics(self) -> dict[str, list[Any]]:
        data = self._metrics.get_metrics_data()
        return {metric.name: list(metric.data.data_points) for resource in (data.resource_metrics if data else ())
                for scope in resource.scope_metrics for metric in scope.metrics}


@asynccontextmanager
async def playing(url: str, server: FakeOpenAI, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
                  ) -> AsyncIterator[Services]:
    monkeypatch.setattr(services_module, "open_telemetry", lambda *_: (telemetry, watched_by(telemetry)))
    settings = load_settings(database_url=url, model="fake", telemetry={"enabled": True}, models={"fake": {
        "base_url": server.base_url, "model": "gpt-fake", "price": {"input_per_mtok": 1, "output_per_mtok": 2}}})
    async with open_services(settings, library=False) as services:
        await store_templates(services.database, [load_data(TALK)])
        yield services


async def play(services: Services) -> tuple[str, Result]:
    run_id = await create_scenario_run_from_template(services, "talk", RunOptions(seed=1))
    async with open_run(services, run_id) as runner:
        return run_id, await runner.play()


async def test_a_run_is_a_trace_of_turns_and_calls(make_url: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    async with FakeOpenAI() as server, playing(make_url("sqlite"), server, told.telemetry, monkeypatch) as services:
        server.plan(Status(500))
        run_id, result = await play(services)
        assert result.status == "completed"
        [run] = [span for span in told.spans if span.name == "invoke_workflow talk"]
        turns = [span for span in told.spans if span.name.startswith("invoke_agent")]
        calls = [span for span in told.spans if span.name == "chat gpt-fake"]
        assert run.attributes["gen_ai.conversation.id"] == run_id
        assert run.attributes["pyscrai.run.status"] == "completed"
        assert [(span.attributes["gen_ai.agent.name"], span.attributes["pyscrai.turn"]) for span in turns] == [
            ("ann", 1), ("bob", 2), ("ann", 3)]
        assert {span.parent.span_id for span in turns} == {run.context.span_id}
        assert [span.parent.span_id for span in calls] == [turns[index].context.span_id for index in (0, 0, 1, 2)]
        assert calls[0].attributes["error.type"] == "model.server_error"
        assert not calls[0].status.is_ok
        attributes = calls[1].attributes
        assert (attributes["gen_ai.operation.name"], attributes["gen_ai.provider.name"],
                attributes["gen_ai.request.model"], attributes["server.address"]) == (
                    "chat", "openai", "gpt-fake", "127.0.0.1")
        assert attributes["gen_ai.usage.input_tokens"] > 0
        assert attributes["pyscrai.cost_usd"] > 0
        everything = "".join(span.to_json() for span in told.spans)
        assert "swordfish" not in everything, "no prompt leaves"
        async with services.database.read() as session:
            from pyscrai.databases.repositories.calls import Calls

            replies = [stored.call.reply.text for stored in await Calls(session).read(run_id) if stored.call.reply]
        assert replies
        assert not [text for text in replies if text in everything], "nor a reply"
        metrics = told.metrics()
        assert sum(point.value for point in metrics["pyscrai.turns"]) == 3
        assert sum(point.count for point in metrics["gen_ai.client.operation.duration"]) == 4
        assert {point.attributes["gen_ai.token.type"] for point in metrics["gen_ai.client.token.usage"]} == {
            "input", "output"}
        assert metrics["pyscrai.cost"][0].value > 0
        told.telemetry.figures = FleetFigures({"running": 2, "pending": 5}, waiting=5, playing=2, workers=3, capacity=9)
        metrics = told.metrics()
        assert [point.value for point in metrics["pyscrai.queue.depth"]] == [5]
        assert {point.attributes["pyscrai.run.status"]: point.value for point in metrics["pyscrai.runs"]} == {
            "running": 2, "pending": 5}


async def test_prompts_and_replies_go_along_where_that_is_asked(make_url: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(content=True)
    async with FakeOpenAI() as server, playing(make_url("sqlite"), server, told.telemetry, monkeypatch) as services:
        await play(services)
    call = next(span for span in told.spans if span.name == "chat gpt-fake")
    assert "swordfish" in call.attributes["gen_ai.input.messages"]
    assert json.loads(call.attributes["gen_ai.output.messages"])[0]["role"] == "assistant"


async def test_lines_of_the_log_name_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    configure_logs(load_settings(log_format="json", telemetry={"enabled": True}))
    try:
        log = structlog.get_logger("test")
        log.warning("outside")
        with told.telemetry.span("work", {}) as span:
            log.warning("inside")
            logging.getLogger("other").warning("a library's")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()
    outside, inside, others = map(json.loads, capsys.readouterr().err.splitlines())
    assert "trace_id" not in outside
    assert inside["trace_id"] == others["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert add_trace_ids(None, "", {}) == {}


class Collector:
    """An OTLP endpoint over HTTP: keeps what it is sent."""

    def __init__(self) -> None:
        self.got: dict[str, list[bytes]] = {}
        self.url = ""

    async def __aenter__(self) -> Collector:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.got.setdefault(head[0].split(" ")[1], []).append(body)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n"
                     b"connection: close\r\n\r\n")
        await writer.drain()
        writer.close()


async def test_an_endpoint_that_the_environment_names_gets_traces_and_metrics(
        make_url: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Collector() as collector, FakeOpenAI() as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "my-fleet")
        settings = load_settings(database_url=make_url("sqlite"), model="fake", telemetry={"enabled": True},
                                 models={"fake": {"base_url": server.base_url, "model": "gpt-fake"}})
        async with open_services(settings, library=False) as services:
            await store_templates(services.database, [load_data(TALK)])
            await play(services)
        traces = [ExportTraceServiceRequest.FromString(body) for body in collector.got["/v1/traces"]]
        spans = [span for request in traces for resource in request.resource_spans for scope in resource.scope_spans
                 for span in scope.spans]
        assert sorted(span.name for span in spans) == [
            *["chat gpt-fake"] * 3, "invoke_agent ann", "invoke_agent ann", "invoke_agent bob", "invoke_workflow talk"]
        resource = {each.key: each.value.string_value for each in traces[0].resource_spans[0].resource.attributes}
        assert resource["service.name"] == "my-fleet"
        assert resource["service.instance.id"] == services.ownership.owner
        metrics = [ExportMetricsServiceRequest.FromString(body) for body in collector.got["/v1/metrics"]]
        names = {metric.name for request in metrics for resource in request.resource_metrics
                 for scope in resource.scope_metrics for metric in scope.metrics}
        assert {"gen_ai.client.operation.duration", "gen_ai.client.token.usage", "pyscrai.turns"} <= names


async def test_without_it_nothing_of_it_is_there(make_url: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(database_url=make_url("sqlite"))
    async with open_services(settings, library=False) as services:
        assert services.telemetry is None
    for name in [name for name in sys.modules if name.startswith(("opentelemetry.exporter", "pyscrai.telemetry.tele"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    with pytest.raises(ConfigError, match="telemetry is switched on") as caught:
        open_telemetry(switched_on(), "here")
    assert "pyscrai[otel]" in str(caught.value.cure)


def switched_on() -> Any:
    return load_settings(telemetry={"enabled": True}).telemetry
