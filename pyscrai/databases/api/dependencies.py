"""What the endpoints work with: opened once for a process, and one session for each request.

What takes more than one transaction, or is done by the command line too, is a service, which opens its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.api.access import Access
from pyscrai.databases.api.event_hub import Hub
from pyscrai.databases.api.export_files import ExportFiles
from pyscrai.databases.api.foreign_texts import ForeignTexts
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_manager import ExperimentManager
from pyscrai.services.fleet.kept_figures import KeptFigures


@dataclass(frozen=True, slots=True)
class Context:
    """The services, and who plays and who watches in this process."""

    services: Services
    manager: EngineManager
    hub: Hub
    access: Access
    experiments: ExperimentManager
    figures: KeptFigures
    texts: ForeignTexts
    exports: ExportFiles


def context_of(request: Request) -> Context:
    """The context of the application that a request came to."""
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(context_of)]


async def read_session(context: Ctx) -> AsyncIterator[AsyncSession]:
    """One transaction that only reads. It has ended before the answer is sent, however slowly that is taken."""
    async with context.services.database.read() as session:
        yield session


Session = Annotated[AsyncSession, Depends(read_session, scope="function")]


async def write_session(context: Ctx) -> AsyncIterator[AsyncSession]:
    """One transaction, for what is written by it alone. It is committed before the answer is sent."""
    async with context.services.database.session() as session:
        yield session


Writing = Annotated[AsyncSession, Depends(write_session, scope="function")]
