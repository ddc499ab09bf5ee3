"""Regular expressions of `matches`: looked for in time that is proportional to the text, and weighed beforehand.

The engine is Rust's, which pydantic brings along: it knows no look-around and no references, so that nothing can be
made to take forever. What it costs to make a pattern ready is another matter (``\\w{100}`` takes 27 ms): hence the
weight.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from pyscrai.templates.cel.computation import CHARACTERS_A_STEP, Computation, words_of

LONGEST_PATTERN = 500
"""Characters that a regular expression may have."""

HEAVIEST = 10_000
"""The most that a regular expression may weigh: about the microseconds that it takes to make it ready."""

_LIGHT = 500
"""A regular expression of this weight is small enough to keep many of its kind."""

_WEIGHT_A_STEP = 50
"""A step of looking through 64 characters counts once more for so much of a pattern's weight."""

_TOKEN = re.compile(r"""
    \\(?:[pP](?:\{[^}]*\}?|.)|x\{[^}]*\}?|.)   # an escape
  | \(\?P?<[^>]*>? | \(\?[a-zA-Z-]*[:)]? | [()\[\]|.]
  | \{[\s\d,]*\}
  | .""", re.VERBOSE | re.DOTALL)
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)")
_WORDS, _KIND, _ANY, _BOUNDARY, _FOLDED = 300, 20, 10, 15, 1_500
"""Weights: a class of thousands of characters, a smaller one, any character or a set, the edge of a word; and, once for
each set, what it takes to add its characters in the other case."""


def weight_of(pattern: str) -> int:
    """An estimate from above of what a pattern costs: its parts, each as often as it is repeated."""
    flags = "".join(_FLAGS.findall(pattern))
    letter = _ANY if "i" in flags else 1
    sums, last = [0], 0
    depth = folded = 0
    for token in _TOKEN.findall(pattern):
        if depth:                                   # inside [ ]
            depth += (token == "[") - (token == "]")
            last += _of_escape(token) if token[0] == "\\" else 0
            sums[-1] += _of_escape(token) if token[0] == "\\" else 0
            continue
        if token[0] == "{" and len(token) > 1:
            times = max((int(number[:6]) for number in re.findall(r"\d+", token)), default=1)
            sums[-1] += last * max(0, times - 1)
            last *= max(1, times)
            continue
        if "x" in flags and token.isspace():
            continue                                # it does not part a repetition from what it repeats
        if token == ")":
            inner = sums.pop() if len(sums) > 1 else 0
            last = inner + 1
        elif token[0] == "(" and token[-1] != ")":
            sums.append(0)
            continue
        elif token[0] == "\\":
            last = _of_escape(token)
        elif token == "[":
            depth, last = 1, _ANY
            folded += _FOLDED if "i" in flags else 0
        elif token in "*+?":
            continue
        else:
            last = _ANY if token == "." else letter
        sums[-1] += last
    return sum(sums) + folded


def _of_escape(token: str) -> int:
    kind = token[1:2]
    return _WORDS if kind in "wWpP" else _KIND if kind in "dDsS" else _BOUNDARY if kind in "bB" else _ANY


class Pattern:
    """A regular expression, ready to be looked for."""

    def __init__(self, pattern: str) -> None:
        try:
            self._validator = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
        except SchemaError as error:
            raise ValueError(f"{pattern!r} is no regular expression, or too large a one") from error

    def found_in(self, text: str) -> bool:
        """Whether it is found anywhere in a text."""
        return self._validator.isinstance_python(text)


_light = lru_cache(maxsize=256)(Pattern)
_heavy = lru_cache(maxsize=4)(Pattern)
"""Patterns that are ready: a heavy one takes megabytes."""


def matches(run: Computation, text: str, pattern: str) -> bool:
    """Whether a regular expression is found in a text."""
    for given in (text, pattern):
        if not isinstance(given, str):
            raise TypeError(f"this needs a text, not {words_of(given)}")
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a regular expression has at most {LONGEST_PATTERN} characters")
    ready = run.patterns.get(pattern)
    if ready is None:
        weight = weight_of(pattern)
        if weight > HEAVIEST:
            raise ValueError(f"{pattern!r} is too large a regular expression: it repeats too much")
        run.spend(weight)
        ready = run.patterns[pattern] = (_light if weight <= _LIGHT else _heavy)(pattern), weight
    found, weight = ready
    run.spend((len(text) // CHARACTERS_A_STEP + 1) * (weight // _WEIGHT_A_STEP))
    return found.found_in(text)
