"""One round of checking an experiment tells all: mistakes of form hide none of names and values, and invent none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.experiments.checks import check_experiment, errors
from pyscrai.experiments.reader import read_experiment
from tests.experiments.test_design import AGENTS, SCENARIO

ARMS = """kind: experiment
name: leak
version: 1.0.0
question: Does it matter?
scenario: talk
parameters: {heat: 0.5}
model: default
role_models: {ann: embedded}
cast: {bob: dealmaker}
max_turns: 4
pasts:
  seeds: 10
  until: {turn: 2}
arms:
  control: {}
  leak:
    injects: [{text: It leaks., audience: [ann]}]
    variables: {trust: 3}
    prompts: {ann: {system: "You are {{ name }}."}}
  other: {model: embedded}
repeats: 2
measures:
  primary: {name: agreement}
  secondary:
    - {name: trust, variable: trust, take: change}
    - {name: yes, action: vote.choice, is: 'yes'}
contrasts:
  - {leak: control}
smallest_effect: 0.5
judges:
  by: [default, embedded]
  repeats: 2
stop:
  first: [{pasts: 8}]
failures: {retry: 1}
"""
FACTORS = ARMS.replace("""arms:
  control: {}
  leak:
    injects: [{text: It leaks., audience: [ann]}]
    variables: {trust: 3}
    prompts: {ann: {system: "You are {{ name }}."}}
  other: {model: embedded}
""", """factors:
  heat: {parameter: heat, values: [0.2, 0.8]}
  trust: {variable: trust, values: [1, 9]}
  mood: {prompt: ann.system, values: {warm: Be warm., cold: Be cold.}}
exclude:
  - heat > 0.5 && mood == 'cold'
""").replace("  - {leak: control}", "  - {factor: heat, value: 0.8, to: 0.2}")

EVERYWHERE = (
    ("name: leak", "name: Bad Name", "name"),
    ("version: 1.0.0", "version: 1.0", "version"),
    ("{heat: 0.5}", "{heat: 7}", "parameters.heat"),
    ("{heat: 0.5}", "{hate: 0.5}", "parameters.hate"),
    ("model: default", "modle: default", "modle"),
    ("model: default", "model: defualt", "model"),
    ("role_models: {ann", "role_models: {anna", "role_models.anna"),
    ("{bob: dealmaker}", "{bob: dealmakr}", "cast.bob"),
    ("max_turns: 4", "max_turns: four", "max_turns"),
    ("seeds: 10", "seeds: 0", "pasts.seeds"),
    ("seeds: 10", "seeds: [3, 3]", "pasts.seeds"),
    ("seeds: 10", "seed: 10", "pasts.seed"),
    ("{turn: 2}", "{turn: 400}", "pasts.until.turn"),
    ("{turn: 2}", "{phase: tlak}", "pasts.until.phase"),
    ("{turn: 2}", "{when: vars.trst > 2}", "pasts.until.when"),
    ("{turn: 2}", "{turns: 2}", "pasts.until.turns"),
    ("{turn: 2}", "{turn: 2, phase: talk}", "pasts.until.phase"),
    ("repeats: 2\nm", "repeats: none\nm", "repeats"),
    ("{name: agreement}", "{name: agreemnt}", "measures.primary.name"),
    ("{name: agreement}", "{name: agreement, take: lst}", "measures.primary.take"),
    ("{name: agreement}", "{name: agreement, of: nobody}", "measures.primary.of"),
    ("variable: trust, t", "variable: trst, t", "measures.secondary[0].variable"),
    ("take: change}", "take: change, is: x}", "measures.secondary[0].take"),
    ("action: vote.choice", "action: vote.choise", "measures.secondary[1].action"),
    ("action: vote.choice", "action: vote.choice, variable: trust", "measures.secondary[1].action"),
    ("{name: yes,", "{name: trust,", "measures.secondary[1].name"),
    ("smallest_effect: 0.5", "smallest_effect: -1", "smallest_effect"),
    ("by: [default, embedded]", "by: [default, embeded]", "judges.by[1]"),
    ("by: [default, embedded]", "by: [default, default]", "judges.by[1]"),
    ("by: [default, embedded]", "by: default", "judges.by"),
    ("  repeats: 2\nstop", "  repeats: 2.5\nstop", "judges.repeats"),
    ("[{pasts: 8}]", "[{pasts: 8, seconds: 5}]", "stop.first[0].seconds"),
    ("[{pasts: 8}]", "[{past: 8}]", "stop.first[0].past"),
    ("{retry: 1}", "{retry: 99}", "failures.retry"),
    ("{retry: 1}", "{retries: 1}", "failures.retries"))
OF_ARMS = (
    ("control: {}", "control: {model: defualt}", "arms.control.model"),
    ("control: {}", "control: []", "arms.control"),
    ("audience: [ann]", "audience: [annn]", "arms.leak.injects[0].audience[0]"),
    ("audience: [ann]", "audience: ann", "arms.leak.injects[0].audience"),
    ("{trust: 3}", "{trust: 30}", "arms.leak.variables.trust"),
    ("{trust: 3}", "{trst: 3}", "arms.leak.variables.trst"),
    ("{ann: {system", "{ann: {sytem", "arms.leak.prompts.ann.sytem"),
    ("{{ name }}", "{{ nmae }}", "arms.leak.prompts.ann.system"),
    ("other: {model: embedded}", "other: {modl: embedded}", "arms.other.modl"),
    ("other: {model: embedded}", "other: {memory: {ann: {window: two}}}", "arms.other.memory.ann.window"),
    ("{leak: control}", "{leak: contrl}", "contrasts[0]"),
    ("{leak: control}", "{leak: leak}", "contrasts[0]"),
    ("repeats: 2\nm", "design: list\nm", "design"),
    ("repeats: 2\nm", "exclude: [heat > 1]\nm", "exclude"))
OF_FACTORS = (
    ("parameter: heat, v", "parameter: haet, v", "factors.heat.parameter"),
    ("[1, 9]", "[1, 90]", "factors.trust.values[1]"),
    ("[0.2, 0.8]", "[0.2, 0.2, 0.8]", "factors.heat.values[1]"),
    ("variable: trust, v", "variabel: trust, v", "factors.trust.variabel"),
    ("variable: trust, v", "variable: trust, parameter: heat, v", "factors.trust.variable"),
    ("values: [1, 9]", "range: [9, 1]", "factors.trust.range"),
    ("values: [1, 9]", "values: [1, 9], step: 2", "factors.trust.step"),
    ("prompt: ann.system", "prompt: ann.sytem", "factors.mood.prompt"),
    ("prompt: ann.system", "prompt: anna.system", "factors.mood.prompt"),
    ("{warm: Be warm., cold: Be cold.}", "[warm, cold]", "factors.mood.values"),
    ("heat > 0.5", "haet > 0.5", "exclude[0]"),
    ("heat > 0.5", "heat >", "exclude[0]"),
    ("{factor: heat,", "{factor: haet,", "contrasts[0].factor"),
    ("value: 0.8", "value: 0.7", "contrasts[0].value"),
    ("repeats: 2\nm", "design: list\nm", "design"),
    ("repeats: 2\nm", "design: ful\nm", "design"))


def told(text: str) -> set[tuple[int | None, str]]:
    loaded = read_experiment(text, file="x.yaml", draft=True)
    scenario = None if ("scenario",) in loaded.guessed else SCENARIO
    found = errors(check_experiment(loaded, scenario, {"default", "embedded"}, AGENTS))
    return {(problem.line, problem.field) for problem in found}


def written(base: str, mistakes: list[tuple[str, str, str]]) -> tuple[str, set[tuple[int, str]]]:
    """The file with these mistakes, and where each is to be told."""
    text, wanted = base, set()
    for here, instead, field in mistakes:
        assert base.count(here) == 1, here
        wanted.add((base[:base.index(here)].count("\n") + 1, field))
        text = text.replace(here, instead)
    return text, wanted


def test_what_is_right_is_not_told() -> None:
    assert told(ARMS) == told(FACTORS) == set()


CASES = [(ARMS, mistake) for mistake in (*EVERYWHERE, *OF_ARMS)] + [(FACTORS, mistake) for mistake in OF_FACTORS]


@pytest.mark.parametrize(("base", "mistake"), CASES, ids=[mistake[1] for _, mistake in CASES])
def test_each_mistake_is_told_alone_at_its_line(base: str, mistake: tuple[str, str, str]) -> None:
    text, wanted = written(base, [mistake])
    assert told(text) == wanted


def test_without_its_scenario_all_else_is_told() -> None:
    text, wanted = written(ARMS, [
        ("scenario: talk", "scenario: [talk]", "scenario"), ("model: default", "model: defualt", "model"),
        ("{bob: dealmaker}", "{bob: dealmakr}", "cast.bob"), ("{leak: control}", "{leak: contrl}", "contrasts[0]"),
        ("{name: yes,", "{name: trust,", "measures.secondary[1].name"),
        ("{retry: 1}", "{retry: 99}", "failures.retry")])
    assert told(text.replace("{ann: embedded}", "{nobody: embedded}")) == wanted


@st.composite
def several(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, str]]]:
    base, own = draw(st.sampled_from([(ARMS, OF_ARMS), (FACTORS, OF_FACTORS)]))
    return base, draw(st.lists(st.sampled_from([*EVERYWHERE, *own]), min_size=2, max_size=9,
                               unique_by=lambda mistake: base[:base.index(mistake[0])].count("\n")))


@settings(max_examples=150, deadline=None)
@given(several())
def test_mistakes_hide_no_others_and_make_none(case: tuple[str, list[tuple[str, str, str]]]) -> None:
    text, wanted = written(*case)
    assert told(text) == wanted, text
