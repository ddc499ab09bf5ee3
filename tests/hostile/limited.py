"""A piece of work in a child process that is killed when it takes too much time or memory."""

from __future__ import annotations

import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path


def assert_within(work: Callable[[], object], *, seconds: float, megabytes: int = 300) -> float:
    """Do the work with that much CPU time and that much memory on top of today's; the seconds that it took.

    A MemoryError, a crash and an assertion that fails in the child fail the test.
    """
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit = pages * resource.getpagesize() + megabytes * 1_000_000
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            signal.setitimer(signal.ITIMER_PROF, seconds)      # of CPU: a busy machine fails nothing; SIGPROF ends it
            signal.setitimer(signal.ITIMER_REAL, 20 * seconds)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    took = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(ended)
    assert code not in (-signal.SIGPROF, -signal.SIGALRM), f"it took more than {seconds} s"
    assert code == 0, f"the child ended with {code}"
    return took
