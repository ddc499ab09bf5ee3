"""What can be known to be wrong with an experiment before anything is played."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pydantic import ValidationError

from pyscrai.did_you_mean import instead
from pyscrai.errors import ExpressionError, Problem
from pyscrai.experiments import measure_checks
from pyscrai.experiments.consequences import is_consequence
from pyscrai.experiments.design import exclusion_problem, planned_arms
from pyscrai.experiments.experiment_check import ExperimentCheck
from pyscrai.experiments.models.arms import Factor, Overrides
from pyscrai.experiments.reader import LoadedExperiment
from pyscrai.templates.cel.expression import compile_expression
from pyscrai.templates.cel.scope import scope_of
from pyscrai.templates.cel.types import Types
from pyscrai.templates.checks.prompts import problems_of, prompt_names
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.variable import Domain
from pyscrai.templates.reading.positions import Path

FEW = 8
"""Pasts below which an interval says little."""


NO_ARMS = {"arms", "design", "factor", "unknown_factor", "combination", "exclude"}
"""Mistakes with which it is not known what arms there are."""


def check_experiment(loaded: LoadedExperiment, scenario: ScenarioTemplate | None,
                     aliases: Collection[str] | None = None, agents: Mapping[str, str] | None = None) -> list[Problem]:
    """Errors and warnings, by line; mistakes of its form among them, without what only follows from those.

    Args:
        scenario: the scenario that the experiment names; None where it cannot be found.
        aliases: the model aliases of this machine; None to leave them unchecked.
        agents: name and ``name@version`` of the agents that are stored here, to their engines; None to leave them
            unchecked.
    """
    check = ExperimentCheck(loaded, scenario, aliases, agents)
    for concern in (_base, _shape, _pasts, _arms, _factors, _design, measure_checks.check_measures,
                    measure_checks.check_contrasts, measure_checks.check_judges, _plan):
        concern(check)
    found = [problem for problem in check.problems if not is_consequence(problem, loaded.guessed)]
    unique = {(problem.code, problem.field, problem.message): problem for problem in (*loaded.mistakes, *found)}
    return sorted(unique.values(), key=lambda problem: (problem.line or 0, problem.column or 0))


def _base(check: ExperimentCheck) -> None:
    spec = check.spec
    for name, value in spec.parameters.items():
        check.parameter(name, value, ("parameters", name))
    check.alias(spec.model, ("model",))
    for role, alias in spec.role_models.items():
        check.role(role, ("role_models", role), on_key=True)
        check.alias(alias, ("role_models", role))
    for role, agent in spec.cast.items():
        check.cast(role, agent, ("cast", role))
    for index, role in enumerate(spec.without):
        check.role(role, ("without", index))


def _shape(check: ExperimentCheck) -> None:
    """The parts that say which arms there are go together."""
    spec = check.spec
    if not spec.arms and not spec.factors:
        check.error("arms", (), "an experiment needs `arms` or `factors`", cure="add `arms:`, or `factors:` to cross")
    if spec.arms and spec.factors:
        check.error("arms", ("factors",), "there are `arms` and `factors`", on_key=True, cure="take one of them out")
    if spec.design == "list" and not spec.combinations:
        check.error("arms", ("design",), "`design: list` needs `combinations`",
                    cure="add them: each gives every factor a value")
    if spec.combinations and spec.design != "list":
        check.error("arms", ("combinations",), "`combinations` need `design: list`", on_key=True,
                    cure="add `design: list`")
    for name, given in (("design", spec.design != "full"), ("exclude", spec.exclude)):
        if spec.arms and not spec.factors and given:
            check.error("arms", (name,), f"`{name}` goes with `factors`", on_key=True, cure="leave it out")
    for name, factor in spec.factors.items():
        if factor.range is not None and isinstance(spec.design, str):
            check.error("arms", ("factors", name, "range"), f"`{name}` has a range, which is covered by points",
                        on_key=True, cure="add `design: {latin_hypercube: 40}`, or write `values`")


def _pasts(check: ExperimentCheck) -> None:
    spec, scenario = check.spec, check.scenario
    for name, values in spec.pasts.vary.items():
        for index, value in enumerate(values):
            known = scenario is None or name in scenario.parameters
            check.parameter(name, value, ("pasts", "vary", name, index) if known else ("pasts", "vary", name))
    until = spec.pasts.until
    if until is None or scenario is None:
        return
    bound = min(scenario.max_turns, spec.max_turns or scenario.max_turns)
    if until.turn is not None and until.turn >= bound:
        check.error("never", ("pasts", "until", "turn"), f"a run is over after {bound} turns", value=until.turn,
                    cure="let the arms begin earlier, or raise the limit")
    if until.phase is not None and until.phase not in scenario.flow.phases:
        check.unknown("phase", until.phase, scenario.flow.phases, ("pasts", "until", "phase"))
    if until.when is not None:
        _condition(check, scenario, until.when, ("pasts", "until", "when"))


def _condition(check: ExperimentCheck, scenario: ScenarioTemplate, text: str, path: Path) -> None:
    try:
        expression = compile_expression(text)
    except ExpressionError as error:
        check.error("expression", path, error.message, value=text, cure=error.cure)
        return
    types = Types(scope_of(scenario))
    found = types.of(expression.tree)
    for problem in types.problems:
        check.error("expression", path, problem.message, value=text, cure=problem.cure)
    if not types.problems and found.kind not in ("bool", "any"):
        check.error("expression", path, f"a condition is true or false; this is {found.words}", value=text,
                    cure="compare it with something")


def _arms(check: ExperimentCheck) -> None:
    for name, arm in check.spec.arms.items():
        _overrides(check, arm, ("arms", name))
    seen: dict[str, str] = {}
    for name, arm in check.spec.arms.items():
        same = arm.model_dump_json(exclude={"description"})
        if same in seen:
            check.error("same_arm", ("arms", name), f"the arm `{name}` is the same as `{seen[same]}`", on_key=True,
                        cure="let it differ in something", warning=True)
        seen.setdefault(same, name)


def _overrides(check: ExperimentCheck, given: Overrides, path: Path) -> None:
    spec, scenario = check.spec, check.scenario
    names = (None, None) if scenario is None else (tuple(scenario.parameters), tuple(scenario.variables))
    for name, value in given.parameters.items():
        check.parameter(name, value, (*path, "parameters", name))
        if name in spec.pasts.vary:
            check.error("varied_twice", (*path, "parameters", name), f"the parameter `{name}` varies between pasts",
                        cure="let it vary either between pasts or between arms", on_key=True)
    for name, value in given.variables.items():
        check.variable(name, value, (*path, "variables", name))
    known = ("all", *scenario.roles, *scenario.groups) if scenario is not None else None
    for index, inject in enumerate(given.injects):
        for place, name in enumerate(inject.audience):
            if known is not None and name not in known:
                check.unknown("role or group", name, known, (*path, "injects", index, "audience", place))
    check.alias(given.model, (*path, "model"))
    for role, alias in given.role_models.items():
        check.role(role, (*path, "role_models", role), on_key=True)
        check.alias(alias, (*path, "role_models", role))
    for role, agent in given.cast.items():
        check.cast(role, agent, (*path, "cast", role))
        if spec.pasts.until is not None:
            check.error("cast", (*path, "cast", role), f"`{role}` has played the past already when the arms begin",
                        value=agent, on_key=True, cure="cast it for all runs, in `cast` of the experiment, or leave "
                                                       "`until` out of `pasts`")
    for field in ("prompts", "memory"):
        for role in getattr(given, field):
            check.role(role, (*path, field, role), on_key=True)
    for role, slots in given.prompts.items():
        for slot, text in slots.items():
            for found in problems_of(text, prompt_names(slot, *names)):
                check.error("prompt", (*path, "prompts", role, slot), found.message, value=found.word or None,
                            cure=found.cure)
    if given.message is not None:
        check.role(given.message.of, (*path, "message", "of"))
        if spec.pasts.until is None:
            check.error("no_past", (*path, "message"), "nothing was said before the arms begin", on_key=True,
                        cure="add `until` to `pasts`")


def _factors(check: ExperimentCheck) -> None:
    for name, factor in check.spec.factors.items():
        if not isinstance(factor.values, dict):
            seen: set[str] = set()
            for index, value in enumerate(factor.values):
                if repr(value) in seen:
                    check.error("factor", ("factors", name, "values", index), f"{value!r} stands here twice",
                                value=value, cure="take one out")
                seen.add(repr(value))
        if factor.kind == "prompt" and factor.target.partition(".")[2] not in ("system", "turn"):
            check.error("factor", ("factors", name, "prompt"), f"{factor.target!r} names no prompt",
                        value=factor.target, cure="write ROLE.system or ROLE.turn")
            continue
        if factor.range is not None and _whole(check, factor):
            check.error("factor", ("factors", name, "range"), f"the {factor.kind} `{factor.target}` is an integer",
                        cure="add `step: 1`")
            continue
        values = [factor.point(0.0), factor.point(1.0)] if factor.range is not None else list(factor.levels.values())
        for index, value in enumerate(values):
            try:
                overrides = factor.overrides(value)
            except ValidationError as error:
                check.error("factor", ("factors", name, "values"), error.errors()[0]["msg"], value=str(value))
                continue
            before = len(check.problems)
            _overrides(check, overrides, ("factors", name))
            if len(check.problems) > before:   # at the value itself, where it stands in a list
                where: Path = ("factors", name, "range" if factor.range else "values")
                fresh = check.problems[before:]
                del check.problems[before:]
                for problem in fresh:
                    at = (*where, index) if problem.code in (
                        "experiment.bounds", "experiment.unknown_agent") and not isinstance(
                        factor.values, dict) else ("factors", name, factor.kind)
                    check.error(problem.code.partition(".")[2], at, problem.message, value=problem.value,
                                cure=problem.cure)


def _whole(check: ExperimentCheck, factor: Factor) -> bool:
    """Whether a range has values between the integers that its target takes."""
    if check.scenario is None:
        return False
    domains: Mapping[str, Domain] = (check.scenario.parameters if factor.kind == "parameter"
                                     else check.scenario.variables)
    domain = domains.get(factor.target)
    if domain is None or domain.type != "integer" or factor.range is None:
        return False
    return factor.step is None or not factor.step.is_integer() or not factor.range[0].is_integer()


def _design(check: ExperimentCheck) -> None:
    spec = check.spec
    for index, text in enumerate(spec.exclude if spec.factors else ()):
        if (reason := exclusion_problem(text, spec.factors)) is not None:
            check.error("exclude", ("exclude", index), reason, value=text, cure=instead(text, list(spec.factors)))
    for index, combination in enumerate(spec.combinations):
        for name in spec.factors.keys() - combination.keys():
            check.error("combination", ("combinations", index), f"the factor `{name}` has no value here",
                        cure=f"add `{name}:`")
        for name, level in combination.items():
            if name not in spec.factors:
                check.unknown("factor", name, spec.factors, ("combinations", index, name), on_key=True)
            elif repr(level) not in map(repr, spec.factors[name].levels):
                check.error("combination", ("combinations", index, name), f"{level!r} is no value of `{name}`",
                            value=level, cure="one of " + ", ".join(map(str, spec.factors[name].levels)))
    if {problem.code.removeprefix("experiment.") for problem in check.problems} & NO_ARMS:
        return
    try:
        check.arms = planned_arms(spec)
    except (ExpressionError, ValueError) as error:
        check.error("design", ("exclude",) if spec.exclude else ("factors",), str(error))
    if len(check.arms) == 1:
        check.error("one_arm", ("arms",) if spec.arms else ("factors",), "there is just one arm: nothing is compared",
                    cure="add an arm", warning=True)


def _plan(check: ExperimentCheck) -> None:
    spec = check.spec
    count = spec.pasts.count
    if count == 1:
        check.error("one_past", ("pasts", "seeds"), "one past is n = 1, however often it is repeated: no interval",
                    cure="give more seeds", warning=True)
    elif count < FEW:
        check.error("few_pasts", ("pasts", "seeds"), f"{count} pasts are few: intervals will be wide",
                    cure=f"give {FEW} seeds or more; `pyscrai experiment plan` says what can be found", warning=True)
    for index, rule in enumerate(spec.stop.first if spec.stop else ()):
        for name in ("pasts", "after"):
            bound = getattr(rule, name)
            if bound is not None and bound > count and (name == "pasts" or rule.half_width is not None):
                check.error("never", ("stop", "first", index), f"there are {count} pasts, so this never holds",
                            cure="give more seeds, or leave it out", warning=True)


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """The problems that keep an experiment from being run."""
    return [problem for problem in problems if problem.severity == "error"]
