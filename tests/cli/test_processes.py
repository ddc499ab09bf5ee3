"""The command as a process of its own: signals, pipes and a terminal with a person at it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest

from tests.cli.conftest import Pyscrai, Said
from tests.fakeserver import FakeOpenAI, Hang

PYSCRAI = (sys.executable, "-m", "pyscrai")


@pytest.fixture
async def server(home: Path) -> AsyncIterator[FakeOpenAI]:
    """A model with the alias ``fake``."""
    async with FakeOpenAI() as server:
        (home / "pyscrai.toml").write_text(f'[models.fake]\nbase_url = "{server.base_url}"\nmodel = "fake"\n')
        yield server


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*PYSCRAI, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                                stdin=subprocess.DEVNULL)


async def here(pyscrai: Pyscrai, *arguments: object) -> Said:
    """A command in this process: a new one takes seconds to start."""
    return await asyncio.to_thread(pyscrai, *arguments)


async def until(server: FakeOpenAI, requests: int) -> None:
    async with asyncio.timeout(60):
        while len(server.requests) < requests:
            server.arrived.clear()
            await server.arrived.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_pauses_and_goes_on(server: FakeOpenAI, pyscrai: Pyscrai, number: signal.Signals
                                                     ) -> None:
    server.latency = 0.5
    process = await start("run", "talk.yaml", "--model", "fake", "--json")
    await until(server, 2)
    process.send_signal(number)
    out, err = await process.communicate()
    assert process.returncode == 130, err.decode()
    *events, last = [json.loads(line) for line in out.splitlines()]
    assert last["status"] == "paused"
    assert events[-1]["kind"] == "run_paused"
    assert b"pausing after this turn" in err
    server.latency = 0.0
    asked = len(server.requests)
    said = await here(pyscrai, "resume", last["run_id"], "--json")
    assert said.code == 0, said.err
    more = said.lines
    assert more[-1]["status"] == "completed"
    told = [event for event in (*events, *more[:-1]) if event["kind"] == "utterance"]
    assert [event["turn"] for event in told] == [1, 2, 3, 4], "none lost, none twice"
    assert len(server.requests) == more[-1]["usage"]["calls"] > asked, "no recorded call is made again"


async def test_the_second_signal_cuts_off(server: FakeOpenAI, pyscrai: Pyscrai) -> None:
    server.plan(Hang())
    process = await start("run", "talk.yaml", "--model", "fake", "--json")
    await until(server, 1)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert b"again cuts it off" in await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 130, err.decode()
    last = json.loads(out.splitlines()[-1])
    assert last["status"] == "paused"
    said = await here(pyscrai, "resume", last["run_id"], "--json")
    assert said.code == 0, said.err
    assert [event["turn"] for event in said.lines[:-1] if event["kind"] == "utterance"] == [1, 2, 3, 4]


async def test_a_reader_that_leaves_pauses_the_run(server: FakeOpenAI, pyscrai: Pyscrai) -> None:
    server.latency = 0.2
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(*PYSCRAI, "run", "talk.yaml", "--model", "fake", "--json",
                                                   stdout=write, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    os.close(write)
    await until(server, 1)
    os.close(read)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 141
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err
    assert (await here(pyscrai, "runs", "--json")).last["status"] == "paused"


def test_where_there_is_no_room_for_the_output_one_message_says_so(pyscrai: Pyscrai) -> None:
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run([*PYSCRAI, "templates", "list", "--json"], stdout=full, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert found.returncode == 2
    said = found.stderr.decode()
    assert said.splitlines()[0] == "error [output.file]: the output cannot be written: No space left on device"
    assert "Traceback" not in said


class Terminal:
    """A pseudo-terminal with a command on it."""

    def __init__(self, *arguments: str, width: int = 80) -> None:
        self._mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, width, 0, 0))
        self._process = subprocess.Popen((*PYSCRAI, *arguments), stdin=theirs, stdout=theirs, stderr=theirs,
                                         env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True)
        os.close(theirs)
        self.seen = ""
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._mine, self._read)

    def _read(self) -> None:
        try:
            piece = os.read(self._mine, 65_536)
        except OSError:  # how a terminal says that nobody is left
            piece = b""
        if not piece:
            asyncio.get_running_loop().remove_reader(self._mine)
        self.seen += piece.decode(errors="replace")
        self._news.set()

    @property
    def text(self) -> str:
        """What was shown since the last line was typed, without its colours."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen)

    async def sees(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.text:
                self._news.clear()
                await self._news.wait()

    def type(self, line: str) -> None:
        self.seen = ""
        os.write(self._mine, line.encode() + b"\n")

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    async def ends(self) -> int:
        return await asyncio.to_thread(self._process.wait, 60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        asyncio.get_running_loop().remove_reader(self._mine)
        os.close(self._mine)


async def test_a_person_plays_at_the_terminal(pyscrai: Pyscrai) -> None:
    with Terminal("run", "duel.yaml", "--play", "seller=Kim") as terminal:
        await terminal.sees("\nSeller: ")
        assert "You alone know: The lamp is broken." in terminal.text
        terminal.type("A fine lamp!")
        await terminal.sees("To (")
        terminal.type("all")
        await terminal.sees("Price (1–100): ")
        terminal.type("90")
        await terminal.sees("Mood (calm, cross): ")
        terminal.type("calm")
        await terminal.sees("● completed")
        assert await terminal.ends() == 0
        assert "\x1b[" in terminal.seen
    events = (await here(pyscrai, "events", "last", "--json")).lines
    mine = next(event for event in events if event["kind"] == "utterance" and event["source"] == "seller")
    assert (mine["payload"]["text"], mine["payload"]["played_by"]) == ("A fine lamp!", "Kim")
    offer = next(event for event in events if event["kind"] == "action" and event["source"] == "seller")
    assert offer["payload"]["arguments"] == {"price": 90, "mood": "calm"}


async def test_a_step_asks_nobody_at_this_terminal_for_what_another_person_plays(pyscrai: Pyscrai) -> None:
    assert (await here(pyscrai, "run", "duel.yaml", "--play", "seller=Kim", "--json")).code == 4
    with Terminal("step", "last") as terminal:
        await terminal.sees("waiting for Kim, who plays Seller")
        assert await terminal.ends() == 4
        assert "pyscrai resume" in terminal.text
    with Terminal("resume", "last") as terminal:
        await terminal.sees("\nSeller: ")
        terminal.interrupt()
        assert await terminal.ends() == 130


async def test_a_person_can_leave_and_answer_later(pyscrai: Pyscrai) -> None:
    with Terminal("run", "duel.yaml", "--play", "seller", width=40) as terminal:
        await terminal.sees("\nSeller: ")
        terminal.interrupt()
        assert await terminal.ends() == 130
    said = await here(pyscrai, "resume", "last", "--json")
    assert said.code == 4
    assert said.last["status"] == "waiting"
    assert said.last["waiting"]["role"] == "seller"
    said = await here(pyscrai, "resume", "last", "--answer", "Buy it.")
    assert said.code == 2, "an offer must be made too"
    assert "answer with JSON of this schema" in said.err
    answer = json.dumps({"text": "Buy it.", "to": "all", "actions": {"offer": {"price": 80}}})
    said = await here(pyscrai, "resume", "last", "--answer", answer, "--as", "Kim", "--json")
    assert said.code == 0, said.err
    assert said.last["status"] == "completed"
