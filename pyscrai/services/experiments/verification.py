"""Verification: a sample of runs is replayed from the record, and every number is computed again."""

from __future__ import annotations

import random
from typing import Any

from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.errors import PyscraiError, WrongState
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import load_plan, plan_of
from pyscrai.services.experiments.results import Results, compute_results
from pyscrai.services.replays import replay_run
from pyscrai.services.run_seals import verify_run
from pyscrai.templates.models.base import content_hash

COMPARED = ("contrasts", "arms", "agreement", "by_judge", "flow", "measures")
"""Parts of the results that are computed again, as far as the version that stored them had them."""

MOST_RUNS = 50
"""Runs that are looked at where their values are not what they were."""


async def verify_experiment(services: Services, reference: str, *, sample: int = 10, seed: int = 0) -> dict[str, Any]:
    """Check an experiment's record and results.

    Args:
        sample: how many of its runs are replayed; 0 for all.

    Returns:
        ``identical``, ``differences`` in words, ``replayed`` runs and how many ``numbers`` were compared.

    Raises:
        NotFound: no experiment fits.
        WrongState: it has no results yet.
    """
    async with services.database.read() as session:
        plan = await load_plan(session, reference)
        if not plan.row.results or plan.row.results.get("interim"):
            raise WrongState(f"{plan.id} has no results yet", cure="run it to its end first",
                             code="experiment.no_results")
        stored = plan.row.results
        run_ids = sorted(await ExperimentCells(session, plan.id).run_ids())
    chosen = run_ids if not sample or sample >= len(run_ids) else sorted(random.Random(seed).sample(run_ids, sample))
    differences = []
    if plan.row.freeze_hash is None or content_hash(plan.row.frozen or {}) != plan.row.freeze_hash:
        differences.append("the freeze hash is not that of what was frozen")
    if plan.spec.hash != plan.row.content_hash:
        differences.append("the content hash is not that of the experiment")
    unplayed = []
    for run_id in chosen:
        try:
            found = await replay_run(services, run_id)
        except PyscraiError as error:
            if isinstance(error, WrongState):
                unplayed.append(run_id)
            else:
                differences.append(f"{run_id} cannot be replayed: {error.message}")
            continue
        if found.difference is not None:
            differences.append(f"{run_id} replays otherwise in turn {found.difference.turn}"
                               + (f", event {found.difference.key}" if found.difference.key else ""))
    async with services.database.read() as session:
        plan = await plan_of(session, await Experiments(session).get(plan.id))
    again = await compute_results(services, plan, keep=False)
    numbers = 0
    for part in filter(stored.__contains__, COMPARED):
        compared, wrong = _compare(part, stored.get(part), again.get(part))
        numbers += compared
        differences += wrong
    differences = [*await _changed_runs(services, stored, again), *differences]
    return {"experiment_id": plan.id, "identical": not differences, "differences": differences[:100],
            "replayed": len(chosen) - len(unplayed), "not_ended": unplayed, "runs": len(run_ids), "numbers": numbers}


async def _changed_runs(services: Services, stored: Results, again: Results) -> list[str]:
    """Changes, in words, since they were sealed, of the runs whose values are not what they were."""
    found = []
    for one, other in zip(stored.get("contrasts") or (), again.get("contrasts") or (), strict=False):
        then = {pair["past"]: pair for pair in one.get("pairs") or ()}
        for pair in other.get("pairs") or ():
            if (before := then.get(pair["past"])) is None or _compare("", before, pair)[1]:
                found += [*pair["arm_runs"], *pair["reference_runs"]]
    said = []
    for run_id in list(dict.fromkeys(found))[:MOST_RUNS]:
        said += [f"{run_id}: {problem}" for problem in (await verify_run(services, run_id)).problems]
    return said


def _named(item: Any, index: int) -> str:
    """A part of a list by what it says of itself: a contrast, an arm, a past, a judge."""
    if isinstance(item, dict):
        if "reference" in item and "judge" in item:
            return f"{item['measure']}, {item['arm']} less {item['reference']} by {item['judge']}"
        if "reference" in item:
            return f"{item['measure']}, {item['arm']} less {item['reference']}"
        for names in (("past",), ("measure", "arm"), ("judge",), ("measure",), ("arm",), ("name",)):
            if all(name in item for name in names):
                return ", ".join(f"{'past ' if name == 'past' else ''}{item[name]}" for name in names)
    return str(index)


def _compare(path: str, one: Any, other: Any) -> tuple[int, list[str]]:
    """Compare numbers: how many there were, and those that differ by more than rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        parts = [_compare(f"{path}.{key}", one.get(key), other.get(key)) for key in sorted({*one, *other})]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = [_compare(f"{path}[{_named(both[0], index)}]", *both)
                 for index, both in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool):
        return 1, [] if abs(one - other) <= 1e-9 * max(1.0, abs(one)) else [f"{path}: {one} -> {other}"]
    elif isinstance(one, tuple) or isinstance(other, tuple):
        return _compare(path, list(one or ()), list(other or ()))
    else:
        return 0, [] if one == other else [f"{path}: {one!r} -> {other!r}"[:300]]
    return sum(count for count, _ in parts), [line for _, lines in parts for line in lines]
