"""A page for each shipped scenario: what it is, its phases as a picture, its cast, a play of it, and its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "pyscrai" / "templates" / "library" / "scenarios"
TRANSCRIPTS = ROOT / "docs" / "transcripts"


def scenario_pages() -> dict[str, str]:
    """Name of a scenario to its page."""
    return {path.stem: "\n".join(_page(path.read_text(encoding="utf-8"))) for path in sorted(SCENARIOS.glob("*.yaml"))}


def _page(source: str) -> Iterator[str]:
    scenario = yaml.safe_load(source)
    name = scenario["name"]
    yield f"---\ntitle: {scenario.get('title', name)}\n---\n\n# {scenario.get('title', name)}\n"
    yield f"{scenario.get('description', '').strip()}\n"
    yield f"`{name}@{scenario.get('version', '1.0.0')}` · {', '.join(scenario.get('tags', ()))}\n"
    yield f"```shell\npyscrai run {name}\n```\n"
    yield "[All scenarios](../gallery.md)\n"
    yield f"## What everybody knows\n\n> {_premise(scenario)}\n"
    yield "## Phases\n\n```mermaid\n" + "\n".join(_phases(scenario["flow"])) + "\n```\n"
    yield "## Cast\n\n| role | name | agent | |\n|---|---|---|---|"
    for role, told in scenario["roles"].items():
        agent = told["agent"] if isinstance(told["agent"], str) else told["agent"]["engine"]
        person = {"allowed": "a person may play it", "always": "a person plays it"}.get(told.get("human", ""), "")
        secret = "has a secret" if told.get("secret") else ""
        yield f"| `{role}` | {told.get('name', '')} | {agent} | {', '.join(filter(None, (person, secret)))} |"
    if scenario.get("parameters"):
        yield "\n## Parameters\n\n| parameter | default | |\n|---|---|---|"
        for key, told in scenario["parameters"].items():
            yield f"| `--set {key}=…` | `{told['default']}` | {_cell(told.get('description', ''))} |"
    played = (TRANSCRIPTS / f"{name}.md").read_text(encoding="utf-8").partition("-->\n")[2]
    yield "\n## A play\n\n" + re.sub(r"^### ", "#### ", played, flags=re.MULTILINE)
    yield f"\n## The file\n\n```yaml title=\"{name}.yaml\"\n{source.strip()}\n```\n"


def _premise(scenario: Mapping[str, Any]) -> str:
    """The premise on one line, with the parameters' defaults in it."""
    text = " ".join(str(scenario["premise"]).split())
    for name, told in (scenario.get("parameters") or {}).items():
        text = re.sub(rf"{{{{ *params\.{name} *}}}}", str(told["default"]).replace("\\", ""), text)
    return text


def _phases(flow: Mapping[str, Any]) -> Iterator[str]:
    """The phases as a flow chart in Mermaid."""
    yield "flowchart TD\n  begin([start]) --> " + f"p_{flow['start']}"
    for name, phase in flow["phases"].items():
        speakers = phase["speakers"] if isinstance(phase["speakers"], list) else [phase["speakers"]]
        who = ", ".join(_name(each) for each in speakers)
        order = phase.get("order", "round_robin").replace("_", " ")
        title = _quoted(phase.get("title", name.replace("_", " ")))
        yield f'  p_{name}["{title}<br/><small>{_quoted(order)}: {_quoted(who)}</small>"]'
        for way in phase["next"]:
            target = "over([end])" if way["to"] == "end" else f"p_{way['to']}"
            why = _why(way)
            yield f'  p_{name} -->|"{_quoted(why)}"| {target}' if why else f"  p_{name} --> {target}"


def _name(speaker: Any) -> str:
    return str(speaker.get("role") or speaker.get("group")) if isinstance(speaker, dict) else str(speaker)


def _why(way: Mapping[str, Any]) -> str:
    parts = [f"{key.removeprefix('after_')} {way[key]}" for key in ("after_turns", "after_rounds") if key in way]
    if "when" in way:
        parts.append(str(way["when"]))
    if "majority" in way:
        parts.append("a majority")
    if "on_event" in way:
        parts.append(str(way["on_event"]))
    text = " and ".join(parts)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _quoted(text: str) -> str:
    for plain, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;")):
        text = text.replace(plain, entity)
    return text


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
