"""How large a request may be: its address and headers, and its body while it comes in."""

from __future__ import annotations

from fastapi import Response
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from pyscrai.databases.api.problems import problem

LONGEST_URL = 16_384
"""Bytes of a path with its query."""

LONGEST_HEAD = 65_536
"""Bytes of all headers together."""


class TooLarge(HTTPException):
    """The request's body is larger than the server takes, which shows while it comes in."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"a request may have {most} bytes at most")


def refuse_size(scope: Scope, most: int) -> Response | None:
    """The refusal of a request that is too large by what its head says; None where it is not.

    Args:
        most: bytes of a body.
    """
    path = scope["path"]
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_URL:
        return problem("request.url_too_long", f"an address may have {LONGEST_URL} bytes at most",
                       instance=path[:200], cure="send less in the query")
    headers = scope["headers"]
    if sum(len(name) + len(value) for name, value in headers) > LONGEST_HEAD:
        return problem("request.headers_too_large", f"headers may have {LONGEST_HEAD} bytes at most", instance=path,
                       cure="send fewer or shorter headers")
    length = next((value for name, value in headers if name == b"content-length"), b"")
    if length.isdigit() and (len(length) > 18 or int(length) > most):
        return problem("request.too_large", f"a request may have {most} bytes at most", instance=path,
                       cure="send less, or raise server.max_body_bytes")
    return None


class BoundedBody:
    """A request's body, as long as it is not too long."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._left = receive, most, most

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise TooLarge(self._most)
        return message
