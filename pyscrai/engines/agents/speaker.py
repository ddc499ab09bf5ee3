"""The Actor speaks and acts in character."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pyscrai.engines.agents.engine import Ask, Engine, Performance
from pyscrai.engines.agents.moderator import moderate
from pyscrai.engines.calls.json_reply import LONGEST
from pyscrai.engines.calls.speech import clean
from pyscrai.engines.layouts.layout import Critic, Standards, Voice
from pyscrai.engines.line import action_text, transcript_line
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.ports.model import Message, ModelReply
from pyscrai.engines.state import Activation, Line, Played
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError
from pyscrai.events import Action, Utterance
from pyscrai.margin import inside_margin

TEXT = "text"
USUAL_TOKENS = 200
"""The longest speech of an agent that sets no bound, in tokens."""
CHARACTERS_A_TOKEN = 4
NO_EXTRAS: Mapping[str, Any] = {"actions": {}, "required_action": None, "targets": {}, "changeable": {},
                                "may_end": False}
"""What the note of a turn reads where nothing but speech is asked for."""


class Speaker(Engine):
    """What Actors and Narrators have in common: they take turns, speak, and make typed moves."""

    async def perform(self, activation: Activation, view: View, ask: Ask) -> Performance:
        if activation["task"] == "moderate":
            return await moderate(self, view, ask)
        # The layout says whether speech and a typed move are asked for in one JSON object or one after the other.
        phase = self.plan.phases[view.phase]
        schema = self.schema(phase, view)
        asked = self.layout.asks(schema)
        if schema is not None and self.layout.voice is not None and any(spec.intent for spec in view.actions.values()):
            moved = await self._move(view, ask, phase, schema)
            intent = " ".join(view.intent_of(name, given) for name, given in (moved.get("actions") or {}).items()
                              if given is not None).strip()
            said = (await self._voice(self.layout.voice, view, ask, phase, intent) if intent else
                    await self._say(activation, view, ask, phase, asked)) | moved
            return self.make(said, phase, view, played_by="model")
        said = await self._say(activation, view, ask, phase, asked)
        if schema is not None and asked is None:
            said |= await self._move(view, ask, phase, schema, said[TEXT])
        return self.make(said, phase, view, played_by="model")

    def _say(self, activation: Activation, view: View, ask: Ask, phase: PhasePlan, schema: dict[str, Any] | None
             ) -> Awaitable[dict[str, Any]]:
        """Ask for a speech, and for a move where ``schema`` has one."""
        messages, prompts = self.messages(
            f"{self.engine}_turn", view, prefill=f"{self.instance.name}:", resolving=activation["task"] == "resolve",
            structured=schema, opening=not any(line["speaker"] == self.role for line in view.lines),
            answers=self.answers(view), **(NO_EXTRAS if schema is None else self.extras(phase, view)))
        return self._speech(view, ask, phase, schema, messages, prompts, self.layout.critic(self.standards(view)))

    def _voice(self, voice: Voice, view: View, ask: Ask, phase: PhasePlan, intent: str) -> Awaitable[dict[str, Any]]:
        """Ask for the words of a move that has been made."""
        answers = self.answers(view)
        last = next((line for line in reversed(view.lines) if line["kind"] == "utterance"), None) if answers else None
        messages, prompts = self.messages(
            f"{self.engine}_voice", view, lay=lambda prompt: voice.messages(prompt, self.engine),
            intent=_in_a_line(intent), answers=answers, last=last and {**last, "content": _in_a_line(last["content"])})
        critic = voice.critic(intent, self.instance.name, self.standards(view))
        return self._speech(view, ask, phase, None, messages, prompts, critic)

    def _speech(self, view: View, ask: Ask, phase: PhasePlan, schema: dict[str, Any] | None,
                messages: tuple[Message, ...], prompts: Mapping[str, str], critic: Critic
                ) -> Awaitable[dict[str, Any]]:
        others = self.others

        def read(reply: ModelReply) -> dict[str, Any]:
            value = {TEXT: reply.text} if schema is None else self.reader(schema)(reply)
            said = critic.trimmed(value.get(TEXT, "").strip())
            if said or schema is None or not view.required:
                try:
                    value[TEXT] = clean(said, name=self.instance.name, others=others,
                                        max_sentences=self.instance.settings.max_sentences)
                except ReplyError as error:
                    raise critic.unusable(error) from None
            self.check(value, phase)
            if value.get(TEXT):
                value[TEXT] = critic.judged(value[TEXT])
            return value

        stop = self.layout.stop(others, structured=schema is not None)
        return ask(self.request(messages, stop=stop, schema=schema), purpose="speech", read=read, prompts=prompts,
                   speech="" if schema is None else TEXT)

    def standards(self, view: View) -> Standards:
        """The texts that a speech of this role is compared with."""
        return Standards(
            view.lines, known=(self.instance.secret, view.task), fault=self.fault, mended=self.mended,
            entries=lambda again: [transcript_line(line) for line in view.lines
                                   if line["speaker"] == self.role or line["content"] == again])

    async def _move(self, view: View, ask: Ask, phase: PhasePlan, schema: dict[str, Any], text: str | None = None
                    ) -> dict[str, Any]:
        """Ask for everything beside speech, once ``text`` has been said, or before anything is."""
        lines = view.lines if text is None else (*view.lines, Line(
            kind="utterance", speaker=self.role, name=self.instance.name, content=text, audience="all"))
        rest = {**schema, "properties": {name: part for name, part in schema["properties"].items() if name != TEXT},
                "required": [name for name in schema["required"] if name != TEXT]}
        messages, prompts = self.messages("move", replace(view, lines=lines), prefill="\n", structured=rest,
                                          before=text is None, **{**NO_EXTRAS, **self.extras(phase, view)})
        return await ask(self.request(messages, schema=rest), purpose="move", prompts=prompts,
                         read=self.reader(rest))

    def make(self, said: Mapping[str, Any], phase: PhasePlan, view: View, *, played_by: str) -> Performance:
        """Turn what was said, by a model or a person, into events, lines and what the flow needs of it."""
        performance = Performance(said=dict(said))
        to = said.get("to")
        # In a free phase `to` names who answers; everybody in the phase's audience hears it all the same.
        addressed = to if isinstance(to, list) else [to] if to else []
        names = addressed if addressed and phase.spec.order != "free" else view.scene or phase.spec.audience
        audience = self.plan.audience(names, self.role, view.behind)
        heard = audience if audience == "all" else sorted({*audience, self.role})
        played: Played = {"role": self.role, "turn": view.turn, "text": said.get(TEXT, ""),
                          "to": addressed[0] if addressed else None, "moves": [],
                          "kinds": []}
        if text := said.get(TEXT, ""):
            line: Line = {
                "type": "ai", "kind": "utterance", "speaker": self.role, "name": self.instance.name, "content": text,
                "audience": heard if heard == "all" else list(heard)}
            if played_by != "model":
                line["played_by"] = played_by
            performance.add(
                Utterance, line, source=self.role, audience="all" if heard == "all" else tuple(heard),
                name=self.instance.name, text=text, played_by=played_by)
            played["kinds"].append("utterance")
            played["audience"] = heard if heard == "all" else list(heard)
        for action, given in (said.get("actions") or {}).items():
            if given is None:
                continue
            spec = self.plan.scenario.actions[action]
            arguments = spec.coerce(given)
            seen = self.plan.audience(spec.audience, self.role, view.behind)
            seen = seen if seen == "all" else tuple(sorted({*seen, self.role}))
            performance.add(Action, {
                "type": "ai", "kind": "action", "speaker": self.role, "name": self.instance.name,
                "content": action_text(action, arguments), "audience": "all" if seen == "all" else list(seen)},
                source=self.role, audience=seen, action=action, arguments=arguments)
            played["moves"].append({"action": action, "arguments": arguments})
            played["kinds"].append("action")
        played["changes"] = list(said.get("changes") or ())
        if said.get("scene_over"):
            played["ends"] = str(said.get("reason") or "the scene is over")
        performance.played = played
        return performance

    def fault(self, text: str) -> str | None:
        """The fault of a small model's line, so that it is asked for once more; None where there is none."""
        return None

    def mended(self, text: str) -> str:
        """A small model's line without what does not belong there."""
        return text

    # -- what the reply must hold -------------------------------------------------------------------------------------

    def schema(self, phase: PhasePlan, view: View) -> dict[str, Any] | None:
        """JSON Schema of the reply, or None where plain speech is all that is asked for."""
        fields = self.fields(phase, view)
        if not fields:
            return None
        longest = CHARACTERS_A_TOKEN * (self.instance.settings.max_tokens or USUAL_TOKENS)
        properties: dict[str, Any] = {TEXT: {
            "type": "string", "description": f"what {self.instance.name} says", LONGEST: longest}}
        properties.update({name: schema for name, (schema, _) in fields.items()})
        return {"type": "object", "properties": properties, "additionalProperties": False,
                "required": [TEXT, *(name for name, (_, required) in fields.items() if required)]}

    def fields(self, phase: PhasePlan, view: View) -> dict[str, tuple[dict[str, Any], bool]]:
        """The fields beside speech: name to its schema and whether it must be there."""
        fields: dict[str, tuple[dict[str, Any], bool]] = {}
        if targets := self.targets(phase, view):
            one = {"enum": targets, "description": "who hears it, or who is addressed"}
            fields["to"] = ({"type": "array", "items": {"enum": targets}, "minItems": 1, "maxItems": len(targets),
                             "description": one["description"]} if phase.spec.to_several else one, True)
        actions = {name: spec.json_schema() for name, spec in view.actions.items()}
        if view.required and len(view.required) == len(actions):
            fields["actions"] = ({"type": "object", "properties": actions, "required": list(view.required),
                                  "additionalProperties": False}, True)
        elif actions:
            fields["actions"] = ({"type": "object", "additionalProperties": False, "properties": {
                name: schema if name in view.required else {"anyOf": [schema, {"type": "null"}]}
                for name, schema in actions.items()},
                "required": list(view.required)}, True)
        return fields

    def targets(self, phase: PhasePlan, view: View) -> list[str]:
        """The roles, groups and ``all`` that this role may choose to address in the phase; empty for no choice."""
        if phase.spec.order == "free":
            return [role for role in view.speakers if role != self.role]
        chosen: dict[str, None] = dict.fromkeys(phase.spec.audience) if phase.spec.audiences else {}
        for name in phase.spec.audiences:
            if name == "whisper":
                chosen.update((role, None) for role in self.plan.cast
                              if role != self.role and role not in self.plan.watchers)
            elif name in self.plan.cast or self.role in view.behind.get(name, ()):
                chosen[name] = None
        return list(chosen)

    def answers(self, view: View) -> str:
        """The name of the Actor who spoke last, to whom this turn is an answer; nothing if none did."""
        last = view.lines[-1] if view.lines else None
        speaker = self.plan.cast.get((last or {}).get("speaker") or "")
        return speaker.name if speaker and speaker.engine == "actor" and speaker.role != self.role else ""

    def extras(self, phase: PhasePlan, view: View) -> dict[str, Any]:
        """The further variables that the turn's note may read beside the view."""
        return {"actions": view.actions, "required_action": view.required[0] if view.required else None,
                "targets": {target: self.plan.names.get(target, target) for target in self.targets(phase, view)}}

    def check(self, value: Mapping[str, Any], phase: PhasePlan) -> None:
        """See that a reply says or does something.

        Raises:
            ReplyError: it does neither.
        """
        if not value.get(TEXT) and not any((value.get("actions") or {}).values()):
            raise ReplyError("the reply is empty")


class Actor(Speaker):
    """Plays a person: speaks from personality, goals and what its role has heard."""

    engine: ClassVar[str] = "actor"
    goes_on: ClassVar[bool] = True


def _in_a_line(text: str) -> str:
    """A text without line breaks: what is heard and what is meant are a line each in the question for words."""
    return " ".join(inside_margin(text).split())
