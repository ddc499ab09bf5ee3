"""Everybody in the cast can do what the flow asks of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pyscrai.did_you_mean import instead
from pyscrai.templates.checks.names import one_role
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.agent import AgentBody
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.models.scenario import Role
from pyscrai.templates.reading.positions import Path

KNOWN = ("secrets", "goals")
"""What an Analyst can be told of the roles."""


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
        _in_person(subject, path, name, role)
    playing = _phases(subject)
    _watchers(subject, playing)
    _documents(subject)


_OF_SERVER = re.compile(r"mcp:[a-z0-9][a-z0-9_-]*/[\w.-]+")
_PROGRAM = re.compile(r"tool:[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _in_person(subject: Subject, path: Path, name: str, role: Role) -> None:
    """Check who plays a role beside a model: a program, a person, a person who approves; and what it is told."""
    engine = subject.engine_of(name)
    if role.played_by:
        if not _PROGRAM.fullmatch(role.played_by):
            subject.error("program", (*path, "played_by"), f"{role.played_by!r} names no program",
                          value=role.played_by, cure="write tool:package.module:function")
        if role.human != "no":
            subject.error("program", (*path, "human"), "a role that a program plays has no `human`",
                          value=role.played_by, cure="remove `human` or `played_by`")
        if engine == "analyst":
            subject.error("program", (*path, "played_by"), "a program takes turns; an Analyst takes none",
                          value=role.played_by, cure="use an actor or a narrator")
    if isinstance(role.approve, str):
        one_role(subject, role.approve, (*path, "approve"))
        person = subject.scenario.roles.get(role.approve)
        if person is not None and person.human == "no":
            subject.error("approve", (*path, "approve"), f"no person can play `{role.approve}`", value=role.approve,
                          cure="set `human: allowed` or `always` for it")
    if role.approve and engine == "analyst":
        subject.error("approve", (*path, "approve"), "nobody in the play hears an Analyst, so nothing is approved",
                      value=role.approve, cure="remove it")
    if engine == "analyst":
        for index, what in enumerate(role.knows):
            if what not in KNOWN:
                subject.error("knows", (*path, "knows", index), f"an Analyst knows {' and '.join(KNOWN)} of roles, "
                              f"or nothing; not {what!r}", value=what,
                              cure=f"{instead(what, KNOWN)}; what it is to look for goes into its goals")


def check_tools(tools: Sequence[str], known: Collection[str]) -> list[tuple[int, str, str]]:
    """The tools that are neither shipped, nor of an MCP server, nor an import path: place, message and cure."""
    found = []
    for index, tool in enumerate(tools):
        if tool.startswith("mcp:"):
            if not _OF_SERVER.fullmatch(tool):
                found.append((index, f"`{tool}` names no tool of an MCP server", "write mcp:SERVER/TOOL"))
        elif "." not in tool and tool not in known:
            found.append((index, f"there is no tool `{tool}`",
                          f"{instead(tool, known)}; an import path has a point in it"))
    return found


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
        for index, speaker in enumerate(phase.speaker_names):
            analysts = [role for role in subject.members((speaker,)) if subject.engine_of(role) == "analyst"]
            if speaker != "all" and analysts:
                subject.error("analyst_speaks", (*path, "speakers", index),
                              f"`{analysts[0]}` is an Analyst: it observes and is not heard", value=speaker,
                              cure="let it `observe`, or give the role an actor or narrator")
        if speakers and not any(roles[role].required for role in speakers):
            subject.warn("optional_speakers", (*path, "speakers"),
                         "every speaker of this phase can be left out of a run",
                         value=phase.speaker_names, cure="make one of them required")
        if not speakers and subject.members(phase.speaker_names):
            subject.error("no_speakers", (*path, "speakers"), "nobody speaks in this phase",
                          value=phase.speaker_names)
        _order(subject, path, phase)
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


def _order(subject: Subject, path: Path, phase: Phase) -> None:
    """Check that everything fits the order of the phase."""
    groups = subject.scenario.groups
    if phase.order == "parallel":
        for index, name in enumerate(phase.speaker_names):
            if name not in groups and name in subject.scenario.roles:
                subject.error("order", (*path, "speakers", index),
                              f"where groups talk at the same time, `{name}` is no group", value=name,
                              cure="name groups, each of those who talk together")
        seen: dict[str, str] = {}
        for index, name in enumerate(phase.speaker_names):
            for role in subject.members((name,)):
                if seen.setdefault(role, name) != name:
                    subject.error("order", (*path, "speakers", index), f"`{role}` is in `{seen[role]}` and in `{name}`",
                                  value=name, cure="nobody can talk in two groups at the same time")
    elif phase.scene_rounds != 1:
        subject.error("order", (*path, "scene_rounds"), "scene_rounds goes with `order: parallel`",
                      value=phase.scene_rounds, cure="write `order: parallel`, or remove it")
    if phase.to_several and not phase.audiences:
        subject.error("order", (*path, "to_several"), "to_several goes with `audiences`", value=True,
                      cure="name the audiences that a speaker can choose, for example `audiences: [whisper]`")


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
    deciding = {role.approve for role in scenario.roles.values() if isinstance(role.approve, str)}
    used = playing | deciding | subject.meant | {role for _, role, _ in watching}
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
