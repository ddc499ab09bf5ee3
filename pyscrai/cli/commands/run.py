"""``pyscrai run``, ``resume`` and ``replay``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import AsJson, RunId, above_zero, read_pairs
from pyscrai.cli.terminal import output
from pyscrai.exports.json_text import dumps
from pyscrai.factories.run_options import RunOptions

# What plays takes two seconds to import: it is imported while the embedded model starts, and not for `--help`.
if TYPE_CHECKING:
    from pyscrai.services.replay_comparison import Difference


async def run(
    scenario: Annotated[str, Parameter(name="SCENARIO", help="A shipped or stored scenario, `name` or `name@version`, "
                                                              "or a template file.")], /, *,
    set_: Annotated[Sequence[str], Parameter(name="--set", help="A parameter of the scenario: --set heat=0.9.")] = (),
    model: Annotated[str | None, Parameter(help="The model alias of every role, or PROVIDER:MODEL, such as "
                                                    "openai:gpt-5-mini or ollama:llama3.2.")] = None,
    role_model: Annotated[Sequence[str], Parameter(help="The model alias of one role: ROLE=ALIAS.")] = (),
    cast: Annotated[Sequence[str], Parameter(help="The agent template that plays a role: ROLE=NAME or "
                                                  "ROLE=NAME@VERSION.")] = (),
    seed: Annotated[int | None, Parameter(help="Seed of random orders, dice and sampling.")] = None,
    max_turns: Annotated[int | None, Parameter(help="End after this many turns.")] = None,
    budget: Annotated[float | None, Parameter(help="End when the model calls have cost this many USD.")] = None,
    allow_unknown_price: Annotated[bool, Parameter(help="Allow a budget with models that have no known price: their "
                                                        "calls are not counted.")] = False,
    without: Annotated[Sequence[str], Parameter(help="Leave this optional role out.")] = (),
    play: Annotated[Sequence[str], Parameter(help="Play this role yourself: ROLE or ROLE=YOUR_NAME.")] = (),
    tag: Annotated[Sequence[str], Parameter(help="A tag to find the run by.")] = (),
    draft: Annotated[bool, Parameter(help="Store a changed file as the next free version.")] = False,
    runs: Annotated[int | None, Parameter(help="Play so many seeds of it, and every combination of --set NAME=A,B; "
                                               "print one table.")] = None,
    parallel: Annotated[int, Parameter(help="With --runs: how many are played at once.")] = 10,
    dry_run: Annotated[bool, Parameter(help="Play the flow with no model; nothing is stored.")] = False,
    as_json: AsJson = False,
) -> Exit:
    """Play a scenario and show it as it happens.

    Ctrl-C pauses the run after the turn that is being played. Exit codes: 0 it came to an end of its own, 1 it failed,
    2 the command or the template is wrong, 3 a limit ended it, 4 it waits for a person, 130 interrupted.
    """
    people = {role: name or "you" for role, name in read_pairs(play, "--play", bare=True).items()}
    options = RunOptions(
        parameters=read_pairs(set_, "--set"), model=model, role_models=read_pairs(role_model, "--role-model"),
        cast=read_pairs(cast, "--cast"), seed=seed,
        max_turns=above_zero(max_turns, "--max-turns"), budget_usd=above_zero(budget, "--budget"),
        allow_unknown_price=allow_unknown_price,
        without=tuple(without), people=people, tags=tuple(tag))
    if dry_run:
        return await _rehearse(scenario, options, as_json=as_json)
    from pyscrai.cli.first_run import is_first_run, tell_models
    from pyscrai.cli.services import opened_services, warmed
    from pyscrai.config.settings import load_settings

    if model is None and not as_json and is_first_run(settings := load_settings()):
        await tell_models(settings)
    async with warmed(model), opened_services() as services:
        from pyscrai.cli.run_lookup import opening_of
        from pyscrai.cli.run_session import RunSession
        from pyscrai.cli.scenario_argument import stored
        from pyscrai.cli.views.choice import choose_view
        from pyscrai.factories.scenario_factory import create_scenario_run_from_template

        name = await stored(services, scenario, draft=draft)
        if runs is not None:
            from pyscrai.cli.run_grid import play_grid_here

            return await play_grid_here(services, name, options, runs=above_zero(runs, "--runs") or 1,
                                        parallel=above_zero(parallel, "--parallel") or 1, as_json=as_json)
        run_id = await create_scenario_run_from_template(services, name, options)
        async with services.database.read() as session:
            begin = await opening_of(session, run_id)
        return await RunSession(services, begin, choose_view(as_json=as_json), roles=tuple(people)).play()


async def resume(
    run_id: RunId, /, *,
    answer: Annotated[str | None, Parameter(help="What the person says for whom the run waits: text, or a JSON object "
                                                 "where more than speech is asked for.")] = None,
    person: Annotated[str, Parameter(name="--as", help="The name of the person who answers.")] = "",
    as_json: AsJson = False,
) -> Exit:
    """Let a run that was paused, interrupted, killed or that waits go on where it was."""
    from pyscrai.cli.run_lookup import opening_of
    from pyscrai.cli.run_session import RunSession
    from pyscrai.cli.services import opened_services
    from pyscrai.cli.views.choice import choose_view
    from pyscrai.databases.repositories.runs import Runs

    async with opened_services() as services:
        async with services.database.read() as session:
            row = await Runs(session).find(run_id)
            begin = await opening_of(session, row.id, resumed=True)
        roles = tuple(member["role"] for member in begin.cast if member["played_by"] != "model")
        return await RunSession(services, begin, choose_view(as_json=as_json), person=person, roles=roles,
                                anybody=True).play(answer)


async def replay(run_id: RunId, /, *, as_json: AsJson = False) -> Exit:
    """Play a finished run again from its journal, without a model, and compare requests, events, results and rows."""
    from pyscrai.cli.services import opened_services
    from pyscrai.databases.repositories.runs import Runs
    from pyscrai.services.replays import replay_run

    async with opened_services() as services:
        async with services.database.read() as session:
            row = await Runs(session).find(run_id)
        found = await replay_run(services, row.id)
    if as_json:
        output.json_line({"run_id": row.id, "same": found.same, "events": found.events, "calls": found.calls,
                          "first_difference": asdict(found.difference) if found.difference else None})
    elif found.difference is None:
        output.tell(f"{row.id} replays to the same transcript: {found.events} events from {found.calls} recorded "
                    "calls, no model asked")
    else:
        _tell_difference(row.id, found.difference)
    return Exit.COMPLETED if found.same else Exit.FAILED


def _tell_difference(run_id: str, found: Difference) -> None:
    if found.what == "seal":
        output.tell(f"{run_id} replays to the same transcript, but its record was changed since it ended:")
        for problem in (found.replayed or {}).get("problems", ()):
            output.tell(f"  {problem}")
        return
    output.tell(f"{run_id} replays otherwise; the first difference is in turn {found.turn}, {found.what}"
               + (f" {found.key}" if found.key else ""))
    for label, event in (("recorded", found.recorded), ("replayed", found.replayed)):
        output.say(f"  {label}: {dumps(event) if event else 'nothing'}")


async def _rehearse(scenario: str, options: RunOptions, *, as_json: bool) -> Exit:
    """Play a scenario's flow with the scripted model, in memory."""
    from pyscrai.cli.dry_run import rehearse

    return await rehearse(scenario, options, as_json=as_json)
