"""Each provider's quirks, against a server that behaves so; and what is found on this machine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pyscrai.config.aliases import ModelAlias
from pyscrai.config.providers import PROVIDERS
from pyscrai.config.settings import load_settings
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import ConfigError, ModelClosed, ModelRateLimited, ModelRefused, ModelReplyMalformed
from pyscrai.llm import prices
from pyscrai.llm.models import Models
from tests.fakeserver import FakeOpenAI, Raw, Reply, Status
from tests.faults import Behaviour, Seen
from tests.llm.endpoints import KEY

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}
JSON = '{"score": 3}'
ASKED = ModelRequest((Message("system", ("Be brief.",)), Message("user", ("Rate it.",))), temperature=0.2, top_p=0.9,
                     max_tokens=50, seed=7, stop=("Bob:",), schema=SCHEMA)
"""A request with everything that the engines send."""


def openai(seen: Seen) -> Behaviour:
    if "max_tokens" in seen.body:
        return Status(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                           "'max_completion_tokens' instead.", "unsupported_parameter")
    return Reply(JSON) if seen.body["response_format"]["type"] == "json_schema" else Status(400, "no schema")


def openrouter(seen: Seen) -> Behaviour:
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "cost": 0.002}
    if not seen.body.get("stream"):
        return Reply(JSON, usage=usage)
    chunks = [{"choices": [{"delta": {"content": JSON, "reasoning": "hm"}, "finish_reason": "stop"}]},
              {"choices": [], "usage": usage}]
    return Raw(b": OPENROUTER PROCESSING\n\n" + b"".join(b"data: " + json.dumps(each).encode() + b"\n\n"
                                                        for each in chunks) + b"data: [DONE]\n\n", "text/event-stream")


def anthropic(seen: Seen) -> Behaviour:
    if any(not stop.strip() for stop in seen.body.get("stop", ())):
        return Status(400, "stop_sequences: each stop sequence must contain non-whitespace")
    told = "JSON Schema" in seen.body["messages"][-1]["content"]
    return Reply(f"```json\n{JSON}\n```" if told else "I would give it a three.")  # response_format is ignored


def google(seen: Seen) -> Behaviour:
    if "seed" in seen.body:
        message = 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'
        return Refusal(400, json.dumps([{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": message}}]))
    return Reply(JSON)


def mistral(seen: Seen) -> Behaviour:
    known = {"model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "response_format",
             "random_seed"}
    if unknown := sorted(seen.body.keys() - known):
        detail = [{"type": "extra_forbidden", "loc": ["body", unknown[0]], "msg": "Extra inputs are not permitted"}]
        return Refusal(422, json.dumps({"object": "error", "message": {"detail": detail}, "param": None}))
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": JSON}]
    choice = {"index": 0, "finish_reason": "model_length"}
    if seen.body.get("stream"):
        chunk = {"choices": [{**choice, "delta": {"content": parts}}]}
        return Raw(b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n", "text/event-stream")
    return Raw(json.dumps({"choices": [{**choice, "message": {"role": "assistant", "content": parts}}]}).encode())


def groq(seen: Seen) -> Behaviour:
    if "response_format" in seen.body:
        return Status(400, "This model does not support response format `json_schema`, or streams it")
    if not seen.body.get("stream"):
        return Reply(JSON)
    chunks = [{"choices": [{"delta": {"content": JSON}, "finish_reason": "stop"}],
               "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 5}}}]
    return Raw(b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in chunks) + b"data: [DONE]\n\n",
               "text/event-stream")


def deepseek(seen: Seen) -> Behaviour:
    if seen.body.get("response_format") != {"type": "json_object"}:
        return Status(400, "This response_format type is unavailable now")
    told = any("json" in message["content"].lower() for message in seen.body["messages"])
    return Reply(JSON) if told else Status(400, "Prompt must contain the word 'json'")


def ollama(seen: Seen) -> Behaviour:
    return Reply(JSON) if "response_format" in seen.body else Status(400, "no format")


def lmstudio(seen: Seen) -> Behaviour:
    if seen.body.get("response_format", {"type": "text"})["type"] not in ("json_schema", "text"):
        return Status(400, "'response_format.type' must be 'json_schema' or 'text'")
    return Reply(JSON)


def llamacpp(seen: Seen) -> Behaviour:
    return Reply(JSON) if "%json" in seen.body.get("grammar", "") else Status(400, "no grammar")


def vllm(seen: Seen) -> Behaviour:
    return Reply(JSON) if seen.body["response_format"]["type"] == "json_schema" else Status(400, "no schema")


class Refusal(Status):
    """A refusal with a body of its own, as JSON in ``message``."""


class ProviderServer(FakeOpenAI):
    """Sends the bodies of refusals as the provider shapes them."""

    async def _answer(self, what: Behaviour, seen: Seen, reader: Any, writer: Any) -> bool:
        if isinstance(what, Refusal):
            return await self._send(writer, f"{what.status} Error".encode(), what.message.encode())
        return await super()._answer(what, seen, reader, writer)


BEHAVIOUR: dict[str, Callable[[Seen], Behaviour]] = {
    "openai": openai, "openrouter": openrouter, "anthropic": anthropic, "google": google, "mistral": mistral,
    "groq": groq, "deepseek": deepseek, "ollama": ollama, "lmstudio": lmstudio, "llamacpp": llamacpp, "vllm": vllm,
}


@pytest.fixture(autouse=True)
def nothing_is_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for row in PROVIDERS.values():
        for name in (*row.keys, f"{row.prefix.upper()}_BASE_URL", row.url_variable or "OLLAMA_HOST"):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def provider_server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


def test_every_row_has_a_server() -> None:
    assert BEHAVIOUR.keys() == PROVIDERS.keys()


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("prefix", PROVIDERS)
async def test_a_provider_answers_all_that_the_engines_ask(provider_server: ProviderServer, prefix: str,
                                                           streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    row = PROVIDERS[prefix]
    provider_server.default = BEHAVIOUR[prefix]
    provider_server.key = KEY if row.keys else None
    monkeypatch.setenv(f"{prefix.upper()}_BASE_URL", provider_server.base_url)
    if row.keys:
        monkeypatch.setenv(row.keys[-1], KEY)
    heard: list[str] = []
    async with Models(load_settings()) as models:
        model = await models.get(f"{prefix}:{row.example}")
        reply = await model.complete(ASKED, heard.append if streamed else None)
        again = await model.complete(ASKED)
    assert json.loads(reply.text) == json.loads(again.text) == {"score": 3}
    assert (model.alias, provider_server.requests[0].body["model"]) == (f"{prefix}:{row.example}", row.example)
    assert bool(heard) is streamed
    if prefix in ("openrouter", "groq"):
        assert (reply.usage.prompt_tokens or 0) > 0, "counted, also where the count is in a place of its own"
    if prefix == "openrouter":
        assert reply.usage.cost_usd == 0.002
    if row.is_local:
        assert reply.usage.cost_usd == 0.0
    if prefix == "mistral":
        assert reply.cut_by == "length"


@pytest.mark.parametrize("prefix", [prefix for prefix, row in PROVIDERS.items() if not row.is_local])
def test_a_hosted_provider_needs_its_key(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = PROVIDERS[prefix]
    alias = load_settings().alias(f"{prefix}:some/model:free")
    assert (alias.model, alias.base_url, alias.api_key_env) == ("some/model:free", row.base_url, row.keys[0])
    monkeypatch.setenv(row.keys[-1], KEY)
    assert load_settings().alias(f"{prefix}:m").api_key_env == row.keys[-1]
    if prefix != "openrouter":  # which bills itself
        assert prices.known(load_settings().alias(f"{prefix}:{row.example}")), "its models have prices"


@pytest.mark.parametrize(("variable", "given", "url"), [
    ("OLLAMA_HOST", "0.0.0.0:11500", "http://127.0.0.1:11500/v1"), ("OLLAMA_HOST", "box", "http://box:11434/v1"),
    ("OLLAMA_HOST", "https://box/ollama/v1/", "https://box/ollama/v1"),
    ("OLLAMA_BASE_URL", "http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1"),
])
def test_where_a_provider_is(variable: str, given: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, given)
    assert load_settings().alias("ollama:m").base_url == url


def test_a_prefix_that_is_misspelt() -> None:
    with pytest.raises(ConfigError, match=r"did you mean `ollama:llama3`\?"):
        load_settings().alias("olama:llama3")


def test_an_alias_of_ones_own_comes_first() -> None:
    settings = load_settings(models={"ollama:llama3.2": {"model": "mine", "base_url": "http://127.0.0.1:1/v1"}})
    assert settings.alias("ollama:llama3.2").model == "mine"


async def test_groq_that_could_not_write_json_is_a_failed_try(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
                                                              ) -> None:
    monkeypatch.setenv("GROQ_BASE_URL", server.base_url)
    server.plan(Status(400, "Failed to validate JSON.", "json_validate_failed"))
    async with Models(load_settings()) as models:
        with pytest.raises(ModelReplyMalformed) as caught:
            await (await models.get("groq:m")).complete(ASKED)
    assert caught.value.retryable


async def test_googles_quota_for_the_day_pauses(provider_server: ProviderServer, monkeypatch: pytest.MonkeyPatch
                                                ) -> None:
    monkeypatch.setenv("GOOGLE_BASE_URL", provider_server.base_url)
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "43200s"}]
    body = [{"error": {"code": 429, "message": "You exceeded your current quota", "details": details}}]
    provider_server.plan(Refusal(429, json.dumps(body)))
    async with Models(load_settings()) as models:
        with pytest.raises(ModelClosed, match="exceeded your current quota"):
            await (await models.get("google:m")).complete(ASKED)


async def test_openrouter_tells_what_the_models_host_said(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", server.base_url)
    raw = json.dumps({"error": {"message": "tokens per minute exceeded"}})
    server.plan(Status(429, "Provider returned error", extra={"metadata": {"raw": raw, "provider_name": "x"}}))
    async with Models(load_settings()) as models:
        with pytest.raises(ModelRateLimited, match="tokens per minute exceeded"):
            await (await models.get("openrouter:m")).complete(ASKED)


async def test_ollama_that_has_not_the_model(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", server.base_url)
    server.plan(Status(404, 'model "llama3.2" not found, try pulling it first'))
    async with Models(load_settings()) as models:
        with pytest.raises(ModelRefused, match="try pulling it first"):
            await (await models.get("ollama:llama3.2")).complete(ASKED)


def test_a_providers_alias_is_a_plain_one() -> None:
    for row in PROVIDERS.values():
        alias = row.alias("m")
        assert ModelAlias.model_validate({**alias.model_dump(), "name": alias.name}) == alias


def test_the_pages_name_every_provider_and_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    assert not [prefix for prefix in PROVIDERS if f"| `{prefix}:` |" not in page]
    assert not [field for field in ModelAlias.model_fields if field != "name" and f"`{field}`" not in page]
