"""Hypothesis strategies: valid scenarios over the whole language, as plain data, short enough to play in a test."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ORDERS = ("sequence", "round_robin", "random", "moderated", "simultaneous", "free")
ACTORS = ("ann", "bob", "cat", "dan")
EVENTS = ("utterance", "action", "inject", "variable_changed", "change_refused")
LONGEST_PLAY = 12

Data = dict[str, Any]


def some(draw: st.DrawFn, names: Any, least: int = 1, most: int = 3) -> list[Any]:
    return draw(st.lists(st.sampled_from(tuple(names)), min_size=least, max_size=most, unique=True))


def one_of(draw: st.DrawFn, *choices: Any) -> Any:
    return draw(st.sampled_from(choices))


VARIABLES: dict[str, Data] = {
    "trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10},
    "heat": {"type": "number", "initial": 0.5, "minimum": 0},
    "open": {"type": "boolean", "initial": False, "description": "whether the door is open"},
    "mood": {"type": "string", "initial": "calm", "choices": ["calm", "tense", "angry"]},
    "note": {"type": "string", "initial": "nothing yet"},
}
PARAMETERS: dict[str, Data] = {
    "limit": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9},
    "rate": {"type": "number", "default": 1.5},
    "fast": {"type": "boolean", "default": True},
    "place": {"type": "string", "default": "harbour", "choices": ["harbour", "station"]},
}
CONDITIONS = (
    "vars.trust <= 3", "vars.trust > params.limit && turn > 2", "vars.heat < 2.0 || vars.open", "!vars.open",
    "vars.mood == 'angry'", "vars.mood in ['tense', 'angry']", "vars.note.contains('yet')", "size(vars.note) > 90",
    "turn >= params.limit", "phase == 'p0' && phase_turns >= 2", "round > 0", "last.role == 'ann'",
    "last.text.contains('deal')", "last.kind == 'action'", "events.utterance >= 4", "cost > 0.5", "tokens > 100000",
    "seconds < 60.0", "measures.quality >= 3", "measures.share.ann > 0.5", "tally.vote.choice.yes >= 1",
    "params.fast ? turn > 3 : turn > 5", "params.place == 'station'", "params.rate * 2.0 > 2.5", "turn % 2 == 0",
)
CHANGES: dict[str, tuple[str, ...]] = {
    "trust": ("vars.trust - 1", "max(0, vars.trust - 2)", "vars.trust * 3", "params.limit",
              "clamp(vars.trust + 1, 0, 9)"),
    "heat": ("vars.heat + 0.5", "params.rate", "vars.heat * 2.0"),
    "open": ("!vars.open", "true", "vars.trust > 3"),
    "mood": ("'tense'", "vars.trust < 3 ? 'angry' : 'calm'"),
    "note": ("'changed'", "params.place", "vars.note + '.'"),
}
ACTIONS: dict[str, Data] = {
    "vote": {"fields": {"choice": {"enum": ["yes", "no"]}, "reason": {"type": "string", "max_length": 60}}},
    "bid": {"description": "an offer", "fields": {"amount": {"type": "integer", "minimum": 0, "maximum": 20},
                                                  "final": {"type": "boolean", "required": False}},
            "set": {"trust": "clamp(args.amount, 0, 10)"}},
}


def changes(draw: st.DrawFn, least: int = 0) -> dict[str, str]:
    return {name: draw(st.sampled_from(CHANGES[name])) for name in some(draw, CHANGES, least, 2)}


def agent(draw: st.DrawFn, engine: str) -> Data:
    more = one_of(draw, {}, {"traits": ["quick"], "goals": ["win"], "style": "short"},
                  {"backstory": "Long ago.", "examples": ["Aha."]})
    found: Data = {"engine": engine, "personality": {"role": one_of(draw, "a clerk", "a sailor"), **more}}
    if draw(st.booleans()):
        found["memory"] = {"window": one_of(draw, 1, 3, None), "block": one_of(draw, 1, 2),
                           "summary": draw(st.booleans()), "retrieval": one_of(draw, None, {"top": 2}),
                           "reflection": one_of(draw, None, {"every": 2, "insights": 1})}
    if draw(st.booleans()):
        found["settings"] = one_of(draw, {"temperature": 0.3, "max_sentences": 1}, {"max_tokens": 60, "top_p": 0.5})
    if draw(st.integers(0, 5)) == 0:
        found["prompts"] = {"turn": "{{ name }}, it is turn {{ turn }}{% if task %}: {{ task }}{% endif %}."}
    if draw(st.integers(0, 3)) == 0:
        found["failure"] = {"retries": 1, "backoff": 0, "repairs": one_of(draw, 0, 2),
                            "then": one_of(draw, "skip", "fail")}
    return found


def role(draw: st.DrawFn, name: str) -> Data:
    engine = {"god": "narrator", "eve": "analyst"}.get(name, "actor")
    found: Data = {"agent": agent(draw, engine)}
    if draw(st.booleans()):
        found["name"] = name.title()
    if draw(st.booleans()):
        found["secret"] = f"{name} knows of the {name}-shaped hole"
    if engine != "analyst":
        found["tools"] = some(draw, ("dice", "read_variable", "look_up"), 0, 2)
        found["human"] = one_of(draw, "no", "allowed", "always")
    if draw(st.integers(0, 2)) == 0:
        found["hears"] = one_of(draw, "everything", ["ann", "god"], ["crew"])
    if name in ACTORS[1:]:
        found["required"] = draw(st.booleans())
    return found


def transition(draw: st.DrawFn, targets: list[str], *, votes: bool) -> Data:
    found: Data = {"to": draw(st.sampled_from(targets))}
    conditions = ("when", "after_turns", "after_rounds", "on_event", *(("majority",) if votes else ()))
    for condition in some(draw, conditions, 1, 2):
        found[condition] = {
            "when": lambda: draw(st.sampled_from(CONDITIONS)), "after_turns": lambda: draw(st.integers(1, 6)),
            "after_rounds": lambda: draw(st.integers(1, 2)), "on_event": lambda: draw(st.sampled_from(EVENTS)),
            "majority": lambda: {"action": "vote", "field": "choice", **one_of(draw, {}, {"value": "yes"})},
        }[condition]()
    return found


def phase(draw: st.DrawFn, name: str, following: str, names: list[str], actors: list[str]) -> Data:
    order = draw(st.sampled_from(ORDERS))
    speakers = ["ann", *some(draw, [*actors[1:], "god", "crew"], 0, 2)]
    action = one_of(draw, None, "vote", "bid")
    ways = [transition(draw, [*names, "end"], votes=action == "vote") for _ in range(draw(st.integers(0, 2)))]
    found: Data = {"speakers": speakers, "order": order, "action": action, "next": [*ways, {"to": following}],
                   "optional_actions": [] if action == "bid" else one_of(draw, [], ["bid"])}
    if order == "moderated":
        found["moderator"] = one_of(draw, "god", "ann")
    if order == "simultaneous" and draw(st.booleans()) and "god" not in speakers:
        found["resolver"] = "god"
    if draw(st.booleans()):
        found["audience"] = one_of(draw, ["all"], ["crew"], ["ann", "god"])
        found["audiences"] = one_of(draw, [], ["whisper"], ["all", "crew"])
    if draw(st.integers(0, 2)) == 0:
        found["observe"] = {"by": "eve", "every": draw(st.integers(1, 4))}
    if draw(st.integers(0, 2)) == 0:
        found["max_turns"] = draw(st.integers(1, 6))
    if name != "p0" and draw(st.integers(0, 2)) == 0:
        found["max_visits"] = draw(st.integers(1, 3))
    return {**found, **one_of(draw, {}, {"title": "A scene"}, {"text": "The bell rings.", "task": "speak up"})}


def inject(draw: st.DrawFn, phases: list[str]) -> Data:
    trigger = one_of(draw, {"at_turn": 2}, {"every": 3}, {"at_turn": 1, "every": 4}, {"phase": phases[-1]},
                     {"phase": phases[0], "once": False}, {"when": CONDITIONS[0]}, {"when": "turn > 4", "once": False})
    return {"text": one_of(draw, "A knock.", "It is {{ vars.mood }} at the {{ params.place }}."), **trigger,
            "audience": one_of(draw, ["all"], ["crew", "god"]), "source": one_of(draw, "", "Radio"),
            "set": changes(draw)}


def end(draw: st.DrawFn, depth: int = 0) -> Data:
    kind = one_of(draw, "turns", "seconds", "tokens", "cost_usd", "phrase", "when", "narrator", "judge",
                  *(("any", "all") if depth < 2 else ()))
    if kind in ("any", "all"):
        return {kind: [end(draw, depth + 1) for _ in range(draw(st.integers(1, 3)))]}
    return {kind: {
        "turns": 9, "seconds": 900, "tokens": 90_000, "cost_usd": 2.5, "narrator": True,
        "when": draw(st.sampled_from(CONDITIONS)), "phrase": one_of(draw, "goodbye", {"text": "stop", "by": ["ann"]}),
        "judge": {"goal": f"they agree on {draw(st.uuids())}", "by": "eve", "every": draw(st.integers(1, 4))}}[kind],
        **one_of(draw, {}, {"label": "an end"})}


def measures(draw: st.DrawFn) -> list[Data]:
    each = one_of(draw, "turn", "phase", "end", 3)
    return [{"name": "quality", "scale": [1, 5], "rubric": "how good it is", "each": each,
             **one_of(draw, {}, {"after": each in ("turn", 3)})},
            {"name": "share", "metric": "turn_share", "of": "each", "each": one_of(draw, "turn", 2)},
            *one_of(draw, [], [{"name": "kind", "categories": ["plain", "odd"], "rubric": "which", "of": "ann"}],
                    [{"name": "feeling", "metric": "sentiment", "of": "crew"}, {"name": "length", "metric": "words"}])]


@st.composite
def scenarios(draw: st.DrawFn) -> Data:
    """A valid scenario as plain data; ``bob``, ``cat`` and ``dan`` may be optional roles."""
    actors = list(ACTORS[:draw(st.integers(2, 4))])
    phases = [f"p{index}" for index in range(draw(st.integers(1, 4)))]
    actions = {name: {**spec, "audience": one_of(draw, ["all"], ["crew"])} for name, spec in ACTIONS.items()}
    variables = {name: {**spec, "visible_to": one_of(draw, ["all"], ["crew", "god"]),
                        "changed_by": one_of(draw, None, [], ["god"])} for name, spec in VARIABLES.items()}
    found: Data = {
        "kind": "scenario", "name": "generated", "version": "1.2.3", "premise": "Night at the {{ params.place }}.",
        "parameters": PARAMETERS, "variables": variables, "documents": {"book": "Page one.\n\nPage two of the book."},
        "groups": {"crew": actors[:2], "everyone": ["crew", "god"]},
        "roles": {name: role(draw, name) for name in (*actors, "god", "eve")},
        "flow": {"start": "p0", "phases": {
            name: phase(draw, name, [*phases, "end"][index + 1], phases, actors) for index, name in enumerate(phases)}},
        "actions": actions, "injects": [inject(draw, phases) for _ in range(draw(st.integers(0, 3)))],
        "rules": [{"when": draw(st.sampled_from(CONDITIONS)), "set": changes(draw, 1), "once": draw(st.booleans()),
                   **one_of(draw, {}, {"label": "a law", "inject": {"text": "Thunder."}})}
                  for _ in range(draw(st.integers(0, 3)))],
        "ends": [end(draw) for _ in range(draw(st.integers(0, 2)))], "max_turns": LONGEST_PLAY,
        "analysis": {"by": "eve", "report": draw(st.booleans()), "measures": measures(draw)}}
    first = found["flow"]["phases"]["p0"]
    first["speakers"] = list(dict.fromkeys([*first["speakers"], "god"]))  # a Narrator's end needs one on the stage
    first.pop("resolver", None)
    return found


# -- the second part of the language ----------------------------------------------------------------------------------

SECOND_CHANGES: dict[str, tuple[str, ...]] = {
    "out": ("size(vars.out) > 1 ? [] : distinct(vars.out + [choose(crew)])", "vars.out.filter(r, r != 'ann')", "[]"),
    "deck": ("shuffle(vars.deck)", "size(vars.deck) > 6 ? [] : vars.deck + [random(1, 6)]", "sort(vars.deck)"),
    "score[*]": ("vars.score[role] + random(0.0, 1.0)", "round(mean(vars.score), 2)"),
    "score['ann']": ("double(sum(vars.deck))", "vars.score['ann'] / 2.0"),
    "card": ("deal(crew, shuffle(['red', 'blue', 'red', 'green']))",),
    "seen[choose(crew)]": ("turn", "size(moves)"),
    "trust": ("random(0, 10)", "int(max(vars.score.values()))"),
}
SECOND_CONDITIONS = (
    "size(groups.inside) > 1", "moves.exists(m, m.action == 'vote' && m.args.choice == 'yes')", "'ann' in vars.out",
    "chosen.vote.choice.values().count(c, c == 'yes') >= 1", "vars.card['ann'] == 'red'", "vars.deck.exists(d, d > 4)",
    "crew.all(r, vars.score[r] >= 0.0)", "mover == 'ann'", "size(vars.seen) > 1",
)


def second_changes(draw: st.DrawFn, least: int = 1) -> dict[str, str]:
    return {name: draw(st.sampled_from(SECOND_CHANGES[name])) for name in some(draw, SECOND_CHANGES, least, 2)}


def second_phase(draw: st.DrawFn, found: Data, actors: list[str]) -> None:
    """Let who takes part in a phase, and what may be done in it, depend on the world."""
    shape = one_of(draw, "as it is", "group", "conditions", "expression", "parallel", "repeated")
    if shape == "parallel":
        found.update(speakers=one_of(draw, ["left", "right"], ["marked", "gods"]), order="parallel",
                     scene_rounds=one_of(draw, 1, 2, "params.limit > 3 ? 2 : 1"))
    elif shape == "repeated":
        found.update(speakers=["ann", "god", actors[1], "god"], order=one_of(draw, "sequence", "round_robin"))
    elif shape != "as it is":
        found["speakers"] = {
            "group": ["inside"], "expression": "roles.filter(r, !(r in vars.out))",
            "conditions": [{"role": "ann", "when": "size(vars.out) == 0 || vars.open"},
                           {"group": "crew", "when": "!(role in vars.out)"}, "god"]}[shape]
    if found["order"] != "moderated":
        found.pop("moderator", None)
    if found["order"] != "simultaneous" or "god" in str(found["speakers"]) or shape in ("group", "expression"):
        found.pop("resolver", None)
    if found["order"] == "parallel":
        found["audiences"] = []
    found["audience"] = one_of(draw, found.get("audience", ["all"]), ["inside"], ["inside", "god"])
    if draw(st.booleans()):
        found.update(audiences=["inside", "whisper"], to_several=found["order"] != "free")
    for field in ("on_enter", "on_leave"):
        if draw(st.integers(0, 2)) == 0:
            found[field] = second_changes(draw)
    if draw(st.booleans()):
        found["optional_actions"] = [*found["optional_actions"], "point"]
    found["next"] = [{**way, "when": draw(st.sampled_from(SECOND_CONDITIONS))} if "when" in way else way
                     for way in found["next"]]


@st.composite
def second_scenarios(draw: st.DrawFn) -> Data:
    """A valid scenario with chance, lists and maps, values for roles, and who takes part decided as it plays."""
    found: Data = draw(scenarios())
    actors = found["groups"]["crew"]
    for name in ("ann", *actors):
        found["roles"][name]["required"] = True
    found["variables"] |= {
        "out": {"type": "list", "initial": [], "max_items": 4},
        "seen": {"type": "map", "item": "integer", "initial": {}},
        "deck": {"type": "list", "item": "integer", "initial": [1, 2, 3], "minimum": 0, "maximum": 9, "max_items": 9},
        "score": {"type": "number", "per_role": True, "initial": 0, "visible_to": one_of(draw, ["own"], ["all"])},
        "card": {"type": "string", "per_role": ["crew"], "initial": "blue", "choices": ["red", "blue", "green"],
                 "visible_to": one_of(draw, ["own"], ["own", "god"], ["marked"])}}
    found["groups"] |= {"left": [actors[0], "god"], "right": actors[1:2], "gods": ["god"]}
    found["groups"] |= {"inside": {"of": ["everyone"], "when": "!(role in vars.out)"},
                        "marked": {"of": ["crew"], "when": "role in groups.inside && vars.card[role] == 'red'"}}
    found["setup"] = second_changes(draw)
    found["actions"] |= {"point": {
        "by": one_of(draw, ["crew"], ["inside", "god"]), "audience": one_of(draw, ["all"], ["inside"]),
        "fields": {"at": {"enum": one_of(draw, "crew.filter(r, r != mover)", "groups.inside")},
                   "force": {"type": "integer", "minimum": 0, "maximum": "params.limit + 1"}},
        "set": {"seen[args.at]": "args.force", "score[mover]": "vars.score[mover] + double(args.force)"}}}
    for phase in found["flow"]["phases"].values():
        second_phase(draw, phase, actors)
    found["rules"] += [{"when": draw(st.sampled_from(SECOND_CONDITIONS)), "set": second_changes(draw),
                        **one_of(draw, {}, {"chance": 0.5})} for _ in range(draw(st.integers(0, 2)))]
    found["injects"] += [{"text": "{{ name('ann') }} draws; before {{ old.trust }}, now {{ vars.trust }}.", "every": 2,
                          "chance": 0.5, "audience": one_of(draw, ["inside"], ["marked"], ["all"]),
                          "set": second_changes(draw)}]
    found["analysis"]["measures"] += [{"name": "gain", "value": "vars.score[role]", "of": "crew", "each": "turn",
                                       "difference": draw(st.booleans())}, {"name": "pile", "value": "size(vars.deck)"}]
    return found
