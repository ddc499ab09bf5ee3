"""Labels that people gave transcripts, read from rows or CSV and stored beside the judges' scores."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.judgements import HUMAN, Judgements
from pyscrai.did_you_mean import instead
from pyscrai.errors import Problem, RunError, TemplateError
from pyscrai.exports.csv_cells import guarded, unguarded
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.judged_roles import judged_roles
from pyscrai.services.experiments.judged_transcript import read_transcript
from pyscrai.services.experiments.run_values import ended_cells

COLUMNS = ("run_id", "measure", "of", "value", "person", "pass", "rationale")
"""The columns that are read; a sheet has more, for whoever fills it in."""

SHEET = ("run_id", "measure", "of", "value", "rationale", "values", "rubric", "who", "transcript")
"""The columns of a sheet for people."""

LABELS = "experiment.labels"
MOST_WRONG = 100
"""Wrong labels that are told at once."""


def text_of(data: bytes) -> str:
    """The text of a CSV file as spreadsheets write it: UTF-8, or UTF-16 where it says so.

    Raises:
        RunError: it is neither.
    """
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise RunError(f"the labels are no UTF-8 text: {error}", code=LABELS,
                       cure="save them as CSV in UTF-8") from None


def rows_of_csv(text: str) -> list[dict[str, Any]]:
    """The rows of a CSV with the columns run_id, measure and value, and where wanted of, person, pass, rationale.

    Commas, semicolons or tabs part them, as the first line does. Rows without a value were left open and are left out;
    ``line`` tells where in the file a row ends. Texts are read as they were written before they were guarded.

    Raises:
        RunError: a column is missing.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    head = plain.partition("\n")[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(plain)))   # a whole transcript stands in a cell
    reader = csv.DictReader(io.StringIO(plain), delimiter=max(",;\t", key=head.count))
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in ("run_id", "measure", "value") if name not in reader.fieldnames]
    if missing:
        raise RunError(f"the labels have no column {missing[0]!r}", code=LABELS,
                       cure=f"columns: {', '.join(COLUMNS)}; the first line names them")
    return [{**{name: unguarded(row[name] or "") for name in COLUMNS if name in row}, "line": reader.line_num}
            for row in reader if str(row.get("value") or "").strip()]


async def sheet_rows(services: Services, plan: ExperimentPlan) -> AsyncIterator[dict[str, str]]:
    """The rows of a sheet for people: each finished transcript and what is judged of it, blind, in a drawn order.

    Raises:
        WrongState: nothing is judged.
    """
    plan.require_judged()
    roles = await judged_roles(services, plan)
    async with services.database.read() as session:
        run_ids = [played.run.id async for portion in ended_cells(session, plan.id)
                   for played in portion if played.run is not None]
    random.Random(f"{plan.row.freeze_hash}/people").shuffle(run_ids)
    for run_id in run_ids:
        transcript = await read_transcript(services, run_id)
        for name, measure in plan.judged.items():
            for of in roles[name]:
                values = f"{measure.scale[0]} to {measure.scale[1]}" if measure.scale else " | ".join(
                    measure.categories or ())
                yield {"run_id": run_id, "measure": name, "of": of, "value": "", "rationale": "", "values": values,
                       "rubric": measure.rubric or "", "who": transcript.names.get(of, ""),
                       "transcript": "\n".join(line.text for line in transcript.lines)}


def csv_of(rows: Iterable[Mapping[str, str]], *, head: bool = True) -> str:
    """Rows of a sheet as CSV; its head begins with a byte order mark, by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, SHEET, lineterminator="\n")
    if head:
        out.write("\ufeff")
        writer.writeheader()
    writer.writerows({name: guarded(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


async def write_sheet(services: Services, plan: ExperimentPlan, target: IO[bytes]) -> int:
    """Write a sheet for people as CSV, a transcript at a time; how many rows it has.

    Raises: as ``sheet_rows``.
    """
    count = 0
    target.write(csv_of(()).encode())
    async for row in sheet_rows(services, plan):
        target.write(csv_of([row], head=False).encode("utf-8", "backslashreplace"))
        count += 1
    return count


async def add_labels(services: Services, plan: ExperimentPlan, rows: Iterable[Mapping[str, Any]], *, person: str = ""
                     ) -> int:
    """Store labels; one that a person gave before is replaced.

    Args:
        person: who gave those that name nobody.

    Returns:
        How many were stored.

    Raises:
        TemplateError: with every label whose run, measure or value does not fit; nothing is stored then.
    """
    async with services.database.read() as session:
        known = {str(run_id) for run_id in await ExperimentCells(session, plan.id).run_ids(pasts=False)}
    roles = await judged_roles(services, plan)
    found, wrong = [], []
    for number, row in enumerate(rows):
        label = _label(plan, row, known, roles, person)
        if isinstance(label, _Wrong):
            line = row.get("line")
            wrong.append(Problem(code=LABELS, message=label.message, value=label.value, cure=label.cure, line=line,
                                 field=label.column if line else f"labels[{number}].{label.column}"))
        else:
            found.append(label)
    if wrong:
        more = [Problem(code=LABELS, message=f"{len(wrong) - MOST_WRONG} more labels are wrong")]
        raise TemplateError(wrong[:MOST_WRONG] + (more if len(wrong) > MOST_WRONG else []), code=LABELS)
    if found:
        async with services.database.session() as session:
            await Judgements(session, plan.id).add(found, replace=True)
    return len(found)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What keeps a label from being stored."""

    column: str
    value: str
    message: str
    cure: str | None


def _label(plan: ExperimentPlan, row: Mapping[str, Any], known: set[str], roles_of: Mapping[str, Sequence[str]],
           person: str) -> dict[str, Any] | _Wrong:
    run_id, name, value, of = (str(row.get(key) or "").strip() for key in ("run_id", "measure", "value", "of"))
    if row.get("value") == 0:       # of an API, where it is a number
        value = "0"
    who = str(row.get("person") or person).strip()
    if run_id not in known:
        return _Wrong("run_id", run_id, f"no run {run_id!r} is in the experiment", instead(run_id, sorted(known)[:50]))
    measure = plan.judged.get(name)
    if measure is None:
        return _Wrong("measure", name, f"no measure {name!r} is judged", instead(name, list(plan.judged)))
    if not who:
        return _Wrong("person", "", "it is not said who gave the label", "add a column `person`, or name the person")
    roles = tuple(roles_of[name])
    if of not in roles:
        if roles == ("",):
            return _Wrong("of", of, f"`{name}` is of the whole play, not of {of!r}", "leave `of` empty")
        return _Wrong("of", of, f"`{name}` is of a role, and `of` says {of!r}", f"one of {', '.join(roles)}")
    times = str(row.get("pass") or 1).strip()
    if not times.isdecimal():
        return _Wrong("pass", times, f"`pass` is {times!r}", "1 for a person's first label of a run, 2 for the second")
    label: dict[str, Any] = {"run_id": run_id, "measure": name, "of": of, "judge": f"{HUMAN}{who}",
                             "pass": int(times), "rationale": str(row.get("rationale") or "")}
    if measure.categories is not None:
        if value not in measure.categories:
            return _Wrong("value", value, f"{value!r} is no category of `{name}`",
                          f"one of {', '.join(measure.categories)}")
        return {**label, "category": value}
    low, high = measure.scale or (0, 0)
    try:
        number = float(value)
    except ValueError:
        return _Wrong("value", value, f"{value!r} is no number", f"{low} to {high}")
    if not low <= number <= high:
        return _Wrong("value", value, f"{value} is outside of the scale of `{name}`", f"{low} to {high}")
    return {**label, "number": number}
