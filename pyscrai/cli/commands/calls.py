"""``pyscrai calls``: every question that a run asked a model, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson, Role, RunId, Turn
from pyscrai.cli.terminal import output
from pyscrai.exports.transcript_entry import clean


async def calls(
    run_id: RunId, /, *, role: Role = None, turn: Turn = None,
    brief: Annotated[bool, Parameter(help="A line for each call, without prompts and replies.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a run's model calls: prompt, reply, tokens, cost, latency."""
    from pyscrai.cli.run_lookup import looked_up
    from pyscrai.databases.repositories.calls import Calls
    from pyscrai.exports.run_reader import call_facts

    async with looked_up(run_id) as (session, row):
        stored = await Calls(session).read(row.id, roles=(role,) if role else (), from_turn=turn, to_turn=turn)
    found = [call_facts(each) for each in stored]
    if as_json:
        for call in found:
            output.json_line(call)
    elif brief:
        _table(found)
    else:
        for call in found:
            _block(call)
    if not found and not as_json:
        output.note("no model calls")


def _table(found: list[dict[str, Any]]) -> None:
    from pyscrai.cli.terminal.table import table
    from pyscrai.exports.figures import count, money, seconds

    table(("Turn", "Role", "Purpose", "Alias", "Prompt", "Cached", "Reply", "Cost", "Latency", "Ended"), [
        (call["turn"], call["role"], call["purpose"], call["alias"],
         *("–" if call[name] is None else count(call[name])
           for name in ("prompt_tokens", "cached_tokens", "completion_tokens")),
         "–" if call["cost_usd"] is None else money(call["cost_usd"]),
         "–" if call["latency_ms"] is None else seconds(call["latency_ms"] / 1000),
         call["finish_reason"] or (call["error"] or {}).get("code", "failed")) for call in found],
        right=("Turn", "Prompt", "Cached", "Reply", "Cost", "Latency"),
        optional=("Cached", "Alias", "Purpose", "Latency"))


def _block(call: Mapping[str, Any]) -> None:
    from rich.text import Text

    from pyscrai.exports.figures import money, seconds, tokens_text

    console = output.console()
    took = [tokens_text(call)] if call["reply"] is not None else []
    took += [money(call["cost_usd"])] if call["cost_usd"] is not None else []
    took += [seconds(call["latency_ms"] / 1000)] if call["latency_ms"] is not None else []
    took += [f"{len(call['attempts'])} failed tries"] if call["attempts"] else []

    def put(text: str, style: str = "") -> None:
        console.print(Text(clean(text), style if console.is_terminal else ""), soft_wrap=not console.is_terminal)

    put(f"turn {call['turn']}  {call['role']}  {call['purpose']}  {call['alias']}"
        + (f" ({call['model']})" if call["model"] not in (None, call["alias"]) else ""), "bold cyan")
    put(", ".join(took), "dim")
    for message in call["messages"]:
        put(f"[{message['role']}]", "bold dim")
        put(message["content"].rstrip("\n"), "dim")
    if call["reply"] is not None:
        put("[reply]", "bold green")
        put(call["reply"])
    for attempt in call["attempts"]:
        put(f"! {attempt['alias']}: {attempt['message']} [{attempt['code']}]", "yellow")
    if call["error"]:
        put(f"! {call['error'].get('message', '')} [{call['error'].get('code', '')}]", "red")
    put("")
