"""A scenario's graph as Mermaid or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pyscrai.cli.scenario_argument import rehearsed
from pyscrai.cli.terminal import output
from pyscrai.exports.graph_picture.layout import lay_out
from pyscrai.exports.graph_picture.phases import DrawnPhase, lay_out_phases
from pyscrai.exports.transcript_entry import clean
from pyscrai.services.phase_pictures import phase_mermaid, phase_picture
from pyscrai.services.scenario_graphs import Drawing, draw_scenario
from pyscrai.templates.models.base import END
from pyscrai.templates.models.scenario import ScenarioTemplate

GraphFormat = Literal["mermaid", "svg", "png"]

_SUFFIXES: dict[str, GraphFormat] = {".svg": "svg", ".png": "png"}


MANY = 5
"""From so many roles that take turns on, who can follow whom is a hairball, and the phases are drawn."""


async def draw(scenario: str, target: Path | None, *, format: GraphFormat | None, phases: bool | None, as_json: bool
               ) -> None:
    """Write the graph of a scenario with its whole cast.

    Args:
        phases: draw phases and transitions; False for the roles; None for what suits the cast.

    Raises:
        NotFound, TemplateError: as for a dry run.
        ConfigError: the file cannot be written.
    """
    template, find_agent = await rehearsed(scenario)
    drawing = draw_scenario(template, find_agent)
    players = [engine for _, _, engine in drawing.nodes if engine not in (None, "analyst")]
    if len(players) >= MANY if phases is None else phases:
        drawing = _of_phases(template)
    chosen = format or _SUFFIXES.get(target.suffix.lower() if target else "", "mermaid")
    content = drawing.mermaid if chosen == "mermaid" else _picture(template, drawing, chosen)
    if target is not None:
        output.write_file(target, content)
    if as_json:
        output.json_line({
            "template": f"{template.name}@{template.version}", "shows": drawing.shows,
            "file": str(target) if target else None,
            "mermaid": drawing.mermaid, "edges": [{"source": one, "target": other} for one, other in drawing.edges],
            "nodes": [{"id": node, "name": name, "engine": engine} for node, name, engine in drawing.nodes]})
    elif target is not None:
        output.note(f"{template.name} is drawn in {target}")
    elif isinstance(content, bytes):
        output.write_bytes(content, binary=True)
    else:
        output.say(clean(content.rstrip("\n")))


def _picture(template: ScenarioTemplate, drawing: Drawing, format: GraphFormat) -> str | bytes:
    title = template.title or template.name
    if drawing.shows == "phases":
        nodes, ways = phase_picture(template)
        sheet = lay_out_phases(title, [DrawnPhase(
            node.id, node.title, f"{node.order.replace('_', ' ')}: {', '.join(node.speakers)}",
            [(way.target, way.when) for way in ways if way.source == node.id]) for node in nodes],
            start=template.flow.start, end=END)
        if format == "svg":
            from pyscrai.exports.graph_picture.svg import render_phase_svg

            return "".join(render_phase_svg(sheet))
        from pyscrai.exports.graph_picture.png import render_phase_png

        return render_phase_png(sheet)
    picture = lay_out(title, drawing.nodes, drawing.edges)
    if format == "svg":
        from pyscrai.exports.graph_picture.svg import render_svg

        return "".join(render_svg(picture))
    from pyscrai.exports.graph_picture.png import render_png

    return render_png(picture)


def _of_phases(template: ScenarioTemplate) -> Drawing:
    """Phases and transitions, as a drawing."""
    nodes, edges = phase_picture(template)
    shown = tuple((node.id, f"{node.title}: {', '.join(node.speakers)}", None) for node in nodes)
    return Drawing((*shown, (END, END, None)), tuple((edge.source, edge.target) for edge in edges),
                   phase_mermaid(template), shows="phases")
