"""Everybody in the cast can do what the flow asks of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyscrai.did_you_mean import instead
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.agent import AgentBody
from pyscrai.templates.reading.positions import Path


def check_cast(subject: Subject) -> None:
    """Agents, engines, moderators, resolvers, observers and tools."""
    for name, role in subject.scenario.roles.items():
        path: Path = ("roles", name)
        if isinstance(role.agent, str) and role.agent not in subject.agents:
            _unknown_agent(subject, role.agent, (*path, "agent"))
        elif not isinstance(role.agent, str):
            _tools(subject, role.agent.tools, (*path, "agent", "tools"))
        _tools(subject, role.tools or (), (*path, "tools"))
        if role.human != "no" and subject.engine_of(name) == "analyst":
            subject.warn("human", (*path, "human"), "an Analyst looks on from outside; nobody can play it",
                         value=role.human,
                         cure="remove `human`")
    playing = _phases(subject)
    _watchers(subject, playing)
    _documents(subject)


def check_tools(tools: Sequence[str], known: Collection[str]) -> list[tuple[int, str, str]]:
    """The tools that are neither shipped nor an import path: place, message and cure."""
    return [(index, f"there is no tool `{tool}`", f"{instead(tool, known)}; an import path has a point in it")
            for index, tool in enumerate(tools) if "." not in tool and tool not in known]


def _tools(subject: Subject, tools: Sequence[str], path: Path) -> None:
    for index, message, cure in check_tools(tools, subject.tools):
        subject.error("unknown_tool", (*path, index), message, value=tools[index], cure=cure)


def _unknown_agent(subject: Subject, agent: str, path: Path) -> None:
    name, _, version = agent.partition("@")
    if version and name in subject.agents:
        known = sorted(key for key in subject.agents if key.startswith(f"{name}@"))
        subject.error("unknown_agent", path, f"there is no version {version} of the agent `{name}`", value=agent,
                      cure=f"known: {', '.join(known)}" if known else None)
        return
    subject.unknown("agent", agent, sorted({key.partition("@")[0] for key in subject.agents}), path)


def _phases(subject: Subject) -> set[str]:
    """Check who acts in each phase; the roles that take turns anywhere."""
    roles = subject.scenario.roles
    playing: set[str] = set()
    for name, phase in subject.scenario.flow.phases.items():
        path: Path = ("flow", "phases", name)
        speakers = subject.speakers(phase)
        playing.update(speakers)
        for index, speaker in enumerate(phase.speakers):
            analysts = [role for role in subject.members((speaker,)) if subject.engine_of(role) == "analyst"]
            if speaker != "all" and analysts:
                subject.error("analyst_speaks", (*path, "speakers", index),
                              f"`{analysts[0]}` is an Analyst: it observes and is not heard", value=speaker,
                              cure="let it `observe`, or give the role an actor or narrator")
        if speakers and not any(roles[role].required for role in speakers):
            subject.warn("optional_speakers", (*path, "speakers"),
                         "every speaker of this phase can be left out of a run",
                         value=phase.speakers, cure="make one of them required")
        if not speakers and subject.members(phase.speakers):
            subject.error("no_speakers", (*path, "speakers"), "nobody speaks in this phase", value=phase.speakers)
        for what, order in (("moderator", "moderated"), ("resolver", "simultaneous")):
            role = getattr(phase, what)
            if role is None:
                continue
            playing.add(role)
            if phase.order != order:
                subject.error("order", (*path, what), f"a {what} goes with `order: {order}`, not with {phase.order}",
                              value=role, cure=f"write `order: {order}`, or remove the {what}")
            if subject.engine_of(role) == "analyst":
                subject.error("analyst_speaks", (*path, what), f"`{role}` is an Analyst and cannot be a {what}",
                              value=role,
                              cure="choose a Narrator or an Actor")
        if phase.order == "moderated" and phase.moderator is None:
            subject.error("order", (*path, "order"), "a moderated phase needs a moderator", value=phase.order,
                          cure="add `moderator:` with a Narrator or an Actor")
        if phase.order == "moderated" and phase.moderator in roles and not roles[phase.moderator].required:
            subject.warn("optional_moderator", (*path, "moderator"),
                         "without this optional role the phase cannot be played",
                         value=phase.moderator, cure="make the role required")
        if phase.resolver is not None and phase.resolver in speakers and phase.order == "simultaneous":
            subject.error("order", (*path, "resolver"), f"`{phase.resolver}` resolves the round and cannot speak in it",
                          value=phase.resolver, cure="take it out of the speakers")
    return playing


def _watchers(subject: Subject, playing: set[str]) -> None:
    """Observers, judges and measurers are Analysts and never take a turn: the graph's shape depends on it."""
    scenario = subject.scenario
    watching: list[tuple[Path, str, str]] = [
        (("flow", "phases", name, "observe", "by"), phase.observe.by, "observes")
        for name, phase in scenario.flow.phases.items() if phase.observe is not None]
    watching += [((*path, "judge", "by"), end.judge.by, "judges") for path, end,
                 _ in subject.ends if end.judge is not None]
    if scenario.analysis is not None:
        watching.append((("analysis", "by"), scenario.analysis.by, "measures"))
    for path, role, does in watching:
        engine = subject.engine_of(role)
        if engine not in (None, "analyst"):
            subject.error("not_an_analyst", path, f"`{role}` {does} but is an {engine}" if engine == "actor" else
                          f"`{role}` {does} but is a {engine}", value=role,
                          cure="name a role whose agent is an analyst")
        elif role in playing and engine is None:
            subject.error("analyst_speaks", path, f"`{role}` {does} and takes turns as well", value=role,
                          cure="use a role of its own for it")
    used = playing | {role for _, role, _ in watching}
    for role in scenario.roles:
        if role not in used:
            subject.warn("unused_role", ("roles", role), f"`{role}` is in the cast and never does anything", value=role,
                         cure="let it speak in a phase, or remove it", on_key=True)
    narrates = any(subject.engine_of(role) in ("narrator", None) for role in playing)
    for path, end, _ in subject.ends:
        if end.narrator and not narrates:
            subject.error("no_narrator", (*path, "narrator"), "no Narrator takes a turn, so none can declare the end",
                          cure="let a Narrator speak or resolve in a phase")


def _documents(subject: Subject) -> None:
    tools: set[str] = set()
    for name, role in subject.scenario.roles.items():
        agent: AgentBody | None = subject.agent_of(name)
        tools.update(role.tools if role.tools is not None else agent.tools if agent is not None else ())
    documents = subject.scenario.documents
    if documents and "look_up" not in tools and "look_up" in subject.tools:
        subject.warn("unused_documents", ("documents",), "no role can read the documents", on_key=True,
                     cure="give a role the tool `look_up`")
    for name, role in subject.scenario.roles.items():
        for index, tool in enumerate(role.tools or ()):
            if tool == "look_up" and not documents:
                subject.warn("no_documents", ("roles", name, "tools", index), "there are no documents to look up",
                             value=tool,
                             cure="add `documents:`")
