"""Parameters that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON, one object a line.")]
RunId = Annotated[str, Parameter(name="RUN", help="A run's id, a unique beginning of it, or `last`.")]
Role = Annotated[str | None, Parameter(name="--role", help="Only this role.")]
Turn = Annotated[int | None, Parameter(name="--turn", help="Only this turn.")]
Target = Annotated[Path | None, Parameter(name=("--output", "-o"), help="The file to write; stdout if left out.")]
