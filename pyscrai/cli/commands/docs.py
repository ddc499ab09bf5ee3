"""``pyscrai docs``: the documentation in a browser, with no network."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from pyscrai.cli.open_page import open_page
from pyscrai.cli.parameters import AsJson
from pyscrai.errors import NotFound

Page = Annotated[str | None, Parameter(name="PAGE", help=(
    "An error code, or a page's address below /docs/, such as `templates`; the first page if left out."))]


async def docs(
    page: Page = None, /, *, port: Annotated[int | None, Parameter(help="Port of the server.")] = None,
    no_browser: Annotated[bool, Parameter(help="Only say where it is.")] = False, as_json: AsJson = False,
) -> int:
    """Open the documentation in a browser.

    It is that of the server that runs on this machine; else a server is started, which Ctrl-C ends. Nothing is fetched
    from any other place.
    """
    from pyscrai.documentation.error_codes.table import address
    from pyscrai.documentation.site import site_file, site_folder

    if site_folder() is None:
        raise NotFound("the documentation was not built", code="docs.missing",
                       cure="`make docs` builds it in a checkout of the source; a wheel carries it")
    where = address(page) or page.strip("/") + "/" if page else ""
    if site_file(where) is None:
        raise NotFound(f"the documentation has no page {page!r}", code="docs.page",
                       cure="`pyscrai docs` opens the first page, which has a search")
    return await open_page(f"docs/{where}", key="docs", port=port, no_browser=no_browser, as_json=as_json)
