"""Adds what an endpoint answered, whole or in chunks, up to one completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.llm.openai import completion
from pyscrai.llm.openai.completion import Completion, Counts, Malformed
from pyscrai.llm.openai.reply_text import LONGEST_REPLY, VisibleText
from pyscrai.llm.openai.token_listener import IsolatedListener
from pyscrai.plain_text import TextJoiner

_LARGEST_HEAD = 16_000
"""Bytes of a first chunk whose other fields are recorded."""


class Assembly:
    """A completion in the making, which shows its text as it comes."""

    def __init__(self, listener: IsolatedListener, prefix: str, *, starts_in_thought: bool = False) -> None:
        self._listener = listener
        self._joiner = TextJoiner()
        self.reply = VisibleText(prefix, starts_in_thought=starts_in_thought)
        self._shown: list[str] = []
        self._head: dict[str, Any] = {}
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._room = {"content": LONGEST_REPLY, "reasoning": LONGEST_REPLY}
        self._usage: Any = None
        self._counts = Counts()
        self._extra: dict[str, Any] = {}
        self._refused = False
        self._whole: dict[str, Any] | None = None
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

    def add_whole(self, data: dict[str, Any], size: int) -> str:
        """Take a completion in that was not streamed; returns its visible text.

        Raises:
            Malformed: it is none.
        """
        choice = completion.first_choice(data)
        if "message" not in choice:
            raise Malformed("the answer's choice has no message")
        if choice["message"] is None:
            raise Malformed("the answer's message is null")
        self._whole = completion.recorded(data, size)
        self._take_usage(data.get("usage"), size)
        self._head = {"model": data.get("model")}
        self.finish_reason = completion.finish_reason(choice.get("finish_reason"))
        return self._say(choice["message"])

    def end(self) -> str:
        """Say that no more comes; returns the text that was held back."""
        return self._show(self.reply.feed(self._joiner.end())) + self._show(
            self.reply.end(is_cut=self.finish_reason == "length"))

    def completion(self) -> Completion:
        """The completion, once all was taken in."""
        reason = self.finish_reason or "stop"
        text = "".join(self._shown)
        if self.reply.is_cut:
            reason = "length"
        elif self._refused and not text:
            reason = "content_filter"
        thought = self.reply.thought or bool(self._reasoning) or self._counts.reasoning > 0
        return Completion(text, reason, thought, self._counts, completion.model_name(self._head), self._raw())

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

    def _raw(self) -> Mapping[str, Any]:
        if self._whole is not None:
            return self._whole
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._content)}
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        return completion.recorded({
            **self._head, "object": "chat.completion", **self._extra, "usage": self._usage,
            "choices": [{"index": 0, "finish_reason": self.finish_reason, "message": message}],
        }, 0)
