"""Plays every shipped scenario and writes its transcript for the gallery; the result is committed.

    .venv/bin/python .ci/gallery_transcripts.py                              # all, with the scripted model
    .venv/bin/python .ci/gallery_transcripts.py --model embedded NAME...     # these, with another one

A transcript of another model than the scripted one stays until it is asked for by name.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent))

from pyscrai.cli.main import main
from pyscrai.templates.library import shipped_scenario

TARGET = Path(__file__).parent.parent / "docs" / "transcripts"
SCENARIOS = Path(__file__).parent.parent / "pyscrai" / "templates" / "library" / "scenarios"
SCRIPTED = "scripted"
SEEDS = range(1, 7)
MOST_PARAGRAPHS = 60
"""What is shown of a long play."""

HEAD = re.compile(r"<!-- made by \.ci/gallery_transcripts\.py: (\w+), seed (\d+), (\w+) -->\n")


@contextmanager
def home() -> Iterator[None]:
    """A database of its own, with the models that are installed."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {
            "PYSCRAI_DATABASE_URL": f"sqlite:///{folder}/gallery.db", "PYSCRAI_CONFIG": ""}):
        yield


def said(*arguments: str) -> str:
    """The output of a command.

    Raises:
        SystemExit: it failed.
    """
    out, told = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(told):
        code = main(arguments)
    if code not in (0, 3):
        raise SystemExit(f"pyscrai {' '.join(arguments)} ended with {code}\n{told.getvalue()}")
    return out.getvalue()


def transcript(name: str, model: str, seeds: Sequence[int]) -> str:
    """The page's part: of the plays with these seeds the longest that is shown in full, else the first."""
    plays = {seed: _play(name, model, seed) for seed in seeds}
    full = [seed for seed, parts in plays.items() if len(parts) <= MOST_PARAGRAPHS]
    seed = max(full, key=lambda each: (len(plays[each]), -each)) if full else seeds[0]
    parts = plays[seed]
    told = ("the **scripted model**, a double for tests and first looks: it keeps to the form and makes its words up, "
            "so this shows how a play runs and not what models say" if model == SCRIPTED else f"the model **{model}**")
    command = f"pyscrai run {name} --model {model} --seed {seed}"
    more = len(parts) - MOST_PARAGRAPHS
    rest = [f"*…and so on: {more} more entries.*"] if more > 0 else []
    head = f"<!-- made by .ci/gallery_transcripts.py: {model}, seed {seed}, {shipped_scenario(name).hash} -->\n"
    return head + "\n\n".join([f"Played by {told}: `{command}`.", *parts[:MOST_PARAGRAPHS], *rest]) + "\n"


def _play(name: str, model: str, seed: int) -> list[str]:
    last = json.loads(said("run", name, "--model", model, "--seed", str(seed), "--json").splitlines()[-1])
    run: dict[str, Any] = last
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.md"
        said("export", run["run_id"], "--format", "markdown", "--output", str(file))
        text = file.read_text(encoding="utf-8")
    shown = text.partition("\n## Transcript\n")[2]
    return [part for part in re.split(r"\n\n+", re.split(r"^## ", shown, flags=re.MULTILINE)[0].strip()) if part]


def made_by(name: str) -> str | None:
    """The model that played the transcript that is there."""
    path = TARGET / f"{name}.md"
    found = HEAD.match(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found[1] if found else None


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("names", nargs="*")
    options.add_argument("--model", default=SCRIPTED)
    options.add_argument("--seed", type=int)
    given = options.parse_args()
    TARGET.mkdir(exist_ok=True)
    names = given.names or [path.stem for path in sorted(SCENARIOS.glob("*.yaml"))
                            if made_by(path.stem) in (None, given.model)]
    with home():
        for each in names:
            chosen = [given.seed] if given.seed is not None else list(SEEDS) if given.model == SCRIPTED else [1]
            (TARGET / f"{each}.md").write_text(transcript(each, given.model, chosen), encoding="utf-8")
            sys.stdout.write(f"{each}: {made_by(each)}\n")
