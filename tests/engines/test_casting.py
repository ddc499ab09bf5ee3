"""What a role adds to its agent, who is cast instead, what an Analyst is told, and parameters in texts."""

from __future__ import annotations

import pytest

from pyscrai.engines.orchestration.plan import make_plan
from pyscrai.errors import RunError
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.templates.models.agent import AgentBody, AgentTemplate, Personality
from tests.engines.playing import actor, analyst, played, scenario

AGENTS: dict[str, AgentBody] = {
    "amara": AgentTemplate(name="amara", engine="actor", secret="Amara owes money.",
                           personality=Personality(role="a trader of {{ params.ware }}", goals=("sell",))),
    "otto": AgentTemplate(name="otto", engine="analyst", personality=Personality(role="an observer"))}

ROLES = {"ann": {"agent": actor(), "secret": "Ann knows of the {{ params.ware }}.", "goals": ["keep the peace"],
                 "brief": "In this play she sells {{ params.ware }}.", "knows": ["The mill is closed."]},
         "bob": {"agent": actor()},
         "eye": {"agent": analyst(), "knows": ["secrets", "goals"]}}
PARAMETERS = {"ware": {"type": "string", "default": "salt"}}
ANALYSIS = {"by": "eye", "measures": [{"name": "m", "scale": [1, 3], "rubric": "how much {{ params.ware }}"}]}


async def test_a_role_adds_to_its_agent_and_an_analyst_is_told() -> None:
    play = await played(scenario(roles=ROLES, parameters=PARAMETERS, analysis=ANALYSIS, phases={
        "talk": {"speakers": ["ann", "bob"], "task": "trade {{ params.ware }} {{ user }}", "next": [{"to": "end"}]}}),
        parameters={"ware": "wool"})
    told = play.prompts("ann")[0]
    for part in ("In this play she sells wool.", "keep the peace", "Ann knows of the wool.\nThe mill is closed.",
                 "trade wool {{ user }}"):
        assert part in told
    assert "mill" not in play.prompts("bob")[0]
    eye = play.prompts("eye")[0]
    for part in ("The secret of Ann: Ann knows of the wool.", "The goals of Ann: keep the peace", "how much wool"):
        assert part in eye


def test_another_agent_is_cast() -> None:
    template = scenario(roles=ROLES, parameters=PARAMETERS, analysis=ANALYSIS)
    spec = make_run_spec(template, RunOptions(seed=1, cast={"bob": "amara"}), AGENTS.__getitem__, model="m")
    bob = spec.cast["bob"]
    assert (bob.agent, bob.secret, bob.personality.role) == (
        "amara@1.0.0", "Amara owes money.", "a trader of {{ params.ware }}")
    plan = make_plan(spec)
    assert plan.cast["bob"].personality.role == "a trader of salt"
    assert plan.given.cast["bob"] is bob, "what is stored keeps its parameters, so that a fork can change them"
    assert "The secret of Bob: Amara owes money." in spec.cast["eye"].secret
    with pytest.raises(RunError, match="is for an Actor or a Narrator"):
        make_run_spec(template, RunOptions(cast={"bob": "otto"}), AGENTS.__getitem__, model="m")
    with pytest.raises(RunError, match="there is no role 'bop'"):
        make_run_spec(template, RunOptions(cast={"bop": "amara"}), AGENTS.__getitem__, model="m")
