"""Measures that are counted, without a model."""

from __future__ import annotations

from functools import cache
from typing import Any

from pyscrai.engines.view import View
from pyscrai.templates.analysis import Metric


def count(metric: Metric, role: str | None, view: View) -> float | int | None:
    """A counted measure of a role, or of the whole play, over the lines in view.

    Returns:
        ``turn_share`` as a fraction of 1, ``words`` per turn, ``sentiment`` from -1 to 1 (VADER; Hutto and Gilbert,
        2014), ``latency_ms`` per turn, each None where the role has not spoken.
    """
    spoken = [line for line in view.lines if line["kind"] == "utterance"]
    own = spoken if role is None else [line for line in spoken if line["speaker"] == role]
    if not own:
        return 0.0 if metric == "turn_share" and spoken else None
    if metric == "turn_share":
        return round(len(own) / len(spoken), 4)
    if metric == "words":
        return round(sum(len(line["content"].split()) for line in own) / len(own), 2)
    if metric == "sentiment":
        return round(sum(map(_sentiment, (line["content"] for line in own))) / len(own), 4)
    times = [line["ms"] for line in own if "ms" in line]
    return round(sum(times) / len(times), 1) if times else None


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # late: it reads its lexicon of 400 kB

    return SentimentIntensityAnalyzer()


def _sentiment(text: str) -> float:
    return float(_analyzer().polarity_scores(text)["compound"])
