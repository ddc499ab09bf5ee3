"""An expression's words and marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyscrai.errors import ExpressionError
from pyscrai.plain_text import storable

_TOKEN = re.compile(r"""
    (?P<space>(?:[ \t\r\n\f]+|//[^\n]*)+)
  | (?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<int>0x[0-9a-fA-F]+|\d+)
  | (?P<string>[rR]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
        |\"(?:\\.|[^\\\"\r\n])*\"|'(?:\\.|[^\\'\r\n])*'))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
""", re.VERBOSE | re.DOTALL | re.ASCII)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'",
                  '"': '"', "`": "`", "?": "?"}
CURES = {"=": "write == to compare", "and": "write && for and", "or": "write || for or", "not": "write ! for not",
          "AND": "write && for and", "OR": "write || for or", "is": "write == to compare", "&": "write && for and",
          "|": "write || for or", "True": "write true", "False": "write false", "<>": "write != to compare",
          "None": "write null"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark of an expression."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Split an expression.

    Raises:
        ExpressionError: a character that begins nothing, or a text without its closing quote.
    """
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            character = text[at]
            if character in "'\"":
                raise ExpressionError("a text begins here and is never closed", position=at,
                                      cure=f"end it with {character}")
            raise ExpressionError(f"{character!r} has no meaning here", position=at, cure=CURES.get(character))
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    found.append(Token("end", "", len(text.rstrip())))
    return found


def unquote(token: Token) -> str:
    """The text that a string token stands for.

    Raises:
        ExpressionError: an escape that is none.
    """
    text = token.text
    raw = text[0] in "rR"
    text = text[1:] if raw else text
    width = 3 if text[:3] in ('"""', "'''") else 1
    body = text[width:-width]

    def escaped(match: re.Match[str]) -> str:
        byte, short, long, octal, plain = match.groups()
        if plain is None:
            number = int(octal, 8) if octal else int(byte or short or long, 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
                raise ExpressionError(f"{match.group()} is no character", position=token.at)
            return chr(number)
        if plain not in _PLAIN_ESCAPES:
            raise ExpressionError(f"{match.group()} is no escape", position=token.at + width + match.start(),
                                  cure=r"write \\ for a backslash, or r'...' for a text without escapes")
        return _PLAIN_ESCAPES[plain]

    return storable(body if raw else _ESCAPE.sub(escaped, body))
