"""A small model's report: one sentence that it writes, and a line that it chooses."""

from __future__ import annotations

import pytest

from pyscrai.engines.layouts.brief import Grounded
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import TryAgain
from pyscrai.llm.scripted.model import Scripted
from tests.engines.playing import actor, analyst, played, scenario

CAST = {"ann": actor(), "bob": actor(), "eve": analyst()}
WATCHED = scenario(roles={name: {"agent": engine} for name, engine in CAST.items()},
                   phases={"talk": {"speakers": ["ann", "bob"], "next": [{"to": "end"}]}},
                   analysis={"by": "eve", "report": True})


async def report_of(course: list[str], chosen: int, layout: str = "script") -> tuple[str, list[str]]:
    """The report, where the model answers the first question with each text in turn; and what it was asked."""
    asked: list[str] = []

    def script(role: str, request: ModelRequest) -> Scripted | None:
        text = request.messages[-1].content
        if role != "eve":
            return f"I am {role} and want 40."
        asked.append(text)
        if request.schema is not None:
            return {"line": chosen}
        return course.pop(0) if len(course) > 1 else course[0]

    play = await played(WATCHED, script, layout=layout, prefill=True)
    return next(event.markdown for event in play.events if event.kind == "report"), asked


async def test_it_is_made_of_a_sentence_and_a_quotation() -> None:
    report, asked = await report_of(["Ann wanted 40, and got it."], 2)
    assert report.startswith("## What happened\nAnn wanted 40, and got it.\n\n## Turning point\n")
    assert "in turn 2: “I am bob and want 40.”" in report
    assert len(asked) == 2
    assert "2. Bob: I am bob and want 40." in asked[1]


async def test_a_number_that_nobody_has_said_is_not_told() -> None:
    report, asked = await report_of(["Ann wanted 75.", "Ann wanted 40."], 1)
    assert "Ann wanted 40." in report
    assert len(asked) == 3


async def test_a_number_is_of_those_who_said_it() -> None:
    report, _ = await report_of(["Ann wanted 40, and Bob 40 as well.", "never asked for"], 1)
    assert "Bob 40" in report
    lines = [{"name": "Ann", "speaker": "ann", "content": "I want 6,300."},
             {"name": "", "speaker": None, "content": "Ann asks 6,500 dollars, Bob offers 4900."},
             {"name": "", "speaker": None, "content": "The clock strikes 12."},
             {"name": "Bob", "speaker": "bob", "content": "No."}]
    critic = Grounded(lines)  # type: ignore[arg-type]
    for wrong in ("Bob wanted 6300.", "Ann gave 4900.", "Bob wanted 6500."):
        with pytest.raises(TryAgain, match="is not heard of"):
            critic.judged(wrong)
    right = "Ann wanted 6500, Bob gave 4900 at 12."
    assert critic.judged(right) == right


async def test_a_large_model_writes_all_of_it() -> None:
    report, asked = await report_of(["# All that happened"], 1, layout="instruct")
    assert report == "# All that happened"
    assert len(asked) == 1


def test_a_sentence_with_numbers_has_one_that_was_heard_last() -> None:
    said = ("I want 65.", "I take 57.", "We shake hands.")
    lines = [{"name": "Ann", "speaker": "ann", "content": text} for text in said]
    with pytest.raises(TryAgain, match="how it ended"):
        Grounded(lines).judged("Ann wanted 65, which was the final price.")  # type: ignore[arg-type]
    for right in ("Ann wanted 65 and took 57.", "Ann shook hands."):
        assert Grounded(lines).judged(right) == right  # type: ignore[arg-type]


def test_a_number_in_a_name_is_none() -> None:
    lines = [{"name": f"Player {number}", "speaker": f"p{number}", "content": text}
             for number, text in ((1, "I give 40."), (2, "Player 1, I take that."))]
    for right in ("Player 1 gave 40, and Player 2 took it.", "Player 2 gave in."):
        assert Grounded(lines).judged(right) == right  # type: ignore[arg-type]
    with pytest.raises(TryAgain, match="not heard of Player 2"):
        Grounded(lines).judged("Player 2 gave 40.")  # type: ignore[arg-type]
    al = [{"name": "Al", "speaker": "al", "content": "No."}, {"name": "Bo", "speaker": "bo", "content": "I take 40."}]
    assert Grounded(al).judged("Also, Bo took 40.") == "Also, Bo took 40."  # type: ignore[arg-type]
    with pytest.raises(TryAgain, match="not heard of Al"):
        Grounded(al).judged("Bo asked, Al took 40.")  # type: ignore[arg-type]
