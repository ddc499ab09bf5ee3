"""What holds for every shipped scenario."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pyscrai.factories.run_options import RunOptions
from pyscrai.services.dry_runs import dry_run
from pyscrai.templates.checks.checker import validate_files
from pyscrai.templates.library import files, shipped_agent, shipped_scenario
from tests.gallery.stage import SHIPPED, gallery, shown

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "gallery.md"


def test_there_are_scenarios_of_ten_kinds_and_more() -> None:
    kinds = {"negotiation", "crisis", "focus-group", "votes", "hidden-roles", "training", "debate", "incident",
             "fiction", "social"}
    tags = {tag for name in SHIPPED for tag in shipped_scenario(name).tags}
    assert kinds <= tags
    assert len(SHIPPED) >= 10


def test_nothing_can_be_said_against_any_of_them() -> None:
    assert [str(problem) for problem in validate_files(files())] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_says_what_it_shows(name: str) -> None:
    template = shipped_scenario(name)
    assert template.title
    assert len(template.description.split()) >= 25, "a paragraph on what it shows"
    assert len(template.tags) >= 2
    assert f"`{name}`" in DOCUMENT.read_text(encoding="utf-8"), "docs/gallery.md names every scenario"


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_dry_run_comes_to_a_natural_end(name: str, seed: int) -> None:
    result, events = await dry_run(shipped_scenario(name), shipped_agent, RunOptions(seed=seed))
    assert result.status == "completed", result
    assert result.outcome is not None
    assert not result.outcome["limit"], result.outcome
    warnings = [event.payload()["message"] for event in events if event.kind == "flow_warning"]
    assert not warnings


@pytest.mark.parametrize("name", SHIPPED)
async def test_can_be_played_by_the_fewest(name: str) -> None:
    template = shipped_scenario(name)
    without = tuple(role for role, spec in template.roles.items() if not spec.required)
    play = await shown(name, without=without)
    assert not {event.source for event in play.events} & set(without)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("layout", ["instruct", "script"])
async def test_no_secret_stands_in_the_prompt_of_another_role(name: str, layout: str) -> None:
    play = await shown(name, layout=layout, prefill=layout == "script")
    roles = gallery(name).roles
    secrets = {role: " ".join(spec.secret.split()) for role, spec in roles.items() if spec.secret}
    for role, secret in secrets.items():
        for reader in play.models:
            if "secrets" in roles[reader].knows:
                continue  # an Analyst who is told them
            prompts = [" ".join(prompt.split()) for prompt in play.prompts(reader)]
            holds = [secret in prompt for prompt in prompts]
            assert any(holds) if reader == role else not any(holds), (role, reader)


@pytest.mark.parametrize("name", SHIPPED)
async def test_every_score_rests_on_lines_of_the_play(name: str) -> None:
    play = await shown(name)
    lines = {event.key for event in play.events}
    analysis = gallery(name).analysis
    scores = play.of("measurement")
    assert {score.measure for score in scores} == {measure.name for measure in (analysis.measures if analysis else ())}
    assert all(set(score.evidence) <= lines for score in scores)
    assert len(play.of("report")) == (1 if analysis and analysis.report else 0)
    assert not [report for report in play.of("report") if not re.search(r"\w", report.markdown)]
