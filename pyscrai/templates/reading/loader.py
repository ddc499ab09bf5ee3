"""Template files to validated models; every mistake of a file is told at once, with line, field, value and cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pyscrai.did_you_mean import closest
from pyscrai.errors import NotFound, Problem, TemplateError
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.base import FORMAT
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.draft import MOST_PROBLEMS, draft_of, more_problems
from pyscrai.templates.reading.explainer import FieldProblem
from pyscrai.templates.reading.plain_data import too_much
from pyscrai.templates.reading.positions import Path, Positions
from pyscrai.templates.reading.yaml_reader import LARGEST, Document, read

AnyTemplate = ScenarioTemplate | AgentTemplate

KINDS: Mapping[str, type[ScenarioTemplate] | type[AgentTemplate]] = {
    "scenario": ScenarioTemplate, "agent": AgentTemplate}
"""What a document can be."""

_TELLTALES = {"scenario": {"roles", "flow", "premise"}, "agent": {"engine", "personality"}}


@dataclass(frozen=True)
class LoadedTemplate:
    """A template with the text that it came from and the places of its parts in it."""

    template: AnyTemplate
    positions: Positions = field(default_factory=Positions)
    source: str = ""

    @property
    def file(self) -> str | None:
        """The file, or None if it did not come from one."""
        return self.positions.file

    @property
    def reference(self) -> str:
        """``name@version``."""
        return f"{self.template.name}@{self.template.version}"


@dataclass(frozen=True)
class Reading:
    """What a text holds: its valid templates, all problems, and drafts of the templates that have problems.

    A draft is an invalid template with its mistakes mended by guess; it serves to look for further mistakes and for
    nothing else. ``guessed`` names the parts of drafts that are not the author's.
    """

    templates: tuple[LoadedTemplate, ...] = ()
    problems: tuple[Problem, ...] = ()
    drafts: tuple[LoadedTemplate, ...] = ()
    guessed: tuple[tuple[LoadedTemplate, Path], ...] = ()


def load_file(path: str | FilePath) -> list[LoadedTemplate]:
    """The templates of a YAML or JSON file.

    Raises:
        NotFound: there is no such file, or it cannot be read.
        TemplateError: with every problem of the file.
    """
    return _checked(read_file(path))


def load_text(text: str | bytes, *, file: str | None = None) -> list[LoadedTemplate]:
    """The templates of a YAML or JSON text.

    Raises:
        TemplateError: with every problem of the text.
    """
    return _checked(read_text(text, file=file))


def load_data(data: Any, *, file: str | None = None) -> LoadedTemplate:
    """One template from plain data, as an API receives it.

    Raises:
        TemplateError: with every problem of the data; there are no lines.
    """
    return _checked(read_data(data, file=file))[0]


def read_file(path: str | FilePath) -> Reading:
    """Read a file, valid or not.

    Raises:
        NotFound: there is no such file, or it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror or error}", cure="check the file's name") from error
    except ValueError as error:
        raise NotFound(f"{str(path)!r} is no file name: {error}") from error
    return read_text(content, file=str(path))


def read_text(text: str | bytes, *, file: str | None = None) -> Reading:
    """Read a text, valid or not."""
    documents, problems = read(text, file=file)
    if not documents and not problems:
        problems = [Positions(file).problem("template.empty", (), "there is no template in here",
                                            cure="begin with `kind: scenario` or `kind: agent`")]
    return _validate(documents, problems)


def read_data(data: Any, *, file: str | None = None) -> Reading:
    """Read plain data, valid or not."""
    positions = Positions(file)
    if (problem := too_much(data, positions)) is not None:
        return Reading(problems=(problem,))
    return _validate([Document(data, positions)], [])


def _checked(reading: Reading) -> list[LoadedTemplate]:
    if reading.problems:
        raise TemplateError(reading.problems)
    return list(reading.templates)


def _validate(documents: Sequence[Document], problems: Sequence[Problem]) -> Reading:
    found, drafts, all_problems = [], [], list(problems)
    guessed: list[tuple[LoadedTemplate, Path]] = []
    seen: dict[tuple[str, str, str], int] = {}
    for document in documents:
        loaded, mistakes, invented = _validate_one(document)
        if len(mistakes) > MOST_PROBLEMS:
            mistakes = [*mistakes[:MOST_PROBLEMS], more_problems(document.positions)]
        all_problems.extend(mistakes)
        if loaded is None:
            continue
        template = loaded.template
        identity = (template.kind, template.name, template.version)
        if identity in seen:
            all_problems.append(document.positions.problem(
                "template.duplicate", ("name",), f"{template.kind} {loaded.reference} stands in this file twice",
                value=template.name, cure="give one of them another name or version"))
        seen[identity] = 1
        if mistakes:
            drafts.append(loaded)
            guessed.extend((loaded, path) for path in invented)
        else:
            found.append(loaded)
    all_problems.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
    return Reading(tuple(found), tuple(all_problems), tuple(drafts), tuple(guessed))


def _validate_one(document: Document) -> tuple[LoadedTemplate | None, list[Problem], Sequence[Path]]:
    data, positions = document.data, document.positions
    if not isinstance(data, dict):
        return None, [positions.problem("template.type", (), "a template is a group of named fields",
                                        cure="begin with `kind: scenario` or `kind: agent`")], ()
    kind, told = _kind_of(data)
    if kind is None:
        return None, [found.problem(positions) for found in told], ()
    model: type[ScenarioTemplate | AgentTemplate] = KINDS[kind]
    data = {**data, "kind": kind}
    if (version := _format_problem(data)) is not None:
        told.append(version)
        data["format"] = FORMAT
    found = draft_of(model, data, positions, told)
    if found.content is None:
        return None, list(found.problems), ()
    return LoadedTemplate(found.content, found.positions, document.source), list(found.problems), found.guessed


def _kind_of(data: Mapping[str, Any]) -> tuple[str | None, list[FieldProblem]]:
    kind = data.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind, []
    likely = next((name for name, fields in _TELLTALES.items() if fields & data.keys()), None)
    if kind is None:
        cure = f"begin with `kind: {likely}`" if likely else "begin with `kind: scenario` or `kind: agent`"
        return likely, [FieldProblem("template.kind", ("kind",), "the template does not say its kind", cure=cure)]
    if kind == "experiment":
        return None, [FieldProblem("template.kind", ("kind",), "an experiment is no template", kind,
                                   "check it with `pyscrai experiment check`, run it with `pyscrai experiment run`")]
    guess = (closest(kind, KINDS) if isinstance(kind, str) else None) or likely
    return guess, [FieldProblem("template.kind", ("kind",), f"{kind!r} is no kind of template", kind,
                             f"did you mean {guess}?" if guess else "write scenario or agent")]


def _format_problem(data: Mapping[str, Any]) -> FieldProblem | None:
    given = data.get("format", FORMAT)
    if given == FORMAT and not isinstance(given, bool):
        return None
    newer = isinstance(given, int) and given > FORMAT
    return FieldProblem("template.format", ("format",), f"this PyScrAI reads format {FORMAT}, not {given!r}", given,
                     "update PyScrAI to a version that reads it" if newer else f"write `format: {FORMAT}`")
