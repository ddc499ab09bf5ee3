"""Checks of what an experiment measures, compares and lets be judged."""

from __future__ import annotations

from collections.abc import Mapping

from pyscrai.did_you_mean import instead
from pyscrai.experiments.experiment_check import ExperimentCheck
from pyscrai.experiments.models.arms import Factor
from pyscrai.experiments.models.measures import MeasureUse
from pyscrai.templates.models.analysis import END_KINDS, Measure
from pyscrai.templates.models.base import END, Scalar
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.positions import Path

BUILT_IN_ENDS = {*END_KINDS, "flow", "max_turns", "budget"}


def judged_measures(check: ExperimentCheck) -> dict[str, Measure]:
    """The measures that the judges score, by name."""
    return measures_of_judges(check.spec.judges.measures, check.scenario) if check.spec.judges else {}


def measures_of_judges(given: tuple[str | Measure, ...], scenario: ScenarioTemplate | None) -> dict[str, Measure]:
    """Judges' measures: those written out, those named, or all that the scenario's Analyst scores."""
    own = scored_measures(scenario)
    if not given:
        return own
    named = {measure: own[measure] for measure in given if isinstance(measure, str) and measure in own}
    return named | {measure.name: measure for measure in given if isinstance(measure, Measure)}


def scored_measures(scenario: ScenarioTemplate | None) -> dict[str, Measure]:
    """The measures of a scenario that a model scores, by name."""
    analysis = scenario.analysis if scenario is not None else None
    return {measure.name: measure for measure in (analysis.measures if analysis else ()) if measure.judged}


def check_measures(check: ExperimentCheck) -> None:
    """Every measure reads something that there is."""
    uses: list[tuple[Path, MeasureUse]] = [(("measures", "primary"), check.spec.measures.primary)]
    uses += [(("measures", "secondary", index), use) for index, use in enumerate(check.spec.measures.secondary)]
    seen: set[str] = set()
    for path, use in uses:
        if use.name in seen:
            check.error("same_measure", (*path, "name"), f"two measures have the name `{use.name}`", value=use.name,
                        cure="give one of them another")
        seen.add(use.name)
        if check.scenario is not None:
            _source(check, check.scenario, use, path)
        if use.of is not None:
            check.role(use.of, (*path, "of"))


def _source(check: ExperimentCheck, scenario: ScenarioTemplate, use: MeasureUse, path: Path) -> None:
    at = (*path, use.source) if getattr(use, use.source) is not None else (*path, "name")
    if use.source == "measure":
        known = {measure.name: measure for measure in (scenario.analysis.measures if scenario.analysis else ())}
        known |= judged_measures(check)
        if use.target not in known:
            check.unknown("measure", use.target, known, at)
        else:
            _measure(check, scenario, use, known[use.target], path)
    elif use.source == "variable":
        variable = scenario.variables.get(use.target)
        if variable is None:
            check.unknown("variable", use.target, scenario.variables, at)
        elif variable.type == "string" and use.is_ is None and use.take != "count":
            check.error("not_a_number", at, f"the variable `{use.target}` is a text", value=use.target,
                        cure="add `is: VALUE`, which counts as 1")
    elif use.source == "action":
        name, _, field = use.target.partition(".")
        if name not in scenario.actions:
            check.unknown("move", name, scenario.actions, at)
        elif field and field not in scenario.actions[name].fields:
            check.unknown("argument", field, scenario.actions[name].fields, at)
        elif not field and use.take != "count":
            check.error("not_a_number", at, "a move is no number", value=use.target,
                        cure=f"add `take: count`, or name an argument: {name}."
                             f"{next(iter(scenario.actions[name].fields))}")
        elif field and scenario.actions[name].fields[field].type == "string" and use.is_ is None and (
                use.take != "count"):
            check.error("not_a_number", at, f"the argument `{use.target}` is a text", value=use.target,
                        cure="add `is: VALUE`, which counts as 1")
    elif use.source == "outcome":
        ends = scenario.ends if isinstance(scenario.ends, tuple) else (scenario.ends,)
        # A phase that leads to the end gives its name to it.
        named = {end.label for end in ends if end.label} | {
            name for name, phase in scenario.flow.phases.items() if any(way.to == END for way in phase.next)}
        labels = BUILT_IN_ENDS | named
        if use.target not in labels:
            check.error("unknown_end", at, f"no end has the label `{use.target}`", value=use.target, warning=True,
                        cure=instead(use.target, sorted(named), none="no end has a label"))


def _measure(check: ExperimentCheck, scenario: ScenarioTemplate, use: MeasureUse, measure: Measure, path: Path
             ) -> None:
    if measure.categories is not None and use.take != "count":
        if use.is_ is None:
            check.error("not_a_number", path, f"the measure `{measure.name}` has categories", value=measure.name,
                        cure=f"add `is: {measure.categories[0]}`, which counts as 1")
        elif use.is_ not in measure.categories:
            check.unknown("category", use.is_, measure.categories, (*path, "is"))
    if measure.of == "scenario" and use.of is not None:
        check.error("not_of_a_role", (*path, "of"), f"the measure `{measure.name}` is of the whole scenario",
                    value=use.of, cure="leave `of` out")
    if measure.of != "scenario" and use.of is None and measure.of not in scenario.roles:
        check.error("of_many", path, f"the measure `{measure.name}` is of several roles: their mean is taken",
                    cure="add `of: ROLE` for one of them", warning=True)


def check_contrasts(check: ExperimentCheck) -> None:
    """Every comparison names arms, or levels of a factor, that there are."""
    spec = check.spec
    names = set(spec.arms) or {arm.name for arm in check.arms}
    for index, entry in enumerate(spec.contrasts):
        path: Path = ("contrasts", index)
        if {"factor", "value", "to"} <= entry.keys():
            factor = spec.factors.get(str(entry["factor"]))
            if factor is None:
                check.unknown("factor", str(entry["factor"]), spec.factors, (*path, "factor"))
                continue
            for key in ("value", "to"):
                if repr(entry[key]) not in map(repr, factor.levels):
                    _no_level(check, str(entry["factor"]), factor, entry[key], (*path, key))
            if repr(entry["value"]) == repr(entry["to"]):
                check.error("contrast", path, f"`{entry['factor']}` is compared with itself",
                            cure="name two of its values")
            for key in sorted(entry.keys() - {"factor", "value", "to", "by", "at", "less_at"}):
                check.error("contrast", (*path, key), f"a comparison has no `{key}`", on_key=True,
                            cure=instead(key, ["by", "at", "less_at"]))
            _check_by(check, entry, path)
            continue
        if len(entry) != 1:
            check.error("contrast", path, "a comparison is {ARM: REFERENCE} or {factor: NAME, value: A, to: B}",
                        cure="give each comparison an entry of its own: - leak: control")
            continue
        (arm, reference), = entry.items()
        for name in (arm, str(reference)):
            if names and name not in names:
                check.unknown("arm", name, names, path)
        if arm == reference:
            check.error("contrast", path, f"`{arm}` is compared with itself", cure="compare it with another arm")


def _check_by(check: ExperimentCheck, entry: Mapping[str, Scalar], path: Path) -> None:
    """Two effects are compared at two levels of another factor."""
    levels = {key: entry[key] for key in ("at", "less_at") if key in entry}
    if "by" not in entry:
        if levels:
            check.error("contrast", path, "`at` and `less_at` go with `by`",
                        cure="add `by:` with the factor that they are levels of")
        return
    name = str(entry["by"])
    factor = check.spec.factors.get(name)
    if factor is None:
        check.unknown("factor", name, check.spec.factors, (*path, "by"))
        return
    if name == entry["factor"]:
        check.error("contrast", (*path, "by"), f"the effect of `{name}` cannot depend on `{name}`", value=name,
                    cure="name another factor")
    for key, level in levels.items():
        if repr(level) not in map(repr, factor.levels):
            _no_level(check, name, factor, level, (*path, key))
    if len(levels) < 2 and len(factor.levels) != 2:
        check.error("contrast", (*path, "by"), f"`{name}` has {len(factor.levels)} values", value=name,
                    cure="say which two of them: add `at` and `less_at`")
    elif len(set(map(repr, levels.values()))) < len(levels):
        check.error("contrast", path, "`at` and `less_at` are the same", cure="name two values")
    elif len(levels) == 1:
        check.error("contrast", path, "`at` and `less_at` are given together, or neither",
                    cure="add the other, or leave both out")


def _no_level(check: ExperimentCheck, name: str, factor: Factor, level: Scalar, path: Path) -> None:
    check.error("contrast", path, f"{level!r} is no value of `{name}`", value=level,
                cure="one of " + ", ".join(map(str, factor.levels)))


def check_judges(check: ExperimentCheck) -> None:
    """The judges are known models, and score measures that there are."""
    judges = check.spec.judges
    if judges is None:
        return
    own = scored_measures(check.scenario)
    for index, measure in enumerate(judges.measures):
        if isinstance(measure, str) and measure not in own:
            if check.scenario is None:
                continue
            check.unknown("measure", measure, own, ("judges", "measures", index))
        elif isinstance(measure, Measure) and not measure.judged:
            check.error("judges", ("judges", "measures", index), f"`{measure.name}` is counted or computed, not judged",
                        cure="give it a `scale` or `categories`")
    if not judges.measures and not own and check.scenario is not None:
        check.error("judges", ("judges",), "the scenario has no measure that judges could score", on_key=True,
                    cure="add `measures` to `judges`, each with a `scale` or `categories` and a `rubric`")
    primary = check.spec.measures.primary
    if primary.source == "measure" and primary.target in judged_measures(check):
        for index, rule in enumerate(check.spec.stop.first if check.spec.stop else ()):
            if rule.half_width is not None:
                check.error("never", ("stop", "first", index), f"`{primary.target}` is judged after the playing",
                            cure="stop at a number of pasts or at a cost, and extend with --amend")
    for index, alias in enumerate(judges.by):
        if alias in judges.by[:index]:
            check.error("judges", ("judges", "by", index), f"`{alias}` stands here twice", value=alias,
                        cure="write `repeats` to let it score again")
        check.alias(alias, ("judges", "by", index))
