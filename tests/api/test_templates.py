"""Templates over HTTP, and what no template can reach."""

from __future__ import annotations

import pytest

from tests.api.serving import TALK, Serving

AGENT = """kind: agent
name: sceptic
version: 1.0.0
engine: actor
personality: {role: a sceptic}
"""


async def test_versions_are_immutable(both: Serving) -> None:
    assert (await both.post("/templates", {"source": AGENT}, 201))["stored"] == ["sceptic@1.0.0"]
    assert (await both.post("/templates", {"source": AGENT}, 201))["stored"] == ["sceptic@1.0.0"]
    other = await both.post("/templates", {"source": AGENT.replace("a sceptic", "a cynic")}, 409)
    assert (other["code"], other["next_version"]) == ("template.version_conflict", "1.0.1")
    await both.post("/templates", {"source": AGENT.replace("1.0.0", "1.0.1")}, 201)
    assert (await both.get("/templates/agents/sceptic"))["version"] == "1.0.1"
    versions = (await both.get("/templates/agents/sceptic/versions"))["items"]
    assert [each["version"] for each in versions] == ["1.0.1", "1.0.0"]
    assert (await both.get("/templates/agents/sceptic/versions/1.0.0"))["source"] == AGENT
    await both.get("/templates/agents/nobody", 404)
    await both.get("/templates/agents/nobody/versions", 404)


async def test_archiving(both: Serving) -> None:
    run_id = await both.run(start=False)
    used = await both.client.delete("/templates/scenarios/talk/versions/1.0.0")
    assert (used.status_code, used.json()["code"]) == (409, "template.in_use")
    assert (await both.client.delete(f"/runs/{run_id}")).status_code == 204
    assert (await both.client.delete("/templates/scenarios/talk/versions/1.0.0")).status_code == 204
    assert (await both.get("/templates/scenarios"))["items"] == []
    assert (await both.get("/templates/scenarios", params={"archived": True}))["items"][0]["archived"] is True
    assert (await both.post("/runs", {"template": "talk"}, 404))["code"] == "not_found"


async def test_every_mistake_is_told_with_its_line(server: Serving) -> None:
    text = AGENT.replace("engine: actor", "engine: acter").replace("role:", "rolle:")
    found = await server.post("/templates/validate", {"source": text}, 422)
    assert found["code"] == "template.invalid"
    assert [(problem["line"], problem["field"]) for problem in found["problems"]][:1] == [(4, "engine")]
    assert len(found["problems"]) >= 2
    refused = await server.post("/templates", {"source": text}, 422)
    assert refused["problems"] == found["problems"]
    fine = await server.post("/templates/validate", {"content": TALK}, 200)
    assert (fine["valid"], fine["templates"]) == (True, ["talk@1.0.0"])
    both_given = await server.post("/templates", {"source": AGENT, "content": TALK}, 422)
    assert both_given["code"] == "request.invalid"


async def test_schemas_and_graphs(server: Serving) -> None:
    schema = await server.get("/schemas/scenario")
    assert {"roles", "flow"} <= schema["properties"].keys()
    graph = await server.get("/templates/scenarios/talk/versions/1.0.0/graph")
    assert {node["id"] for node in graph["nodes"]} >= {"ann", "bob", "begin"}
    assert {"source": "ann", "target": "bob"} in graph["edges"]
    drawn = await server.client.get("/templates/scenarios/talk/versions/1.0.0/graph", params={"format": "mermaid"})
    assert drawn.text == graph["mermaid"]
    assert drawn.headers["content-type"].startswith("text/vnd.mermaid")
    await server.get("/templates/scenarios/talk/versions/9.9.9/graph", 404)


@pytest.mark.parametrize("text", [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{% include '/etc/passwd' %}",
    "{{ params.__init__.__globals__ }}",
    "{% import 'os' as os %}", "{{ lipsum.__globals__['os'].environ }}", "{{ self._TemplateReference__context }}",
    "{% for i in range(10**9) %}x{% endfor %}", "{{ 'x' * 10**10 }}"])
async def test_no_prompt_reaches_out_of_its_sandbox(server: Serving, text: str) -> None:
    """Refused when it is stored, or the run fails with a named error; never run, never a bare 500."""
    content = {**TALK, "name": "escape", "premise": text}
    stored = await server.client.post("/templates", json={"content": content})
    assert stored.status_code in (201, 422), stored.text
    if stored.status_code == 201:
        made = await server.client.post("/runs", json={"template": "escape", "seed": 1})
        assert made.status_code in (201, 422), made.text
        if made.status_code == 201:
            found = await server.settled(made.json()["run_id"])
            assert found["status"] == "failed", "what cannot be rendered must not be played"
            assert found["error"]["code"] == "engine.prompt"


async def test_a_persona_and_an_inject_are_texts_and_not_templates(server: Serving) -> None:
    run_id = await server.run(start=False)
    await server.post(f"/runs/{run_id}/inject", {"text": "{{ 7 * 7 }} {% include 'x' %}"}, 202)
    await server.post(f"/runs/{run_id}/start", None, 202)
    assert (await server.settled(run_id))["status"] == "completed"
    events = (await server.get(f"/runs/{run_id}/events", params={"kind": "inject"}))["items"]
    assert events[0]["payload"]["text"] == "{{ 7 * 7 }} {% include 'x' %}"
