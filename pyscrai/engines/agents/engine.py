"""What the three engines share: their configuration, how a prompt is laid out, and how a model is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from pyscrai.engines.calls.json_reply import parse, tokens_for
from pyscrai.engines.cast import AgentInstance
from pyscrai.engines.layouts.choice import LAYOUTS
from pyscrai.engines.layouts.layout import Prompt
from pyscrai.engines.layouts.voice import without_worded
from pyscrai.engines.line import action_text, transcript_line
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.ports.model import ChatModel, Message, ModelReply, ModelRequest
from pyscrai.engines.state import Activation, Line, Played
from pyscrai.engines.tools.tool import Tool
from pyscrai.engines.view import View
from pyscrai.errors import EngineError, ModelClosed, ModelError
from pyscrai.events import Event
from pyscrai.margin import inside_margin
from pyscrai.prompts import library

T = TypeVar("T")


class Ask(Protocol):
    """Asks the role's model, with everything that its failure policy and the journal add."""

    async def __call__(self, request: ModelRequest, *, purpose: str, read: Callable[[ModelReply], T],
                       prompts: Mapping[str, str], speech: str | None = None, optional: bool = False) -> T:
        """Ask and read the reply.

        Args:
            read: makes the reply into a value; a ReplyError from it has the reply repaired or asked for again.
            prompts: name and hash of the prompt templates in the request.
            speech: what may be shown while it streams: ``""`` the whole text, else this field of the JSON object.
            optional: the asker goes on without a usable reply, so that the question stays without an answer.

        Raises:
            ModelError: no model answered.
            ReplyError: no usable reply could be had.
        """
        ...

    def apart(self, name: str) -> Ask:
        """One who asks at a place of its own, so that its questions can be asked at the same time as others."""
        ...

    def holds(self, request: ModelRequest, *, purpose: str) -> bool:
        """Whether the journal holds what came of this question, so that no model is asked."""
        ...


@dataclass(slots=True)
class Performance:
    """What came of an activation: what was played, for the flow, the events, and the lines that others may hear.

    Events carry no keys, turns or phases yet: a draft is an event class with its fields.
    """

    played: Played | None = None
    drafts: list[tuple[type[Event], dict[str, Any]]] = field(default_factory=list)
    heard: list[tuple[int, Line]] = field(default_factory=list)
    """Index of the draft that is heard, and the line it becomes (without id and turn)."""
    state: dict[str, Any] = field(default_factory=dict)
    """Further channels to write: measures, verdicts."""
    said: Mapping[str, Any] | None = None
    """What a turn is made of: the reply of the model, program or person, read."""

    def add(self, kind: type[Event], line: Line | None = None, **fields: Any) -> None:
        """Draft an event, and the line in which it is heard, if it is."""
        if line is not None:
            self.heard.append((len(self.drafts), line))
        self.drafts.append((kind, fields))

    def precede(self, drafts: Sequence[tuple[type[Event], dict[str, Any]]], heard: Sequence[tuple[int, Line]] = ()
                ) -> None:
        """Put what happened before it in front; what was heard of it counts as a part of the move."""
        if not drafts:
            return
        self.heard = [*heard, *((index + len(drafts), line) for index, line in self.heard)]
        self.drafts[:0] = drafts
        if self.played is not None:
            self.played["kinds"] += [line["kind"] for _, line in heard]


class Engine(ABC):
    """An agent instance at work: turns what its role knows into a model request, and the reply into events."""

    engine: ClassVar[str]
    goes_on: ClassVar[bool] = False
    """Whether it speaks as one of the characters, so that a layout may let the model go on with the transcript."""

    def __init__(self, instance: AgentInstance, plan: Plan, model: ChatModel, fallback: ChatModel | None = None,
                 tools: tuple[Tool, ...] = ()) -> None:
        self.instance = instance
        self.role = instance.role
        """The role that this engine plays."""
        self.plan = plan
        self.model = model
        self.fallback = fallback
        self.tools = tools
        self.program: Tool | None = None
        """The program that plays the role in place of the model."""
        self.layout = LAYOUTS[model.layout]
        self._rendered: dict[str, tuple[str, str]] = {}
        """Prompt to what it read of its turn when it was rendered last, and the text."""
        own = plan.cast.get(instance.role) is instance
        self._fixed: dict[tuple[str, str], str] = plan.kept.setdefault("prompts", {}) if own else {}
        """Role and prompt to the text, of prompts to which no turn adds anything: rendered once for many runs."""

    def policy(self, error: EngineError | ModelError) -> Literal["fail", "skip", "pause"]:
        """The policy for a turn that fails with this error.

        An endpoint that is closed for hours ends no run: whoever pays can go on when it is open again.
        """
        return "pause" if isinstance(error, ModelClosed) else self.instance.failure.then

    @abstractmethod
    async def perform(self, activation: Activation, view: View, ask: Ask) -> Performance:
        """Do what the activation asks for."""

    # -- prompts ------------------------------------------------------------------------------------------------------

    def prompt(self, name: str) -> library.PromptText:
        """A prompt: the agent's own, the layout's, or the one for all layouts."""
        if self.instance.prompts:
            slot = name.rsplit("_", 1)[-1]
            own = self.instance.prompts.get(slot)  # type: ignore[call-overload]
            if own is not None and name == f"{self.engine}_{slot}":
                return library.prompt_text(f"{self.instance.agent}/{slot}", own)
        return library.shipped_prompt(name, self.layout.name)

    def shown(self, lines: Sequence[Line]) -> Sequence[Line]:
        """The lines as a prompt tells them: a move that a small model has put into words is told in those alone."""
        return without_worded(lines, self._worded) if self._worded else lines

    @cached_property
    def _worded(self) -> tuple[str, ...]:
        if self.layout.voice is None:
            return ()
        return tuple(action_text(name, {}) for name, spec in self.plan.scenario.actions.items() if spec.intent)

    @cached_property
    def variables(self) -> Mapping[str, Any]:
        """The variables of every prompt that never change in a run."""
        return {
            "role": self.role, "name": self.instance.name, "personality": self.instance.personality,
            "premise": premise(self.plan), "secret": self.instance.secret,
            "cast": [member.name for role, member in self.plan.cast.items() if role not in self.plan.watchers],
            "others": self.others, "params": dict(self.plan.parameters),
            "max_sentences": self.instance.settings.max_sentences}

    @cached_property
    def others(self) -> list[str]:
        """The names of all other roles that take turns."""
        return [member.name for role, member in self.plan.cast.items()
                if role != self.role and role not in self.plan.watchers]

    def messages(self, purpose: str, view: View, *, lines: Sequence[Line] | None = None, prefill: str = "",
                 lay: Callable[[Prompt], tuple[Message, ...]] | None = None, **more: Any
                 ) -> tuple[tuple[Message, ...], dict[str, str]]:
        """Lay a request out as the model's layout does; the transcript is a part per entry.

        Args:
            lay: makes the prompt's parts into messages, where the layout's usual way is not meant.

        Returns:
            The messages, and the hash of each prompt template that went into them.
        """
        system, asked = self.prompt(f"{self.engine}_system"), self.prompt(purpose)
        shown = self.shown(view.lines if lines is None else lines)
        summary = inside_margin(view.summary)
        note = self._render(asked, {
            "variables": _inside_margin(view.variables), "phase": view.phase_title,
            "task": view.task, "summary": summary, "turn": view.turn, "rationale": self.layout.rationale,
            "recalled": [inside_margin(text) for text in view.recalled], **more})
        prompt = Prompt(
            self._render(system, {}), note=note, entries=tuple(map(transcript_line, shown)),
            render=lambda name, more: self._render(self.prompt(name), {"summary": summary, **more}),
            prefill=prefill if self.model.prefill else "", structured=bool(more.get("structured")),
            goes_on=self.goes_on)
        return (lay or self.layout.messages)(prompt), {system.name: system.hash, asked.name: asked.hash}

    def request(self, messages: tuple[Message, ...], *, stop: tuple[str, ...] = (),
                schema: Mapping[str, Any] | None = None, max_tokens: int | None = None) -> ModelRequest:
        """A request with this agent's settings; the run's seed makes sampling repeatable where a model can.

        A reply under a schema gets as many tokens as its longest form needs, so that it is never cut off.
        """
        settings = self.instance.settings
        if schema is not None:
            max_tokens = tokens_for(schema)
        return ModelRequest(messages=messages, temperature=settings.temperature, top_p=settings.top_p, stop=stop,
                            max_tokens=max_tokens or settings.max_tokens, seed=self.plan.seed, schema=schema)

    def reader(self, schema: Mapping[str, Any]) -> Callable[[ModelReply], Any]:
        """A function that makes a reply into a JSON value of this schema, or raises a ReplyError."""
        return lambda reply: parse(reply.text, schema, names=self.plan.names)

    def _render(self, prompt: library.PromptText, more: Mapping[str, Any]) -> str:
        """A prompt with what a turn adds to the variables of all; the last text, where nothing that it reads is new."""
        if not more:
            fixed = self.role, prompt.name
            if fixed not in self._fixed:
                self._fixed[fixed] = library.render_text(prompt.text, self.variables)
            return self._fixed[fixed]
        read = repr([(name, more[name]) for name in prompt.reads if name in more])
        kept = self._rendered.get(prompt.name)
        if kept is None or kept[0] != read:
            kept = self._rendered[prompt.name] = read, library.render_text(prompt.text, {**self.variables, **more})
        return kept[1]


def _inside_margin(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inside_margin(value) if isinstance(value, str) else value for name, value in variables.items()}


def premise(plan: Plan) -> str:
    """The scenario's premise with its parameters put in."""
    return library.render_text(plan.scenario.premise, {"params": dict(plan.parameters)})
