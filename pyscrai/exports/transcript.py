"""Events as a person reads them: who said or did what, to whom, in which tone.

The terminal, Markdown and HTML all render the same entries, so that a run reads the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pyscrai.exports.transcript_entry import Entry, Line, Tone, clean, outcome_text, pairs, titled
from pyscrai.value_text import change_text


class Transcript:
    """Turns event lines, given in their order, into entries.

    Args:
        names: role id to the name it goes by; the ``run_started`` event brings them too.
        titles: phase id to its title, where it has one.
    """

    def __init__(self, names: Mapping[str, str] | None = None, titles: Mapping[str, str] | None = None) -> None:
        self.names = dict(names or {})
        self.titles = dict(titles or {})

    def entries(self, lines: Iterable[Line]) -> Iterator[Entry]:
        """The entries of many events."""
        for line in lines:
            yield from self.read(line)

    def read(self, line: Line) -> list[Entry]:
        """The entries of one event: none, one or two."""
        if line["kind"] == "run_started":
            self.names.update(line.get("roles") or {})
        reader = _READERS.get(line["kind"])
        return reader(self, line) if reader else []

    def name(self, role: str | None) -> str:
        """The name that a role goes by; a source that is no role keeps its own."""
        return clean(self.names.get(role or "", role or ""))

    def phase(self, name: str) -> str:
        """A phase's title."""
        return clean(self.titles.get(name) or titled(name))

    def addressees(self, line: Line, *, alone: str = "nobody") -> str:
        """The roles that alone heard it, in words; ``alone`` where only its source did, empty where all did."""
        audience = line.get("audience")
        if audience == "all" or audience is None:
            return ""
        others = [self.name(role) for role in audience if role != line.get("source")]
        if not others:
            return alone
        return others[0] if len(others) == 1 else ", ".join(others[:-1]) + " and " + others[-1]

    def entry(self, line: Line, tone: Tone, text: object, *, who: str = "", to: str = "", tag: object = "",
              detail: bool = False, aside: object = "") -> Entry:
        """An entry at the place of ``line``."""
        return Entry(tone, clean(text).strip(), str(line.get("source") or ""), who, to, clean(tag),
                     int(line.get("turn") or 0), int(line.get("seq") or 0), detail, clean(aside).strip())


Reader = Callable[[Transcript, Line], list[Entry]]
_READERS: dict[str, Reader] = {}


def _reads(*kinds: str) -> Callable[[Reader], Reader]:
    def register(reader: Reader) -> Reader:
        _READERS.update(dict.fromkeys(kinds, reader))
        return reader

    return register


# -- the play ---------------------------------------------------------------------------------------------------------


@_reads("run_started")
def _started(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "premise", line["premise"])]


@_reads("phase_entered")
def _phase(script: Transcript, line: Line) -> list[Entry]:
    heading = script.entry(line, "heading", script.phase(line["phase"]), tag=line.get("cause") or "")
    text = [script.entry(line, "inject", line["text"], to=script.addressees(line))] if line.get("text") else []
    return [heading, *text]


@_reads("utterance")
def _speech(script: Transcript, line: Line) -> list[Entry]:
    by = line.get("played_by") or "model"
    return [script.entry(line, "speech", line["text"], who=clean(line["name"]), to=script.addressees(line),
                         tag="" if by == "model" else f"played by {by}")]


@_reads("action")
def _action(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "action", pairs(line.get("arguments") or {}), who=script.name(line.get("source")),
                         to=script.addressees(line), tag=titled(line["action"]))]


@_reads("inject")
def _inject(script: Transcript, line: Line) -> list[Entry]:
    origin, source = line.get("origin") or "template", line.get("source") or ""
    who = "" if source in (origin, "template", "rule", "run") else script.name(source)
    tag = line.get("label") or ""
    if origin not in ("template", "rule"):
        tag = f"{tag}, by {origin}" if tag else f"by {origin}"
    return [script.entry(line, "inject", line["text"], who=who, to=script.addressees(line), tag=tag)]


@_reads("variable_changed")
def _change(script: Transcript, line: Line) -> list[Entry]:
    text = f"{titled(line['variable'])}: {clean(change_text(line['old'], line['new']))}"
    return [script.entry(line, "change", text, tag=line.get("cause") or "")]


@_reads("tool_called")
def _tool(script: Transcript, line: Line) -> list[Entry]:
    result = clean(line.get("error") or line.get("text") or line.get("result"))
    arguments = pairs(line.get("arguments") or {})
    who = script.name(line.get("source"))
    return [script.entry(line, "action", f"{arguments} → {result}" if arguments else f"→ {result}",
                         who=who, to=script.addressees(line, alone=who), tag=titled(line["tool"]))]


@_reads("tool_refused")
def _tool_refused(script: Transcript, line: Line) -> list[Entry]:
    reason = f" ({clean(line['reason'])})" if line.get("reason") else ""
    arguments = pairs(line.get("arguments") or {})
    refused = f"→ refused by {clean(line['person'])}{reason}"
    who = script.name(line.get("source"))
    return [script.entry(line, "action", f"{arguments} {refused}" if arguments else refused,
                         who=who, to=script.addressees(line, alone=who), tag=titled(line["tool"]))]


# -- the Analyst ------------------------------------------------------------------------------------------------------


@_reads("assessment")
def _assessment(script: Transcript, line: Line) -> list[Entry]:
    findings = "".join(f"\n• {clean(finding)}" for finding in line.get("findings") or ())
    return [script.entry(line, "analysis", f"{line['summary']}{findings}", who=script.name(line.get("source")),
                         tag="assessment")]


@_reads("measurement")
def _measurement(script: Transcript, line: Line) -> list[Entry]:
    of = f" of {script.name(line['of'])}" if line.get("of") else ""
    value = "no value" if line.get("value") is None else clean(line["value"])
    return [script.entry(line, "analysis", f"{titled(line['measure'])}{of} = {value}", tag="measure",
                         who=script.name(line.get("source")), aside=line.get("rationale") or "")]


@_reads("verdict")
def _verdict(script: Transcript, line: Line) -> list[Entry]:
    found = "reached" if line["met"] else "not reached"
    return [script.entry(line, "analysis", f"“{clean(line['goal'])}” is {found}.", tag="verdict",
                         who=script.name(line.get("source")), aside=line.get("rationale") or "")]


@_reads("report")
def _report(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "report", line["markdown"], who=script.name(line.get("source")))]


# -- the machinery ----------------------------------------------------------------------------------------------------


@_reads("speaker_chosen")
def _chosen(script: Transcript, line: Line) -> list[Entry]:
    reason = f": {line['reason']}" if line.get("reason") else ""
    return [script.entry(line, "note", f"{script.name(line['chosen'])} is next{reason}", detail=True)]


@_reads("memory_summarized")
def _memory(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "note", f"{script.name(line.get('source'))} remembers: {line['summary']}", detail=True)]


@_reads("reflection")
def _reflection(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "note", f"{script.name(line.get('source'))} concludes: {'; '.join(line['insights'])}",
                         detail=True)]


_DECIDED: Mapping[str, str] = {"accept": "let pass", "edit": "changed", "reject": "rejected"}
"""What a person did with a proposal."""


@_reads("control")
def _control(script: Transcript, line: Line) -> list[Entry]:
    given = line.get("arguments") or {}
    if line["action"] in _DECIDED and "proposal" in given:
        reason = f" ({clean(given['reason'])})" if given.get("reason") else ""
        text = f"{line['actor']} {_DECIDED[line['action']]} what {script.name(given.get('role'))} proposed{reason}"
        return [script.entry(line, "note", text, detail=True)]
    return [script.entry(line, "note", f"{line['actor']} asks: {line['action']}", detail=True)]


@_reads("role_taken")
def _taken(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "note", f"{line['person']} plays {script.name(line['role'])} from now on")]


@_reads("role_released")
def _released(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "note", f"a model plays {script.name(line['role'])} again")]


@_reads("flow_warning")
def _warning(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "warning", line["message"])]


@_reads("change_refused")
def _refused(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "warning", f"{line['variable']} stays as it is: {line['reason']}")]


@_reads("model_retried")
def _retried(script: Transcript, line: Line) -> list[Entry]:
    text = f"{line['alias']} failed at try {line['attempt']} ({line['error']}): {line['message']}"
    return [script.entry(line, "warning", text, who=script.name(line.get("source")))]


@_reads("model_fell_back")
def _fell_back(script: Transcript, line: Line) -> list[Entry]:
    text = f"{line['alias']} failed for good ({line['error']}); {line['fallback']} answered"
    return [script.entry(line, "warning", text, who=script.name(line.get("source")))]


@_reads("reply_repaired")
def _repaired(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "warning", f"the reply had to be mended: {line['problem']}",
                         who=script.name(line.get("source")))]


@_reads("turn_skipped")
def _skipped(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "warning", f"the turn is skipped: {(line.get('error') or {}).get('message', '')}",
                         who=script.name(line.get("source")))]


@_reads("result_missing")
def _missing(script: Transcript, line: Line) -> list[Entry]:
    of = f" of {script.name(line['of'])}" if line.get("of") else ""
    what = "no report" if line["task"] == "report" else f"no {', '.join(line.get('measures') or ())}{of}"
    return [script.entry(line, "warning", f"{what}: {(line.get('error') or {}).get('message', '')}",
                         who=script.name(line.get("source")))]


@_reads("not_applied")
def _not_applied(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "warning", f"{line['action']} by {line['actor']} was not applied: {line['reason']}")]


# -- the life of the run ----------------------------------------------------------------------------------------------


@_reads("run_completed")
def _completed(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "status", outcome_text(line["outcome"]), tag="completed")]


@_reads("run_failed")
def _failed(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "status", (line.get("error") or {}).get("message", ""), tag="failed")]


@_reads("run_paused", "run_stopped")
def _stands(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "status", line.get("reason") or "", tag=line["kind"].removeprefix("run_"))]


@_reads("run_resumed")
def _resumed(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "status", line.get("reason") or "", tag="resumed", detail=True)]


@_reads("run_waiting")
def _waiting(script: Transcript, line: Line) -> list[Entry]:
    does = "decides about" if (line.get("request") or {}).get("task") == "approve" else "plays"
    return [script.entry(line, "status", f"for a person who {does} {script.name(line['role'])}", tag="waiting")]


@_reads("run_forked")
def _forked(script: Transcript, line: Line) -> list[Entry]:
    return [script.entry(line, "status", f"from {line['parent']} after turn {line['at_turn']}", tag="forked")]
