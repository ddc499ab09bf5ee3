"""Nothing is said to nobody, and no secret to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pyscrai.templates.checks.prompts import reads
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.reading.positions import Path

SHARED_WORDS = 6
"""So many words of a secret in a row, said elsewhere, give it away."""


def check_audiences(subject: Subject) -> None:
    """Audiences, secrets, and variables shown to roles that must not see them."""
    for name, phase in subject.scenario.flow.phases.items():
        _phase(subject, ("flow", "phases", name), phase)
    for path, _, names in _told(subject):
        if not subject.heard(names):
            subject.error("empty_audience", (*path, "audience"), "nobody is in this audience", value=names,
                          cure="name a role of the cast, or `all`")
    for name, role in subject.scenario.roles.items():
        if isinstance(role.hears, tuple) and not set(subject.members(role.hears)) - {name}:
            subject.warn("empty_audience", ("roles", name, "hears"), f"`{name}` hears nobody", value=role.hears,
                         cure="name the roles that it hears")
    _secrets(subject)
    _variables(subject)


def _phase(subject: Subject, path: Path, phase: Phase) -> None:
    speakers = set(subject.speakers(phase)) | ({phase.resolver} if phase.resolver else set())
    heard = subject.heard(phase.audience)
    if not heard and subject.members(phase.speakers):
        subject.error("empty_audience", (*path, "audience"), "nobody is in this audience", value=phase.audience,
                      cure="name a role of the cast, or `all`")
    elif len(speakers) == 1 and heard <= speakers and len(subject.scenario.roles) > 1:
        subject.warn("empty_audience", (*path, "audience"), "nobody but the speaker hears what is said in this phase",
                     value=phase.audience, cure="name who should hear it")


def _told(subject: Subject) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """Every text that is put into the world, with its path and audience."""
    scenario = subject.scenario
    for index, inject in enumerate(scenario.injects):
        yield ("injects", index), inject.text, inject.audience
    for index, rule in enumerate(scenario.rules):
        if rule.inject is not None:
            yield ("rules", index, "inject"), rule.inject.text, rule.inject.audience


def _secrets(subject: Subject) -> None:
    scenario = subject.scenario
    phases = [(("flow", "phases", name, "text"), phase.text, phase.audience) for name,
              phase in scenario.flow.phases.items()]
    told: list[tuple[Path, str, Sequence[str]]] = [
        *phases, *(((*path, "text"), text, names) for path, text, names in _told(subject))]
    for name, role in scenario.roles.items():
        if not role.secret:
            continue
        if shared := given_away(role.secret, scenario.premise):
            subject.error("secret_told", ("premise",),
                          f"the premise tells everybody the secret of `{name}`: “{shared}”",
                          cure="take it out of the premise, or out of the secret")
        for path, text, names in told:
            others = subject.heard(names) - {name}
            if others and (shared := given_away(role.secret, text)):
                who = "everybody" if others >= set(scenario.roles) - {name} else ", ".join(sorted(others))
                subject.warn("secret_told", path, f"this tells {who} the secret of `{name}`: “{shared}”",
                             cure=f"if that is not meant, write `audience: [{name}]`")


def given_away(secret: str, text: str) -> str | None:
    """The words of a secret that a text repeats: a whole sentence of at least four words, or six words in a row."""
    said = f" {' '.join(_words(text))} "
    for sentence in re.split(r"[.!?;:\n]+", secret):
        words = _words(sentence)
        if len(words) >= 4 and f" {' '.join(words)} " in said:
            return " ".join(words)
    words = _words(secret)
    for start in range(len(words) - SHARED_WORDS + 1):
        end = start + SHARED_WORDS
        if f" {' '.join(words[start:end])} " in said:
            while end < len(words) and f" {' '.join(words[start:end + 1])} " in said:
                end += 1
            return " ".join(words[start:end])
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


def _variables(subject: Subject) -> None:
    """An inject that shows a variable shows it to its whole audience."""
    variables = subject.scenario.variables
    for path, text, names in _told(subject):
        for root, name in reads(text):
            if root == "vars" and name in variables:
                hidden = set(subject.members(names)) - set(subject.members(variables[name].visible_to))
                if hidden:
                    subject.warn("variable_shown", (*path, "text"),
                                 f"this shows `{name}` to {', '.join(sorted(hidden))}, who cannot see it otherwise",
                                 value=name, cure="narrow the audience, or widen `visible_to`")
