"""What every request passes before it is looked at: size, host, origin and rate; and the context of its logs."""

from __future__ import annotations

from uuid import uuid4

import structlog
from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pyscrai.config.server import ServerSettings
from pyscrai.databases.api.access import given_key
from pyscrai.databases.api.guard.host import refuse_host, refuse_origin
from pyscrai.databases.api.guard.rate import Buckets, network_of
from pyscrai.databases.api.guard.size import BoundedBody, refuse_size
from pyscrai.databases.api.problems import problem

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


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

        await self._app(scope, BoundedBody(receive, self._settings.max_body_bytes), send_with_headers)

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        path = scope["path"]
        return (refuse_size(scope, self._settings.max_body_bytes) or refuse_host(self._settings, headers, path)
                or refuse_origin(self._settings, headers, scope["method"], path) or self._refuse_rate(scope, headers))

    def _refuse_rate(self, scope: Scope, headers: Headers) -> Response | None:
        wait = self._buckets.take(self._client(scope, headers))
        if not wait:
            return None
        return problem("request.rate", "too many requests", instance=scope["path"], cure="slow down and try again",
                       headers={"retry-after": str(int(wait) + 1)})

    def _client(self, scope: Scope, headers: Headers) -> str:
        """The client that makes the request, as far as that is known before a look at it: a header proves nothing."""
        context = getattr(scope["app"].state, "context", None) if "app" in scope else None
        key = given_key(headers)
        if key is not None and context is not None and (name := context.access.verified(key)) is not None:
            return f"caller {name}"
        return network_of((scope.get("client") or ("",))[0])
