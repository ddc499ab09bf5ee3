"""A person's answer as one text, and a proposal in lines of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyscrai.errors import RunError
from pyscrai.exports.transcript_entry import pairs, titled
from pyscrai.services.replies import PASS

DECISIONS = ("accept", "edit", "reject")


def read_answer(text: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Read ``--answer``: a JSON object as it is, anything else as speech, or as the choice of a moderator.

    Where a proposal is decided about: ``accept`` or ``reject``, or else what stands in its place; in place of the
    arguments of a tool a JSON object.

    Raises:
        RunError: it is nothing that can stand in place of a tool's arguments.
    """
    proposal = request.get("proposal")
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict):
            arguments = proposal is not None and "tool" in proposal and value.get("decision") not in DECISIONS
            return {"decision": "edit", "edited": {"arguments": value}} if arguments and value != PASS else value
    given = text.strip()
    if proposal is None:
        return {"next": given} if request["task"] == "moderate" else {"text": given}
    if given.lower() in ("accept", "reject"):
        return {"decision": given.lower()}
    if "tool" in proposal:
        raise RunError(f"{given!r} decides nothing about the use of a tool", code="run.answer",
                       cure=f"accept, reject, or the arguments as JSON, as {json.dumps(proposal['arguments'])}")
    return {"decision": "edit", "edited": {"next" if "next" in proposal else "text": given}}


def proposal_lines(proposal: Mapping[str, Any]) -> list[str]:
    """A proposal in words: what is said, done, changed, chosen or used."""
    if "tool" in proposal:
        return [f"proposed: use {titled(proposal['tool']).lower()} ({pairs(proposal['arguments'])})"]
    lines = [f"proposed: {proposal['text']}"] if "text" in proposal else []
    lines += [f"  {action}: {pairs(arguments)}" for action, arguments in (proposal.get("actions") or {}).items()]
    lines += [f"  changes {change['variable']} to {change['value']}" for change in proposal.get("changes") or ()]
    if to := proposal.get("to"):
        lines.append(f"  to {', '.join(to) if isinstance(to, list) else to}")
    if proposal.get("scene_over"):
        lines.append("  ends the scene")
    if "next" in proposal:
        lines.append(f"proposed as the next speaker: {proposal['next']}"
                     + (f" ({proposal['reason']})" if proposal.get("reason") else ""))
    return lines
