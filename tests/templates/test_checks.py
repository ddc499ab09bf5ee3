"""Checks: every mistake that a valid scenario can still hold is named with its place and its cure."""
# ruff: noqa: E501  whole messages are compared

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from pyscrai.errors import Problem, TemplateError
from pyscrai.templates.checks.checker import catalogue, check, check_agent, refuse, validate, validate_files
from pyscrai.templates.library import files
from pyscrai.templates.models.agent import AgentTemplate, Personality
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import load_data, read_text
from tests.templates.examples import AGENTS, MEETING, agents, meeting, meeting_data

Change = Callable[[dict[str, Any]], object]


def found(change: Change) -> list[Problem]:
    data = meeting_data()
    change(data)
    template = load_data(data).template
    assert isinstance(template, ScenarioTemplate)
    return check(template, agents())


def phase(data: dict[str, Any], name: str = "debate") -> dict[str, Any]:
    inner: dict[str, Any] = data["flow"]["phases"][name]
    return inner


def test_nothing_is_wrong_with_the_fixture() -> None:
    assert check(meeting(), agents()) == []
    assert validate_files([AGENTS, MEETING]) == []


def test_nothing_is_wrong_with_the_library() -> None:
    assert validate_files(files()) == []


CASES: list[tuple[str, Change, str, str]] = [
    # names
    ("role", lambda d: phase(d).update(speakers=["ana"]), "flow.phases.debate.speakers[0]", "there is no role or group `ana` (did you mean anna?)"),
    ("moderator", lambda d: phase(d).update(moderator="chare"), "flow.phases.debate.moderator", "there is no role `chare` (did you mean chair?)"),
    ("moderator group", lambda d: phase(d).update(moderator="farmers"), "flow.phases.debate.moderator", "`farmers` is a group; one role is wanted"),
    ("phase", lambda d: d["flow"].update(start="opning"), "flow.start", "there is no phase `opning` (did you mean opening?)"),
    ("transition", lambda d: phase(d)["next"][0].update(to="votes"), "flow.phases.debate.next[0].to", "there is no phase `votes` (did you mean vote?)"),
    ("event", lambda d: phase(d)["next"][1].update(on_event="change_refusd"), "flow.phases.debate.next[1].on_event", "there is no event kind `change_refusd` (did you mean change_refused?)"),
    ("action", lambda d: phase(d).update(optional_actions=["ofer"]), "flow.phases.debate.optional_actions[0]", "there is no action `ofer` (did you mean offer?)"),
    ("majority action", lambda d: phase(d, "vote")["next"][0]["majority"].update(action="offer", field="amount", value=None), "flow.phases.vote.next[0].majority.action", "nobody makes the move `offer` in this phase (add `action: offer` to the phase)"),
    ("majority field", lambda d: phase(d, "vote")["next"][0]["majority"].update(field="choise"), "flow.phases.vote.next[0].majority.field", "there is no argument `choise` (did you mean choice?)"),
    ("majority value", lambda d: phase(d, "vote")["next"][0]["majority"].update(value="burn"), "flow.phases.vote.next[0].majority.value", "'burn' can never be chosen (one of build, stay)"),
    ("agent", lambda d: d["roles"]["anna"].update(agent="townman"), "roles.anna.agent", "there is no agent `townman` (did you mean townsman?)"),
    ("agent version", lambda d: d["roles"]["anna"].update(agent="townsman@9.0.0"), "roles.anna.agent", "there is no version 9.0.0 of the agent `townsman` (known: townsman@1.0.0)"),
    ("tool", lambda d: d["roles"]["anna"].update(tools=["dise"]), "roles.anna.tools[0]", "there is no tool `dise` (did you mean dice?; an import path has a point in it)"),
    ("set", lambda d: d["rules"][1].update(set={"trst": 1}), "rules[1].set.trst", "there is no variable `trst` (did you mean trust?)"),
    ("inject phase", lambda d: d["injects"][1].update(phase="votes"), "injects[1].phase", "there is no phase `votes` (did you mean vote?)"),
    ("inject audience", lambda d: d["injects"][1].update(audience=["farmer"]), "injects[1].audience[0]", "there is no role or group `farmer` (did you mean farmers?)"),
    ("visible_to", lambda d: d["variables"]["trust"].update(visible_to=["chari"]), "variables.trust.visible_to[0]", "there is no role or group `chari` (did you mean chair?)"),
    ("phrase", lambda d: d["ends"][3]["phrase"].update(by=["berta"]), "ends[3].phrase.by[0]", "there is no role or group `berta` (did you mean bert?)"),
    ("measure of", lambda d: d["analysis"]["measures"][2].update(of="farmer"), "analysis.measures[2].of", "there is no role or group `farmer` (did you mean farmers?)"),
    ("measure twice", lambda d: d["analysis"]["measures"][1].update(name="share"), "analysis.measures[2].name", "two measures are called `share` (give one another name)"),
    ("group order", lambda d: d.update(groups={"citizens": ["farmers", "carl"], "farmers": ["anna", "bert"]}), "groups.citizens[0]", "the group `farmers` stands after `citizens`, which names it (move `farmers` up)"),
    ("group member", lambda d: d["groups"].update(farmers=["anna", "brt"]), "groups.farmers[1]", "there is no role or group `brt` (did you mean bert?)"),
    ("clash", lambda d: d["groups"].update(carl=["anna"]), "groups.carl", "`carl` is a role and a group (give the group another name)"),
    ("reserved", lambda d: d["roles"].update(gather={"agent": "townsman"}), "roles.gather", "no role can be called `gather`: the word has a meaning of its own (choose another name)"),
    ("reserved group", lambda d: d["groups"].update(whisper=["anna"]), "groups.whisper", "no group can be called `whisper`: the word has a meaning of its own (choose another name)"),
    ("reserved variable", lambda d: d["variables"].update(items={"type": "integer", "initial": 1}), "variables.items", "conditions and prompts cannot read a name like `items` (choose another name, for example items_)"),
    # cast
    ("analyst speaks", lambda d: phase(d).update(speakers=["citizens", "clerk"]), "flow.phases.debate.speakers[1]", "`clerk` is an Analyst: it observes and is not heard (let it `observe`, or give the role an actor or narrator)"),
    ("actor observes", lambda d: phase(d).update(observe={"by": "carl"}), "flow.phases.debate.observe.by", "`carl` observes but is an actor (name a role whose agent is an analyst)"),
    ("narrator judges", lambda d: d["ends"][4]["judge"].update(by="chair"), "ends[4].judge.by", "`chair` judges but is a narrator (name a role whose agent is an analyst)"),
    ("narrator measures", lambda d: d["analysis"].update(by="chair"), "analysis.by", "`chair` measures but is a narrator (name a role whose agent is an analyst)"),
    ("analyst resolves", lambda d: phase(d, "vote").update(resolver="clerk"), "flow.phases.vote.resolver", "`clerk` is an Analyst and cannot be a resolver (choose a Narrator or an Actor)"),
    ("no moderator", lambda d: phase(d).pop("moderator"), "flow.phases.debate.order", "a moderated phase needs a moderator (add `moderator:` with a Narrator or an Actor)"),
    ("moderator's order", lambda d: phase(d).update(order="free"), "flow.phases.debate.moderator", "a moderator goes with `order: moderated`, not with free (write `order: moderated`, or remove the moderator)"),
    ("resolver's order", lambda d: phase(d).update(resolver="chair"), "flow.phases.debate.resolver", "a resolver goes with `order: simultaneous`, not with moderated (write `order: simultaneous`, or remove the resolver)"),
    ("resolver speaks", lambda d: phase(d, "vote").update(resolver="carl"), "flow.phases.vote.resolver", "`carl` resolves the round and cannot speak in it (take it out of the speakers)"),
    ("optional moderator", lambda d: d["roles"]["chair"].update(required=False), "flow.phases.debate.moderator", "without this optional role the phase cannot be played (make the role required)"),
    ("optional speakers", lambda d: phase(d).update(speakers=["bert"]), "flow.phases.debate.speakers", "every speaker of this phase can be left out of a run (make one of them required)"),
    ("unused role", lambda d: d["roles"].update(dora={"agent": "townsman"}), "roles.dora", "`dora` is in the cast and never does anything (let it speak in a phase, or remove it)"),
    ("analyst by a person", lambda d: d["roles"]["clerk"].update(human="allowed"), "roles.clerk.human", "an Analyst looks on from outside; nobody can play it (remove `human`)"),
    ("documents", lambda d: d["roles"]["clerk"].update(tools=[]), "documents", "no role can read the documents (give a role the tool `look_up`)"),
    ("no documents", lambda d: (d.pop("documents"), d["roles"]["carl"].update(tools=["look_up"])), "roles.carl.tools[0]", "there are no documents to look up (add `documents:`)"),
    # flow
    ("unreachable", lambda d: d["flow"]["phases"].update(lost={"speakers": ["anna"], "next": [{"to": "end"}]}), "flow.phases.lost", "nothing leads to the phase `lost` (name it in `next` of a phase that is played, or begin with `start: lost`)"),
    ("shadowed", lambda d: phase(d, "opening").update(next=[{"to": "vote"}, {"to": "debate"}]), "flow.phases.opening.next[1]", "this transition is never taken: next[0] always comes before it (move the one without a condition to the end)"),
    ("never after", lambda d: phase(d)["next"][2].update(after_rounds=5), "flow.phases.debate.next[2].after_rounds", "the phase ends at `max_turns: 12` before: 5 rounds are 15 turns (lower it, or raise `max_turns` of the phase)"),
    ("never after turns", lambda d: phase(d)["next"][2].update(after_rounds=None, after_turns=13), "flow.phases.debate.next[2].after_turns", "the phase is over at `max_turns: 12` before (lower it, or raise `max_turns` of the phase)"),
    ("late end", lambda d: d["ends"][0].update(turns=31), "ends[0].turns", "the run is over at `max_turns: 30` before (raise `max_turns` to 31)"),
    # world
    ("initial", lambda d: d["variables"]["trust"].update(initial=11), "variables.trust.initial", "`initial` is impossible: 11 is above the maximum 10 (choose a value that is inside, or widen the bounds)"),
    ("default", lambda d: d["parameters"]["weather"].update(default="snow"), "parameters.weather.default", "`default` is impossible: 'snow' is none of 'rain', 'sun' (choose a value that is inside, or widen the bounds)"),
    ("bounds", lambda d: d["variables"]["trust"].update(minimum=9, maximum=1), "variables.trust.minimum", "the minimum 9 is above the maximum 1 (exchange them)"),
    ("bounded text", lambda d: d["variables"]["mood"].update(minimum=1), "variables.mood.minimum", "a string has no minimum (remove it, or write `type: number`)"),
    ("boolean", lambda d: d["variables"]["built"].update(initial="no"), "variables.built.initial", "`initial` is impossible: 'no' is not of type boolean (write true or false)"),
    ("large", lambda d: d["variables"].update(big={"type": "integer", "initial": 2**60}), "variables.big.initial", f"`initial` is impossible: {2**60} is too large (choose a value that is inside, or widen the bounds)"),
    ("enum type", lambda d: d["actions"]["vote"]["fields"]["choice"].update(enum=["build", "stay", 1]), "actions.vote.fields.choice.enum[2]", "1 is not of type string (put it in quotes: \"1\")"),
    ("unused action", lambda d: d["actions"].update(bribe={"fields": {"sum": {"type": "integer"}}}), "actions.bribe", "no phase offers the move `bribe` (add `action: bribe` to a phase, or remove it)"),
    ("late inject", lambda d: d["injects"][0].update(at_turn=26), "injects[0].at_turn", "the run is over after 25 turns at most (let it come earlier, or raise the limit)"),
    ("changed by an actor", lambda d: d["variables"]["budget"].update(changed_by=["anna"]), "variables.budget.changed_by[0]", "`anna` is no Narrator, and only Narrators propose changes (let an action `set` the variable instead)"),
    # expressions
    ("type", lambda d: phase(d)["next"][0].update(when="vars.trust < 'a'"), "flow.phases.debate.next[0].when", "`<` cannot compare an integer with a text at character 12"),
    ("name", lambda d: phase(d)["next"][0].update(when="vars.trst < 3"), "flow.phases.debate.next[0].when", "there is no variable `trst` at character 6 (did you mean trust?)"),
    ("both sides", lambda d: d["rules"][1].update(when="true || vars.nope > 1"), "rules[1].when", "there is no variable `nope` at character 14 (known: trust, budget, mood, built)"),
    ("not a condition", lambda d: d["rules"][0].update(when="vars.trust"), "rules[0].when", "a condition is true or false; this is an integer (compare it with something)"),
    ("syntax", lambda d: d["ends"][2]["all"][1].update(when="vars.built = true"), "ends[2].all[1].when", "'=' has no meaning here at character 12 (write == to compare)"),
    ("kind of value", lambda d: d["rules"][1].update(set={"trust": 0.5}), "rules[1].set.trust", "`trust` is an integer; this is a number (write round(...) around it)"),
    ("text without quotes", lambda d: d["rules"][0].update(set={"mood": "angry"}), "rules[0].set.mood", "a text needs quotes of its own: 'angry'"),
    ("choice", lambda d: d["rules"][0].update(set={"mood": "'mad'"}), "rules[0].set.mood", "`mood` can never be 'mad' (one of calm, tense, angry)"),
    ("outside", lambda d: d["rules"][1].update(set={"trust": 50}), "rules[1].set.trust", "`trust` cannot be that: 50 is above the maximum 10 (choose a value that is inside)"),
    ("args elsewhere", lambda d: d["rules"][1].update(when="args.choice == 'build'"), "rules[1].when", "`args` is there in the `set` of an action alone"),
    ("optional argument", lambda d: d["actions"]["vote"].update(set={"mood": "args.reason"}), "actions.vote.set.mood", "`args.reason` may not be there yet (write has(args.reason) ? ... : ...)"),
    ("optional measure", lambda d: d["injects"][0].update(set={"trust": "measures.fairness.anna"}), "injects[0].set.trust", "`measures.fairness` may not be there yet at character 10"),
    ("measure's role", lambda d: d["injects"][2].update(when="measures.share.carl > 0.5"), "injects[2].when", "there is no role `carl` at character 16 (known: anna, bert)"),
    ("phase name", lambda d: d["rules"][1].update(when="phase == 'votes'"), "rules[1].when", "it is never 'votes' at character 10 (did you mean vote?)"),
    ("division", lambda d: d["rules"][1].update(when="10 / vars.trust > 3"), "rules[1].when", "`10 / vars.trust > 3` divides by zero where vars.trust = 0"),
    ("never", lambda d: d["rules"][1].update(when=False), "rules[1].when", "this never holds"),
    # audiences and secrets
    ("self-talk", lambda d: phase(d, "opening").update(audience=["chair"]), "flow.phases.opening.audience", "nobody but the speaker hears what is said in this phase (name who should hear it; for nobody write [])"),
    ("hears nobody", lambda d: d["roles"]["bert"].update(hears=["bert"]), "roles.bert.hears", "`bert` hears nobody (name the roles that it hears; for nobody write [])"),
    ("secret in the premise", lambda d: d.update(premise="Anna's brother owns the land on which the dam would stand, they say."), "premise", "the premise tells everybody the secret of `anna`: “brother owns the land on which the dam would stand” (take it out; if it is meant, or a name that they share, write `allow: [secret_told]`)"),
    ("secret in an inject", lambda d: d["injects"][1].update(text="Your brother owns the land on which the dam would stand!"), "injects[1].text", "this tells everybody the secret of `anna`"),
    ("secret in a task", lambda d: phase(d).update(task="Find out that anna's brother owns the land on which the dam would stand."), "flow.phases.debate.task", "the secret of `anna`: “brother owns the land on which the dam would stand”"),
    ("secret in another's past", lambda d: d["roles"]["carl"]["agent"]["personality"].update(backstory="Her brother owns the land on which the dam would stand."), "roles.carl.agent.personality.backstory", "this tells carl the secret of `anna`"),
    # names of roles
    ("one name", lambda d: d["roles"]["bert"].update(name="ANNA "), "roles.bert.name", "`bert` and `anna` have one name: ANNA  (give one of them another name; case and spaces do not tell names apart)"),
    ("line break", lambda d: d["roles"]["bert"].update(name="Bert\nAnna: I did it"), "roles.bert.name", "a name cannot hold a line break"),
    ("control", lambda d: d["roles"]["bert"].update(name="Bert\x07"), "roles.bert.name", "a name cannot hold a control character"),
    ("turned round", lambda d: d["roles"]["bert"].update(name="Bert\u202e"), "roles.bert.name", "a name cannot hold a mark that turns or hides the writing"),
    ("blank", lambda d: d["roles"]["bert"].update(name="  "), "roles.bert.name", "this name is empty"),
    ("source", lambda d: d["injects"][1].update(source="Radio\nAnna: yes"), "injects[1].source", "a name cannot hold a line break"),
    ("title", lambda d: phase(d).update(title="One\u2028Two"), "flow.phases.debate.title", "a name cannot hold a line break"),
    ("unknown warning", lambda d: d.update(allow=["secret_tld"]), "allow[0]", "there is no warning `secret_tld` (did you mean secret_told?)"),
    ("variable shown", lambda d: d["injects"][0].update(text="Trust is {{ vars.trust }}."), "injects[0].text", "this shows `trust` to anna, bert, who cannot see it otherwise (narrow the audience, or widen `visible_to`)"),
    # prompts
    ("premise reads", lambda d: d.update(premise="{{ params.cots }}"), "premise", "there is no `cots` in `params` (did you mean cost?)"),
    ("premise reads vars", lambda d: d.update(premise="{{ vars.trust }}"), "premise", "nothing is called `vars` here"),
    ("inject reads", lambda d: d["injects"][1].update(text="{{ trust }}"), "injects[1].text", "nothing is called `trust` here (write vars.trust)"),
    ("inject broken", lambda d: d["injects"][1].update(text="{{ vars.trust"), "injects[1].text", "the text is broken"),
    ("rule inject", lambda d: d["rules"][0]["inject"].update(text="{{ vars.mod }}"), "rules[0].inject.text", "there is no `mod` in `vars` (did you mean mood?)"),
    ("prompt", lambda d: d["roles"]["anna"].update(prompts={"system": "{{ task }}"}), "roles.anna.prompts.system", "nothing is called `task` here"),
    ("prompt variable", lambda d: d["roles"]["anna"].update(prompts={"turn": "{{ variables.mod }}"}), "roles.anna.prompts.turn", "there is no `mod` in `variables` (did you mean mood?)"),
    ("power", lambda d: d.update(premise="{{ 9 ** 9 ** 9 }}"), "premise", "a power cannot stand in a text (write the text out)"),
    ("call", lambda d: d.update(premise="{{ params.cost.__class__() }}"), "premise", "a call cannot stand in a text (write the text out)"),
    ("filter", lambda d: d.update(premise="{{ params.cost | format(1) }}"), "premise", "there is no filter `format`"),
    ("braces in a task", lambda d: phase(d).update(task="{{ vars.trust }}"), "flow.phases.debate.task", "nothing but parameters is put in here: other braces are shown as they stand (only the premise, injects and prompts take more than {{ params.NAME }})"),
]


@pytest.mark.parametrize(("change", "field", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_mistake_is_named(change: Change, field: str, message: str) -> None:
    problems = found(change)
    told = [str(problem).removeprefix(f"{problem.field}: ") for problem in problems if problem.field == field]
    assert any(message in text for text in told), [str(problem) for problem in problems]


def test_problems_stand_at_their_line_and_column() -> None:
    text = MEETING.read_text(encoding="utf-8").replace("vars.trust <= 3 ||", "vars.trst <= 3 ||")
    problem, = validate([read_text(text, file="m.yaml")], agents())
    assert (problem.file, problem.line) == ("m.yaml", 55)
    line = text.splitlines()[54]
    assert line[(problem.column or 0) - 1:].startswith("trst")


def test_ends_and_loops() -> None:
    def text(flow: str, more: str = "") -> list[str]:
        agent = "{engine: actor, personality: {role: x}}"
        source = f"kind: scenario\nname: x\npremise: y\nroles: {{a: {{agent: {agent}}}, b: {{agent: {agent}}}}}\nflow: {flow}\n{more}"
        return [f"{problem.severity} {problem.code[9:]} {problem.field}" for problem in validate([read_text(source)])]

    both = "speakers: [a, b]"
    loop = f"{{start: t, phases: {{t: {{{both}, next: [{{to: u}}]}}, u: {{{both}, next: [{{to: t}}]}}}}}}"
    assert text(loop) == ["error no_end flow", "warning unbounded flow.phases.t.next"]
    assert text(loop, "ends: [{turns: 9}]") == []
    assert text(loop, "max_turns: 12") == []
    assert text(loop, "ends: [{phrase: stop}]") == ["warning unbounded flow.phases.t.next"]
    assert text(loop, "ends: [{narrator: true}]") == ["warning unbounded flow.phases.t.next", "error no_narrator ends[0].narrator"]
    assert text(loop.replace("[{to: t}]", "[{to: t, after_turns: 3}, {to: end}]").replace("u: {", "u: {max_visits: 3, ")) == []
    waiting = f"{{start: t, phases: {{t: {{{both}, next: [{{to: end, when: turn > 900}}]}}}}}}"
    assert text(waiting) == ["warning unbounded flow.phases.t.next"]
    assert text(waiting.replace("next", "max_turns: 9, next")) == []
    assert text(waiting.replace("when: turn > 900", "after_turns: 4")) == []


def test_one_round_tells_mistakes_of_form_and_of_sense() -> None:
    text = MEETING.read_text(encoding="utf-8").replace("moderator: chair", "moderatr: chair").replace("to: debate}]", "to: debat}]")
    told = [(problem.field, problem.cure) for problem in validate([read_text(text)], agents())]
    assert told == [("flow.phases.opening.next[0].to", "did you mean debate?"),
                    ("flow.phases.debate.moderatr", "did you mean moderator?")]


def test_agents_by_themselves() -> None:
    agent = AgentTemplate(name="x", engine="actor", personality=Personality(role="y"), tools=("dic", "own.module:tool"),
                          prompts={"system": "{{ personality.rle }} {{ anything }}", "turn": "{{ params.whatever }}"})
    assert [str(problem) for problem in check_agent(agent)] == [
        "tools[0]: there is no tool `dic` (did you mean dice?; an import path has a point in it)",
        "prompts.system: nothing is called `anything` here (known here: role, name, personality, premise, secret, cast, others, params, max_sentences)",
        "prompts.system: there is no `rle` in `personality` (did you mean role?)"]


def test_an_agents_prompt_in_a_scenario_without_its_parameters() -> None:
    needy = agents()["townsman"].model_copy(update={"prompts": {"turn": "{{ params.heat }}"}})
    problems = check(meeting(), {**agents(), "townsman": needy})
    assert [str(problem) for problem in problems] == [
        f"roles.{role}.agent: the turn prompt of `townsman` cannot be used here: there is no `heat` in `params` (known: cost, weather)"
        for role in ("anna", "bert")]


def test_the_latest_version_counts() -> None:
    old, new = (agents()["chair"].model_copy(update={"version": version}) for version in ("1.9.0", "1.10.0"))
    known = catalogue([new, old])
    assert known["chair"].version == "1.10.0"
    assert known["chair@1.9.0"] is old


def test_warnings_do_not_refuse() -> None:
    problems = found(lambda data: data["roles"].update(dora={"agent": "townsman"}))
    assert [problem.severity for problem in problems] == ["warning"]
    refuse(problems)
    with pytest.raises(TemplateError):
        refuse(found(lambda data: data["flow"].update(start="nowhere")))


def test_checks_are_quick() -> None:
    """Fifty roles and twenty phases are checked in well under a second."""
    data = meeting_data()
    for number in range(50):
        data["roles"][f"extra{number}"] = {"agent": "townsman"}
    for number in range(20):
        data["flow"]["phases"][f"p{number}"] = {
            "speakers": [f"extra{index}" for index in range(50)], "next": [{"to": f"p{(number + 1) % 20}", "when": f"turn > {number}"}]}
    phase(data, "opening")["next"] = [{"to": "p0", "when": "turn > 0"}, {"to": "debate"}]
    template = load_data(data).template
    assert isinstance(template, ScenarioTemplate)
    began = time.process_time()
    check(template, agents())
    assert time.process_time() - began < 1.0
