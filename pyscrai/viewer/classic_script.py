"""The viewer's modules as one classic script: a page on disk may load that, and no module.

Reads the forms of ``import`` and ``export`` that the viewer and what it ships use, and refuses others.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

MAIN = "main.js"

_BEGIN = r"(?:^|(?<=;)|(?<=\n)|(?<=\}))[ ]*"
_FROM = r"""from\s*"(?P<path>[^"\s]+)"\s*;?"""
_IMPORT = re.compile(_BEGIN + r"import\s*(?:(?P<whole>[\w$]+)\s*,?\s*)?"
                     r"(?:\{(?P<names>[^}]*)\}|\*\s*as\s+(?P<all>[\w$]+))?\s*" + _FROM)
_IMPORT_FOR_EFFECT = re.compile(_BEGIN + r"""import\s*"(?P<path>[^"\s]+)"\s*;?""")
_HANDED_ON = re.compile(_BEGIN + r"export\s*\{(?P<names>[^}]*)\}\s*" + _FROM)
_EXPORT_LIST = re.compile(_BEGIN + r"export\s*\{([^}]*)\}\s*;?")
_EXPORT_DEFAULT = re.compile(_BEGIN + r"export\s+default\s+")
_EXPORT_DECLARED = re.compile(r"^export\s+(?=(?:async\s+function\b\*?|function\b\*?|class|const|let)\s+([\w$]+))",
                              re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)", re.DOTALL | re.MULTILINE)
_LEFT = re.compile(r"(?:^|[;}\n])[ \t]*(?:import\s*[\w{*\"]|export(?:\s*[{*]|\s+\w))")


class UnreadModule(ValueError):
    """A module uses a form of ``import`` or ``export`` that is not read here, or modules import one another."""


def classic_script(modules: Mapping[str, str], main: str = MAIN) -> str:
    """One script of ``main`` and all that it imports, each module a function that runs once, in order.

    Args:
        modules: text by path.

    Raises:
        UnreadModule: a module cannot be read, or is not there.
    """
    order: list[str] = []
    parts: dict[str, str] = {}

    def visit(path: str, above: tuple[str, ...]) -> None:
        if path in above:
            raise UnreadModule(f"modules import one another: {' > '.join((*above, path))}")
        if path in parts:
            return
        if path not in modules:
            raise UnreadModule(f"{above[-1] if above else 'the page'} imports {path}, which is not there")
        text, wanted = _translated(path, modules[path])
        for each in wanted:
            visit(each, (*above, path))
        parts[path] = text
        order.append(path)

    visit(main, ())
    number = {path: place for place, path in enumerate(order)}
    pieces = [re.sub(r"@@([^@]+)@@", lambda found: f"m{number[found[1]]}", parts[path]) for path in order]
    body = "\n".join(f"// {path}\nconst m{number[path]} = (() => {{\n{piece}\n}})();"
                     for path, piece in zip(order, pieces, strict=True))
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'


def _translated(path: str, text: str) -> tuple[str, list[str]]:
    """A module as the body of a function, with ``@@path@@`` where it needs another, and what it needs."""
    wanted: list[str] = []
    head: list[str] = []
    exports: list[tuple[str, str]] = []

    def imported(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), found["path"]))
        wanted.append(target)
        names = [_pair(each) for each in (found["names"] or "").split(",") if each.strip()]
        if found["whole"]:
            names.append(("default", found["whole"]))
        if names:
            head.append(f"const {{ {', '.join(f'{name}: {local}' for name, local in names)} }} = @@{target}@@;")
        if found["all"]:
            head.append(f"const {found['all']} = @@{target}@@;")
        return ""

    def listed(found: re.Match[str]) -> str:
        exports.extend((outer, local) for local, outer in (
            _pair(each) for each in found[1].split(",") if each.strip()))
        return ""

    def handed_on(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), found["path"]))
        wanted.append(target)
        for name, outer in (_pair(each) for each in found["names"].split(",") if each.strip()):
            exports.append((outer, f"@@{target}@@.{name}"))
        return ""

    def run_before(found: re.Match[str]) -> str:
        wanted.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), found["path"])))
        return ""

    text = _COMMENT.sub("", text)    # what stands in a comment exports nothing
    text = _IMPORT_FOR_EFFECT.sub(run_before, _IMPORT.sub(imported, text))
    text = _HANDED_ON.sub(handed_on, text)
    text = _EXPORT_LIST.sub(listed, text)
    if _EXPORT_DEFAULT.search(text):
        text = _EXPORT_DEFAULT.sub("const default_ = ", text, count=1)
        exports.append(("default", "default_"))
    exports.extend((name, name) for name in _EXPORT_DECLARED.findall(text))
    text = _EXPORT_DECLARED.sub("", text)
    left = _LEFT.search(text)
    if left:
        raise UnreadModule(f"{path} has a form of import or export that is not read: {left[0].strip()!r}")
    given = ", ".join(f"{outer}: {local}" for outer, local in exports)
    return "\n".join([*head, text.strip(), f"return {{ {given} }};"]), wanted


def _pair(part: str) -> tuple[str, str]:
    name, _, other = (piece.strip() for piece in part.strip().partition(" as "))
    return name, other or name
