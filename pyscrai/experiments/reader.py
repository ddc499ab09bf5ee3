"""Experiment files to validated models; every mistake is told at once, with line, field, value and cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pyscrai.errors import NotFound, Problem, TemplateError
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.templates.reading.draft import MOST_PROBLEMS, draft_of, more_problems
from pyscrai.templates.reading.explainer import FieldProblem
from pyscrai.templates.reading.plain_data import too_much
from pyscrai.templates.reading.positions import Path, Positions
from pyscrai.templates.reading.yaml_reader import LARGEST, Document, read

_BEGIN = "begin with `kind: experiment`"


@dataclass(frozen=True, slots=True)
class LoadedExperiment:
    """An experiment with the text that it came from and the places of its parts in it."""

    template: ExperimentTemplate
    positions: Positions = field(default_factory=Positions)
    source: str = ""
    mistakes: tuple[Problem, ...] = ()
    """What is wrong with its form; the template is a draft then, mended by guess, which a check alone may use."""
    guessed: tuple[Path, ...] = ()
    """The parts of a draft that are not the author's."""

    @property
    def file(self) -> str | None:
        """The file, or None if it did not come from one."""
        return self.positions.file

    @property
    def reference(self) -> str:
        """``name@version``."""
        return f"{self.template.name}@{self.template.version}"


def load_experiment(path: str | FilePath, *, draft: bool = False) -> LoadedExperiment:
    """The experiment of a YAML or JSON file.

    Args:
        draft: give one with mistakes of form, too, so that a check can tell them beside all others.

    Raises:
        NotFound: the file cannot be read.
        TemplateError: with every mistake of form.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror or error}", cure="check the file's name") from error
    return read_experiment(content, file=str(path), draft=draft)


def read_experiment(text: str | bytes, *, file: str | None = None, draft: bool = False) -> LoadedExperiment:
    """The experiment of a YAML or JSON text; arguments and errors as of ``load_experiment``."""
    documents, problems = read(text, file=file)
    if len(documents) != 1 and not (problems and not documents):
        what = "there is no experiment in here" if not documents else "there is more than one document in here"
        problems.append(Positions(file).problem("template.empty", (), what, cure=_BEGIN if not documents else
                                                "give each experiment, and its scenario, a file of its own"))
    if not documents:
        raise TemplateError(problems)
    return _validated(documents[0], problems, draft=draft)


def experiment_of_data(data: Mapping[str, Any], *, draft: bool = False) -> LoadedExperiment:
    """An experiment from plain data, as an API or a notebook gives it; there are no lines.

    Arguments and errors as of ``load_experiment``.
    """
    positions = Positions()
    if (problem := too_much(data, positions)) is not None:
        raise TemplateError([problem])
    return _validated(Document(dict(data), positions), [], draft=draft)


def is_experiment(text: bytes) -> bool:
    """Whether a file's text says that it is an experiment; a look, not a reading."""
    return any(line.split(b"#")[0].replace(b'"', b"").replace(b"'", b"").replace(b" ", b"").rstrip(b",")
               == b"kind:experiment" for line in text.splitlines())


def _validated(document: Document, problems: Sequence[Problem], *, draft: bool) -> LoadedExperiment:
    data, positions = document.data, document.positions
    if not isinstance(data, dict):
        raise TemplateError([*problems, positions.problem(
            "template.type", (), "an experiment is a group of named fields", cure=_BEGIN)])
    told = []
    if (kind := data.get("kind")) != "experiment":
        what = "the file does not say its kind" if kind is None else f"{kind!r} is no experiment"
        told.append(FieldProblem("template.kind", ("kind",), what, kind, _BEGIN))
    found = draft_of(ExperimentTemplate, {**data, "kind": "experiment"}, positions, told)
    mistakes = sorted([*problems, *found.problems], key=lambda problem: (problem.line or 0, problem.column or 0))
    if len(mistakes) > MOST_PROBLEMS:
        mistakes = [*mistakes[:MOST_PROBLEMS], more_problems(positions)]
    if found.content is None or (mistakes and not draft):
        raise TemplateError(mistakes)
    return LoadedExperiment(found.content, found.positions, document.source, tuple(mistakes), tuple(found.guessed))
