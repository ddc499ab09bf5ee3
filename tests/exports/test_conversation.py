"""A run as chats: a conversation for each role that spoke, of what that role knew and nothing else."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.exports.conversation import conversations
from pyscrai.exports.formats import renderer
from tests.exports.samples import EVENTS, dossier, line


def chats(**changes: Any) -> dict[str, list[dict[str, str]]]:
    return {each.role: list(each.messages) for each in conversations(dossier(**changes))}


def test_what_a_role_heard_is_the_users_and_what_it_said_the_assistants() -> None:
    found = chats()
    assert list(found) == ["ada", "bo"]
    system, heard, said = found["ada"]
    assert (system["role"], heard["role"], said["role"]) == ("system", "user", "assistant")
    assert heard["content"] == "A kitchen at night.\n[The lamp is lit.]"
    assert said["content"] == "Good evening."
    system, heard, said = found["bo"]
    assert heard["content"].endswith("Ada: Good evening.")
    assert said["content"].endswith("[Make offer: price: 40]")
    assert system["content"] == "You play Bo, bo, in a scenario with Ada."


def test_each_has_its_own_secret_and_hears_what_it_heard() -> None:
    cast = [{**member, "configuration": {"secret": f"secret of {member['role']}", "personality": {
        "role": "a talker", "backstory": "Grew up here.", "goals": ["win", "smile"], "style": "short"}}}
        for member in dossier().cast]
    more = [*EVENTS[:5],
            line(6, "utterance", turn=3, source="ada", name="Ada", text="Bo alone knows.", audience=["bo"]),
            line(7, "tool_called", turn=3, source="ada", audience=[], tool="look_up", arguments={"word": "x"},
                 text="Y"),
            line(8, "inject", turn=3, source="Telephone", text="It rings.", origin="template", audience=["ada"]),
            line(9, "utterance", turn=4, source="cy", name="Cy", text="And I?"),
            line(10, "utterance", turn=5, source="ada", name="Ada", text="Last.")]
    cast.append({"role": "cy", "name": "Cy", "engine": "actor", "configuration": {}})
    found = chats(cast=cast, events=more)
    texts = {role: json.dumps(messages) for role, messages in found.items()}
    for role, text in texts.items():
        assert {other for other in texts if f"secret of {other}" in text} <= {role}
    assert "Bo alone knows" not in texts["cy"]
    assert "[Ada uses Look up, word: x: Y]" in texts["ada"]
    assert "Look up" not in texts["bo"]
    assert "Telephone: It rings." in texts["ada"]
    assert "It rings" not in texts["cy"]
    assert "Ada (privately): Bo alone knows." not in texts["bo"], "what nobody answered is not in a conversation"
    assert found["ada"][0]["content"].splitlines()[1:] == [
        "Grew up here.", "Goals: win; smile", "Way of speaking: short", "Only you know: secret of ada"]


def test_a_line_of_the_file_holds_messages_and_nothing_else() -> None:
    for text in b"".join(renderer("chat")(dossier())).decode().splitlines():
        whole = json.loads(text)
        assert set(whole) == {"messages"}
        assert all(set(message) == {"role", "content"} for message in whole["messages"])


ROLES = st.sampled_from(["ada", "bo", "cy"])
LINES = st.lists(st.tuples(st.sampled_from(["utterance", "action", "inject", "tool_called"]), ROLES,
                           st.just("all") | st.lists(ROLES, max_size=2, unique=True)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_nobody_reads_what_it_did_not_hear(drawn: list[tuple[str, str, Any]]) -> None:
    events = [line(number, kind, turn=number, source=source, audience=audience, name=source, text=f"<{number}>",
                   action=f"<{number}>", tool=f"<{number}>", origin="template")
              for number, (kind, source, audience) in enumerate(drawn)]
    cast = [{"role": role, "name": role, "engine": "actor"} for role in ("ada", "bo", "cy")]
    for chat in conversations(dossier(cast=cast, events=events)):
        parts = [message["role"] for message in chat.messages]
        assert (parts[0], parts[-1]) == ("system", "assistant")
        assert all(first != second for first, second in pairwise(parts))
        told = "".join(message["content"] for message in chat.messages)
        for number, (kind, source, audience) in enumerate(drawn):
            if f"<{number}>" in told:
                assert audience == "all" or chat.role in audience or (source == chat.role and kind != "inject")
