"""Starters: commented scenarios that ``pyscrai new`` makes of a few answers, to be changed by hand afterwards."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal, get_args

from pyscrai.did_you_mean import closest
from pyscrai.errors import ConfigError
from pyscrai.plain_text import normalized
from pyscrai.templates.checks.display_names import unprintable
from pyscrai.templates.checks.names import RESERVED_ROLES
from pyscrai.templates.importing.foreign_fields import clean, slug, unbraced

Kind = Literal["conversation", "negotiation", "exercise", "survey"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FOLDER = Path(__file__).parent / "starters"

SWITCH = "#:"
"""What stands before a line of a starter that is not in use yet: without it the line is YAML, in its column."""

WIDTH = 110

MOST_ROLES = 24

ROUNDS: Mapping[Kind, int] = {"conversation": 4, "negotiation": 6, "exercise": 2, "survey": 2}

_OWN_ROLES = ("look_on", "control")
"""Roles that starters bring themselves."""
_OWN_NAMES = ("Observer", "Exercise control")


_NO_TEXTS = ("true", "false", "null", "yes", "no", "on", "off")
"""Words that YAML, of one version or another, takes for something else than a text."""


@dataclass(frozen=True)
class Example:
    """What a kind of play is, in words, and the answers that are taken where none is given."""

    told: str
    premise: str
    who: tuple[str, ...]
    asks: str
    task: str


EXAMPLES: Mapping[Kind, Example] = {
    "conversation": Example(
        "people talk, one after the other",
        "Two colleagues have an hour for lunch and cannot agree where to eat.",
        ("Kim: an accountant who counts every cent", "Lou: a designer who lives for noodles"),
        "What are they to talk about, or to come to?", "agree on a place"),
    "negotiation": Example(
        "two sides make offers and accept one, or do not",
        "Ina sells her old bicycle. Tom wants it, and has come to look at it.",
        ("Tom: a careful buyer", "Ina: a student who needs money"),
        "What do they bargain about?", "agree on a price for the bicycle, or part as friends"),
    "exercise": Example(
        "a staff is told what happens, consults and votes",
        "It has rained for three days. The river stands half a metre below the top of the dam of a small town.",
        ("Mayor Ruiz: the mayor of the town, up for election", "Chief Okoro: the chief of the fire brigade",
         "Dr. Lind: the engineer who looks after the dam"),
        "What must they decide?", "decide whether the lower town is evacuated tonight"),
    "survey": Example(
        "people are asked, talk about it, and are asked again",
        "A supermarket thinks of an oat drink in glass bottles: two euros, fifty cents of deposit.",
        ("Ada: a nurse with two children", "Bela: a retired bus driver", "Chen: a student who cooks"),
        "What are they asked?", "how likely are you to buy it, and why?"),
}


@dataclass(frozen=True)
class Answers:
    """What a starter is made of."""

    kind: Kind
    premise: str
    who: tuple[str, ...]
    """``Name: who it is``, one for each role."""
    task: str

    @classmethod
    def of(cls, kind: Kind, *, premise: str = "", who: Sequence[str] = (), task: str = "") -> Answers:
        """The answers that are given, and those of the kind's example for the others."""
        example = EXAMPLES[kind]
        return cls(kind, clean(premise) or example.premise, tuple(who) or example.who, clean(task) or example.task)


def kind_of(text: str) -> Kind:
    """The kind that a person means by its number or name.

    Raises:
        ConfigError: there is none.
    """
    plain = text.strip().lower()
    if plain.isdecimal() and 0 < int(plain) <= len(KINDS):
        return KINDS[int(plain) - 1]
    found = [kind for kind in KINDS if plain and kind.startswith(plain)] or [
        kind for kind in KINDS if kind == closest(plain, KINDS)]
    if len(found) != 1:
        raise ConfigError(f"there is no kind of play {text!r}", code="new.kind",
                          cure=f"one of {', '.join(KINDS)}, or its number")
    return found[0]


def member(text: str) -> tuple[str, str]:
    """Name and description of ``Name: who it is``.

    Raises:
        ConfigError: one of the two is missing.
    """
    name, colon, told = (" ".join(clean(part).split()) for part in text.partition(":"))
    if not (name and colon and told):
        raise ConfigError(f"{text!r} does not say who takes part", code="new.who",
                          cure="write a name, a colon and who it is: `Ina: a student who needs money`")
    if (fault := unprintable(name)) is not None:
        raise ConfigError(f"the name in {text!r} holds {fault}", code="new.who",
                          cure="write it in one line of plain letters")
    return name, told


def make(answers: Answers, *, name: str, file: str) -> str:
    """The text of a scenario.

    Args:
        name: what the template is called; becomes Latin letters and hyphens.
        file: the file's name, for the commands in its comments.

    Raises:
        ConfigError: a role has no description, there are too few or too many, or two have the same name.
    """
    members = _cast(answers)
    roles = [line for role, (shown, told) in members.items() for line in _role(role, shown, told)]
    template = Template((FOLDER / f"{answers.kind}.yaml").read_text(encoding="utf-8"))
    title = name.replace("-", " ").replace("_", " ").strip().capitalize() or answers.kind.capitalize()
    return template.substitute(
        file=file, name=slug(name, empty=answers.kind), title=_one_line(title), premise=_text(answers.premise, 2),
        task=_text(answers.task, 8), roles="\n".join(roles), speakers=f"[{', '.join(members)}]",
        first=next(iter(members)), rounds=ROUNDS[answers.kind])


def switched_on(text: str) -> str:
    """A starter with everything in use that it offers."""
    return re.sub(rf"^{SWITCH}", "", text, flags=re.MULTILINE)


def _cast(answers: Answers) -> dict[str, tuple[str, str]]:
    """Role to name and description."""
    fewest = 1 if answers.kind in ("survey", "exercise") else 2
    if not fewest <= len(answers.who) <= MOST_ROLES:
        raise ConfigError(f"{len(answers.who)} take part", code="new.who",
                          cure=f"name {fewest} to {MOST_ROLES}, each as `Name: who it is`")
    found: dict[str, tuple[str, str]] = {}
    names = {_folded(name) for name in _OWN_NAMES}
    for text in answers.who:
        shown, told = member(text)
        if _folded(shown) in names or not _folded(shown):
            raise ConfigError(f"two are called {shown!r}, or nobody can be", code="new.who",
                              cure="give each a name of its own")
        role = slug(shown, joint="_", empty="role", longest=32)
        names.add(_folded(shown))
        taken = {*found, *RESERVED_ROLES, *_OWN_ROLES, *_NO_TEXTS, "staff", "panel"}
        found[next(each for each in (role, *(f"{role}_{number}" for number in range(2, 100)))
                   if each not in taken)] = shown, told
    return found


def _folded(name: str) -> str:
    """A name as names are told apart."""
    return " ".join(normalized(name).casefold().split())


def _role(role: str, shown: str, told: str) -> list[str]:
    return [f"  {role}:", f"    name: {_one_line(shown)}", "    agent:", "      engine: actor", "      personality:",
            f"        role: {_one_line(told)}", f"{SWITCH}        style: short sentences",
            f"{SWITCH}        traits: [stubborn, kind]", f"{SWITCH}    secret: what only this role knows",
            f"{SWITCH}    human: allowed     # a person may play it: --play {role}"]


_PLAIN = re.compile(r"[A-Za-z][\w ,.;'’()/-]*[\w.)]")


def _one_line(text: str) -> str:
    """A text as a YAML scalar on one line."""
    text = unbraced(" ".join(clean(text).split()))
    if _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXTS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str, indent: int) -> str:
    """A text as a YAML scalar: on one line, or folded where it is long."""
    plain = unbraced(" ".join(clean(text).split()))
    if len(plain) <= WIDTH - 20:
        return _one_line(plain)
    lines = textwrap.wrap(plain, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join([">-", *(" " * indent + line for line in lines)])
