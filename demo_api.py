"""PyScrAI over REST in one script: start, watch, pause, inject, resume, fork, compare, export.

    .venv/bin/python demo_api.py                   # the scripted model: no weights, no key, ends in seconds
    .venv/bin/python demo_api.py --model embedded  # a real local model (`pyscrai models install embedded`)
    .venv/bin/python demo_api.py --url http://127.0.0.1:8765/api/v1   # a server that runs already
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx


@contextmanager
def own_server(folder: str) -> Iterator[str]:
    """A server of our own on a free port, with a database that goes when we go."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pyscrai", "serve", "--port", "0", "--json"], text=True, stdout=subprocess.PIPE,
        env={**os.environ, "PYSCRAI_DATABASE_URL": f"sqlite:///{folder}/demo.db"})
    try:
        yield json.loads(process.stdout.readline())["url"]  # type: ignore[union-attr]
    finally:
        process.terminate()
        process.wait()


def watch(api: httpx.Client, run_id: str, after: int = 0) -> Iterator[dict]:
    """The events of a run as they come, until it ends or pauses."""
    with api.stream("GET", f"/runs/{run_id}/stream", headers={"Last-Event-ID": str(after)}, timeout=None) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield (event := json.loads(line[6:]))
                if event["kind"] == "run_paused":
                    return


def show(event: dict) -> None:
    """One line of the play."""
    told = event["payload"]
    if event["kind"] == "utterance":
        print(f"  {event['turn']:>2}  {told['name']}: {told['text'][:100]}")
    elif event["kind"] in ("inject", "run_paused", "run_resumed", "run_completed"):
        print(f"      [{event['kind']}] {told.get('text') or told.get('reason') or ''}")


def main() -> None:
    """Play the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="the API of a server that runs already")
    parser.add_argument("--model", default="scripted")
    given = parser.parse_args()
    with (tempfile.TemporaryDirectory() as folder, nullcontext(given.url) if given.url else own_server(folder) as url,
          httpx.Client(base_url=url, timeout=120, headers={"X-Actor": "demo"}) as api):

        print("1. Start a crisis exercise, and watch it.")
        run = api.post("/runs", json={"template": "reservoir-crisis", "model": given.model, "seed": 7, "start": False},
                       headers={"Idempotency-Key": "demo-1"}).raise_for_status().json()
        run_id = run["run_id"]
        api.post(f"/runs/{run_id}/start").raise_for_status()
        last = 0
        pausing = None
        for event in watch(api, run_id):
            show(event)
            last = event["id"]
            if event["turn"] >= 2 and pausing is None:
                # Asked from beside the stream, as another person would.
                pausing = threading.Thread(target=lambda: api.post(f"/runs/{run_id}/pause"))
                pausing.start()

        status = api.get(f"/runs/{run_id}").json()
        print(f"\n2. It is {status['status']} at turn {status['turn']}. Put something into the world, and go on.")
        if status["status"] == "paused":
            api.post(f"/runs/{run_id}/inject", json={"text": "A second sensor falls silent.", "label": "sensor"}
                     ).raise_for_status()
            api.post(f"/runs/{run_id}/resume").raise_for_status()
            for event in watch(api, run_id, after=last):
                show(event)

        print("\n3. Fork it at turn 3, where the mayor hears something else.")
        fork = api.post(f"/runs/{run_id}/fork", json={"at_turn": 3, "name": "what if", "edits": {
            "seed": 8, "injects": [{"text": "The lab calls: it was a false alarm.", "audience": ["mayor"]}]}}
        ).raise_for_status().json()
        for event in watch(api, fork["run_id"]):
            if event["turn"] > 3:
                show(event)

        print("\n4. Compare the two.")
        for name, each in (("original", run_id), ("fork", fork["run_id"])):
            found, figures = api.get(f"/runs/{each}").json(), api.get(f"/runs/{each}/metrics").json()["metrics"]["run"]
            print(f"  {name:<9} {found['turn']:>3} turns, {figures['calls']:>3} calls of its own, "
                  f"{found['variables']}, {found['outcome']['reason'] if found['outcome'] else found['status']}")
        said = [[event["payload"]["text"] for event in api.get(f"/runs/{each}/events", params={
            "kind": "utterance", "limit": 1000}).json()["items"]] for each in (run_id, fork["run_id"])]
        apart = next((turn for turn, (one, other) in enumerate(zip(*said, strict=False), 1) if one != other), None)
        print(f"  They say the same until turn {apart - 1 if apart else min(map(len, said))}.")

        page = Path(tempfile.mkdtemp(prefix="pyscrai-demo-")) / f"{run_id}.html"
        page.write_bytes(api.get(f"/runs/{run_id}/export", params={"format": "html"}).raise_for_status().content)
        print(f"\n5. Exported to {page} ({page.stat().st_size:,} bytes). The reference of all of this: {url}/docs")


if __name__ == "__main__":
    main()
