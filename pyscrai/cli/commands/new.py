"""``pyscrai new``: a commented scenario from four answers."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter

from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError, TemplateError
from pyscrai.templates.reading.loader import read_text
from pyscrai.templates.starter import EXAMPLES, KINDS, Answers, Kind, kind_of, make, member

T = TypeVar("T")


def new(
    file: Annotated[Path | None, Parameter(name="FILE", help="The file to write; left out, it is named after the "
                                                             "kind.")] = None, /, *,
    kind: Annotated[Kind | None, Parameter(help="What is to be played.")] = None,
    premise: Annotated[str, Parameter(help="What everybody knows at the start.")] = "",
    who: Annotated[Sequence[str], Parameter(help="Who takes part: `Name: who it is`; once for each.")] = (),
    task: Annotated[str, Parameter(help="What they are to do.")] = "",
    force: Annotated[bool, Parameter(help="Write over a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a scenario to begin with: it is valid, can be played at once, and its comments say what to change.

    At a terminal, what no option gives is asked for; elsewhere the example of the kind stands in for it.
    """
    if not as_json and sys.stdin.isatty() and sys.stderr.isatty():
        answers = _ask(kind, premise, who, task)
        if answers is None:
            output.note("nothing was written")
            return
    else:
        answers = Answers.of(kind or KINDS[0], premise=premise, who=who, task=task)
    target = file or _free(answers.kind)
    if target.exists() and not force:
        raise ConfigError(f"already there: {target}", code="output.exists",
                          cure="name another file, or write over it with --force")
    quoted = shlex.quote(str(target))
    text = make(answers, name=target.stem, file=quoted)
    _check(text, str(target))
    output.write_file(target, text)
    if as_json:
        output.json_line({"file": str(target), "kind": answers.kind, "roles": len(answers.who)})
        return
    output.say(f"wrote {target}")
    output.note(f"  pyscrai run {quoted} --model scripted   plays it at once, with made-up words\n"
                f"  pyscrai run {quoted}                    plays it with your model, or the embedded one\n"
                f"  pyscrai validate {quoted}               after every change: names each mistake and its cure")


def _free(kind: Kind) -> Path:
    """A name that no file has."""
    names = (f"{kind}.yaml", *(f"{kind}-{number}.yaml" for number in range(2, 1000)))
    return next((path for path in map(Path, names) if not path.exists()), Path(names[0]))


def _check(text: str, file: str) -> None:
    """See that what was made is valid.

    Raises:
        TemplateError: with every problem.
    """
    from pyscrai.cli.scenario_argument import shipped_agents
    from pyscrai.templates.checks.checker import errors, validate

    if problems := errors(validate([read_text(text, file=file)], shipped_agents())):
        raise TemplateError(problems)


class _Left(Exception):
    """The person leaves."""


def _ask(kind: Kind | None, premise: str, who: Sequence[str], task: str) -> Answers | None:
    """The answers of the person at the terminal, or None when the person leaves."""
    import readline  # noqa: F401   arrow keys in `input`

    try:
        chosen = kind or _asked_kind()
        example = EXAMPLES[chosen]
        premise = premise or _asked("What is the situation? One or two sentences that everybody knows.", str,
                                    example.premise)
        who = tuple(who) or _asked_who(example.who)
        task = task or _asked(example.asks, str, example.task)
    except _Left:
        return None
    return Answers.of(chosen, premise=premise, who=who, task=task)


def _asked_kind() -> Kind:
    listed = "\n".join(f"  {number}  {each:<13}{EXAMPLES[each].told}" for number, each in enumerate(KINDS, 1))
    return _asked(f"What is to be played?\n{listed}", kind_of, KINDS[0])


def _asked(question: str, read: Callable[[str], T], otherwise: T, /) -> T:
    """An answer that can be read; Enter takes the one that is proposed."""
    output.note(f"\n{question}\n  Press Enter for: {otherwise}")
    while True:
        line = _line()
        try:
            return read(line) if line else otherwise
        except ConfigError as error:
            output.note(f"  {error}")


def _asked_who(example: Sequence[str]) -> tuple[str, ...]:
    """The members of the cast, a line each."""
    output.note("\nWho takes part? A line each, `Name: who it is`; an empty line ends.")
    output.note("  Press Enter for: " + "\n                   ".join(example))
    found: list[str] = []
    while line := _line():
        try:
            member(line)
        except ConfigError as error:
            output.note(f"  {error}")
        else:
            found.append(line)
    return tuple(found) or tuple(example)


def _line() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        raise _Left from None
