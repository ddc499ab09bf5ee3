"""Numbers as a report shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MINUS = "\N{MINUS SIGN}"


def number(value: float | None, *, digits: int = 3) -> str:
    """A number to three significant digits, with a true minus."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" in text and abs(value) >= 1:
        text = f"{value:.0f}"
    elif "e" in text:
        text = f"{value:.{digits}f}"
    return text.replace("-", MINUS)


def p_value(p: float | None) -> str:
    """A p value: three decimals, and never 0."""
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(row: Mapping[str, Any]) -> str:
    """The interval of a contrast or arm: ``0.21 to 0.89``."""
    if row.get("low") is None:
        return "none"
    return f"{number(row['low'])} to {number(row['high'])}"


def percent(level: float) -> str:
    """A confidence level: ``95 %``."""
    return f"{level * 100:g} %"


def usd(amount: float | None) -> str:
    """An amount of money."""
    return "" if amount is None else f"{amount:.4f} USD" if amount < 1 else f"{amount:,.2f} USD"


def duration(seconds: float) -> str:
    """A time: ``1 h 04 min`` or ``12.3 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
