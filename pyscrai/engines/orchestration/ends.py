"""Whether a run has come to an end, and which end it is."""

from __future__ import annotations

from collections.abc import Iterator

from pyscrai.engines.folded_text import contains_phrase
from pyscrai.engines.orchestration.step import Step
from pyscrai.templates.cel.expression import truth
from pyscrai.templates.models.analysis import LIMITS, End, Judge, Phrase


def check_ends(step: Step) -> None:
    """Fire the first end that holds: the template's in their order, then the bounds of the run."""
    plan = step.plan
    for index, end in enumerate(step.plan.ends):
        reason = _holds(end, step, f"end{index}")
        if reason is None or (end.pause and step.clock["fired"].get(f"end{index}")):
            continue
        step.clock["fired"][f"end{index}"] = 1
        step.end(end.kind, reason, label=end.label, limit=_is_limit(end), pause=end.pause)
        return
    if step.turn >= plan.bound:
        step.end("turns", f"{step.turn} turns were played, the bound of this run", label="max_turns", limit=True)
    elif plan.budget_usd is not None and step.usage.get("cost_usd", 0.0) >= plan.budget_usd:
        step.end("cost_usd", f"the run has cost {step.usage['cost_usd']:.4f} USD of {plan.budget_usd:g}",
                  label="budget", limit=True)


def goals(ends: tuple[End, ...], stem: str = "end") -> Iterator[tuple[str, Judge]]:
    """Every goal to be judged, with the key under which its verdict stands in the state."""
    for index, end in enumerate(ends):
        key = f"{stem}{index}"
        if end.judge is not None:
            yield key, end.judge
        yield from goals((end.any or ()) + (end.all or ()), f"{key}.")


def _is_limit(end: End) -> bool:
    if end.any or end.all:
        return all(_is_limit(part) for part in (end.any or end.all or ()))
    return end.kind in LIMITS


def _holds(end: End, step: Step, key: str) -> str | None:
    """Why this end holds, or None if it does not."""
    parts = end.any or end.all
    if parts:
        reasons = [_holds(part, step, f"{key}.{index}") for index, part in enumerate(parts)]
        held = [reason for reason in reasons if reason is not None]
        return "; ".join(held) if (held if end.any else len(held) == len(parts)) else None
    if end.turns is not None:
        return f"{step.turn} turns were played" if step.turn >= end.turns else None
    if end.seconds is not None:
        spent = step.clock["seconds"]
        return f"{spent:.1f} of {end.seconds:g} seconds were played" if spent >= end.seconds else None
    if end.tokens is not None:
        used = int(step.usage.get("tokens", 0))
        return f"{used} of {end.tokens} tokens were used" if used >= end.tokens else None
    if end.cost_usd is not None:
        cost = step.usage.get("cost_usd", 0.0)
        return f"{cost:.4f} of {end.cost_usd:g} USD were spent" if cost >= end.cost_usd else None
    if end.phrase is not None:
        return _said(end.phrase, step)
    if end.when is not None:
        return f"{end.when} holds" if truth(end.when, step.context()) else None
    if end.narrator:
        declared = [f"{turn['role']} declares the end: {turn['ends']}" for turn in step.played if turn.get("ends")]
        return declared[0] if declared else None
    verdict = (step.state.get("verdicts") or {}).get(key)
    return f"{verdict['by']} finds: {verdict['rationale'] or verdict['goal']}" if verdict and verdict["met"] else None


def _said(phrase: Phrase | str, step: Step) -> str | None:
    text, by = (phrase, ()) if isinstance(phrase, str) else (phrase.text, phrase.by)
    roles = set(step.plan.members(by)) if by else None
    for turn in step.played:
        if (roles is None or turn["role"] in roles) and contains_phrase(turn.get("text", ""), text):
            return f"{turn['role']} said “{text}”"
    return None
