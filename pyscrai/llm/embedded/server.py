"""The server of an embedded model: a child process that all PyScrAI processes of a user share."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyscrai.config.settings import ModelAlias
from pyscrai.errors import ConfigError, ModelUnavailable
from pyscrai.llm.embedded import weights
from pyscrai.llm.embedded.file_lock import FileLock

READY_WITHIN = 120.0
"""Seconds that a child may take to load the weights; from a cold, slow disk that can be long."""
IDLE = 60.0
"""Seconds that a child waits for a next user before it ends."""
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Address:
    """The child's URL and the key that it generated."""

    base_url: str
    key: str = field(repr=False)


class EmbeddedServer:
    """A user's hold on the shared child for one set of weights and settings."""

    def __init__(self, alias: ModelAlias, cache_dir: Path, *, idle: float = IDLE) -> None:
        self.name = alias.model or alias.name
        self.file = weights.required(self.name, cache_dir)
        self.parallel = 1 if alias.reproducible else alias.parallel
        self.context = alias.context_tokens or 4096
        self.idle = idle
        about = [str(self.file), self.file.stat().st_mtime_ns, self.name, self.parallel, self.context,
                 alias.reproducible]
        digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]
        folder = cache_dir / "servers"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state = folder / f"{self.name}-{digest}"
        self._lease = FileLock(self.state.with_suffix(".lease"))

    async def open(self) -> Address:
        """Hold the child, starting it where none runs.

        Raises:
            ConfigError: the runtime or a system library is missing.
            ModelUnavailable: it did not come up.
        """
        start = FileLock(self.state.with_suffix(".lock"))
        try:
            await start.acquire(timeout=READY_WITHIN)
        except TimeoutError:
            raise ModelUnavailable(f"{self.name}: another process is starting the embedded model and does not end",
                                   alias=self.name) from None
        try:
            # Before anything else, so that the child cannot end between here and the first request.
            await self._lease.acquire(shared=True, timeout=READY_WITHIN)
            return await self._ready()
        except BaseException:
            self.close()
            raise
        finally:
            start.release()

    def close(self) -> None:
        """Let the child go; it ends when nobody holds it."""
        self._lease.release()

    def _alive(self) -> bool:
        probe = FileLock(self.state.with_suffix(".alive"))
        try:
            return not probe.try_acquire()
        finally:
            probe.release()

    def _spawn(self) -> None:
        with self.state.with_suffix(".log").open("wb") as log:
            started = subprocess.run(
                [sys.executable, "-m", "pyscrai.llm.embedded.child", "--weights", str(self.file),
                 "--state", str(self.state), "--name", self.name, "--parallel", str(self.parallel),
                 "--context", str(self.context), "--idle", str(self.idle)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
                # A session of its own: Ctrl-C in the terminal of one user must not end it for the others.
                start_new_session=True,
                # Threads that spin while they wait fall to a tenth of the speed when the cores are busy elsewhere;
                # those that never spin write a third fewer tokens a second than those that do for some microseconds.
                env={**os.environ, "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"},
            )
        if started.returncode != 0:  # it leaves a server in the background and ends
            raise self._failed()

    def _look(self, *, spawned: bool) -> tuple[str, str] | None:
        """One look at the child, starting it where there is none: its URL and key when it is ready."""
        address = self.state.with_suffix(".json")
        if not self._alive():
            if spawned:
                raise self._failed()
            address.unlink(missing_ok=True)
            self._spawn()
        elif address.exists():
            found: dict[str, Any] = json.loads(address.read_text())
            return found["url"].rstrip("/"), found["key"]
        return None

    async def _ready(self) -> Address:
        until, spawned = time.monotonic() + READY_WITHIN, False
        while time.monotonic() < until:
            found = await asyncio.to_thread(self._look, spawned=spawned)
            if found is None:
                spawned = True  # or somebody else did: then it lives now, and must go on living
            elif await _listens(found[0]):  # one that was just killed holds its lock until its memory is freed
                return Address(f"{found[0]}/v1", found[1])
            await asyncio.sleep(_POLL)
        raise ModelUnavailable(f"{self.name}: the embedded model was not ready within {READY_WITHIN:g} s",
                               alias=self.name, cure=f"see {self.state.with_suffix('.log')}")

    def _failed(self) -> ConfigError | ModelUnavailable:
        said = self.state.with_suffix(".log").read_text(errors="replace").strip()
        last = said.splitlines()[-1] if said else "it ended without a word"
        if "libgomp" in said:
            return ConfigError(f"{self.name}: the embedded model needs the system library libgomp: {last}",
                               code="embedded.libgomp", cure="install it, for instance `apt install libgomp1`")
        if "No module named" in last:
            return ConfigError(f"{self.name}: the embedded model's runtime is not installed: {last}",
                               code="embedded.runtime", cure="pip install xllamacpp, or use an alias with a base_url")
        return ModelUnavailable(f"{self.name}: the embedded model did not start: {last}", alias=self.name,
                                cure=f"see {self.state.with_suffix('.log')}; are the weights whole, is memory free?")


async def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return False
    writer.close()
    return True
