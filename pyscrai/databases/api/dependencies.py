"""What the endpoints work with: opened once for a process, handed to each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pyscrai.databases.api.access import Access
from pyscrai.databases.api.event_hub import Hub
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.factories.services import Services


@dataclass(frozen=True, slots=True)
class Context:
    """The services, and who plays and who watches in this process."""

    services: Services
    manager: EngineManager
    hub: Hub
    access: Access


def context_of(request: Request) -> Context:
    """The context of the application that a request came to."""
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(context_of)]
