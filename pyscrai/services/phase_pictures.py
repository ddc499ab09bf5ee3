"""The phases of a scenario as a picture: who speaks in each, and what leads from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

from pyscrai.templates.models.flow import Transition
from pyscrai.templates.models.scenario import ScenarioTemplate

END = "end"


@dataclass(frozen=True, slots=True)
class PhaseNode:
    """A phase: its title, how its speakers are ordered, and who they are as the template names them."""

    id: str
    title: str
    order: str
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhaseEdge:
    """A way out of a phase, and when it is taken."""

    source: str
    target: str
    when: str


def phase_picture(scenario: ScenarioTemplate) -> tuple[tuple[PhaseNode, ...], tuple[PhaseEdge, ...]]:
    """The phases of a scenario, and the ways between them; ``end`` is where a way leads out of the play."""
    phases = scenario.flow.phases
    nodes = tuple(PhaseNode(name, phase.title or name.replace("_", " ").capitalize(), str(phase.order),
                            phase.speaker_names) for name, phase in phases.items())
    edges = tuple(PhaseEdge(name, way.to, _when(way)) for name, phase in phases.items() for way in phase.next)
    return nodes, edges


def phase_mermaid(scenario: ScenarioTemplate) -> str:
    """The phases and transitions of a scenario as a Mermaid flowchart, conditions on the arrows."""
    nodes, edges = phase_picture(scenario)
    names = {node.id: f"p{number}" for number, node in enumerate(nodes)} | {END: "finish"}
    lines = ["graph TD", f'  begin([begin]) --> {names[scenario.flow.start]}']
    lines += [f'  {names[node.id]}["{_plain(node.title)}<br/><small>{_plain(node.order)}: '
              f'{_plain(", ".join(node.speakers))}</small>"]' for node in nodes]
    lines.append("  finish([end])")
    for edge in edges:
        label = f'|"{_plain(edge.when)}"|' if edge.when else ""
        lines.append(f"  {names[edge.source]} -->{label} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """A text as a Mermaid label holds it."""
    for mark, code in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("\n", " ")):
        text = text.replace(mark, code)
    return text


def _when(way: Transition) -> str:
    found = [str(way.when) if way.when is not None else "", f"{way.after_turns} turns" if way.after_turns else "",
             f"{way.after_rounds} rounds" if way.after_rounds else "", f"after {way.on_event}" if way.on_event else "",
             _majority(way)]
    return " and ".join(part for part in found if part)


def _majority(way: Transition) -> str:
    if way.majority is None:
        return ""
    value = f" for {way.majority.value}" if way.majority.value is not None else ""
    return f"a majority of {way.majority.action}{value}"
