"""A run as a sample of an Inspect log: the play as messages, calls and events turn by turn, measurements as scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.event_line import public_event
from pyscrai.exports.transcript_entry import Entry, Line, clean, outcome_text

EPOCH = "1970-01-01T00:00:00.000+00:00"
"""The time of what has none."""

STOPS = {"stop": "stop", "length": "max_tokens", "tool_calls": "tool_calls", "content_filter": "content_filter"}
"""Reasons why a model ended its reply, as Inspect calls them."""

SETTINGS = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens", "stop": "stop_seqs",
            "seed": "seed"}
"""A call's settings and what Inspect calls them."""

TOKENS = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens",
          "input_tokens_cache_read": "cached_tokens"}

Score = dict[str, Any]


def sample_of(dossier: Dossier, extra: Mapping[str, Any], judged: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The sample as plain data.

    Args:
        extra: what the run is in an experiment: its arm, its past.
        judged: measurements from outside the run, by judges.
    """
    run = dossier.run
    error = run.get("error") or {}
    started, ended = _time(run.get("started_at")), _time(run.get("ended_at"))
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds() if ended and started \
        else None
    told = outcome_text(run.get("outcome")) or str(run.get("status", ""))
    premise = next((clean(line["premise"]) for line in dossier.events if line["kind"] == "run_started"), "")
    ending = "\n\n".join(part for part in (told, clean(dossier.report)) if part)
    sample = {
        "id": run["run_id"], "epoch": 1, "input": premise, "target": "", "messages": list(_messages(dossier)),
        "output": _output("pyscrai", ending, "stop"), "scores": scores_of(dossier, judged),
        "metadata": {**_about(run), **{name: value for name, value in extra.items() if value is not None}},
        "store": dict(run.get("variables") or {}), "events": list(_events(dossier, premise)),
        "model_usage": usage_of(dossier.calls or ()), "started_at": started, "completed_at": ended,
        "total_time": seconds, "uuid": run["run_id"],
        "error": {"message": clean(error.get("message")), "traceback": clean(error.get("code")),
                  "traceback_ansi": clean(error.get("code"))} if error else None}
    return {name: value for name, value in sample.items() if value is not None}


def usage_of(calls: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Tokens and cost by model."""
    found: dict[str, dict[str, Any]] = {}
    for call in calls:
        if call.get("model"):
            usage = found.setdefault(str(call["model"]), {"total_tokens": 0})
            for name, own in TOKENS.items():
                usage[name] = usage.get(name, 0) + (call.get(own) or 0)
            usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]
            if call.get("cost_usd") is not None:
                usage["total_cost"] = usage.get("total_cost", 0.0) + call["cost_usd"]
    return found


def scores_of(dossier: Dossier, judged: Iterable[Mapping[str, Any]]) -> dict[str, Score]:
    """The last value of each measure, what was said of each goal, and what judges gave."""
    names = {member["role"]: clean(member["name"]) for member in dossier.cast}
    scores: dict[str, Score] = {}
    for line in dossier.events:
        if line["kind"] == "measurement" and line.get("value") is not None:
            scores[_named(line, names)] = _score(line, line["value"])
        elif line["kind"] == "verdict":
            scores[f"goal: {clean(line['goal'])}"] = _score(line, bool(line["met"]))
    for row in judged:
        value = row.get("category") if row.get("number") is None else row["number"]
        if value is not None:
            scores[f"{_named(row, names)} by {row['judge']}, {row['pass']}"] = _score(row, value)
    return scores


def _score(line: Mapping[str, Any], value: Any) -> Score:
    facts = {name: found for name in ("turn", "source", "judge", "evidence") if (found := line.get(name))}
    return {"value": value, "explanation": clean(line.get("rationale")) or None, "metadata": facts}


def _named(line: Mapping[str, Any], names: Mapping[str, str]) -> str:
    of = line.get("of")
    return f"{clean(line['measure'])} of {names.get(of, of)}" if of else clean(line["measure"])


def _about(run: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("run_id", "name", "template", "template_hash", "status", "turn", "outcome", "seed", "parameters", "tags",
            "parent_run_id", "fork_turn")
    return {name: run[name] for name in kept if run.get(name) not in (None, "", {}, [])}


def _messages(dossier: Dossier) -> Iterator[dict[str, Any]]:
    """The play in the order of its lines: what roles say is the assistants', what the world says is the user's."""
    models = {member["role"]: member.get("model") or "" for member in dossier.cast}
    for entry in dossier.transcript().entries(dossier.events):
        if entry.detail or entry.tone in ("heading", "status", "warning", "report"):
            continue
        shown = {"id": f"event-{entry.seq}", "content": _shown(entry), "metadata": {"turn": entry.turn}}
        if entry.tone == "speech":
            yield {**shown, "role": "assistant", "source": "generate", "model": models.get(entry.role, "")}
        else:
            yield {**shown, "role": "user"}


def _shown(entry: Entry) -> str:
    heard = f" (heard by {entry.to})" if entry.to else ""
    tag = f" [{entry.tag}]" if entry.tag else ""
    who = f"{entry.who}{heard}{tag}" if entry.who or heard or tag else ""
    return f"{who}: {entry.text}" if who and entry.text else who or entry.text


def _events(dossier: Dossier, premise: str) -> Iterator[dict[str, Any]]:
    """Each turn as a span: its model calls, then what came of them."""
    calls: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for call in dossier.calls or ():
        calls[call["turn"]].append(call)
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in dossier.events:
        lines[int(line.get("turn") or 0)].append(line)
    start = _time(dossier.run.get("started_at")) or EPOCH
    yield {"event": "sample_init", "timestamp": start, "working_start": 0.0, "uuid": "init", "state": {},
           "sample": {"input": premise, "target": "", "id": dossier.run["run_id"]}}
    for turn in sorted({*calls, *lines}):
        inside = [*(_call(call) for call in calls[turn]), *(_event(line) for line in lines[turn])]
        when = inside[0]["timestamp"] if inside[0]["timestamp"] != EPOCH else start
        span = f"turn-{turn}"
        yield {"event": "span_begin", "id": span, "name": f"turn {turn}", "type": "turn", "timestamp": when,
               "working_start": 0.0, "uuid": f"{span}-begin", "span_id": span}
        for event in inside:
            yield {**event, "span_id": span}
        yield {"event": "span_end", "id": span, "timestamp": inside[-1]["timestamp"], "working_start": 0.0,
               "uuid": f"{span}-end", "span_id": span}


def _event(line: Line) -> dict[str, Any]:
    common = {"timestamp": _time(line.get("created_at")) or EPOCH, "working_start": 0.0, "uuid": f"event-{line['seq']}"}
    if line["kind"] == "measurement" and line.get("value") is not None:
        return {**common, "event": "score", "intermediate": True, "score": _score(line, line["value"])}
    return {**common, "event": "info", "source": f"pyscrai:{line['kind']}", "data": public_event(line)}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    """A model call; what is not known of one stays away."""
    settings = call.get("settings") or {}
    model = str(call.get("model") or call.get("alias") or "unknown")
    error = call.get("error")
    output = _output(model, str(call.get("reply") or ""), STOPS.get(call.get("finish_reason") or "", "unknown"))
    usage = usage_of([call])
    if usage:
        output["usage"] = next(iter(usage.values()))
    found = {
        "event": "model", "uuid": f"call-{call.get('id', 0)}", "timestamp": _time(call.get("created_at")) or EPOCH,
        "working_start": 0.0, "model": model, "role": call.get("role"), "tools": [], "tool_choice": "none",
        "input": [{"role": message["role"], "content": message["content"]} for message in call.get("messages") or ()],
        "config": {theirs: settings[own] for own, theirs in SETTINGS.items() if own in settings}, "output": output,
        "error": clean(error.get("message")) if error else None,
        "working_time": (call.get("latency_ms") or 0.0) / 1000,
        "metadata": {name: call[name] for name in ("purpose", "task", "alias") if call.get(name)}}
    return {name: value for name, value in found.items() if value is not None}


def _output(model: str, text: str, stop: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "source": "generate", "model": model}
    choices: Sequence[dict[str, Any]] = [{"message": message, "stop_reason": stop}]
    return {"model": model, "choices": choices, "completion": text}


def _time(value: Any) -> str | None:
    """A time as ISO 8601 with its zone; what is stored is UTC."""
    if value is None:
        return None
    text = value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)
    return text if text.endswith("Z") or text[-6:-5] in "+-" else f"{text}+00:00"
