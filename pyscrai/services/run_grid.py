"""A grid of runs without an experiment: every combination of parameter values with every seed, several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services

ACTOR = "grid"
Told = Callable[[int, int], None]
"""Told how many runs have ended, and of how many."""


def grid_options(base: RunOptions, parameters: Mapping[str, Sequence[Any]], seeds: int | Sequence[int]
                 ) -> list[RunOptions]:
    """The options of every run: each combination of values with each seed."""
    numbers = range(1, seeds + 1) if isinstance(seeds, int) else seeds
    return list(_options(base, parameters, numbers))


def _options(base: RunOptions, parameters: Mapping[str, Sequence[Any]], seeds: Sequence[int]) -> Iterator[RunOptions]:
    for values in product(*parameters.values()):
        chosen = dict(zip(parameters, values, strict=True))
        for seed in seeds:
            yield replace(base, parameters={**base.parameters, **chosen}, seed=seed)


async def play_grid(services: Services, manager: EngineManager, template: str, options: Sequence[RunOptions], *,
                    parallel: int = 10, told: Told | None = None, stopped: Callable[[], bool] = lambda: False,
                    begun: list[str] | None = None) -> list[str]:
    """Play runs, so many at once, each to where it stands.

    Args:
        stopped: whether no further run is to be begun.
        begun: filled with the ids of those that are begun, as they are.

    Returns:
        The ids of those that were begun, in the order of the options.
    """
    room = asyncio.Semaphore(parallel)
    ended = 0

    async def one(run_id: str) -> None:
        nonlocal ended
        try:
            manager.wake(run_id, "run", share=ACTOR)
            await manager.until_settled(run_id)
        finally:
            room.release()
        ended += 1
        if told is not None:
            told(ended, len(options))

    tasks: list[asyncio.Task[None]] = []
    begun = [] if begun is None else begun
    try:
        for each in options:
            await room.acquire()
            if stopped():
                room.release()
                break
            begun.append(await create_scenario_run_from_template(services, template, each, desired="run", actor=ACTOR))
            tasks.append(asyncio.create_task(one(begun[-1])))
        await asyncio.gather(*tasks)
    except BaseException:
        for run_id in begun:
            manager.wake(run_id, "pause", reason="the grid was interrupted")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return begun
