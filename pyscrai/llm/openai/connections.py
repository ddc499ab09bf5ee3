"""HTTP with one endpoint over aiohttp's connections; docs/adr/0009 says why not over its session."""

from __future__ import annotations

import asyncio
import contextvars
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, StreamWriter
from aiohttp.tracing import Trace
from yarl import URL

from pyscrai.config.server import is_loopback
from pyscrai.open_files import model_connections

_CONNECT_WITHIN = 20.0
"""Seconds for a connection; the whole call has its own clock in chat.py."""


class HttpAnswer:
    """An answer: status and headers, and the body as it comes."""

    __slots__ = ("_connection", "content", "headers", "is_encrypted", "status")

    def __init__(self, status: int, headers: Mapping[str, str], content: aiohttp.StreamReader,
                 connection: Connection, *, is_encrypted: bool) -> None:
        self.status, self.headers, self.content, self.is_encrypted = status, headers, content, is_encrypted
        self._connection = connection

    def release(self) -> None:
        """Give the connection back to the others; where more would come, close it."""
        self._connection.release()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class _Connector(aiohttp.TCPConnector):
    """Opens connections outside of the calls that they are opened for.

    A connection keeps the context variables under which it was opened for as long as it is open, and those of a run's
    call hold all of the run.
    """

    async def _create_connection(self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
                                 ) -> ResponseHandler:
        opening = super()._create_connection(req, traces, timeout)
        return await asyncio.create_task(opening, context=contextvars.Context())


class EndpointConnections:
    """The open connections to one endpoint.

    Args:
        base_url: what begins the URL of every request.
        headers: of every request.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        # The alias limits calls in flight; a second limit is for a process that may open few files only.
        self._connector = _Connector(limit=model_connections(), keepalive_timeout=30, ttl_dns_cache=300)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_WITHIN)
        self._headers = headers
        self._proxy = _proxy(base_url)
        self._requests: dict[tuple[str, str], aiohttp.ClientRequest] = {}

    async def ask(self, method: str, url: str, body: bytes = b"") -> HttpAnswer:
        """Send a request and read the head of the answer; redirects are answers like others.

        Raises:
            ClientError: the endpoint cannot be reached, or does not speak HTTP.
            OSError: alike.
            ValueError: the URL or a header cannot be sent.
        """
        request = self._requests.get((method, url))
        if request is None:
            request = self._requests[method, url] = self._request(method, url)
        try:
            connection = await self._connector.connect(request, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"Connection timeout to host {request.url}") from error
        try:
            protocol, is_encrypted = connection.protocol, request.is_ssl()
            assert protocol is not None  # the connection is new or was kept alive
            protocol.set_response_params(read_until_eof=True)
            headers = request.headers.copy()
            if body:
                headers["Content-Length"] = str(len(body))
            target = str(request.url.with_user(None)) if request.proxy and not is_encrypted else request.url.raw_path_qs
            writer = StreamWriter(protocol, request.loop)
            await writer.write_headers(f"{method} {target} HTTP/1.1", headers)
            await writer.write(body, drain=False)  # an endpoint may refuse a large body before it has read it
            while True:
                message, content = await protocol.read()
                if not 100 <= message.code < 200:
                    return HttpAnswer(message.code, message.headers, content, connection, is_encrypted=is_encrypted)
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientResponseError(request.request_info, (), status=error.code, message=error.message,
                                              headers=error.headers) from error
        except BaseException:
            connection.close()
            raise

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connector.close()

    @property
    def closed(self) -> bool:
        """Whether no more can be asked."""
        return self._connector.closed

    def _request(self, method: str, url: str) -> aiohttp.ClientRequest:
        return aiohttp.ClientRequest(
            method, URL(url), headers=self._headers, loop=asyncio.get_running_loop(),
            # Looked up once: aiohttp's trust_env looks into environment and netrc in two threads for every call.
            proxy=URL(self._proxy) if self._proxy else None)


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for this URL."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or "") or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)
