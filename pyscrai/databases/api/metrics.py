"""The fleet's figures in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Ctx
from pyscrai.telemetry.figures import FleetFigures

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def read_metrics(context: Ctx, caller: Reader) -> Response:
    """The figures of the whole fleet, for Prometheus; a key goes into `authorization: Bearer`."""
    return Response("".join(f"{line}\n" for line in exposition(await context.figures.get())), media_type=MEDIA_TYPE)


def exposition(figures: FleetFigures) -> Iterator[str]:
    """The lines of the text format. All are gauges: a total falls when runs are deleted."""
    yield from _metric("pyscrai_runs", "Runs by status.",
                       *((f'{{status="{status}"}}', count) for status, count in figures.runs.items()))
    for name, about, value in (
            ("queue_depth", "Runs that wait for a worker.", figures.waiting),
            ("runs_playing", "Runs that are being played.", figures.playing),
            ("workers", "Processes that live.", figures.workers),
            ("capacity_runs", "Runs that the living processes may play at once.", figures.capacity),
            ("turns", "Turns of all runs.", figures.turns),
            ("calls", "Calls of models that ended runs took.", figures.calls),
            ("cost_usd", "What calls of models cost, where prices are known.", figures.cost_usd)):
        yield from _metric(f"pyscrai_{name}", about, ("", value))
    yield from _metric("pyscrai_tokens", "Tokens that ended runs took.", ('{type="input"}', figures.prompt_tokens),
                       ('{type="output"}', figures.completion_tokens))


def _metric(name: str, about: str, *values: tuple[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} gauge"
    for labels, value in values:
        yield f"{name}{labels} {value:.15g}"
