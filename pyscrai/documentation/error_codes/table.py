"""The one table of error codes."""

from __future__ import annotations

from collections.abc import Mapping

from pyscrai.documentation.error_code import ErrorCode

ERROR_CODES: Mapping[str, ErrorCode] = {}
