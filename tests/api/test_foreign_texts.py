"""Texts that others send are read one after the other, and never keep the rest of the server from its work."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pyscrai.databases.api.foreign_texts import MOST_WAITING, ForeignTexts
from pyscrai.errors import RunError


async def test_another_text_is_refused_while_many_wait() -> None:
    texts, gate, most = ForeignTexts(), threading.Event(), 0
    running = 0

    def work() -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        gate.wait()
        running -= 1
        return "read"

    waiting = [asyncio.create_task(texts.work(work)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RunError, match="wait to be checked") as refused:
        await texts.work(work)
    assert (refused.value.code, refused.value.details["retry_after"]) == ("request.busy", 5)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "the pool is free"), 10) == "the pool is free"
    gate.set()
    assert await asyncio.gather(*waiting) == ["read"] * MOST_WAITING
    assert most == 1
    assert await texts.work(lambda: "again") == "again"
    texts.close()


async def test_what_waits_is_given_up_when_the_server_closes() -> None:
    texts, gate = ForeignTexts(), threading.Event()
    first, second = (asyncio.create_task(texts.work(gate.wait)) for _ in range(2))
    await asyncio.sleep(0)
    texts.close()
    gate.set()
    assert await first
    with pytest.raises(asyncio.CancelledError):
        await second
