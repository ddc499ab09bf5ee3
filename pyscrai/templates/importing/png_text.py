"""Texts inside a PNG picture: only the chunks that hold text are read, within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator

from pyscrai.errors import Problem, TemplateError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 4_000_000
"""Bytes that a text may have, unpacked."""

MOST = 20
"""Texts of wanted keywords that a picture may have."""


def texts(content: bytes, keywords: Collection[str]) -> tuple[dict[str, bytes], list[TemplateError]]:
    """Keyword to text of the text chunks (tEXt, zTXt, iTXt) with one of these keywords, and what is broken in them.

    The last of a keyword counts. A chunk of another keyword is never unpacked.

    Raises:
        TemplateError: this is no whole PNG file.
    """
    if not content.startswith(SIGNATURE):
        raise _broken("this is no PNG file")
    found: dict[str, bytes] = {}
    broken: list[TemplateError] = []
    read = 0
    for kind, body, sound in _chunks(content):
        keyword = body[:80].partition(b"\0")[0].decode("latin-1")
        if keyword not in keywords:
            continue
        read += 1
        if read > MOST:
            raise _broken(f"the picture holds more than {MOST} cards")
        try:
            if not sound:
                raise _broken("the picture is damaged: a checksum is wrong")
            if (text := _text(kind, body)) is not None:
                found[keyword] = text
        except TemplateError as error:
            broken.append(error)
    return found, broken


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Text chunks: kind, body, and whether the checksum is right."""
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at:at + 4], "big")
        kind, end = content[at + 4:at + 8], at + 8 + length
        if end + 4 > len(content):
            raise _broken("the picture is cut off")
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            body = content[at + 8:end]
            yield kind, body, zlib.crc32(kind + body) == int.from_bytes(content[end:end + 4], "big")
        if kind == b"IEND":
            return
        at = end + 4


def _text(kind: bytes, body: bytes) -> bytes | None:
    _, found, rest = body.partition(b"\0")
    if not found:
        return None
    packed = kind == b"zTXt"
    if packed:
        rest = rest[1:]
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]
    if not packed and len(rest) > LARGEST:
        raise _broken(f"a text in the picture is larger than {LARGEST // 1_000_000} MB")
    return _unpack(rest) if packed else rest


def _unpack(body: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(body, LARGEST)
    except zlib.error as error:
        raise _broken(f"a text in the picture cannot be unpacked: {error}") from error
    if unpacker.unconsumed_tail:
        raise _broken(f"a text in the picture is larger than {LARGEST // 1_000_000} MB")
    return text


def _broken(message: str) -> TemplateError:
    return TemplateError([Problem(code="template.picture", message=message)])
