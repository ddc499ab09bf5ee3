"""Measures that are counted, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pyscrai.audience import hears
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.state import Played
from pyscrai.templates.models.analysis import Metric


def tally(plan: Plan, spoken: dict[str, dict[str, float]], played: Played) -> None:
    """Add what a role said in a turn to what it has said so far, if a measure counts it and its Analyst hears it."""
    analysis = plan.scenario.analysis
    metrics = {measure.metric for measure in analysis.measures if measure.metric} if analysis else set()
    text = played.get("text", "")
    if not analysis or not metrics or not text or not hears(
            analysis.by, audience=played.get("audience", "all"), speaker=played["role"]):
        return
    sums = spoken.setdefault(played["role"], {"turns": 0, "words": 0, "ms": 0.0, "sentiment": 0.0})
    sums["turns"] += 1
    sums["words"] += len(text.split())
    sums["ms"] += played.get("seconds", 0.0) * 1000
    if "sentiment" in metrics:
        sums["sentiment"] += _sentiment(text)


def retold(plan: Plan, spoken: Mapping[str, Mapping[str, float]], role: str, old: str, new: str
           ) -> dict[str, dict[str, float]]:
    """The sums of what has been said so far, had a role said ``new`` where it said ``old``."""
    sums = {speaker: dict(said) for speaker, said in spoken.items()}
    if role in sums:
        sums[role]["words"] += len(new.split()) - len(old.split())
        analysis = plan.scenario.analysis
        if analysis is not None and any(measure.metric == "sentiment" for measure in analysis.measures):
            sums[role]["sentiment"] += _sentiment(new) - _sentiment(old)
    return sums


def count(metric: Metric, role: str | None, spoken: Mapping[str, Mapping[str, float]]) -> float | None:
    """A counted measure of a role, or of the whole play, over what has been said so far.

    Returns:
        ``turn_share`` as a fraction of 1, ``words`` per turn, ``sentiment`` from -1 to 1 (VADER; Hutto and Gilbert,
        2014), ``latency_ms`` per turn, each None where the role has not spoken.
    """
    turns = sum(sums["turns"] for sums in spoken.values())
    counted = [sums for speaker, sums in spoken.items() if role is None or speaker == role]
    own = sum(sums["turns"] for sums in counted)
    if metric == "turn_share":
        return round(own / turns, 4) if turns else None
    if not own:
        return None
    name, digits = {"words": ("words", 2), "sentiment": ("sentiment", 4), "latency_ms": ("ms", 1)}[metric]
    return round(sum(sums[name] for sums in counted) / own, digits)


@cache
def lexicon() -> Any:
    """The sentiment lexicon, read once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # late: it reads its lexicon of 400 kB

    return SentimentIntensityAnalyzer()


def _sentiment(text: str) -> float:
    return float(lexicon().polarity_scores(text)["compound"])
