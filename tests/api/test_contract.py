"""The API keeps to its OpenAPI document, whatever is sent to it; and the document is fit for others to build on."""

from __future__ import annotations

import asyncio
import json
import keyword
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from pyscrai.config.settings import load_settings
from pyscrai.databases.api.app import create_app
from pyscrai.databases.api.dependencies import write_session
from tests.api.serving import Serving
from tests.depth import FULL

CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "negative_data_rejection,use_after_free,ensure_resource_availability")
EXAMPLES = os.environ.get("PYSCRAI_SCHEMATHESIS", "2" if FULL else "1")
"""Examples for each operation; more of them for a long look."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    app = create_app(load_settings(database_url="sqlite:///unused.db", model="scripted"))
    found: dict[str, Any] = app.openapi()
    return found


@pytest.mark.parametrize("database_url", [
    "postgres",  # the stricter one is tried always
    pytest.param("sqlite", marks=pytest.mark.skipif(not FULL, reason="takes long: make test-full"))], indirect=True)
async def test_schemathesis(both: Serving, tmp_path: Path) -> None:
    """No 5xx, no status, media type or body that the document does not tell, also along its links."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "st"), "run", f"{both.url}/api/v1/openapi.json", "--url",
        both.url, "--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", "examples,fuzzing,stateful",
        "--seed", "7", "--workers", "1", "--request-timeout", "20", "--suppress-health-check", "all",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks",
             "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "160", "NO_COLOR": "1"})
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()[-20_000:]


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, methods in document["paths"].items()
            for method, operation in methods.items()]


def test_operations_are_fit_for_clients(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
    for path, method, operation in operations(document):
        assert operation["description"], path
        assert operation["tags"], path
        for status in ("422", "429"):
            assert "application/problem+json" in operation["responses"][status]["content"], (path, status)
        if method == "post" and "requestBody" in operation:
            assert operation["requestBody"]["content"].keys() == {"application/json"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert name in document["components"]["schemas"], name


def test_what_is_sent_and_answered_has_examples(document: dict[str, Any]) -> None:
    for name in ("NewRun", "NewExperiment",
                 "NewInject", "NewFork", "HumanReply", "Question", "TemplateText", "RunSummary", "EventItem",
                 "ProblemDetails"):
        assert document["components"]["schemas"][name].get("examples"), name


def test_the_operations(document: dict[str, Any]) -> None:
    """A client that was generated from an earlier document still finds what it calls."""
    assert sorted(operation["operationId"] for _, _, operation in operations(document)) == [
        "annotate_event", "archive_template", "ask_many_runs", "cancel_experiment", "cancel_run", "check_experiment",
        "count_runs", "create_experiment", "create_run", "delete_run", "draw_draft", "export_run", "export_runs",
        "forecast_experiment", "fork_run", "freeze_experiment", "inject_event", "interview_role", "judge_experiment",
        "label_experiment", "list_annotations", "list_calls", "list_events", "list_experiment_cells",
        "list_experiment_pasts", "list_experiments", "list_family", "list_interviews", "list_judgements",
        "list_measurements", "list_models", "list_runs", "list_seat_lines", "list_templates", "list_versions",
        "measure_run", "offer_seat", "pause_experiment", "pause_run", "play_draft", "read_call", "read_experiment",
        "read_experiment_content", "read_experiment_evidence", "read_experiment_narrowing",
        "read_experiment_report", "read_experiment_results",
        "read_experiment_table", "read_fleet", "read_graph", "read_health", "read_label_sheet", "read_liveness",
        "read_metrics",
        "read_newest_template", "read_readiness", "read_report", "read_run", "read_schema", "read_seat", "read_state",
        "read_template", "read_transcript", "read_view", "regenerate_turn", "release_role", "remove_annotation",
        "replay_run", "reply_for_role", "reply_from_seat", "resume_run", "run_experiment", "search_runs", "set_budget",
        "start_run", "step_run", "stop_run", "store_draft", "store_templates", "stream_all", "stream_experiment",
        "stream_run", "stream_seat", "take_over_role", "treat_share", "validate_templates", "verify_experiment"]


async def test_the_reference_loads_nothing_from_elsewhere(server: Serving) -> None:
    page = await server.client.get("/docs")
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    for source in sources:
        if source.startswith("data:"):
            continue
        assert not re.match(r"(https?:)?//", source)
        answer = await server.client.get(f"/{source}")
        assert answer.status_code == 200, source
        assert len(answer.content) > 100
    assert (await server.client.get("/reference/../app.py")).status_code == 404
    assert (await server.client.get("/reference/swagger-ui-LICENSE")).status_code == 404
    assert (await server.client.get("/")).status_code == 307


# -- a client made from the document ----------------------------------------------------------------------------------


class Generated:
    """A client whose methods are made from the OpenAPI document alone, as generators make them."""

    def __init__(self, document: dict[str, Any], client: Any) -> None:
        self._client = client
        self._operations = {operation["operationId"]: (path.removeprefix("/api/v1"), method, operation)
                            for path, method, operation in operations(document)}

    async def call(self, name: str, body: Any = None, **arguments: Any) -> Any:
        path, method, operation = self._operations[name]
        places = {parameter["name"]: parameter["in"] for parameter in operation.get("parameters", ())}
        assert arguments.keys() <= places.keys(), f"{name} takes {sorted(places)}"
        needed = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter.get("required")}
        assert needed <= arguments.keys(), f"{name} needs {sorted(needed)}"
        url = path.format(**{key: value for key, value in arguments.items() if places[key] == "path"})
        answer = await self._client.request(method, url, json=body, params={
            key: value for key, value in arguments.items() if places[key] == "query"}, headers={
            key: value for key, value in arguments.items() if places[key] == "header"})
        assert str(answer.status_code) in operation["responses"], (name, answer.status_code)
        assert answer.is_success, answer.text
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text


async def test_a_generated_client_plays_a_run(server: Serving) -> None:
    document = (await server.client.get("/openapi.json")).json()
    client = Generated(document, server.client)
    example = document["components"]["schemas"]["NewRun"]["examples"][0]
    run = await client.call("create_run", {**example, "template": "talk", "model": "gate", "start": False},
                            **{"Idempotency-Key": "once"})
    await client.call("start_run", run_id=run["run_id"])
    await server.settled(run["run_id"])
    assert (await client.call("read_run", run_id=run["run_id"]))["status"] == "completed"
    events = (await client.call("list_events", run_id=run["run_id"], kind="utterance"))["items"]
    assert len(events) == 6
    fork = await client.call("fork_run", document["components"]["schemas"]["NewFork"]["examples"][0],
                             run_id=run["run_id"])
    await server.settled(fork["run_id"])
    assert "run_forked" in await client.call("stream_run", run_id=fork["run_id"])
    assert (await client.call("export_run", run_id=run["run_id"], format="markdown")).startswith("#")
    await client.call("delete_run", run_id=fork["run_id"])


def test_who_asks_is_known_before_a_transaction_is_open() -> None:
    """Noting a key's first use writes; on SQLite it would wait for the very transaction that waits for it."""
    app = create_app(load_settings(database_url="sqlite:///unused.db", model="scripted"))
    looked = 0
    routes = [route for included in app.routes for route in getattr(included, "original_router", app).routes
              if isinstance(route, APIRoute)]
    for route in routes:
        called = [dependency.call for dependency in route.dependant.dependencies]
        if write_session in called:
            looked += 1
            checks = [place for place, call in enumerate(called)
                      if getattr(call, "__qualname__", "").startswith("needs.")]
            assert checks, route.path
            assert max(checks) < called.index(write_session), route.path
    assert looked >= 3
