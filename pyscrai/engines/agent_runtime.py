"""One turn: view -> prompt -> model -> parse -> events and the next state. The graph's nodes are its methods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from structlog.contextvars import bind_contextvars, unbind_contextvars

from pyscrai.engines.agents.approval import approval_request, decide, let_use, passed_over, tool_request
from pyscrai.engines.agents.engine import Engine, Performance, premise
from pyscrai.engines.agents.person import (
    ANSWER,
    SPEECH,
    answers_passed_over,
    apply_command,
    handed_back,
    human_request,
    person_for,
    read_human,
)
from pyscrai.engines.agents.program import LONGEST, chance_of, read_program
from pyscrai.engines.agents.questions import Questions
from pyscrai.engines.agents.speaker import Speaker
from pyscrai.engines.arrivals import UNHEARD, Arrivals, Commands, heard_in
from pyscrai.engines.calls.caller import ModelCaller
from pyscrai.engines.calls.token_stream import TokenListener
from pyscrai.engines.memory.memory import refresh
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration import activations, flow
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.orchestration.turn_order import GATHER, in_turn
from pyscrai.engines.place import Keys, Place, awaited_keys, gather_keys, opening_keys
from pyscrai.engines.ports.purse import Purse
from pyscrai.engines.ports.record import Inbox, Record
from pyscrai.engines.state import Activation, Line, Played
from pyscrai.engines.tools.consultation import AskLeave, ToolLeave
from pyscrai.engines.tools.tool import Tool, ToolScene
from pyscrai.engines.view import View, view
from pyscrai.engines.watcher_runtime import WatcherRuntime, finish, memory_of, total
from pyscrai.errors import ModelError, ReplyError
from pyscrai.events import Event, FlowWarning, RunStarted, TurnSkipped


@dataclass(frozen=True, slots=True)
class _Arrived:
    """The outcome of people's commands, to be recorded with the turn that takes them."""

    events: Sequence[Event]
    lines: Sequence[Line]
    variables: Mapping[str, Any]

    @classmethod
    def nothing(cls, state: Mapping[str, Any]) -> _Arrived:
        return cls((), (), state.get("variables") or {})


class AgentRuntime(WatcherRuntime):
    """Plays the turns of one run.

    A node's work depends on the state, the journal and the inbox alone.
    """

    def __init__(self, plan: Plan, engines: Mapping[str, Engine], record: Record, inbox: Inbox | None = None, *,
                 recall: Recall | None = None, listener: TokenListener | None = None,
                 sleep: Callable[[float], Any] = asyncio.sleep, purse: Purse | None = None,
                 questions: Questions | None = None) -> None:
        super().__init__(plan, engines, record, recall=recall, listener=listener, sleep=sleep, purse=purse)
        self._arrivals = Arrivals(inbox)
        self.questions = questions or Questions(record)

    # -- the nodes ----------------------------------------------------------------------------------------------------

    async def begin(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Open the play."""
        plan = self.plan
        step = Step(self.plan, state, opening_keys())
        step.record(RunStarted, audience="all", source="run", premise=premise(self.plan),
                     parameters=dict(plan.parameters), roles={role: member.name for role, member in plan.cast.items()})
        flow.open_play(step)
        await self.commit(step.events, step, with_state=True)
        people = {role: member.person for role, member in plan.cast.items() if member.human == "always"}
        return {**step.update(), **({"people": people} if people else {})}

    async def take_turn(self, role: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """Do what ``next`` asks of a role: a turn, a choice, or looking on."""
        mine = [activation for activation in state.get("next") or () if activation["role"] == role]
        bind_contextvars(turn=state.get("turn", 0) if not mine else mine[0]["turn"], role=role)
        try:
            if role in self.plan.watchers:
                return await self.watch(mine, state)
            speaking = activations.speaking(state["next"])
            first, together = speaking[0]["turn"], len(speaking) > 1
            try:
                commands, records = await self._arrivals.enter(first, alone=not together)
                return await self._play(mine[0], state, commands, first, records=records, together=together)
            finally:
                self._arrivals.leave(first)
        finally:
            unbind_contextvars("turn", "role")

    async def gather(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Go on after a round in which all spoke at once, or after measures that the play waited for."""
        played: list[Played] = sorted(state.get("moves") or (), key=lambda turn: turn["turn"])
        turn = played[-1]["turn"]
        keys = awaited_keys(turn) if "awaited" in state["clock"] else gather_keys(turn)
        step = flow.gather(Step(self.plan, state, keys, played))
        await self.commit(step.events, step, with_state=True)
        return step.update()

    # -- a player's turn ----------------------------------------------------------------------------------------------

    async def _play(self, activation: Activation, state: Mapping[str, Any], commands: Commands, first: int, *,
                    records: bool, together: bool) -> dict[str, Any]:
        """Play a turn.

        Args:
            first: the first turn of the superstep, in which several may act ``together``.
            records: whether this role records the commands.
        """
        place, engine = Place.of(activation), self.engines[activation["role"]]
        given = state
        replayed = any(UNHEARD in command for command in commands)
        commands = heard_in(commands, place.turn_keys().stem) if replayed else commands
        arrived, people, state = self._apply(commands, given, first)
        if not records and not replayed:  # another speaker of this round does; what was taken is heard by both
            arrived, people = _Arrived.nothing(given), {}
        caller = self.caller(engine, place)
        seen = view(self.plan, state, engine.role, turn=place.turn)
        memory = None
        try:
            mind = await refresh(engine, seen, caller, memory_of(state, engine.role), self.recall, thinks=(
                place.task != "moderate" and person_for(engine, state) is None and engine.program is None))
            seen, memory = mind.view, mind.memory
            performance = await self._perform(engine, activation, seen, caller, state)
            performance.precede(mind.drafts)
        except (ModelError, ReplyError) as error:
            memory = None
            performance = await self._failed(engine, place, caller, error, arrived, state)
        keys = place.turn_keys()
        events, lines = finish(performance, keys, place.turn, seen.phase)
        events = [*arrived.events, *self.notes(caller, seen.phase), *events]
        lines = [*arrived.lines, *lines]
        update: dict[str, Any] = {"usage": caller.usage} if caller.usage else {}
        if memory is not None:
            update["memory"] = {engine.role: memory}
        if people:
            update["people"] = people
        injected = arrived.variables != (given.get("variables") or {})
        if injected:
            update["variables"] = arrived.variables
        if together:
            update.update(messages=tuple(lines), moves=[performance.played] if performance.played else [],
                          next=[{"role": GATHER, "task": "speak", "turn": place.turn}])
            await self.commit(events, None)
            return update
        before = {**state, "variables": arrived.variables}
        played = [performance.played] if performance.played else []
        step = Step(self.plan, before, keys, played, total(state.get("usage"), caller.usage))
        if place.task == "moderate":
            flow.choose(step, *performance.state["chosen"])
        else:
            flow.advance(step)
        # Where others act at the same time, the state waits for them all, and what this turn cost is not to wait.
        await self.commit([*events, *step.events], step, with_state=len(state["next"]) == 1)
        update.update({**step.update(), "messages": (*lines, *step.lines)})
        if injected:
            update["variables"] = step.variables
        if not update["messages"]:
            del update["messages"]
        return update

    async def _perform(self, engine: Engine, activation: Activation, seen: View, caller: ModelCaller,
                       state: Mapping[str, Any]) -> Performance:
        person = person_for(engine, state)
        key = caller.place.call(ANSWER)
        if person is None and self.record.recall(key) is None:
            return await self._propose(engine, activation, seen, caller, state)
        request = human_request(engine, activation, seen, person=person or "")
        recorded, passed = self.questions.answer(request)
        if handed_back(recorded):
            performance = await self._propose(engine, activation, seen, caller, state)
        else:
            performance = read_human(engine, activation, seen, recorded)
        performance.drafts += answers_passed_over(engine, passed)
        return performance

    async def _propose(self, engine: Engine, activation: Activation, seen: View, caller: ModelCaller,
                       state: Mapping[str, Any]) -> Performance:
        """Let a program or a model act, and a person decide about it where the role says so."""
        people = state.get("people") or {}
        if engine.program is not None:
            performance = await self._run_program(engine, activation, seen, caller)
        else:
            performance = await self.act(engine, activation, seen, caller, self._leave(
                engine, activation, caller, people))
        if not engine.instance.approve:
            return performance
        request = approval_request(engine, activation, seen, performance, people)
        if (self.record.closed and caller.place.task == "moderate"
                and not self.questions.holds_decision(request)):
            return performance  # earlier versions asked nobody about the choice of the next speaker
        decision, passed = self.questions.decision(request)
        if decision is not None:
            performance = decide(engine, request, seen, performance, decision)
        performance.drafts += passed_over(engine, passed)
        return performance

    def _leave(self, engine: Engine, activation: Activation, caller: ModelCaller, people: Mapping[str, Any]
               ) -> AskLeave | None:
        """One who lets a person decide about the role's uses of tools; None where nobody decides."""
        if not engine.instance.approve or self.plan.edition < 3:
            return None

        async def ask(tool: Tool, schema: Mapping[str, Any], arguments: Mapping[str, Any], scene: ToolScene
                      ) -> ToolLeave:
            request = tool_request(engine, activation, scene, tool, schema, arguments, people)
            leave = let_use(engine, request, *self.questions.decision(request))
            await self.record.commit(())  # a decision must not be lost once the tool is used
            caller.seconds += leave.seconds
            return leave

        return ask

    async def _run_program(self, engine: Engine, activation: Activation, seen: View, caller: ModelCaller
                           ) -> Performance:
        """Let the role's program act; what it answers is journaled, and checked as a model's reply is."""
        assert engine.program is not None
        request = human_request(engine, activation, seen)
        given = {**request, "role_names": dict(self.plan.names),
                 "seed": chance_of(self.plan.seed, caller.place.turn, engine.role)}
        answer = await caller.use(engine.program, given, ToolScene(self.plan, seen), longest=LONGEST)
        value = read_program(answer, request["schema"] or SPEECH)
        if caller.place.task == "moderate":
            performance = Performance()
            performance.state["chosen"] = (value["next"], "the program chose")
            return performance
        speaker, phase = cast(Speaker, engine), self.plan.phases[seen.phase]
        speaker.check(value, phase)
        performance = speaker.make(value, phase, seen, played_by="program")
        if performance.played is not None:
            performance.played["seconds"] = caller.seconds
        return performance

    async def _failed(self, engine: Engine, place: Place, caller: ModelCaller, error: ModelError | ReplyError,
                      arrived: _Arrived, state: Mapping[str, Any]) -> Performance:
        """Apply the role's failure policy."""
        if engine.policy(error) != "skip":
            await self.commit([*arrived.events, *self.notes(caller, state.get("phase", ""))], None)
            raise self.failed(caller, error)
        if place.task == "moderate":
            clock = state.get("clock") or {}
            chosen = in_turn(view(self.plan, state, engine.role).speakers, clock.get("last"))
            performance = Performance()
            performance.add(FlowWarning, source=engine.role, message=(
                f"{engine.role} could not choose the next speaker ({error.message}); {chosen} speaks by round robin"))
            performance.state["chosen"] = (chosen, "round robin")
            return performance
        performance = Performance(played=activations.skipped(engine.role, place.turn))
        performance.add(TurnSkipped, source=engine.role, error=error.as_dict())
        if self.plan.edition > 2:
            performance.precede(caller.used.drafts, caller.used.heard)
        return performance

    # -- what people do -----------------------------------------------------------------------------------------------

    def _apply(self, commands: Commands, state: Mapping[str, Any], turn: int
               ) -> tuple[_Arrived, dict[str, str | None], Mapping[str, Any]]:
        """Apply the commands that arrived.

        Returns:
            What is to be recorded of them, who plays which role from now on, and the state with both.
        """
        if not commands:
            return _Arrived.nothing(state), {}, state
        step = Step(self.plan, state, Keys(""))
        step.turn = turn  # what arrives belongs to the turn that takes it: a fork before it has it not
        people: dict[str, str | None] = {}
        for command in commands:
            people.update(apply_command(step, command))
        arrived = _Arrived(step.events, step.lines, step.variables)
        if not step.lines and not people and not step.events:
            return arrived, people, state
        changed = {**state, "variables": step.variables,
                   "messages": [*(state.get("messages") or ()), *step.lines],
                   "people": {**(state.get("people") or {}), **people}}
        return arrived, people, changed
