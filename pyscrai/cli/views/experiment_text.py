"""What commands say of an experiment: its forecast, how it ended, its contrasts, its judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyscrai.cli.terminal.table import table
from pyscrai.cli.views.experiment_board import line
from pyscrai.experiments.report.figures import MINUS, interval, number, p_value, usd
from pyscrai.experiments.report.sections import sentence

if TYPE_CHECKING:
    from pyscrai.experiments.models.experiment import ExperimentTemplate


def forecast_lines(spec: ExperimentTemplate, found: Mapping[str, Any]) -> Iterator[str]:
    """Lines on the cost of an experiment and the effect that it can find."""
    past = f", and {found['past_runs']} that make the pasts" if found["past_runs"] else ""
    yield (f"{spec.name}@{spec.version}: {_many(found['pasts'], 'past')} x {_many(found['arms'], 'arm')} x "
           f"{_many(found['repeats'], 'repeat')} = {_many(found['runs'], 'run')}{past}; "
           f"{_many(found['contrasts'], 'contrast')}")
    if found["judgements"]:
        yield f"judges: {found['judgements']} judgements"
    power = f"{found['target_power'] * 100:g} % power, alpha {found['alpha']:.3g} for each contrast"
    if found["detectable_d"] is not None:
        yield (f"smallest detectable effect: {number(found['detectable_d'])} standard deviations of the differences "
               f"({power})")
    pilot = found["pilot"]
    if pilot is None:
        yield "no pilot was played: --pilot 4 gives calls, cost and the smallest effect in the measure's own units"
        return
    yield f"from a pilot of {_many(pilot['pasts'], 'past')}, {_many(pilot['runs_played'], 'run')}:"
    for name, words, show in (("calls", "calls", _whole), ("tokens", "tokens", _whole), ("usd", "cost", usd)):
        part = pilot[name]
        if part is not None:
            yield f"  {words}: about {show(part['expected'])}; {show(part['low'])} to {show(part['high'])} is likely"
    if pilot["detectable"] is not None:
        yield (f"  smallest detectable effect on {spec.measures.primary.name}: {number(pilot['detectable'])}; pairs "
               f"differ by a standard deviation of {number(pilot['spread'])}")
    if pilot["pasts_for_smallest_effect"] is not None:
        yield (f"  an effect of {number(spec.smallest_effect)} needs {pilot['pasts_for_smallest_effect']} pasts")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def outcome_lines(status: Mapping[str, Any], results: Mapping[str, Any]) -> Iterator[str]:
    """Lines on the state of an experiment after it was run, and on its results."""
    yield line(status)
    yield f"{status['status']}: {status['reason']}" if status["reason"] else status["status"]
    yield from reason_lines(results.get("reasons", ())[:5])
    if results.get("interim") or status["pilot"]:   # a pilot tells what a run costs, and finds nothing
        return
    smallest = (results.get("design") or {}).get("smallest_effect")
    for row in results.get("contrasts", ()):
        if row["standing"] == "primary":
            yield sentence(row, smallest)


def reason_lines(reasons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Lines on runs that failed or were left out, one for each reason."""
    for entry in reasons:
        yield f"{entry['cells']} {entry['state']}: {entry['reason']}"


def show_contrasts(results: Mapping[str, Any]) -> None:
    """Print the contrasts as a table."""
    table(("Contrast", "Measure", "Difference", "Interval", "p", "p (Holm)", "Pasts", "Runs", "Finding"), [
        (f"{row['arm']} {MINUS} {row['reference']}", row["measure"], number(row["difference"]) or "none", interval(row),
         p_value(row["p"]), p_value(row["p_adjusted"]), row["n_pasts"], row["n_runs"],
         row["finding"] + ("" if row["reliable"] else "; UNRELIABLE judges")) for row in results["contrasts"]],
        right=("Difference", "Interval", "p", "p (Holm)", "Pasts", "Runs"), whole=("Measure", "Finding"),
        optional=("Runs", "p"))


def agreement_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """Lines on how far the judges agree."""
    for entry in results["agreement"]:
        alpha = number(entry["alpha"]) or "not defined"
        verdict = "" if entry["reliable"] else ": below 0.667, no conclusion is drawn"
        told = f"{interval(entry)}; {entry['level']}, {entry['items']} items"
        yield f"{entry['measure']}: alpha {alpha} ({told}){verdict}"
        for judge in entry["judges"]:
            yield f"  {judge['judge']} with itself: {number(judge['alpha']) or 'not defined'}"
        if entry["people"] is not None:
            yield f"  models with people: {number(entry['people']['alpha'])} over {entry['people']['items']} items"
    for row in results.get("by_judge") or ():
        beyond = "" if row["planned"] else "; beyond the plan, so it changes no contrast"
        yield (f"{row['measure']}, {row['arm']} {MINUS} {row['reference']} by {row['judge']}: "
               f"{number(row['difference']) or 'none'} ({interval(row)}{beyond})")
