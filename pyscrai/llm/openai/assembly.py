"""What an endpoint answered, whole or in chunks, as one completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.llm.openai import completion
from pyscrai.llm.openai.completion import Completion, Counts, Malformed, Said
from pyscrai.llm.openai.reply_text import LONGEST_REPLY, VisibleText
from pyscrai.llm.openai.token_listener import IsolatedListener
from pyscrai.plain_text import TextJoiner, storable

_LARGEST_HEAD = 16_000
"""Bytes of a first chunk whose other fields are recorded."""


def whole(body: bytes, data: dict[str, Any], reply: VisibleText, listener: IsolatedListener, *, is_storable: bool
          ) -> Completion:
    """The completion in an answer that was not streamed.

    Args:
        body: the answer as it came, of which ``data`` was read.
        is_storable: whether all of ``data`` is known to be.

    Raises:
        Malformed: it is none.
    """
    choice = completion.first_choice(data)
    if "message" not in choice:
        raise Malformed("the answer's choice has no message")
    if choice["message"] is None:
        raise Malformed("the answer's message is null")
    raw = completion.recorded(data, len(body), is_storable=is_storable)
    reason = completion.finish_reason(choice.get("finish_reason"))
    words = completion.said(choice["message"])
    text = reply.feed(words.text if is_storable else storable(words.text))
    if reply.taken_back:
        listener.take_back()
    text += reply.end(is_cut=reason == "length")
    listener.show(text)
    return _completed(reply, text, reason, words, completion.counts(data.get("usage")), data, raw)


def _completed(reply: VisibleText, text: str, reason: str | None, words: Said, counts: Counts, head: Mapping[str, Any],
               raw: Mapping[str, Any]) -> Completion:
    if reply.is_cut:
        reason = "length"
    elif words.refused and not text:
        reason = "content_filter"
    thought = reply.thought or bool(words.reasoning) or counts.reasoning > 0
    return Completion(text, reason or "stop", thought, counts, completion.model_name(head), raw)


class Assembly:
    """A completion in the making from chunks, which shows its text as it comes."""

    def __init__(self, listener: IsolatedListener, reply: VisibleText) -> None:
        self._listener = listener
        self._joiner = TextJoiner()
        self.reply = reply
        self._shown: list[str] = []
        self._head: dict[str, Any] = {}
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._room = {"content": LONGEST_REPLY, "reasoning": LONGEST_REPLY}
        self._usage: Any = None
        self._counts = Counts()
        self._extra: dict[str, Any] = {}
        self._refused = False
        self.finish_reason: str | None = None

    def add(self, chunk: dict[str, Any], size: int) -> str:
        """Take a chunk of so many bytes in; returns the text that it lets be shown.

        Raises:
            Malformed: it is no chunk of a completion.
        """
        if not self._head and size <= _LARGEST_HEAD:
            self._head = {key: value for key, value in chunk.items()
                          if key not in ("choices", "usage", "object", "error")}
        if (usage := completion.usage_in(chunk)) is not None:
            self._take_usage(usage, size)
        if (timings := chunk.get("timings")) is not None and size <= _LARGEST_HEAD:
            self._extra["timings"] = timings
        choice = completion.chunk_choice(chunk)
        if choice is None:
            return ""
        if (reason := completion.finish_reason(choice.get("finish_reason"))) is not None:
            self.finish_reason = reason
        return self._say(choice.get("delta", choice.get("message")))

    def end(self) -> str:
        """Say that no more comes; returns the text that was held back."""
        return self._show(self.reply.feed(self._joiner.end())) + self._show(
            self.reply.end(is_cut=self.finish_reason == "length"))

    def completion(self) -> Completion:
        """The completion, once all was taken in."""
        reasoning = "".join(self._reasoning)
        return _completed(self.reply, "".join(self._shown), self.finish_reason, Said("", reasoning, self._refused),
                          self._counts, self._head, self._raw(reasoning))

    def _take_usage(self, usage: Any, size: int) -> None:
        self._usage = usage if size <= _LARGEST_HEAD else None
        self._counts = completion.counts(usage)

    def _say(self, message: Any) -> str:
        words = completion.said(message)
        self._refused = self._refused or words.refused
        if words.reasoning:
            self._keep(self._reasoning, "reasoning", words.reasoning)
        if not words.text:
            return ""
        text = self._joiner.feed(words.text)
        self._keep(self._content, "content", text)
        return self._show(self.reply.feed(text))

    def _keep(self, where: list[str], name: str, text: str) -> None:
        if (room := self._room[name]) > 0:
            where.append(text[:room])
            self._room[name] = room - len(text)

    def _show(self, text: str) -> str:
        if self.reply.taken_back:
            self._shown.clear()
            self._listener.take_back()
        if text:
            self._shown.append(text)
            self._listener.show(text)
        return text

    def _raw(self, reasoning: str) -> Mapping[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._content)}
        if reasoning:
            message["reasoning_content"] = reasoning
        return completion.recorded({
            **self._head, "object": "chat.completion", **self._extra, "usage": self._usage,
            "choices": [{"index": 0, "finish_reason": self.finish_reason, "message": message}],
        }, 0)
