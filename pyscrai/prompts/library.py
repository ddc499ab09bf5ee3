"""Prompts: found, rendered in a sandbox where an unknown variable is an error, and hashed for the record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError, meta

from pyscrai.errors import PromptError
from pyscrai.plain_text import storable
from pyscrai.prompts.sandbox import Meter, MeteredContext, Sandbox

PACKAGE = Path(__file__).parent.parent
LIBRARY = next((folder for folder in (PACKAGE / "_prompts", PACKAGE.parent / "prompts") if folder.is_dir()),
               PACKAGE / "_prompts")
"""Where the engines' own prompts are: in the wheel, or in a checkout."""


@cache
def _environment() -> Sandbox:
    return Sandbox(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False)


@lru_cache(maxsize=512)
def _compiled(text: str) -> Template:
    return _environment().allowed(text)


@cache
def shipped() -> Mapping[str, str]:
    """All shipped prompts, read once: their paths under ``prompts/`` without the ending, to their texts."""
    return {path.relative_to(LIBRARY).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(LIBRARY.glob("*/*.j2"))}


def load(name: str) -> str:
    """The text of a shipped prompt, by its path under ``prompts/`` without the ending: ``instruct/actor_system``.

    Raises:
        PromptError: there is no such prompt.
    """
    try:
        return shipped()[name]
    except KeyError as error:
        raise PromptError(f"there is no prompt {name!r} in {LIBRARY}", cure="reinstall pyscrai") from error


def find(name: str, layout: str) -> str:
    """The path of a shipped prompt for a layout, or of the one for all layouts: ``common/NAME``."""
    place = f"{layout}/{name}"
    return place if place in shipped() else f"common/{name}"


def render_text(text: str, variables: Mapping[str, Any], *, within: Meter | None = None) -> str:
    """Render a prompt text.

    Args:
        within: what several texts may cost together.

    Raises:
        PromptError: the text is broken or reads a variable that it is not given.
    """
    if "{" not in text:
        return text
    try:
        return storable(_rendered(_compiled(text), variables, within))
    except Exception as error:  # a filter that is given the wrong thing raises whatever it likes
        given = ", ".join(sorted(variables))
        raise PromptError(f"the prompt {_excerpt(text)!r} cannot be rendered: {error}",
                          cure=f"it may read: {given}") from error


def _rendered(template: Template, variables: Mapping[str, Any], within: Meter | None) -> str:
    if within is None:
        return template.render(variables)
    context = template.new_context(dict(variables))
    assert isinstance(context, MeteredContext)
    context.meter.within = within
    return "".join(template.root_render_func(context))


@dataclass(frozen=True, slots=True)
class PromptText:
    """The text of a prompt, with what the record keeps of it and what it is given."""

    name: str
    """Its path under ``prompts/``, or the agent and the prompt's name there."""
    text: str
    hash: str
    reads: tuple[str, ...]
    """The variables that it may read."""


@lru_cache(maxsize=512)
def prompt_text(name: str, text: str) -> PromptText:
    """A prompt by its name and text."""
    return PromptText(name, text, text_hash(text), names_read(text))


@cache
def shipped_prompt(name: str, layout: str) -> PromptText:
    """The shipped prompt for a layout.

    Raises: as ``load``.
    """
    place = find(name, layout)
    return prompt_text(place, load(place))


@lru_cache(maxsize=512)
def names_read(text: str) -> tuple[str, ...]:
    """The names of the variables that a prompt text may read, in the order of the alphabet."""
    with suppress(TemplateError):   # who renders it is told what is wrong with it
        return tuple(sorted(meta.find_undeclared_variables(_environment().parse(text))))
    return ()


@lru_cache(maxsize=512)
def text_hash(text: str) -> str:
    """The first 16 hex digits of a prompt text's SHA-256, as the journal keeps it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
