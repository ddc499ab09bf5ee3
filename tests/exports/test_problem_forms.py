"""Problems as SARIF, which the published schema decides, and as annotations of GitHub Actions."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from pyscrai.errors import Problem
from pyscrai.exports.annotation import annotation
from pyscrai.exports.json_text import dumps
from pyscrai.exports.sarif import sarif_log

SCHEMA = Path(__file__).parents[1] / "fixtures" / "sarif-schema-2.1.0.json.gz"
"""The committee's own (OASIS SARIF TC, sarif-2.1/schema), as it was published."""

TEXT = st.text(max_size=40)

PROBLEMS = st.builds(
    Problem, code=st.sampled_from(["template.expression", "template.unknown_role_or_group", "made.up"]), message=TEXT,
    field=TEXT, value=st.one_of(st.none(), st.integers(), TEXT), cure=st.none() | TEXT,
    file=st.none() | TEXT.filter(bool).filter(lambda text: "\0" not in text), line=st.none() | st.integers(1, 9999),
    column=st.none() | st.integers(1, 999), severity=st.sampled_from(["error", "warning"]))


@cache
def validator() -> Draft4Validator:
    schema = json.loads(gzip.decompress(SCHEMA.read_bytes()))
    assert schema["id"].endswith("sarif-schema-2.1.0.json")
    return Draft4Validator(schema)


@settings(max_examples=25, deadline=None)
@given(st.lists(PROBLEMS, max_size=4))
def test_a_log_is_sarif(problems: list[Problem]) -> None:
    log = json.loads(dumps(sarif_log(problems)))
    validator().validate(log)
    run = log["runs"][0]
    assert len(run["results"]) == len(problems)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result, problem in zip(run["results"], problems, strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == problem.code


def test_the_schema_would_tell() -> None:
    log = sarif_log([Problem("template.expression", "wrong", file="a.yaml", line=1)])
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator().is_valid(log)


def test_a_result_names_its_place_and_its_rule_says_the_cure() -> None:
    problem = Problem("template.expression", "no such name", field="ends[0].when", value="vars.x", cure="declare it",
                      file="plays/two words.yaml", line=3, column=7)
    log = sarif_log([problem])
    result = log["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("plays/two%20words.yaml",
                                                                   {"startLine": 3, "startColumn": 7})
    assert result["message"]["text"] == "ends[0].when: no such name (declare it)"
    assert "pyscrai explain template.expression" in log["runs"][0]["tool"]["driver"]["rules"][0]["help"]["text"]
    moved = Problem(**{**problem.as_dict(), "line": 40})
    assert sarif_log([moved])["runs"][0]["results"][0]["partialFingerprints"] == result["partialFingerprints"]


@settings(max_examples=60, deadline=None)
@given(PROBLEMS)
def test_an_annotation_is_one_command_that_reads_back(problem: Problem) -> None:
    text = annotation(problem)
    assert len(text.splitlines()) <= 1 or "\n" not in text
    found = re.fullmatch(r"::(error|warning) ([^\n]*?)::([^\n]*)", text)
    assert found is not None
    properties = dict(part.split("=", 1) for part in found[2].split(","))
    assert set(properties) <= {"file", "line", "col", "title"}
    assert unquote(properties["title"]) == problem.code
    if problem.line is not None:
        assert properties["line"] == str(problem.line)


@pytest.mark.parametrize(("text", "written"), [("a\nb", "a%0Ab"), ("100%", "100%25"), ("%0A", "%250A")])
def test_what_would_end_a_command_is_escaped(text: str, written: str) -> None:
    assert annotation(Problem("a.b", text)) == f"::error title=a.b::{written}"
