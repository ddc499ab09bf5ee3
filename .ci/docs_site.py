"""What mkdocs is told beside its file: pages for error codes, codes in texts as links, notes for tests left out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / ".ci")]

from docs_gallery import scenario_pages  # noqa: E402

from pyscrai.documentation.error_code import ErrorCode  # noqa: E402
from pyscrai.documentation.error_codes.table import ERROR_CODES  # noqa: E402
from pyscrai.experiments.json_schemas import SCHEMAS  # noqa: E402
from pyscrai.exports.json_text import dumps  # noqa: E402

NOTE = re.compile(r"^[ \t]*<!-- (?:example|end):?.*?-->\n", re.MULTILINE)
IMPORT = re.compile(r"""(?:from|import) ?["'](\.[^"']+)["']""")

WEB = ROOT / "pyscrai" / "viewer" / "web"
EDITOR = "components/yaml_editor.js"
"""The viewer's editor, which makes examples editors."""

CODE = re.compile(r"<code>([a-z_-]+(?:\.[a-z_]+)?)</code>")

SCENARIOS = scenario_pages()


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Add a page for each error code, and the list of them."""
    for code in ERROR_CODES.values():
        files.append(File.generated(config, f"errors/{code.code}.md", content=page(code)))
    for name, text in SCENARIOS.items():
        files.append(File.generated(config, f"gallery/{name}.md", content=text))
    for kind, make in SCHEMAS.items():
        files.append(File.generated(config, f"schemas/{kind}.schema.json", content=dumps(make(), indent=2)))
    for name in modules(EDITOR):
        files.append(File.generated(config, f"assets/editor/{name}", content=(WEB / name).read_text(encoding="utf-8")))
    return files


def modules(first: str) -> list[str]:
    """The viewer's modules that a module needs, itself included, by their paths below the viewer's folder."""
    found, waiting = dict[str, None](), [first]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            folder = (WEB / name).parent
            waiting += [(folder / path).resolve().relative_to(WEB).as_posix()
                        for path in IMPORT.findall((WEB / name).read_text(encoding="utf-8"))]
    return list(found)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Leave out what is for the tests of examples alone, and put the list of codes in its place."""
    text = NOTE.sub("", markdown)
    return text.replace("<!-- error codes -->", "\n".join(table()))


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Make every error code in a text a link to its page."""
    up = "../" * page.url.rstrip("/").count("/") + ("../" if page.url else "")

    def linked(found: re.Match[str]) -> str:
        code = found[1]
        if code in SCENARIOS and page.url == "gallery/":
            return f'<a href="{code}/">{found[0]}</a>'
        if code not in ERROR_CODES or "." not in code or page.url == f"errors/{code}/":
            return found[0]
        return f'<a href="{up}errors/{code}/">{found[0]}</a>'

    return CODE.sub(linked, html)


def page(code: ErrorCode) -> str:
    """The page of a code."""
    return (f"---\ntitle: {code.code}\n---\n\n# `{code.code}`\n\n{code.meaning}\n\n## Cause\n\n{code.cause}\n\n"
            f"## Cure\n\n{code.cure}\n\n---\n\nIn a terminal: `pyscrai explain {code.code}`. "
            "[All codes](../reference/errors.md)\n")


def table() -> Iterator[str]:
    """All codes, by family."""
    families: dict[str, list[ErrorCode]] = {}
    for code in ERROR_CODES.values():
        families.setdefault(code.code.partition(".")[0], []).append(code)
    for family in sorted(families):
        yield f"\n## {family}\n\n| code | meaning |\n|---|---|"
        for code in sorted(families[family], key=lambda each: each.code):
            yield f"| `{code.code}` | {code.meaning} |"
