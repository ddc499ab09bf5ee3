"""``pyscrai studio``: LangGraph Studio's server with scenarios of one's own."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pyscrai.errors import ConfigError


async def studio(
    scenarios: Annotated[Sequence[str], Parameter(
        name="SCENARIO", help="Files, or shipped or stored scenarios; all that are shipped if left out.")] = (), /, *,
    port: Annotated[int, Parameter(help="The port on 127.0.0.1.")] = 2024,
) -> int:
    """Serve scenarios to LangGraph Studio, on this machine alone, offline; each is a graph by its name.

    It needs the extra `studio` (`pip install 'pyscrai[studio]'`). A file is read at the start: after a change, start it
    again. Ctrl-C ends it.
    """
    if importlib.util.find_spec("langgraph_cli") is None or importlib.util.find_spec("langgraph_api") is None:
        raise ConfigError("LangGraph Studio's server is not installed", code="config.extra",
                          cure="pip install 'pyscrai[studio]'")
    with tempfile.TemporaryDirectory(prefix="pyscrai-studio-") as folder:
        config = await _project(Path(folder), scenarios)
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "langgraph_cli", "dev", "--config", str(config), "--host", "127.0.0.1", "--port",
            str(port), "--no-browser", "--no-reload")
        with _passed_on(server):
            return await server.wait()


@contextmanager
def _passed_on(server: asyncio.subprocess.Process) -> Iterator[None]:
    """Whoever ends this process ends the server, which ends by itself and is waited for."""
    def end() -> None:
        with suppress(ProcessLookupError):
            server.terminate()

    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        with suppress(NotImplementedError):  # Windows: Ctrl-C reaches the server by itself
            loop.add_signal_handler(each, end)
    try:
        yield
    finally:
        for each in signals:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(each)


async def _project(folder: Path, scenarios: Sequence[str]) -> Path:
    """Write what Studio's server reads: a module for each graph, and the list of them.

    Raises:
        NotFound, TemplateError, RunError: a scenario cannot be had, or is wrong.
        ConfigError: two scenarios have one name.
    """
    from pyscrai.cli.scenario_argument import rehearsed
    from pyscrai.templates.library import files
    from pyscrai.templates.models.agent import AgentTemplate
    from pyscrai.templates.yaml_writer import dump_yaml

    graphs: dict[str, str] = {}
    for given in scenarios or [file.stem for file in files() if file.parent.name == "scenarios"]:
        template, find = await rehearsed(given)
        if template.name in graphs:
            raise ConfigError(f"two of the scenarios are called {template.name}", code="usage",
                              cure="name one of them, or give the other a name of its own")
        named = dict.fromkeys(role.agent for role in template.roles.values() if isinstance(role.agent, str))
        found = [agent for agent in map(find, named) if isinstance(agent, AgentTemplate)]
        agents = {(agent.name, agent.version): agent for agent in found}
        text = folder / f"{template.name}.yaml"
        text.write_text("---\n".join([dump_yaml(template), *map(dump_yaml, agents.values())]), encoding="utf-8")
        module = folder / f"graph_{len(graphs)}.py"
        module.write_text("from pyscrai.factories.studio_graphs import studio_graph\n\n"
                          f"graph = studio_graph({str(text)!r})\n", encoding="utf-8")
        graphs[template.name] = f"{module}:graph"
    entry = importlib.util.find_spec("pyscrai.databases.api.studio")
    assert entry is not None
    config = folder / "langgraph.json"
    config.write_text(json.dumps({
        "dependencies": ["."], "graphs": graphs, "http": {"app": f"{entry.origin}:app"},
        "checkpointer": {"path": f"{entry.origin}:checkpointer"}}), encoding="utf-8")
    return config
