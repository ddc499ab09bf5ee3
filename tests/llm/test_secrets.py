"""Keys are cut out of errors in every form, and replies are never changed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from pyscrai.config.settings import Settings, load_settings
from pyscrai.errors import ConfigError, ModelError, ModelRefused
from pyscrai.llm.models import Models
from tests.fakeserver import FakeOpenAI, Raw, Reply, Status
from tests.llm.endpoints import HELLO, KEY, chat_to

FORMS = {
    "plain": KEY, "json": json.dumps(KEY), "url": f"https://h/?key={quote(KEY)}", "first half": KEY[:len(KEY) // 2],
    "second half": KEY[len(KEY) // 2:], "base64": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("place", ["status", "200", "stream", "html", "code"])
async def test_a_key_is_in_no_error(server: FakeOpenAI, form: str, place: str) -> None:
    error = {"message": f"wrong key {form} here", "code": 401}
    server.plan({
        "status": Status(401, f"wrong key {form} here"), "200": Raw(json.dumps({"error": error}).encode()),
        "stream": Raw(b"data: " + json.dumps({"error": error}).encode() + b"\n\n", "text/event-stream"),
        "html": Raw(f"<html>{form} </html>".encode(), "text/html"), "code": Status(401, "no", code=form),
    }[place])
    async with chat_to(server.base_url, key=KEY) as chat:
        with pytest.raises(ModelError) as caught:
            await chat.complete(HELLO, (lambda _: None) if place == "stream" else None)
    said = f"{caught.value} {caught.value.as_dict()}"
    assert form not in said
    assert "[key]" in said


async def test_of_an_error_only_the_message_is_kept(server: FakeOpenAI) -> None:
    bodies: list[tuple[bytes, str]] = [
        (b'{"error": {"message": "no such model", "internal": "10.0.0.1", "trace": "secret"}}', "no such model"),
        (b'{"error": "model not found", "host": "10.0.0.1"}', "model not found"),
        (b'{"detail": [{"loc": ["body"], "msg": "field required", "input": "secret"}]}', "field required"),
        (b'{"object": "error", "message": {"detail": [{"msg": "extra field", "input": "secret"}]}}', "extra field"),
        (b'[{"error": {"code": 400, "message": "bad request", "details": ["secret"]}}]', "bad request"),
        (json.dumps({"error": {"message": "Provider returned error", "metadata": {"raw": json.dumps(
            {"error": {"message": "context too short", "org": "secret"}})}}}).encode(), "context too short"),
        (b'{"trace": "secret"}', "no message"),
        (b"<html>secret</html>", "a page of HTML"),
        (b"404 page not found", "404 page not found"),
        (b"", "no message"),
    ]

    class Odd(FakeOpenAI):
        body = b""

        async def _send(self, writer: object, status: bytes, body: bytes, **more: object) -> bool:
            return await super()._send(writer, b"400 Bad", self.body)  # type: ignore[arg-type]

    async with Odd() as odd, chat_to(odd.base_url) as chat:
        for body, said in bodies:
            odd.body = body
            with pytest.raises(ModelRefused) as caught:
                await chat.complete(HELLO)
            assert caught.value.message == f"test: the endpoint refused with 400: {said}"
            assert not {"secret", "10.0.0.1"} & set(str(caught.value.as_dict()).replace('"', " ").split())


@pytest.mark.parametrize("key", ["x", "none", "test", "ollama", "EMPTY", "lm-studio", KEY])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_reply_is_never_changed(server: FakeOpenAI, key: str, streamed: bool) -> None:
    said = f'{{"text": "nonetheless {key} is the latest example of ollama, EMPTY lm-studio and {key}"}}'
    server.plan(Reply(said))
    async with chat_to(server.base_url, key=key) as chat:
        reply = await chat.complete(HELLO, (lambda _: None) if streamed else None)
    assert reply.text == said
    assert reply.raw["choices"][0]["message"]["content"] == said


@pytest.mark.parametrize("key", ["sk-1234567890\nX-Evil: 1", "sk-1234567890\r", "sk-ключ-1234567890"])
async def test_a_key_that_no_header_takes(server: FakeOpenAI, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD_KEY", "a" + key + "b")
    settings = load_settings(models={"local": {"base_url": server.base_url, "model": "fake", "api_key_env": "ODD_KEY"}})
    async with Models(settings) as models:
        with pytest.raises(ConfigError, match="ODD_KEY") as caught:
            await models.get("local")
    assert "1234567890" not in str(caught.value)


async def test_a_url_is_shown_without_its_key_and_used_with_it(server: FakeOpenAI) -> None:
    async with chat_to(f"{server.base_url}?api_key=hunter2&api-version=1") as chat:
        await chat.complete(HELLO)
        assert "hunter2" not in f"{chat!r} {chat.client.endpoint!r}"
    assert server.requests[0].path == "/v1/chat/completions?api_key=hunter2&api-version=1"


def test_no_setting_shows_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "pyscrai.toml"
    file.write_text('[models.local]\nbase_url = "http://h/v1?key=hunter2"\nmodel = "m"\n', encoding="utf-8")
    monkeypatch.setenv("PYSCRAI_CONFIG", str(file))
    settings = load_settings(database_url="postgresql://h/db?password=hunter2")
    assert isinstance(settings, Settings)
    assert "hunter2" not in repr(settings)
