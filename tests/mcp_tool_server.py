"""An MCP server as operators run them, for tests: ``python -m tests.mcp_tool_server [PORT]``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcp.server.fastmcp import FastMCP

server = FastMCP("stock", log_level="ERROR", port=int(sys.argv[1]) if sys.argv[1:] else 8000)


@server.tool()
def stock(item: str, least: int = 0) -> str:
    """Say how much of an item is in store."""
    if log := os.environ.get("STOCK_LOG"):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{item}\n")
    return f"{item}: {max(least, len(item))} in store, for {os.environ.get('STOCK_SHOP', 'nobody')}"


@server.tool()
def broken(item: str) -> str:
    """Fail."""
    raise ValueError(f"the shelf of {item} is locked")


@server.tool()
async def slow(item: str) -> str:
    """Take too long."""
    await asyncio.sleep(30)
    return item


@server.tool()
def dies(item: str) -> str:
    """End the server."""
    os._exit(3)


if __name__ == "__main__":
    server.run("streamable-http" if sys.argv[1:] else "stdio")
