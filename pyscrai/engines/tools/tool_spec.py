"""A tool of an MCP server as the server described it when a run was made."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class McpToolSpec(BaseModel):
    """What prompts and replays need of the tool, so that no server is asked for it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str
    tool: str
    description: str
    arguments: dict[str, Any]
    """JSON Schema of its arguments, without references."""
