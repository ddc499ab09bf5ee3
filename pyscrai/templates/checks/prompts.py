"""Texts with ``{{ }}`` read what there is, and can do nothing but read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache

from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError, meta, nodes

from pyscrai.did_you_mean import closest, instead
from pyscrai.prompts.language import ENTRIES, TextProblem, text_problems, walk, within_bounds
from pyscrai.prompts.parameters import parameters_read, with_parameters
from pyscrai.prompts.sandbox import Sandbox
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.agent import AgentBody, Personality
from pyscrai.templates.models.base import PROMPT_VARIABLES
from pyscrai.templates.plain_texts import plain_texts
from pyscrai.templates.reading.positions import Path


def check_prompts(subject: Subject) -> None:
    """The premise, injects, and the prompts of roles and of agents written in the scenario."""
    scenario = subject.scenario
    params = {"params": tuple(scenario.parameters)}
    world = {**params, "vars": tuple(scenario.variables), "old": tuple(scenario.variables), "name": None}
    _text(subject, ("premise",), scenario.premise, params)
    for index, inject in enumerate(scenario.injects):
        _text(subject, ("injects", index, "text"), inject.text, world)
    for index, rule in enumerate(scenario.rules):
        if rule.inject is not None:
            _text(subject, ("rules", index, "inject", "text"), rule.inject.text, world)
    for name, spec in scenario.actions.items():
        _text(subject, ("actions", name, "intent"), spec.intent, {
            **params, "vars": tuple(scenario.variables), "args": tuple(spec.fields), "mover": None, "name": None})
    for path, text in plain_texts(scenario):
        _plain(subject, path, text)
    for name, role in scenario.roles.items():
        for slot, text in role.prompts.items():
            _text(subject, ("roles", name, "prompts", slot), text, prompt_names(slot, scenario.parameters,
                                                                               scenario.variables))
        if not isinstance(role.agent, str):
            for slot, text in role.agent.prompts.items():
                _text(subject, ("roles", name, "agent", "prompts", slot), text,
                      prompt_names(slot, scenario.parameters, scenario.variables))
        else:
            _borrowed(subject, name, role.agent)


def prompt_names(slot: str, parameters: Collection[str] | None = None, variables: Collection[str] | None = None
                 ) -> dict[str, tuple[str, ...] | None]:
    """The names that a prompt may read: each with its fields, or None where any field goes.

    Args:
        parameters: the scenario's, if the scenario is known; likewise ``variables``.
    """
    names: dict[str, tuple[str, ...] | None] = dict.fromkeys(PROMPT_VARIABLES[slot])
    names["personality"] = tuple(Personality.model_fields)
    if parameters is not None:
        names["params"] = tuple(parameters)
    if variables is not None and "variables" in names:
        names["variables"] = tuple(variables)
    return names


def agent_text_problems(agent: AgentBody) -> Iterator[tuple[Path, TextProblem]]:
    """Problems of an agent's own prompts, whatever scenario it plays in."""
    for slot, text in agent.prompts.items():
        for problem in problems_of(text, prompt_names(slot)):
            yield ("prompts", slot), problem
    if agent.engine == "analyst" and "turn" in agent.prompts:
        yield ("prompts", "turn"), TextProblem("", "an Analyst takes no turns, so this is never used", "remove it")


def problems_of(text: str, names: Mapping[str, tuple[str, ...] | None]) -> list[TextProblem]:
    """Problems of a text.

    Args:
        names: what it may read: each name with its fields, or None where any field goes.
    """
    if "{" not in text:
        return []
    tree = parse(text)
    if isinstance(tree, TextProblem):
        return [tree]
    found = text_problems(tree, calls=("name",) if "vars" in names else ())
    for name in sorted(_names(tree) - set(names)):
        root = next((root for root, fields in names.items() if fields and name in fields), None)
        guess = closest(name, names)
        found.append(TextProblem(name, f"nothing is called `{name}` here", f"write {root}.{name}" if root else
                          f"did you mean {guess}?" if guess else f"known here: {', '.join(names)}"))
    for root, field in _fields(tree):
        fields = names.get(root)
        if fields is not None and field not in fields and field not in ENTRIES:
            found.append(TextProblem(f"{root}.{field}", f"there is no `{field}` in `{root}`", instead(field, fields)))
    return found


def _names(tree: nodes.Template) -> set[str]:
    """The names that a text reads, also where something in it is not allowed; nothing is evaluated.

    Jinja walks a text to find them, which only one within its bounds survives.
    """
    if not within_bounds(tree):
        return set()
    try:
        return set(meta.find_undeclared_variables(tree))
    except JinjaError:      # a filter that there is not, a block that stands twice: told anyway, beside the names
        found = list(tree.find_all(nodes.Name))
        own = {node.name for node in found if node.ctx != "load"} | {"loop"}
        return {node.name for node in found} - own


def reads(text: str) -> list[tuple[str, str]]:
    """The fields that a text reads, as pairs of a name and its field; nothing if it is broken."""
    tree = parse(text) if "{" in text else None
    return list(_fields(tree)) if isinstance(tree, nodes.Template) else []


@cache
def _environment() -> Sandbox:
    return Sandbox()


@lru_cache(maxsize=256)
def parse(text: str) -> nodes.Template | TextProblem:
    """A text's tree, or what is wrong with its syntax; nothing is evaluated."""
    try:
        return _environment().parse(text)
    except TemplateSyntaxError as error:
        return TextProblem("", f"the text is broken: {error.message}",
                           "write {{ name }}; for braces of your own {{ '{' }}", error.lineno)
    except (JinjaError, RecursionError, MemoryError, ValueError, OverflowError) as error:
        return TextProblem("", f"the text is broken: {type(error).__name__}", "write it more simply")


def _fields(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    for node, _, _ in walk(tree):
        if not isinstance(node, nodes.Getattr | nodes.Getitem) or not isinstance(node.node, nodes.Name):
            continue
        if isinstance(node, nodes.Getattr):
            yield node.node.name, node.attr
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            yield node.node.name, node.arg.value


def _text(subject: Subject, path: Path, text: str, names: Mapping[str, tuple[str, ...] | None]) -> None:
    for problem in problems_of(text, names):
        at = text.find(problem.word) if problem.word else -1
        line = f" (line {problem.line} of the text)" if problem.line and problem.line > 1 else ""
        subject.error("prompt", path, problem.message + line, value=problem.word or None, cure=problem.cure,
                      offset=at if at >= 0 else None)


def _plain(subject: Subject, path: Path, text: str) -> None:
    if "{{" not in text and "{%" not in text:
        return
    known = subject.scenario.parameters
    read = tuple(dict.fromkeys(parameters_read(text)))
    for name in read:
        if name not in known:
            subject.error("prompt", path, f"there is no `{name}` in `params`", value=name, cure=instead(name, known),
                          offset=text.find(name))
    if "{{" in with_parameters(text, dict.fromkeys((*known, *read), "")) or "{%" in text:
        subject.warn("prompt", path, "nothing but parameters is put in here: other braces are shown as they stand",
                     cure="only the premise, injects and prompts take more than {{ params.NAME }}")


def _borrowed(subject: Subject, role: str, reference: str) -> None:
    """Prompts of an agent template that read parameters or variables which this scenario does not have."""
    agent = subject.agents.get(reference)
    if agent is None:
        return
    scenario = subject.scenario
    for slot, text in agent.prompts.items():
        if slot in scenario.roles[role].prompts:
            continue
        known = {problem.message for problem in problems_of(text, prompt_names(slot))}
        for problem in problems_of(text, prompt_names(slot, scenario.parameters, scenario.variables)):
            if problem.message not in known:
                subject.error("prompt", ("roles", role, "agent"),
                              f"the {slot} prompt of `{reference}` cannot be used here: "
                              f"{problem.message}", value=reference, cure=problem.cure)
