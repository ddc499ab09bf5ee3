"""What of a template depends on the moment: groups with a condition, and the names that its expressions read."""

from __future__ import annotations

from pyscrai.templates.cel.expression import compile_expression
from pyscrai.templates.models.analysis import End
from pyscrai.templates.models.scenario import GroupSpec, ScenarioTemplate


def changing_groups(scenario: ScenarioTemplate) -> set[str]:
    """The groups with a condition, and those that hold one."""
    found: set[str] = set()
    for name, group in scenario.groups.items():
        if isinstance(group, GroupSpec) or not found.isdisjoint(group):
            found.add(name)
    return found


def conditions_of(scenario: ScenarioTemplate) -> dict[str, str]:
    """Groups to their conditions."""
    return {name: group.when for name, group in scenario.groups.items() if isinstance(group, GroupSpec)}


def names_read(scenario: ScenarioTemplate) -> frozenset[str]:
    """The first names of all that the template's expressions read."""
    texts = [*scenario.setup.values(), *conditions_of(scenario).values()]
    for phase in scenario.flow.phases.values():
        texts += [*phase.on_enter.values(), *phase.on_leave.values()]
        texts += [text for way in phase.next for text in (way.when, way.after_turns, way.after_rounds)
                  if isinstance(text, str)]
        texts += [phase.speakers] if isinstance(phase.speakers, str) else [
            each.when for each in phase.speakers if not isinstance(each, str)]
        texts += [phase.scene_rounds] if isinstance(phase.scene_rounds, str) else []
    for action in scenario.actions.values():
        texts += [*action.set.values(), *(text for field in action.fields.values() for text in field.computed.values())]
    for rule in scenario.rules:
        texts += [rule.when, *rule.set.values()]
    for inject in scenario.injects:
        texts += [*inject.set.values(), *([inject.when] if inject.when else [])]
    pending = [scenario.ends] if isinstance(scenario.ends, End) else list(scenario.ends)
    while pending:
        end = pending.pop()
        texts += [end.when] if end.when else []
        pending += [*(end.any or ()), *(end.all or ())]
    texts += [measure.value for measure in (scenario.analysis.measures if scenario.analysis else ()) if measure.value]
    return frozenset(path[0] for text in texts for path in compile_expression(text).paths)
