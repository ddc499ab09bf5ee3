"""Search over what was said in all runs, on both kinds of database."""

from __future__ import annotations

from tests.api.serving import Serving


async def spoken(server: Serving, run_id: str) -> str:
    """What the last line of a run says."""
    page = await server.get(f"/runs/{run_id}/events", params={"kind": "utterance", "limit": 1000})
    return str(page["items"][-1]["payload"]["text"])


async def test_a_line_is_found_by_its_words_and_the_words_are_marked(both: Serving) -> None:
    run_id = await both.run(name="first")
    await both.settled(run_id)
    said = await spoken(both, run_id)
    words = said.split()[:3]
    found = await both.get("/search", params={"q": " ".join(words)})
    hit = next(item for item in found["items"] if "".join(item["parts"]).startswith(said[:20]))
    assert hit["run_id"] == run_id
    assert hit["run_name"] == "first"
    assert hit["name"] in ("ann", "bob", "Ann", "Bob")
    assert {part.lower() for part in hit["parts"][1::2]} <= {word.strip(",.:").lower() for word in words} | {
        word.lower() for word in said.replace(",", "").split()}
    assert len(hit["parts"]) > 1
    assert (await both.get("/search", params={"q": "zwieback"}))["items"] == []


async def test_what_happens_after_a_search_is_found_by_the_next_one(both: Serving) -> None:
    run_id = await both.run(start=False)
    assert (await both.get("/search", params={"q": "blackout"}))["items"] == []
    await both.post(f"/runs/{run_id}/inject", {"text": "A blackout: all goes dark.", "audience": ["ann"]}, 202)
    await both.post(f"/runs/{run_id}/start", None, 202)
    await both.settled(run_id)
    found = (await both.get("/search", params={"q": "blacko"}))["items"]
    assert [(hit["kind"], hit["run_id"]) for hit in found] == [("inject", run_id)]
    assert (await both.get("/search", params={"q": "blackout", "run_id": run_id}))["items"] == found
    assert (await both.get("/search", params={"q": "blackout", "template": "other"}))["items"] == []


async def test_words_of_a_deleted_run_are_gone(both: Serving) -> None:
    run_id = await both.run(start=False)
    await both.post(f"/runs/{run_id}/inject", {"text": "A blackout."}, 202)
    await both.post(f"/runs/{run_id}/start", None, 202)
    await both.settled(run_id)
    assert (await both.get("/search", params={"q": "blackout"}))["items"]
    assert (await both.client.delete(f"/runs/{run_id}")).status_code == 204
    assert (await both.get("/search", params={"q": "blackout"}))["items"] == []


async def test_pages_of_hits(both: Serving) -> None:
    run_id = await both.run()
    await both.settled(run_id)
    every = (await both.get("/search", params={"q": "people", "limit": 1000}))["items"]
    first = await both.get("/search", params={"q": "people", "limit": 1})
    assert first["items"] == every[:1]
    assert every


async def test_no_word_is_an_operator(both: Serving) -> None:
    for words in ('"', "NEAR(", "a AND (", "it's", "x:y", "& | !", "*", "-", "ä ö", "'; DROP TABLE x"):
        await both.get("/search", params={"q": words})
