"""The process that runs an embedded model: ``python -m pyscrai.llm.embedded.child``, started by ``server.py``.

It is a process of its own because llama.cpp's server cannot be stopped inside one, and because several PyScrAI
processes of a user share it. It lives as long as someone holds the lease file, and a little longer.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from pathlib import Path

from pyscrai.llm.embedded.file_lock import FileLock

_POLL = 0.5


def main() -> None:
    """Go to the background and serve until nobody needs it; a reason for failing goes to stderr."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", required=True)
    parser.add_argument("--state", required=True, help="path without suffix of the files that users share")
    parser.add_argument("--name", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--idle", type=float, required=True)
    asked = parser.parse_args()
    state = Path(asked.state)
    alive = FileLock(state.with_suffix(".alive"))
    if not alive.try_acquire():
        sys.exit("another server of this model is running")
    # Whoever started this waits for the first process only. The second one inherits the lock and belongs to nobody, so
    # that it is no zombie when it ends. Forked before the runtime is imported: it has threads.
    if os.fork():
        os._exit(0)
    try:
        import xllamacpp
    except ImportError as error:
        sys.exit(f"ImportError: {error}")

    key = secrets.token_urlsafe(24)
    p = xllamacpp.CommonParams()
    p.model.path = asked.weights
    p.model_alias = {asked.name}
    p.n_parallel = asked.parallel
    p.n_ctx = asked.context * asked.parallel  # it is split across the slots
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = threads
    p.cache_ram_mib = 1024  # what roles said before, so that many roles share one slot; the default is 8 GiB
    p.hostnames, p.port = ["127.0.0.1"], 0
    p.api_keys = [key]
    p.fit_params = p.warmup = False  # looking for what fits a GPU, and a first empty run, more than double the start
    p.no_extra_bufts = True  # a second, rearranged copy of the weights: 0.6 GB, half the start, slower prompts
    p.verbosity = -1
    p.ui = False
    server = xllamacpp.Server(p)

    address = state.with_suffix(".json")
    new = address.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps({"url": server.listening_address, "key": key, "pid": os.getpid()}))
    new.replace(address)
    wait_until_unused(state, idle=asked.idle)
    address.unlink(missing_ok=True)
    # No clean-up: llama.cpp dead-locks in its destructor while a request is in flight, and the kernel frees all.
    os._exit(0)


def wait_until_unused(state: Path, *, idle: float) -> None:
    """Return when no user has held the lease for ``idle`` seconds; the start lock is then held, and stays so.

    A new user takes the start lock before the lease. So either it comes first, and finds this server alive and
    leased, or it waits at the lock until this process has ended, and starts another.
    """
    lease, start = FileLock(state.with_suffix(".lease")), FileLock(state.with_suffix(".lock"))
    used = time.monotonic()
    while True:
        time.sleep(min(_POLL, idle / 2))
        if not lease.try_acquire():
            used = time.monotonic()
        elif time.monotonic() - used >= idle and start.try_acquire():
            return
        else:
            lease.release()


if __name__ == "__main__":
    main()
