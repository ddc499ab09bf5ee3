"""Tools to play: run a scenario, go on with a run, fork one. They cost what the model costs."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from pyscrai.factories.run_options import RunOptions
from pyscrai.mcp_server.access import AssistantAccess
from pyscrai.mcp_server.look_tools import Run, Text
from pyscrai.mcp_server.tool_answer import told
from pyscrai.services.forks import Edits
from pyscrai.templates.models.world import InjectText

PLAYS = ToolAnnotations(readOnlyHint=False, destructiveHint=False, idempotentHint=False, openWorldHint=True)

Seconds = Annotated[float, Field(ge=0, le=600, description="Wait so long for it; a run goes on without being waited "
                                                           "for, and `resume` waits again.")]
Model = Annotated[str | None, Field(description="A model alias for every role; `scripted` needs no model and means "
                                                "nothing; left out, the operator's own.")]
Turns = Annotated[int | None, Field(description="Stop after so many turns.", ge=1)]


def add_play_tools(server: FastMCP[Any], access: AssistantAccess) -> None:
    """Give a server the tools that play."""

    @server.tool(annotations=PLAYS)
    @told
    async def run(
        scenario: Annotated[str | None, Field(description="A stored scenario: `name` or `name@version`.")] = None,
        text: Text | None = None,
        model: Model = None,
        seed: int | None = None,
        parameters: Annotated[dict[str, Any] | None, Field(description="Values of the scenario's parameters.")] = None,
        max_turns: Turns = None,
        budget_usd: Annotated[float | None, Field(description="Stop when the run has cost so much.", gt=0)] = None,
        tags: list[str] | None = None,
        seconds: Seconds = 60,
    ) -> dict[str, Any]:
        """Play a scenario, a stored one or a text, and say how the run stands.

        Read what happened with `transcript` and `show`. A run of status `waiting` waits for a person who plays a role.
        """
        if (scenario is None) == (text is None):
            raise ToolError("give either `scenario`, the name of a stored one, or `text`")
        reference = scenario if scenario is not None else await access.stored(text or "")
        run_id = await access.create(reference, RunOptions(
            parameters=parameters or {}, model=model, seed=seed, max_turns=max_turns, budget_usd=budget_usd,
            tags=tuple(tags or ())))
        return await access.play(run_id, seconds)

    @server.tool(annotations=PLAYS)
    @told
    async def resume(run: Run, seconds: Seconds = 60) -> dict[str, Any]:
        """Let a run go on that paused or failed, or wait on for one that plays; say how it stands."""
        run_id = await access.run_id(run)
        status = (await access.facts(run_id))["status"]
        if status in ("completed", "stopped"):
            raise ToolError(f"{run_id} is {status}: fork it to play on otherwise")
        return await (access.waited if status == "running" else access.play)(run_id, seconds)

    @server.tool(annotations=PLAYS)
    @told
    async def fork(
        run: Run,
        turn: Annotated[int, Field(description="How many turns of the run's play are shared.", ge=0)],
        variables: Annotated[dict[str, Any] | None, Field(description="Variables that have other values.")] = None,
        inject: Annotated[str | None, Field(description="What happens at once, heard by everyone.")] = None,
        model: Model = None,
        seed: int | None = None,
        max_turns: Turns = None,
        tags: list[str] | None = None,
        seconds: Seconds = 60,
    ) -> dict[str, Any]:
        """Make a run that shares another's past up to a turn and goes on otherwise, and play it.

        The other run stays as it is, and what both share is not paid again.
        """
        injects = [InjectText(text=inject)] if inject else []
        edits = Edits(variables=variables or {}, injects=injects, model=model, seed=seed, max_turns=max_turns)
        return await access.play(await access.fork(await access.run_id(run), turn, edits, tags or ()), seconds)
