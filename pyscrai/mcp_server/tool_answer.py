"""Answers and errors as assistants read them."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, cast

from mcp.server.fastmcp.exceptions import ToolError

from pyscrai.errors import PyscraiError, TemplateError
from pyscrai.exports.json_text import dumps

P = ParamSpec("P")
R = TypeVar("R")


def told(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """A tool whose errors say what is wrong, the cure and the code; what it gives is plain JSON."""

    @functools.wraps(tool)
    async def telling(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            found = await tool(*arguments, **named)
        except TemplateError as error:
            raise ToolError("\n".join([error.message, *map(str, error.problems)])) from error
        except PyscraiError as error:
            cure = f" → {error.cure}" if error.cure else ""
            raise ToolError(f"{error.message}{cure} [{error.code}]") from error
        return cast("R", _plain(found))

    return telling


def _plain(value: Any) -> Any:
    """JSON-plain data: times as text, half a character as its escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.loads(dumps(value).encode("utf-8", "backslashreplace"))
