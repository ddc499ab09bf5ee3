"""The client that ``ChatOpenAI`` calls instead of the OpenAI SDK's.

The SDK walks every message against typed unions and builds models of the answer: 1.2 of 2.6 ms a call. httpx's
connection pool looks at every connection for every request: 15 ms a call at 200 calls in flight, where aiohttp takes
0.15. So this posts the body over one aiohttp session, hands plain dicts back, and raises our own errors.
"""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import orjson

from pyscrai.errors import ModelError, ModelUnavailable
from pyscrai.llm.openai import errors, stream
from pyscrai.llm.openai.reply_text import VisibleStream

_OWN_NAME = ("openai.com", "azure.com")
"""Hosts that want ``max_completion_tokens``; every other server knows the older ``max_tokens``."""

_ECHOES = ("prompt", "__verbose", "prompt_token_ids", "prompt_logprobs")
"""Fields in which some servers give the prompt back; the record holds it already."""


@dataclass(slots=True)
class Call:
    """One call in flight: what ``create`` needs beyond the payload, and what it leaves for the record."""

    on_token: Callable[[str], None] | None = None
    prefix: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


CURRENT: ContextVar[Call] = ContextVar("pyscrai_model_call")
"""The call that this task makes. ChatOpenAI stands between caller and client and would send or trace an argument."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an alias's requests go. ``key`` is shown nowhere."""

    alias: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    key_env: str | None = None
    omit: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        return f"{self.base_url}/chat/completions"


class Wire:
    """``create(**payload)`` as ChatOpenAI's ``async_client``, over one HTTP session."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        host = urlsplit(endpoint.base_url).hostname or ""
        self._own_name = host.endswith(_OWN_NAME)
        self._secret = endpoint.key.encode() if endpoint.key else None
        self._session: aiohttp.ClientSession | None = None

    async def create(self, *, extra_body: dict[str, Any] | None = None, **payload: Any) -> Any:
        """Ask; a dict, or with ``stream=True`` a ``Chunks`` to iterate."""
        if not self._own_name and "max_completion_tokens" in payload:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        if extra_body:
            payload.update(extra_body)
        for name in self.endpoint.omit:
            payload.pop(name, None)
        call = CURRENT.get(None) or Call()
        if payload.get("stream"):
            return Chunks(self, await self._post(payload), call)
        payload.pop("stream", None)
        if call.on_token is None:
            response = await self._post(payload)
            return self._completion(await self._body(response), call)
        payload.update(stream=True, stream_options={"include_usage": True})
        async with Chunks(self, await self._post(payload), call) as chunks:
            async for _ in chunks:
                pass
        return call.raw

    async def get(self, path: str) -> dict[str, Any]:
        """The JSON object at ``path`` below the base URL."""
        try:
            response = await self._ready().get(f"{self.endpoint.base_url}/{path}", allow_redirects=False)
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from None
        body = await self._body(response)
        if response.status != 200:
            raise self._refused(response, body)
        return self._parsed(body)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _ready(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            headers = {"Content-Type": "application/json", "User-Agent": "pyscrai"}
            if self.endpoint.key:
                headers["Authorization"] = f"Bearer {self.endpoint.key}"
            self._session = aiohttp.ClientSession(
                # The alias limits calls in flight; a second limit here would only hide waiting time.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=300),
                # The whole call has its own clock in chat.py; only connecting is shorter than that.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=20),
                headers=headers, cookie_jar=aiohttp.DummyCookieJar(),
                # Looked up once: aiohttp's trust_env looks into environment and netrc in two threads for every call.
                proxy=_proxy(self.endpoint.base_url),
            )
        return self._session

    async def _post(self, payload: dict[str, Any]) -> aiohttp.ClientResponse:
        session, body = self._ready(), orjson.dumps(payload)
        try:
            try:
                response = await session.post(self.endpoint.url, data=body, allow_redirects=False)
            except aiohttp.ClientOSError as error:
                if not _unsent(error):
                    raise
                response = await session.post(self.endpoint.url, data=body, allow_redirects=False)
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from None
        if response.status != 200:
            raise self._refused(response, await self._body(response))
        return response

    def _refused(self, response: aiohttp.ClientResponse, body: bytes) -> ModelError:
        return errors.from_status(response.status, response.headers, body, alias=self.endpoint.alias,
                                    key_env=self.endpoint.key_env)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            body = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from None
        finally:
            response.release()
        return self.redacted(body)

    def redacted(self, body: bytes) -> bytes:
        """The body without the key, in case that an endpoint echoes it."""
        if self._secret is not None and self._secret in body:
            return body.replace(self._secret, b"[key]")
        return body

    def _parsed(self, body: bytes) -> dict[str, Any]:
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise errors.malformed("the answer is no JSON object", alias=self.endpoint.alias, body=body or b"(empty)")
        return data

    def _completion(self, body: bytes, call: Call) -> dict[str, Any]:
        data = self._parsed(body)
        if error := data.get("error"):
            raise self.reported(error)
        choices = data.get("choices")
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)
                and isinstance(choices[0].get("message"), dict)):
            raise errors.malformed("the answer has no choices", alias=self.endpoint.alias, body=body)
        message = choices[0]["message"]
        if not isinstance(message.get("content"), str | None):
            raise errors.malformed("the answer's content is no text", alias=self.endpoint.alias, body=body)
        message.setdefault("role", "assistant")
        for name in _ECHOES:
            data.pop(name, None)
        call.raw = data
        return data

    def reported(self, error: Any) -> ModelError:
        """The error that the endpoint put into an answer with status 200."""
        return errors.from_error_object(error, alias=self.endpoint.alias, key_env=self.endpoint.key_env)

    def _unreachable(self, error: Exception) -> ModelUnavailable:
        parts = urlsplit(self.endpoint.base_url)
        place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        alias = self.endpoint.alias
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return ModelUnavailable(f"{alias}: cannot reach {place}", alias=alias,
                                    cure="is the endpoint running, and is the alias's base_url right?")
        return ModelUnavailable(f"{alias}: {place} cut the connection ({type(error).__name__})", alias=alias)


def _unsent(error: aiohttp.ClientOSError) -> bool:
    """Whether an idle connection turned out to be closed before the request was written: asking again is no repeat."""
    return not isinstance(error, aiohttp.ClientConnectorError) and "Can not write request body" in str(error)


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for this URL."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


class Chunks:
    """A streamed completion: an asynchronous iterator of chunk dicts which adds them up for the record."""

    def __init__(self, wire: Wire, response: aiohttp.ClientResponse, call: Call) -> None:
        self._wire, self._response, self._call = wire, response, call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        # Closing rather than releasing after an error: who leaves early must not wait for the rest of the stream.
        # llama.cpp ends the connection after a stream though it said keep-alive; without TLS a new one is cheap.
        if kind or self._response.url.scheme == "http":
            self._response.close()
        else:
            self._response.release()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        wire, call, show = self._wire, self._call, VisibleStream(self._call.prefix)
        if "event-stream" not in self._response.content_type:  # the endpoint does not stream: one chunk
            data = wire._completion(await wire._body(self._response), call)
            yield self._as_chunk(data)
            return
        assembly = stream.Assembly()
        async for chunk in self._chunks():
            text = assembly.add(chunk)
            if call.on_token is not None and text and (shown := show.feed(text)):
                call.on_token(shown)
            yield chunk
        if assembly.finish_reason is None:
            raise ModelUnavailable(f"{wire.endpoint.alias}: the stream was cut before its end",
                                   alias=wire.endpoint.alias)
        if call.on_token is not None and (shown := show.end()):
            call.on_token(shown)
        call.raw = assembly.whole()

    async def _chunks(self) -> AsyncIterator[dict[str, Any]]:
        try:
            async for payload in stream.data_lines(self._response.content.iter_any()):
                if payload == b"[DONE]":
                    return
                chunk = stream.parsed(self._wire.redacted(payload))
                if chunk is None:
                    raise errors.malformed("the stream holds something that is no JSON",
                                             alias=self._wire.endpoint.alias, body=payload)
                if error := chunk.get("error"):
                    raise self._wire.reported(error)
                yield chunk
        except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
            raise self._wire._unreachable(error) from None

    def _as_chunk(self, data: dict[str, Any]) -> dict[str, Any]:
        choice = data["choices"][0]
        if self._call.on_token is not None and (text := choice["message"].get("content")):
            show = VisibleStream(self._call.prefix)
            if shown := show.feed(text) + show.end():
                self._call.on_token(shown)
        return {**data, "choices": [{"index": 0, "delta": choice["message"],
                                     "finish_reason": choice.get("finish_reason") or "stop"}]}
