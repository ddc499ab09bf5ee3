"""Puts the documentation's site into what is built: `pyscrai docs` needs no network."""

from __future__ import annotations

import logging
import os
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

GENERATORS = ["mkdocs-material==9.8.2", "mkdocstrings-python==2.0.11"]


class DocumentationHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts build/docs into the source distribution as it is, and into the wheel as pyscrai/_docs.

    The site is built where the source is a checkout. A source distribution carries it, so that a wheel is made of it
    with nothing but hatchling. An editable install builds nothing.
    """

    def dependencies(self) -> list[str]:
        """The generators, and what the pages that are made from the code import."""
        if self._is_unpacked():
            return []
        project = tomllib.loads((Path(self.root) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return [*GENERATORS, *project["dependencies"]]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the site, if it is not here already."""
        if version == "editable":
            return
        if not self._is_unpacked():
            self._build()
        inside = "pyscrai/_docs" if self.target_name == "wheel" else "build/docs"
        build_data["force_include"][str(self._site)] = inside

    @property
    def _site(self) -> Path:
        return Path(self.root) / "build" / "docs"

    def _is_unpacked(self) -> bool:
        """Whether this is an unpacked source distribution with its site."""
        return (Path(self.root) / "PKG-INFO").is_file() and (self._site / "index.html").is_file()

    def _build(self) -> None:
        os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
        from mkdocs.commands.build import build
        from mkdocs.config import load_config

        log = logging.getLogger("mkdocs")
        log.setLevel(logging.WARNING)
        log.addHandler(logging.StreamHandler())  # or it would fail without a word
        config = load_config(str(Path(self.root) / "mkdocs.yml"), site_dir=str(self._site))
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
