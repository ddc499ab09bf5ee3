"""What a user installs: the wheel carries prompts, templates and migrations, and plays from an empty environment."""

from __future__ import annotations

import json
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLAY = ("pyscrai", "run", "two-agent-conversation", "--model", "scripted", "--json")

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheel")]


def prepare(module: str, *arguments: str) -> None:
    """Run one of this environment's tools, or say what it said."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    prepare("build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return next(folder.glob("pyscrai-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of an environment with the wheel; the libraries it needs are lent by this one."""
    home = tmp_path_factory.mktemp("env") / "venv"
    prepare("venv", "--without-pip", str(home))
    python = str(home / "bin" / "python")
    prepare("pip", "--python", python, "install", "-qq", "--no-deps", "--no-index", str(wheel))
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
    assert {"pyscrai/_docs/index.html", "pyscrai/_docs/search/search_index.json"} <= carried
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
