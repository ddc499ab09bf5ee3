"""Who may do what: API keys with scopes, and who is named as the actor of what is asked."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import StringConstraints

from pyscrai.config.server import ServerSettings, is_loopback
from pyscrai.databases.api.forms import ACTOR
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.api_keys import ApiKeys
from pyscrai.errors import PyscraiError

Scope = Literal["read", "control", "admin"]

SCOPES: dict[Scope, frozenset[str]] = {
    "read": frozenset({"read", "control", "admin"}), "control": frozenset({"control", "admin"}),
    "admin": frozenset({"admin"})}
"""What is needed, and the scopes that cover it."""

REMEMBERED = 5.0
"""Seconds for which a key that was looked up counts without another look; a revoked one works no longer than this."""

MOST = 1_000
"""Keys of each kind, verified and unknown, that are remembered."""

bearer = HTTPBearer(auto_error=False, description="An API key made by `pyscrai keys create`.")
header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key in a header of its own.")

ActorName = Annotated[str, StringConstraints(max_length=64, pattern=ACTOR)]


class AccessError(PyscraiError):
    """The request may not do what it asks."""

    code = "auth.missing"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request."""

    name: str
    scopes: frozenset[str]
    key: str | None = field(default=None, repr=False)


class Access:
    """Knows the keys of a database for a moment at a time."""

    def __init__(self, database: Database, settings: ServerSettings, clock: Callable[[], float] = time.monotonic
                 ) -> None:
        self._database, self._clock = database, clock
        self.needed = settings.require_keys or not settings.is_loopback
        self._verified: OrderedDict[str, tuple[float, Caller]] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()

    async def caller(self, key: str | None, actor: str | None, address: str = "127.0.0.1") -> Caller:
        """The holder of this key, or the person at this machine where none is needed.

        Another server may have opened this application to the network: who comes from there needs a key in any case.

        Raises:
            AccessError: no key, or one that is not known.
        """
        if key is None:
            if self.needed or not is_loopback(address):
                raise AccessError("an API key is needed", cure="send it as `Authorization: Bearer KEY`")
            return Caller(actor or "local", frozenset({"read", "control", "admin"}))
        found = await self._find(key)
        if found is None:
            raise AccessError("this API key is not known or was revoked", code="auth.unknown",
                              cure="make one with `pyscrai keys create`")
        return found

    def verified(self, key: str) -> str | None:
        """The holder of this key when it was looked up last; None where it was not, or was nobody's."""
        known = self._verified.get(key)
        return known[1].name if known is not None else None

    async def revoked(self, keys: Collection[str]) -> Collection[str]:
        """Those of some keys that are no longer good; asked of the database at once."""
        async with self._database.read() as session:
            gone = set(keys) - await ApiKeys(session).good(keys)
        for key in gone:
            self._verified.pop(key, None)
        return gone

    async def _find(self, key: str) -> Caller | None:
        moment = self._clock()
        until, caller = self._verified.get(key, (0.0, None))
        if until > moment:
            return caller
        if self._unknown.get(key, 0.0) > moment:
            return None
        async with self._database.read() as session:
            keys = ApiKeys(session)
            row = await keys.find(key)
            noted = row is None or keys.is_noted(row)
        if row is None:
            self._verified.pop(key, None)
            _keep(self._unknown, key, moment + REMEMBERED)
            return None
        if not noted:
            async with self._database.session() as session:
                await ApiKeys(session).note_use(row.id)
        caller = Caller(row.name, frozenset(row.scopes), key)
        _keep(self._verified, key, (moment + REMEMBERED, caller))
        return caller


def _keep(known: OrderedDict[str, Any], key: str, value: Any) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MOST:
        known.popitem(last=False)


def given_key(headers: Mapping[str, str]) -> str | None:
    """The key that a request comes with, whether it is good or not."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return (token.strip() if scheme.lower() == "bearer" and token.strip() else None) or headers.get("x-api-key")


def needs(scope: Scope) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency that gives the caller, who has this scope."""
    async def check(
        request: Request, token: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
        key: Annotated[str | None, Security(header)] = None,
        actor: Annotated[ActorName | None, Header(alias="X-Actor", description=(
            "Who is named in the record where no key is needed."))] = None,
    ) -> Caller:
        access: Access = request.app.state.context.access
        address = request.client.host if request.client else "127.0.0.1"
        caller = await access.caller(token.credentials if token else key, actor, address)
        if not SCOPES[scope] & caller.scopes:
            raise AccessError(f"this needs the scope {scope}", code="auth.scope",
                              cure=f"use a key with {scope}; this one has {', '.join(sorted(caller.scopes)) or 'none'}")
        return caller

    return check


Reader = Annotated[Caller, Depends(needs("read"))]
Controller = Annotated[Caller, Depends(needs("control"))]
Admin = Annotated[Caller, Depends(needs("admin"))]
