"""Files of other programs to templates, with notes on all that could not be carried over."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pyscrai.errors import NotFound, Problem, TemplateError
from pyscrai.templates.importing.character_card import card_in_picture, from_card, is_card
from pyscrai.templates.importing.original_agent import agent_from_original, is_agent
from pyscrai.templates.importing.original_scenario import is_scenario, scenario_from_original
from pyscrai.templates.importing.png_text import SIGNATURE
from pyscrai.templates.importing.tinytroupe import from_tinytroupe, is_tinytroupe
from pyscrai.templates.reading.loader import AnyTemplate

LARGEST = 32_000_000
"""Bytes that a file may have; pictures are large."""


@dataclass(frozen=True)
class Imported:
    """What a file gave: valid templates, and notes on what was left out, changed or guessed."""

    templates: tuple[AnyTemplate, ...]
    notes: tuple[str, ...] = ()


def import_file(path: str | Path, *, known: Collection[str] = ()) -> Imported:
    """The templates of a TinyTroupe agent, a character card (JSON or PNG) or an original PyScrAI template.

    Args:
        known: names of agent templates that an imported scenario may refer to.

    Raises:
        NotFound: there is no such file, or it cannot be read.
        TemplateError: the file is none of these formats, or broken.
    """
    return import_bytes(_read(path), file=str(path), known=known)


def import_files(paths: Iterable[str | Path], *, known: Collection[str] = ()) -> Imported:
    """The templates of several files; scenarios refer to the agents among them, whatever their order.

    Raises:
        NotFound: a file cannot be read.
        TemplateError: a file is none of the formats, or broken.
    """
    contents = [(str(path), _read(path)) for path in paths]
    agents = [template for file, content in contents for template in import_bytes(content, file=file).templates
              if template.kind == "agent"]
    names = {*known, *(agent.name for agent in agents)}
    every = [import_bytes(content, file=file, known=names) for file, content in contents]
    notes = [f"{file}: {note}" if len(contents) > 1 else note
             for (file, _), found in zip(contents, every, strict=True) for note in found.notes]
    return Imported(tuple(template for found in every for template in found.templates), tuple(notes))


def import_bytes(content: bytes, *, file: str | None = None, known: Collection[str] = ()) -> Imported:
    """The templates of a file's content.

    Raises:
        TemplateError: it is none of the formats, or broken.
    """
    try:
        data = card_in_picture(content) if content.startswith(SIGNATURE) else _json(content)
        notes: list[str] = []
        parts = data if isinstance(data, list) else [data]
        return Imported(tuple(_convert(part, notes, known) for part in parts), tuple(dict.fromkeys(notes)))
    except TemplateError as error:
        raise TemplateError([Problem(code=problem.code, message=problem.message, field=problem.field,
                                     value=problem.value,
                                     cure=problem.cure, file=file, line=problem.line, column=problem.column)
                             for problem in error.problems]) from error
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()[:5])
        raise TemplateError([Problem(code="template.import", message=f"this cannot be made into a template: {details}",
                                     file=file)]) from error


def _read(path: str | Path) -> bytes:
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror or error}", cure="check the file's name") from error
    except ValueError as error:
        raise NotFound(f"{str(path)!r} is no file name: {error}") from error
    if len(content) > LARGEST:
        raise TemplateError([Problem(code="template.too_large", file=str(path),
                                     message=f"the file is larger than {LARGEST // 1_000_000} MB")])
    return content


def _json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TemplateError([Problem(code="template.encoding",
                                     message="this is neither a PNG picture nor a text in UTF-8")
                             ]) from error
    except json.JSONDecodeError as error:
        raise TemplateError([Problem(code="template.syntax", message=f"this is no JSON: {error.msg}", line=error.lineno,
                                     column=error.colno)]) from error
    except (RecursionError, ValueError) as error:
        raise TemplateError([Problem(code="template.too_deep", message="this cannot be read as JSON")]) from error


def _convert(data: Any, notes: list[str], known: Collection[str]) -> AnyTemplate:
    if isinstance(data, dict):
        readers: list[tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], AnyTemplate]]] = [
            (is_scenario, lambda found: scenario_from_original(found, notes, known)),
            (is_agent, lambda found: agent_from_original(found, notes)),
            (is_card, lambda found: from_card(found, notes)),
            (is_tinytroupe, lambda found: from_tinytroupe(found, notes))]
        for fits, reader in readers:
            if fits(data):
                return reader(data)
    raise TemplateError([Problem(
        code="template.import", message="this is none of the formats that can be imported",
        cure="TinyTroupe agents, character cards (JSON or PNG) and original PyScrAI templates can be; a template of "
             "this PyScrAI needs no import")])
