"""An open lab, as its runs and experiments need it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.factories.services import Services

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenLab:
    """The services of a lab, and who plays its runs."""

    services: Services
    manager: EngineManager

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Do blocking work in a thread."""
        return await asyncio.to_thread(work, *arguments)
