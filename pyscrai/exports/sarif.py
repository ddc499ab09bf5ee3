"""Problems of templates as a SARIF 2.1.0 log, which code hosts and editors read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyscrai import __version__
from pyscrai.documentation.error_codes.table import ERROR_CODES
from pyscrai.errors import Problem
from pyscrai.exports.transcript_entry import clean
from pyscrai.plain_text import storable

VERSION = "2.1.0"
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
"""A link of the documentation, whose words alone are told elsewhere."""
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_log(problems: Sequence[Problem]) -> dict[str, Any]:
    """One run of the checker, with a rule for each code and a result for each problem."""
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "pyscrai", "semanticVersion": __version__, "rules": [_rule(code) for code in codes]}
    return {"$schema": SCHEMA, "version": VERSION, "runs": [{
        "tool": {"driver": driver}, "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes.index(problem.code)) for problem in problems]}]}


def _rule(code: str) -> dict[str, Any]:
    known = ERROR_CODES.get(code)
    if known is None:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": known.meaning},
            "fullDescription": {"text": _in_words(known.cause)},
            "help": {"text": f"{_in_words(known.cure)}\n\nIn a terminal: pyscrai explain {code}"}}


def _in_words(text: str) -> str:
    return _LINK.sub(r"\1", text)


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    field = f"{problem.field}: " if problem.field else ""
    cure = f" ({problem.cure})" if problem.cure else ""
    result: dict[str, Any] = {
        "ruleId": problem.code, "ruleIndex": rule, "level": problem.severity,
        "message": {"text": clean(f"{field}{problem.message}{cure}")},
        "partialFingerprints": {"problem/v1": _fingerprint(problem)}}
    if problem.file is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(problem.file)}}
        if problem.line is not None:
            place["region"] = {"startLine": problem.line,
                               **({} if problem.column is None else {"startColumn": problem.column})}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _fingerprint(problem: Problem) -> str:
    """The same for a problem that has moved to another line."""
    text = "\0".join((problem.code, problem.file or "", problem.field, storable(str(problem.value))))
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:32]


def _uri(file: str) -> str:
    path = Path(file)
    return quote(path.as_posix(), errors="surrogateescape") if not path.is_absolute() else path.as_uri()
