"""The server itself: whether it is well, and which models runs may name."""

from __future__ import annotations

from fastapi import APIRouter

from pyscrai import __version__
from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Ctx
from pyscrai.databases.api.schemas.base import Answer, Listing, problems
from pyscrai.databases.api.schemas.templates import ModelItem

router = APIRouter(tags=["system"])


class Health(Answer):
    """How the server is."""

    status: str
    version: str
    playing: int
    """Runs that this process plays."""
    queued: int
    """Runs that wait for a place."""
    watching: int
    """Streams that are open."""


@router.get("/health", operation_id="read_health", responses=problems())
async def read_health(context: Ctx) -> Health:
    """Whether the server and its database answer; needs no key."""
    await context.services.database.revision()
    return Health(status="ok", version=__version__, playing=context.manager.playing, queued=context.manager.queued,
                  watching=context.hub.watching)


@router.get("/health/live", operation_id="read_liveness", status_code=204, responses=problems())
async def read_liveness() -> None:
    """Whether the process answers at all; needs no key, and no database."""


@router.get("/health/ready", operation_id="read_readiness", status_code=204, responses=problems(503))
async def read_readiness(context: Ctx) -> None:
    """Whether requests can be served now: the database answers. Needs no key."""
    await context.services.database.revision()


@router.get("/models", operation_id="list_models", responses=problems())
async def list_models(context: Ctx, caller: Reader) -> Listing[ModelItem]:
    """Model aliases that runs may name."""
    settings = context.services.settings
    return Listing[ModelItem](items=[ModelItem(alias=name, kind=alias.kind, model=alias.model, layout=alias.layout,
                                               default=name == settings.model)
                                     for name, alias in sorted(settings.models.items())])
