"""The expressions' own syntax and types: as strict as the library, and never surprised by it."""

from __future__ import annotations

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.expression import compile_expression
from pyscrai.templates.cel.parser import parse
from pyscrai.templates.cel.scope import BOOL, DOUBLE, INT, STRING, Type
from pyscrai.templates.cel.types import Types

SCOPE = {
    "vars": Type("struct", fields={"trust": INT, "heat": DOUBLE, "mood": Type("string", choices=("calm", "angry")),
                                   "open": BOOL}, noun="variable"),
    "turn": INT, "cost": DOUBLE, "last": Type("struct", fields={"text": STRING}),
    "measures": Type("struct", fields={"tone": Type("int", optional=True)}, noun="measure"),
    "tally": Type("struct", fields={"vote": Type("struct", fields={
        "choice": Type("map", choices=("stay", "go"), item=INT)})}, noun="action")}
SAMPLES = [{"vars": {"trust": trust, "heat": heat, "mood": mood, "open": is_open}, "turn": turn, "cost": 0.5,
            "last": {"text": text}, "measures": {"tone": 2}, "tally": {"vote": {"choice": {"stay": 1, "go": 2}}}}
           for trust, heat, mood, is_open, turn, text in [(5, 0.5, "calm", True, 3, "yes"), (-1, 2.0, "angry", False, 1,
                                                                                             "")]]


def findings(text: str) -> list[tuple[int, str]]:
    inference = Types(SCOPE)
    inference.of(parse(text))
    return [(found.at, f"{found.message} ({found.cure})") for found in inference.problems]


@pytest.mark.parametrize(("text", "at", "part"), [
    ("vars.trust < 'a'", 11, "cannot compare an integer with a text"),
    ("vars.trst > 1", 5, "no variable `trst` (did you mean trust?)"),
    ("trust > 1", 0, "nothing is called `trust` (write vars.trust)"),
    ("open == 3", 0, "write vars.open"),
    ("vars.trust + 0.5", 11, "write double(...)"),
    ("vars.heat - 1", 10, "write 1.0"),
    ("vars.mood == 'angy'", 13, "never 'angy' (did you mean angry?)"),
    ("vars.mood in ['calm', 'mad']", 22, "never 'mad'"),
    ("vars.open == 'true'", 10, "write true without quotes"),
    ("vars.trust == '3'", 11, "write 3 without quotes"),
    ("vars.mood && true", 0, "compare it with something"),
    ("!vars.trust", 1, "an integer, not true or false"),
    ("tally.vote.choice.sty > 1", 18, "did you mean stay?"),
    ("tally.vot.choice.stay > 1", 6, "did you mean vote?"),
    ("'x' in last.text", 4, "contains"),
    ("len(last.text) > 2", 0, "did you mean size?"),
    ("last.text.lower() == 'a'", 10, "did you mean lowerAscii?"),
    ("min(vars.trust, 2.0) > 1", 16, "values of one type"),
    ("contains(last.text, 'a')", 0, "write text.contains('word')"),
    ("size(1, 2) > 1", 0, "takes 1 value, here are 2"),
    ("vars[vars.mood]", 5, "must be named, not computed"),
    ("vars.open ? 1 : 2.0", 10, "write 1.0"),
    ("vars.open ? 1 : 'a'", 10, "one choice of ? is an integer, the other a text"),
    ("vars.trust / 0 > 1", 11, "divides by zero"),
    ("'a' + 1", 4, "write string(...)"),
    ("turn.x", 5, "has no field"),
    ("[1].all(a, [1].all(b, [1].all(c, true)))", 26, "nested more than"),
    ("args.x", 0, "in the `set` of an action alone"),
    ("vars.open == null", 10, "never equals null"),
])
def test_findings(text: str, at: int, part: str) -> None:
    found = findings(text)
    assert len(found) == 1, found
    assert found[0][0] == at
    assert part in found[0][1]


@pytest.mark.parametrize("text", [
    "vars.trust < 3 && (vars.open || turn % 4 == 0)", "vars.heat * 2.0 > cost", "vars.trust > 2.5",
    "vars.mood == 'calm' ? vars.trust - 1 : vars.trust", "[1, 2].map(x, x * 2).exists(y, y == turn)",
    "tally.vote.choice[vars.mood] > 1", "has(measures.tone) && measures.tone > 3", "clamp(vars.trust - 2, 0, 10)",
    "'calm' in ['calm', vars.mood]", "last.text.matches('(?i)yes') // why", "string(vars.trust) + last.text",
    "{'a': 1}.a == vars.trust", "-vars.trust < - 3",
])
def test_nothing_is_wrong(text: str) -> None:
    assert findings(text) == []


def test_what_may_not_be_there() -> None:
    inference = Types(SCOPE)
    inference.of(parse("measures.tone + 1"))
    assert inference.unguarded == {"measures.tone": 9}
    guarded = Types(SCOPE)
    guarded.of(parse("has(measures.tone) ? measures.tone : 0"))
    assert guarded.unguarded == {}


@pytest.mark.parametrize(("text", "at", "part"), [
    ("vars.trust = 3", 11, "write =="), ("a and b", 2, "write &&"), ("not a", 4, "write !"), ("'abc", 0,
                                                                                              "never closed"),
    ("a[1", 3, "] is missing"), ("((1)", 4, ") is missing"), ("1 +", 3, "ends here"), ("", 0, "ends here"),
    ("a ? b", 5, ": is missing"), ("has(a)", 0, "takes one field"), (r"'\q'", 1, "no escape"), ("a.in", 2,
                                                                                                "name is missing"),
    ("99999999999999999999", 0, "too large"), ("1a", 1, "runs into"), ("[1].all(1, true)", 4, "takes a name"),
    ("(" * 100 + "1" + ")" * 100, 40, "nested"), ("!-1", 1, "do not go together"), ("a.b{c: 1}", 3,
                                                                                    "operator is missing"),
])
def test_syntax_errors_say_where(text: str, at: int, part: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.position == at
    assert part in str(caught.value)


WORDS = ["vars.trust", "vars.heat", "vars.mood", "vars.open", "turn", "cost", "last.text", "1", "2.0", "'calm'", "true",
         "null", "[1, 2]", "tally.vote.choice", "tally.vote.choice.stay", "measures.tone"]
OPERATORS = ["+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||", "in"]


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(st.sampled_from(["!", "-"]), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(st.sampled_from(["size", "int", "double", "string"]),
                  inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        inner.map(lambda part: f"[1, 2].exists(x, x == {part})"))


@settings(max_examples=400, deadline=None)
@given(st.recursive(st.sampled_from(WORDS), _combined, max_leaves=8))
def test_what_has_no_problems_computes(text: str) -> None:
    """Types are sound: an expression without problems never fails for its types or names."""
    types = Types(SCOPE)
    types.of(parse(text))
    if types.problems:
        return
    for sample in SAMPLES:
        try:
            compile_expression(text).value(sample)
        except ExpressionError as error:
            waits = "tone" in text and isinstance(error.__cause__, KeyError)
            if not waits and not isinstance(error.__cause__, ZeroDivisionError | OverflowError):
                raise


@settings(max_examples=400, deadline=None)
@given(st.recursive(st.sampled_from(WORDS), _combined, max_leaves=8))
def test_values_are_those_of_the_cel_library(text: str) -> None:
    """The library computed all expressions before; what it computes, we compute alike."""
    types = Types(SCOPE)
    types.of(parse(text))
    program = cel.compile(text)
    for sample in [] if types.problems else SAMPLES:
        try:
            expected = program.execute(sample)
        except Exception:
            continue
        found = compile_expression(text).value(sample)
        assert type(found) is type(expected), text
        assert found == expected or found != found, text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abtrue1.0'\"\\ ()[]{}<>=!&|?:,+-*/%x\n", max_size=24))
def test_what_is_read_here_the_library_reads_too(text: str) -> None:
    try:
        parse(text)
    except ExpressionError:
        return
    cel.compile(text)
