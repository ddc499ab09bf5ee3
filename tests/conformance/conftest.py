"""Every implementation of a port, under one name: the double in memory, and the real thing on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, cast

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.recording.run_inbox import RunInbox
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.stored_runs import read_runs
from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord, MemoryRegistry, MemoryRun
from pyscrai.engines.orchestration.run_registry import RunRegistry
from pyscrai.engines.ports.record import Inbox, Past, Record
from pyscrai.events import Event, FlowWarning
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.stored_past import StoredPast
from pyscrai.factories.template_store import store_templates
from pyscrai.lifecycle import Request
from pyscrai.services.controls import request as ask
from pyscrai.services.run_registry import StoredRunRegistry
from pyscrai.templates.reading.loader import load_data
from tests.conftest import MakeUrl
from tests.engines.playing import Playing, actor, scenario

TALK = {"kind": "scenario", "name": "talk", "premise": "A talk.",
        "roles": {"ann": {"agent": actor()}, "bob": {"agent": actor()}},
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
            {"to": "end", "after_turns": 4}]}}}}

KINDS = ["memory", "sqlite", "postgres"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, make_url: MakeUrl) -> str | None:
    return None if kind == "memory" else make_url(kind)


@dataclass
class Recording:
    """One run's record, inbox and past; ``reopen`` gives them as another process finds them."""

    record: Record
    inbox: Inbox
    past: Past
    put: Callable[[str], Awaitable[None]]
    """Puts a command into the run; the run has heard of it when this returns."""
    events: Callable[[], Awaitable[Sequence[Event]]]
    reopen: Callable[[], Awaitable[Recording]]


def in_memory() -> Recording:
    """The doubles; what they hold outlives a reopening."""
    record, inbox = MemoryRecord(), MemoryInbox()
    count = iter(range(1, 1_000))

    async def put(text: str) -> None:
        inbox.put(_command(next(count), text))

    async def events() -> Sequence[Event]:
        return list(record.events.values())

    async def reopen() -> Recording:
        return Recording(record, inbox, record, put, events, reopen)

    return Recording(record, inbox, record, put, events, reopen)


def _command(number: int, text: str) -> dict[str, Any]:
    return {"id": number, "kind": "inject", "actor": "kim", "payload": {"text": text}}


async def stored(services: Services, run_id: str) -> Recording:
    """A run of a database, held by whoever opened it last."""
    fence = (await services.ownership.acquire(run_id)).fence
    async with services.database.read() as session:
        found = (await read_runs(session, [run_id]))[run_id]
    record = RunRecord.of(services.writer, found, fence, roles=len(found.cast))

    async def put(text: str) -> None:
        async with services.database.session() as session:
            await Controls(session).add(run_id, "inject", {"text": text}, actor="kim")
        await record.commit([FlowWarning(key=f"heard.{text}", turn=0, message="")])

    async def events() -> Sequence[Event]:
        async with services.database.read() as session:
            return [one.event for one in await Events(session).read(run_id) if not one.key.startswith("heard.")]

    async def reopen() -> Recording:
        await services.ownership.release(run_id, fence)
        return await stored(services, run_id)

    return Recording(record, RunInbox(services.database, record, found.controls),
                     StoredPast(services.database, run_id), put, events, reopen)


@pytest.fixture
async def recording(url: str | None) -> AsyncIterator[Recording]:
    if url is None:
        yield in_memory()
        return
    settings = load_settings(database_url=url, model="fake", models={"fake": {"kind": "scripted"}})
    async with open_services(settings, library=False) as services:
        await store_templates(services.database, [load_data(TALK)])
        found = await stored(services, await create_scenario_run_from_template(services, "talk", RunOptions(seed=1)))
        await found.record.commit([FlowWarning(key="heard.begin", turn=0, message="")])  # as a play begins with events
        yield found


@dataclass
class Registries:
    """The same runs as two processes see them."""

    mine: RunRegistry
    theirs: RunRegistry
    add: Callable[[], Awaitable[str]]
    request: Callable[[str, Request], Awaitable[None]]
    status: Callable[[str], Awaitable[str]]
    desired: Callable[[str], Awaitable[str]]


def memory_registries() -> Registries:
    runs: dict[str, MemoryRun] = {}
    playing: dict[str, Playing] = {}
    template = scenario(phases={"talk": {"next": [{"to": "end", "after_turns": 4}]}})
    mine, theirs = (MemoryRegistry(lambda run_id: playing[run_id].runner, runs, owner=owner)
                    for owner in ("me", "they"))

    async def add() -> str:
        run_id = f"run{len(runs) + 1}"
        playing[run_id] = Playing(template)
        mine.add(run_id)
        return run_id

    async def request(run_id: str, what: Request) -> None:
        mine.request(run_id, what)

    async def status(run_id: str) -> str:
        return runs[run_id].status

    async def desired(run_id: str) -> str:
        return runs[run_id].desired

    return Registries(mine, theirs, add, request, status, desired)


async def stored_registries(services: Services, others: Services) -> Registries:
    await store_templates(services.database, [load_data(TALK)])

    async def add() -> str:
        return await create_scenario_run_from_template(services, "talk", RunOptions(seed=1))

    async def request(run_id: str, what: Request) -> None:
        await ask(services, run_id, what, actor="kim")

    async def row(run_id: str) -> Mapping[str, str]:
        async with services.database.read() as session:
            found = (await read_runs(session, [run_id]))[run_id].row
        return {"status": found.status, "desired": found.desired}

    async def status(run_id: str) -> str:
        return (await row(run_id))["status"]

    async def desired(run_id: str) -> str:
        return (await row(run_id))["desired"]

    return Registries(cast(RunRegistry, StoredRunRegistry(services)), cast(RunRegistry, StoredRunRegistry(others)),
                      add, request, status, desired)


@pytest.fixture
async def registries(url: str | None) -> AsyncIterator[Registries]:
    if url is None:
        yield memory_registries()
        return
    settings = load_settings(database_url=url, model="fake", models={"fake": {"kind": "scripted"}})
    async with AsyncExitStack() as stack:
        pair = [await stack.enter_async_context(open_services(settings, library=False)) for _ in range(2)]
        yield await stored_registries(*pair)
