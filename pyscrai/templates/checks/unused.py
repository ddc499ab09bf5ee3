"""Parameters that nothing reads: a run that sets one is no other run."""

from __future__ import annotations

import json
import re

from pyscrai.templates.checks.report import Subject

_DOUBTFUL = {"template.expression", "template.prompt"}


def check_unused(subject: Subject) -> None:
    """Every parameter is read by some text or expression, of the scenario or of an agent in its cast."""
    scenario = subject.scenario
    if not scenario.parameters or any(problem.code in _DOUBTFUL for problem in subject.problems):
        return      # a misspelt name may have been meant to read it
    agents = [agent for role in scenario.roles if (agent := subject.agent_of(role)) is not None]
    if len(agents) < len(scenario.roles):
        return
    written = json.dumps([scenario.model_dump(mode="json"), *(agent.model_dump(mode="json") for agent in agents)])
    read = set(re.findall(r"\bparams\s*\.\s*(\w+)|\bparams\s*\[\s*(?:\\?[\"'])(\w+)", written))
    names = {name for pair in read for name in pair}
    for name in scenario.parameters:
        if name not in names:
            subject.warn("unused_parameter", ("parameters", name), f"nothing reads the parameter `{name}`", value=name,
                         on_key=True,
                         cure=f"read it in a text (`{{{{ params.{name} }}}}`) or a condition, or remove it")
