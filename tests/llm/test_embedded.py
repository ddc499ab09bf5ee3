"""The real embedded model: what it answers, and that its server is shared, restarted and never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pyscrai.config.settings import ModelAlias, load_settings
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import ConfigError, ModelContextExceeded, ModelUnavailable
from pyscrai.llm.embedded import weights
from pyscrai.llm.embedded.chat import EmbeddedChat
from pyscrai.llm.embedded.file_lock import FileLock
from pyscrai.llm.embedded.server import EmbeddedServer

pytestmark = pytest.mark.usefixtures("one_thread")

IDLE = 0.4
TINY = load_settings().alias("embedded-tiny")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the real weights and no servers of anybody else."""
    real = asyncio.run(weights.install("embedded-tiny", cache_dir=load_settings().cache_dir))
    cache = tmp_path_factory.mktemp("cache")
    file = weights.path("embedded-tiny", cache)
    file.parent.mkdir()
    file.symlink_to(real)
    return cache


@pytest.fixture
async def model(cache: Path) -> AsyncIterator[EmbeddedChat]:
    model = await EmbeddedChat.start(TINY, cache, idle=IDLE)
    yield model
    await model.aclose()


def facts(model: EmbeddedChat) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(model._server.state.with_suffix(".json").read_text())
    return found


async def ended(model: EmbeddedChat) -> None:
    """Wait until the server has ended: its lock is free then."""
    lock = await FileLock(model._server.state.with_suffix(".alive")).acquire(timeout=20)
    lock.release()
    assert not model._server.state.with_suffix(".json").exists()


def line(role: str, past: list[str], **fields: Any) -> ModelRequest:
    front = f"You write the next line of a film script, for {role}. " + "Stay in character and be brief. " * 10
    return ModelRequest((Message("system", (front,)), Message("user", ("A dam leaks.\n", *past)),
                         Message("assistant", (f"{role}:",))), max_tokens=12, stop=("\n",), **fields)


@pytest.mark.embedded
async def test_answers(model: EmbeddedChat) -> None:
    tokens: list[str] = []
    reply = await model.complete(line("Ann", ["Bob: Run!\n"], seed=1), tokens.append)
    assert reply.text.strip()
    assert "".join(tokens) == reply.text
    assert not reply.text.startswith("Ann:"), "the prefill is not repeated"
    assert "\n" not in reply.text
    assert reply.model == "embedded-tiny"
    assert (reply.usage.cost_usd, model.context_tokens, model.layout, model.scripted) == (0.0, 4096, "script", False)
    assert reply.usage.prompt_tokens > 50
    assert 0 < reply.usage.completion_tokens <= 12


@pytest.mark.embedded
async def test_a_schema_is_enforced(model: EmbeddedChat) -> None:
    schema = {"type": "object", "properties": {"why": {"type": "string", "maxLength": 30},
                                               "score": {"type": "integer", "minimum": 1, "maximum": 5}},
              "required": ["why", "score"], "additionalProperties": False}
    reply = await model.complete(ModelRequest((Message("user", ("Rate the line: Get out!",)),), schema=schema,
                                              max_tokens=80))
    found = json.loads(reply.text)
    assert found.keys() == {"why", "score"}
    assert 1 <= found["score"] <= 5


@pytest.mark.embedded
async def test_a_prompt_that_is_too_long(model: EmbeddedChat) -> None:
    with pytest.raises(ModelContextExceeded) as caught:
        await model.complete(ModelRequest((Message("user", ("word " * 6000,)),)))
    assert caught.value.details["n_ctx"] == 4096


@pytest.mark.embedded
async def test_prompt_cache_holds_several_roles(model: EmbeddedChat) -> None:
    past: list[str] = []
    prompt = cached = 0
    for turn in range(12):
        role = ("Ann", "Bob", "Narrator")[turn % 3]
        reply = await model.complete(line(role, past))
        past.append(f"{role}: the water rises at gate {turn} and somebody has to go and tell the town.\n")
        if turn >= 4:
            prompt += reply.usage.prompt_tokens
            cached += reply.usage.cached_tokens
    assert cached / prompt > 0.7, "each role finds the front of its own last prompt"


@pytest.mark.embedded
async def test_reproducible(cache: Path) -> None:
    model = await EmbeddedChat.start(TINY.model_copy(update={"reproducible": True}), cache, idle=IDLE)
    try:
        asked = [line("Ann", ["Bob: Hi.\n"], seed=7), line("Bob", [], seed=3)]
        first = [(await model.complete(request)).text for request in asked]
        assert [(await model.complete(request)).text for request in asked] == first
    finally:
        await model.aclose()


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.embedded
async def test_only_the_user_can_use_the_server(model: EmbeddedChat) -> None:
    state, url = model._server.state, facts(model)["url"]
    assert url.startswith("http://127.0.0.1:")
    assert state.with_suffix(".json").stat().st_mode & 0o077 == 0
    async with aiohttp.ClientSession() as session, session.post(f"{url}/v1/chat/completions", json={}) as answer:
        assert answer.status == 401
    assert facts(model)["key"] not in command_of(facts(model)["pid"])


USER = """
import asyncio, json, sys
from pathlib import Path
from pyscrai.config.settings import load_settings
from pyscrai.llm.embedded.chat import EmbeddedChat

async def main():
    model = await EmbeddedChat.start(load_settings().alias("embedded-tiny"), Path(sys.argv[1]), idle=float(sys.argv[2]))
    print(json.loads(model._server.state.with_suffix(".json").read_text())["pid"], flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await model.aclose()

asyncio.run(main())
"""


async def user(cache: Path) -> tuple[asyncio.subprocess.Process, int]:
    """Another PyScrAI process that uses the model until its standard input ends; and the server's pid there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", USER, str(cache), str(IDLE), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    return process, int(await process.stdout.readline())


@pytest.mark.embedded
async def test_processes_share_a_server_that_outlives_its_starter(cache: Path) -> None:
    starter, served = await user(cache)
    model = await EmbeddedChat.start(TINY, cache, idle=IDLE)
    try:
        assert facts(model)["pid"] == served
        starter.kill()  # no good-bye: the kernel gives its lease back
        await starter.wait()
        await asyncio.sleep(IDLE * 3)
        assert (await model.complete(line("Ann", []))).text
        assert facts(model)["pid"] == served
    finally:
        await model.aclose()
    await ended(model)


@pytest.mark.embedded
async def test_a_server_ends_when_its_only_user_is_killed(cache: Path) -> None:
    process, _ = await user(cache)
    process.kill()
    await process.wait()
    model = EmbeddedChat(TINY, EmbeddedServer(TINY, cache, idle=IDLE))
    await ended(model)


@pytest.mark.embedded
async def test_many_users_at_once_start_one_server(cache: Path) -> None:
    models = await asyncio.gather(*[EmbeddedChat.start(TINY, cache, idle=IDLE) for _ in range(5)])
    assert len({model._chat.client.endpoint.base_url for model in models if model._chat}) == 1
    await asyncio.gather(*[model.aclose() for model in models])


@pytest.mark.embedded
async def test_a_dead_server_is_started_anew(model: EmbeddedChat) -> None:
    first = facts(model)["pid"]
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ModelUnavailable) as caught:
        await model.complete(line("Ann", []))
    assert caught.value.retryable
    async with asyncio.timeout(30):  # the kernel may take a while to close the sockets of what was killed
        text = ""
        while not text:
            with suppress(ModelUnavailable):
                text = (await model.complete(line("Ann", []))).text
    assert facts(model)["pid"] != first


BLOCKING = """
import asyncio, sys
import langgraph.graph
from blockbuster import BlockBuster
from pyscrai.config.settings import load_settings
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.llm.models import Models
from tests.fakeserver import FakeOpenAI

async def main():
    asked = ModelRequest((Message("user", ("hello",)),), max_tokens=3)
    async with FakeOpenAI() as server:
        alias = {"base_url": server.base_url, "model": "fake", "requests_per_minute": 60}
        settings = load_settings(models={"hosted": alias}, cache_dir=sys.argv[1])
        watch = BlockBuster()
        watch.activate()
        async with Models(settings) as models:
            for name in ("hosted", "embedded-tiny"):
                print(bool((await (await models.get(name)).complete(asked)).text))
        watch.deactivate()

asyncio.run(main())
"""


@pytest.mark.embedded
async def test_nothing_blocks_the_loop() -> None:
    """LangGraph Studio's server refuses nodes that do; in a process of its own, because first imports count."""
    pytest.importorskip("blockbuster")
    cache = load_settings().cache_dir
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BLOCKING, str(cache), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, errors = await process.communicate()
    assert out.split() == [b"True", b"True"], errors.decode()


# -- what can go wrong before it answers; no weights needed ------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path) -> ModelAlias:
    file = weights.path("mine", tmp_path)
    file.parent.mkdir()
    file.write_bytes(b"GGUF and then nothing that a model could be made of")
    return load_settings(models={"mine": {"kind": "embedded"}}).alias("mine")


@pytest.mark.parametrize(("runtime", "error", "cure"), [
    ("raise ImportError('libgomp.so.1: cannot open shared object file')", ConfigError, "libgomp1"),
    ("raise ModuleNotFoundError(\"No module named 'xllamacpp'\")", ConfigError, "pip install xllamacpp"),
    ("raise SystemError('illegal instruction')", ModelUnavailable, "memory free"),
])
async def test_a_runtime_that_does_not_load(tmp_path: Path, mine: ModelAlias, monkeypatch: pytest.MonkeyPatch,
                                            runtime: str, error: type[Exception], cure: str) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "xllamacpp.py").write_text(runtime)
    monkeypatch.setenv("PYTHONPATH", f"{broken}{os.pathsep}{Path.cwd()}")
    with pytest.raises(error, match=cure):
        await EmbeddedChat.start(mine, tmp_path, idle=IDLE)


async def test_weights_that_are_no_model(tmp_path: Path, mine: ModelAlias) -> None:
    with pytest.raises(ModelUnavailable, match="did not start") as caught:
        await EmbeddedChat.start(mine, tmp_path, idle=IDLE)
    assert "are the weights whole" in str(caught.value.cure)
