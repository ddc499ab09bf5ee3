"""``pyscrai demo`` plays a whole scenario and shows what is recorded of it."""

from __future__ import annotations

from tests.cli.conftest import Pyscrai


def test_the_demo_plays_to_the_end_and_shows_the_record(pyscrai: Pyscrai) -> None:
    told = pyscrai("demo", "--model", "scripted", "--seed", "3").out
    assert "— bargaining —" in told
    assert "Dana asks 6500 dollars, Lee offers 4900." in told
    assert "The run is completed" in told
    for table in ("agent_instances", "events", "llm_calls", "measurements", "run_metrics"):
        assert table in told
    run_id = told.split("pyscrai show ")[1].split()[0]
    assert pyscrai("show", run_id).out.count("Name price") == told.count("→ Name price")
