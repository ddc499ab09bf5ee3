"""All that is known of one run, as plain data that the renderings share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import Line, titled


@dataclass(frozen=True, slots=True)
class Dossier:
    """One run's record; everything in it is JSON-plain.

    ``run`` says what was played and how it ended, ``cast`` has a mapping per role, ``calls`` are None where they were
    not asked for, ``metrics`` maps ``run`` and each role to its figures.
    """

    run: Mapping[str, Any]
    cast: Sequence[Mapping[str, Any]]
    events: Sequence[Line]
    calls: Sequence[Mapping[str, Any]] | None = None
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    template: Mapping[str, Any] = field(default_factory=dict)
    annotations: Sequence[Mapping[str, Any]] = ()
    """People's notes on events, each by the event's key."""

    @property
    def title(self) -> str:
        """The scenario's title, or its name in words."""
        return str(self.template.get("title") or titled(str(self.run.get("template", "run")).partition("@")[0]))

    @property
    def measurements(self) -> list[Line]:
        """The scores and categories that Analysts gave, in their order."""
        return [line for line in self.events if line["kind"] == "measurement"]

    @property
    def report(self) -> str:
        """The last report in Markdown, or an empty text."""
        return next((str(line["markdown"]) for line in reversed(self.events) if line["kind"] == "report"), "")

    def transcript(self) -> Transcript:
        """A reader of the events that knows the cast's names and the phases' titles."""
        phases = (self.template.get("flow") or {}).get("phases") or {}
        return Transcript({member["role"]: member["name"] for member in self.cast},
                          {name: phase["title"] for name, phase in phases.items() if phase.get("title")})
