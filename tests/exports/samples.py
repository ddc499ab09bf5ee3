"""A small run as a dossier, with texts that mean harm."""

from __future__ import annotations

from typing import Any

from pyscrai.exports.dossier import Dossier

EVIL = "<script>alert(1)</script> & \"quotes\" `code` *stars* | pipe \x1b[31mred"


def line(seq: int, kind: str, *, turn: int = 0, source: str | None = "run", audience: Any = "all", **payload: Any
         ) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "turn": turn, "phase": payload.pop("phase", "talk"), "source": source,
            "audience": audience, **payload}


EVENTS = [
    line(1, "run_started", premise="A kitchen at night.", roles={"ada": "Ada", "bo": "Bo", "obs": "Observer"}),
    line(2, "phase_entered", source="template", text="The lamp is lit.", cause="start"),
    line(3, "utterance", turn=1, source="ada", name="Ada", text="Good evening.", played_by="model"),
    line(4, "utterance", turn=2, source="bo", name="Bo", text=EVIL, audience=["ada"], played_by="model"),
    line(5, "action", turn=2, source="bo", action="make_offer", arguments={"price": 40, "note": ""}, audience=["ada"]),
    line(6, "inject", turn=2, source="Telephone", text="It rings.", origin="template", label="bell"),
    line(7, "inject", turn=2, source="kim", text="A knock.", origin="kim", label=""),
    line(8, "variable_changed", turn=2, source="bo", audience=["bo"], variable="trust", old=5, new=3, cause="rule"),
    line(9, "model_retried", turn=3, source="ada", audience=[], alias="small", error="model.timeout",
         message="no answer in 5 s", attempt=1),
    line(10, "speaker_chosen", turn=3, source="bo", audience=[], chosen="ada", reason="asked"),
    line(11, "measurement", turn=3, source="obs", audience=[], measure="warmth", of="ada", value=4,
         rationale="kind <words>", evidence=["t1"]),
    line(12, "report", turn=3, source="obs", audience=[],
         markdown="# Findings\n\n<img src=x onerror=alert(1)> ![x](http://x.invalid/y.png) [l](javascript:alert(1))"),
    line(13, "run_completed", turn=3, audience=[],
         outcome={"end": "phrase", "label": "agreed", "reason": "bo said “deal”", "limit": False}),
]


def dossier(**changes: Any) -> Dossier:
    whole = {"turns": 3, "calls": 4, "prompt_tokens": 1000, "cached_tokens": 800, "completion_tokens": 120,
             "cost_usd": 0.0, "latency_p50_ms": 120.0, "latency_p95_ms": 65_000.0, "errors": 0}
    fields: dict[str, Any] = {
        "run": {"run_id": "run_1", "template": "night-talk@1.0.0", "status": "completed", "seed": 7, "turn": 3,
                "parameters": {"heat": 0.5}, "outcome": EVENTS[-1]["outcome"],
                "started_at": "2026-01-01T10:00:00+00:00", "ended_at": "2026-01-01T10:01:05+00:00"},
        "cast": [{"role": "ada", "name": "Ada", "engine": "actor", "agent": "talker@1.0.0", "model": "small"},
                 {"role": "bo", "name": "Bo", "engine": "actor", "agent": "talker@1.0.0", "model": "small"},
                 {"role": "obs", "name": "Observer", "engine": "analyst", "agent": "observer@1.0.0", "model": "small"}],
        "events": EVENTS, "calls": [{"turn": 1, "role": "ada", "reply": "Good evening."}],
        "metrics": {"run": whole, "ada": {"turns": 2, "calls": 2}}, "template": {"title": "Night talk"},
    }
    return Dossier(**{**fields, **changes})
