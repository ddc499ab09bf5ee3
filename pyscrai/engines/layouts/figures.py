"""The numbers of a text, in one notation, to compare what is said with what was meant or heard."""

from __future__ import annotations

import re

FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def figures(text: str) -> set[str]:
    """The numbers in a text, without what separates thousands: ``5,200`` is ``5200``."""
    return {number.replace(",", "") for number in FIGURE.findall(text)}
