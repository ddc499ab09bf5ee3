"""What a check of a mended template may tell: not what follows from a guess and not from what the author wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyscrai.errors import Problem
from pyscrai.templates.reading.positions import Path, spell

_CAST = {"analyst_speaks", "not_an_analyst", "no_narrator", "not_a_narrator", "unused_role", "secret_told", "same_name",
         "empty_audience", "unused_documents", "no_documents", "human", "optional_speakers", "optional_moderator",
         "approve", "program", "knows"}
_FLOW = {"unreachable", "no_end", "unbounded", "never", "unused_role", "unused_action", "no_narrator", "order",
         "optional_speakers", "optional_moderator", "empty_audience", "majority", "no_speakers", "secret_told"}
_ROLES = {"unknown_role", "unknown_role_or_group", "unknown_group", "reserved", "name_clash", "group_order"}

FOLLOWING: Mapping[str, set[str]] = {
    "roles": _CAST, "groups": _CAST | _FLOW, "flow": _FLOW, "ends": {"no_end", "unbounded", "never", "no_narrator"},
    "max_turns": {"unbounded", "never"}, "variables": {"variable_shown", "secret_told"},
    "actions": {"majority", "unused_action"}, "documents": {"unused_documents", "no_documents"}}
"""What may follow where something in a section is guessed."""

LOST: Mapping[Path, set[str]] = {
    ("roles",): _ROLES | {"expression"}, ("groups",): _ROLES | {"expression"}, ("flow",): {"unknown_phase"},
    ("flow", "phases"): {"unknown_phase"}, ("actions",): {"unknown_action", "unknown_argument", "expression"},
    ("variables",): {"unknown_variable", "expression", "prompt"}, ("parameters",): {"expression", "prompt"},
    ("analysis",): {"expression"}, ("analysis", "measures"): {"expression"}}
"""What may follow where all that a section declares is lost."""

_TYPED = ("variables", "parameters", "actions")


_LATE = "unused_parameter"
"""What any guess may bring about: the part that was left out may have read it."""


def is_consequence(problem: Problem, guessed: Iterable[Path]) -> bool:
    """Whether a problem may come from a guess."""
    code = problem.code.removeprefix("template.")
    return code == _LATE or any(_follows(problem, code, path) for path in guessed)


def _follows(problem: Problem, code: str, path: Path) -> bool:
    place = spell(path)
    if problem.field == place or problem.field.startswith((f"{place}.", f"{place}[")):
        return True
    if code in FOLLOWING.get(str(path[0]), ()) or code in LOST.get(path, ()):
        return True
    if len(path) > 1 and path[0] in _TYPED and code in ("expression", "prompt", "bounds", "majority"):
        return str(path[1]) in f"{problem.field} {problem.value} {problem.message}"
    return False
