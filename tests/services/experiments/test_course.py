"""The whole course on both databases: pilot, freeze, play, judge, label, analyse, tables, folder, verification."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select, update

from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.databases.tables import EventRow, RunRow
from pyscrai.errors import ConfigError, RunError, TemplateError, WrongState
from pyscrai.experiments import packages
from pyscrai.factories.services import Services
from pyscrai.factories.template_store import store_templates
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.services.experiments.bundle import report_html, write_bundle
from pyscrai.services.experiments.course import run_course
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.forecast import forecast, store_pilot
from pyscrai.services.experiments.human_labels import add_labels, csv_of, rows_of_csv, sheet_rows, text_of
from pyscrai.services.experiments.judge_panel import JudgePanel
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.experiments.status import experiment_status
from pyscrai.services.experiments.verification import verify_experiment
from pyscrai.templates.reading.loader import load_data
from tests.services.experiments.giving import GOODS, Giver, experiment

JUDGED: dict[str, Any] = {
    "name": "judged", "pasts": {"seeds": 6, "vary": {"multiplier": [1, 2]}, "until": {"turn": 3}}, "smallest_effect": 5,
    "arms": {"one": {}, "bonus": {"variables": {"bonus": 5},
                                  "injects": [{"text": "Here is a bonus.", "source": "Bank"}]}},
    "measures": {"primary": {"name": "pot", "variable": "pot"}, "secondary": [
        {"name": "generosity", "of": "ann"}, {"name": "kind", "is": "warm"},
        {"name": "gifts", "action": "give.amount", "take": "mean"},
        {"name": "grew", "variable": "pot", "take": "change"},
        {"name": "ended", "outcome": "last"}]},
    "judges": {"by": ["script", "other"], "repeats": 2, "measures": [
        {"name": "generosity", "scale": [1, 5], "rubric": "How generous?", "of": "ann"},
        {"name": "kind", "categories": ["warm", "cold"], "rubric": "How was it?"}]}}


class Judge(ScriptedModel):
    """Scores a transcript by its length, with some noise; keeps what it was asked."""

    def __init__(self, alias: str) -> None:
        super().__init__(self.answer, alias=alias)

    def answer(self, request: Any) -> Any:
        chance = random.Random(request.seed)
        allowed = request.schema["properties"]["value"]
        value = chance.choice(allowed["enum"]) if "enum" in allowed else min(5, 3 + chance.randint(0, 1))
        return {"rationale": "So it is.", "evidence": request.schema["properties"]["evidence"]["items"]["enum"][:2],
                "value": value}


async def test_the_whole_course(both: Services, tmp_path: Path) -> None:
    judge = Judge("other")
    both.models.register("other", judge)
    settings = {**JUDGED, "judges": {**JUDGED["judges"], "by": ["other"]}}
    loaded = experiment(**settings)
    async with own_manager(both, 8) as manager:
        pilot = await run_course(both, manager, await store_pilot(both, loaded, 2), judged=False)
        planned = await store_experiment(both, loaded)
        found = await forecast(both, planned)
        assert (found["runs"], found["pilot"]["runs_played"], found["judgements"]) == (24, 8, 96)
        assert pilot.id != planned.id
        plan = await run_course(both, manager, planned)
    assert plan.row.status == "completed"
    results = await compute_results(both, plan)
    rows = {(row["measure"], row["standing"]): row for row in results["contrasts"]}
    assert rows["pot", "primary"]["difference"] == 15.0
    assert rows["pot", "primary"]["finding"] == "the same in every past"
    assert rows["grew", "secondary"]["difference"] == 15.0
    assert rows["gifts", "secondary"]["difference"] == 0.0
    assert rows["ended", "secondary"]["method"] == "newcombe"
    assert not rows["kind", "secondary"]["reliable"], "its categories are drawn by chance"
    assert {entry["measure"]: entry["items"] for entry in results["agreement"]} == {"generosity": 24, "kind": 24}
    assert (await experiment_status(both, plan.id))["judgements"] == {"other": 96}
    assert results["provenance"]["models"][0]["alias"] == "script"
    # Judges see no arm, no parameter, no label, no earlier score; categories stand in an order drawn for each item.
    asked = ["".join(part for message in request.messages for part in message.parts) for request in judge.requests]
    assert not any(word in text for text in asked for word in ("bonus =", "multiplier", "past 1", "judged"))
    assert any("Here is a bonus." in text for text in asked)
    orders = [text.rpartition("Choose one of: ")[2].partition(".")[0] for text in asked if "Choose one of" in text]
    assert set(orders) == {"warm, cold", "cold, warm"}
    assert sum(order == "warm, cold" for order in orders) in range(12, 37)
    again = await JudgePanel(both, plan).judge()
    assert (again.judged, again.already) == (0, 96)
    files = await write_bundle(both, plan, results, tmp_path / "all", runs=True)
    assert pq.read_table(tmp_path / "all/tables/runs.parquet").num_rows == 24
    assert pq.read_table(tmp_path / "all/tables/turns.parquet").num_rows == 24 * 4
    assert pq.read_table(tmp_path / "all/tables/judgements.parquet").num_rows == 96
    crate = json.loads((tmp_path / "all/ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert {entity["@id"] for entity in crate["@graph"]} >= {path.relative_to(tmp_path / "all").as_posix()
                                                             for path in files}
    page = (tmp_path / "all/report.html").read_text(encoding="utf-8")
    assert "http-equiv=\"Content-Security-Policy\"" in page
    assert "<script" not in page
    for anchor in ("pairs-pot-bonus-one", "contrasts", "judges", "evidence"):
        assert f'id="{anchor}"' in page
    places = re.findall(r' id="([^"]+)"', page)
    assert len(set(places)) == len(places)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places), "every link within the page leads somewhere"
    alone = await report_html(both, plan, results)
    for run_id in [run_id for pair in results["contrasts"][0]["pairs"] for run_id in pair["arm_runs"]]:
        assert f'href="#run-{run_id}"' in alone, "in a page of its own each run leads to what its scores rest on"
    assert "give amount: " in alone, "a computed value rests on the moves and changes that brought it about"
    assert "pot: " in alone
    assert "no language model" in page, "the scripted model is said to be none"
    verified = await verify_experiment(both, plan.id, sample=0)
    assert verified["identical"], verified
    assert verified["replayed"] == verified["runs"] == 36


async def test_verification_finds_what_was_changed(services: Services) -> None:
    services.models.register("other", Judge("other"))
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, await store_experiment(services, experiment()))
    assert (await verify_experiment(services, plan.id, sample=0))["identical"]
    async with services.database.session() as session:
        await session.execute(update(EventRow).where(EventRow.kind == "utterance", EventRow.turn == 2).values(
            payload={"name": "Bob", "text": "I never said that.", "played_by": "model"}))
    found = await verify_experiment(services, plan.id, sample=0)
    assert not found["identical"]
    assert len([line for line in found["differences"] if "replays otherwise in turn 2" in line]) == 8


async def test_labels_that_do_not_fit_are_refused_together(services: Services) -> None:
    services.models.register("other", Judge("other"))
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, await store_experiment(services, experiment(**{
            **JUDGED, "pasts": {"seeds": 2}, "judges": {**JUDGED["judges"], "by": ["other"]}})))
        bare = await store_experiment(services, experiment(name="bare"))
    run_id = (await compute_results(services, plan))["contrasts"][0]["pairs"][0]["arm_runs"][0]
    good = {"run_id": run_id, "measure": "kind", "value": "warm", "person": "ann"}
    assert await add_labels(services, plan, [good]) == 1
    wrong = [{"run_id": "run_0"}, {"measure": "kin"}, {"value": "hot"}, {"person": ""}]
    with pytest.raises(TemplateError) as refused:
        await add_labels(services, plan, [good, *({**good, **each} for each in wrong)])
    assert refused.value.code == "experiment.labels"
    assert [(problem.field, problem.message.partition("'")[0]) for problem in refused.value.problems] == [
        ("labels[1].run_id", "no run "), ("labels[2].measure", "no measure "), ("labels[3].value", ""),
        ("labels[4].person", "it is not said who gave the label")]
    lines = "run_id,measure,value,person\n" + "".join(
        ",".join({**good, **each}.values()) + "\n" for each in (good, *wrong))
    with pytest.raises(TemplateError) as refused:
        await add_labels(services, plan, rows_of_csv(lines))
    assert [(problem.line, problem.field) for problem in refused.value.problems] == [
        (3, "run_id"), (4, "measure"), (5, "value"), (6, "person")]
    assert rows_of_csv("run_id,measure,value\na,b,3\n") == [{"run_id": "a", "measure": "b", "value": "3", "line": 2}]
    with pytest.raises(WrongState, match="names no judges"):
        JudgePanel(services, bare)


async def test_judges_beyond_the_plan_change_no_contrast(services: Services) -> None:
    """Neither another judge nor more passes of one, until the experiment names them, which is a deviation."""
    services.models.register("other", Judge("other"))
    services.models.register("third", Judge("third"))
    judged = {**JUDGED, "judges": {**JUDGED["judges"], "by": ["other"]}}
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, await store_experiment(services, experiment(**judged)))
    before = await compute_results(services, plan)
    assert before["by_judge"] == [], "there is one judge"
    assert (await JudgePanel(services, plan, by=["other", "third"], repeats=3).judge()).judged > 0
    after = await compute_results(services, plan)
    assert after["contrasts"] == before["contrasts"]
    assert after["arms"] == before["arms"]
    apart = {(row["judge"], row["planned"]) for row in after["by_judge"]}
    assert apart == {("other", True), ("other", False), ("third", False)}
    ours = {(row["measure"], row["arm"]): row["difference"] for row in after["by_judge"] if row["planned"]}
    assert ours == {(row["measure"], row["arm"]): row["difference"] for row in after["contrasts"]
                    if row["measure"] in ("generosity", "kind")}
    assert "third (beyond the plan)" in await report_html(services, plan, after)
    assert (await verify_experiment(services, plan.id, sample=1))["identical"]
    plan = await store_experiment(services, experiment(**{
        **judged, "judges": {**JUDGED["judges"], "by": ["other", "third"]}}), amend=True)
    amended = await compute_results(services, plan)
    assert "judges" in amended["deviations"][-1]["what"]
    assert ("third", True) in {(row["judge"], row["planned"]) for row in amended["by_judge"]}


async def test_people_label_a_sheet_that_tells_no_arm(services: Services) -> None:
    services.models.register("other", Judge("other"))
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, await store_experiment(services, experiment(**{
            **JUDGED, "pasts": {"seeds": 4}, "judges": {**JUDGED["judges"], "by": ["other"]}})))
    sheet = [row async for row in sheet_rows(services, plan)]
    assert len(sheet) == 4 * 2 * 2
    assert {(row["measure"], row["of"], row["values"]) for row in sheet} == {
        ("generosity", "ann", "1 to 5"), ("kind", "", "warm | cold")}
    places = [row["run_id"] for row in sheet if row["measure"] == "kind"]
    assert places != sorted(places), "in a drawn order"
    told = {word for row in sheet for word in row.values()}
    assert not told & {"one", "bonus"}
    assert not any("Bank" in row["transcript"] for row in sheet), "nor who put an inject in"
    for row in sheet[:6]:
        row["value"] = "4" if row["measure"] == "generosity" else "warm"
    text = csv_of([{**row, "transcript": f"={row['transcript']}"} for row in sheet])
    assert "'=" in text, "no formula for a spreadsheet"
    for saved in (text.encode(), text.replace(",", ";").encode("utf-16"), text.replace(",", "\t").encode()):
        rows = rows_of_csv(text_of(saved))
        assert len(rows) == 6, "what is left open is no label"
        assert await add_labels(services, plan, rows, person="ann") == 6
    assert (await compute_results(services, plan))["agreement"][0]["people"]["items"] == 3
    with pytest.raises(TemplateError, match=r"3: value: 'hot' is no category"):
        await add_labels(services, plan, rows_of_csv(
            f"Run_ID, Measure ,VALUE\n,,\n{sheet[0]['run_id']},kind,hot"), person="ann")
    with pytest.raises(RunError, match="no UTF-8"):
        text_of(b"run_id\xe4")


@pytest.mark.parametrize(("method", "extra"), [("paired", "experiments"), ("mixed", "mixed")])
async def test_a_package_that_is_missing_is_told_before_anything_is_played(
        services: Services, giver: Giver, monkeypatch: pytest.MonkeyPatch, method: str, extra: str) -> None:
    lacks = {"experiments": "scipy", "mixed": "statsmodels"}[extra]
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == lacks else name)
    plan = await store_experiment(services, experiment(analysis={"method": method}))
    async with own_manager(services, 8) as manager:
        with pytest.raises(ConfigError, match=f"needs {lacks}") as told:
            await run_course(services, manager, plan)
    assert told.value.cure == f"pip install 'pyscrai[{extra}]'"
    assert giver.calls == 0


async def test_verification_names_the_run_that_was_changed_though_it_is_not_in_the_sample(services: Services) -> None:
    plan = await store_experiment(services, experiment())
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, plan)
    assert (await verify_experiment(services, plan.id, sample=1))["identical"]
    async with services.database.read() as session:
        run_ids = sorted(await session.scalars(select(RunRow.id)))
    chosen = random.Random(0).sample(run_ids, 1)
    changed = next(run_id for run_id in run_ids if run_id not in chosen)
    async with services.database.session() as session:
        await session.execute(update(RunRow).where(RunRow.id == changed).values(variables={"pot": 9_000, "bonus": 0}))
    found = await verify_experiment(services, plan.id, sample=1)
    assert found["differences"][0].startswith(f"{changed}: scenario_runs: rows were changed")
    assert any(line.startswith("contrasts[pot, three less one].pairs[past ") for line in found["differences"])


async def test_judges_score_each_actor_and_labels_name_whom_they_are_of(services: Services) -> None:
    narrated = {**GOODS, "name": "narrated", "roles": {**GOODS["roles"], "voice": {
        "agent": {**GOODS["roles"]["ann"]["agent"], "engine": "narrator"}}}}
    await store_templates(services.database, [load_data(narrated)])
    services.models.register("other", Judge("other"))
    plan = await store_experiment(services, experiment(
        scenario="narrated", pasts={"seeds": 2}, measures={"primary": {"name": "warmth"}},
        judges={"by": ["other"], "repeats": 2, "measures": [
            {"name": "warmth", "scale": [1, 5], "rubric": "How warm?", "of": "each"}]}))
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, plan)
    async with services.database.read() as session:
        judged = await Judgements(session, plan.id).read()
    assert {row.of for row in judged} == {"ann", "bob"}, "nobody asked how warm the narrator is"
    label = {"run_id": judged[0].run_id, "measure": "warmth", "value": "3", "person": "kim"}
    assert await add_labels(services, plan, [{**label, "of": "ann"}]) == 1
    for wrong, told in (({"of": "voice"}, "of a role, and `of` says 'voice'"), ({}, "and `of` says ''"),
                        ({"of": "ann", "pass": "x"}, "`pass` is 'x'")):
        with pytest.raises(TemplateError, match=told):
            await add_labels(services, plan, [{**label, **wrong}])
