"""What a user installs: the source distribution makes the wheel, which carries all that is no code, plays, and opens
the viewer and the documentation from an empty environment."""

from __future__ import annotations

import json
import signal
import site
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import with_module

ROOT = Path(__file__).parent.parent
PLAY = ("pyscrai", "run", "two-agent-conversation", "--model", "scripted", "--json")

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is made of the source distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    with_module("build", "--no-isolation", "--wheel", "--outdir", str(folder), str(unpacked))
    return next(folder.glob("pyscrai-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of an environment with the wheel; the libraries it needs are lent by this one."""
    home = tmp_path_factory.mktemp("env") / "venv"
    with_module("venv", "--without-pip", str(home))
    python = str(home / "bin" / "python")
    with_module("pip", "--python", python, "install", "-qq", "--no-deps", "--no-index", str(wheel))
    packages = next((home / "lib").glob("python*")) / "site-packages"
    lent = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (packages / "lent.pth").write_text("\n".join(lent), encoding="utf-8")
    return home / "bin"


def run(installed: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run from an empty folder, with an empty HOME and nothing of this shell's settings."""
    home.mkdir(exist_ok=True)
    environment = {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run([str(installed / command[0]), *command[1:]], cwd=home, env=environment, text=True,
                          capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=120)


def test_the_wheel_carries_what_is_no_code(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())

    def expected(folder: Path, pattern: str, inside: str) -> set[str]:
        found = {f"{inside}/{path.relative_to(folder).as_posix()}" for path in folder.rglob(pattern) if path.is_file()}
        assert found, folder
        return found

    library = ROOT / "pyscrai" / "templates" / "library"
    migrations = ROOT / "pyscrai" / "databases" / "migrations"
    assert not expected(ROOT / "prompts", "*.j2", "pyscrai/_prompts") - carried
    assert not expected(library, "*.yaml", "pyscrai/templates/library") - carried
    assert not expected(migrations, "*.py", "pyscrai/databases/migrations") - carried
    assert not expected(ROOT / "pyscrai" / "viewer" / "web", "*.js", "pyscrai/viewer/web") - carried
    assert not expected(library.parent / "starters", "*.yaml", "pyscrai/templates/starters") - carried
    assert {"pyscrai/_docs/index.html", "pyscrai/_docs/search/search_index.json",
            "pyscrai/_docs/how-to/editor/index.html", "pyscrai/_docs/schemas/any.schema.json",
            "pyscrai/cli/completion/pyscrai.zsh", "pyscrai/cli/completion/table.json", "pyscrai/py.typed"} <= carried
    assert not [name for name in carried if name.split("/")[0] != "pyscrai" and ".dist-info/" not in name]


def test_what_is_imported_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path / "home", "python", "-c", "import pyscrai; print(pyscrai.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed.parent), done.stderr


def test_it_plays_a_scripted_scenario(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path / "home", *PLAY)
    assert done.returncode in (0, 3), done.stderr
    *events, last = (json.loads(line) for line in done.stdout.splitlines())
    assert {"run_id", "status", "outcome", "usage"} <= last.keys()
    assert last["status"] == "completed"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["kind"] == "utterance" for event in events) > 1


def test_its_record_can_be_read_back(installed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    played = run(installed, home, *PLAY)
    run_id = json.loads(played.stdout.splitlines()[-1])["run_id"]
    events = run(installed, home, "pyscrai", "events", run_id, "--json")
    assert events.returncode == 0, events.stderr
    assert len(events.stdout.splitlines()) == len(played.stdout.splitlines()) - 1
    replayed = run(installed, home, "pyscrai", "replay", run_id)
    assert replayed.returncode == 0, replayed.stderr


def requirements(folder: Path) -> list[str]:
    """What a build of a wheel asks for beside hatchling."""
    code = ("import hatchling.build as build, json; print(json.dumps([*build.get_requires_for_build_wheel()]))")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_source_distribution_makes_a_wheel_with_nothing_but_its_build_backend(unpacked: Path) -> None:
    assert requirements(unpacked) == []
    asked = requirements(ROOT)
    assert any(each.startswith("mkdocs-material") for each in asked)
    assert any(each.startswith("pydantic>") for each in asked), "pages are made from the code, which imports this"


def test_the_source_distribution_carries_what_the_repository_keeps(unpacked: Path) -> None:
    kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = {name for name in kept.split("\0") if name and (ROOT / name).is_file()}
    carried = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert {name for name in wanted - carried if not name.startswith((".github", ".docker"))} == set()
    assert (unpacked / "build" / "docs" / "index.html").is_file()


def test_it_serves_the_viewer_and_the_documentation(installed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    server = subprocess.Popen([str(installed / "pyscrai"), "serve", "--port", str(port)], cwd=home, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until(port)
        for path, holds in (("/", "<title>"), ("/docs/", "PyScrAI"), ("/docs/how-to/editor/", "yaml.schemas"),
                            ("/docs/errors/template.expression/", "Cure"), ("/docs/search/search_index.json", "docs"),
                            ("/docs/schemas/any.schema.json", "urn:pyscrai:schema:any:1")):
            status, text = fetched(port, path)
            assert (status, holds in text) == (200, True), path
    finally:
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=30)
    assert "Traceback" not in said
    assert not (home / "build").exists()


def until(port: int) -> None:
    """Wait until the server answers."""
    limit = time.monotonic() + 90
    while True:
        try:
            fetched(port, "/docs/")
            return
        except OSError:
            assert time.monotonic() < limit, "the server does not answer"
            time.sleep(0.2)


def fetched(port: int, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        status, text, moved = answer.status, answer.read().decode(), answer.getheader("location")
    return fetched(port, moved) if moved else (status, text)
