"""Keys and passwords are cut out of text that becomes an error message or a log line, never out of data."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote, urlsplit

SHORTEST_KEY = 12
"""Characters that a key has at least. What is shorter (``x``, ``none``, ``ollama``) is a word and not looked for."""

_RUN = 12
"""Characters in a row that tell a part of a key; half the key where that is less."""

_WRAPPINGS = 2
"""How often a text is decoded in which a key may be hidden."""

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_WORD = re.compile(r"\S+")
_SECRET_NAME = re.compile(r"pass|pwd|key|token|secret|sig|auth|cred|code", re.IGNORECASE)
_MASK = "***"


class Redaction:
    """Replaces each word that holds a key, or a large part of it, in any of the forms in which servers echo one."""

    def __init__(self, key: str | None) -> None:
        self._runs: dict[int, set[str]] = {}
        self._bare: set[str] = set()
        if key is None or len(key) < SHORTEST_KEY:
            return
        bare = _bare(key)
        self._bare = {bare[start:start + _RUN] for start in range(len(bare) - _RUN + 1)}
        for form in _forms(key):
            size = min(_RUN, max(1, len(form) // 2))
            runs = self._runs.setdefault(size, set())
            runs.update(form[start:start + size].casefold() for start in range(len(form) - size + 1))

    def __repr__(self) -> str:
        return "Redaction()"

    def cut(self, text: str) -> str:
        """The text with ``[key]`` for every word that tells something of the key."""
        if not self._runs:
            return text
        text = _WORD.sub(lambda found: "[key]" if self._tells(found.group()) else found.group(), text)
        return "[words that hold the key]" if self._is_hidden_in(text) else text

    def _is_hidden_in(self, text: str) -> bool:
        """Whether the key stands in a text once that is decoded, and freed of all that is no letter and no digit."""
        for _ in range(_WRAPPINGS):
            text = unquote(html.unescape(_ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)))
            bare = _bare(text)
            if any(bare[start:start + _RUN] in self._bare for start in range(len(bare) - _RUN + 1)):
                return True
        return False

    def _tells(self, word: str) -> bool:
        folded = word.casefold()
        return any(folded[start:start + size] in runs
                   for size, runs in self._runs.items() for start in range(len(folded) - size + 1))


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).casefold()


def _forms(key: str) -> Iterator[str]:
    """The key as servers write it: plain, escaped, percent-encoded, and in base64 at any offset."""
    yield from {key, json.dumps(key)[1:-1], quote(key, safe=""), quote_plus(key), key.encode().hex()}
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + key.encode()).decode().rstrip("=")
        # The first characters also hold what stood before the key, the last one what comes after it.
        inner = coded[(0, 2, 3)[offset]:-1]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def public_url(url: str) -> str:
    """The URL without a password, and without the values of parameters that are named like a secret."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return _MASK
    user, at, host = parts.netloc.rpartition("@")
    if at:
        name, colon, _ = user.partition(":")
        host = f"{name}:{_MASK}@{host}" if colon else f"{_MASK}@{host}"
    pairs = (pair.partition("=") for pair in parts.query.split("&")) if parts.query else ()
    query = "&".join(f"{name}={_MASK}" if _SECRET_NAME.search(unquote(f"{name}={value}")) else f"{name}{equals}{value}"
                     for name, equals, value in pairs)
    return f"{parts.scheme}://{host}{parts.path}{'?' if query else ''}{query}"
