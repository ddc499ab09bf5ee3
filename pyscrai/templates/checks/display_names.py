"""Names that people and models read: each is one line, and no two roles have one name."""

from __future__ import annotations

import unicodedata

from pyscrai.plain_text import normalized
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.scenario import display_name
from pyscrai.templates.reading.positions import Path


def check_display_names(subject: Subject) -> None:
    """Prompts know roles by their names alone: two that read alike, or a line break in one, forge a speaker."""
    seen: dict[str, str] = {}
    for role, spec in subject.scenario.roles.items():
        path: Path = ("roles", role, "name") if spec.name else ("roles", role)
        if (fault := unprintable(spec.name)) is not None:
            subject.error("name", path, f"a name cannot hold {fault}", value=spec.name,
                          cure="write it in one line of plain letters")
        name = display_name(role, spec.name)
        folded = " ".join(normalized(name).casefold().split())
        if not folded:
            subject.error("name", path, "this name is empty", value=spec.name, cure="write a name, or leave it out")
        elif folded in seen:
            subject.error("same_name", path, f"`{role}` and `{seen[folded]}` have one name: {name}", value=name,
                          cure="give one of them another name; case and spaces do not tell names apart",
                          on_key=not spec.name)
        seen.setdefault(folded, role)
    told: list[tuple[Path, str]] = [(("injects", index, "source"), inject.source)
                                    for index, inject in enumerate(subject.scenario.injects)]
    told += [(("rules", index, "inject", "source"), rule.inject.source)
             for index, rule in enumerate(subject.scenario.rules) if rule.inject is not None]
    told += [(("flow", "phases", name, "title"), phase.title) for name, phase in subject.scenario.flow.phases.items()]
    for where, text in told:
        if (fault := unprintable(text)) is not None:
            subject.error("name", where, f"a name cannot hold {fault}", value=text,
                          cure="write it in one line of plain letters")


def unprintable(name: str) -> str | None:
    """The characters that make a name more than one line of letters, in words."""
    for character in name:
        if character in "\n\r\v\f\x85\u2028\u2029":
            return "a line break"
        category = unicodedata.category(character)
        if category == "Cf" and character not in "\u200c\u200d":  # joiners are part of some scripts and emoji
            return "a mark that turns or hides the writing"
        if category in ("Cc", "Cs"):
            return "a control character"
    return None
