"""A scenario's graph as a picture."""

from __future__ import annotations

from pathlib import Path

from pyscrai.cli import output
from pyscrai.cli.scenarios import rehearsed
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import make_plan
from pyscrai.factories.casting import RunOptions, cast_play


async def draw(scenario: str, target: Path | None, *, as_json: bool) -> None:
    """Write the graph of a scenario with its whole cast.

    Raises:
        NotFound, TemplateError: as for a dry run.
        ConfigError: the file cannot be written.
    """
    template, find_agent = await rehearsed(scenario)
    plan = make_plan(cast_play(template, RunOptions(seed=1), find_agent, model="scripted"))
    mermaid = compile_graph(plan, lambda found: found.context).compile().get_graph().draw_mermaid()
    if target is not None:
        output.write_file(target, [mermaid])
    if as_json:
        output.json_line({"template": f"{template.name}@{template.version}", "mermaid": mermaid,
                          "file": str(target) if target else None})
    elif target is None:
        output.say(mermaid.rstrip("\n"))
    else:
        output.note(f"{template.name} is drawn in {target}")
