"""What is being checked, and what the passes have found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from pyscrai.did_you_mean import closest, instead
from pyscrai.errors import Problem
from pyscrai.templates.cel.scope import members
from pyscrai.templates.models.agent import AgentBody, AgentTemplate, EngineType
from pyscrai.templates.models.analysis import LIMITS, End
from pyscrai.templates.models.base import Part
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.draft import MOST_PROBLEMS
from pyscrai.templates.reading.positions import Path, Positions, Step

DEFAULT_BOUND = int(ScenarioTemplate.model_fields["max_turns"].default)
"""The bound of a run whose author gave none."""


WARNINGS = frozenset({
    "empty_audience", "human", "never", "no_documents", "not_a_narrator", "optional_moderator", "optional_speakers",
    "prompt", "repeated", "secret_told", "unbounded", "unused_action", "unused_documents",
    "unused_parameter", "unused_role", "variable_shown"})
"""The codes of warnings, as `allow` names them."""


class EnoughProblems(Exception):
    """A check has found as many problems as it tells."""


@dataclass
class Subject:
    """A scenario under examination.

    Args:
        agents: agent templates by ``name`` and by ``name@version``.
        tools: the names of tools that ship; names with a point in them are import paths, which an operator allows.
    """

    scenario: ScenarioTemplate
    agents: Mapping[str, AgentTemplate]
    positions: Positions
    tools: Collection[str] = ()
    problems: list[Problem] = field(default_factory=list)
    meant: set[str] = field(default_factory=set)
    """Names that are probably meant where an unknown one stands."""
    _behind: dict[str, tuple[str, ...]] = field(default_factory=dict)

    # -- findings -----------------------------------------------------------------------------------------------------

    def error(self, code: str, path: Sequence[Step], message: str, *, value: Any = None, cure: str | None = None,
              on_key: bool = False, offset: int | None = None) -> None:
        """Note a mistake.

        Raises:
            EnoughProblems: there are as many as one check tells.
        """
        self._leave_room()
        self.problems.append(self.positions.problem(f"template.{code}", path, message, value=value, cure=cure,
                                                    on_key=on_key, offset=offset))

    def warn(self, code: str, path: Sequence[Step], message: str, *, value: Any = None, cure: str | None = None,
             on_key: bool = False, offset: int | None = None) -> None:
        """Note something that is probably not meant, unless the template says that it is."""
        if self._allowed(code, path):
            return
        self._leave_room()
        self.problems.append(self.positions.problem(f"template.{code}", path, message, value=value, cure=cure,
                                                    on_key=on_key, offset=offset, warning=True))

    def _leave_room(self) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            raise EnoughProblems

    def _allowed(self, code: str, path: Sequence[Step]) -> bool:
        """Whether the part at a path, or one around it, acknowledges a warning."""
        part: Any = self.scenario
        for step in (*path, None):
            if isinstance(part, Part) and code in part.allow:
                return True
            if isinstance(part, BaseModel):
                part = getattr(part, str(step), None)
            elif isinstance(part, Mapping):
                part = part.get(step)
            elif isinstance(part, tuple) and isinstance(step, int) and step < len(part):
                part = part[step]
            else:
                return False
        return False

    def unknown(self, what: str, name: str, known: Iterable[str], path: Sequence[Step], *,
                on_key: bool = False) -> None:
        """Note a name that is not declared, and what was probably meant."""
        known = list(known)
        if guess := closest(name, known):
            self.meant.add(guess)
        self.error(f"unknown_{what.replace(' ', '_').replace('-', '_')}", path, f"there is no {what} `{name}`",
                   value=name,
                   cure=instead(name, known, none=f"no {what} is declared"), on_key=on_key)

    # -- the cast -----------------------------------------------------------------------------------------------------

    def agent_of(self, role: str) -> AgentBody | None:
        """The agent of a role, or None if it is unknown."""
        agent = self.scenario.roles[role].agent
        return self.agents.get(agent) if isinstance(agent, str) else agent

    def engine_of(self, role: str) -> EngineType | None:
        """The engine of a role, or None if its agent is unknown."""
        agent = self.agent_of(role) if role in self.scenario.roles else None
        return agent.engine if agent is not None else None

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """Roles behind role and group names; names that are neither drop out."""
        found: dict[str, None] = {}
        for name in names:
            if name not in self._behind:
                self._behind[name] = members((name,), self.scenario)
            found.update(dict.fromkeys(self._behind[name]))
        return tuple(found)

    def speakers(self, phase: Phase) -> tuple[str, ...]:
        """The roles that speak in a phase; ``all`` leaves the Analysts out."""
        found: dict[str, None] = {}
        for name in phase.speaker_names:
            roles = self.members((name,))
            found.update(dict.fromkeys(role for role in roles if name != "all" or self.engine_of(role) != "analyst"))
        return tuple(found)

    def listed(self, text: str) -> list[str]:
        """The names in a text that was meant as a list of roles and groups; none where it is an expression."""
        names = [name for name in re.split(r"[,\s]+", text.strip()) if name]
        known = {"all", *self.scenario.roles, *self.scenario.groups}
        return [] if not set(names) <= known or (len(names) == 1 and names[0] in self.scenario.groups) else names

    @property
    def players(self) -> tuple[str, ...]:
        """The roles that can take a turn: all but the Analysts."""
        return tuple(role for role in self.scenario.roles if self.engine_of(role) != "analyst")

    def makers(self, action: str) -> tuple[str, ...]:
        """The roles that can make a move: those that speak in a phase that offers it, and are allowed to."""
        spec = self.scenario.actions.get(action)
        allowed = set(self.members(spec.by)) if spec is not None and spec.by is not None else None
        return tuple(dict.fromkeys(
            role for phase in self.scenario.flow.phases.values() if action in (phase.action, *phase.optional_actions)
            for role in self.speakers(phase) if allowed is None or role in allowed))

    def heard(self, names: Iterable[str]) -> set[str]:
        """The roles that an audience reaches, those that hear everything included; no names mean nobody."""
        if not (names := tuple(names)):
            return set()
        return set(self.members(names)) | {role for role, spec in self.scenario.roles.items()
                                           if spec.hears == "everything"}

    # -- the ends -----------------------------------------------------------------------------------------------------

    @cached_property
    def ends(self) -> tuple[tuple[Path, End, bool], ...]:
        """Every end of the tree with its path; the flag says that it can fire by itself, outside any ``all``."""
        given = self.scenario.ends
        roots: list[tuple[Path, End]] = [(("ends",), given)] if isinstance(given, End) else [
            (("ends", index), end) for index, end in enumerate(given)]
        return tuple(found for path, end in roots for found in _walk(path, end, alone=True))

    @property
    def bound(self) -> int:
        """The most turns that a run can have."""
        turns = [end.turns for _, end, alone in self.ends if alone and end.turns is not None and not end.pause]
        return min([self.scenario.max_turns, *turns])

    @property
    def limited(self) -> bool:
        """Whether the author has set a limit to every run."""
        given = self.scenario.max_turns != DEFAULT_BOUND or "max_turns" in self.scenario.model_fields_set
        return given or any(alone and end.kind in LIMITS for _, end, alone in self.ends)


def _walk(path: Path, end: End, *, alone: bool) -> Iterator[tuple[Path, End, bool]]:
    yield path, end, alone
    for name, parts, free in (("any", end.any, alone), ("all", end.all, False)):
        for index, part in enumerate(parts or ()):
            yield from _walk((*path, name, index), part, alone=free)
