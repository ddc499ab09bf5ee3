"""Labels that people gave transcripts, read from rows or CSV and stored beside the judges' scores."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.judgements import HUMAN, Judgements
from pyscrai.did_you_mean import instead
from pyscrai.errors import RunError
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.judged_roles import judged_roles

COLUMNS = ("run_id", "measure", "of", "value", "person", "rationale")


def rows_of_csv(text: str) -> list[dict[str, Any]]:
    """The rows of a CSV with the columns run_id, measure and value, and where wanted of, person, rationale.

    Raises:
        RunError: a column is missing.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in ("run_id", "measure", "value") if name not in (reader.fieldnames or ())]
    if missing:
        raise RunError(f"the labels have no column {missing[0]!r}", code="experiment.labels",
                       cure=f"columns: {', '.join(COLUMNS)}")
    return list(reader)


async def add_labels(services: Services, plan: ExperimentPlan, rows: Iterable[Mapping[str, Any]], *, person: str = ""
                     ) -> int:
    """Store labels; one that a person gave before is replaced.

    Args:
        person: who gave those that name nobody.

    Returns:
        How many were stored.

    Raises:
        RunError: a run, measure or value does not fit; nothing is stored then.
    """
    async with services.database.read() as session:
        known = {str(run_id) for run_id in await ExperimentCells(session, plan.id).run_ids(pasts=False)}
    roles = await judged_roles(services, plan)
    found = [_label(plan, row, known, roles, person, line) for line, row in enumerate(rows, 1)]
    if found:
        async with services.database.session() as session:
            await Judgements(session, plan.id).add(found, replace=True)
    return len(found)


def _label(plan: ExperimentPlan, row: Mapping[str, Any], known: set[str], roles_of: Mapping[str, Sequence[str]],
           person: str, line: int) -> dict[str, Any]:
    run_id, name, value = (str(row.get(key) or "").strip() for key in ("run_id", "measure", "value"))
    who = str(row.get("person") or person).strip()
    if run_id not in known:
        raise _wrong(line, f"no run {run_id!r} is in the experiment", instead(run_id, sorted(known)[:50]))
    measure = plan.judged.get(name)
    if measure is None:
        raise _wrong(line, f"no measure {name!r} is judged", instead(name, list(plan.judged)))
    if not who:
        raise _wrong(line, "it is not said who gave the label", "add a column `person`, or name the person")
    roles, of = tuple(roles_of[name]), str(row.get("of") or "").strip()
    if of not in roles:
        if roles == ("",):
            raise _wrong(line, f"`{name}` is of the whole play, not of {of!r}", "leave `of` empty")
        raise _wrong(line, f"`{name}` is of a role, and `of` says {of!r}", f"one of {', '.join(roles)}")
    times = str(row.get("pass") or 1).strip()
    if not times.isdecimal():
        raise _wrong(line, f"`pass` is {times!r}", "1 for a person's first label of a run, 2 for the second")
    label: dict[str, Any] = {"run_id": run_id, "measure": name, "of": of, "judge": f"{HUMAN}{who}",
                             "pass": int(times), "rationale": str(row.get("rationale") or "")}
    if measure.categories is not None:
        if value not in measure.categories:
            raise _wrong(line, f"{value!r} is no category of `{name}`", f"one of {', '.join(measure.categories)}")
        return {**label, "category": value}
    low, high = measure.scale or (0, 0)
    try:
        number = float(value)
    except ValueError:
        raise _wrong(line, f"{value!r} is no number", f"{low} to {high}") from None
    if not low <= number <= high:
        raise _wrong(line, f"{value} is outside of the scale of `{name}`", f"{low} to {high}")
    return {**label, "number": number}


def _wrong(line: int, message: str, cure: str | None) -> RunError:
    return RunError(f"label {line}: {message}", code="experiment.labels", cure=cure)
