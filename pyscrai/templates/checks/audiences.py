"""Nothing is said to nobody by mistake, and no variable is shown to those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyscrai.templates.checks.prompts import reads
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.reading.positions import Path


def check_audiences(subject: Subject) -> None:
    """Audiences that nobody is in, and variables shown to roles that must not see them.

    An empty list means nobody and is no mistake.
    """
    for name, phase in subject.scenario.flow.phases.items():
        _phase(subject, ("flow", "phases", name), phase)
    for path, _, names in told(subject):
        if names and not subject.heard(names):
            subject.error("empty_audience", (*path, "audience"), "nobody is in this audience", value=names,
                          cure="name a role of the cast, or `all`; for nobody write []")
    for name, role in subject.scenario.roles.items():
        if isinstance(role.hears, tuple) and role.hears and not set(subject.members(role.hears)) - {name}:
            subject.warn("empty_audience", ("roles", name, "hears"), f"`{name}` hears nobody", value=role.hears,
                         cure="name the roles that it hears; for nobody write []")
    _variables(subject)


def told(subject: Subject) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """Every text that is put into the world, with its path and audience."""
    scenario = subject.scenario
    for index, inject in enumerate(scenario.injects):
        yield ("injects", index), inject.text, inject.audience
    for index, rule in enumerate(scenario.rules):
        if rule.inject is not None:
            yield ("rules", index, "inject"), rule.inject.text, rule.inject.audience


def _phase(subject: Subject, path: Path, phase: Phase) -> None:
    if not phase.audience:
        return
    speakers = set(subject.speakers(phase)) | ({phase.resolver} if phase.resolver else set())
    heard = subject.heard(phase.audience)
    if not heard and subject.members(phase.speaker_names):
        subject.error("empty_audience", (*path, "audience"), "nobody is in this audience", value=phase.audience,
                      cure="name a role of the cast, or `all`; for nobody write []")
    elif len(speakers) == 1 and heard <= speakers and len(subject.scenario.roles) > 1:
        subject.warn("empty_audience", (*path, "audience"), "nobody but the speaker hears what is said in this phase",
                     value=phase.audience, cure="name who should hear it; for nobody write []")


def _variables(subject: Subject) -> None:
    """An inject that shows a variable shows it to its whole audience, an intent to whoever makes the move."""
    variables, actions = subject.scenario.variables, subject.scenario.actions
    shown = [((*path, "text"), text, names) for path, text, names in told(subject)]
    shown += [(("actions", name, "intent"), spec.intent, spec.by) for name, spec in actions.items() if spec.by]
    for path, text, names in shown:
        for root, name in reads(text):
            if root == "vars" and name in variables:
                hidden = set(subject.members(names)) - set(subject.members(variables[name].visible_to))
                if hidden:
                    subject.warn("variable_shown", path,
                                 f"this shows `{name}` to {', '.join(sorted(hidden))}, who cannot see it otherwise",
                                 value=name, cure="narrow the audience, or widen `visible_to`")
