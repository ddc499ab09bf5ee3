"""Experiment files to validated models; every mistake is told at once, with line, field, value and cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from pyscrai.errors import NotFound, Problem, TemplateError
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.templates.reading.explainer import explain
from pyscrai.templates.reading.loader import MOST_PROBLEMS, more_problems
from pyscrai.templates.reading.plain_data import too_much
from pyscrai.templates.reading.positions import Positions
from pyscrai.templates.reading.yaml_reader import LARGEST, Document, read

_BEGIN = "begin with `kind: experiment`"


@dataclass(frozen=True, slots=True)
class LoadedExperiment:
    """An experiment with the text that it came from and the places of its parts in it."""

    template: ExperimentTemplate
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


def load_experiment(path: str | FilePath) -> LoadedExperiment:
    """The experiment of a YAML or JSON file.

    Raises:
        NotFound: the file cannot be read.
        TemplateError: with every problem of the file.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror or error}", cure="check the file's name") from error
    return read_experiment(content, file=str(path))


def read_experiment(text: str | bytes, *, file: str | None = None) -> LoadedExperiment:
    """The experiment of a YAML or JSON text.

    Raises:
        TemplateError: with every problem of the text.
    """
    documents, problems = read(text, file=file)
    if not problems and len(documents) != 1:
        what = "there is no experiment in here" if not documents else "there is more than one document in here"
        problems = [Positions(file).problem("template.empty", (), what, cure=_BEGIN if not documents else
                                            "give each experiment, and its scenario, a file of its own")]
    if problems:
        raise TemplateError(problems)
    return _validated(documents[0])


def experiment_of_data(data: Mapping[str, Any]) -> LoadedExperiment:
    """An experiment from plain data, as an API or a notebook gives it.

    Raises:
        TemplateError: with every problem of the data; there are no lines.
    """
    positions = Positions()
    if (problem := too_much(data, positions)) is not None:
        raise TemplateError([problem])
    return _validated(Document(dict(data), positions))


def is_experiment(text: bytes) -> bool:
    """Whether a file's text says that it is an experiment; a look, not a reading."""
    return any(line.split(b"#")[0].replace(b'"', b"").replace(b"'", b"").replace(b" ", b"").rstrip(b",")
               == b"kind:experiment" for line in text.splitlines())


def _validated(document: Document) -> LoadedExperiment:
    data, positions = document.data, document.positions
    if not isinstance(data, dict):
        raise TemplateError([positions.problem("template.type", (), "an experiment is a group of named fields",
                                               cure=_BEGIN)])
    problems: list[Problem] = []
    if (kind := data.get("kind")) != "experiment":
        told = "the file does not say its kind" if kind is None else f"{kind!r} is no experiment"
        problems.append(positions.problem("template.kind", ("kind",), told, value=kind, cure=_BEGIN))
    try:
        template = ExperimentTemplate.model_validate({**data, "kind": "experiment"})
    except ValidationError as error:
        problems += [found.problem(positions) for found in explain(error, ExperimentTemplate, data)[:MOST_PROBLEMS]]
        if len(problems) >= MOST_PROBLEMS:
            problems.append(more_problems(positions))
    if problems:
        raise TemplateError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return LoadedExperiment(template, positions, document.source)
