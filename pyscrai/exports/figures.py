"""The figures of a run in words, the same in every rendering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.transcript_entry import clean, outcome_text, titled
from pyscrai.value_text import value_text

FIGURES: dict[str, str] = {
    "turns": "Turns", "calls": "Calls", "prompt_tokens": "Prompt tokens", "cached_tokens": "Cached",
    "completion_tokens": "Reply tokens", "cost_usd": "Cost", "latency_p50_ms": "p50", "latency_p95_ms": "p95",
    "errors": "Errors", "retries": "Retries", "words": "Words",
}
"""A metric's name and its heading, in the order of reading."""


def facts(dossier: Dossier) -> list[tuple[str, str]]:
    """Facts of the run as name and value: the scenario, the end, the cost."""
    run = dossier.run
    whole = dossier.metrics.get("run") or {}
    found: list[tuple[str, Any]] = [
        ("Run", run.get("run_id")),
        ("Scenario", run.get("template")),
        ("Status", run.get("status")),
        ("Outcome", outcome_text(run.get("outcome"))),
        ("Error", (run.get("error") or {}).get("message")),
        ("Forked from", run.get("parent_run_id") and f"{run['parent_run_id']} after turn {run.get('fork_turn')}"),
        ("Parameters", ", ".join(f"{name} = {value_text(value)}"
                                 for name, value in (run.get("parameters") or {}).items())),
        ("Seed", run.get("seed")),
        ("Turns", run.get("turn")),
        ("Started", moment(run.get("started_at") or run.get("created_at"))),
        ("Took", lasted(run.get("started_at"), run.get("ended_at"))),
        ("Model calls", whole.get("calls")),
        ("Tokens", tokens_text(whole) if whole.get("calls") else None),
        ("Cost", money(whole.get("cost_usd")) if whole.get("calls") else None),
    ]
    return [(name, str(value)) for name, value in found if value not in (None, "")]


def figures_table(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Head and rows of the metrics: the roles, then the whole run. Columns that nobody has are left out."""
    present = [name for name in FIGURES if any(row.get(name) is not None for row in metrics.values())]
    scopes = [scope for scope in metrics if scope != "run"] + (["run"] if "run" in metrics else [])
    rows = [("all" if scope == "run" else scope, *(figure(name, metrics[scope].get(name)) for name in present))
            for scope in scopes]
    return ["Role", *(FIGURES[name] for name in present)], rows


def variables_table(dossier: Dossier) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Head and rows of the variables: their values at the start and after each turn that changed one."""
    changes = [line for line in dossier.events if line["kind"] == "variable_changed"]
    declared = dossier.template.get("variables") or {}
    names = [*declared, *dict.fromkeys(line["variable"] for line in changes if line["variable"] not in declared)]
    now: dict[str, Any] = {name: (declared.get(name) or {}).get("initial") for name in names}
    now.update({line["variable"]: line["old"] for line in reversed(changes)})
    rows = {0: dict(now)} if names else {}
    for line in changes:
        now[line["variable"]] = line["new"]
        rows[int(line["turn"])] = dict(now)
    return ("Turn", *map(titled, names)), [
        (str(turn), *(clean(values[name]) for name in names)) for turn, values in sorted(rows.items())]


def figure(name: str, value: Any) -> str:
    """One metric as text, with its unit."""
    if value is None:
        return "–"
    if name == "cost_usd":
        return money(value)
    if name.endswith("_ms"):
        return seconds(float(value) / 1000)
    return count(value)


def count(number: Any) -> str:
    """A whole number with its thousands apart."""
    return f"{round(number):,}"


def money(amount: Any) -> str:
    """US dollars, exact enough for cheap calls; a dash where no price is known."""
    if amount is None:
        return "unknown"
    if not amount:
        return "$0"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def seconds(span: float) -> str:
    """A span of time as people say it."""
    if span < 10:
        return f"{span:.1f} s" if span >= 0.05 else f"{span * 1000:.0f} ms"
    minutes, rest = divmod(round(span), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def tokens_text(usage: Mapping[str, Any]) -> str:
    """Prompt, cached share and reply tokens in a phrase."""
    prompt, cached = usage.get("prompt_tokens") or 0, usage.get("cached_tokens") or 0
    share = f" ({cached / prompt:.0%} cached)" if prompt and cached else ""
    return f"{count(prompt)} in{share}, {count(usage.get('completion_tokens') or 0)} out"


def moment(when: Any) -> str | None:
    """A time to the second."""
    if when is None:
        return None
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    text: str = when.strftime("%Y-%m-%d %H:%M:%S %Z")
    return text.strip()


def lasted(begun: Any, ended: Any) -> str | None:
    """The time from one moment to the other."""
    if not begun or not ended:
        return None
    first, last = (datetime.fromisoformat(when) if isinstance(when, str) else when for when in (begun, ended))
    return seconds((last - first).total_seconds())
