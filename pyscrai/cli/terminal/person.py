"""Asks the person at the terminal to play a role: shows what the role knows, reads an answer that fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from pyscrai.cli.terminal.answer_text import proposal_lines
from pyscrai.engines.calls.json_reply import parse as parse_json
from pyscrai.errors import ReplyError
from pyscrai.exports.transcript_entry import clean, titled

HELP = "/pass lets the model play this turn, /view shows what you know, /quit leaves the run waiting"
SHOWN_LINES = 12


class LineReader(Protocol):
    """Reads lines from a person."""

    async def line(self, prompt: str) -> str | None:
        """One line without its break, or None when the person leaves."""
        ...


class Passed(Exception):
    """The person lets the model play this turn."""


class Left(Exception):
    """The person leaves; the run keeps waiting."""


class Person:
    """One person at one terminal, who answers the requests of a run.

    Args:
        name: how the record names the person.
    """

    def __init__(self, reader: LineReader, console: Console, name: str = "") -> None:
        self._reader, self._console, self._name = reader, console, name
        self._request: Mapping[str, Any] = {}

    async def answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """Ask the person; the answer as the run takes it, or None when the person leaves."""
        self._request = request
        self._show(SHOWN_LINES)
        try:
            given = await self._read(request)
        except Passed:
            return {"release": True}
        except Left:
            return None
        return {**given, **({"person": self._name} if self._name else {})}

    async def _read(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["task"] == "moderate":
            return {"next": await self._choose("Who speaks next", list(request["choices"]))}
        if "proposal" in request:
            return await self._decide(request["proposal"], request["schema"]["properties"]["edited"]["properties"])
        schema = request.get("schema")
        properties: Mapping[str, Any] = (schema or {}).get("properties") or {}
        must_act = bool((properties.get("actions") or {}).get("required"))
        answer: dict[str, Any] = {}
        text = await self._text(f"{clean(request['name'])}: ", needed=not must_act)
        if text:
            answer["text"] = text
        for name, field in properties.items():
            if name != "text":
                value = await self._field(name, field, needed=name in (schema or {}).get("required", ()))
                if value is not None:
                    answer[name] = value
        return answer

    async def _decide(self, proposal: Mapping[str, Any], editable: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the person to decide about a model's proposal, and for each part of it what is to stand there instead."""
        for line in proposal_lines(proposal):
            self._console.print(clean(line), markup=False, highlight=False)
        if "tool" in proposal and not editable["arguments"].get("properties"):
            decision = await self._choose("accept or reject", ["accept", "reject"])
        else:
            decision = await self._choose("accept, edit or reject", ["accept", "edit", "reject"])
        if decision == "reject":
            reason = await self._text("why (may be left out): ", needed=False)
            return {"decision": decision, **({"reason": reason} if reason else {})}
        if decision == "accept":
            return {"decision": decision}
        if "tool" in proposal:
            return {"decision": decision, "edited": {"arguments": await self._arguments(
                proposal["arguments"], editable["arguments"])}}
        edited: dict[str, Any] = {}
        while not edited:
            for name, field in editable.items():
                if name == "text":
                    value = await self._text("instead (empty leaves it): ", needed=False)
                elif len(editable) == 1 or await self._yes(f"change {titled(name).lower()}?"):
                    value = await self._field(name, field, needed=True)
                else:
                    continue
                if value or isinstance(value, bool):
                    edited[name] = value
            if not edited:
                self._tell("nothing is changed yet")
        return {"decision": decision, "edited": edited}

    async def _arguments(self, proposed: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for the arguments of a tool; an empty line leaves one as it is proposed."""
        found = dict(proposed)
        while found == proposed:
            for name, field in schema["properties"].items():
                if name in proposed:
                    self._tell(f"{titled(name)} is {clean(proposed[name])}; an empty line leaves it")
                if field.get("type") == "boolean":
                    given = await self._choose(titled(name), [True, False], needed=False)
                elif "enum" in field or field.get("type") in ("integer", "number", "string"):
                    given = await self._field(name, field, needed=False)
                else:
                    given = await self._json(titled(name), field)
                if given is not None:
                    found[name] = given
            if found == proposed:
                self._tell("nothing is changed yet")
        return found

    # -- one field after the other ------------------------------------------------------------------------------------

    async def _field(self, name: str, schema: Mapping[str, Any], *, needed: bool) -> Any:
        """A value that satisfies ``schema``, or None where it may be left out and is."""
        label = titled(name)
        if "anyOf" in schema and any(option.get("type") == "null" for option in schema["anyOf"]):
            if not await self._yes(f"{label}?"):
                return None
            return await self._field(name, next(o for o in schema["anyOf"] if o.get("type") != "null"), needed=True)
        if "enum" in schema:
            return await self._choose(label, list(schema["enum"]), needed=needed)
        match schema.get("type"):
            case "object":
                required = schema.get("required", ())
                found = {field: await self._field(field, sub, needed=field in required)
                         for field, sub in schema.get("properties", {}).items()}
                return {field: value for field, value in found.items() if value is not None}
            case "boolean":
                return await self._yes(f"{label}?")
            case "array" if "enum" in schema["items"]:
                return await self._several(label, schema)
            case "array":
                return await self._changes(label, schema)
            case "integer" | "number":
                return await self._number(label, schema, needed=needed)
            case _:
                text = await self._text(f"{label}: ", needed=needed, longest=schema.get("maxLength"))
                return text or None

    async def _text(self, prompt: str, *, needed: bool, longest: int | None = None) -> str:
        while True:
            text = await self._line(prompt)
            if text and longest is not None and len(text) > longest:
                self._tell(f"at most {longest} characters, please")
            elif text or not needed:
                return text
            else:
                self._tell(HELP)

    async def _yes(self, question: str) -> bool:
        while True:
            given = (await self._line(f"{question} [y/N] ")).lower()
            if given in ("", "n", "no"):
                return False
            if given in ("y", "yes"):
                return True
            self._tell("y or n, please")

    async def _choose(self, label: str, choices: Sequence[Any], *, needed: bool = True) -> Any:
        names = [clean(choice) for choice in choices]
        while True:
            given = await self._line(f"{label} ({', '.join(names)}): ")
            if not given and not needed:
                return None
            if not given and len(choices) == 1:
                return choices[0]
            fitting = [index for index, name in enumerate(names) if name.lower() == given.lower()] or [
                index for index, name in enumerate(names) if given and name.lower().startswith(given.lower())]
            if len(fitting) == 1:
                return choices[fitting[0]]
            self._tell(f"one of {', '.join(names)}, please")

    async def _number(self, label: str, schema: Mapping[str, Any], *, needed: bool) -> int | float | None:
        whole = schema["type"] == "integer"
        low, high = schema.get("minimum"), schema.get("maximum")
        bounds = f" ({'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'})" if (
            low is not None or high is not None) else ""
        while True:
            given = await self._line(f"{label}{bounds}: ")
            if not given and not needed:
                return None
            try:
                value = int(given) if whole else float(given)
            except ValueError:
                self._tell("a whole number, please" if whole else "a number, please")
                continue
            if (low is None or value >= low) and (high is None or value <= high):
                return value
            self._tell(f"a number{bounds}, please")

    async def _json(self, label: str, schema: Mapping[str, Any]) -> Any:
        """A value of any form, as JSON; None for an empty line."""
        while given := await self._line(f"{label} (JSON): "):
            try:
                return parse_json(given, schema)
            except ReplyError as error:
                self._tell(error.message)
        return None

    async def _several(self, label: str, schema: Mapping[str, Any]) -> list[Any]:
        """Some of the choices, one at a time, until an empty line."""
        chosen: list[Any] = []
        while left := [choice for choice in schema["items"]["enum"] if choice not in chosen]:
            choice = await self._choose(label, left, needed=len(left) > 1 and len(chosen) < schema.get("minItems", 0))
            if choice is None:
                break
            chosen.append(choice)
        return chosen

    async def _changes(self, label: str, schema: Mapping[str, Any]) -> list[Any]:
        """Changes of variables, one at a time, until an empty line."""
        options = {option["properties"]["variable"]["const"]: option["properties"]["value"]
                   for option in schema["items"]["anyOf"]}
        changes: list[Any] = []
        while True:
            name = await self._choose(f"{label}, variable", list(options), needed=False)
            if name is None:
                return changes
            changes.append({"variable": name, "value": await self._field(name, options[name], needed=True)})

    async def _line(self, prompt: str) -> str:
        while True:
            given = await self._reader.line(prompt)
            match given if given is None else given.strip():
                case None | "/quit":
                    raise Left
                case "/pass":
                    raise Passed
                case "/view":
                    self._show(None)
                case "/help" | "/?":
                    self._tell(HELP)
                case text:
                    return clean(text)

    # -- what the person sees -----------------------------------------------------------------------------------------

    def _show(self, last: int | None) -> None:
        request, console = self._request, self._console
        where = f"turn {request['turn']}" + (f", {request['phase']}" if request.get("phase") else "")
        name = clean(request["name"])
        who = f"You decide for {name}" if "proposal" in request else f"You are {name}"
        console.print(Rule(Text(f" {who}: {clean(where)} ", "bold yellow"), style="yellow", align="left"))
        lines = list(request.get("lines") or ())
        for line in lines if last is None else lines[-last:]:
            speaker = f"{clean(line['name'])}: " if line.get("name") else ""
            told = Text.assemble((speaker, "bold"), (clean(line["text"]), ""))
            console.print(Padding(told, (0, 0, 0, 2), expand=False))
        knows = f"{name} alone knows" if "proposal" in request else "You alone know"
        for label, value in ((knows, request.get("secret")), ("Asked of you", request.get("note")),
                             ("The world", ", ".join(f"{titled(name)} {value}" for name, value in
                                                     (request.get("variables") or {}).items()))):
            if value:
                console.print(Text.assemble((f"{label}: ", "bold dim"), (clean(value), "dim")))
        if request.get("problem"):
            self._tell(clean(request["problem"]))
        console.print(Text(HELP, "dim italic"))

    def _tell(self, text: str) -> None:
        self._console.print(Text(f"  {text}", "yellow"))
