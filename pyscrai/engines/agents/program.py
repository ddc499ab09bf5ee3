"""Roles that a program plays: an operator's function in place of a model, journaled like a tool's use.

The function is given the role's own view as JSON-plain data and answers as a model would: a text, or an object with
``text``, ``actions``, ``to``; ``next`` where it moderates. It must not depend on the clock or on chance of its own: for
chance it is given a ``seed`` that is the turn's own.
"""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from pyscrai.did_you_mean import instead
from pyscrai.engines.calls.json_reply import parse
from pyscrai.engines.tools.tool import ToolAnswer, ToolScene
from pyscrai.errors import ConfigError, ReplyError

PREFIX = "tool:"
LONGEST = 60.0
"""Seconds after which a program is given up."""


class Program:
    """A function that plays a role, as a tool that takes the role's request."""

    again = True
    description = "plays the role"

    def __init__(self, path: str, function: Callable[[Mapping[str, Any]], Any]) -> None:
        self.name = path
        self._function = function

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        return {"type": "object"}

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        found = self._function(arguments)
        found = await found if inspect.isawaitable(found) else found
        result = {"text": found} if isinstance(found, str) else json.loads(json.dumps(found))
        if not isinstance(result, dict):
            return ToolAnswer(error=f"the program answers with {type(found).__name__}, not with a text or an object")
        return ToolAnswer(result)


def load_program(played_by: str, allowed: Iterable[str]) -> Program | None:
    """The program of a role, or None where a model or person plays it.

    Args:
        played_by: ``tool:package.module:function``.
        allowed: import paths that the operator allows.

    Raises:
        ConfigError: it is not allowed here, or cannot be imported.
    """
    if not played_by:
        return None
    path = played_by.removeprefix(PREFIX)
    if path not in (known := tuple(allowed)):
        raise ConfigError(f"the program {path!r} is not allowed here", code="config.tool_not_allowed", tool=path,
                          cure=f"the operator may add it to tools_allowed in pyscrai.toml; {instead(path, known)}"
                          if known else "the operator may add it to tools_allowed in pyscrai.toml")
    module, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        function = getattr(import_module(module), name)
    except Exception as error:  # importing runs the module's own code, which may raise anything
        raise ConfigError(f"the program {path!r} cannot be used: {type(error).__name__}: {error}", code="config.tool",
                          tool=path, cure="see that it can be imported where PyScrAI runs") from error
    if not callable(function):
        raise ConfigError(f"the program {path!r} cannot be used: {type(function).__name__} is no function",
                          code="config.tool", tool=path, cure="name a function of one argument")
    return Program(path, function)


def chance_of(seed: int, turn: int, role: str) -> int:
    """The seed that a program is given for its turn: of the run, and of the turn and role alone."""
    return random.Random(f"{seed}:{turn}:{role}:program").getrandbits(31)


def read_program(answer: ToolAnswer, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Read a program's answer, in the types of the schema.

    Raises:
        ReplyError: it failed, or the answer does not fit.
    """
    if answer.error is not None:
        raise ReplyError(f"the program failed: {answer.error}")
    return dict(parse(json.dumps(answer.result), schema, drop_unknown=False))
