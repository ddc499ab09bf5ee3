"""The frame of the command line: help, errors, exit codes, logs, and what a start costs."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from pyscrai import errors
from pyscrai.cli.command_table import COMMANDS
from pyscrai.cli.error_report import report
from pyscrai.cli.exit_codes import OF_ERROR, Exit, of_error, of_run
from pyscrai.cli.log_setup import configure_logs
from pyscrai.cli.main import main
from pyscrai.cli.terminal.table import _fitting, table
from pyscrai.config.settings import load_settings
from pyscrai.errors import Problem, StorageError, TemplateError
from tests.cli.conftest import Pyscrai

HEAVY = ("langchain", "langgraph", "sqlalchemy", "fastapi", "openai", "xllamacpp", "httpx", "jinja2", "ruamel", "cel",
         "structlog", "alembic", "genai_prices", "pyarrow")


def test_help_names_every_command(pyscrai: Pyscrai, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        said = pyscrai("--help")
        assert said.code == 0
        assert max(map(len, said.out.splitlines())) <= width
        assert all(f"│ {name} " in said.out for name in COMMANDS)
    assert pyscrai().out == said.out, "no command is a question for help"


FOR_EYES = {"demo", "studio"}
"""Commands that give no data: a play to look at, and another's server."""


@pytest.mark.parametrize("command", [*COMMANDS, "templates list", "templates show", "templates add", "models list",
                                     "models check", "models install", "db upgrade", "db path"])
def test_every_command_has_help(pyscrai: Pyscrai, command: str) -> None:
    said = pyscrai(*command.split(), "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: pyscrai {command}")
    assert said.err == ""
    assert "[default: None]" not in said.out
    if not COMMANDS.get(command, ("", "", ""))[1].endswith(":app") and command not in FOR_EYES:
        assert "--json" in said.out


def test_the_version(pyscrai: Pyscrai) -> None:
    assert pyscrai("--version").out.startswith("pyscrai 0.")


def test_help_imports_nothing_heavy() -> None:
    code = ("import sys\nfrom pyscrai.cli.main import main\nmain(['--help'])\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not {name for name in loaded if name.startswith(HEAVY)}


EVERY_HELP = """
import contextlib, importlib, io, os, sys
from pyscrai.cli.app import run
from pyscrai.cli.command_table import COMMANDS

heavy = tuple(sys.argv[1:])

def helped(words):
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        run([*words, "--help"])
    found = {name for name in heavy for module in sys.modules
             if module == name or module.startswith((name + ".", name + "_"))}
    helps = said.getvalue().startswith("Usage: pyscrai " + " ".join(words))
    print(*words, helps, *sorted(found), sep="\\t", flush=True)
    os._exit(0)

for name, (_, target, _) in COMMANDS.items():
    helped([name])
    if target.endswith(":app"):
        app = importlib.import_module(target.partition(":")[0]).app
        for each in app:
            if not each.startswith("-"):
                helped([name, each])
"""
"""Asks every command for help, each in a process that has imported nothing but the frame, and the groups before it."""


def test_the_help_of_every_command_imports_no_engine_and_no_database() -> None:
    """What a command needs to do its work is imported when it does it; its help is there in a moment."""
    heavy = [name for name in HEAVY if name not in ("ruamel", "structlog")]  # a few hundredths of a second
    done = subprocess.run([sys.executable, "-c", EVERY_HELP, *heavy, "pyscrai.engines", "pyscrai.databases"],
                          capture_output=True, text=True, check=True)
    told = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in told} == set(COMMANDS)
    assert len(told) > len(COMMANDS) + 15
    slow = {" ".join(line[:line.index("True")]): line[line.index("True") + 1:] for line in told}
    assert {name: found for name, found in slow.items() if found} == {}


def test_every_error_has_an_exit_code() -> None:
    kinds = [each for each in vars(errors).values()
             if isinstance(each, type) and issubclass(each, errors.PyscraiError)]
    assert {kind for kind in kinds if not any(issubclass(kind, known) for known, _ in OF_ERROR)} == set()
    assert of_error(TemplateError([])) is Exit.USAGE
    assert of_error(errors.WrongState("")) is Exit.USAGE
    assert of_error(errors.Fenced("")) is Exit.FAILED
    assert of_error(StorageError("")) is Exit.FAILED
    assert of_error(errors.ModelTimeout("")) is Exit.FAILED


@pytest.mark.parametrize(("status", "limit", "interrupted", "code"), [
    ("completed", False, False, 0), ("completed", True, False, 3), ("completed", False, True, 0),
    ("failed", False, False, 1), ("failed", False, True, 130), ("stopped", False, False, 1),
    ("waiting", False, False, 4), ("paused", False, False, 4), ("paused", False, True, 130),
    ("running", False, True, 130)])
def test_exit_codes_of_runs(status: str, limit: bool, interrupted: bool, code: int) -> None:
    assert of_run(status, {"limit": limit}, interrupted=interrupted) == code


def test_an_unforeseen_error_is_a_message(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYSCRAI_DEBUG", raising=False)
    assert report(ZeroDivisionError("by zero"), as_json=True) == 1
    out, err = capsys.readouterr()
    assert "ZeroDivisionError: by zero" in err
    assert "Traceback" not in err
    assert json.loads(out)["error"]["code"] == "internal"
    monkeypatch.setenv("PYSCRAI_DEBUG", "1")
    report(ZeroDivisionError("by zero"), as_json=False)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_all_problems_of_a_template_are_told_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("template.x", "this is\nwrong", "roles.a", 1, "mend it\x1b[2J", "a.yaml", 3, 7),
                Problem("template.y", "so is this", severity="warning")]
    assert report(TemplateError(problems), as_json=True) == 2
    out, err = capsys.readouterr()
    assert err.splitlines() == ["error [template.x]: a.yaml:3:7: roles.a: this is wrong (mend it[2J)",
                                "warning [template.y]: so is this"]
    assert [problem["line"] for problem in json.loads(out)["error"]["problems"]] == [3, None]


def test_logs_carry_their_context_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        configure_logs(load_settings(log_level="info", log_format="json"))
        with structlog.contextvars.bound_contextvars(run_id="run_1", turn=3, role="ada"):
            structlog.get_logger("pyscrai.x").info("asked", tokens=12)
            structlog.get_logger("pyscrai.x").debug("unheard")
            logging.getLogger("some.library").warning("beware")
            logging.getLogger("some.library").info("chatter")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
    out, err = capsys.readouterr()
    assert out == ""
    asked, beware = map(json.loads, err.splitlines())
    assert (asked["event"], asked["run_id"], asked["turn"], asked["role"], asked["tokens"]) == (
        "asked", "run_1", 3, "ada", 12)
    assert (beware["event"], beware["level"], beware["run_id"]) == ("beware", "warning", "run_1")


def test_the_documented_exit_codes_are_the_real_ones() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    table = text.partition("## Exit codes")[2]
    assert [int(line.split("|")[1]) for line in table.splitlines() if line.startswith("| ") and line[2].isdigit()
            ] == [int(code) for code in Exit]
    assert all(f"`pyscrai {name}" in text for name in COMMANDS)


def test_a_narrow_terminal_keeps_ids_whole_and_leaves_out_what_is_needed_least() -> None:
    head = ("Run", "Status", "Scenario", "Made")
    rows = [["run_1jq6ky2s8wz3", "completed", "reservoir-crisis@1.0.0", "today"]]
    whole, optional = ("Run", "Status"), ("Made", "Scenario")
    assert _fitting(head, rows, 60, whole, optional) == [0, 1, 2, 3]
    assert _fitting(head, rows, 44, whole, optional) == [0, 1, 2]
    assert _fitting(head, rows, 20, whole, optional) is None


def test_a_terminal_that_is_too_narrow_for_columns_gets_a_line_for_each_cell(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    table(("Contrast", "Difference", "p", "Finding"), [
        ("sorry − plain", "−0.278", "0.031", "the smallest effect that matters is ruled out"),
        ("blame − plain", "0", "", "inconclusive")], right=("Difference", "p"), whole=("Contrast", "Finding"))
    assert capsys.readouterr().out == (
        "Contrast    sorry − plain\nDifference  −0.278\np           0.031\n"
        "Finding     the smallest effect that\n            matters is ruled out\n\n"
        "Contrast    blame − plain\nDifference  0\nFinding     inconclusive\n")


def test_help_reads_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["keys", "create", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "[default: control]" in shown
    assert "--NAME" not in shown
    assert main(["run", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("Ctrl-C"))
    assert all(len(line) > 80 for line in lines[begin:begin + 2]), "the paragraph is wrapped as one"


def test_bytes_of_an_argument_that_are_no_text_become_text(pyscrai: Pyscrai, home: Path) -> None:
    said = pyscrai("run", "talk.yaml", "--model", "scripted", "--tag", "a\udcffb", "--json")
    assert said.code == 0
    row = next(row for row in pyscrai("runs", "--json").lines if row["run_id"] == said.last["run_id"])
    assert row["tags"] == ["a\ufffdb"]
