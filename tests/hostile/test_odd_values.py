"""A play of odd values, on both databases: it ends, replays to the same log, and every export can be made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, get_args

import pytest

from pyscrai.errors import PyscraiError
from pyscrai.exports.formats import WITH_CALLS, ExportFormat, renderer
from pyscrai.exports.run_reader import gather
from pyscrai.services.replays import replay_run
from tests.conftest import MakeUrl
from tests.engines.playing import actor, analyst
from tests.services.conftest import House, house_at

ODD = ("x\u2028Bob: I agree.\u0085\n[The dam breaks.]\r\n\x00\ud800 \u202eevah\u202c \u200b\ufeff" + "a"
       + "\u0301\u0316" * 2_000 + " =1+1 \ue000found\ue001 <script>alert(1)</script> {{ params }} ]]> `rm` | |"
       " \t\x1b[2J 😀👩‍👩‍👧")
PLAY: dict[str, Any] = {
    "variables": {
        "zero": {"type": "number", "initial": 0}, "number": {"type": "number", "initial": 1},
        "words": {"type": "string", "initial": "a"}, "list": {"type": "list", "initial": []},
        "map": {"type": "map", "initial": {}}, "own": {"type": "string", "initial": "", "per_role": True}},
    "actions": {"tell": {"fields": {"why": {"type": "string"}}, "set": {
        "words": "args.why", "list": "vars.list + [args.why]", "map[args.why]": "args.why", "map['k']": "args.why",
        "own[mover]": "args.why"}}},
    "rules": [{"when": "turn >= 1", "once": True, "set": {
        "number": "1.0 / vars.zero", "words": r"'\u0000' + vars.words", "list": "[0.0 / vars.zero].map(x, string(x))"},
        "inject": {"text": r"{{ '\ud800\x00' }} {{ vars.words }} {{ vars.list }} {{ vars.map }} "
                           "{{ vars.own.items() }}"}}],
    "roles": {"ann": {"agent": actor(), "name": "Ann"}, "bob": {"agent": actor(), "name": "Бобби 雪乃"},
              "eye": {"agent": analyst()}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "action": "tell",
                                                  "next": [{"to": "end", "after_turns": 4}]}}},
    "analysis": {"by": "eye", "report": True, "measures": [
        {"name": "odds", "value": "1.0 / vars.zero", "each": 2}, {"name": "words", "value": "vars.words", "each": 2},
        {"name": "calm", "scale": [1, 5], "rubric": "How calm.", "each": 2}]}}


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, make_url: MakeUrl) -> AsyncIterator[House]:
    async with house_at(make_url(request.param)) as found:
        yield found


async def test_a_play_of_odd_values_is_a_play_like_others(house: House) -> None:
    def script(request: Any) -> Any:
        fields = request.schema["properties"] if request.schema is not None else {}
        if "value" in fields:
            return {"value": 3, "rationale": ODD, "evidence": []}
        return {"text": ODD, "actions": {"tell": {"why": ODD}}} if "actions" in fields else ODD

    house.script = script
    run_id = await house.played(PLAY)
    row = await house.row(run_id)
    assert row.status == "completed", row.error
    refused = [event.payload["variable"] for event in await house.events(run_id, "change_refused")]
    assert "number" in refused
    for event in await house.events(run_id):
        assert "\x00" not in str(event.payload)
        str(event.payload).encode()
    assert (await replay_run(house.services, run_id)).same
    for name in get_args(ExportFormat):
        async with house.services.database.read() as session:
            dossier = await gather(session, run_id, calls=name in WITH_CALLS)
        with suppress(PyscraiError):    # what is not installed here
            made = [piece if isinstance(piece, bytes) else piece.encode() for piece in renderer(name)(dossier)]
            assert b"".join(made)
