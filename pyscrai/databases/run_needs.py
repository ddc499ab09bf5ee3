"""What a run needs of the process that plays it, as a text: runs that need the same have the same text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LANGUAGE = 1
"""The newest template language that this version plays; a run of a later one is left to later versions."""

LABEL_TAG = "needs:"
"""A run's tag that begins so names a label that its worker must have: ``needs:gpu``."""


class Member(Protocol):
    """A role of the cast, as it is stored."""

    @property
    def configuration(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """Needs, taken apart."""

    language: int
    aliases: frozenset[str]
    labels: frozenset[str]

    @classmethod
    def read(cls, text: str) -> Needs:
        """The needs that a text means; none, for runs of earlier versions."""
        parts = [part.partition("=") for part in text.split()]
        named = {kind: frozenset(value for name, _, value in parts if name == kind) for kind in ("alias", "label")}
        return cls(max((int(value) for name, _, value in parts if name == "language"), default=0), named["alias"],
                   named["label"])


def needs_of(cast: Iterable[Member], tags: Collection[str]) -> str:
    """The needs of a run with this cast and these tags."""
    aliases = set[str]()
    for member in cast:
        configuration = member.configuration
        failure = configuration.get("failure") or {}
        aliases |= {str(name) for name in (configuration.get("model"), failure.get("fallback")) if name}
    labels = {tag.removeprefix(LABEL_TAG) for tag in tags if tag.startswith(LABEL_TAG)}
    return " ".join([f"language={LANGUAGE}", *(f"alias={word(name)}" for name in sorted(aliases)),
                     *(f"label={word(name)}" for name in sorted(labels))])


def word(name: str) -> str:
    """A name as it stands among needs: without blanks."""
    return "_".join(name.split())
