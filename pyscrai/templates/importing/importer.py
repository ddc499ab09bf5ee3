"""Files of other programs to templates, with notes on all that could not be carried over."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pyscrai.errors import NotFound, Problem, TemplateError
from pyscrai.plain_text import storable_json
from pyscrai.templates.importing.agentverse import from_agentverse, is_agentverse
from pyscrai.templates.importing.autogen import from_autogen, is_autogen
from pyscrai.templates.importing.character_card import (
    book_of,
    card_in_archive,
    card_in_picture,
    from_card,
    is_card,
    with_constant_lore,
)
from pyscrai.templates.importing.chatarena import from_chatarena, is_chatarena
from pyscrai.templates.importing.concordia import from_concordia, is_concordia
from pyscrai.templates.importing.foreign_fields import slug
from pyscrai.templates.importing.group_chat import from_group, is_group
from pyscrai.templates.importing.original_agent import agent_from_original, is_agent
from pyscrai.templates.importing.original_scenario import is_scenario, scenario_from_original
from pyscrai.templates.importing.png_text import SIGNATURE
from pyscrai.templates.importing.sotopia import from_sotopia
from pyscrai.templates.importing.team import Named
from pyscrai.templates.importing.tinytroupe import from_tinytroupe, is_tinytroupe
from pyscrai.templates.importing.world_info import World, from_world, is_world, read_world
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.reading.loader import AnyTemplate
from pyscrai.templates.reading.yaml_reader import read as read_yaml

TEAMS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], list[str], Named], list[AnyTemplate]]],
             ...] = ((is_autogen, from_autogen), (is_chatarena, from_chatarena), (is_agentverse, from_agentverse),
                     (is_concordia, from_concordia))
"""Formats that give agents and their scenario: what tells them, and what makes templates of them."""

LARGEST = 32_000_000
"""Bytes that a picture or an archive may have."""

LARGEST_TEXT = 4_000_000
"""Bytes that a JSON file may have."""

ARCHIVE = b"PK\x03\x04"


@dataclass(frozen=True)
class Imported:
    """What files gave: valid templates, and notes on what was left out, changed or guessed."""

    templates: tuple[AnyTemplate, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _File:
    """A file that was read: its parts as plain data, what became of each, and the notes on it."""

    name: str | None
    parts: list[Any]
    notes: list[str]
    templates: dict[int, list[AnyTemplate]] = field(default_factory=dict)
    folder: Path | None = None
    """Where its records are, if it is a folder."""


def import_file(path: str | Path, *, known: Collection[str] = ()) -> Imported:
    """The templates of a file in any of the formats: one, or agents and the scenario that they play.

    Args:
        known: names of agent templates that an imported scenario may refer to.

    Raises:
        NotFound: there is no such file, or it cannot be read.
        TemplateError: the file is none of the formats, or broken.
    """
    return import_files([path], known=known)


def import_files(paths: Iterable[str | Path], *, known: Collection[str] = ()) -> Imported:
    """The templates of several files, or folders of Sotopia's JSONL; scenarios refer to the agents among them.

    No two templates of a kind get one name: where files would give one, it is numbered.

    Raises:
        NotFound: a file cannot be read.
        TemplateError: a file is none of the formats, or broken.
    """
    return _imported([_folder(path) if Path(path).is_dir() else _parsed(_read(path), str(path)) for path in paths],
                     known)


def import_bytes(content: bytes, *, file: str | None = None, known: Collection[str] = ()) -> Imported:
    """The templates of a file's content.

    Raises:
        TemplateError: it is none of the formats, or broken.
    """
    return _imported([_parsed(content, file)], known)


def _imported(files: list[_File], known: Collection[str]) -> Imported:
    taken: dict[str, set[str]] = {"agent": set(), "scenario": set()}
    for found in files:
        if found.folder is not None:
            found.templates[0] = from_sotopia(found.folder, found.notes, partial(_named_of, found, taken, known))
    cards: dict[str, AgentTemplate] = {}
    world = _world(files)
    for step in _STEPS:  # the agents first, so that scenarios and groups can name them
        names = {*known, *taken["agent"]}
        for found in files:
            for index, part in enumerate(found.parts):
                if _step(part) == step and index not in found.templates:
                    naming = (partial(_named_of, found, taken, known), partial(_named_of, found, taken, ()))
                    made = _converted(found, part, names, naming, cards, world)
                    found.templates[index] = made
                    if step == "agents":
                        cards.update(_called(found, made))
    notes = [f"{found.name}: {note}" if len(files) > 1 else note
             for found in files for note in dict.fromkeys(found.notes)]
    return Imported(tuple(template for found in files for index in sorted(found.templates)
                          for template in found.templates[index]), tuple(notes))


_STEPS = ("agents", "scenarios", "groups")


def _step(part: Any) -> str:
    """The step in which a part is made into templates: what others name comes before them."""
    if isinstance(part, dict) and is_group(part):
        return "groups"
    return "scenarios" if isinstance(part, dict) and is_scenario(part) else "agents"


def _world(files: Sequence[_File]) -> World:
    """The books, where there is a group among the files whose scenario takes them in."""
    world = World()
    if not any(_step(part) == "groups" for found in files for part in found.parts):
        return world
    for found in files:
        for index, part in enumerate(found.parts):
            if isinstance(part, dict) and is_world(part) and not is_card(part):
                world.add(read_world(part, found.notes))
                found.templates[index] = []
            elif isinstance(part, dict) and is_card(part) and is_world(book := book_of(part)):
                world.add(World(documents=read_world(book, found.notes).documents))
                found.parts[index] = with_constant_lore(part)
    return world


def _called(found: _File, made: Sequence[AnyTemplate]) -> Iterator[tuple[str, AgentTemplate]]:
    """The names that a group may call an agent by: its file's, and its own."""
    for template in made:
        if isinstance(template, AgentTemplate):
            yield template.name, template
            yield template.title.casefold(), template
            if found.name:
                yield Path(found.name).stem.casefold(), template


def _named_of(found: _File, taken: Mapping[str, set[str]], known: Collection[str], template: AnyTemplate
              ) -> AnyTemplate:
    """A template that came with its scenario, under a name that no other has, stored ones included."""
    return _named(template, found, taken[template.kind], known if template.kind == "agent" else ())


def _named(template: AnyTemplate, found: _File, taken: set[str], known: Collection[str] = ()) -> AnyTemplate:
    """The template under a name that no other has: the file's if it has none of its own, numbered if it must be."""
    name = template.name
    if name in ("unnamed", "imported") and found.name:
        name = slug(Path(found.name).stem, empty=name)
    numbered, number = name, 1
    while numbered in taken or numbered in known:
        number += 1
        numbered = f"{name}-{number}"
    taken.add(numbered)
    if numbered != name:
        found.notes.append(f"another {template.kind} is called {name}: this one is called {numbered}")
    return template if numbered == template.name else template.model_copy(update={"name": numbered})


def _folder(path: str | Path) -> _File:
    return _File(None, [], [], folder=Path(path))


def _parsed(content: bytes, file: str | None) -> _File:
    notes: list[str] = []
    try:
        if content.startswith(SIGNATURE):
            data = card_in_picture(content, notes)
        else:
            data = card_in_archive(content) if content.startswith(ARCHIVE) else _plain(content, file)
        data = storable_json(data)
    except TemplateError as error:
        raise _placed(error, file) from error
    except ValueError as error:
        raise TemplateError([Problem(code="template.too_deep", message="this cannot be read as JSON", file=file)]
                            ) from error
    return _File(file, data if isinstance(data, list) else [data], notes)


def _converted(found: _File, part: Any, known: Collection[str], naming: tuple[Named, Named],
               cards: Mapping[str, AgentTemplate], world: World) -> list[AnyTemplate]:
    named, alone = naming  # what comes with its scenario, and what comes alone
    try:
        if isinstance(part, dict):
            if is_group(part):
                return from_group(part, found.notes, named, cards, world)
            for is_team, from_team in TEAMS:
                if is_team(part):
                    return from_team(part, found.notes, named)
            if is_world(part) and not is_card(part):
                return from_world(part, found.notes, named)
        return [alone(_convert(part, found.notes, known))]
    except TemplateError as error:
        raise _placed(error, found.name) from error
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()[:5])
        raise TemplateError([Problem(code="template.import", message=f"this cannot be made into a template: {details}",
                                     file=found.name)]) from error


def _placed(error: TemplateError, file: str | None) -> TemplateError:
    return TemplateError([dataclasses.replace(problem, file=file) for problem in error.problems])


def _read(path: str | Path) -> bytes:
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror or error}", cure="check the file's name") from error
    except ValueError as error:
        raise NotFound(f"{str(path)!r} is no file name: {error}") from error
    if len(content) > LARGEST:
        raise _too_large(LARGEST, str(path))
    return content


def _too_large(bound: int, file: str | None = None) -> TemplateError:
    return TemplateError([Problem(code="template.too_large", file=file,
                                  message=f"the file is larger than {bound // 1_000_000} MB")])


def _plain(content: bytes, file: str | None) -> Any:
    """The data of a JSON or, where its name says so, a YAML file."""
    if file is None or not file.lower().endswith((".yaml", ".yml")):
        return _json(content)
    documents, problems = read_yaml(content)
    if problems:
        raise TemplateError(problems)
    return [document.data for document in documents]


def _json(content: bytes) -> Any:
    if len(content) > LARGEST_TEXT:
        raise _too_large(LARGEST_TEXT)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TemplateError([Problem(code="template.encoding",
                                     message="this is neither a PNG picture nor a text in UTF-8")
                             ]) from error
    except json.JSONDecodeError as error:
        lines = error.msg == "Extra data"
        raise TemplateError([Problem(
            code="template.syntax", line=error.lineno, column=error.colno, message=f"this is no JSON: {error.msg}",
            cure="a list of personas, one a line, becomes roles in Python: `pyscrai docs how-to/persona_survey`; a "
                 "folder of Sotopia's JSONL is imported as a folder" if lines else "check its brackets and quotes",
        )]) from error
    except (RecursionError, ValueError) as error:
        raise TemplateError([Problem(code="template.too_deep", message="this cannot be read as JSON")]) from error


def _convert(data: Any, notes: list[str], known: Collection[str]) -> AnyTemplate:
    if isinstance(data, dict):
        if is_scenario(data):
            return scenario_from_original(data, notes, known)
        if is_agent(data):
            return agent_from_original(data, notes)
        if is_card(data):
            return from_card(data, notes)
        if is_tinytroupe(data):
            return from_tinytroupe(data, notes)
    raise TemplateError([Problem(
        code="template.import", message="this is none of the formats that can be imported",
        cure="TinyTroupe agents, character cards (JSON, PNG or charx), SillyTavern groups and lorebooks, AutoGen "
             "teams, ChatArena, AgentVerse and Concordia configurations and original PyScrAI templates can be; a "
             "template of this PyScrAI needs no import")])
