"""The one table of error codes; the pages and `pyscrai explain` are made from it."""

from __future__ import annotations

from collections.abc import Mapping

from pyscrai.documentation.error_code import ErrorCode
from pyscrai.documentation.error_codes import (
    experiment,
    model,
    request,
    run,
    settings,
    template_meaning,
    template_text,
)

ERROR_CODES: Mapping[str, ErrorCode] = {
    found.code: found for module in (template_text, template_meaning, run, model, settings, request, experiment)
    for found in module.CODES}
"""Every code that an error may have."""


def address(code: str | None) -> str:
    """The address of a code's page below the site; empty where the code is unknown."""
    return f"errors/{code}/" if code in ERROR_CODES else ""
