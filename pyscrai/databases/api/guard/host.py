"""What every request passes before it is looked at: host, origin, size and rate; and the context of its logs."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pyscrai.config.server import ServerSettings, is_loopback
from pyscrai.databases.api.problems import problem

CLIENTS = 10_000
"""Clients whose rate is remembered."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class TooLarge(HTTPException):
    """The request's body is larger than the server takes, which shows while it comes in."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"a request may have {most} bytes at most")


class Buckets:
    """Token buckets, one for a client: a tenth of a minute's requests at once, refilled steadily."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = per_minute / 60, max(1.0, per_minute / 10), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one request; 0 if it is allowed, else the seconds until the next one is."""
        now = self._clock()
        left, since = self._buckets.pop(client, (self._size, now))
        left = min(self._size, left + (now - since) * self._rate)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


class Guard:
    """ASGI middleware. A browser's page of another origin gets no further than here, also on loopback."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._settings = app, settings
        self._buckets = Buckets(settings.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=headers.get("x-request-id", "")[:64] or uuid4().hex[:12])
        refused = self._refuse(scope, headers)
        if refused is not None:
            await refused(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
            await send(message)

        await self._app(scope, _Limited(receive, self._settings.max_body_bytes), send_with_headers)

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        path = scope["path"]
        host = _hostname(headers.get("host", ""))
        if not self._knows(host):
            return problem("request.host", f"this server does not answer to the name {host!r}", instance=path,
                           cure="call it by its address, or add the name to server.allowed_hosts")
        origin = headers.get("origin")
        writes = scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if origin is not None and writes and not self._trusts(origin, headers):
            return problem("request.origin", f"pages of {origin} may not use this server", instance=path,
                           cure="add the origin to server.cors_origins")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._settings.max_body_bytes:
            return self._too_large(scope)
        client = headers.get("authorization") or headers.get("x-api-key") or (scope.get("client") or ("",))[0]
        wait = self._buckets.take(client)
        if wait:
            return problem("request.rate", "too many requests", instance=path, cure="slow down and try again",
                           headers={"retry-after": str(int(wait) + 1)})
        return None

    def _too_large(self, scope: Scope) -> Response:
        return problem("request.too_large", f"a request may have {self._settings.max_body_bytes} bytes at most",
                       instance=scope["path"], cure="send less, or raise server.max_body_bytes")

    def _knows(self, host: str) -> bool:
        settings = self._settings
        if not settings.is_loopback and not settings.allowed_hosts:
            return True
        # On loopback a page can reach the server under a name of its own that leads here: only ours are answered to.
        return not host or is_loopback(host) or host == settings.host or host in settings.allowed_hosts

    def _trusts(self, origin: str, headers: Headers) -> bool:
        return origin in self._settings.cors_origins or urlsplit(origin).netloc == headers.get("host")


class _Limited:
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


def _hostname(host: str) -> str:
    return urlsplit(f"//{host}").hostname or "" if host.count("@") == 0 else host
