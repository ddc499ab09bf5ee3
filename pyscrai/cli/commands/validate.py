"""``pyscrai validate``, ``graph``, ``schema`` and ``import``: for those who write templates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import AsJson, Target
from pyscrai.cli.terminal import output
from pyscrai.cli.views.problem_list import ProblemForm, form_of, print_problems
from pyscrai.exports.json_text import dumps


async def validate(
    files: Annotated[Sequence[Path], Parameter(name="FILE", help="YAML or JSON files; scenarios may use agents of one "
                                                                  "another's files, shipped and stored ones.")], /, *,
    strict: Annotated[bool, Parameter(help="Warnings count as errors.")] = False,
    format: ProblemForm = None,
    as_json: AsJson = False,
) -> Exit:
    """Check template files and name every mistake, with its line and what to do about it."""
    from pyscrai.cli.scenario_argument import known_agents
    from pyscrai.templates.checks.checker import validate as check_readings
    from pyscrai.templates.reading.loader import read_file

    form = form_of(format, as_json=as_json)
    readings = [read_file(file) for file in files]
    problems = check_readings(readings, await known_agents(readings))
    return print_problems(problems, counted=sum(len(reading.templates) for reading in readings), what="template",
                          form=form, strict=strict)


async def graph(
    scenario: Annotated[str, Parameter(name="SCENARIO", help="A file, or a shipped or stored scenario.")], /, *,
    format: Annotated[Literal["mermaid", "svg", "png"] | None, Parameter(
        help="Left out, the suffix of --output tells, else mermaid.")] = None,
    phases: Annotated[bool | None, Parameter(negative="--roles", help="Draw phases and transitions, or who can follow "
                                             "whom; left out, phases from five roles on.")] = None,
    target: Target = None,
    as_json: AsJson = False,
) -> None:
    """Draw a scenario's graph, its phases or who can follow whom: as Mermaid, SVG or PNG."""
    from pyscrai.cli.commands.graph import draw

    await draw(scenario, target, format=format, phases=phases, as_json=as_json)


def schema(
    kind: Annotated[Literal["scenario", "agent", "experiment", "any"], Parameter(name="KIND", help=(
        "The kind of file; `any` for files whose `kind` decides."))], /, *,
    target: Target = None,
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of a kind of file, for completion and checking in an editor."""
    from pyscrai.experiments.json_schemas import SCHEMAS

    text = dumps(SCHEMAS[kind](), indent=None if as_json else 2)
    if target is None:
        output.say(text)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        output.write_file(target, f"{text}\n")


def import_(
    files: Annotated[Sequence[Path], Parameter(
        name="FILE", help="TinyTroupe agents, Character Cards V2 or V3 (JSON, PNG, charx), SillyTavern groups (with "
                          "their cards) and lorebooks, AutoGen teams, ChatArena, AgentVerse and Concordia "
                          "configurations, original PyScrAI JSON; or a folder of Sotopia's JSONL.")], /, *,
    folder: Annotated[Path | None, Parameter(name=("--output", "-o"), help="The folder for YAML files, one for each "
                                                                          "template; stdout if left out.")] = None,
    force: Annotated[bool, Parameter(help="Write over files that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make templates from files of other programs, and say what could not be carried over."""
    from pyscrai.cli.commands.import_ import import_templates

    import_templates(files, folder, force=force, as_json=as_json)
