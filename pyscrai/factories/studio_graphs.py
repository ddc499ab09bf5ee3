"""Graphs for LangGraph Studio: a scenario, shipped or in a file, compiled with its settings as the graph's context.

No checkpointer is built in: Studio's server brings its own, and refuses a graph that has one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, Field, model_validator

from pyscrai.config.settings import load_settings
from pyscrai.did_you_mean import instead
from pyscrai.documentation.error_codes.table import ERROR_CODES
from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.agents import metrics
from pyscrai.engines.agents.questions import Questions
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration.compiler import Update, compile_graph
from pyscrai.engines.orchestration.plan import Plan, make_plan
from pyscrai.errors import PyscraiError, RunError
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.factories.studio_turns import StudioTurns
from pyscrai.llm.models import Models
from pyscrai.prompts import library
from pyscrai.templates.checks.checker import catalogue, refuse, validate
from pyscrai.templates.library import shipped as library_templates
from pyscrai.templates.library import shipped_agent, shipped_scenario
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import read_file

SUFFIXES = (".yaml", ".yml", ".json")

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")

STUDIOS_OWN = re.compile(r"__|langgraph_|checkpoint|x-|(thread|run|assistant|graph|user|cron)_id$")
"""How names begin that Studio's server puts beside the settings."""


class StudioSettings(BaseModel):
    """What can be set for a run in Studio."""

    model: str = Field("default", description="Model alias for every role: a name from pyscrai.toml, PROVIDER:MODEL, "
                                              "embedded, embedded-tiny or scripted; `default` for the operator's.")
    seed: int = Field(1, description="Seed of random orders, dice and sampling.")
    max_turns: int | None = Field(None, ge=1, description="Stop after this many turns.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Parameters of the scenario.")

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, given: Any) -> Any:
        """Refuse names that are no setting; what Studio's server adds of its own is let go."""
        if not isinstance(given, Mapping):
            return given
        for name in given:
            if name not in cls.model_fields and not STUDIOS_OWN.match(name):
                raise ValueError(f"there is no setting {name!r}: {instead(name, cls.model_fields)}")
        return {name: value for name, value in given.items() if name in cls.model_fields}


class StudioError(RuntimeError):
    """An error of ours as Studio shows it: its server tells the messages of Python's own kinds of error alone.

    What an error does not say itself of its cure, the list of error codes does.
    """

    def __init__(self, error: PyscraiError) -> None:
        known = ERROR_CODES.get(error.code)
        cure = error.cure or (_LINK.sub(r"\1", known.cure) if known else "")
        super().__init__(f"{error.message}{f' → {cure}' if cure else ''} [{error.code}]")


def templates_of(scenario: str) -> tuple[ScenarioTemplate, Mapping[str, AgentTemplate]]:
    """A scenario and the agents that it names: a shipped one by its name, or the one in a file, with the file's agents.

    Raises:
        NotFound: there is no such scenario, file or agent.
        TemplateError: with every mistake of the file.
        RunError: the file holds no scenario, or several.
    """
    agents: Mapping[str, AgentTemplate] = {}
    if scenario.endswith(SUFFIXES) or "/" in scenario:
        reading = read_file(scenario)
        shipped = catalogue(each.template for each in library_templates() if isinstance(each.template, AgentTemplate))
        refuse(validate([reading], shipped))
        loaded = reading.templates
        found = [each.template for each in loaded if isinstance(each.template, ScenarioTemplate)]
        if len(found) != 1:
            raise RunError(f"{scenario} holds {len(found)} scenarios", code="run.no_scenario",
                           cure="give a file with one document of `kind: scenario`, and its agents")
        template, = found
        agents = {**shipped, **catalogue(each.template for each in loaded if isinstance(each.template, AgentTemplate))}
    else:
        template = shipped_scenario(scenario)
    return template, {role.agent: agents[role.agent] if role.agent in agents else shipped_agent(role.agent)
                      for role in template.roles.values() if isinstance(role.agent, str)}


class EveryName(dict[str, Any]):
    """Properties of a schema that seem to hold every name.

    Studio's server drops settings that the schema does not name, without a word; so they reach the graph, which says
    what is wrong with them.
    """

    def __contains__(self, name: object) -> bool:
        return True


class StudioGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A compiled graph whose settings arrive whole."""

    def get_context_jsonschema(self) -> dict[str, Any] | None:
        schema = super().get_context_jsonschema()
        return None if schema is None else {**schema, "properties": EveryName(schema.get("properties") or {})}


@contextmanager
def told_in_studio() -> Iterator[None]:
    """Errors of ours become such as Studio tells in full."""
    try:
        yield
    except PyscraiError as error:
        raise StudioError(error) from error


class StudioNodes:
    """The nodes of one superstep in Studio: recorded by Studio's own checkpoints and nowhere else."""

    def __init__(self, studio: Studio, settings: StudioSettings, recall: Recall, place: tuple[str, str] | None) -> None:
        self._studio, self._settings, self._recall, self._place = studio, settings, recall, place

    async def begin(self, state: Mapping[str, Any]) -> Update:
        with told_in_studio():
            return await (await self._runtime()).begin(state)

    async def take_turn(self, role: str, state: Mapping[str, Any]) -> Update:
        with told_in_studio(), self._studio.turns.turn(self._place) as (turn, questions):
            return await (await self._runtime(turn.record, questions)).take_turn(role, state)

    async def gather(self, state: Mapping[str, Any]) -> Update:
        with told_in_studio():
            return await (await self._runtime()).gather(state)

    async def _runtime(self, record: MemoryRecord | None = None, questions: Questions | None = None) -> AgentRuntime:
        return await self._studio.runtime(self._settings, self._recall, record, questions)


class Studio:
    """One scenario in Studio: its plan and the models that its runs share."""

    def __init__(self, scenario: str) -> None:
        # All files are read now: while a graph plays, Studio's server refuses whatever would block its event loop.
        with told_in_studio():
            self._scenario, self._agents = templates_of(scenario)
        library.shipped()
        if self._scenario.analysis and any(each.metric == "sentiment" for each in self._scenario.analysis.measures):
            metrics.lexicon()
        self._models: Models | None = None
        self.turns = StudioTurns()

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self._scenario.name

    def plan(self, settings: StudioSettings) -> Plan:
        """The template's plan with these settings."""
        options = RunOptions(parameters=settings.parameters, seed=settings.seed, max_turns=settings.max_turns,
                             model=None if settings.model == "default" else settings.model)
        return make_plan(make_run_spec(self._scenario, options, self._agents.__getitem__, model="default"))

    async def runtime(self, settings: StudioSettings, recall: Recall, record: MemoryRecord | None = None,
                      questions: Questions | None = None) -> AgentRuntime:
        """A runtime that remembers nothing between nodes: the state and Studio's store alone count.

        Args:
            record, questions: of a turn that waited for a person.
        """
        if self._models is None:
            self._models = Models(await asyncio.to_thread(load_settings))
        allowed = self._models.settings.tools_allowed
        plan = self.plan(settings)
        engines = {role: create_agent_engine(instance, plan, await self._models.get(instance.model),
                                             tools_allowed=allowed)
                   for role, instance in plan.cast.items()}
        return AgentRuntime(plan, engines, record or MemoryRecord(), recall=recall, questions=questions)

    def nodes(self, runtime: Runtime[Any]) -> StudioNodes:
        """The nodes for what LangGraph hands to a node."""
        context = runtime.context
        settings = context if isinstance(context, StudioSettings) else StudioSettings.model_validate(context or {})
        about = runtime.execution_info
        thread = about.thread_id if about else None
        place = (thread, about.task_id) if about and thread else None
        return StudioNodes(self, settings, Recall(runtime.store, thread or "run"), place)


def studio_graph(scenario: str) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph of a scenario for ``langgraph.json``: of a shipped one by its name, or of the one in a file."""
    studio = Studio(scenario)
    with told_in_studio():
        plan = studio.plan(StudioSettings())
    graph = compile_graph(plan, studio.nodes, context_schema=StudioSettings)
    compiled = graph.compile(name=studio.name)
    # LangGraph has no parameter for the class of what it compiles; Studio's server copies it with its class.
    compiled.__class__ = StudioGraph
    return compiled
