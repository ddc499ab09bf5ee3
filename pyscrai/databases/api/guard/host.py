"""By which names the server is called, and which web pages may use it."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import Headers

from pyscrai.config.server import ServerSettings, is_loopback
from pyscrai.databases.api.problems import problem


def refuse_host(settings: ServerSettings, headers: Headers, path: str) -> Response | None:
    """The refusal of a request that calls the server by another's name; None where the name is ours.

    On loopback a page can reach the server under a name of its own that leads here: only ours are answered to.
    """
    given = headers.get("host", "")
    host = hostname(given)
    if host is None:
        return problem("request.malformed", f"the header Host is no host: {given[:100]!r}", instance=path,
                       cure="call the server by its name or address")
    any_host = not settings.is_loopback and not settings.allowed_hosts
    if any_host or not host or is_loopback(host) or host == settings.host or host in settings.allowed_hosts:
        return None
    return problem("request.host", f"this server does not answer to the name {host!r}", instance=path,
                   cure="call it by its address, or add the name to server.allowed_hosts")


def refuse_origin(settings: ServerSettings, headers: Headers, method: str, path: str) -> Response | None:
    """The refusal of a write by a page of another origin; None where it may."""
    origin = headers.get("origin")
    if origin is None or method in ("GET", "HEAD", "OPTIONS") or origin in settings.cors_origins or (
            _netloc(origin) == headers.get("host")):
        return None
    return problem("request.origin", f"pages of {origin} may not use this server", instance=path,
                   cure="add the origin to server.cors_origins")


def hostname(host: str) -> str | None:
    """The name in a ``Host`` header, without its port; None where it is no host."""
    if "@" in host:
        return host
    try:
        return urlsplit(f"//{host}").hostname or (None if host else "")
    except ValueError:
        return None


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
