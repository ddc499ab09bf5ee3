"""An experiment under check, with what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pyscrai.did_you_mean import instead
from pyscrai.errors import Problem
from pyscrai.experiments.design import PlannedArm
from pyscrai.experiments.reader import LoadedExperiment
from pyscrai.templates.models.base import Scalar
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.variable import Domain
from pyscrai.templates.reading.positions import Path


class ExperimentCheck:
    """An experiment under examination; ``problems`` fill as the passes go.

    Args:
        scenario: None where it is not known: then no name of it is looked at.
    """

    def __init__(self, loaded: LoadedExperiment, scenario: ScenarioTemplate | None,
                 aliases: Collection[str] | None = None, agents: Mapping[str, str] | None = None) -> None:
        self.loaded, self.scenario, self.aliases, self.agents = loaded, scenario, aliases, agents
        self.spec = loaded.template
        self.problems: list[Problem] = []
        self.arms: list[PlannedArm] = []

    def error(self, code: str, path: Path, message: str, *, value: Any = None, cure: str | None = None,
              warning: bool = False, on_key: bool = False) -> None:
        """Note a mistake, or something that is probably not meant."""
        self.problems.append(self.loaded.positions.problem(f"experiment.{code}", path, message, value=value, cure=cure,
                                                           warning=warning, on_key=on_key))

    def unknown(self, what: str, name: str, known: Iterable[str], path: Path, *, on_key: bool = False) -> None:
        """Note a name that is not declared."""
        self.error(f"unknown_{what.replace(' ', '_')}", path, f"there is no {what} `{name}`", value=name,
                   cure=instead(name, list(known), none=f"no {what} is declared"), on_key=on_key)

    def parameter(self, name: str, value: Scalar, path: Path, *, on_key: bool = True) -> None:
        """Note a parameter that is not declared, or a value that it cannot have."""
        if self.scenario is not None:
            self._value("parameter", name, value, self.scenario.parameters, path, on_key=on_key)

    def variable(self, name: str, value: Scalar, path: Path) -> None:
        """Note a variable that is not declared, or a value that it cannot have."""
        if self.scenario is not None:
            self._value("variable", name, value, self.scenario.variables, path, on_key=True)

    def _value(self, what: str, name: str, value: Scalar, known: Mapping[str, Domain], path: Path, *, on_key: bool
               ) -> None:
        domain = known.get(name)
        if domain is None:
            self.unknown(what, name, known, path, on_key=on_key)
        elif (reason := domain.why_not(domain.coerce(value))) is not None:
            self.error("bounds", path, f"the {what} `{name}` cannot be that: {reason}", value=value)

    def role(self, name: str, path: Path, *, on_key: bool = False) -> None:
        """Note a role that is not in the scenario."""
        if self.scenario is not None and name not in self.scenario.roles:
            self.unknown("role", name, self.scenario.roles, path, on_key=on_key)

    def alias(self, name: str | None, path: Path) -> None:
        """Note a model alias that is not configured; ``openai:MODEL`` needs no configuration."""
        if name is not None and self.aliases is not None and ":" not in name and name not in self.aliases:
            self.unknown("model alias", name, self.aliases, path)

    def cast(self, role: str, agent: str, path: Path, *, on_key: bool = True) -> None:
        """Note an agent that is not stored, or that cannot take the place of the role's own."""
        self.role(role, path, on_key=on_key)
        if self.agents is None or (self.scenario is not None and role not in self.scenario.roles):
            return
        if agent not in self.agents:
            self.unknown("agent", agent, self.agents, path)
            return
        if self.scenario is None:
            return
        own = self.scenario.roles[role].agent
        engine = self.agents.get(own) if isinstance(own, str) else own.engine
        if engine is not None and (engine == "analyst") != (self.agents[agent] == "analyst"):
            kind = "an Analyst" if engine == "analyst" else "an Actor or a Narrator"
            self.error("cast", path, f"the role `{role}` is for {kind}, and the engine of `{agent}` is "
                                     f"{self.agents[agent]}", value=agent, cure="cast an agent of the same kind")
