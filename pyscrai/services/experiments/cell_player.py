"""Plays a past and its cells: the past to its point, each arm from there; a fresh run for each where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from pyscrai.databases.experiment_tables import ExperimentCellRow, ExperimentPastRow
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.experiment_cells import CellKey, ExperimentCells
from pyscrai.databases.repositories.runs import NewRunRow, Runs
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.standstill import STANDSTILL
from pyscrai.errors import PyscraiError, RunError
from pyscrai.experiments.design import PlannedArm, repeat_seed
from pyscrai.experiments.models.arms import EditedMessage, Overrides
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import new_run
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.run_player import RunPlayer, Stand
from pyscrai.services.forks import Edits, fork_run

ACTOR = "experiment"


class Settled(Protocol):
    """Told of each cell that is settled, and of what each past took, which is no cell."""

    def __call__(self, *, failed: bool, cost: float, cells: int = 1) -> None: ...


class CellPlayer:
    """Plays pasts and cells of one experiment.

    Args:
        room: a place for each run that is played at the same time.
        stopped: whether nothing new is to be begun.
    """

    def __init__(self, services: Services, player: RunPlayer, plan: ExperimentPlan, *, room: asyncio.Semaphore,
                 stopped: Callable[[], bool], settled: Settled) -> None:
        self._services, self._player, self._plan = services, player, plan
        self._room, self._stopped, self._settled = room, stopped, settled
        self._tries = 1 + plan.spec.failures.retry

    async def play_past(self, past: ExperimentPastRow) -> bool:
        """Play a past with all its open cells; whether nothing of it is left open."""
        turn: int | None = None
        if self._plan.spec.pasts.until is not None:
            async with self._room:
                turn = past.turn if past.state == "made" else await self._make(past)
            if turn is None:
                return False
        async with self._services.database.read() as session:
            cells = await ExperimentCells(session, self._plan.id).of_past(past.past)
        tasks: list[asyncio.Task[bool]] = []
        try:
            for cell in cells:
                await self._room.acquire()
                if self._stopped():
                    self._room.release()
                    break
                tasks.append(asyncio.create_task(self._played(past, cell, turn)))
            done = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return len(done) == len(cells) and all(done)

    # -- the past -----------------------------------------------------------------------------------------------------

    async def _make(self, past: ExperimentPastRow) -> int | None:
        """Play a past to its point; the turn at which it stands, or None where it does not come so far."""
        if self._stopped():
            return None
        try:
            run_id = past.run_id or await self._new_past(past)
        except PyscraiError as error:
            await self._give_up(past, error.as_dict(), "its past could not be made")
            return None
        for attempt in range(1, self._tries + 1):
            stand = await self._player.play(run_id)
            if stand.status == "paused" and await self._stands(run_id):
                self._settled(failed=False, cost=(await self._player.counted(run_id)).cost_usd, cells=0)
                await self._note_past(past, state="made", turn=stand.turn, attempts=attempt, error=None)
                return stand.turn
            if self._stopped():
                return None
            if stand.status in ("completed", "stopped"):
                await self._note_past(past, state="excluded", turn=stand.turn, attempts=attempt,
                                      reason=f"it ended after {stand.turn} turns, before its point")
                await self._exclude(past, "its past ended before the arms could begin")
                return None
            if attempt == self._tries:
                await self._give_up(past, dict(stand.error or _stood(stand)), "its past failed", attempts=attempt)
        return None

    async def _new_past(self, past: ExperimentPastRow) -> str:
        until = self._plan.spec.pasts.until
        assert until is not None
        new, plan = await new_run(self._services, self._plan.spec.scenario, self._options(
            Overrides(), past, past.seed, f"past {past.past}", standstill=until.model_dump(exclude_none=True)),
            desired="run", actor=ACTOR)
        return await self._made((new, past.past), plan)

    async def _made(self, new: tuple[NewRunRow, int | CellKey], plan: Plan) -> str:
        run_id = await self._player.create(new)
        self._services.shared.remember(run_id, plan)
        return run_id

    async def _stands(self, run_id: str) -> bool:
        async with self._services.database.read() as session:
            events = await Events(session).read(run_id, kinds=["run_paused"], newest=True, limit=1)
        return bool(events) and STANDSTILL in str(events[-1].payload.get("reason", ""))

    async def _give_up(self, past: ExperimentPastRow, error: dict[str, Any], reason: str, *, attempts: int = 1) -> None:
        await self._note_past(past, state="failed", error=error, reason=reason, attempts=attempts)
        await self._exclude(past, reason)
        self._settled(failed=True, cost=0.0)

    async def _note_past(self, past: ExperimentPastRow, **values: Any) -> None:
        async with self._services.database.session() as session:
            await ExperimentCells(session, self._plan.id).change_past(past.past, **values)

    async def _exclude(self, past: ExperimentPastRow, reason: str) -> None:
        async with self._services.database.session() as session:
            await ExperimentCells(session, self._plan.id).exclude(past.past, reason)

    # -- a cell -------------------------------------------------------------------------------------------------------

    async def _played(self, past: ExperimentPastRow, cell: ExperimentCellRow, turn: int | None) -> bool:
        """Play a cell; whether it is settled. The place that the caller took for it is given back."""
        key: CellKey = (cell.past, cell.arm, cell.repeat)
        try:
            run_id, attempts = cell.run_id, cell.attempts
            while True:
                made = run_id is None
                run_id = run_id or await self._new_cell(past, key, turn)
                stand = await self._player.play(run_id, made=made)
                if stand.status == "completed":
                    await self._player.settle((key, {"state": "ended", "attempts": attempts + 1, "error": None}))
                    self._settled(failed=False, cost=stand.cost_usd)
                    return True
                if self._stopped() and stand.status != "failed":
                    return False
                if (stand.error or {}).get("code") == "run.half_made":
                    await self._forget(key, run_id)
                    run_id = None
                    continue
                attempts += 1
                if attempts >= self._tries:
                    await self._fail(key, dict(stand.error or _stood(stand)), attempts, stand.cost_usd)
                    return True
        except PyscraiError as error:
            await self._fail(key, error.as_dict(), self._tries, 0.0)
            return True
        finally:
            self._room.release()

    async def _new_cell(self, past: ExperimentPastRow, key: CellKey, turn: int | None) -> str:
        arm = self._plan.arms[key[1]]
        seed = repeat_seed(past.seed, key[2])
        name = f"{arm.name} past {past.past}" + (f" repeat {key[2]}" if self._plan.spec.repeats > 1 else "")
        if turn is None:
            new, plan = await new_run(self._services, self._plan.spec.scenario,
                                      self._options(arm.overrides, past, seed, name), desired="run", actor=ACTOR)
            return await self._made((new, key), plan)
        parent = await self._past_run(past)

        async def claim(session: Any, run_id: str) -> None:
            await ExperimentCells(session, self._plan.id).change({key: {"run_id": run_id, "state": "playing"}})

        return await fork_run(self._services, parent, turn, await self._edits(arm, parent, turn, seed), actor=ACTOR,
                              name=f"{self._plan.spec.name} {name}", tags=self._tags, desired="run", within=claim)

    async def _past_run(self, past: ExperimentPastRow) -> str:
        if past.run_id is not None:
            return past.run_id
        async with self._services.database.read() as session:
            [row] = await ExperimentCells(session, self._plan.id).pasts(after=past.past - 1, limit=1)
        return str(row.run_id)

    async def _forget(self, key: CellKey, run_id: str) -> None:
        """Take back a fork that a process which died did not make to its end."""
        async with self._services.database.session() as session:
            await ExperimentCells(session, self._plan.id).change({key: {"run_id": None, "state": "planned"}})
            await Runs(session).delete(run_id)

    async def _fail(self, key: CellKey, error: dict[str, Any], attempts: int, cost: float) -> None:
        await self._player.settle((key, {"state": "failed", "attempts": attempts, "error": error,
                                         "reason": str(error.get("message", ""))[:500]}))
        self._settled(failed=True, cost=cost)

    # -- what a run begins with ---------------------------------------------------------------------------------------

    @property
    def _tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._plan.spec.tags, self._plan.id)))

    def _options(self, overrides: Overrides, past: ExperimentPastRow, seed: int, name: str, *,
                 standstill: dict[str, Any] | None = None) -> RunOptions:
        spec = self._plan.spec
        return RunOptions(
            parameters={**spec.parameters, **past.block, **overrides.parameters}, model=overrides.model or spec.model,
            role_models={**({} if overrides.model else spec.role_models), **overrides.role_models}, seed=seed,
            cast={**spec.cast, **overrides.cast}, max_turns=spec.max_turns, budget_usd=spec.budget_usd,
            without=spec.without, tags=self._tags,
            name=f"{spec.name} {name}", variables=overrides.variables,
            injects=tuple(inject.model_dump(mode="json") for inject in overrides.injects), prompts=overrides.prompts,
            memory={role: memory.model_dump(mode="json") for role, memory in overrides.memory.items()},
            standstill=standstill or {}, share=self._plan.id)

    async def _edits(self, arm: PlannedArm, parent: str, turn: int, seed: int) -> Edits:
        overrides = arm.overrides
        return Edits(
            variables=overrides.variables, parameters=overrides.parameters, injects=overrides.injects,
            model=overrides.model, role_models=overrides.role_models, prompts=overrides.prompts, seed=seed,
            memory={role: memory.model_dump(mode="json") for role, memory in overrides.memory.items()},
            message=await self._message(overrides.message, parent, turn) if overrides.message else None)

    async def _message(self, edit: EditedMessage, parent: str, turn: int) -> tuple[str, str]:
        async with self._services.database.read() as session:
            said = await Events(session).read(parent, kinds=["utterance"], sources=[edit.of], to_turn=turn, newest=True,
                                              limit=1)
        if not said:
            raise RunError(f"{edit.of} has said nothing before turn {turn}", code="experiment.no_message",
                           cure="let the arms begin later, or name another role")
        return said[-1].key, edit.text


def _stood(stand: Stand) -> dict[str, Any]:
    """The error of a run that neither ended nor failed: it waits for a person, or a limit of its own paused it."""
    return {"code": "experiment.stands", "message": f"the run is {stand.status} at turn {stand.turn}",
            "cure": "an experiment has no people and no limits that pause: look at the run"}
