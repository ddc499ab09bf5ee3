"""Whether a run has come to an end, and which end it is."""

from __future__ import annotations

from collections.abc import Iterator

from pyscrai.engines.orchestration.step import Stage
from pyscrai.templates.cel.expression import truth
from pyscrai.templates.models.analysis import LIMITS, End, Judge, Phrase


def check_ends(stage: Stage) -> None:
    """Fire the first end that holds: the template's in their order, then the bounds of the run."""
    play = stage.plan.play
    for index, end in enumerate(stage.plan.ends):
        reason = _holds(end, stage, f"end{index}")
        if reason is None or (end.pause and stage.clock["fired"].get(f"end{index}")):
            continue
        stage.clock["fired"][f"end{index}"] = 1
        stage.end(end.kind, reason, label=end.label, limit=_is_limit(end), pause=end.pause)
        return
    bound = min(play.scenario.max_turns, play.max_turns or play.scenario.max_turns)
    if stage.turn >= bound:
        stage.end("turns", f"{stage.turn} turns were played, the bound of this run", label="max_turns", limit=True)
    elif play.budget_usd is not None and stage.usage.get("cost_usd", 0.0) >= play.budget_usd:
        stage.end("cost_usd", f"the run has cost {stage.usage['cost_usd']:.4f} USD of {play.budget_usd:g}",
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


def _holds(end: End, stage: Stage, key: str) -> str | None:
    """Why this end holds, or None if it does not."""
    parts = end.any or end.all
    if parts:
        reasons = [_holds(part, stage, f"{key}.{index}") for index, part in enumerate(parts)]
        held = [reason for reason in reasons if reason is not None]
        return "; ".join(held) if (held if end.any else len(held) == len(parts)) else None
    if end.turns is not None:
        return f"{stage.turn} turns were played" if stage.turn >= end.turns else None
    if end.seconds is not None:
        spent = stage.clock["seconds"]
        return f"{spent:.1f} of {end.seconds:g} seconds were played" if spent >= end.seconds else None
    if end.tokens is not None:
        used = int(stage.usage.get("tokens", 0))
        return f"{used} of {end.tokens} tokens were used" if used >= end.tokens else None
    if end.cost_usd is not None:
        cost = stage.usage.get("cost_usd", 0.0)
        return f"{cost:.4f} of {end.cost_usd:g} USD were spent" if cost >= end.cost_usd else None
    if end.phrase is not None:
        return _said(end.phrase, stage)
    if end.when is not None:
        return f"{end.when} holds" if truth(end.when, stage.context()) else None
    if end.narrator:
        declared = [f"{move['role']} declares the end: {move['ends']}" for move in stage.moves if move.get("ends")]
        return declared[0] if declared else None
    verdict = (stage.state.get("verdicts") or {}).get(key)
    return f"{verdict['by']} finds: {verdict['rationale'] or verdict['goal']}" if verdict and verdict["met"] else None


def _said(phrase: Phrase | str, stage: Stage) -> str | None:
    text, by = (phrase, ()) if isinstance(phrase, str) else (phrase.text, phrase.by)
    roles = set(stage.plan.members(by)) if by else None
    for move in stage.moves:
        if text.casefold() in move.get("text", "").casefold() and (roles is None or move["role"] in roles):
            return f"{move['role']} said “{text}”"
    return None
