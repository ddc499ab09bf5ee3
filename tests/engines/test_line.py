"""The log says all that the state says: lines, and who hears them, can be made from events again."""

from __future__ import annotations

from typing import Any

from pyscrai.engines.in_memory import MemoryInbox
from pyscrai.engines.line import lines_of
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.state import Line, as_line, keep_recent
from tests.engines.playing import actor, narrator, played, scenario


async def test_lines_of_the_events_are_the_lines_of_the_state() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        if request.schema and "use" in request.schema["properties"]:
            return {"use": {"tool": "dice", "arguments": {"count": 1, "sides": 6, "open": role == "bob"}}}
        return None

    inbox = MemoryInbox({"id": number, "actor": "kim", "kind": "inject", "payload": payload} for number, payload in (
        (1, {"text": "Rain.", "source": "Radio"}), (2, {"text": "Hail.", "audience": ["bob"]})))
    play = await played(scenario(
        roles={"ann": actor(tools=["dice"]), "bob": actor(tools=["dice"]), "god": narrator()},
        actions={"vote": {"fields": {"choice": {"enum": ["a", "b"]}}, "audience": ["god"]}},
        injects=[{"text": "A bell.", "at_turn": 1}, {"text": "A call.", "at_turn": 2, "source": "Phone"}],
        rules=[{"when": "turn == 3", "inject": {"text": "Law."}}],
        phases={"talk": {"text": "It begins.", "action": "vote", "audiences": ["whisper"],
                         "next": [{"to": "more", "after_rounds": 1}]},
                "more": {"text": "It goes on.", "order": "simultaneous", "next": [{"to": "end", "after_rounds": 2}]}}),
        script, inbox=inbox)
    known: dict[str, Any] = {line["id"]: line for line in lines_of(play.events, play.plan)}
    told = {line["id"]: line for line in (await play.state())["messages"]}
    assert known == told
    assert len(told) > 20


def line(number: int) -> Line:
    return Line(id=f"t{number}", type="ai", kind="utterance", speaker="ann", name="Ann", content="x", turn=number,
                audience="all")


def test_lines_are_kept_whole_blocks_of_turns_however_the_writes_are_folded() -> None:
    reduce = keep_recent(10)
    one_by_one: list[Line] = []
    for number in range(1, 96):
        one_by_one = reduce(one_by_one, [(line(number),)])
        assert min(11, number + 1) - 1 <= len(one_by_one) <= 20
    assert one_by_one == reduce([], [tuple(line(number) for number in range(1, 96))])
    assert keep_recent(None)([], [tuple(map(line, range(1, 96)))]) == [line(number) for number in range(1, 96)]


def test_a_line_is_replaced_by_its_id_and_removed() -> None:
    reduce = keep_recent(10)
    lines = reduce([], [(line(1), line(2))])
    assert [found["content"] for found in reduce(lines, [({**line(1), "content": "y"},)])] == ["y", "x"]
    assert reduce(lines, [({**line(1), "type": "remove"},)]) == [line(2)]


def test_what_a_person_writes_into_the_state_is_an_inject_that_everyone_hears() -> None:
    found = as_line({"type": "human", "content": [{"type": "text", "text": "Hello"}]}, 7, 3)
    assert (found["kind"], found["audience"], found["content"], found["id"], found["turn"]) == (
        "inject", "all", "Hello", "m7", 3)
