"""Exports over HTTP: of one run, of a tag, of chosen runs and of an experiment, the same as the command line writes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import IO, Any

import httpx
import pyarrow.parquet as pq
import pytest

from pyscrai.databases.api.export_files import MOST_WAITING, PIECE, ExportFiles, FileAnswer
from pyscrai.errors import PyscraiError, RunError
from pyscrai.services.run_export import chosen_runs, write_runs
from tests.api.serving import Serving
from tests.api.test_experiments import JUDGES, TALKED, finished


async def played(server: Serving, **more: Any) -> str:
    run_id = await server.run(**more)
    assert (await server.settled(run_id))["status"] == "completed"
    return run_id


async def sent(server: Serving, path: str = "/exports", status: int = 200, **asked: Any) -> httpx.Response:
    answer = await server.client.get(path, params=asked)
    assert answer.status_code == status, answer.text
    return answer


def unpacked(answer: httpx.Response) -> dict[str, bytes]:
    """The files of an archive by their paths."""
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_the_runs_of_a_tag(both: Serving) -> None:
    ids = [await played(both, tags=["mine"], seed=seed) for seed in (1, 2)]
    await played(both)
    rows = (await sent(both, tag="mine")).text.splitlines()
    assert [row.split(",")[0] for row in rows] == ['"run_id"', *(f'"{run_id}"' for run_id in ids)]
    lines = (await sent(both, tag="mine", format="jsonl")).text.splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == ids
    turns = pq.read_table(io.BytesIO((await sent(both, tag="mine", format="parquet", table="turns")).content))
    assert turns.column("turn").to_pylist() == [*range(7), *range(7)]
    chats = await sent(both, tag="mine", format="chat")
    assert len([json.loads(line)["messages"] for line in chats.text.splitlines()]) == 4
    assert chats.headers["content-disposition"] == 'attachment; filename="mine.chat.jsonl"'
    assert chats.headers["content-length"] == str(len(chats.content))
    with zipfile.ZipFile(io.BytesIO((await sent(both, tag="mine", format="inspect")).content)) as log:
        assert json.loads(log.read("header.json"))["eval"]["dataset"]["sample_ids"] == ids
    files = unpacked(await sent(both, tag="mine", format="huggingface"))
    assert {"mine-dataset/README.md", "mine-dataset/data/runs.parquet"} <= files.keys()
    folder = unpacked(await sent(both, tag="mine", format="folder", calls=False))
    assert {"mine/index.html", *(f"mine/data/{run_id}/run.js" for run_id in ids)} <= folder.keys()
    assert not [name for name in folder if "calls_" in name]


async def test_what_is_sent_is_what_the_service_writes(server: Serving) -> None:
    """The command line writes through the same function."""
    ids = [await played(server, seed=seed) for seed in (1, 2)]
    for format in ("csv", "jsonl", "chat"):
        written = io.BytesIO()
        async with server.services.database.read() as session:
            chosen = await chosen_runs(session, runs=ids)
        await write_runs(server.services.database, chosen, written, format)  # type: ignore[arg-type]
        assert (await sent(server, run=ids, format=format)).content == written.getvalue()


async def test_one_run_as_a_folder_and_a_data_set(server: Serving) -> None:
    run_id = await played(server)
    fork = await server.post(f"/runs/{run_id}/fork", {"at_turn": 2}, 201)
    await server.settled(fork["run_id"])
    alone = unpacked(await sent(server, f"/runs/{run_id}/export", format="folder"))
    assert f"{run_id}/data/{fork['run_id']}/run.js" not in alone
    assert f"{run_id}/data/{run_id}/calls_0.js" in alone
    both = unpacked(await sent(server, f"/runs/{run_id}/export", format="folder", family=True, calls=False))
    assert f"{run_id}/data/{fork['run_id']}/run.js" in both
    data = unpacked(await sent(server, f"/runs/{run_id}/export", format="huggingface"))
    assert f"{run_id}-dataset/data/conversations.parquet" in data
    assert '"calls": [' not in (await sent(server, f"/runs/{run_id}/export", calls=False)).text
    for format in ("folder", "huggingface", "json"):
        gone = await sent(server, "/runs/run_0123456789ab/export", 404, format=format)
        assert gone.json()["code"] == "not_found"


async def test_an_experiment(server: Serving) -> None:
    made = await server.post("/experiments", {"content": {
        **TALKED, "judges": JUDGES, "measures": {"primary": {"name": "warmth"}}}, "start": True}, 201)
    experiment = made["experiment_id"]
    none = await sent(server, status=404, experiment="exp_000000000000")
    assert none.json()["code"] == "not_found"
    await finished(server, experiment)
    rows = list(csv.DictReader(io.StringIO((await sent(server, experiment=experiment)).text)))
    assert {(row["arm"], row["var_trust"]) for row in rows} == {("low", "2"), ("high", "9")}
    files = unpacked(await sent(server, experiment=experiment, format="huggingface"))
    assert {"talked-dataset/data/cells.parquet", "talked-dataset/data/judgements.parquet"} <= files.keys()
    folder = unpacked(await sent(server, experiment=experiment, format="folder"))
    assert {f"talked/data/{experiment}/{part}.js" for part in ("status", "results", "report")} <= folder.keys()
    table = await sent(server, f"/experiments/{experiment}/tables/judgements", format="jsonl")
    assert all(json.loads(line)["measure"] == "warmth" for line in table.text.splitlines())


async def test_what_is_refused(server: Serving) -> None:
    run_id = await played(server, tags=["mine"])
    for asked in ({}, {"tag": "mine", "run": run_id}, {"tag": "mine", "experiment": "exp_000000000000"}):
        refused = (await sent(server, status=422, **asked)).json()
        assert refused["code"] == "request.invalid"
        assert "`tag`, `experiment` and `run`" in refused["cure"]
    assert "no runs with the tag none" in (await sent(server, status=404, tag="none")).json()["detail"]
    assert (await sent(server, status=404, run=[run_id, "run_0123456789ab"])).json()["code"] == "not_found"
    for wrong in ({"format": "pdf"}, {"table": "events"}, {"run": "no run"}, {"tag": ""}):
        await sent(server, status=422, **{"tag": "mine", **wrong})


async def test_formulas_are_guarded_wherever_csv_is_sent(server: Serving) -> None:
    server.model._function = lambda request: "=1+1"
    run_id = await played(server, name="@run", tags=["mine"])
    events = list(csv.DictReader(io.StringIO((await sent(server, f"/runs/{run_id}/export", format="csv")).text)))
    assert {row["text"] for row in events if row["kind"] == "utterance"} == {"'=1+1"}
    assert [row["name"] for row in csv.DictReader(io.StringIO((await sent(server, tag="mine")).text))] == ["'@run"]
    assert json.loads((await sent(server, tag="mine", format="jsonl")).text)["name"] == "@run"


async def test_a_name_that_is_no_ascii_stays(server: Serving) -> None:
    await played(server, tags=["Übung 1/東京"])
    answer = await sent(server, tag="Übung 1/東京")
    assert re.fullmatch(r"attachment; filename\*=utf-8''%C3%9Cbung-1-%E6%9D%B1%E4%BA%AC-runs.csv",
                        answer.headers["content-disposition"])


# -- files ------------------------------------------------------------------------------------------------------------


async def test_exports_wait_for_each_other_and_too_many_are_refused() -> None:
    files, go, began, most, now = ExportFiles(), asyncio.Event(), asyncio.Event(), 0, 0

    async def write(target: IO[bytes]) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        began.set()
        await go.wait()
        target.write(b"done")
        now -= 1

    waiting = [asyncio.create_task(files.file(write)) for _ in range(MOST_WAITING)]
    await began.wait()
    with pytest.raises(RunError) as refused:
        await files.file(write)
    assert (refused.value.code, refused.value.details["retry_after"]) == ("request.busy", 10)
    go.set()
    for file in await asyncio.gather(*waiting):
        assert file.read() == b""
        file.close()
    assert most == 2
    (await files.file(write)).close()


def test_without_room_the_answer_is_an_error_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                                 ) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def write(place: Path) -> None:
        await asyncio.to_thread((place / "half").write_bytes, b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(PyscraiError) as refused:
        asyncio.run(ExportFiles().archive("name", write))
    assert (refused.value.code, "No space left" in refused.value.message) == ("export.unavailable", True)
    assert list(tmp_path.iterdir()) == []


async def test_a_large_file_is_sent_in_pieces_and_closed() -> None:
    async def write(target: IO[bytes]) -> None:
        for _ in range(64):
            target.write(b"\0" * PIECE)

    file = await ExportFiles().file(write)
    pieces = 0

    async def send(message: Any) -> None:
        nonlocal pieces
        assert len(message.get("body", b"")) <= PIECE
        pieces += bool(message.get("body"))

    async def receive() -> Any:
        await asyncio.Event().wait()

    tracemalloc.start()
    try:
        await FileAnswer(file, name="a.bin", media_type="application/zip")({"type": "http", "asgi": {
            "spec_version": "2.4"}}, receive, send)
        assert tracemalloc.get_traced_memory()[1] < 8 * PIECE
    finally:
        tracemalloc.stop()
    assert pieces == 64
    assert file.closed
