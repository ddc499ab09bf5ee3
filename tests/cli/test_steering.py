"""Runs steered from the command line: controls, forks, states, comparisons."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Pyscrai


@pytest.fixture
def run_id(pyscrai: Pyscrai) -> str:
    return str(pyscrai("run", "used-car-negotiation", "--seed", "3", "--max-turns", "6", "--json").last["run_id"])


def test_a_fork_shares_the_past_and_goes_on_otherwise(pyscrai: Pyscrai, run_id: str) -> None:
    forked = pyscrai("fork", run_id, "--at", "3", "--inject", "A siren.", "--to", "buyer", "--variable",
                     "dana_asks=6400", "--name", "siren", "--tag", "x", "--as", "kim", "--json").last
    assert (forked["parent_run_id"], forked["fork_turn"]) == (run_id, 3)
    child = forked["run_id"]
    assert pyscrai("resume", child).code == 3
    injected = next(line for line in pyscrai("events", child, "--kind", "inject", "--json").lines
                    if line["payload"]["text"] == "A siren.")
    assert injected["audience"] == ["buyer"]
    found = pyscrai("diff", run_id, child, "--json")
    assert (found.code, found.last["same_until_turn"]) == (1, 3)
    assert "they part after turn 3" in pyscrai("diff", run_id, child).out
    assert pyscrai("diff", run_id, run_id).out == "the same play\n"
    assert pyscrai("show", run_id).out != pyscrai("show", child).out


def test_what_was_said_can_be_edited(pyscrai: Pyscrai, run_id: str) -> None:
    said = pyscrai("events", run_id, "--kind", "utterance", "--turn", "2", "--json").last
    child = pyscrai("edit", run_id, str(said["seq"]), "I changed my mind.").out.strip()
    state = pyscrai("state", child, "--json").last["state"]
    assert "I changed my mind." in [line["content"] for line in state["messages"]]
    assert said["payload"]["text"] not in [line["content"] for line in state["messages"]]
    assert pyscrai("edit", run_id, "9999", "x").code == 2


def test_a_turn_is_played_again(pyscrai: Pyscrai, run_id: str) -> None:
    played = pyscrai("regenerate", run_id, "--turn", "2", "--seed", "99", "--play", "--json")
    assert played.last["run_id"] != run_id
    assert pyscrai("diff", run_id, played.last["run_id"], "--json").last["same_until_turn"] == 1


def test_a_run_is_stepped_steered_and_stopped(pyscrai: Pyscrai, run_id: str) -> None:
    child = pyscrai("fork", run_id, "--at", "2").out.strip()
    assert pyscrai("inject", child, "Rain.", "--source", "Radio", "--set", "dana_asks=6300", "--json").last[
        "action"] == "inject"
    stepped = pyscrai("step", child, "--json")
    assert [line["turn"] for line in stepped.lines[:-1] if line["kind"] == "utterance"] == [3]
    assert stepped.last["status"] == "paused"
    changed = [line for line in pyscrai("events", child, "--kind", "variable_changed", "--json").lines
               if line["payload"]["variable"] == "dana_asks"]
    assert 6300 in [line["payload"]["new"] for line in changed]
    assert pyscrai("stop", child, "--reason", "enough", "--json").last["status"] == "stopped"
    refused = pyscrai("pause", child)
    assert refused.code == 2
    assert "stopped" in refused.err


def test_the_state_after_a_turn(pyscrai: Pyscrai, run_id: str) -> None:
    shown = pyscrai("state", run_id, "--turn", "2").out
    assert f"{run_id} after turn 2" in shown
    assert "Dana asks" in shown
    assert "+ Dana:" in shown
    found = pyscrai("state", run_id, "--turn", "2", "--json").last
    assert found["state"]["turn"] == 2
    assert found["changed"]["messages"]["added"]


def test_a_role_is_interviewed(pyscrai: Pyscrai, run_id: str) -> None:
    before = pyscrai("show", run_id).out
    answer = pyscrai("interview", run_id, "seller", "What do you want?", "--turn", "2", "--json").last
    assert (answer["role"], answer["turn"]) == ("seller", 2)
    assert answer["answer"]
    assert pyscrai("show", run_id).out == before


def test_runs_are_deleted_when_somebody_is_sure(pyscrai: Pyscrai, run_id: str) -> None:
    assert pyscrai("delete", run_id).code == 2
    assert pyscrai("show", run_id).code == 0
    child = pyscrai("fork", run_id, "--at", "2").out.strip()
    shared = pyscrai("delete", run_id, "--yes")
    assert shared.code == 2, "its past is a fork's too"
    assert pyscrai("delete", child, run_id, "--yes").code == 0
    assert pyscrai("show", run_id).code == 2
    assert pyscrai("delete", "--yes").code == 2
