"""Judges score finished transcripts: blind, in drawn order, several times, and apart from the playing."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.engines.calls.json_reply import parse
from pyscrai.engines.ports.model import ChatModel, Message, ModelReply, ModelRequest
from pyscrai.errors import ModelError, PyscraiError, ReplyError, WrongState
from pyscrai.experiments.judge_task import JudgeTask, question
from pyscrai.experiments.models.measures import Judges
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.judged_roles import judged_roles
from pyscrai.services.experiments.judged_transcript import JudgedTranscript, read_transcript
from pyscrai.services.experiments.run_values import ended_cells

TRIES = 4
"""How often a judge is asked before its judgement is left open."""
LONGEST_WAIT = 60.0
TOKENS = 1_000
AT_ONCE = 50
"""Transcripts that are held in memory at the same time."""

_log = structlog.get_logger("pyscrai.judges")


@dataclass(slots=True)
class PanelResult:
    """What came of a round of judging."""

    judged: int = 0
    already: int = 0
    failed: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Item:
    transcript: JudgedTranscript
    conditions: str


class JudgePanel:
    """The judges of one experiment.

    Args:
        by, repeats: other judges than the experiment names; what they judged before is not judged again.
    """

    def __init__(self, services: Services, plan: ExperimentPlan, *, by: Sequence[str] = (), repeats: int | None = None,
                 parallel: int | None = None) -> None:
        judges = plan.spec.judges
        if judges is None and not by:
            raise WrongState(f"{plan.spec.name} names no judges", cure="add `judges` to the experiment, or name some",
                             code="experiment.no_judges")
        plan.require_judged()
        self._services, self._plan = services, plan
        base = judges or Judges(by=tuple(by))
        self._judges = base.model_copy(update={"by": tuple(by) or base.by, "repeats": repeats or base.repeats})
        self._room = asyncio.Semaphore(parallel or plan.spec.parallel)
        self.result = PanelResult()
        self._roles: Mapping[str, Sequence[str]] = {}
        self._places: dict[str, str] = {}
        """Each ended run's past, arm and repeat."""

    async def judge(self) -> PanelResult:
        """Score every ended transcript that is not scored yet; each score is stored as it comes."""
        self._roles = await judged_roles(self._services, self._plan)
        models = {name: await self._services.models.get(name) for name in self._judges.by}
        async with self._services.database.read() as session:
            # By their cells and not by their ids, which are others in every play: the same runs, the same order.
            self._places = {played.run.id: f"{played.cell.past}/{played.cell.arm}/{played.cell.repeat}"
                            async for portion in ended_cells(session, self._plan.id)
                            for played in portion if played.run is not None}
        run_ids = list(self._places)
        order = self._order(run_ids)
        for start in range(0, len(run_ids), AT_ONCE):
            async with self._services.database.read() as session:
                runs = await Runs(session).some(run_ids[start:start + AT_ONCE])
            await self._portion(runs, order, models)
        return self.result

    def _order(self, run_ids: Sequence[str]) -> dict[tuple[str, str, int], int]:
        """At which place each judge sees a transcript in each of its passes; drawn anew for every judge and pass."""
        found = {}
        for judge in self._judges.by:
            for pass_ in range(1, self._judges.repeats + 1):
                shuffled = list(run_ids)
                random.Random(self._seed(judge, pass_)).shuffle(shuffled)
                found.update({(run_id, judge, pass_): place for place, run_id in enumerate(shuffled, 1)})
        return found

    async def _portion(self, runs: Sequence[RunRow], order: Mapping[tuple[str, str, int], int],
                       models: Mapping[str, ChatModel]) -> None:
        async with self._services.database.read() as session:
            done = await Judgements(session, self._plan.id).done([run.id for run in runs])
        tasks: list[tuple[JudgeTask, RunRow]] = []
        for run in runs:
            for task in self._tasks(run, order):
                if (task.run_id, task.measure, task.of, task.judge, task.pass_) in done:
                    self.result.already += 1
                else:
                    tasks.append((task, run))
        items = {run.id: await self._item(run) for run in {run.id: run for _, run in tasks}.values()}
        tasks.sort(key=lambda each: each[0].shown_order)
        await asyncio.gather(*(self._judged(task, items[run.id], models[task.judge]) for task, run in tasks))

    def _tasks(self, run: RunRow, order: Mapping[tuple[str, str, int], int]) -> list[JudgeTask]:
        return [JudgeTask(run.id, name, of, judge, pass_, order[run.id, judge, pass_],
                          self._seed(self._places[run.id], name, of, judge, pass_))
                for judge in self._judges.by for pass_ in range(1, self._judges.repeats + 1)
                for name, roles in self._roles.items() for of in roles]

    def _seed(self, *parts: Any) -> int:
        """A seed of its own for everything that is drawn: with one for all, each item would get the same order."""
        text = "/".join(map(str, (self._plan.row.freeze_hash, *parts)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1

    async def _item(self, run: RunRow) -> _Item:
        conditions = "" if self._judges.blind else ", ".join(
            f"{name} = {value}" for name, value in {"arm": run.name, **run.parameters}.items())
        return _Item(await read_transcript(self._services, run.id), conditions)

    # -- one judgement ------------------------------------------------------------------------------------------------

    async def _judged(self, task: JudgeTask, item: _Item, model: ChatModel) -> None:
        async with self._room:
            try:
                row = await self._ask(task, item, model)
            except PyscraiError as error:
                self.result.failed += 1
                self.result.error = self.result.error or str(error)
                _log.warning("judge.failed", run_id=task.run_id, judge=task.judge, error=str(error))
                return
        async with self._services.database.session() as session:
            await Judgements(session, self._plan.id).add([row])
        self.result.judged += 1

    async def _ask(self, task: JudgeTask, item: _Item, model: ChatModel) -> dict[str, Any]:
        measure = self._plan.judged[task.measure]
        system, text, schema, _ = question(task, measure, item.transcript.lines, of=item.transcript.names.get(task.of),
                                           conditions=item.conditions)
        request = ModelRequest(
            (Message("system", (system,)), Message("user", (text,))), temperature=self._judges.temperature,
            seed=task.seed, max_tokens=TOKENS, schema=schema)
        reply, value = await self._answer(request, schema, model)
        keys = {line.id: line.key for line in item.transcript.lines}
        number = None if measure.categories is not None else float(value["value"])
        raw = reply.raw or {}
        return {"run_id": task.run_id, "measure": task.measure, "of": task.of, "judge": task.judge, "pass": task.pass_,
                "shown_order": task.shown_order, "number": number,
                "category": None if number is not None else str(value["value"]), "rationale": value["rationale"],
                "evidence": [keys[cited] for cited in dict.fromkeys(value["evidence"]) if cited in keys],
                "model": reply.model, "fingerprint": raw.get("system_fingerprint"),
                "prompt_tokens": reply.usage.prompt_tokens, "completion_tokens": reply.usage.completion_tokens,
                "cost_usd": reply.usage.cost_usd}

    async def _answer(self, request: ModelRequest, schema: Mapping[str, Any], model: ChatModel
                      ) -> tuple[ModelReply, Any]:
        loose = {**schema, "properties": {**schema["properties"], "evidence": {
            "type": "array", "items": {"type": "string"}}}}
        for attempt in range(1, TRIES + 1):
            try:
                reply = await model.complete(request)
                return reply, parse(reply.text, loose)
            except ReplyError:
                if attempt == TRIES:
                    raise
                request = replace(request, seed=((request.seed or 0) + 7919) % 2**31)
            except ModelError as error:
                if attempt == TRIES or not error.retryable:
                    raise
                await asyncio.sleep(min(LONGEST_WAIT, getattr(error, "retry_after", None) or 2.0 ** attempt))
        raise AssertionError("the last try returns or raises")
