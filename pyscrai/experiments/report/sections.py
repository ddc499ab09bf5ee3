"""The report of an experiment as blocks, from its results: the same content for Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyscrai.experiments.report.blocks import Block, Cell, Code, Heading, Link, Paragraph, ReportPicture, Table
from pyscrai.experiments.report.estimation_plot import estimation_plot
from pyscrai.experiments.report.evidence_sections import evidence, pairs, pairs_anchor
from pyscrai.experiments.report.figures import MINUS, duration, interval, number, p_value, percent, usd
from pyscrai.experiments.statistics.agreement import RELIABLE
from pyscrai.value_text import value_text

Results = Mapping[str, Any]
RunLink = Callable[[str], str | None]

ESTIMAND = ("These figures describe what {models} did under these prompts and templates. They are no estimate of what "
            "people would do: raw effects in language models recovered 39 % of the human ones where both were measured "
            "(arXiv 2606.17165).")


SCRIPTED = "scripted"
"""The name that the scripted model reports."""


def sections(results: Results, *, evidence_of: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
             run_link: RunLink = lambda run_id: None) -> Iterator[Block]:
    """All blocks of the report in order.

    Args:
        results: as ``compute_results`` gives them.
        evidence_of: run to what its scores rest on: ``measure``, ``value``, ``by``, ``rationale``, ``lines``.
        run_link: where a run can be read, or None for its evidence within the report.
    """
    yield from _finding(results)
    yield from _design(results)
    yield from _flow(results)
    yield from _contrasts(results)
    yield from _pictures(results)
    yield from _arms(results)
    yield from _judges(results)
    yield from _deviations(results)
    yield from _cost(results)
    yield from _provenance(results)
    yield from pairs(results, evidence_of or {}, run_link)
    yield from evidence(evidence_of or {}, run_link)


def _finding(results: Results) -> Iterator[Block]:
    experiment = results["experiment"]
    yield Paragraph(experiment["question"], strong=True)
    status = f"{experiment['name']}@{experiment['version']}: {experiment['status']}"
    yield Paragraph(f"{status} ({experiment['reason']})." if experiment["reason"] else f"{status}.")
    if experiment["pilot"]:
        yield Paragraph("This is a pilot: a few pasts that were played to plan the experiment. It tests nothing.",
                        warning=True)
    for row in results["contrasts"]:
        if row["standing"] == "primary":
            yield Paragraph(sentence(row, results["design"]["smallest_effect"]), strong=row["reliable"],
                            warning=not row["reliable"])
    models = sorted({str(entry["model"] or entry["alias"]) for entry in results["provenance"]["models"]})
    named = f"the model{'' if len(models) == 1 else 's'} {', '.join(models)}".rstrip()
    yield Paragraph(ESTIMAND.format(models=named))
    if any(entry["model"] == SCRIPTED for entry in results["provenance"]["models"]):
        yield Paragraph("The scripted model took part, which is no language model: its figures say nothing about any "
                        "model. They test the plumbing.", warning=True)


def sentence(row: Mapping[str, Any], smallest: float | None) -> str:
    """The finding of a contrast in a sentence."""
    subject = f"{row['measure']}, {row['arm']} {MINUS} {row['reference']}"
    if row["difference"] is None:
        return f"{subject}: no past has a value on both sides."
    if row["low"] is None and row["n_pasts"] > 1:
        return (f"{subject}: {number(row['difference'])} in each of {row['n_pasts']} pasts ({row['n_runs']} runs; p "
                f"{_equals(row['p_adjusted'])} after Holm). How far it varies is not known, so there is no interval.")
    if row["low"] is None:
        return f"{subject}: {number(row['difference'])}, from one past. One past is n = 1: there is no interval."
    told = (f"{subject}: {number(row['difference'])} ({percent(row['level'])} interval {interval(row)}; "
            f"{row['n_pasts']} pasts, {row['n_runs']} runs; p {_equals(row['p_adjusted'])} after Holm): "
            f"{row['finding']}")
    if smallest is not None and "smallest" in row["finding"]:
        told += f" of {number(smallest)}"
        if row["finding"].startswith("smaller"):   # the interval that this rests on is narrower than the one above
            told += f" (two one-sided tests, p {_equals(row['equivalence_p'])})"
    if not row["reliable"]:
        alpha = "is not defined" if row["alpha"] is None else f"is {number(row['alpha'])}, below {RELIABLE:g}"
        told += f". UNRELIABLE: the judges' agreement (alpha) {alpha}"
    return told + "."


def _equals(p: float | None) -> str:
    return "unknown" if p is None else p_value(p) if p < 0.001 else f"= {p_value(p)}"


def _design(results: Results) -> Iterator[Block]:
    design, experiment = results["design"], results["experiment"]
    until = design["until"]
    point = ", ".join(f"{name} {value}" for name, value in until.items()) if until else ""
    begin = f"forked from a past that was played once, until {point}" if until else "from turn 0, paired by seed"
    vary = "; ".join(f"{name} = {', '.join(map(str, values))}" for name, values in design["vary"].items())
    yield Heading("Design", anchor="design")
    yield Table(("", ""), [
        ("Scenario", experiment["scenario"]), ("Unit", "the past: one difference for each"),
        ("Pasts", f"{design['pasts']}" + (f", over {vary}" if vary else "")), ("Arms begin", begin),
        ("Repeats", f"{design['repeats']} of each past and arm"), ("Runs planned", str(design["cells"])),
        ("Smallest effect", number(design["smallest_effect"]) or "not declared"),
        ("Stopping", " or ".join(design["stop"])),
        ("Analysis", f"{design['method']}, {percent(design['level'])} intervals"),
        ("Correction", "Holm over the primary measure's contrasts, and over those of all secondary measures"),
    ], numbers=False)
    rows = [(arm["name"], arm["description"], _overrides(arm["overrides"])) for arm in design["arms"][:60]]
    if any(description for _, description, _ in rows):
        yield Table(("Arm", "What it is", "Differs in"), rows, numbers=False)
    else:
        yield Table(("Arm", "Differs in"), [(name, differs) for name, _, differs in rows], numbers=False)


def _overrides(overrides: Mapping[str, Any]) -> str:
    parts = []
    for name, value in overrides.items():
        if name == "injects":
            parts += [f"inject to {', '.join(inject.get('audience') or ['all'])}: {inject['text']}" for inject in value]
        elif isinstance(value, Mapping):
            for key, each in value.items():
                inner = each.items() if name == "prompts" and isinstance(each, Mapping) else [("", each)]
                parts += [f"{name.rstrip('s')} {key}{'.' if part else ''}{part} = {_short(one)}" for part, one in inner]
        else:
            parts.append(f"{name} = {_short(value)}")
    return "; ".join(parts) or "nothing: the base"


def _short(value: Any) -> str:
    text = ", ".join(f"{name} {value_text(part)}" for name, part in value.items()) if isinstance(value, Mapping) else (
        value_text(value))
    return text if len(text) <= 120 else text[:117] + "..."


def _flow(results: Results) -> Iterator[Block]:
    yield Heading("Flow of runs", anchor="flow")
    rows: list[Sequence[Cell]] = [tuple(str(line[name]) for name in (
        "arm", "planned", "made", "ended", "failed", "excluded", "left", "analysed_pasts")) for line in results["flow"]]
    yield Table(("Arm", "Planned", "Made", "Ended", "Failed", "Excluded", "Not played", "Pasts analysed"), rows[:100])
    if results["reasons"]:
        yield Table(("Runs", "State", "Reason"), [
            (str(entry["cells"]), entry["state"], entry["reason"]) for entry in results["reasons"]], numbers=False)


def _contrasts(results: Results) -> Iterator[Block]:
    yield Heading("Contrasts", anchor="contrasts")
    if not results["contrasts"]:
        yield Paragraph("No contrasts are declared: look at the arms, and at the table of runs.")
        return
    rows: list[Sequence[Cell]] = [(
        f"{row['arm']} {MINUS} {row['reference']}", row["measure"], row["standing"],
        Link(number(row["difference"]) or "none", f"#{pairs_anchor(row)}"), interval(row), p_value(row["p"]),
        p_value(row["p_adjusted"]), number(row["effect_size"]), str(row["n_pasts"]), str(row["n_runs"]),
        row["finding"] + ("" if row["reliable"] else "; unreliable")) for row in results["contrasts"]]
    yield Table(("Contrast", "Measure", "Standing", "Difference", "Interval", "p", "p (Holm)", "d", "Pasts", "Runs",
                 "Finding"), rows, words=("Measure", "Standing", "Finding"))
    methods = sorted({str(row["method"]) for row in results["contrasts"] if row["method"]})
    words = {"t": "t interval and sign-flip p of one difference per past",
             "newcombe": "Newcombe's interval and exact McNemar p of paired proportions",
             "bootstrap": "BCa bootstrap interval and sign-flip p", "gee": "estimating equations clustered by past",
             "mixed": "mixed model with random pasts"}
    if methods:
        yield Paragraph("Methods: " + "; ".join(words.get(method, method) for method in methods)
                        + f". Each interval is at {results['design']['level'] * 100:g} % by itself; Holm's p is "
                          "corrected for the number of contrasts. d is the mean difference in standard deviations of "
                          "the differences, corrected for small n. Every difference leads to its pairs.")


def _pictures(results: Results) -> Iterator[Block]:
    for measure in results["measures"]:
        rows = [row for row in results["contrasts"] if row["measure"] == measure["name"]]
        smallest = results["design"]["smallest_effect"] if measure["standing"] == "primary" else None
        svg = estimation_plot(rows, measure=measure["name"], smallest=smallest, share=bool(measure.get("binary")))
        if svg:
            yield Heading(f"{measure['name']} ({measure['standing']})", 3)
            band = f" The band is the smallest effect of {number(smallest)} both ways." if smallest else ""
            yield ReportPicture(f"estimation-{measure['name']}", svg, (
                f"Above, each past's {measure['name']} in both arms of a contrast, joined, with the means; below, the "
                f"differences with their mean and interval.{band}"))


def _arms(results: Results) -> Iterator[Block]:
    yield Heading("Arms", anchor="arms")
    yield Table(("Arm", "Measure", "Mean", "Interval", "SD of pasts", "Pasts", "Runs"), [
        (row["arm"], row["measure"], number(row["mean"]) or "none", interval(row), number(row["spread"]),
         str(row["n_pasts"]), str(row["n_runs"])) for row in results["arms"][:200]], words=("Measure",))


def _judges(results: Results) -> Iterator[Block]:
    if not results["agreement"]:
        return
    yield Heading("Judges", anchor="judges")
    rows: list[Sequence[Cell]] = []
    for entry in results["agreement"]:
        rows.append((entry["measure"], "all of the plan", entry["level"], number(entry["alpha"]) or "not defined",
                     interval(entry), str(entry["items"]), str(entry["values"])))
        rows += [(entry["measure"], judge["judge"], entry["level"], number(judge["alpha"]) or "not defined",
                  interval(judge), str(judge["items"]), str(judge["judgements"])) for judge in entry["judges"]]
        if (people := entry["people"]) is not None:
            bias = f", bias {number(people['bias'])}" if people["bias"] is not None else ""
            rows.append((entry["measure"], f"models with people{bias}", "", number(people["alpha"]) or "not defined",
                         interval(people), str(people["items"]), ""))
    yield Table(("Measure", "Judges", "Level", "Alpha", "Interval", "Items", "Judgements"), rows,
                words=("Judges", "Level"))
    yield Paragraph("Krippendorff's alpha: 1 is perfect agreement, 0 is chance. Of one judge it is the agreement with "
                    f"itself. Below {RELIABLE:g} no conclusion is drawn.")
    if results.get("by_judge"):
        yield Heading("By each judge", 3, anchor="by-judge")
        yield Table(("Contrast", "Measure", "Judge", "Difference", "Interval", "Pasts"), [
            (f"{row['arm']} {MINUS} {row['reference']}", row["measure"],
             row["judge"] + ("" if row["planned"] else " (beyond the plan)"), number(row["difference"]) or "none",
             interval(row), str(row["n_pasts"])) for row in results["by_judge"]], words=("Measure", "Judge"))
        yield Paragraph("The contrasts above rest on all judges and passes of the plan. What was judged beyond it, "
                        "later or by others, is exploratory: it stands here, and changes none of them.")


def _deviations(results: Results) -> Iterator[Block]:
    yield Heading("Deviations from the frozen plan", anchor="deviations")
    if not results["deviations"]:
        yield Paragraph("None.")
        return
    yield Table(("When", "What", "By"), [
        (entry["when"], entry["what"], entry["by"] or "unknown") for entry in results["deviations"]], numbers=False)


def _cost(results: Results) -> Iterator[Block]:
    cost = results["cost"]
    yield Heading("Cost", anchor="cost")
    yield Table(("", "Cost", "Tokens"), [
        ("Runs", usd(cost["runs_usd"]), f"{cost['runs_tokens']:,}"),
        ("Judges", usd(cost["judges_usd"]), f"{cost['judges_tokens']:,}"),
        ("In all", usd(cost["usd"]), f"{cost['runs_tokens'] + cost['judges_tokens']:,}")])
    yield Paragraph(f"Playing took {duration(results['experiment']['seconds'])}.")


def _provenance(results: Results) -> Iterator[Block]:
    experiment, provenance = results["experiment"], results["provenance"]
    frozen = provenance["frozen"] or {}
    yield Heading("Provenance", anchor="provenance")
    rows: list[Sequence[Cell]] = [
        ("Freeze", experiment["freeze_hash"] or "not frozen"), ("Frozen at", experiment["frozen_at"] or ""),
        ("Experiment", f"{experiment['name']}@{experiment['version']} {experiment['content_hash']}"),
        ("Scenario", f"{experiment['scenario']} {(frozen.get('scenario') or {}).get('hash', '')}")]
    rows += [("Agent", f"{name} {found}") for name, found in (frozen.get("agents") or {}).items()]
    rows += [("PyScrAI", provenance["pyscrai"]), ("Libraries", ", ".join(
        f"{name} {version}" for name, version in provenance["libraries"].items()))]
    yield Table(("", ""), rows, numbers=False)
    yield Table(("Alias", "Model reported", "Fingerprint", "Calls"), [
        (entry["alias"], entry["model"] or "", entry["fingerprint"] or "", str(entry["calls"]))
        for entry in provenance["models"]], numbers=False)
    yield Paragraph("To run it again, and to compare:")
    yield Code(f"pyscrai experiment run {experiment['name']}@{experiment['version']}\n"
               f"pyscrai experiment verify {experiment['name']}@{experiment['version']}")
