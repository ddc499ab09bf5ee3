"""A refusal names the field of the alias that mends it, or is mended at once."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelClosed, ModelRateLimited, ModelRefused, ModelServerError
from tests.fakeserver import FakeOpenAI, RateLimited, Raw, Reply, Status
from tests.faults import Behaviour, Seen
from tests.llm.endpoints import HELLO, chat_to

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def refusing(field: str, message: str, status: int = 400) -> Any:
    def answer(seen: Seen) -> Behaviour:
        return Status(status, message) if field in seen.body else Reply("fine")
    return answer


@pytest.mark.parametrize("message", [
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "Unrecognized request argument supplied: max_tokens",
])
async def test_a_bound_that_is_refused_is_sent_under_its_other_name(server: FakeOpenAI, message: str) -> None:
    server.default = refusing("max_tokens", message)
    async with chat_to(server.base_url) as chat:
        assert (await chat.complete(HELLO)).text == "fine"
        assert (await chat.complete(HELLO)).text == "fine"
    sent = [{"max_tokens", "max_completion_tokens"} & seen.body.keys() for seen in server.requests]
    assert sent == [{"max_tokens"}, {"max_completion_tokens"}, {"max_completion_tokens"}]


async def test_a_bound_that_is_refused_under_both_names(server: FakeOpenAI) -> None:
    server.default = lambda seen: Status(400, f"{next(name for name in seen.body if 'max_' in name)} is not supported")
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelRefused, match='omit = \\["max_completion_tokens"\\]'):
            await chat.complete(HELLO)
    assert len(server.requests) == 2
    async with chat_to(server.base_url, omit=frozenset({"max_tokens"})) as chat:
        server.default = Reply("fine")
        await chat.complete(HELLO)
    assert not {"max_tokens", "max_completion_tokens"} & server.requests[-1].body.keys()


@pytest.mark.parametrize(("status", "message"), [
    (400, "System role not supported"), (400, "Developer instruction is not enabled for models/gemma-3-4b-it"),
    (500, "Error rendering prompt with jinja template: Only user and assistant roles are supported!"),
    (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
])
async def test_no_system_role(server: FakeOpenAI, status: int, message: str) -> None:
    server.default = lambda seen: Status(status, message) if seen.body["messages"][0]["role"] != "user" else Reply("ok")
    async with chat_to(server.base_url) as chat:
        with pytest.raises((ModelRefused, ModelServerError), match='system = "user"'):
            await chat.complete(HELLO)
    async with chat_to(server.base_url, system="user") as chat:
        assert (await chat.complete(HELLO)).text == "ok"
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": "Be brief.\n\nSay hello."}]


async def test_the_system_role_under_its_newer_name(server: FakeOpenAI) -> None:
    async with chat_to(server.base_url, system="developer") as chat:
        await chat.complete(HELLO)
    assert server.requests[0].body["messages"][0] == {"role": "developer", "content": "Be brief."}


@pytest.mark.parametrize("message", ["Invalid parameter: 'response_format' of type 'json_schema' is not supported",
                                     "'response_format.type' must be 'json_object' or 'text'"])
async def test_no_json_schema(server: FakeOpenAI, message: str) -> None:
    server.plan(Status(400, message))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelRefused, match='structured = "json_object" or "prompt"'):
            await chat.complete(ModelRequest(HELLO.messages, schema=SCHEMA))


@pytest.mark.parametrize(("field", "message"), [
    ("temperature", "Unsupported value: 'temperature' does not support 0.2 with this model."),
    ("top_p", "property 'top_p' is unsupported"), ("stop", "stop: extra fields not permitted"),
])
async def test_a_field_that_is_refused_is_named(server: FakeOpenAI, field: str, message: str) -> None:
    server.plan(Status(400, message))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelRefused) as caught:
            await chat.complete(ModelRequest(HELLO.messages, temperature=0.2, top_p=0.5, stop=("x",)))
    assert f'omit = ["{field}"]' in (caught.value.cure or "")


async def test_fields_that_change_nothing_of_a_reply_are_left_out_once_refused(server: FakeOpenAI) -> None:
    def strict(seen: Seen) -> Behaviour:
        for field in ("seed", "stream_options"):
            if field in seen.body:
                return Status(422, f"Extra inputs are not permitted: {field}")
        return Reply("fine")

    server.default = strict
    async with chat_to(server.base_url) as chat:
        for _ in range(2):
            assert (await chat.complete(ModelRequest(HELLO.messages, seed=1), lambda _: None)).text == "fine"
    assert [sorted({"seed", "stream_options", "stream"} & seen.body.keys()) for seen in server.requests] == [
        ["seed", "stream", "stream_options"], ["stream", "stream_options"], ["stream"], ["stream"]]


async def test_an_endpoint_that_cannot_stream(server: FakeOpenAI) -> None:
    heard: list[str] = []
    async with chat_to(server.base_url, omit=frozenset({"stream", "stream_options"})) as chat:
        server.plan(Reply("all at once"))
        assert (await chat.complete(HELLO, heard.append)).text == "all at once"
    assert heard == ["all at once"]
    assert not {"stream", "stream_options"} & server.requests[0].body.keys()


@pytest.mark.parametrize("behaviour", [RateLimited(7_200), Status(503, headers={"Retry-After": "7200"})], ids=str)
async def test_an_endpoint_that_is_closed_for_hours(server: FakeOpenAI, behaviour: Behaviour) -> None:
    server.plan(behaviour)
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelClosed, match=r"takes no request until \d{4}-\d\d-\d\d \d\d:\d\d UTC") as caught:
            await chat.complete(HELLO)
    assert not caught.value.retryable
    assert caught.value.retry_after == pytest.approx(7_200, abs=5)
    assert str(caught.value.details["retry_at"]).endswith("Z")


async def test_a_wait_that_is_not_believed(server: FakeOpenAI) -> None:
    server.plan(Status(429, headers={"Retry-After": "9" * 400}), Status(429, headers={"Retry-After": "99999999"}),
                Status(429, headers={"retry-after-ms": "nan"}))
    async with chat_to(server.base_url) as chat:
        for _ in range(3):
            with pytest.raises(ModelRateLimited) as caught:
                await chat.complete(HELLO)
            assert caught.value.retry_after is None


async def test_googles_delay(server: FakeOpenAI) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]
    server.plan(Status(429, "quota exceeded", extra={"details": details}))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelRateLimited) as caught:
            await chat.complete(HELLO)
    assert caught.value.retry_after == pytest.approx(34.07)


async def test_an_error_in_an_answer_with_status_200(server: FakeOpenAI) -> None:
    server.plan(Raw(b'{"error": {"message": "gone", "code": "429"}}'))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelRateLimited):
            await chat.complete(HELLO)
