"""The layout for small models: a stage play that goes on line by line, and a critic that asks for better lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from pyscrai.engines.calls.speech import repeated
from pyscrai.engines.layouts.brief import PlainBrief
from pyscrai.engines.layouts.instruct import InstructLayout
from pyscrai.engines.layouts.layout import Critic, Prompt, Standards
from pyscrai.engines.layouts.voice import PlainVoice
from pyscrai.engines.ports.model import Layout as LayoutName
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import ReplyError, TryAgain

MOST_DEMANDS = 2
"""How many better lines are asked for in a turn: a poor line is better than a failed turn."""


class ScriptLayout(InstructLayout):
    """The transcript is the model's own text, which it goes on with; speech and moves are asked for separately.

    A small model goes on with a text that seems its own far better than it answers questions about one, and in one
    JSON object both speech and moves suffer.
    """

    name: LayoutName = "script"
    rationale = "one sentence of at most 15 words"
    brief = PlainBrief()
    voice = PlainVoice()

    def asks(self, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        return None

    def stop(self, others: Sequence[str], *, structured: bool) -> tuple[str, ...]:
        return () if structured else ("\n",)  # what such a model writes after its first line is not to the point

    def messages(self, prompt: Prompt) -> tuple[Message, ...]:
        if not (prompt.prefill and prompt.goes_on):
            return super().messages(prompt)
        return (Message("system", (prompt.system,)), Message("user", (prompt.render("play_on", {}),)),
                Message("assistant", (*prompt.entries, prompt.note, prompt.prefill)))

    def critic(self, standards: Standards) -> Critic:
        return Demanding(standards)


class Demanding:
    """Asks again for a line that says nothing, says something again, or is not the role's to say."""

    def __init__(self, standards: Standards) -> None:
        self.standards = standards
        self._left = MOST_DEMANDS

    def trimmed(self, text: str) -> str:
        # A small model takes the brackets of what is no speech, and of what tools found, for a way to speak.
        return text.partition("\n")[0].replace("[", "").replace("]", "")

    def unusable(self, error: ReplyError) -> ReplyError:
        if not self._left:
            return error
        self._left -= 1  # another try says something else; told what is wrong, a small model says it again
        return TryAgain(error.message, again=_freer)

    def judged(self, text: str) -> str:
        again = repeated(text, self.standards.heard)
        recited = again or repeated(text, self.standards.known)
        fault = "it repeats what stands in the prompt" if recited else self.standards.fault(text)
        if self._left and fault:
            self._left -= 1  # first the same prompt, which the cache holds, then one without what it says again
            left_out = () if self._left or not again else self.standards.entries(again)
            raise TryAgain(fault, again=lambda request: _freer(_without(request, left_out)))
        return self.standards.mended(text)


def _freer(request: ModelRequest) -> ModelRequest:
    """The request with another seed and a little more freedom."""
    return replace(request, seed=None if request.seed is None else request.seed + 1,
                   temperature=min(1.2, (request.temperature or 0.7) + 0.3))


def _without(request: ModelRequest, entries: Collection[str]) -> ModelRequest:
    """The request without the entries that the model cannot leave alone."""
    return replace(request, messages=tuple(
        replace(message, parts=tuple(part for part in message.parts if part not in entries))
        for message in request.messages))
