"""Folders of Sotopia's JSONL: environments, characters with secrets, and pairings, cast when a run is made.

No persona is copied into a scenario: each character is one agent, each environment one scenario with two or more open
places, and the first pairing of an environment is its cast until another is named with ``--cast``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pyscrai.errors import NotFound, Problem, TemplateError
from pyscrai.plain_text import storable_json
from pyscrai.templates.importing.foreign_fields import ITEM, Source, sentence, slug, unbraced, words
from pyscrai.templates.models.agent import AgentBody, AgentTemplate, Personality
from pyscrai.templates.models.flow import Flow, Phase, Transition
from pyscrai.templates.models.scenario import Role, ScenarioTemplate

LARGEST = 32_000_000
"""Bytes that a file of the folder may have."""

MOST = 20_000
"""Records that a folder may have."""

TURNS = 20
"""Turns of an episode, as Sotopia plays them."""

PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
"""The roles of an environment, in the order of its goals."""

Name = Callable[[AgentTemplate | ScenarioTemplate], AgentTemplate | ScenarioTemplate]
"""Gives a template a name that no other has."""

Record = dict[str, Any]


def from_sotopia(folder: Path, notes: list[str], named: Name) -> list[AgentTemplate | ScenarioTemplate]:
    """The agents and scenarios of a folder.

    Raises:
        NotFound: a file cannot be read.
        TemplateError: there are no such records, or a file is broken.
    """
    records = list(_records(folder))
    people = {str(record.get("pk", record.get("id", index))): record for index, record in enumerate(records)
              if "first_name" in record}
    places = {str(record.get("pk", record.get("id", index))): record for index, record in enumerate(records)
              if "agent_goals" in record and "scenario" in record}
    if not people or not places:
        raise _wrong(str(folder), "this folder holds no environments and characters as Sotopia writes them",
                     "it needs JSONL: first_name, last_name and secret of characters, scenario and agent_goals of "
                     "environments, env_id and agent_ids of pairings")
    pairings: dict[str, list[list[str]]] = {}
    for record in records:
        if "env_id" in record and isinstance(record.get("agent_ids"), list):
            pairings.setdefault(str(record["env_id"]), []).append([str(key) for key in record["agent_ids"]])
    agents = {key: named(_agent(record, notes)) for key, record in people.items()}
    scenarios = [named(_scenario(key, record, pairings.get(key, []), agents, notes)) for key, record in places.items()]
    return [*agents.values(), *scenarios]


def _records(folder: Path) -> Iterator[Record]:
    count = 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            if path.stat().st_size > LARGEST:
                raise _wrong(str(path), f"the file is larger than {LARGEST // 1_000_000} MB", None)
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise NotFound(f"{path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise _wrong(str(path), "this is no text in UTF-8", "save the file as UTF-8") from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            count += 1
            if count > MOST:
                raise _wrong(str(path), f"the folder holds more than {MOST:,} records", None)
            try:
                record = storable_json(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise TemplateError([Problem(code="template.syntax", file=str(path), line=number, column=1,
                                             message="this line is no JSON")]) from error
            if isinstance(record, dict):
                yield record


def _agent(record: Record, notes: list[str]) -> AgentTemplate:
    name = " ".join(str(record.get(field, "")) for field in ("first_name", "last_name")).strip()
    source = Source(record, name, notes)
    source.ignore("pk", "id", "first_name", "last_name", "model_id", "tag")
    details = [f"{age} years old" if (age := source.text("age", limit=20)) else "",
               source.text("gender", limit=50), source.text("gender_pronoun", limit=50)]
    known = ", ".join(detail for detail in details if detail)
    role = source.text("occupation", limit=200) or "a person"
    backstory = [source.text("public_info"), source.text("personality_and_values")]
    secret, style = source.text("secret"), source.text("decision_making_style", limit=ITEM)
    values = [f"{words(field).capitalize()}: {', '.join(found)}" for field in (
        "moral_values", "schwartz_personal_values") if (found := source.texts(field))]
    backstory += [*values, f"Decides: {style}" if style else "", *source.told()]
    source.rest()
    return AgentTemplate(
        name=slug(name), title=name, engine="actor", tags=("imported", "sotopia"), secret=secret,
        personality=Personality(role=f"{role} ({known})" if known else role,
                                backstory="\n".join(sentence(text) for text in backstory if text)[:20_000]))


def _scenario(key: str, record: Record, pairings: list[list[str]], agents: Mapping[str, Any], notes: list[str]
              ) -> ScenarioTemplate:
    source = Source(record, str(record.get("codename") or key), notes)
    source.ignore("pk", "id", "source", "tag", "agent_goals", "relationship", "age_constraint", "occupation_constraint",
                  "agent_constraint")
    codename, premise = source.text("codename", limit=100), source.text("scenario")
    source.rest()
    goals = [_plain(str(goal)) for goal in record["agent_goals"]][:len(PLACES)] if isinstance(
        record["agent_goals"], list) else []
    casts = [[agents[one] for one in pairing if one in agents][:len(goals)] for pairing in pairings]
    casts = [cast for cast in casts if len(cast) == len(goals)]
    if not casts:
        source.note("no pairing names its characters: each role has a person of its own for now; see --cast")
    roles = {}
    for index, goal in enumerate(goals):
        own: Any = casts[0][index] if casts else None
        agent: str | AgentBody = own.name if own else AgentBody(
            engine="actor", personality=Personality(role="a person"))
        roles[PLACES[index]] = Role(agent=agent, name=own.title if own else "", goals=(goal[:ITEM],) if goal else ())
    shown = [" ".join(f"--cast {PLACES[index]}={one.name}" for index, one in enumerate(cast)) for cast in casts[:50]]
    return ScenarioTemplate(
        name=slug(codename or " ".join(premise.split()[:6]), empty="imported"), title=codename or premise[:80],
        description="Pairings:\n" + "\n".join(shown) if shown else "", tags=("imported", "sotopia"),
        premise=unbraced(premise) or "Nothing is known at the start.", roles=roles, max_turns=TURNS + 2,
        flow=Flow(start="talk", phases={"talk": Phase(speakers=tuple(roles), next=(
            Transition(to="end", after_turns=TURNS),))}))


def _plain(goal: str) -> str:
    """A goal without Sotopia's tags; what they hold is a hint to the one whose goal it is."""
    return " ".join(re.sub(r"</?[a-z_]{1,40}>", " ", goal).split())


def _wrong(file: str, message: str, cure: str | None) -> TemplateError:
    return TemplateError([Problem(code="template.import", message=message, file=file, cure=cure)])
