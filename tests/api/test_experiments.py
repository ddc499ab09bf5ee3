"""Experiments over HTTP: stored, checked, run, followed, judged, read and verified."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import pytest

from tests.api.serving import TALK, Serving, read_stream, serving

TALKED: dict[str, Any] = {
    "name": "talked", "question": "Does trust matter?", "scenario": "talk", "pasts": {"seeds": 2},
    "arms": {"low": {"variables": {"trust": 2}}, "high": {"variables": {"trust": 9}}},
    "measures": {"primary": {"name": "trust", "variable": "trust"}}, "kind": "experiment"}
JUDGES = {"by": ["gate"], "repeats": 2, "measures": [{"name": "warmth", "scale": [1, 5], "rubric": "How warm?"}]}


async def finished(server: Serving, experiment_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        await server.context.experiments.until_settled(experiment_id)
    found: dict[str, Any] = await server.get(f"/experiments/{experiment_id}")
    return found


async def test_an_experiment_is_run_and_everything_about_it_can_be_read(server: Serving) -> None:
    made = await server.post("/experiments", {"content": TALKED, "start": True}, 201)
    place = f"/experiments/{made['experiment_id']}"
    ended = await finished(server, made["experiment_id"])
    assert (ended["status"], ended["complete"], ended["cells"]["ended"]) == ("completed", True, 4)
    results = await server.get(f"{place}/results")
    [contrast] = results["contrasts"]
    assert (contrast["arm"], contrast["reference"], contrast["difference"]) == ("high", "low", 7.0)
    cells = await server.get(f"{place}/cells", params={"limit": 3})
    assert [(cell["past"], cell["arm"], cell["run_status"]) for cell in cells["items"]] == [
        (1, "high", "completed"), (1, "low", "completed"), (2, "high", "completed")]
    rest = await server.get(f"{place}/cells", params={"cursor": cells["next"]})
    assert [cell["arm"] for cell in rest["items"]] == ["low"]
    assert len((await server.get(f"{place}/pasts"))["items"]) == 2
    content = await server.get(f"{place}/content")
    assert content["contrasts"] == ["high - low"]
    assert content["frozen"]["scenario"]["reference"] == "talk@1.0.0"
    assert (await server.get(f"{place}/forecast"))["runs"] == 4
    evidence = await server.get(f"{place}/evidence/{cells['items'][0]['run_id']}")
    assert [(found["measure"], found["by"]) for found in evidence] == [("trust", "variable trust")]
    rows = await server.get(f"{place}/tables/runs")
    assert {row["arm"]: row["var_trust"] for row in rows} == {"low": 2, "high": 9}
    for table in ("cells", "measurements", "judgements", "turns", "contrasts", "arms", "deviations"):
        for form in ("json", "csv", "parquet"):
            answer = await server.client.get(f"{place}/tables/{table}", params={"format": form})
            assert answer.status_code == 200, answer.text
    page = await server.client.get(f"{place}/report")
    assert page.headers["content-type"].startswith("text/html")
    assert "<svg" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    assert "high" in (await server.client.get(f"{place}/report", params={"format": "markdown"})).text
    verified = await server.post(f"{place}/verify", None, 200)
    assert verified["identical"], verified
    assert [item["name"] for item in (await server.get("/experiments"))["items"]] == ["talked"]


async def test_its_status_is_followed_as_it_changes(server: Serving) -> None:
    server.model.gate.clear()
    made = await server.post("/experiments", {"content": TALKED, "start": True}, 201)
    stream = asyncio.create_task(read_stream(server.client, f"/experiments/{made['experiment_id']}/stream"))
    await server.asked()
    server.model.gate.set()
    async with asyncio.timeout(30):
        told = await stream
    assert {event["sse_event"] for event in told} == {"status"}
    assert told[-1]["status"] == "completed"
    assert told[-1]["cells"]["ended"] == 4


async def test_it_is_paused_and_goes_on(server: Serving) -> None:
    server.model.gate.clear()
    made = await server.post("/experiments", {"content": TALKED, "start": True}, 201)
    place = f"/experiments/{made['experiment_id']}"
    await server.asked()
    asked = await server.post(f"{place}/pause", None, 202)
    assert asked["desired"] == "pause"
    server.model.gate.set()
    assert (await finished(server, made["experiment_id"]))["status"] == "paused"
    await server.post(f"{place}/run", None, 202)
    assert (await finished(server, made["experiment_id"]))["cells"]["ended"] == 4
    assert (await server.post(f"{place}/pause", None, 409))["code"] == "experiment.wrong_state"


async def test_a_server_that_ends_leaves_its_experiments_to_the_next(sqlite_url: str) -> None:
    async with serving(sqlite_url) as server:
        await server.post("/templates", {"content": TALK}, 201)
        server.model._delay = 0.1
        made = await server.post("/experiments", {"content": TALKED, "start": True}, 201)
        await server.asked()
    async with serving(sqlite_url) as server:
        status = await server.get(f"/experiments/{made['experiment_id']}")
        assert (status["status"], status["desired"]) in (("paused", "run"), ("running", "run"))
        async with asyncio.timeout(30):
            while (status := await finished(server, made["experiment_id"]))["status"] != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert status["cells"]["ended"] == 4


async def test_transcripts_are_judged_again_and_labelled_by_people(server: Serving) -> None:
    made = await server.post("/experiments", {"content": {
        **TALKED, "judges": JUDGES, "measures": {"primary": {"name": "warmth"}}}, "start": True}, 201)
    place = f"/experiments/{made['experiment_id']}"
    assert (await finished(server, made["experiment_id"]))["judgements"] == {"gate": 8}
    await server.post(f"{place}/judge", {"repeats": 3}, 202)
    assert (await finished(server, made["experiment_id"]))["judgements"] == {"gate": 12}
    [run_id, *_] = [cell["run_id"] for cell in (await server.get(f"{place}/cells"))["items"]]
    labels = {"labels": [{"run_id": run_id, "measure": "warmth", "value": 4, "person": "ann"}]}
    assert (await server.post(f"{place}/labels", labels, 200))["labels"] == 1
    found = await server.get(f"{place}/judgements", params={"run_id": run_id})
    assert [(item["judge"], item["pass"]) for item in found["items"]] == [
        ("gate", 1), ("gate", 2), ("gate", 3), ("human:ann", 1)]
    results = await server.get(f"{place}/results")
    assert results["agreement"][0]["people"]["items"] == 1
    evidence = await server.get(f"{place}/evidence/{run_id}")
    assert {score["by"] for score in evidence} == {"gate, pass 1", "gate, pass 2", "gate, pass 3", "human:ann, pass 1"}
    wrong = {"labels": [{"run_id": run_id, "measure": "warmth", "value": 9, "person": "ann"}]}
    assert (await server.post(f"{place}/labels", wrong, 422))["code"] == "experiment.labels"


async def test_a_sheet_for_people_is_fetched_filled_in_and_sent_back(server: Serving) -> None:
    made = await server.post("/experiments", {"content": {
        **TALKED, "judges": JUDGES, "measures": {"primary": {"name": "warmth"}}}, "start": True}, 201)
    place = f"/experiments/{made['experiment_id']}"
    await finished(server, made["experiment_id"])
    answer = await server.client.get(f"{place}/labels/sheet")
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="talked-labels.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines()))
    assert len(rows) == 4
    assert not {"low", "high"} & {value for row in rows for value in row.values()}, "nobody is told the arm"
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0]])
    writer.writeheader()
    writer.writerows({**row, "value": "4"} for row in rows[:3])
    assert (await server.post(f"{place}/labels", {"csv": out.getvalue(), "person": "ann"}, 200))["labels"] == 3
    again = {"run_id": rows[0]["run_id"], "measure": "warmth", "value": 5, "person": "ann", "pass": 2}
    assert (await server.post(f"{place}/labels", {"labels": [again]}, 200))["labels"] == 1
    people = [(item["judge"], item["pass"]) for item in (await server.get(f"{place}/judgements"))["items"]
              if item["judge"].startswith("human:")]
    assert sorted(people) == [("human:ann", 1)] * 3 + [("human:ann", 2)]
    assert (await server.get(f"{place}/results"))["agreement"][0]["people"]["items"] == 3
    refused = await server.post(f"{place}/labels", {"csv": out.getvalue().replace(",4,", ",9,")}, 422)
    assert [problem["line"] for problem in refused["problems"]] == [2, 3, 4]
    for body in ({}, {"csv": "", "labels": [again]}):
        assert (await server.post(f"{place}/labels", body, 422))["code"] == "request.invalid"
    unjudged = await server.post("/experiments", {"content": {**TALKED, "name": "bare"}}, 201)
    answer = await server.client.get(f"/experiments/{unjudged['experiment_id']}/labels/sheet")
    assert (answer.status_code, answer.json()["code"]) == (409, "experiment.no_judges")


@pytest.mark.parametrize(("body", "status", "code"), [
    ({}, 422, "request.invalid"),
    ({"content": {**TALKED, "scenario": "nowhere"}}, 422, "template.invalid"),
    ({"content": {**TALKED, "scenario": "/etc/passwd.yaml"}}, 422, "request.invalid"),
    ({"source": "kind: experiment\nname: x\n"}, 422, "template.invalid"),
])
async def test_what_cannot_be_run_is_refused(server: Serving, body: Any, status: int, code: str) -> None:
    answer = await server.post("/experiments", body, status)
    assert answer["code"] == code, answer


async def test_mistakes_are_named_with_their_lines(server: Serving) -> None:
    source = ("kind: experiment\nname: talked\nquestion: Why?\nscenario: talk\npasts: {seeds: 9}\n"
              "arms: {a: {}, b: {variables: {trusst: 1}}}\nmeasures: {primary: {name: trust, variable: trust}}\n")
    answer = await server.post("/experiments/check", {"source": source}, 200)
    assert not answer["valid"]
    assert [(problem["line"], problem["cure"]) for problem in answer["problems"]] == [(6, "did you mean trust?")]
    assert (await server.get("/experiments"))["items"] == []
    await server.get("/experiments/exp_1jn9qhwhd8ez", 404)


async def test_all_mistakes_of_an_experiment_are_told_in_one_answer(server: Serving) -> None:
    wrong = {**TALKED, "repeats": 0, "arms": {"low": {"variables": {"trust": 20}}, "high": {}}, "parallell": 3}
    fields = {"repeats", "arms.low.variables.trust", "parallell"}
    checked = await server.post("/experiments/check", {"content": wrong}, 200)
    assert {problem["field"] for problem in checked["problems"] if problem["severity"] == "error"} == fields
    refused = await server.post("/experiments", {"content": wrong}, 422)
    assert {problem["field"] for problem in refused["problems"]} == fields
