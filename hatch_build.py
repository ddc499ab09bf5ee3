"""Builds the documentation's site into the wheel: `pyscrai docs` needs no network."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DocumentationHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts build/docs into the wheel as pyscrai/_docs; an editable install builds nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the site where a wheel is built."""
        if self.target_name != "wheel" or version == "editable":
            return
        os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
        from mkdocs.commands.build import build
        from mkdocs.config import load_config

        logging.getLogger("mkdocs").setLevel(logging.WARNING)
        root = Path(self.root)
        site = root / "build" / "docs"
        config = load_config(str(root / "mkdocs.yml"), site_dir=str(site))
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
        build_data["force_include"][str(site)] = "pyscrai/_docs"
