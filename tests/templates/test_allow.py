"""Warnings that are meant, lists of nobody, and bounds that count."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pyscrai.templates.checks import report
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.checks.flow import knots
from pyscrai.templates.reading.loader import read_data
from tests.templates.test_checks import Change, found, phase

TOLD = "It is known that your brother owns the land on which the dam would stand."


@pytest.mark.parametrize("change", [
    lambda d: d.update(allow=["secret_told"], premise=TOLD),
    lambda d: phase(d).update(allow=["secret_told"], task=TOLD),
    lambda d: d["injects"][1].update(allow=["secret_told"], text=TOLD),
    lambda d: d["roles"]["carl"]["agent"].update(allow=["secret_told"], personality={"role": "x", "backstory": TOLD}),
    lambda d: d["roles"]["carl"].update(allow=["secret_told"], agent={"engine": "actor", "personality": {
        "role": "x", "backstory": TOLD}}),
    lambda d: phase(d, "opening").update(audience=["chair"], allow=["empty_audience"]),
    lambda d: phase(d).update(speakers=["anna", "bert", "bert"], allow=["repeated"]),
])
def test_a_warning_can_be_acknowledged_where_it_stands(change: Change) -> None:
    def without(data: dict[str, Any]) -> None:
        change(data)
        data.pop("allow", None)
        for part in (*data["injects"], *data["flow"]["phases"].values(), *data["roles"].values()):
            part.pop("allow", None)
            if isinstance(part.get("agent"), dict):
                part["agent"].pop("allow", None)

    assert found(change) == []
    assert found(without)


def test_every_warning_has_a_code_that_can_be_acknowledged() -> None:
    sources = (Path(report.__file__).parent).glob("*.py")
    codes = {code for source in sources for code in re.findall(r"\.warn\(\s*\"(\w+)\"", source.read_text())}
    assert codes == report.WARNINGS


def test_an_empty_list_means_nobody() -> None:
    def change(data: dict[str, Any]) -> None:
        data["variables"]["trust"].update(visible_to=[])
        data["actions"]["vote"].update(audience=[])
        phase(data, "opening").update(audience=[])
        data["injects"][0].update(audience=[])
        data["roles"]["bert"].update(hears=[])

    assert found(change) == []


def test_a_move_needs_no_fields() -> None:
    def change(data: dict[str, Any]) -> None:
        data["actions"]["leave"] = {}
        phase(data)["optional_actions"] = [*phase(data).get("optional_actions", ()), "leave"]

    assert found(change) == []


def looping(**more: object) -> list[str]:
    roles = {name: {"agent": {"engine": "actor", "personality": {"role": "x"}}} for name in ("ann", "bob")}
    phases = {name: {"speakers": ["ann", "bob"], "order": "sequence", "next": [{"to": to}]}
              for name, to in (("x", "y"), ("y", "z"), ("z", "x"))}
    data = {"kind": "scenario", "name": "loop", "premise": "Talk.", "roles": roles,
            "flow": {"start": "x", "phases": phases}, "ends": [{"phrase": "stop"}], **more}
    return [problem.code for problem in validate([read_data(data)], {})]


def test_a_bound_that_is_written_out_counts() -> None:
    assert looping() == ["template.unbounded"], "one warning for one loop"
    assert looping(max_turns=200) == []
    assert looping(max_turns=90) == []
    assert looping(allow=["unbounded"]) == []


def test_knots_of_phases() -> None:
    assert knots({"a": ["b"], "b": ["c", "a"], "c": ["d"], "d": ["c"], "e": ["e"], "f": ["a"]}) in (
        [{"c", "d"}, {"a", "b"}, {"e"}], [{"a", "b"}, {"c", "d"}, {"e"}])
    chain = {f"p{number}": [f"p{number + 1}"] for number in range(20_000)}
    assert knots(chain) == []
