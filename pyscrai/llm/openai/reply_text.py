"""The reply in a model's output: without a repeated prefill, reasoning, control tokens, or a code fence.

Models mark their reasoning in many ways, and servers pass marks on that they should have taken out: ``<think>`` in any
spelling, with or without its opening, harmony channels, ``<|im_end|>`` and kin. One scanner knows them all. It reads
each character once, so that the whole output and a stream of its pieces give the same text in linear time.
"""

from __future__ import annotations

import re
from typing import Literal

LONGEST_REPLY = 100_000
"""Characters of a reply; the rest is cut off, as if the model had come to its bound."""

_MARK = re.compile(
    r"<\|[\w.▁:-]{1,40}\|>|<｜[^<>｜\n]{1,40}｜>|</?(?:seed:)?(?:think|thinking|thought|reasoning)>|\[/?THINK\]"
    r"|◁/?think▷|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|\[/?INST\]", re.IGNORECASE)
_BEGUN = re.compile(r"<\|[\w.▁:-]{0,40}\|?|<｜[^<>｜\n]{0,40}｜?")
"""What may become one of the marks that are not listed below, when more comes."""
_LONGEST_MARK = 44

_THOUGHT_OPENS = frozenset({
    *(f"<{seed}{name}>" for seed in ("", "seed:") for name in ("think", "thinking", "thought", "reasoning")),
    "[think]", "◁think▷", "<|begin_of_thought|>", "<|start_thinking|>",
})
_THOUGHT_CLOSES = frozenset({
    *(f"</{seed}{name}>" for seed in ("", "seed:") for name in ("think", "thinking", "thought", "reasoning")),
    "[/think]", "◁/think▷", "<|end_of_thought|>", "<|end_thinking|>",
})
_TURN_ENDS = frozenset({
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "<|return|>", "<|call|>",
    "<|end_of_turn|>", "<|end_of_turn_token|>", "<|eos|>", "<end_of_turn>", "<eos>", "<｜end▁of▁sentence｜>",
})
_TURN_BEGINS = frozenset({
    "<|im_start|>", "<|start_header_id|>", "<|start_of_turn_token|>", "<start_of_turn>", "<|user|>", "<|system|>",
    "<｜user｜>", "[inst]",
})
_BEGINNINGS = frozenset(
    mark[:length] for mark in (
        *_THOUGHT_OPENS, *_THOUGHT_CLOSES, "<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "<start_of_turn>",
        "<end_of_turn>", "[inst]", "[/inst]")
    for length in range(1, len(mark)))
_ROLE = re.compile(r"\s*(assistant|model|user|system|tool|developer|human)?\s*")
_LONGEST_ROLE = 24
_MOST_BLANKS = 200
"""Blanks with which a reply may begin; others are left out."""
_BARE = re.compile(r"analysis(?=[A-Z])")
"""Where a server takes harmony's marks out, ``analysisWe should ... assistantfinalHello`` is left."""
_BARE_FINAL = "assistantfinal"

_Mode = Literal["speech", "thought", "channel", "role", "skip", "bare", "done"]


def visible(output: str, prefix: str = "") -> str:
    """The whole output's reply."""
    reply = VisibleText(prefix)
    return reply.feed(output) + reply.end()


def unfenced(text: str) -> str:
    """The text inside a Markdown code fence, where there is one around all of it."""
    bare = text.strip()
    if len(bare) < 7 or not (bare.startswith("```") and bare.endswith("```")):
        return text
    language, newline, inner = bare[3:-3].partition("\n")
    return inner.strip() if newline and (not language.strip() or language.strip().isalpha()) else text


class VisibleText:
    """Finds the reply in an output that comes in pieces.

    Text is held back only while it may still turn out to be a mark or the repeated prefill. Where text that was given
    out turns out to be reasoning (its end is marked and its beginning was not), ``taken_back`` is true after that
    ``feed``: all that was given out before no longer counts.

    Args:
        prefix: what the request's prefill was; a server may repeat it.
        starts_in_thought: whether this model is known to reason first without marking the beginning.
    """

    def __init__(self, prefix: str = "", *, starts_in_thought: bool = False) -> None:
        self.taken_back = False
        self.thought = False
        """Whether the output held reasoning."""
        self.begins_unmarked = False
        """Whether reasoning ended whose beginning was not marked."""
        self.is_cut = False
        """Whether the reply was longer than ``LONGEST_REPLY``."""
        self._prefix = prefix
        self._assumed: list[str] | None = [] if starts_in_thought else None
        self._mode: _Mode = "thought" if starts_in_thought else "speech"
        self._harmony = self._struck = False
        self._held = self._header = self._lead = self._tail = ""
        self._out: list[str] = []
        self._leading = self._is_blank = True
        self._gap = False
        self._shown = 0
        self._first = self._last = ""

    def feed(self, piece: str) -> str:
        """The text that is known to be the reply after this piece."""
        self.taken_back = False
        held, at = self._held + piece, 0
        keep = len(held)
        if "<" in held or "[" in held or "◁" in held:  # no mark begins otherwise
            for mark in _MARK.finditer(held):
                self._text(held[at:mark.start()])
                self._mark(mark.group())
                at = mark.end()
            keep = _begun(held, at)
        self._text(held[at:keep])
        self._held = held[keep:]
        return self._given()

    def end(self, *, is_cut: bool = False) -> str:
        """Return the text still held back when the output ends, or is cut off."""
        self.taken_back = False
        self._text(self._held)
        self._held = ""
        if self._mode == "role":
            self._role()
        if self._assumed is not None and not is_cut:  # it did not reason this time
            text, self._assumed, self._mode, self.thought = "".join(self._assumed), None, "speech", False
            self._show(text)
        self._lead_in(whole=True)
        return self._given()

    def _given(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    # -- marks --------------------------------------------------------------------------------------------------------

    def _mark(self, written: str) -> None:
        mark = written.casefold()
        if self._mode == "done":
            return
        if not self._is_said():  # blanks before a mark with which the output begins
            self._lead, self._gap = "", True
        if mark in _THOUGHT_OPENS:
            self._mode, self._assumed = "thought", None
        elif mark in _THOUGHT_CLOSES:
            self._thought_ends(written)
        elif mark in ("<|channel|>", "<|message|>", "<|start|>"):
            self._channel(mark)
        elif mark == "<|end_header_id|>":
            self._role()
        elif mark in _TURN_ENDS or (mark == "</s>" and not self._struck):
            if self._harmony:
                self._mode = "skip"
            elif self._mode == "speech" and self._is_said():
                self._mode = "done"
        elif mark in _TURN_BEGINS:
            if self._mode == "speech" and self._is_said():
                self._mode = "done"
            elif not self._harmony and mark != "[inst]":
                self._mode, self._header = "role", ""
        elif mark in ("<s>", "</s>") and self._is_said():  # HTML's struck-out text
            self._struck = mark == "<s>"
            self._text(written)

    def _thought_ends(self, written: str) -> None:
        if self._mode == "thought":
            self._assumed = None
            self._mode, self._gap, self.thought = "speech", True, True
        elif self._mode == "speech" and self._first == "{":
            self._text(written)  # a JSON text in which somebody writes it
        elif self._mode == "speech":
            self._take_back()
            self.thought = self.begins_unmarked = True

    def _channel(self, mark: str) -> None:
        """Harmony: ``<|start|>assistant<|channel|>final<|message|>...``; the last ``final`` is the reply."""
        if mark == "<|start|>":
            self._harmony, self._mode = True, "skip"
        elif mark == "<|channel|>":
            self._harmony, self._mode, self._header = True, "channel", ""
        elif self._mode == "channel":
            if self._header.split()[:1] == ["final"]:
                self._take_back()
                self._mode = "speech"
            else:
                self._mode, self.thought = "thought", True
        elif self._mode in ("skip", "role"):
            self._take_back()
            self._mode = "speech"

    def _take_back(self) -> None:
        self.taken_back = self.taken_back or self._shown > 0
        self._out.clear()
        self._leading, self._gap, self._lead, self._shown = True, True, "", 0
        self._first = self._last = ""

    def _is_said(self) -> bool:
        return bool(self._first) or bool(self._lead.strip())

    # -- text between marks -------------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        if not text:
            return
        if self._mode == "speech":
            self._show(text)
        elif self._mode == "thought":
            self.thought = self.thought or not text.isspace()
            if self._assumed is not None:
                self._assumed.append(text)
        elif self._mode == "bare":
            self._until_final(text)
        elif self._mode in ("channel", "role"):
            self._header += text
            if self._mode == "role" and ("\n" in self._header.lstrip() or len(self._header) > _LONGEST_ROLE):
                self._role()

    def _role(self) -> None:
        """Drops the name of a role that a mark began; the text after it is the reply, where it is the model's."""
        if self._mode != "role":
            return
        named = _ROLE.match(self._header)
        assert named is not None  # it matches the empty text
        text, self._header = self._header[named.end():], ""
        self._mode = "skip" if named[1] not in (None, "assistant", "model") else "speech"
        if self._mode == "speech":
            self._gap = True
            self._show(text)

    def _show(self, text: str) -> None:
        if self._gap and not (self._last or self._lead[-1:]).strip():
            text = text.lstrip()
        if not text:
            return
        self._gap = False
        if self._leading:
            if not self._lead or self._is_blank:
                said = text.lstrip()
                self._lead += text[:min(len(text) - len(said), _MOST_BLANKS - len(self._lead))]
                self._is_blank = not said
                text = said
            if not self._is_blank:
                self._lead += text
                self._lead_in(whole=False)
        else:
            self._give(text)

    def _lead_in(self, *, whole: bool) -> None:
        """Decides what the beginning is: the repeated prefill, reasoning without marks, or the reply."""
        if not self._leading:
            return
        lead = self._lead
        if not whole and ("analysis".startswith(lead) or (self._prefix and self._prefix.startswith(lead))):
            return
        if not whole and (lead == "analysis" or lead.isspace()):
            return
        self._leading, self._lead = False, ""
        if _BARE.match(lead) and not self._harmony:
            self._mode, self.thought = "bare", True
            self._until_final(lead)
        else:
            self._give(lead.removeprefix(self._prefix))

    def _until_final(self, text: str) -> None:
        seen = self._tail + text
        place = seen.find(_BARE_FINAL)
        if place < 0:
            self._tail = seen[-len(_BARE_FINAL):]
            return
        self._mode, self._tail, self._gap = "speech", "", True
        self._show(seen[place + len(_BARE_FINAL):])

    def _give(self, text: str) -> None:
        room = LONGEST_REPLY - self._shown
        if len(text) > room:
            text, self.is_cut, self._mode = text[:room], True, "done"
        if not text:
            return
        if not self._first:
            self._first = text.lstrip()[:1]
        self._last = text[-1]
        self._shown += len(text)
        self._out.append(text)


def _begun(text: str, at: int) -> int:
    """The position at which an incomplete mark begins; the text's end if there is none."""
    for place in range(max(at, len(text) - _LONGEST_MARK), len(text)):
        if text[place] in "<[◁" and (text[place:].casefold() in _BEGINNINGS or _BEGUN.fullmatch(text, place)):
            return place
    return len(text)
