"""No secret stands in what another role's prompt is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pyscrai.templates.checks.audiences import told
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.agent import AgentBody
from pyscrai.templates.plain_texts import persona_texts
from pyscrai.templates.reading.positions import Path

SHARED_WORDS = 6
"""So many words of a secret in a row, said elsewhere, give it away."""

SENTENCE_WORDS = 4
"""So many words of a whole sentence do."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A text, where it stands, and the roles whose prompts it enters; what to write so that they do not learn it."""

    path: Path
    text: str
    readers: frozenset[str]
    narrow: bool = False
    """Whether a narrower audience would help."""


def check_secrets(subject: Subject) -> None:
    """Every text that enters a prompt is compared with the secrets of those whose prompt it is not."""
    secrets = {name: secret for name in subject.scenario.roles if (secret := _secret(subject, name))}
    if not secrets:
        return
    players = {name for name in subject.scenario.roles if subject.engine_of(name) != "analyst"}
    sources = [source for source in _sources(subject, players) if source.text]
    for owner, secret in secrets.items():
        for source in sources:
            others = (source.readers & players) - {owner}
            if others and (shared := given_away(secret, source.text)):
                everybody = others >= players - {owner}
                who = "everybody" if everybody and len(others) > 1 else ", ".join(sorted(others))
                meant = "if it is meant, or a name that they share, write `allow: [secret_told]`"
                cure = f"write `audience: [{owner}]`; {meant}" if source.narrow else f"take it out; {meant}"
                what = "the premise tells" if source.path == ("premise",) else "this tells"
                subject.warn("secret_told", source.path, f"{what} {who} the secret of `{owner}`: “{shared}”",
                             cure=cure)


def _secret(subject: Subject, role: str) -> str:
    agent = subject.agent_of(role)
    return subject.scenario.roles[role].secret or (agent.secret if agent is not None else "")


def _sources(subject: Subject, players: set[str]) -> Iterator[_Source]:
    scenario = subject.scenario
    everybody = frozenset(players)
    yield _Source(("premise",), scenario.premise, everybody)
    for path, text, names in told(subject):
        yield _Source((*path, "text"), text, frozenset(subject.heard(names)), narrow=True)
    for name, phase in scenario.flow.phases.items():
        speakers = frozenset(subject.speakers(phase)) | ({phase.resolver} if phase.resolver else set())
        here: Path = ("flow", "phases", name)
        yield _Source((*here, "text"), phase.text, frozenset(subject.heard(phase.audience)), narrow=True)
        yield _Source((*here, "task"), phase.task, speakers)
        yield _Source((*here, "title"), phase.title, everybody)
    for name, action in scenario.actions.items():
        makers = frozenset(subject.makers(name))
        yield _Source(("actions", name, "description"), action.description, makers)
        for key, argument in action.fields.items():
            yield _Source(("actions", name, "fields", key), argument.description, makers)
    for name, variable in scenario.variables.items():
        changers = subject.members(variable.changed_by) if variable.changed_by is not None else [
            role for role in players if subject.engine_of(role) == "narrator"]
        yield _Source(("variables", name, "description"), variable.description, frozenset(changers))
        if isinstance(variable.initial, str):
            yield _Source(("variables", name, "initial"), variable.initial, frozenset(
                subject.members(variable.visible_to)))
    for name in scenario.documents:
        readers = frozenset(role for role in players if "look_up" in _tools(subject, role))
        yield _Source(("documents", name), scenario.documents[name], readers)
    for name, role in scenario.roles.items():
        agent, reader = subject.agent_of(name), frozenset({name})
        for slot, text in role.prompts.items():
            yield _Source(("roles", name, "prompts", slot), text, reader)
        yield _Source(("roles", name, "brief"), role.brief, reader)
        for field in ("goals", "knows"):
            for index, text in enumerate(getattr(role, field)):
                yield _Source(("roles", name, field, index), text, reader)
        whole: Path = ("roles", name, "agent")
        for place, text in _persona(agent) if agent is not None else ():
            yield _Source(whole if isinstance(role.agent, str) else (*whole, *place), text, reader)


def _tools(subject: Subject, role: str) -> Sequence[str]:
    agent, own = subject.agent_of(role), subject.scenario.roles[role].tools
    return own if own is not None else agent.tools if agent is not None else ()


def _persona(agent: AgentBody) -> Iterator[tuple[Path, str]]:
    for path, text in persona_texts(agent.personality):
        yield ("personality", *path), text
    for slot, text in agent.prompts.items():
        yield ("prompts", slot), text


# -- comparing --------------------------------------------------------------------------------------------------------


def given_away(secret: str, text: str) -> str | None:
    """The words of a secret that a text repeats: a whole sentence of at least four words, or six words in a row."""
    said = _runs(text, SHARED_WORDS)
    for sentence in re.split(r"[.!?;:\n]+", secret):
        words = _words(sentence)
        if SENTENCE_WORDS <= len(words) < SHARED_WORDS and words in _runs(text, len(words)):
            return " ".join(words)
    words = _words(secret)
    for start in range(len(words) - SHARED_WORDS + 1):
        if words[start:start + SHARED_WORDS] in said:
            end = start + 1
            while words[end:end + SHARED_WORDS] in said:
                end += 1
            return " ".join(words[start:end - 1 + SHARED_WORDS])
    return None


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[\w']+", text.casefold()))


@lru_cache(maxsize=1024)
def _runs(text: str, length: int) -> frozenset[tuple[str, ...]]:
    words = _words(text)
    return frozenset(words[start:start + length] for start in range(len(words) - length + 1))
