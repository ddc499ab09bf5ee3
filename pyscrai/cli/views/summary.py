"""The last lines of a command that played a run: how it ended, what it took, and where to look further."""

from __future__ import annotations

from collections.abc import Iterator

from pyscrai.cli.terminal.answer_text import proposal_lines
from pyscrai.cli.views.view import Closing
from pyscrai.exports.figures import count, money, seconds, tokens_text
from pyscrai.exports.transcript_entry import clean, outcome_text


def verdict(closing: Closing) -> str:
    """The end of the run in a sentence."""
    match closing.status:
        case "completed":
            limit = " (a limit)" if (closing.outcome or {}).get("limit") else ""
            return f"completed{limit} · {outcome_text(closing.outcome)}"
        case "failed":
            error = closing.error or {}
            return f"failed [{error.get('code', '')}]: {clean(error.get('message', ''))}"
        case "waiting":
            name = (closing.waiting or {}).get("name") or (closing.waiting or {}).get("role", "a person")
            person = (closing.waiting or {}).get("person") or ""
            who = "a person who" if person in ("", "you") else f"{clean(person)}, who"
            does = "decides about a proposal of" if "proposal" in (closing.waiting or {}) else "plays"
            return f"waiting for {who} {does} {clean(name)}"
        case "paused":
            return f"paused · {clean(closing.paused)}" if closing.paused else "paused"
        case other:
            return other


def summary(closing: Closing) -> Iterator[str]:
    """Lines on the end of the run and on its cost."""
    yield f"had ended before: {verdict(closing)}" if closing.had_ended else verdict(closing)
    if cure := (closing.error or {}).get("cure"):
        yield f"→ {clean(cure)}"
    if proposal := (closing.waiting or {}).get("proposal"):
        yield from map(clean, proposal_lines(proposal))
    usage = closing.usage
    parts = [_many(usage.get("turns") or 0, "turn"), _many(usage.get("calls") or 0, "model call")]
    if usage.get("prompt_tokens") is not None and usage.get("calls"):
        parts += [f"tokens {tokens_text(usage)}", f"cost {money(usage.get('cost_usd'))}"]
    yield ", ".join((*parts, seconds(closing.seconds)))


def hints(closing: Closing) -> Iterator[str]:
    """The exact commands to go on with."""
    run = closing.run_id
    if not closing.stored:
        return
    if closing.status == "paused":
        yield f"go on with    pyscrai resume {run}"
    elif closing.status == "waiting":
        accept = " --answer accept" if "proposal" in (closing.waiting or {}) else ""
        yield f"answer with   pyscrai resume {run}{accept}"
    elif closing.status == "failed":
        yield f"try again     pyscrai resume {run}"
    if closing.missing:
        yield f"measure again pyscrai measure {run}"
    yield f"transcript    pyscrai show {run}"
    yield f"model calls   pyscrai calls {run}"
    yield f"figures       pyscrai metrics {run}"
    if closing.status == "completed":
        yield f"in a browser  pyscrai view {run}"


def _many(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
