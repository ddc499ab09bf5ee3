"""The application: routes, what they work with, and how it opens and closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from pyscrai import __version__
from pyscrai.config.settings import Settings
from pyscrai.databases.api import annotations as notes
from pyscrai.databases.api import (
    controls,
    documentation,
    drafts,
    experiment_results,
    experiments,
    exports,
    fleet,
    forks,
    interviews,
    measures,
    metrics,
    openapi,
    records,
    runs,
    search,
    seats,
    states,
    system,
    templates,
    viewer,
)
from pyscrai.databases.api import events as streams
from pyscrai.databases.api.access import Access
from pyscrai.databases.api.dependencies import Context
from pyscrai.databases.api.event_hub import Hub
from pyscrai.databases.api.event_log import log_events
from pyscrai.databases.api.export_files import ExportFiles
from pyscrai.databases.api.foreign_texts import ForeignTexts
from pyscrai.databases.api.guard.guard import Guard
from pyscrai.databases.api.idempotency import purge
from pyscrai.databases.api.problems import add_handlers
from pyscrai.databases.api.shortage import tell_of_shortage
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.heartbeat import Heartbeat
from pyscrai.factories.services import Services, open_services
from pyscrai.services.experiments.experiment_manager import ExperimentManager
from pyscrai.services.fleet.kept_figures import KeptFigures
from pyscrai.services.fleet.member import FleetMember
from pyscrai.services.fleet.shared_limits import SharedLimits
from pyscrai.services.run_registry import StoredRunRegistry

TOLD_EVERY = 10.0
"""Seconds between two times that OpenTelemetry is told how the fleet stands, where that is switched on."""

PURGED_EVERY = 600.0
"""Seconds between two purges of idempotency keys."""

ABOUT = ("Start, watch, pause, step, steer, fork and trust runs of multi-agent scenarios. Every error is a problem "
         "document (RFC 9457) with a stable `code` and a `cure`.")

def create_app(settings: Settings, *, services: Services | None = None) -> FastAPI:
    """The API over the database and the models that the settings name.

    Args:
        services: those to use instead of opening some; they are not closed.
    """
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services is not None:
            async with opened(app, services):
                yield
        else:
            async with open_services(settings) as own, opened(app, own):
                yield

    app = FastAPI(title="PyScrAI", version=__version__, description=ABOUT, lifespan=lifespan, docs_url=None,
                  redoc_url=None, openapi_url=f"{openapi.PREFIX}/openapi.json")
    for router in (runs.router, controls.many, controls.router, forks.router, streams.router, records.router,
                   exports.router, states.router, interviews.router, notes.router, measures.router, templates.router,
                   drafts.router, search.router, seats.links, seats.router, experiments.router,
                   experiment_results.router, fleet.router, system.router, openapi.router):
        app.include_router(router, prefix=openapi.PREFIX)
    app.include_router(openapi.front)
    app.include_router(metrics.router)
    app.include_router(viewer.router)
    app.include_router(documentation.router)
    add_handlers(app)
    app.add_middleware(Guard, settings=settings.server)
    if settings.server.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=list(settings.server.cors_origins), allow_methods=["*"],
                           allow_headers=["authorization", "content-type", "idempotency-key", "last-event-id",
                                          "x-api-key", "x-actor"])
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def opened(app: FastAPI, services: Services) -> AsyncIterator[Context]:
    """Let the application play and watch runs with these services."""
    server = services.settings.server
    unsubscribe = services.writer.subscribe(log_events)
    registry = StoredRunRegistry(services)
    manager = EngineManager(registry, capacity=server.capacity, grace=server.grace)
    stop_listening = registry.on_external_request(manager.wake)
    access = Access(services.database, server)
    hub = Hub(services.database, services.writer, manager.listen_to_tokens, revoked=access.revoked,
              most=server.max_streams)
    purging = Heartbeat(PURGED_EVERY, lambda: purge(services.database), at_once=True)
    limits, figures = SharedLimits(services), KeptFigures(services.database)

    async def tell_of_fleet() -> None:
        if services.telemetry is not None:
            services.telemetry.figures = await figures.get()

    telling = Heartbeat(TOLD_EVERY, tell_of_fleet, at_once=True)
    texts = ForeignTexts()
    watching = asyncio.create_task(tell_of_shortage(), name="pyscrai-open-files")
    try:
        async with (limits, FleetMember(services, manager, "serve", limits=limits), manager, hub,
                    ExperimentManager(services, manager) as running):
            context = Context(services, manager, hub, access, running, figures, texts, ExportFiles())
            app.state.context = context
            purging.start()
            if services.telemetry is not None:
                telling.start()
            yield context
    finally:
        texts.close()
        await purging.stop()
        await telling.stop()
        watching.cancel()
        stop_listening()
        unsubscribe()
