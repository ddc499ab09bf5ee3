"""What is found on one's own machine and by keys in the environment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyscrai.config.providers import PROVIDERS, Provider
from pyscrai.config.settings import load_settings
from pyscrai.llm.model_check import check
from pyscrai.llm.model_detection import FoundProvider, detect, in_one_line
from tests.fakeserver import FakeOpenAI
from tests.llm.endpoints import KEY


@pytest.fixture(autouse=True)
def nothing_is_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for row in PROVIDERS.values():
        for name in (*row.keys, f"{row.prefix.upper()}_BASE_URL", row.url_variable or "OLLAMA_HOST"):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


class Listing(FakeOpenAI):
    """Lists these models."""

    def __init__(self, models: Any) -> None:
        super().__init__()
        self.models = models if not isinstance(models, list) else {"data": [{"id": name} for name in models]}

    async def _send(self, writer: Any, status: bytes, body: bytes, **more: Any) -> bool:
        if b'"object": "list"' in body:
            body = json.dumps(self.models).encode()
        return await super()._send(writer, status, body, **more)


def at(server: FakeOpenAI) -> Provider:
    return replace(PROVIDERS["ollama"], base_url=server.base_url)


async def test_what_runs_here_is_found_with_its_models() -> None:
    nobody = replace(PROVIDERS["lmstudio"], base_url="http://127.0.0.1:9/v1")
    async with Listing(["nomic-embed-text", "llama3.2:latest", "qwen3:8b"]) as server:
        found = await detect([at(server), nobody])
    assert await detect([nobody]) == []
    place = server.base_url.removeprefix("http://").removesuffix("/v1")
    assert found == [
        FoundProvider("ollama", "Ollama", place, ("llama3.2:latest", "qwen3:8b"), "ollama:llama3.2:latest")]
    assert in_one_line(found) == f"ollama:llama3.2:latest (Ollama at {place})"


async def test_a_key_that_is_set_is_found_and_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeOpenAI() as server:
        monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
        monkeypatch.setenv("OPENROUTER_BASE_URL", server.base_url)
        found = await detect([PROVIDERS["openrouter"], PROVIDERS["openai"]])
        assert [(each.prefix, each.how, each.models) for each in found] == [
            ("openrouter", "OPENROUTER_API_KEY is set", ())]
        assert KEY not in in_one_line(found)
        assert server.requests == []


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": [1, {"id": 2}, {"id": "a\x1b[31m"}]}, []])
async def test_something_else_that_listens_is_no_model(answer: Any) -> None:
    async with Listing(answer if answer != [] else {"data": []}) as server:
        assert await detect([at(server)]) == []


@pytest.mark.parametrize("listed", ["models/gemini", "gemini", "gemini:latest"])
async def test_a_model_is_found_in_the_list_under_its_full_name(listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Listing([listed]) as server:
        monkeypatch.setenv("GOOGLE_BASE_URL", server.base_url)
        assert (await check(load_settings(), "google:gemini")).listed
