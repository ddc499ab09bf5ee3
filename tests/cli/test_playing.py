"""``run``, ``resume`` and ``replay`` in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Pyscrai


def test_a_run_prints_its_events_and_a_closing_line(pyscrai: Pyscrai) -> None:
    said = pyscrai("run", "talk.yaml", "--seed", 1, "--json")
    *events, last = said.lines
    assert said.code == 0
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all({"seq", "kind", "turn", "source", "audience"} <= event.keys() for event in events)
    assert [event["source"] for event in events if event["kind"] == "utterance"] == ["ada", "bo", "ada", "bo"]
    assert all(event["payload"]["text"] for event in events if event["kind"] == "utterance")
    assert next(event for event in events if event["kind"] == "inject")["audience"] == ["bo"]
    assert pyscrai("events", last["run_id"], "--json").lines == events, "as they came, so they are read back"
    assert last.keys() == {"run_id", "status", "outcome", "usage"}
    assert last["status"] == "completed"
    assert last["outcome"]["limit"] is False
    assert last["usage"]["turns"] == 4
    assert last["usage"]["calls"] >= 5


def test_a_piped_transcript_is_an_entry_a_line(pyscrai: Pyscrai) -> None:
    said = pyscrai("run", "talk.yaml", "--set", "hour=9")
    lines = said.out.splitlines()
    assert lines[0].startswith("Small talk (small-talk@1.0.0), run_")
    assert lines[1] == "A kitchen at night, 9 o'clock."
    assert "== The evening ==" in lines
    assert "[2] * Door: It rings. (only to Bo) [bell]" in lines
    assert "    Trust: 5 → 3 (inject bell)" in lines or any("Trust: 5 → 3" in line for line in lines)
    assert sum(line.startswith(("[1] Ada: ", "[2] Bo: ", "[3] Ada: ", "[4] Bo: ")) for line in lines) == 4
    assert "\x1b" not in said.out + said.err
    run_id = lines[0].rpartition(" ")[2]
    assert f"pyscrai show {run_id}" in said.err
    assert "4 turns, " in said.err


def test_a_limit_has_an_exit_code_of_its_own(pyscrai: Pyscrai) -> None:
    said = pyscrai("run", "talk.yaml", "--max-turns", 2, "--json")
    assert said.code == 3
    assert said.last["outcome"]["limit"] is True
    assert said.last["usage"]["turns"] == 2


def test_a_failed_run_says_why(pyscrai: Pyscrai, home: Path) -> None:
    (home / "pyscrai.toml").write_text(
        '[models.gone]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "none"\ntimeout = 5\n')
    text = (home / "duel.yaml").read_text()
    (home / "duel.yaml").write_text(text + "failure: {retries: 0, then: fail}\n")
    said = pyscrai("run", "duel.yaml", "--model", "gone", "--json")
    assert said.code == 1
    assert said.last["status"] == "failed"
    assert said.last["error"]["code"] == "model.unavailable"
    assert said.lines[-2]["kind"] == "run_failed"
    again = pyscrai("resume", "last")
    assert again.code == 1
    assert "failed [model.unavailable]" in again.err
    assert "Traceback" not in again.err


def test_roles_models_and_tags_are_set_for_one_run(pyscrai: Pyscrai) -> None:
    said = pyscrai("run", "talk.yaml", "--without", "guest", "--role-model", "ada=embedded-tiny",
                   "--model", "scripted", "--tag", "x", "--json")
    assert said.code == 2, "the weights of embedded-tiny are not in this cache"
    assert said.last["error"]["code"] == "weights.missing"
    assert "models install embedded-tiny" in said.last["error"]["cure"]
    (run,) = pyscrai("runs", "--json").lines
    assert run["tags"] == ["x"]
    assert run["settings"]["role_models"] == {"ada": "embedded-tiny"}


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["run"], 2, "SCENARIO requires an argument"),
    (["run", "nothing-like-it"], 2, "no scenario template nothing-like-it is stored"),
    (["run", "two-agent-conversaton"], 2, "did you mean `two-agent-conversation`? `pyscrai templates list`"),
    (["templates", "show", "two-agent-conversaton"], 2, "did you mean `two-agent-conversation`?"),
    (["templates", "show", "conversationalst"], 2, "did you mean `conversationalist`?"),
    (["templates", "show", "two-agent-conversation@9.0.0"], 2, "versions of two-agent-conversation: 1.0.0"),
    (["run", "two-agent-conversation@9.0.0"], 2, "versions of two-agent-conversation: 1.0.0"),
    (["run", "nowhere.yaml"], 2, "nowhere.yaml cannot be read"),
    (["run", "talk.yaml", "--seed", "x"], 2, "--seed"),
    (["run", "talk.yaml", "--sed", "1"], 2, "Did you mean --seed?"),
    (["run", "talk.yaml", "--set", "hour"], 2, "not of the form NAME=VALUE"),
    (["run", "talk.yaml", "--set", "hour=1", "--set", "hour=2"], 2, "twice"),
    (["run", "talk.yaml", "--set", "hour=25"], 2, "25"),
    (["run", "talk.yaml", "--set", "hours=5"], 2, "hours"),
    (["run", "talk.yaml", "--model", "scriptd"], 2, "did you mean `scripted`?"),
    (["run", "talk.yaml", "--role-model", "cy=scripted"], 2, "cy"),
    (["run", "talk.yaml", "--without", "ada"], 2, "required"),
    (["run", "talk.yaml", "--max-turns", "0"], 2, "--max-turns 0 is not above 0"),
    (["run", "talk.yaml", "--play", "ada"], 2, "not for a person"),
    (["resume", "nothing"], 2, "no run has the id nothing"),
    (["replay", "nothing"], 2, "no run has the id nothing"),
    (["rn"], 2, 'Did you mean "run"?'),
])
def test_what_cannot_be_played_is_told_in_one_message(pyscrai: Pyscrai, arguments: list[str], code: int, words: str
                                                      ) -> None:
    said = pyscrai(*arguments)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert "Traceback" not in said.err
    as_json = pyscrai(*arguments, "--json")
    assert as_json.code == code
    assert as_json.last["exit_code"] == code
    assert words in as_json.last["error"]["message"] + (as_json.last["error"]["cure"] or "")


def test_a_replay_is_the_same(pyscrai: Pyscrai, played: str) -> None:
    said = pyscrai("replay", played, "--json")
    assert said.code == 0
    assert said.last["same"] is True
    assert said.last["first_difference"] is None
    assert said.last["calls"] > 0
    assert "replays to the same transcript" in pyscrai("replay", "last").out


def test_a_finished_run_is_not_played_again(pyscrai: Pyscrai, played: str) -> None:
    before = len(pyscrai("calls", played, "--json").lines)
    said = pyscrai("resume", played, "--json")
    assert said.code == 0
    assert said.last["status"] == "completed"
    assert len(pyscrai("calls", played, "--json").lines) == before


def test_a_changed_file_wants_another_version_or_draft(pyscrai: Pyscrai, home: Path, played: str) -> None:
    text = (home / "talk.yaml").read_text()
    (home / "talk.yaml").write_text(text.replace("The lamp is lit.", "The lamp is out."))
    said = pyscrai("run", "talk.yaml", "--json")
    assert said.code == 2
    assert said.last["error"]["code"] == "template.version_conflict"
    assert "1.0.1" in said.last["error"]["cure"]
    assert "--draft" in said.last["error"]["cure"]
    assert pyscrai("run", "talk.yaml", "--draft", "--json").code == 0
    assert pyscrai("run", "talk.yaml", "--draft", "--json").code == 0
    played_as = [run["template"] for run in pyscrai("runs", "--json").lines]
    assert played_as == ["small-talk@1.0.1", "small-talk@1.0.1", "small-talk@1.0.0"], "the same draft is one version"
    (home / "talk.yaml").write_text(text.replace("The lamp is lit.", "The lamp is on fire."))
    assert pyscrai("run", "talk.yaml", "--draft", "--json").code == 0
    assert pyscrai("runs", "--json").lines[0]["template"] == "small-talk@1.0.2"


def test_a_dry_run_stores_nothing(pyscrai: Pyscrai, home: Path) -> None:
    said = pyscrai("run", "talk.yaml", "--dry-run", "--json")
    assert said.code == 0
    assert said.last["status"] == "completed"
    assert [event["source"] for event in said.lines[:-1] if event["kind"] == "utterance"] == ["ada", "bo", "ada", "bo"]
    assert pyscrai("runs", "--json").lines == []
    assert "small-talk" not in pyscrai("templates", "list").out
    assert "[1] Ada: " in pyscrai("run", "talk.yaml", "--dry-run").out
    (home / "talk.yaml").write_text((home / "talk.yaml").read_text().replace("speakers: [ada", "speakers: [adda"))
    wrong = pyscrai("run", "talk.yaml", "--dry-run")
    assert wrong.code == 2
    assert "talk.yaml:" in wrong.err
    assert "adda" in wrong.err


def test_shipped_scenarios_rehearse_without_a_database(pyscrai: Pyscrai, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", "sqlite:////proc/nothing/here.db")
    said = pyscrai("run", "two-agent-conversation", "--dry-run", "--json")
    assert said.code == 0
    assert said.last["status"] == "completed"
