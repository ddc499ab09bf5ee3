"""``pyscrai models``: what models there are, whether they answer, and the weights of the embedded ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from pyscrai.cli import error_report
from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.config.providers import PROVIDERS
from pyscrai.redaction import public_url

if TYPE_CHECKING:
    from pyscrai.config.settings import ModelAlias, Settings
    from pyscrai.llm.embedded.weights import InstallProgress

app = App(name="models", help="List, check and install models.")


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the model aliases: built in, and from pyscrai.toml."""
    from pyscrai.config.settings import load_settings

    settings = load_settings()
    rows = [_described(alias, settings) for alias in settings.models.values()]
    if as_json:
        for row in rows:
            output.json_line(row)
        return
    from pyscrai.cli.terminal.table import table

    table(("", "Alias", "Kind", "Model", "Where", "State"), [
        ("●" if row["default"] else "", row["alias"], row["kind"], row["model"], row["where"], row["state"])
        for row in rows])
    output.note("● is what templates get that name no model; PROVIDER:MODEL needs no alias, for the providers "
                + ", ".join(PROVIDERS))


@app.command
async def detect(*, as_json: AsJson = False) -> None:
    """Find what can be used here: by keys in the environment, and by servers on your own machine."""
    from pyscrai.llm.model_detection import detect as detect_models  # imports an HTTP client: 0.1 s
    from pyscrai.llm.model_detection import in_one_line

    found = await detect_models()
    if as_json:
        for each in found:
            output.json_line(asdict(each))
        return
    if not found:
        keys = ", ".join(row.keys[0] for row in PROVIDERS.values() if row.keys and not row.is_local)
        local = ", ".join(row.title for row in PROVIDERS.values() if row.is_local)
        output.say("found none beside the embedded model")
        output.note(f"export one of {keys}; or start one of {local} on this machine")
        return
    output.say(f"use --model {in_one_line(found)}")
    for each in found:
        output.note(f"{each.title}, {each.how}: " + (", ".join(f"{each.prefix}:{model}" for model in each.models)
                                                    or f"any of its models, as {each.prefix}:MODEL"))


@app.command
async def check(alias: Annotated[str, Parameter(help="A model alias; the default one if left out.")] = "default", /, *,
                as_json: AsJson = False) -> Exit:
    """Ask a model something small: whether it is reachable, knows its model, and how fast it is."""
    from pyscrai.cli.log_setup import configure_logs
    from pyscrai.config.settings import load_settings
    from pyscrai.llm.model_check import check as check_model

    settings = load_settings()
    configure_logs(settings)
    found = await check_model(settings, alias)
    facts = asdict(found)
    if as_json:
        output.json_line(facts)
    else:
        for name, value in facts.items():
            if name != "error" and value not in (None, ""):
                output.say(f"{name.replace('_', ' '):<18} {_shown(value)}")
    if found.error is not None and not as_json:
        error_report.show(found.error)
    return Exit.COMPLETED if found.answered else Exit.FAILED


@app.command
async def install(
    name: Annotated[str | None, Parameter(help="`embedded` (1.1 GB), `embedded-tiny` (98 MB), or a name of your own "
                                               "for your own GGUF file.")] = None, /, *,
    source: Annotated[Path | None, Parameter(name="--from", help="Take your own GGUF file.")] = None,
    force: Annotated[bool, Parameter(help="Fetch again what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the weights of an embedded model into the cache and check them."""
    from pyscrai.config.settings import load_settings
    from pyscrai.llm.embedded.weights import install as install_weights

    settings = load_settings()
    if name is None:
        default = settings.alias()
        name = default.model if default.kind == "embedded" else "embedded"
    with _Progress(name) as progress:
        file = await install_weights(name, cache_dir=settings.cache_dir, source_file=source, force=force,
                                     progress=progress)
    if as_json:
        output.json_line({"name": name, "file": str(file), "bytes": file.stat().st_size})
    else:
        output.say(f"{name} is installed: {file}")


def _described(alias: ModelAlias, settings: Settings) -> dict[str, Any]:
    where, state = public_url(alias.base_url or ""), "ready"
    if alias.kind == "embedded":
        from pyscrai.llm.embedded.weights import installed, path

        where = str(path(alias.model, settings.cache_dir))
        state = "installed" if installed(alias.model, settings.cache_dir) else "not installed"
    elif alias.kind == "openai":
        if alias.api_key_env and not os.environ.get(alias.api_key_env):
            state = f"{alias.api_key_env} is not set"
    else:
        where, state = "no model: a double for tests and dry runs", "ready"
    return {"alias": alias.name, "kind": alias.kind, "model": alias.model, "where": where, "state": state,
            "default": alias.name == settings.model}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


class _Progress:
    """Shows an installation on stderr: a bar on a terminal, else a line per part."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told: tuple[int, int] | None = None
        self._bar: Any = None
        self._show: Callable[[InstallProgress], None] = self._line

    def __enter__(self) -> _Progress:
        console = output.console(stderr=True)
        if console.is_terminal:
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

            self._bar = Progress(
                TextColumn(self._name), BarColumn(), DownloadColumn(), TextColumn("{task.fields[part]}"),
                TransferSpeedColumn(), console=console)
            self._bar.start()
            self._task = self._bar.add_task(self._name, total=None, part="")
            self._show = self._draw
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, at: InstallProgress) -> None:
        self._show(at)

    def _draw(self, at: InstallProgress) -> None:
        part = f"part {min(at.part + 1, at.parts)}/{at.parts}" if at.parts else ""
        self._bar.update(self._task, total=at.total_bytes, completed=at.done_bytes, part=part)

    def _line(self, at: InstallProgress) -> None:
        if self._told != (at.part, at.parts):
            self._told = (at.part, at.parts)
            output.note(f"{self._name}: part {at.part} of {at.parts}, {at.done_bytes / 1e6:,.0f} of "
                        f"{at.total_bytes / 1e6:,.0f} MB")
