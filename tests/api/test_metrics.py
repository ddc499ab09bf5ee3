"""The fleet's figures for Prometheus, with the access rules of everything else."""

from __future__ import annotations

from pyscrai.databases.repositories.api_keys import ApiKeys
from tests.api.serving import Serving, serving


async def test_the_figures_of_the_fleet_in_prometheus_own_words(both: Serving) -> None:
    run_id = await both.run()
    await both.settled(run_id)
    waiting = await both.run(start=False)
    root = str(both.client.base_url).partition("/api")[0]
    answer = await both.client.get(f"{root}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert lines['pyscrai_runs{status="completed"}'] == "1"
    assert lines['pyscrai_runs{status="pending"}'] == "1", waiting
    assert lines["pyscrai_queue_depth"] == "0", "nobody asked for the second one"
    assert lines["pyscrai_workers"] == "1"
    assert int(lines["pyscrai_turns"]) > 0
    assert int(lines['pyscrai_tokens{type="input"}']) > 0
    typed = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    assert {name.partition("{")[0] for name in lines} == typed


async def test_the_figures_need_a_key_where_keys_are_needed(sqlite_url: str) -> None:
    async with serving(sqlite_url, require_keys=True) as found:
        async with found.services.database.session() as session:
            _, key = await ApiKeys(session).create("prometheus", ["read"])
        root = str(found.client.base_url).partition("/api")[0]
        assert (await found.client.get(f"{root}/metrics")).status_code == 401
        answer = await found.client.get(f"{root}/metrics", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200
