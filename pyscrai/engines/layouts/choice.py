"""Layouts by name."""

from __future__ import annotations

from collections.abc import Mapping

from pyscrai.engines.layouts.instruct import InstructLayout
from pyscrai.engines.layouts.layout import Layout
from pyscrai.engines.layouts.script import ScriptLayout

LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (InstructLayout(), ScriptLayout())}
"""The name that a model alias gives to its layout."""
