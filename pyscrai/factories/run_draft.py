"""All of a run that its template and options decide, made once for the runs that differ in no more than their seed."""

from __future__ import annotations

import marshal
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from pyscrai.databases.repositories.runs import NewMember, NewRunRow
from pyscrai.databases.repositories.stored_runs import StoredRun
from pyscrai.databases.run_settings import RunSettings
from pyscrai.databases.tables import AgentTemplateRow, ScenarioTemplateRow
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.factories.run_options import RunOptions
from pyscrai.lifecycle import Desired

OF_ONE_RUN = ("seed", "name", "tags")
"""The options that may differ between runs of one draft."""

OF_PLAN = ("max_turns", "budget_usd", "variables", "standstill", "edition")
"""The settings of a stored run that its plan has."""


@dataclass(frozen=True, slots=True)
class RunDraft:
    """A run that was checked and has no seed yet. Its runs share what is in it, and nobody changes that."""

    plan: Plan
    """With the seed 0."""
    members: Sequence[NewMember]
    settings: RunSettings
    injects: Sequence[Mapping[str, Any]]

    @property
    def stays(self) -> bool:
        """Whether a later run can have it too: what a server says of its tools is asked for again."""
        return not any(member.described_tools for member in self.plan.cast.values())

    def run(self, template: ScenarioTemplateRow, options: RunOptions, seed: int, *, desired: Desired, actor: str
            ) -> tuple[NewRunRow, Plan]:
        """A run of it, to be stored, and the run's plan."""
        settings = self.settings.copy()
        if actor:
            settings["actor"] = actor
        new = NewRunRow(template, self.members, seed, options.name, self.plan.parameters, settings, options.tags,
                        desired, injects=self.injects)
        return new, self.plan.with_seed(seed)


def draft_key(template: ScenarioTemplateRow, agents: Mapping[str, AgentTemplateRow], options: RunOptions
              ) -> Hashable | None:
    """The key of what decides a draft; None where options are no plain data, whose likeness cannot be told."""
    try:
        chosen = marshal.dumps(_DECIDING(options), 2)   # this version writes equal values alike
    except ValueError:
        return None
    return (template.id, template.content_hash, chosen,
            *[(reference, row.id, row.content_hash) for reference, row in agents.items()])


def likeness(stored: StoredRun) -> Hashable:
    """The key of what decides a stored run's plan, but for its seed: runs of one likeness have the same."""
    row = stored.row
    chosen = [row.settings.get(name) for name in OF_PLAN]
    cast = [(member.role, member.configuration) for member in stored.cast]
    return row.template_hash, marshal.dumps((row.parameters, chosen, cast), 2)


_DECIDING = attrgetter(*(each.name for each in fields(RunOptions) if each.name not in OF_ONE_RUN))
