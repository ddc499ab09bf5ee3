"""``pyscrai fork``, ``edit`` and ``regenerate``: another future of a run, which itself stays as it is."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import Actor, AsJson, RunId, above_zero, read_pairs, read_values
from pyscrai.cli.terminal import output
from pyscrai.errors import NotFound

if TYPE_CHECKING:
    from pyscrai.factories.services import Services

Play = Annotated[bool, Parameter(name="--play", help="Play the fork at once and show it.")]


async def fork(
    run_id: RunId, /, *,
    at: Annotated[int, Parameter(help="How many turns of its past the fork shares.")],
    inject: Annotated[Sequence[str], Parameter(help="What happens before the fork's first turn.")] = (),
    to: Annotated[Sequence[str], Parameter(help="A role or group that learns of it; everybody if left out.")] = (),
    variable: Annotated[Sequence[str], Parameter(help="A variable's value in the fork: NAME=VALUE.")] = (),
    set_: Annotated[Sequence[str], Parameter(name="--set", help="A parameter of the scenario: NAME=VALUE.")] = (),
    model: Annotated[str | None, Parameter(help="The model alias of every role.")] = None,
    role_model: Annotated[Sequence[str], Parameter(help="The model alias of one role: ROLE=ALIAS.")] = (),
    seed: Annotated[int | None, Parameter(help="Another seed.")] = None,
    max_turns: Annotated[int | None, Parameter(help="End after this many turns.")] = None,
    budget: Annotated[float | None, Parameter(help="End when the model calls have cost this many USD.")] = None,
    name: Annotated[str, Parameter(help="A name for the fork.")] = "",
    tag: Annotated[Sequence[str], Parameter(help="A tag to find the fork by.")] = (),
    play: Play = False, actor: Actor = "", as_json: AsJson = False,
) -> Exit:
    """Make a run that shares another's past up to a turn and may go on otherwise; nothing of the past is paid again."""
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.services.forks import Edits, fork_run
    from pyscrai.templates.models.world import InjectText

    edits = Edits(
        variables=read_values(variable, "--variable"), parameters=read_pairs(set_, "--set"), model=model, seed=seed,
        role_models=read_pairs(role_model, "--role-model"), max_turns=above_zero(max_turns, "--max-turns"),
        budget_usd=above_zero(budget, "--budget"),
        injects=tuple(InjectText(text=text, audience=tuple(to) or ("all",)) for text in inject))
    async with opened_services() as services:
        child = await fork_run(services, await full_id(services.database, run_id), at, edits,
                               actor=actor or getpass.getuser(), name=name, tags=tuple(tag))
        return await _go_on(services, child, play=play, as_json=as_json)


async def edit(
    run_id: RunId,
    seq: Annotated[int, Parameter(name="SEQ", help="The number of the event, as `pyscrai events` shows it.")],
    text: Annotated[str, Parameter(name="TEXT", help="What it says instead.")], /, *,
    play: Play = False, actor: Actor = "", as_json: AsJson = False,
) -> Exit:
    """Fork a run after something that was said or injected, which says something else in the fork."""
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.databases.repositories.events import Events
    from pyscrai.services.forks import Edits, fork_run

    async with opened_services() as services:
        parent = await full_id(services.database, run_id)
        async with services.database.read() as session:
            found = [event for event in await Events(session).read(parent, after_seq=seq - 1, limit=1)
                     if event.seq == seq]
        if not found:
            raise NotFound(f"{parent} has no event {seq}", cure=f"pyscrai events {parent} lists them")
        edits = Edits(message=(found[0].key, text))
        child = await fork_run(services, parent, found[0].turn, edits, actor=actor or getpass.getuser(),
                               name=f"event {seq} edited")
        return await _go_on(services, child, play=play, as_json=as_json)


async def regenerate(
    run_id: RunId, /, *,
    turn: Annotated[int, Parameter(help="The turn to play again.")],
    seed: Annotated[int | None, Parameter(help="The seed to play it with; a new one if left out.")] = None,
    role: Annotated[str | None, Parameter(help="The role that has another model from then on.")] = None,
    model: Annotated[str | None, Parameter(help="The model alias, of that role or of every role.")] = None,
    play: Play = False, actor: Actor = "", as_json: AsJson = False,
) -> Exit:
    """Play a turn again with another seed or model, as a fork from the turn before it."""
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.services import forks

    async with opened_services() as services:
        child = await forks.regenerate(services, await full_id(services.database, run_id), turn,
                                       actor=actor or getpass.getuser(), seed=seed, role=role, model=model)
        return await _go_on(services, child, play=play, as_json=as_json)


async def _go_on(services: Services, child: str, *, play: bool, as_json: bool) -> Exit:
    from pyscrai.databases.repositories.runs import Runs

    if play:
        from pyscrai.cli.run_lookup import opening_of
        from pyscrai.cli.run_session import RunSession
        from pyscrai.cli.views.choice import choose_view

        async with services.database.read() as session:
            begin = await opening_of(session, child)
        return await RunSession(services, begin, choose_view(as_json=as_json)).play()
    if as_json:
        async with services.database.read() as session:
            row = await Runs(session).get(child)
        output.json_line({"run_id": child, "parent_run_id": row.parent_run_id, "fork_turn": row.fork_turn})
    else:
        output.say(child)
        output.note(f"play it with   pyscrai resume {child}")
    return Exit.COMPLETED
