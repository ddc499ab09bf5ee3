"""``pyscrai new``: whatever is answered, the file is valid, also with everything in use that it offers."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.cli.scenario_argument import shipped_agents
from pyscrai.errors import ConfigError
from pyscrai.templates import starter
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.reading.loader import read_text
from tests.cli.conftest import Pyscrai

SAID = st.text(min_size=1, max_size=60).filter(lambda text: text.strip(" \t\n:"))
"""Whatever a person may type."""


@pytest.mark.parametrize("kind", starter.KINDS)
def test_a_starter_is_valid_without_a_warning_as_it_is_and_with_all_in_use(kind: starter.Kind) -> None:
    agents = shipped_agents()
    text = starter.make(starter.Answers.of(kind), name=kind, file=f"{kind}.yaml")
    assert text.count(starter.SWITCH) > 5
    for each in (text, starter.switched_on(text)):
        assert validate([read_text(each, file=kind)], agents) == []
    assert max(map(len, text.splitlines())) <= 132


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(starter.KINDS), premise=SAID, task=SAID,
       names=st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=4), told=SAID)
def test_whatever_is_answered_is_valid_or_refused_with_a_cure(
        kind: starter.Kind, premise: str, task: str, names: list[str], told: str) -> None:
    answers = starter.Answers.of(kind, premise=premise, task=task, who=[f"{name}: {told}" for name in names])
    try:
        text = starter.make(answers, name=premise, file="x.yaml")
    except ConfigError as error:
        if error.code == "new.who" and error.cure:
            return
        raise
    found = [problem for problem in validate([read_text(text, file="x.yaml")], shipped_agents())
             if problem.severity == "error"]
    assert found == []


@pytest.mark.parametrize("kind", starter.KINDS)
def test_it_is_written_and_plays(pyscrai: Pyscrai, home: Path, kind: str) -> None:
    said = pyscrai("new", "--kind", kind, "--json")
    assert said.last == {"file": f"{kind}.yaml", "kind": kind, "roles": len(starter.EXAMPLES[kind].who)}   # type: ignore[index]
    assert pyscrai("validate", f"{kind}.yaml", "--strict").code == 0
    played = pyscrai("run", f"{kind}.yaml", "--model", "scripted", "--json")
    assert (played.code, played.last["status"]) == (0, "completed"), played.err


def test_options_say_what_is_written_and_nothing_is_lost(pyscrai: Pyscrai, home: Path) -> None:
    said = pyscrai("new", "plays.yaml", "--kind", "survey", "--premise", "A {{bad}} idea: yes", "--who",
                   "Ödön Ács: a baker", "--who", "end: somebody", "--who", "Null: nobody", "--task", "say why")
    assert said.code == 0, said.err
    text = (home / "plays.yaml").read_text()
    assert "odon_acs:" in text
    assert "end_2:" in text
    assert "null_2:" in text
    assert pyscrai("validate", "plays.yaml").code == 0
    assert pyscrai("new", "plays.yaml").code == 2
    assert (home / "plays.yaml").read_text() == text
    assert pyscrai("new", "plays.yaml", "--force").code == 0
    assert "new.who" in pyscrai("new", "--who", "Observer: x", "--who", "B: y").err
    assert pyscrai("new", "--who", "Bo").err.startswith("error [new.who]")
    assert pyscrai("new").out.strip() == "wrote conversation.yaml"
    assert pyscrai("new").out.strip() == "wrote conversation-2.yaml"


def test_four_questions_are_asked_at_a_terminal(home: Path) -> None:
    """A wrong answer is asked for again; Enter takes what is proposed."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "pyscrai", "new"], cwd=home, stdin=follower, stdout=follower,
                               stderr=follower, close_fds=True, env={**os.environ, "TERM": "dumb"})
    os.close(follower)
    seen = ""

    def until(text: str) -> None:
        nonlocal seen
        limit = time.monotonic() + 60
        while text not in seen:
            assert time.monotonic() < limit, seen
            if select.select([leader], [], [], 1)[0]:
                seen += os.read(leader, 4096).decode()
        seen = seen[seen.index(text) + len(text):]

    try:
        for question, answer in (("to be played?", "nonsense"), ("no kind of play", "2"), ("situation?", ""),
                                 ("Who takes part?", "Bo"), ("does not say who", "Bo: a baker"),
                                 ("> ", "Al: a smith"), ("> ", ""), ("bargain about?", "agree")):
            until(question)
            if not question.startswith(">"):
                until("> ")
            os.write(leader, f"{answer}\n".encode())
        until("wrote negotiation.yaml")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    text = (home / "negotiation.yaml").read_text()
    assert "bo:" in text
    assert "task: agree" in text
