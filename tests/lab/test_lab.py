"""The Python interface: sync and async, inside a running loop and outside, with scenarios as names, files and data."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import pyscrai
from pyscrai.errors import TemplateError
from pyscrai.lab.progress import teller
from pyscrai.llm.scripted.model import ScriptedModel

TALK: dict[str, Any] = {
    "kind": "scenario", "name": "talk", "version": "1.0.0", "premise": "Two people talk.", "max_turns": 4,
    "parameters": {"heat": {"type": "number", "default": 0.5}},
    "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10}},
    "rules": [{"label": "time", "when": "turn > 0", "set": {"trust": "max(0, vars.trust - 1)"}}],
    "roles": {name: {"agent": {"engine": "actor", "personality": {"role": "a person"}}} for name in ("ann", "bob")},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
        {"to": "end", "after_turns": 4}]}}}}
EXPERIMENT: dict[str, Any] = {
    "name": "trusting", "question": "Does it matter?", "scenario": "talk", "pasts": {"seeds": 2, "until": {"turn": 2}},
    "arms": {"base": {}, "low": {"variables": {"trust": 3}}},
    "measures": {"primary": {"name": "trust", "variable": "trust"}}}


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "lab.db")


def opened(database: str) -> pyscrai.Lab:
    return pyscrai.open(database, model="scripted", models={"scripted": {"kind": "scripted"}}, log_level="error")


def test_a_run_is_played_read_forked_and_interviewed(database: str, tmp_path: Path) -> None:
    with opened(database) as lab:
        run = lab.play(TALK, seed=4, parameters={"heat": 0.9}, variables={"trust": 8}, tags=["mine"])
        assert (run.status, run.turn, run.seed) == ("completed", 4, 4)
        assert run.variables == {"trust": 4}
        assert run.parameters == {"heat": 0.9}
        assert run.outcome is not None
        assert "Two people talk" in run.transcript
        assert run.table("events").column("kind").to_pylist()[0] == "run_started"
        assert [row["var_trust"] for row in run.table("turns").to_pylist()] == [8, 7, 6, 5, 4]
        assert run.table("runs").to_pylist()[0]["param_heat"] == 0.9
        assert len(run.calls) == 4
        assert run.metrics["run"]["calls"] == 4
        assert all(event["kind"] != "variable_changed" or event["audience"] for event in run.heard_by("ann"))
        fork = run.fork(at_turn=2, injects=["It rains."], variables={"trust": 9},
                        message={"of": "bob", "text": "I never liked it."}).play()
        assert (fork.parent, fork.fork_turn, fork.variables) == (run.id, 2, {"trust": 7})
        assert "I never liked it" in fork.transcript
        assert fork.replay().same
        assert isinstance(run.interview("ann", "How are you?", turn=2), str)
        assert run.state(2)["variables"] == {"trust": 6}
        assert pq.read_table(run.export(tmp_path / "run.parquet", format="parquet")).num_rows > 4
        assert [found.id for found in lab.runs(tag="mine")] == [fork.id, run.id]
        assert lab.run(run.id).id == run.id
        assert lab.table("runs", tag="mine").num_rows == 2
        with pytest.raises(pyscrai.PyscraiError, match="completed"):
            run.play()


def test_a_grid_is_every_combination_with_every_seed(database: str) -> None:
    with opened(database) as lab:
        told: list[str] = []
        runs = lab.grid(TALK, seeds=[3, 4], parameters={"heat": [0.1, 0.2]}, parallel=3, progress=told.append)
        assert [(run.parameters["heat"], run.seed) for run in runs] == [(0.1, 3), (0.1, 4), (0.2, 3), (0.2, 4)]
        assert {run.status for run in runs} == {"completed"}
        assert told[-1] == "4 of 4 runs"


def test_progress_is_told_in_the_callers_thread_and_never_reaches_the_play(database: str) -> None:
    """A notebook's cell belongs to the thread that runs it."""
    with opened(database) as lab:
        threads: set[threading.Thread] = set()
        run = lab.play(TALK, seed=1, progress=lambda line: threads.add(threading.current_thread()))
        assert threads == {threading.current_thread()}

        def broken(line: str) -> None:
            raise ValueError(line)

        with pytest.raises(ValueError, match="turn"):
            lab.play(TALK, seed=2, progress=broken)
        assert [found.status for found in lab.runs()] == ["completed", "completed"]
        assert lab.runs()[1].id == run.id


def test_changed_data_gets_a_version_of_its_own_and_models_are_taken(database: str) -> None:
    with opened(database) as lab:
        assert lab.add(TALK) == ["talk@1.0.0"]
        assert lab.add({**TALK, "premise": "Three people talk."}) == ["talk@1.0.1"]
        model = lab.scenario("talk@1.0.0")
        changed = model.model_copy(update={"title": "A talk"})
        assert lab.create(changed).status == "pending"
        assert "talk@1.0.2" in lab.scenarios()
        with pytest.raises(pyscrai.PyscraiError, match="premise"):
            lab.add({"kind": "scenario", "name": "x"})


def test_an_experiment_from_plain_data_to_its_tables(database: str, tmp_path: Path) -> None:
    with opened(database) as lab:
        lab.add(TALK)
        experiment = lab.experiment(EXPERIMENT)
        assert [problem.code for problem in experiment.check()] == ["experiment.few_pasts"]
        assert experiment.plan(pilot=2)["pilot"]["runs_played"] == 4
        frozen = experiment.freeze()
        assert experiment.run(progress=False).freeze_hash == frozen
        [contrast] = experiment.results()["contrasts"]
        assert (contrast["difference"], contrast["n_pasts"]) == (0.0, 2), "at turn 2 trust was 3 in any case"
        assert experiment.table("contrasts").to_pandas()["arm"].tolist() == ["low"]
        assert experiment.table("turns").num_rows == 4 * 3
        assert [run.fork_turn for run in experiment.runs(arm="low")] == [2, 2]
        assert experiment.verify()["identical"]
        assert "<svg" in experiment.report(tmp_path / "all")
        assert {"report.html", "report.md", "ro-crate-metadata.json", "tables"} <= {
            path.name for path in (tmp_path / "all").iterdir()}
        assert experiment.status()["complete"]
        more = experiment.amend({**EXPERIMENT, "pasts": {"seeds": 3, "until": {"turn": 2}}}).run()
        assert len(more.runs()) == 6
        assert more.results()["deviations"][0]["what"] == "pasts: 2 -> 3 (after results had been seen)"
        assert [found.name for found in lab.experiments()] == ["trusting"]
        assert lab.experiment("trusting").id == experiment.id


async def test_awaited_in_the_callers_own_loop(database: str) -> None:
    async with opened(database) as lab:
        run = await lab.play(TALK, seed=1)
        events = await run.events(kinds=["utterance"])
        fork = await (await run.fork(2)).play()
        experiment = await (await lab.experiment(EXPERIMENT)).run()
        assert (len(events), fork.status, (await experiment.status())["complete"]) == (4, "completed", True)


async def test_without_await_inside_of_a_running_loop(database: str) -> None:
    """As in a notebook, whose loop runs already."""
    lab = opened(database)
    try:
        assert lab.play(TALK, seed=1).status == "completed"
    finally:
        lab.close()
    with pytest.raises(RuntimeError, match="closed"):
        lab.run()


async def test_an_experiment_that_is_cancelled_stands_and_goes_on(database: str) -> None:
    async with opened(database) as lab:
        asked = asyncio.Event()

        class Slow(ScriptedModel):
            async def complete(self, request: Any, on_token: Any = None) -> Any:
                asked.set()
                await asyncio.sleep(0.02)
                return await super().complete(request, on_token)

        lab.register("scripted", Slow())
        await lab.add(TALK)
        experiment = await lab.experiment(EXPERIMENT)
        task = asyncio.create_task(experiment.run())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await experiment.status())["status"] == "paused"
        assert (await (await experiment.run()).status())["complete"]


def test_a_model_object_of_the_callers_own(database: str) -> None:
    with opened(database) as lab:
        lab.register("mine", ScriptedModel(lambda request: "Indeed.", alias="mine"))
        events = lab.play(TALK, model="mine").events
        assert {event["payload"]["text"] for event in events if event["kind"] == "utterance"} == {"Indeed."}


def test_what_is_public_is_there_and_importing_it_costs_nothing() -> None:
    for name in pyscrai.__all__:
        assert getattr(pyscrai, name) is not None
    code = ("import sys, time; begin = time.process_time(); import pyscrai; took = time.process_time() - begin; "
            "print(took, [name for name in ('pyarrow', 'sqlalchemy', 'langgraph', 'pydantic') if name in sys.modules])")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split(" ", 1)
    assert float(out[0]) < 0.3
    assert out[1].strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        pyscrai.opne  # noqa: B018


LEFT_OPEN = """
import asyncio, sys, threading
import pyscrai
from pyscrai.errors import TemplateError

def opened():
    return pyscrai.open(sys.argv[1], model="scripted", log_level="error")

def play(lab):
    assert lab.play("two-agent-conversation", seed=1, max_turns=2, progress=False).status == "completed"

async def inside():
    play(lab)
    async with opened() as other:
        assert (await other.play("two-agent-conversation", seed=1, max_turns=2)).status == "completed"

lab = opened()
if sys.argv[2] == "script":
    play(lab)
elif sys.argv[2] == "thread":
    worker = threading.Thread(target=play, args=(lab,))
    worker.start()
    worker.join()
elif sys.argv[2] == "asyncio":
    asyncio.run(inside())
else:
    run = lab.create("two-agent-conversation", seed=1)
    raise SystemExit("the script's own error")
"""


@pytest.mark.parametrize("where", ["script", "thread", "asyncio", "error"])
def test_a_lab_that_is_left_open_ends_quietly_with_its_script(database: str, tmp_path: Path, where: str) -> None:
    script = tmp_path / "left_open.py"
    script.write_text(LEFT_OPEN, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script), database, where], capture_output=True, text=True, check=False,
                          timeout=120)
    assert (done.stderr.strip(), done.returncode) == (("the script's own error", 1) if where == "error" else ("", 0))
    assert not list(tmp_path.glob("*-wal")), "the database was closed"


def test_in_a_file_progress_is_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    tell = teller(True)
    assert tell is not None
    for text in ("1 of 2", "1 of 2", "2 of 2", ""):
        tell(text)
    assert capsys.readouterr().err == "1 of 2\n2 of 2\n"
    assert teller(None) is None, "nobody looks"


def test_all_mistakes_of_a_scenario_or_an_experiment_are_told_at_once(database: str) -> None:
    wrong = {**TALK, "name": "Bad Name", "rules": [{"when": "vars.trst > 3", "set": {"trust": "1"}}]}
    with opened(database) as lab:
        with pytest.raises(TemplateError) as refused:
            lab.play(wrong)
        assert {problem.field for problem in refused.value.problems} == {"name", "rules[0].when"}
        lab.add(TALK)
        with pytest.raises(TemplateError) as refused:
            lab.experiment({**EXPERIMENT, "repeats": 0, "model": "nobody", "contrasts": [{"low": "bsae"}]})
        assert {problem.field for problem in refused.value.problems} == {"repeats", "model", "contrasts[0]"}
