"""The command line plays with the manager that the server plays with: what is asked over the API reaches its runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.runs import Runs
from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.factories.services import Services, open_services
from pyscrai.lifecycle import Request
from pyscrai.services import controls, replies
from pyscrai.services.run_registry import StoredRunRegistry
from pyscrai.templates.models.world import InjectText
from tests.cli.conftest import Pyscrai
from tests.cli.test_processes import Terminal, here, start, until
from tests.fakeserver import FakeOpenAI
from tests.services.test_stale_answers import PAY


@pytest.fixture
async def server(home: Path) -> AsyncIterator[FakeOpenAI]:
    """A model with the alias ``fake``, which answers slowly."""
    async with FakeOpenAI(latency=0.3) as server:
        (home / "pyscrai.toml").write_text(f'[models.fake]\nbase_url = "{server.base_url}"\nmodel = "fake"\n')
        yield server


@pytest.fixture
async def elsewhere(home: Path) -> AsyncIterator[Services]:
    """The services of another process, such as a server."""
    async with open_services(load_settings(), library=False) as services:
        yield services


async def newest(services: Services) -> str:
    async with services.database.read() as session:
        return (await Runs(session).find("last")).id


@pytest.mark.parametrize(("request_", "status", "code"), [("pause", "paused", 4), ("stop", "stopped", 1),
                                                          ("cancel", "stopped", 1)])
async def test_what_the_api_accepted_reaches_a_run_of_the_command_line(
        server: FakeOpenAI, elsewhere: Services, request_: Request, status: str, code: int) -> None:
    process = await start("run", "talk.yaml", "--model", "fake", "--json")
    await until(server, 1)
    run_id = await newest(elsewhere)
    await controls.request(elsewhere, run_id, request_, actor="kim", reason="lunch")
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == code, err.decode()
    *events, last = [json.loads(line) for line in out.splitlines()]
    assert last["status"] == status
    assert sum(event["kind"] == "utterance" for event in events) < 4, "it did not play to its end"
    async with elsewhere.database.read() as session:
        row = await Runs(session).get(run_id)
    assert (row.status, row.owner) == (status, None)


async def test_no_server_takes_up_a_run_of_the_command_line(server: FakeOpenAI, elsewhere: Services) -> None:
    """Neither while it is played nor after it was killed; asked for, a server goes on with it."""
    process = await start("run", "talk.yaml", "--model", "fake", "--json")
    await until(server, 2)
    run_id = await newest(elsewhere)
    registry = StoredRunRegistry(elsewhere)
    assert await registry.due(10) == []
    process.kill()
    await process.wait()
    assert await registry.due(10) == []
    server.latency = 0.0
    await controls.request(elsewhere, run_id, "pause", actor="kim")
    async with EngineManager(registry) as manager:
        await manager.until_settled(run_id)
        accepted = await controls.request(elsewhere, run_id, "resume", actor="kim")
        result = await manager.play(run_id, accepted.desired)
    assert result is not None
    assert result.status == "completed"


async def test_resume_goes_on_with_what_the_api_paused(pyscrai: Pyscrai, elsewhere: Services) -> None:
    said = await here(pyscrai, "run", "talk.yaml", "--dry-run", "--json")
    assert said.code == 0
    process = await start("run", "talk.yaml", "--json")
    await process.communicate()
    run_id = await newest(elsewhere)
    said = await here(pyscrai, "resume", run_id)
    assert said.code == 0
    assert "had ended before: completed" in said.err
    made = await here(pyscrai, "run", "duel.yaml", "--play", "seller=Kim", "--json")
    assert (made.code, made.last["status"]) == (4, "waiting")
    run_id = made.last["run_id"]
    await controls.request(elsewhere, run_id, "pause", actor="kim")
    async with EngineManager(StoredRunRegistry(elsewhere)) as manager:
        await manager.until_settled(run_id)
    said = await here(pyscrai, "resume", run_id, "--json")
    assert (said.code, said.last["status"]) == (4, "waiting"), said.err


async def test_a_reply_from_anywhere_counts_once(pyscrai: Pyscrai, elsewhere: Services) -> None:
    made = await here(pyscrai, "run", "duel.yaml", "--play", "seller=Kim", "--json")
    run_id = made.last["run_id"]
    answer = {"text": "Buy it.", "to": "all", "actions": {"offer": {"price": 80}}}
    await replies.reply(elsewhere, run_id, answer, actor="Lee", wake=False)
    other = {**answer, "text": "Do not."}
    said = await here(pyscrai, "resume", run_id, "--answer", json.dumps(other), "--json")
    assert said.code == 2
    assert said.last["error"]["code"] == "run.answered"
    said = await here(pyscrai, "resume", run_id, "--json")
    assert said.code == 0
    spoken = next(event for event in said.lines if event["kind"] == "utterance" and event["source"] == "seller")
    assert (spoken["payload"]["text"], spoken["payload"]["played_by"]) == ("Buy it.", "Lee")


async def test_injects_reach_a_run_of_the_command_line(server: FakeOpenAI, elsewhere: Services) -> None:
    process = await start("run", "talk.yaml", "--model", "fake", "--json")
    await until(server, 1)
    run_id = await newest(elsewhere)
    await controls.inject(elsewhere, run_id, InjectText(text="A bell.", audience=("all",), source=""), actor="kim")
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    injected = [event for line in out.splitlines() if (event := json.loads(line)).get("kind") == "inject"]
    assert "A bell." in [event["payload"]["text"] for event in injected]


def test_a_run_that_crashes_is_marked_failed(pyscrai: Pyscrai, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object) -> None:
        raise ZeroDivisionError("not foreseen")

    monkeypatch.setattr(AgentRuntime, "take_turn", crash)
    said = pyscrai("run", "talk.yaml", "--json")
    assert said.code == 1
    assert (said.last["status"], said.last["error"]["code"]) == ("failed", "run.internal")
    (run,) = pyscrai("runs", "--json").lines
    assert run["status"] == "failed"
    monkeypatch.undo()


async def test_a_person_passes_one_turn_and_two_play_at_one_terminal(pyscrai: Pyscrai, home: Path) -> None:
    text = (home / "duel.yaml").read_text().replace("personality: {role: a buyer of lamps}}\n",
                                                    "personality: {role: a buyer of lamps}}\n    human: allowed\n")
    (home / "duel.yaml").write_text(text)
    with Terminal("run", "duel.yaml", "--play", "seller=Kim", "--play", "buyer=Lee") as terminal:
        await terminal.sees("\nSeller: ")
        terminal.type("/pass")
        await terminal.sees("\nBuyer: ")
        terminal.type("Too dear.")
        await terminal.sees("To (")
        terminal.type("all")
        await terminal.sees("Price (1–100): ")
        terminal.type("9")
        await terminal.sees("Mood (calm, cross): ")
        terminal.type("calm")
        await terminal.sees("● completed")
        assert await terminal.ends() == 0
    events = (await here(pyscrai, "events", "last", "--json")).lines
    said = {event["source"]: event["payload"]["played_by"] for event in events if event["kind"] == "utterance"}
    assert said == {"seller": "model", "buyer": "Lee"}
    replayed = await here(pyscrai, "replay", "last", "--json")
    assert replayed.last["same"] is True, replayed.last


async def test_an_answer_at_the_terminal_is_about_the_world_as_it_is(pyscrai: Pyscrai, home: Path) -> None:
    """What was put into the world while the run stood is taken before the answer is looked at."""
    (home / "pay.yaml").write_text(json.dumps({"kind": "scenario", "name": "pay", "premise": "Money.", **PAY}))
    made = await here(pyscrai, "run", "pay.yaml", "--play", "ann=Kim", "--json")
    run_id = made.last["run_id"]
    answer = json.dumps({"text": "Here.", "actions": {"pay": {"sum": 8}}})
    assert (await here(pyscrai, "resume", run_id, "--answer", answer)).code == 2
    assert (await here(pyscrai, "inject", run_id, "A gift!", "--set", "purse=9")).code == 0
    said = await here(pyscrai, "resume", run_id, "--answer", answer, "--json")
    assert (said.code, said.last["status"]) == (0, "completed"), said.err
