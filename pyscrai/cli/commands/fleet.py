"""``pyscrai fleet``: who plays runs, and what waits."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from pyscrai.cli.parameters import AsJson, above_zero
from pyscrai.cli.terminal import output
from pyscrai.cli.terminal.table import table
from pyscrai.errors import ConfigError

if TYPE_CHECKING:
    from pyscrai.services.fleet.state import ShareState

app = App(name="fleet", help="Show the workers and the queue; treat a share of the runs otherwise.")


@app.default
async def show(*, as_json: AsJson = False) -> None:
    """Show the workers that live, and what waits and plays of each share."""
    from pyscrai.cli.services import opened_database
    from pyscrai.services.fleet.state import fleet_state

    async with opened_database() as database:
        state = await fleet_state(database)
    if as_json:
        output.json_line({"capacity": state.capacity, "workers": [
            {**asdict(worker), "started_at": worker.started_at.isoformat()} for worker in state.workers],
            "shares": [asdict(share) for share in state.shares]})
        return
    if not state.workers:
        output.say("No worker lives. `pyscrai worker` or `pyscrai serve` starts one.")
    else:
        table(["worker", "kind", "version", "playing", "capacity", "beat", "aliases", "labels"],
              [[worker.id, worker.kind, worker.version, worker.playing, worker.capacity,
                f"{worker.beat_seconds:.0f} s ago", ", ".join(worker.aliases), ", ".join(worker.labels)]
               for worker in state.workers], right=["playing", "capacity"], whole=["worker"],
              optional=["version", "aliases", "labels"])
        output.say("")
        output.say(f"{sum(worker.playing for worker in state.workers)} of {state.capacity} places are taken, "
                   f"{sum(share.waiting for share in state.shares)} runs wait.")
    if state.shares:
        output.say("")
        table(["share", "waiting", "playing", "weight", "priority", "held", "spent"],
              [[share.share or "-", share.waiting, share.playing, f"{share.weight:g}", share.priority,
                "yes" if share.held else "", _spent(share)] for share in state.shares],
              right=["waiting", "playing", "weight", "priority"], optional=["held", "spent"])


@app.command
async def share(
    name: Annotated[str, Parameter(help="An experiment's or a caller's name, as `pyscrai fleet` shows it.")], /, *,
    weight: Annotated[float | None, Parameter(help="How much it gets beside the others, which have 1.")] = None,
    priority: Annotated[int | None, Parameter(help="Shares of a higher number come first.")] = None,
    hold: Annotated[bool, Parameter(help="Begin none of its runs, and take none over.")] = False,
    go_on: Annotated[bool, Parameter(help="Hold it no longer.")] = False,
    budget: Annotated[float | None, Parameter(help="What its calls may cost in all, in USD: its runs stand when "
                                              "that is spent.")] = None,
    no_budget: Annotated[bool, Parameter(help="Let it spend without a bound.")] = False,
    as_json: AsJson = False,
) -> None:
    """Treat a share of the runs otherwise: one row, however many runs it has."""
    from pyscrai.cli.services import opened_database
    from pyscrai.services.fleet.state import treat_share

    if hold and go_on:
        raise ConfigError("--hold and --go-on are both given", code="config.options", cure="give one of them")
    if weight is not None and not 0 < weight <= 1e6:
        raise ConfigError(f"--weight {weight:g} is not a number above 0", code="config.options")
    if no_budget and budget is not None:
        raise ConfigError("--budget and --no-budget are both given", code="config.options", cure="give one of them")
    budget = above_zero(budget, "--budget")
    async with opened_database() as database:
        row = await treat_share(database, name, weight=weight, priority=priority,
                                held=True if hold else False if go_on else None,
                                budget_usd="none" if no_budget else budget)
        said = {"share": row.share, "weight": row.weight, "priority": row.priority, "held": row.held,
                "budget_usd": row.budget_usd}
    if as_json:
        output.json_line(said)
    else:
        budgeted = "" if row.budget_usd is None else f", {row.budget_usd:g} USD at most"
        output.say(f"{name}: weight {row.weight:g}, priority {row.priority}{', held' if row.held else ''}{budgeted}")


def _spent(share: ShareState) -> str:
    """The spending of a share, and its budget."""
    if share.budget_usd is not None:
        return f"{share.spent_usd:.2f} of {share.budget_usd:g} USD"
    return f"{share.spent_usd:.2f} USD" if share.spent_usd else ""
