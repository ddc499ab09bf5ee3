"""Texts inside a PNG picture: only the chunks that hold text are read, within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pyscrai.errors import Problem, TemplateError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 8_000_000
"""Bytes that a text may have, unpacked."""


def texts(content: bytes) -> dict[str, bytes]:
    """Keyword to text of every text chunk (tEXt, zTXt, iTXt); the last of a keyword counts.

    Raises:
        TemplateError: this is no whole PNG file.
    """
    if not content.startswith(SIGNATURE):
        raise _broken("this is no PNG file")
    return dict(text for kind, body in _chunks(content) if (text := _text(kind, body)) is not None)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at:at + 4], "big")
        kind, end = content[at + 4:at + 8], at + 8 + length
        if end + 4 > len(content):
            raise _broken("the picture is cut off")
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            body = content[at + 8:end]
            if zlib.crc32(kind + body) != int.from_bytes(content[end:end + 4], "big"):
                raise _broken("the picture is damaged: a checksum is wrong")
            yield kind, body
        if kind == b"IEND":
            return
        at = end + 4


def _text(kind: bytes, body: bytes) -> tuple[str, bytes] | None:
    keyword, found, rest = body.partition(b"\0")
    if not found:
        return None
    packed = kind == b"zTXt"
    if packed:
        rest = rest[1:]
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]
    return keyword.decode("latin-1"), _unpack(rest) if packed else rest


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
