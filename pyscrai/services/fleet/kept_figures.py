"""Figures of the fleet that are read once for all who ask."""

from __future__ import annotations

import asyncio
import time

from pyscrai.databases.database import Database
from pyscrai.services.fleet.figures import fleet_figures
from pyscrai.telemetry.figures import FleetFigures

KEPT = 2.0
"""Seconds for which figures are given again: however many ask, the database is asked this often."""


class KeptFigures:
    """The fleet's figures, read again when they are old."""

    def __init__(self, database: Database) -> None:
        self._database, self._until = database, 0.0
        self._found = FleetFigures()
        self._line = asyncio.Lock()

    async def get(self) -> FleetFigures:
        """Figures that are a moment old at most."""
        async with self._line:
            if time.monotonic() >= self._until:
                self._found = await fleet_figures(self._database)
                self._until = time.monotonic() + KEPT
            return self._found
