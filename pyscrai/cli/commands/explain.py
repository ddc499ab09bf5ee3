"""``pyscrai explain``: what an error code means, what causes it and what cures it."""

from __future__ import annotations

import re
from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.open_page import open_page
from pyscrai.cli.parameters import AsJson
from pyscrai.cli.terminal import output
from pyscrai.errors import NotFound

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


async def explain(
    code: Annotated[str, Parameter(name="CODE", help="As errors show it in brackets: template.expression.")], /, *,
    browser: Annotated[bool, Parameter(help="Open the code's page in a browser.")] = False, as_json: AsJson = False,
) -> int:
    """Say what an error code means, its cause and its cure."""
    from pyscrai.did_you_mean import instead
    from pyscrai.documentation.error_codes.table import ERROR_CODES, address

    plain = code.strip("[]: ")
    found = ERROR_CODES.get(plain)
    if found is None:
        alike = [known for known in ERROR_CODES if known.partition(".")[2] == plain]
        raise NotFound(f"there is no error code {plain!r}", code="docs.code",
                       cure=f"did you mean {' or '.join(alike)}?" if alike else instead(plain, list(ERROR_CODES)))
    if browser:
        return await open_page(f"docs/{address(plain)}", key="docs", port=None, no_browser=False, as_json=as_json)
    if as_json:
        output.json_line({"code": found.code, "meaning": found.meaning, "cause": found.cause, "cure": found.cure})
        return 0
    for part in (f"{found.code}: {found.meaning}", f"Cause: {found.cause}", f"Cure: {found.cure}"):
        output.tell(_LINK.sub(r"\1", part))
    return 0
