"""``pyscrai pause``, ``stop``, ``step``, ``inject`` and ``delete``: what is asked of a run, here as over the API.

Whoever plays the run carries it out. Where nobody does, this command does it.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import Actor, AsJson, RunId, read_values
from pyscrai.cli.terminal import output
from pyscrai.errors import Fenced, RunError, WrongState

if TYPE_CHECKING:
    from pyscrai.lifecycle import Request
    from pyscrai.services.controls import Accepted

Reason = Annotated[str, Parameter(help="Why, for the record.")]


async def pause(run_id: RunId, /, *, reason: Reason = "", actor: Actor = "", as_json: AsJson = False) -> Exit:
    """Let a run stand when the turns that are being played are over."""
    return await _request(run_id, "pause", reason, actor, as_json=as_json)


async def stop(
    run_id: RunId, /, *,
    now: Annotated[bool, Parameter(help="At once: a turn in the midst of being played is lost.")] = False,
    reason: Reason = "", actor: Actor = "", as_json: AsJson = False,
) -> Exit:
    """End a run for good when the turns that are being played are over."""
    return await _request(run_id, "cancel" if now else "stop", reason, actor, as_json=as_json)


async def step(run_id: RunId, /, *, actor: Actor = "", as_json: AsJson = False) -> Exit:
    """Play the next turn of a run that stands, or all turns of a simultaneous round, and show it."""
    from pyscrai.cli.run_lookup import full_id, opening_of
    from pyscrai.cli.run_session import RunSession
    from pyscrai.cli.services import opened_services
    from pyscrai.cli.views.choice import choose_view
    from pyscrai.services import controls

    async with opened_services() as services:
        found = await full_id(services.database, run_id)
        await controls.request(services, found, "step", actor=_name(actor))
        async with services.database.read() as session:
            begin = await opening_of(session, found, resumed=True)
        return await RunSession(services, begin, choose_view(as_json=as_json), as_desired=True).play()


async def inject(
    run_id: RunId, text: Annotated[str, Parameter(name="TEXT", help="What happens.")], /, *,
    to: Annotated[Sequence[str], Parameter(help="A role or group that learns of it; everybody if left out.")] = (),
    source: Annotated[str, Parameter(help="The name it comes from in the transcript, such as Radio.")] = "",
    set_: Annotated[Sequence[str], Parameter(name="--set", help="A variable and its new value: --set trust=3.")] = (),
    label: Annotated[str, Parameter(help="A short name for it in the record.")] = "",
    actor: Actor = "", as_json: AsJson = False,
) -> Exit:
    """Put something into the world of a run; its next turn takes it."""
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.services import controls
    from pyscrai.templates.models.world import InjectText

    async with opened_services() as services:
        content = InjectText(text=text, audience=tuple(to) or ("all",), source=source)
        accepted = await controls.inject(services, await full_id(services.database, run_id), content,
                                         actor=_name(actor), label=label, changes=read_values(set_, "--set"))
    return _tell(accepted, as_json=as_json)


async def delete(
    *run_ids: RunId,
    yes: Annotated[bool, Parameter(help="Delete without asking.")] = False,
    as_json: AsJson = False,
) -> Exit:
    """Delete runs and all that they recorded, for good. A run that plays, or whose past forks share, is not deleted."""
    if not run_ids:
        raise RunError("no run is named", code="usage", cure="name the runs: pyscrai delete RUN ...")
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.services.run_deletion import delete_run

    async with opened_services() as services:
        found = list(dict.fromkeys([await full_id(services.database, run_id) for run_id in run_ids]))
        if not yes and not _is_sure(found):
            raise RunError("nothing is deleted", code="usage", cure="answer with yes, or give --yes")
        for each in found:
            await delete_run(services, each)
            if as_json:
                output.json_line({"run_id": each, "deleted": True})
            else:
                output.note(f"{each} is deleted")
    return Exit.COMPLETED


async def _request(run_id: str, action: Request, reason: str, actor: str, *, as_json: bool) -> Exit:
    from pyscrai.cli.run_lookup import full_id
    from pyscrai.cli.services import opened_services
    from pyscrai.databases.repositories.runs import Runs
    from pyscrai.engines.orchestration.engine_manager import EngineManager
    from pyscrai.engines.orchestration.run_registry import Taken
    from pyscrai.services import controls
    from pyscrai.services.run_registry import StoredRunRegistry

    async with opened_services() as services:
        accepted = await controls.request(services, await full_id(services.database, run_id), action,
                                          actor=_name(actor), reason=reason)
        with suppress(Taken, Fenced):  # another process plays it, and carries this out
            registry = StoredRunRegistry(services, only=accepted.run_id, as_desired=True)
            async with EngineManager(registry, capacity=1) as manager:
                await manager.play(accepted.run_id, accepted.desired)
        async with services.database.read() as session:
            status = (await Runs(session).get(accepted.run_id)).status
    return _tell(accepted, as_json=as_json, status=status)


def _tell(accepted: Accepted, *, as_json: bool, status: str | None = None) -> Exit:
    if as_json:
        output.json_line({**asdict(accepted), **({"status": status} if status else {})})
    elif status:
        output.note(f"{accepted.run_id}: {accepted.action} asked, {status}")
    else:
        output.note(f"{accepted.run_id}: {accepted.action} asked; the next turn takes it")
    return Exit.COMPLETED


def _is_sure(run_ids: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        raise WrongState("deleting asks before it does so, and nobody is at this terminal", cure="give --yes",
                         code="usage")
    return input(f"Delete {', '.join(run_ids)} for good? [yes/no] ").strip().lower() in ("y", "yes")


def _name(actor: str) -> str:
    return actor or getpass.getuser()
