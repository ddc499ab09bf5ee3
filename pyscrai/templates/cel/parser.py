"""The syntax of expressions: CEL text to a tree that knows where each part stands.

The grammar is CEL's own without messages and byte strings, with the macros ``count``, ``sort_by``, ``max_by`` and
``min_by`` beside CEL's.
"""

from __future__ import annotations

from functools import lru_cache

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.tokens import CURES, Token, tokens, unquote
from pyscrai.templates.cel.tree import (
    Binary,
    Call,
    Choice,
    Entries,
    Has,
    Items,
    Literal,
    Macro,
    Name,
    Node,
    Select,
    Subscript,
    Unary,
    children,
)

DEPTH = 40
"""How deep an expression may be nested."""

DEEPEST = 310
"""How deep a part may stand below others, those of a chain of operators counted: ``a + b + c`` has two."""

KEYWORDS = ("true", "false", "null", "in")
RESERVED = ("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
            "namespace", "return", "var", "void", "while")
MACROS = ("all", "exists", "exists_one", "map", "filter", "count", "sort_by", "max_by", "min_by")

_LEVELS: tuple[tuple[str, ...], ...] = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"),
                                        ("*", "/", "%"))


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.index = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.now
        self.index += 1
        return token

    def accept(self, mark: str) -> Token | None:
        return self.take() if self.now.text == mark and self.now.kind in ("mark", "name") else None

    def expect(self, mark: str, what: str) -> Token:
        token = self.accept(mark)
        if token is None:
            raise self.unexpected(f"{mark} is missing {what}")
        return token

    def unexpected(self, message: str) -> ExpressionError:
        token = self.now
        found = f"{token.text!r} stands here" if token.text else "the expression ends here"
        previous = self.tokens[self.index - 1] if self.index else None
        cure = CURES.get(token.text) or (CURES.get(previous.text) if previous else None)
        return ExpressionError(f"{message}; {found}", position=token.at, cure=cure)

    def whole(self) -> Node:
        node = self.expression()
        if self.now.kind != "end":
            raise self.unexpected("an operator is missing")
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH:
            raise ExpressionError(f"the expression is nested more than {DEPTH} deep", position=self.now.at)
        condition = self.binary(0)
        if mark := self.accept("?"):
            then = self.binary(0)
            self.expect(":", "after the first choice of ?")
            condition = Choice(mark.at, condition, then, self.expression())
        self.depth -= 1
        return condition

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        count = 0
        while self.now.text in _LEVELS[level] and self.now.kind in ("mark", "name"):
            operator = self.take()
            left = Binary(operator.at, operator.text, left, self.binary(level + 1))
            count += 1
            if count > 4 * DEPTH:
                raise ExpressionError("the expression is too long", position=operator.at)
        return left

    def unary(self) -> Node:
        signs = []
        while self.now.kind == "mark" and self.now.text in ("!", "-"):
            signs.append(self.take())
            if len({sign.text for sign in signs}) > 1:
                raise ExpressionError("! and - do not go together", position=signs[-1].at,
                                      cure="put ( ) around the inner one")
            if len(signs) > DEPTH:
                raise ExpressionError("too many signs", position=signs[0].at)
        node = self.member(negative=bool(signs) and signs[-1].text == "-")
        for sign in reversed(signs):
            node = Unary(sign.at, sign.text, node)
        return node

    def member(self, *, negative: bool = False) -> Node:
        node, count = self.primary(negative=negative), 0
        while True:
            count += 1
            if count > DEPTH:
                raise ExpressionError("too many selections", position=self.now.at)
            if self.accept("."):
                field = self.take()
                if field.kind != "name" or field.text in KEYWORDS:
                    self.index -= 1
                    raise self.unexpected("a name is missing after the point")
                node = self.method(node, field) if self.now.text == "(" and self.now.kind == "mark" else Select(
                    field.at, node, field.text)
            elif mark := self.accept("["):
                key = self.expression()
                self.expect("]", "after the index")
                node = Subscript(mark.at, node, key)
            else:
                return node

    def method(self, target: Node, field: Token) -> Node:
        arguments = self.arguments()
        if field.text not in MACROS:
            return Call(field.at, field.text, target, arguments)
        many = (2, 3) if field.text == "map" else (2,)
        if len(arguments) not in many or not isinstance(arguments[0], Name):
            raise ExpressionError(f"{field.text}() takes a name and an expression", position=field.at,
                                  cure=f"for example names.{field.text}(x, x != '')")
        return Macro(field.at, field.text, target, arguments[0].name, arguments[1:])

    def arguments(self) -> tuple[Node, ...]:
        self.expect("(", "")
        return self.sequence(")", "after the arguments", trailing=False)

    def sequence(self, close: str, what: str, *, trailing: bool) -> tuple[Node, ...]:
        found: list[Node] = []
        while not (self.now.text == close and (trailing or not found)):
            found.append(self.expression())
            if not self.accept(","):
                break
        self.expect(close, what)
        return tuple(found)

    def primary(self, *, negative: bool) -> Node:
        token = self.take()
        if token.kind in ("int", "float", "string"):
            return self.literal(token, negative=negative)
        if token.kind == "name":
            return self.word(token)
        if token.text == "(" and token.kind == "mark":
            node = self.expression()
            self.expect(")", "to close the bracket")
            return node
        if token.text == "[":
            return Items(token.at, self.sequence("]", "after the list", trailing=True))
        if token.text == "{":
            return self.entries(token)
        self.index -= 1
        raise self.unexpected("a value is missing")

    def literal(self, token: Token, *, negative: bool) -> Node:
        if self.now.kind == "name" and self.now.at == token.at + len(token.text):
            raise self.unexpected(f"{token.text} runs into the next word")
        if token.kind == "string":
            return Literal(token.at, unquote(token))
        if token.kind == "float":
            return Literal(token.at, float(token.text))
        number = int(token.text, 16 if token.text[:2] == "0x" else 10) if len(token.text) < 40 else 1 << 64
        if number > (1 << 63) - (0 if negative else 1):
            raise ExpressionError(f"{token.text[:30]} is too large a number", position=token.at)
        return Literal(token.at, number)

    def word(self, token: Token) -> Node:
        if token.text in ("true", "false", "null"):
            return Literal(token.at, {"true": True, "false": False, "null": None}[token.text])
        if token.text in KEYWORDS or token.text in RESERVED:
            self.index -= 1
            raise self.unexpected("a value is missing")
        if self.now.text != "(" or self.now.kind != "mark":
            return Name(token.at, token.text)
        arguments = self.arguments()
        if token.text == "has":
            if len(arguments) != 1 or not isinstance(arguments[0], Select):
                raise ExpressionError("has() takes one field", position=token.at,
                                      cure="for example has(measures.trust)")
            return Has(token.at, arguments[0])
        return Call(token.at, token.text, None, arguments)

    def entries(self, token: Token) -> Node:
        found: list[tuple[Node, Node]] = []
        while self.now.text != "}":
            key = self.expression()
            self.expect(":", "after the key")
            found.append((key, self.expression()))
            if not self.accept(","):
                break
        self.expect("}", "after the map")
        return Entries(token.at, tuple(found))


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        ExpressionError: it is no expression; the error says where.
    """
    tree = _Parser(text).whole()
    _check_depth(tree)
    return tree


def _check_depth(tree: Node) -> None:
    """See that no part stands so deep below others that the program runs out of its stack."""
    level: list[Node] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise ExpressionError("the expression is too long", position=level[0].at, cure="compute it in several steps")
