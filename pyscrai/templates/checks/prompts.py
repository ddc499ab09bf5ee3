"""Texts with ``{{ }}`` read what there is, and can do nothing but read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError, meta, nodes

from pyscrai.did_you_mean import closest, instead
from pyscrai.prompts.sandbox import Sandbox
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.agent import AgentBody, Personality
from pyscrai.templates.models.base import PROMPT_VARIABLES
from pyscrai.templates.reading.positions import Path

FILTERS = frozenset({
    "abs", "capitalize", "d", "default", "first", "float", "int", "join", "last", "length", "count", "list", "lower",
    "max", "min", "replace", "reverse", "round", "sort", "string", "sum", "title", "trim", "truncate", "unique",
    "upper",
    "wordcount"})
"""Filters that cost no more than the text that they are given."""

FORBIDDEN: Mapping[type[nodes.Node], str] = {
    nodes.Call: "a call", nodes.Pow: "a power", nodes.Mul: "a multiplication", nodes.Macro: "a macro",
    nodes.CallBlock: "a call", nodes.FilterBlock: "a filter block", nodes.Import: "an import",
    nodes.FromImport: "an import", nodes.Include: "an include", nodes.Extends: "an extends", nodes.Block: "a block",
    nodes.AssignBlock: "a set block"}
"""What a text of a template cannot hold: it could reach out, or grow without end."""


ENTRIES = ("items", "keys", "values")
"""Methods of a mapping that a loop may call."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong in a text: where it can be found in it, the message, the cure."""

    word: str
    message: str
    cure: str | None = None
    line: int | None = None


def check_prompts(subject: Subject) -> None:
    """The premise, injects, and the prompts of roles and of agents written in the scenario."""
    scenario = subject.scenario
    params = {"params": tuple(scenario.parameters)}
    world = {**params, "vars": tuple(scenario.variables)}
    _text(subject, ("premise",), scenario.premise, params)
    for index, inject in enumerate(scenario.injects):
        _text(subject, ("injects", index, "text"), inject.text, world)
    for index, rule in enumerate(scenario.rules):
        if rule.inject is not None:
            _text(subject, ("rules", index, "inject", "text"), rule.inject.text, world)
    for name, phase in scenario.flow.phases.items():
        for field in ("text", "task"):
            _plain(subject, ("flow", "phases", name, field), getattr(phase, field))
    for name, role in scenario.roles.items():
        _plain(subject, ("roles", name, "secret"), role.secret)
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
    """What a prompt may read: each name with its fields, or None where any field goes.

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


def agent_flaws(agent: AgentBody) -> Iterator[tuple[Path, Flaw]]:
    """What is wrong with an agent's own prompts, whatever scenario it plays in."""
    for slot, text in agent.prompts.items():
        for flaw in flaws(text, prompt_names(slot)):
            yield ("prompts", slot), flaw
    if agent.engine == "analyst" and "turn" in agent.prompts:
        yield ("prompts", "turn"), Flaw("", "an Analyst takes no turns, so this is never used", "remove it")


def flaws(text: str, names: Mapping[str, tuple[str, ...] | None]) -> list[Flaw]:
    """What is wrong with a text.

    Args:
        names: what it may read: each name with its fields, or None where any field goes.
    """
    if "{" not in text:
        return []
    tree = parse(text)
    if isinstance(tree, Flaw):
        return [tree]
    found = [Flaw("", f"{FORBIDDEN[type(node)]} cannot stand in a text", "write the text out", node.lineno)
             for node in tree.find_all(tuple(FORBIDDEN)) if not _harmless(node)]
    found += [Flaw(use.name, f"there is no filter `{use.name}`", instead(use.name, sorted(FILTERS)), use.lineno)
              for use in tree.find_all(nodes.Filter) if use.name not in FILTERS]
    if any(inner for outer in tree.find_all(nodes.For) for inner in outer.find_all(nodes.For) if inner is not outer):
        found.append(Flaw("for", "a loop within a loop cannot stand in a text"))
    # Jinja compiles a text to find its names, which only a text of known filters and harmless parts survives.
    read = set() if found else meta.find_undeclared_variables(tree)
    for name in sorted(read - set(names)):
        root = next((root for root, fields in names.items() if fields and name in fields), None)
        guess = closest(name, names)
        found.append(Flaw(name, f"nothing is called `{name}` here", f"write {root}.{name}" if root else
                          f"did you mean {guess}?" if guess else f"known here: {', '.join(names)}"))
    for root, field in _fields(tree):
        fields = names.get(root)
        if fields is not None and field not in fields and field not in ENTRIES:
            found.append(Flaw(f"{root}.{field}", f"there is no `{field}` in `{root}`", instead(field, fields)))
    return found


def reads(text: str) -> list[tuple[str, str]]:
    """The fields that a text reads, as pairs of a name and its field; nothing if it is broken."""
    tree = parse(text) if "{" in text else None
    return list(_fields(tree)) if isinstance(tree, nodes.Template) else []


@cache
def _environment() -> Sandbox:
    # Not Jinja's own sandbox: looking for names folds constants, and that one would compute 'x' * 10**10 for it.
    return Sandbox()


@lru_cache(maxsize=256)
def parse(text: str) -> nodes.Template | Flaw:
    """A text's tree, or what is wrong with its syntax; nothing is evaluated."""
    try:
        return _environment().parse(text)
    except TemplateSyntaxError as error:
        return Flaw("", f"the text is broken: {error.message}", "write {{ name }}; for braces of your own {{ '{' }}",
                    error.lineno)
    except (JinjaError, RecursionError, MemoryError, ValueError, OverflowError) as error:
        return Flaw("", f"the text is broken: {type(error).__name__}", "write it more simply")


def _harmless(node: nodes.Node) -> bool:
    """Whether a call only goes over the entries of a mapping: ``variables.items()``."""
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr in ENTRIES and not (
        node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)


def _fields(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        assert isinstance(node, nodes.Getattr | nodes.Getitem)
        if not isinstance(node.node, nodes.Name):
            continue
        if isinstance(node, nodes.Getattr):
            yield node.node.name, node.attr
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            yield node.node.name, node.arg.value


def _text(subject: Subject, path: Path, text: str, names: Mapping[str, tuple[str, ...] | None]) -> None:
    for flaw in flaws(text, names):
        at = text.find(flaw.word) if flaw.word else -1
        line = f" (line {flaw.line} of the text)" if flaw.line and flaw.line > 1 else ""
        subject.error("prompt", path, flaw.message + line, value=flaw.word or None, cure=flaw.cure,
                      offset=at if at >= 0 else None)


def _plain(subject: Subject, path: Path, text: str) -> None:
    if "{{" in text or "{%" in text:
        subject.warn("prompt", path, "nothing is put in here: the braces are shown as they stand",
                     cure="only the premise, injects and prompts take {{ }}")


def _borrowed(subject: Subject, role: str, reference: str) -> None:
    """Prompts of an agent template that read parameters or variables which this scenario does not have."""
    agent = subject.agents.get(reference)
    if agent is None:
        return
    scenario = subject.scenario
    for slot, text in agent.prompts.items():
        if slot in scenario.roles[role].prompts:
            continue
        known = {flaw.message for flaw in flaws(text, prompt_names(slot))}
        for flaw in flaws(text, prompt_names(slot, scenario.parameters, scenario.variables)):
            if flaw.message not in known:
                subject.error("prompt", ("roles", role, "agent"),
                              f"the {slot} prompt of `{reference}` cannot be used here: "
                              f"{flaw.message}", value=reference, cure=flaw.cure)
