"""The client that ``ChatOpenAI`` calls instead of the OpenAI SDK's; docs/adr/0009 says why there is one.

It posts the body over aiohttp's connections, hands plain dicts of a known shape back, and raises our own errors.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import structlog

from pyscrai.errors import ModelError, ModelRefused, ModelUnavailable
from pyscrai.llm.openai import completion, errors
from pyscrai.llm.openai.completion import MOST_BYTES, Completion, Malformed
from pyscrai.llm.openai.connections import EndpointConnections, HttpAnswer
from pyscrai.llm.openai.cures import BOUNDS, other_bound, refused_field
from pyscrai.llm.openai.stream import CallInFlight, Chunks, usage_of
from pyscrai.plain_text import storable_json
from pyscrai.redaction import Redaction, public_url

_OWN_NAME = ("openai.com", "azure.com")
"""Hosts that want ``max_completion_tokens``; others know the older ``max_tokens``, or refuse it once."""

_DISPENSABLE = frozenset({"seed", "stream_options"})
"""Fields that change nothing of what a reply means: an endpoint that refuses one is asked without it."""
_MENDS = 3
"""Times that a refused request is changed and sent again."""
_LARGEST_REFUSAL = 64_000
"""Bytes that are read of an answer other than 200."""


CURRENT: ContextVar[CallInFlight] = ContextVar("pyscrai_model_call")
"""The call that this task makes. ChatOpenAI stands between caller and client and would send or trace an argument."""


_log = structlog.get_logger("pyscrai.llm.client")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An alias's endpoint. ``key`` is shown nowhere."""

    alias: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    key_env: str | None = None
    omit: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Endpoint({self.alias!r}, {public_url(self.base_url)!r})"

    def url(self, path: str) -> str:
        """The URL of ``path`` below the base URL, whose query stays at the end."""
        base, question, query = self.base_url.partition("?")
        return f"{base.rstrip('/')}/{path}{question}{query}"


class Client:
    """``create(**payload)`` as ChatOpenAI's ``async_client``, over connections of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.asked = errors.Asked(endpoint.alias, endpoint.key_env, Redaction(endpoint.key))
        host = urlsplit(endpoint.base_url).hostname or ""
        self.bound = BOUNDS[1] if host.endswith(_OWN_NAME) else BOUNDS[0]
        """The name under which this endpoint takes the bound on a reply's tokens."""
        self.starts_in_thought = False
        """Whether the model has once ended reasoning whose beginning it had not marked."""
        self._dropped: frozenset[str] = frozenset()
        self._refused_bounds: set[str] = set()
        self._connections: EndpointConnections | None = None
        self._url = endpoint.url("chat/completions")

    async def create(self, *, extra_body: dict[str, Any] | None = None, **payload: Any) -> Any:
        """Ask; a dict, or with ``stream=True`` a ``Chunks`` to iterate."""
        call = CURRENT.get(None) or CallInFlight()
        if not payload.get("stream"):
            return _response(await self.complete(call, payload, extra_body))
        return Chunks(self, await self._ask(self._taken(payload, extra_body, stream=True)), call)

    async def complete(self, call: CallInFlight, payload: dict[str, Any], extra_body: dict[str, Any] | None
                       ) -> Completion:
        """Ask, and read the whole answer."""
        answer = await self._ask(self._taken(payload, extra_body, stream=call.streams))
        return await Chunks(self, answer, call).exhaust()

    def _taken(self, payload: dict[str, Any], extra_body: dict[str, Any] | None, *, stream: bool) -> dict[str, Any]:
        """The payload as this endpoint takes it."""
        payload.pop("stream", None)
        payload.pop("stream_options", None)
        for name in BOUNDS:
            if (bound := payload.pop(name, None)) is not None:
                payload[self.bound] = bound
        if stream:
            payload.update(stream=True, stream_options={"include_usage": True})
        if omit := self.endpoint.omit | self._dropped:
            for name in (*omit, *(() if omit.isdisjoint(BOUNDS) else BOUNDS)):
                payload.pop(name, None)
        if extra_body:
            payload.update(extra_body)
        return payload

    async def get(self, path: str) -> dict[str, Any]:
        """The JSON object at ``path`` below the base URL."""
        try:
            answer = await self._open().ask("GET", self.endpoint.url(path))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self.unreachable(error) from None
        if answer.status != 200:
            raise await self._refused(answer, ())
        body = await self.body(answer)
        try:
            return completion.parsed(body)
        except Malformed as error:
            raise errors.malformed(str(error), self.asked, body) from None

    async def aclose(self) -> None:
        """Close all connections."""
        if self._connections is not None:
            await self._connections.aclose()
            self._connections = None

    async def body(self, answer: HttpAnswer) -> bytes:
        """The whole body, unpacked, up to ``MOST_BYTES``."""
        content, pieces, size = answer.content, list[bytes](), 0
        try:
            while piece := await content.readany():
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise errors.malformed(f"the answer is larger than {MOST_BYTES:,} bytes", self.asked)
                if content.at_eof():
                    break
        except (aiohttp.ClientError, OSError) as error:
            raise self.unreachable(error) from None
        finally:
            answer.release()
        return b"".join(pieces)

    def unreachable(self, error: Exception) -> ModelUnavailable:
        """The error for a connection that could not be made or did not hold."""
        parts = urlsplit(self.endpoint.base_url)
        place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        alias = self.endpoint.alias
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return ModelUnavailable(f"{alias}: cannot reach {place}", alias=alias,
                                    cure="is the endpoint running, and is the alias's base_url right?")
        return ModelUnavailable(f"{alias}: {place} cut the connection ({type(error).__name__})", alias=alias)

    def _open(self) -> EndpointConnections:
        if self._connections is None or self._connections.closed:
            headers = {"Content-Type": "application/json", "User-Agent": "pyscrai"}
            if self.endpoint.key:
                headers["Authorization"] = f"Bearer {self.endpoint.key}"
            self._connections = EndpointConnections(self.endpoint.base_url, headers)
        return self._connections

    async def _ask(self, payload: dict[str, Any]) -> HttpAnswer:
        """Post; repeats without a refused field, or with its other name, and remembers that for later calls."""
        for left in range(_MENDS, -1, -1):
            try:
                answer = await self._open().ask("POST", self._url, _encoded(payload))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise self.unreachable(error) from None
            if answer.status == 200:
                return answer
            refusal = await self._refused(answer, payload)
            if not (left and isinstance(refusal, ModelRefused) and refusal.details.get("status") in (400, 422)
                    and self._mend(payload, refusal)):
                raise refusal
        raise AssertionError("unreachable")

    def _mend(self, payload: dict[str, Any], refusal: ModelRefused) -> bool:
        """Change the refused field; returns whether one could be changed."""
        other = other_bound(refusal.message, payload)
        if other is not None and other not in self._refused_bounds and other not in payload:
            self._refused_bounds.add(self.bound)
            payload[other] = payload.pop(self.bound)
            self.bound = other
            return True
        named = refused_field(refusal.message, "", payload)
        if named not in _DISPENSABLE:
            return False
        _log.warning("model.field_dropped", alias=self.endpoint.alias, field=named)
        self._dropped |= {named}
        del payload[named]
        return True

    async def _refused(self, answer: HttpAnswer, sent: Collection[str]) -> ModelError:
        held = bytearray()
        try:
            async for piece in answer.content.iter_any():
                held += piece[:_LARGEST_REFUSAL]
                if len(held) >= _LARGEST_REFUSAL:
                    break
        except (aiohttp.ClientError, OSError):
            pass  # the status is there, and says enough
        finally:
            answer.release()
        return errors.from_status(answer.status, answer.headers, bytes(held), self.asked, sent=sent)


def _response(done: Completion) -> dict[str, Any]:
    """A completion in the shape that ChatOpenAI reads."""
    return {"id": "", "object": "chat.completion", "model": done.model or "", "usage": usage_of(done), "choices": [{
        "index": 0, "finish_reason": done.finish_reason, "message": {"role": "assistant", "content": done.text}}]}


def _encoded(payload: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(payload)
    except TypeError:  # half a character, or an integer beyond 64 bits
        return json.dumps(storable_json(payload)).encode()
