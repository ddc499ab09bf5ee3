"""``pyscrai run --runs``: a grid of runs played beside each other, and one table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.terminal import output
from pyscrai.cli.terminal.table import table
from pyscrai.errors import RunError

if TYPE_CHECKING:
    from pyscrai.factories.run_options import RunOptions
    from pyscrai.factories.services import Services


async def play_grid_here(services: Services, scenario: str, options: RunOptions, *, runs: int, parallel: int,
                         as_json: bool) -> Exit:
    """Play every combination of ``--set NAME=A,B`` with so many seeds, and print a table of the runs.

    Ctrl-C lets those that play stand after their turn, and begins no others.
    """
    from pyscrai.cli.terminal.interruption import Interruption
    from pyscrai.services.experiments.run_player import own_manager
    from pyscrai.services.run_grid import grid_options, play_grid

    if options.people:
        raise RunError("a grid of runs has no people", code="usage", cure="leave --play out")
    values = {name: _values(str(text)) for name, text in options.parameters.items()}
    first = 1 if options.seed is None else options.seed
    chosen = grid_options(replace(options, parameters={}), values, range(first, first + runs))
    stopping: list[bool] = []
    async with own_manager(services, parallel) as manager:
        def stand() -> None:
            stopping.append(True)
            for run_id in begun:
                manager.wake(run_id, "pause", reason="the grid was interrupted")

        begun: list[str] = []
        with Interruption(stand, output.note) as interruption:
            interruption.guard(lambda: None)
            await play_grid(
                services, manager, scenario, chosen, parallel=parallel, stopped=lambda: bool(stopping), begun=begun,
                told=None if as_json else lambda done, planned: output.note(f"{done} of {planned} runs"))
    rows = await _rows(services, begun, tuple(values))
    if as_json:
        for row in rows:
            output.json_line(row)
    else:
        _show(rows)
    if stopping:
        return Exit.INTERRUPTED
    return Exit.COMPLETED if all(row["status"] == "completed" for row in rows) else Exit.INCOMPLETE


def _values(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",")]


async def _rows(services: Services, run_ids: Sequence[str], parameters: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each run: what was set, how it ended, what it took, and the last value of each measure."""
    from sqlalchemy import select

    from pyscrai.databases.tables import MeasurementRow, RunRow
    from pyscrai.services.run_tables import runs_of_query

    async with services.database.read() as session:
        found = await runs_of_query(session, select(RunRow).where(RunRow.id.in_(run_ids)))
        facts = {row["run_id"]: row async for batch in found.batches(session, "runs") for row in batch.to_pylist()}
        measured: dict[str, dict[str, Any]] = {}
        for row in await session.scalars(select(MeasurementRow).where(MeasurementRow.run_id.in_(run_ids)).order_by(
                MeasurementRow.run_id, MeasurementRow.seq)):
            name = f"{row.measure}.{row.of}" if row.of else row.measure
            measured.setdefault(row.run_id, {})[name] = row.category if row.number is None else row.number
    return [{"run_id": run_id, "seed": facts[run_id]["seed"],
             **{name: facts[run_id][f"param_{name}"] for name in parameters},
             **{name: facts[run_id][name] for name in ("status", "outcome", "turns", "tokens", "cost_usd", "error")},
             **measured.get(run_id, {})} for run_id in run_ids]


def _show(rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    names = [name for name in names if any(row.get(name) not in (None, "") for row in rows)]
    table(names, [["" if row.get(name) is None else row[name] for name in names] for row in rows],
          right=[name for name in names if all(isinstance(row.get(name), int | float | None) for row in rows)])
