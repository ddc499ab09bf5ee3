"""Tools of a role: found by name or import path, and used before the role speaks.

The use of a tool is asked for by schema, not by a model's own tool calling, which small models do not keep to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pyscrai.did_you_mean import instead
from pyscrai.engines.agents.engine import Ask, Engine, Performance
from pyscrai.engines.calls.json_reply import parse
from pyscrai.engines.line import refusal_text, tool_text
from pyscrai.engines.ports.model import ModelReply
from pyscrai.engines.state import Line
from pyscrai.engines.tools.dice import Dice
from pyscrai.engines.tools.langchain import import_tool
from pyscrai.engines.tools.look_up import LookUp
from pyscrai.engines.tools.mcp import McpTool, ToolServers, parts_of
from pyscrai.engines.tools.read_variable import ReadVariable
from pyscrai.engines.tools.tool import Tool, ToolAnswer, ToolScene
from pyscrai.engines.tools.tool_spec import McpToolSpec
from pyscrai.engines.view import View
from pyscrai.errors import ConfigError, ReplyError
from pyscrai.events import Event, FlowWarning, ToolCalled, ToolRefused
from pyscrai.plain_text import storable, storable_json

ROUNDS = 2
"""The number of tools that a role may use in one turn, one after the other."""

LONGEST_USE = 30.0
"""Seconds after which a tool is given up."""

SHIPPED: Mapping[str, type[Tool]] = {"dice": Dice, "read_variable": ReadVariable, "look_up": LookUp}
"""The tools that need nobody's leave."""


class AskAndUse(Ask, Protocol):
    """Asks the role's model, and uses tools, each once however often the turn is played again."""

    async def use(self, tool: Tool, arguments: Mapping[str, Any], scene: ToolScene, *, longest: float) -> ToolAnswer:
        """Use a tool, or give the answer that the journal holds."""
        ...


@dataclass(frozen=True, slots=True)
class ToolLeave:
    """What was decided about the use of a tool: the arguments to use it with, None where it is refused, and why.

    ``drafts`` are the events that tell of the decision.
    """

    arguments: Mapping[str, Any] | None
    person: str = ""
    reason: str = ""
    seconds: float = 0.0
    drafts: Sequence[tuple[type[Event], dict[str, Any]]] = ()


class AskLeave(Protocol):
    """Lets a person decide about the use of a tool before it happens."""

    async def __call__(self, tool: Tool, schema: Mapping[str, Any], arguments: Mapping[str, Any], scene: ToolScene
                       ) -> ToolLeave:
        """The decision, durable when this returns; ``schema`` is that of the arguments."""
        ...


def load_tools(names: Iterable[str], allowed: Iterable[str] = (), described: Mapping[str, McpToolSpec] | None = None,
               servers: ToolServers | None = None) -> tuple[Tool, ...]:
    """The tools behind shipped names, import paths and names of tools of MCP servers.

    Args:
        allowed: import paths that the operator allows.
        described: what was written down of tools of MCP servers when the run was made.
        servers: the servers to use them at.

    Raises:
        ConfigError: an unknown name, a path that is not allowed or that leads to no tool, two tools of one name.
    """
    allowed = tuple(allowed)
    tools: dict[str, Tool] = {}
    for name in names:
        tool: Tool
        if name in SHIPPED:
            tool = SHIPPED[name]()
        elif name in (described or {}):
            tool = McpTool((described or {})[name], servers)
        elif parts_of(name):
            raise ConfigError(f"the tool {name!r} was not asked for when the run was made", code="config.tool",
                              tool=name, cure="make a new run")
        elif name in allowed:
            tool = import_tool(name)
        elif "." in name or ":" in name:
            raise ConfigError(f"the tool {name!r} is not allowed here", code="config.tool_not_allowed", tool=name,
                              cure="the operator may add it to tools_allowed in pyscrai.toml")
        else:
            raise ConfigError(f"there is no tool {name!r}", code="config.unknown_tool", tool=name,
                              cure=instead(name, (*SHIPPED, *allowed)))
        if tool.name in tools:
            raise ConfigError(f"two tools are called {tool.name!r}", code="config.tool", tool=name,
                              cure="give the role only one of them")
        tools[tool.name] = tool
    return tuple(tools.values())


async def consult(engine: Engine, view: View, ask: AskAndUse, used: Performance, leave: AskLeave | None = None) -> View:
    """Let a role use its tools.

    Args:
        used: takes what happened: the uses as events and lines, without a move.
        leave: decides about every use first; None where the role needs nobody's leave.

    Returns:
        The view with the results in it.
    """
    uses: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for number in range(ROUNDS):
        scene = ToolScene(engine.plan, view, number)
        offered = {tool.name: (tool, schema) for tool in engine.tools if (schema := tool.schema(scene)) is not None}
        if not offered:
            break
        try:
            chosen = await _choose(engine, offered, view, ask)
        except ReplyError as error:
            used.add(FlowWarning, source=engine.role,
                     message=f"{engine.role} made no valid choice of a tool ({error.message}) and uses none")
            break
        if chosen is None or chosen in refused or (chosen in uses and not offered[chosen["tool"]][0].again):
            break  # small models like to ask again for what they were just told
        uses.append(chosen)
        (tool, schema), arguments = offered[chosen["tool"]], chosen["arguments"]
        if leave is not None:
            given = await leave(tool, schema, arguments, scene)
            used.drafts += given.drafts
            if given.arguments is None:
                refused.append(chosen)
                view = replace(view, lines=(*view.lines, _refuse(engine, used, tool, arguments, given)))
                continue
            arguments = given.arguments
        answer = await ask.use(tool, arguments, scene, longest=LONGEST_USE)
        view = replace(view, lines=(*view.lines, _record(engine, view, used, tool, arguments, answer)))
    return view


async def _choose(engine: Engine, offered: Mapping[str, tuple[Tool, dict[str, Any]]], view: View, ask: Ask
                  ) -> dict[str, Any] | None:
    uses = [{"type": "object", "additionalProperties": False, "required": ["tool", "arguments"],
             "properties": {"tool": {"const": name}, "arguments": schema}} for name, (_, schema) in offered.items()]
    schema = {"type": "object", "additionalProperties": False, "required": ["use"],
              "properties": {"use": {"anyOf": [*uses, {"type": "null"}]}}}
    messages, prompts = engine.messages("tools", view, tools=[
        {"name": name, "description": tool.description, "arguments": json.dumps(schema.get("properties", {})),
         "in_words": ", ".join(f"{argument}: {_in_words(part)}" for argument, part in
                               schema.get("properties", {}).items())}
        for name, (tool, schema) in offered.items()])

    def read(reply: ModelReply) -> dict[str, Any] | None:
        use: dict[str, Any] | None = parse(reply.text, schema)["use"]
        return use

    return await ask(engine.request(messages, schema=schema), purpose="tool", read=read, prompts=prompts, optional=True)


def _in_words(schema: Mapping[str, Any]) -> str:
    """The allowed values of an argument in words, for models that a JSON Schema tells nothing."""
    if "enum" in schema:
        return " or ".join(map(json.dumps, schema["enum"]))
    return str(schema.get("description") or schema.get("type") or "anything")


def _record(engine: Engine, view: View, performance: Performance, tool: Tool, arguments: Mapping[str, Any],
            answer: ToolAnswer) -> Line:
    heard = engine.plan.audience(answer.audience, engine.role, view.behind) if answer.audience else ()
    heard = heard if heard == "all" else tuple(sorted({*heard, engine.role}))
    line: Line = {"type": "ai", "kind": "tool_called", "speaker": engine.role, "name": "",
                  "content": tool_text(engine.instance.name, tool.name, answer.text, answer.error),
                  "audience": "all" if heard == "all" else list(heard)}
    performance.add(ToolCalled, line, source=engine.role, audience=heard, tool=tool.name, arguments=dict(arguments),
                    result=answer.result, text=answer.text, error=answer.error)
    return line


def _refuse(engine: Engine, performance: Performance, tool: Tool, arguments: Mapping[str, Any], given: ToolLeave
            ) -> Line:
    """Tell a role, and nobody else, that it may not use a tool."""
    line: Line = {"type": "ai", "kind": "tool_refused", "speaker": engine.role, "name": "",
                  "content": refusal_text(engine.instance.name, tool.name, given.reason), "audience": [engine.role]}
    performance.add(ToolRefused, line, source=engine.role, audience=(engine.role,), tool=tool.name,
                    arguments=dict(arguments), person=given.person, reason=given.reason)
    return line


async def use_now(tool: Tool, arguments: Mapping[str, Any], scene: ToolScene, *, longest: float) -> ToolAnswer:
    """Use a tool; whatever goes wrong becomes the answer's error."""
    try:
        async with asyncio.timeout(longest):
            answer = await tool.use(arguments, scene)
        return replace(answer, result=storable_json(answer.result), text=storable(answer.text))
    except TimeoutError:
        return ToolAnswer(error=f"no answer within {longest:g} s")
    except Exception as error:  # a tool is foreign code: a role's turn outlives whatever it raises
        return ToolAnswer(error=storable(f"{type(error).__name__}: {error}")[:500])
