"""Templates while they are written: drawn, played with no model, stored as the next free version."""

from __future__ import annotations

from tests.api.serving import Serving

SOURCE = """kind: scenario
name: draft
version: 1.0.0
premise: Two people talk.
roles:
  ann: {agent: {engine: actor, personality: {role: a person}}, name: Ann}
  bob: {agent: {engine: actor, personality: {role: a person}}}
flow:
  start: talk
  phases:
    talk: {speakers: [ann, bob], next: [{to: vote, when: turn >= 4, after_turns: 2}, {to: end, after_rounds: 9}]}
    vote: {title: The vote, speakers: [bob], next: [{to: end}]}
"""


async def test_a_draft_is_drawn(server: Serving) -> None:
    found = await server.post("/templates/draft/graph", {"source": SOURCE}, 200)
    assert [(phase["id"], phase["title"], phase["speakers"]) for phase in found["phases"]] == [
        ("talk", "Talk", ["ann", "bob"]), ("vote", "The vote", ["bob"])]
    assert [(way["source"], way["target"], way["when"]) for way in found["ways"]] == [
        ("talk", "vote", "turn >= 4 and 2 turns"), ("talk", "end", "9 rounds"), ("vote", "end", "")]
    assert found["roles"] == {"ann": "Ann", "bob": "Bob"}
    assert {"ann", "bob"} <= {node["id"] for node in found["nodes"]}


async def test_a_draft_is_played_with_no_model_and_nothing_is_stored(server: Serving) -> None:
    found = await server.post("/templates/draft/play", {"source": SOURCE}, 200)
    assert found["status"] == "completed"
    kinds = [event["kind"] for event in found["events"]]
    assert kinds.count("utterance") >= 4
    assert [event["phase"] for event in found["events"] if event["kind"] == "phase_entered"] == ["talk", "vote"]
    assert not server.model.requests
    assert (await server.get("/runs"))["items"] == []
    await server.get("/templates/scenarios/draft", 404)


async def test_a_draft_with_mistakes_is_refused_with_its_lines(server: Serving) -> None:
    for path in ("graph", "play"):
        refused = await server.post(f"/templates/draft/{path}", {"source": SOURCE.replace("[bob]", "[eve]")}, 422)
        assert refused["problems"][0]["line"] == 12
        none = await server.post(f"/templates/draft/{path}", {"source": (
            "kind: agent\nname: a\nversion: 1.0.0\nengine: actor\npersonality: {role: a}\n")}, 422)
        assert none["code"] == "template.no_scenario"


async def test_another_content_becomes_the_next_version(server: Serving) -> None:
    first = await server.post("/templates/draft", {"source": SOURCE}, 201)
    again = await server.post("/templates/draft", {"source": SOURCE}, 201)
    other = await server.post("/templates/draft", {"source": SOURCE.replace("Two people", "Three people")}, 201)
    assert [first["stored"], again["stored"], other["stored"]] == [["draft@1.0.0"], ["draft@1.0.0"], ["draft@1.0.1"]]
