"""The whole language, generated: valid scenarios compile and play to an end, broken ones are told by line."""

from __future__ import annotations

import asyncio
import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pyscrai.engines.orchestration.ends import goals
from pyscrai.engines.orchestration.plan import Plan, make_plan
from pyscrai.engines.orchestration.turn_order import together
from pyscrai.errors import Problem, TemplateError
from pyscrai.events import Event, PhaseEntered, Verdict
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.services.dry_runs import dry_run
from pyscrai.templates.checks.checker import catalogue, errors, refuse, validate
from pyscrai.templates.library import files, shipped
from pyscrai.templates.models.agent import AgentBody
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import read_text
from tests.depth import examples
from tests.generating import LONGEST_PLAY, Data, scenarios

AGENTS = catalogue(loaded.template for loaded in shipped() if loaded.template.kind == "agent")  # type: ignore[misc]
QUICK = {"deadline": None, "phases": [Phase.explicit, Phase.generate], "database": None,
         "suppress_health_check": list(HealthCheck)}


def no_agent(reference: str) -> AgentBody:
    raise LookupError(reference)


def accept(text: str) -> ScenarioTemplate:
    """What a person's template goes through before it is stored.

    Raises:
        TemplateError: it cannot be played.
    """
    reading = read_text(text, file="generated.yaml")
    refuse(validate([reading], AGENTS))
    template = reading.templates[0].template
    assert isinstance(template, ScenarioTemplate)
    return template


@settings(max_examples=examples(150, 500), **QUICK)  # type: ignore[arg-type]
@given(data=scenarios(), seed=st.integers(0, 9), left_out=st.booleans())
def test_valid_templates_compile_and_play_to_an_end(data: Data, seed: int, left_out: bool) -> None:
    template = accept(json.dumps(data))
    optional = tuple(role for role, spec in template.roles.items() if not spec.required)
    without = optional if left_out else ()
    result, events = asyncio.run(dry_run(template, no_agent, RunOptions(seed=seed, without=without)))
    assert result.status == "completed", result
    assert result.outcome is not None
    assert 1 <= result.outcome["turn"] <= LONGEST_PLAY
    assert events[0].kind == "run_started"
    assert events[-1].kind == "run_completed"
    assert {event.source for event in events if event.kind == "utterance"} <= set(template.roles) - set(without)
    plan = make_plan(make_run_spec(template, RunOptions(seed=seed, without=without), no_agent, model="scripted"))
    assert_each_goal_is_judged(plan, events)
    assert ScenarioTemplate.model_validate(template.content()) == template


def assert_each_goal_is_judged(plan: Plan, events: Sequence[Event]) -> None:
    """One verdict on each goal whenever it was due: after steps that reach or pass a multiple of its `every`."""
    last = next(event.turn for event in events if event.kind == "end_reached")
    judged = Counter((event.goal, event.turn) for event in events if isinstance(event, Verdict))
    due = Counter((goal.goal, turn) for _, goal in goals(plan.ends) for turn, turns in steps(plan, events)
                  if turn < last and turn % goal.every < turns)
    assert judged == due


def steps(plan: Plan, events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """The last turn of each step of a play, and how many turns were played in it."""
    begun = {event.turn: event.phase for event in events if isinstance(event, PhaseEntered)}
    entered, phase = 0, plan.phases[begun[0]]
    for turn in range(1, max(event.turn for event in events) + 1):
        done = (turn - entered) % phase.round
        if not together(phase):
            yield turn, 1
        elif done == len(phase.speakers) % phase.round:
            yield turn, len(phase.speakers)
        elif done == 0:
            yield turn, 1
        if turn in begun:
            entered, phase = turn, plan.phases[begun[turn]]


# -- broken ones ------------------------------------------------------------------------------------------------------

Break = Callable[[Data, st.DrawFn], None]
BREAKS: list[Break] = []


def breaks(function: Break) -> Break:
    BREAKS.append(function)
    return function


def pick(draw: st.DrawFn, options: Any) -> Any:
    return draw(st.sampled_from(list(options)))


def any_phase(data: Data, draw: st.DrawFn) -> Data:
    found: Data = data["flow"]["phases"][pick(draw, data["flow"]["phases"])]
    return found


@breaks
def unknown_name(data: Data, draw: st.DrawFn) -> None:
    phase = any_phase(data, draw)
    where: Callable[[], object] = pick(draw, [
        lambda: phase["speakers"].append("anne"), lambda: phase.update(action="vot"),
        lambda: phase["next"].append({"to": "p9", "after_turns": 2}), lambda: phase.update(audience=["crew", "crow"]),
        lambda: phase.update(observe={"by": "evee"}), lambda: phase.update(order="moderated", moderator="zeus"),
        lambda: data["flow"].update(start="p10"), lambda: data["groups"].update(band=["bobb"]),
        lambda: data["variables"]["trust"].update(visible_to=["crews"]),
        lambda: data["injects"].append({"text": "x", "at_turn": 1, "audience": ["nobody"]}),
        lambda: data["injects"].append({"text": "x", "phase": "p77"}),
        lambda: data["rules"].append({"when": "true", "set": {"trusty": "1"}}),
        lambda: data["analysis"].update(by="adam"), lambda: data["roles"]["ann"].update(agent="haggle"),
        lambda: data["roles"]["ann"].update(tools=["dise"]), lambda: data["roles"]["ann"].update(hears=["bobb"]),
        lambda: data["analysis"]["measures"].append({"name": "x", "metric": "words", "of": "bobb"}),
        lambda: data["actions"]["bid"].update(set={"trusts": "1"}),
        lambda: phase["next"].insert(0, {"to": "end", "majority": {"action": "vote", "field": "chioce"}})])
    where()


@breaks
def bad_expression(data: Data, draw: st.DrawFn) -> None:
    text = pick(draw, [
        "vars.trust <", "vars.trust < 'a'", "vars.nope == 1", "params.nope > 2", "turn", "vars.mood > 3", "",
        "last.rolle == 'ann'", "vars.mood == 'angri'", "(turn > 1", "turn >> 1", "foo(turn)", "args.x == 1",
        "trust > 3", "tally.vote.chois.yes > 1", "vars.open + 1 == 2", "size(turn) > 1", "turn > 1 &&"])
    where = pick(draw, ["rule", "inject", "transition", "end"])
    if where == "rule":
        data["rules"].append({"when": text, "set": {"open": "true"}})
    elif where == "inject":
        data["injects"].append({"text": "A knock.", "when": text})
    elif where == "transition":
        any_phase(data, draw)["next"].insert(0, {"to": "end", "when": text})
    else:
        data["ends"].append({"when": text})


@breaks
def bad_change(data: Data, draw: st.DrawFn) -> None:
    name, text = pick(draw, [("trust", "'much'"), ("trust", "vars.mood"), ("open", "1"), ("mood", "'furious'"),
                             ("note", "turn"), ("heat", "vars.open"), ("trust", "vars.trust +")])
    data["rules"].append({"when": "turn > 1", "set": {name: text}})


@breaks
def wrong_type(data: Data, draw: st.DrawFn) -> None:
    phase = any_phase(data, draw)
    where: Callable[[], object] = pick(draw, [
        lambda: data.update(max_turns="many"), lambda: data.update(max_turns=0), lambda: data.update(roles=["ann"]),
        lambda: phase.update(speakers="ann, bob"), lambda: phase.update(order="roundrobin"),
        lambda: phase.update(next=[]), lambda: phase.update(max_turns=-1), lambda: phase.update(next={"to": "end"}),
        lambda: data["variables"]["trust"].update(type="int"), lambda: data["variables"].update(trust=5),
        lambda: data["roles"]["ann"]["agent"].update(engine="acter"), lambda: data["roles"].update(ann=None),
        lambda: data["roles"]["ann"]["agent"].update(settings={"temperature": 9}),
        lambda: data.update(version="1.2"), lambda: data.update(name="Two Words"), lambda: data.update(format=7),
        lambda: data.update(kind="scenery"), lambda: data.update(premise=""), lambda: data.update(premise=["a"]),
        lambda: data["analysis"]["measures"].append({"name": "x"}), lambda: data["injects"].append({"text": "x"}),
        lambda: data["injects"].append("A knock."), lambda: data["ends"].append({"turns": 3, "when": "turn > 2"}),
        lambda: data["ends"].append({}), lambda: data["ends"].append({"narrator": True, "pause": True}),
        lambda: data["roles"]["ann"].update(human="sometimes"), lambda: data["actions"].update(vote={"fields": []})])
    where()


@breaks
def bad_bounds(data: Data, draw: st.DrawFn) -> None:
    where: Callable[[], object] = pick(draw, [
        lambda: data["variables"]["trust"].update(initial=11), lambda: data["variables"]["trust"].update(minimum=20),
        lambda: data["variables"]["mood"].update(initial="happy"), lambda: data["variables"]["open"].update(maximum=2),
        lambda: data["parameters"]["limit"].update(default=0), lambda: data["parameters"]["place"].update(default=3),
        lambda: data["variables"]["trust"].update(initial="five"),
        lambda: data["actions"]["bid"]["fields"]["amount"].update(minimum=30),
        lambda: data["analysis"]["measures"][0].update(scale=[5, 1])])
    where()


@breaks
def dropped_field(data: Data, draw: st.DrawFn) -> None:
    phase = any_phase(data, draw)
    ann, heat = data["roles"]["ann"], data["variables"]["heat"]
    owner, field = pick(draw, [
        (data, "premise"), (data, "roles"), (data, "flow"), (data["flow"], "start"), (data, "name"), (heat, "type"),
        (data["flow"], "phases"), (phase, "speakers"), (phase, "next"), (phase["next"][-1], "to"), (heat, "initial"),
        (ann, "agent"), (ann["agent"], "engine"), (ann["agent"], "personality"), (data["analysis"], "by")])
    del owner[field]


@breaks
def misspelt_field(data: Data, draw: st.DrawFn) -> None:
    phase = any_phase(data, draw)
    owner, field, wrong = pick(draw, [
        (data, "premise", "premisse"), (phase, "speakers", "speaker"), (phase, "next", "nxt"), (data, "roles", "role"),
        (data["roles"]["god"], "agent", "agents"), (data["flow"], "phases", "phase"), (data, "analysis", "analyse"),
        (data["variables"]["trust"], "initial", "intial")])
    owner[wrong] = owner.pop(field)


@breaks
def wrong_part(data: Data, draw: st.DrawFn) -> None:
    phase = any_phase(data, draw)
    where: Callable[[], object] = pick(draw, [
        lambda: phase["speakers"].append("eve"), lambda: data["analysis"].update(by="god"),
        lambda: phase.update(order="sequence", resolver="god"), lambda: phase.update(order="moderated", moderator=None),
        lambda: data["flow"]["phases"].update(lost={"speakers": ["ann"], "next": [{"to": "end"}]}),
        lambda: data["roles"].update(gather=copy.deepcopy(data["roles"]["ann"])),
        lambda: data["groups"].update(ann=["bob"]), lambda: data["groups"].update(all=["bob"]),
        lambda: data["roles"]["ann"]["agent"].update(prompts={"turn": "Hello {{ nobody }}"}),
        lambda: data["roles"]["ann"]["agent"].update(prompts={"system": "Hello {% if %}"}),
        lambda: data.update(premise="Night at {{ params.plaice }}."), lambda: data.update(premise="Night {{ at")])
    where()


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, str]:
    """The name of a break, and the text of a scenario with it, one field a line."""
    data: Data = copy.deepcopy(draw(scenarios()))
    data["roles"]["ann"]["agent"].pop("prompts", None)
    function = draw(st.sampled_from(BREAKS))
    function(data, draw)
    return function.__name__, json.dumps(data, indent=1)


@settings(max_examples=examples(150, 500), **QUICK)  # type: ignore[arg-type]
@given(case=broken())
def test_a_broken_template_is_refused_with_the_line_of_each_mistake(case: tuple[str, str]) -> None:
    _, text = case
    with pytest.raises(TemplateError) as caught:
        accept(text)
    assert caught.value.problems
    assert_told(caught.value.problems, text)


def assert_told(problems: tuple[Problem, ...] | list[Problem], text: str) -> None:
    lines = text.count("\n") + 1
    for problem in problems:
        assert problem.line is not None, problem
        assert 1 <= problem.line <= lines + 1, problem
        assert problem.column is not None, problem
        assert problem.message, problem
        assert problem.code.startswith("template."), problem


# -- broken texts -----------------------------------------------------------------------------------------------------

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in files() if path.parent.name == "scenarios"}
RUBBISH = ("\t- x", "  key: [", ": :", "  - {a: 1", "%%", '"open', "&a *a", "? ", "key: value: other", "  @at", "\x00",
           "]]", "!!python/object:os.system x", "<<: *missing", "- - -", "---", "\u2028")


def marred(text: str, draw: st.DrawFn) -> Iterator[str]:
    """The lines of a text, some of them changed, lost, doubled or moved."""
    lines = text.splitlines()
    hit = draw(st.sets(st.integers(0, len(lines) - 1), min_size=1, max_size=3))
    for number, line in enumerate(lines):
        if number not in hit:
            yield line
            continue
        match draw(st.sampled_from(("lose", "double", "indent", "cut", "rubbish", "colon", "letter"))):
            case "double":
                yield from (line, line)
            case "indent":
                yield " " * draw(st.integers(1, 3)) + line
            case "cut":
                yield line[:draw(st.integers(0, len(line)))]
            case "rubbish":
                yield draw(st.sampled_from(RUBBISH))
            case "colon":
                yield line.replace(":", "", 1)
            case "letter":
                place = draw(st.integers(0, len(line)))
                yield line[:place] + draw(st.characters(codec="utf-8")) + line[place + 1:]


@st.composite
def texts(draw: st.DrawFn) -> str:
    return "\n".join(marred(TEXTS[draw(st.sampled_from(sorted(TEXTS)))], draw))


@settings(max_examples=examples(150, 1_000), **QUICK)  # type: ignore[arg-type]
@given(text=texts())
def test_a_marred_text_is_told_by_line_or_is_still_a_template(text: str) -> None:
    reading = read_text(text, file="marred.yaml")
    found = validate([reading], AGENTS)
    assert_told(found, text)
    assert errors(found) or reading.templates
