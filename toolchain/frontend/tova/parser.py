"""The entry of the front end: source text to syntax tree.

`parse` always returns a tree; whether it is complete is told by the diagnostics.
"""

from __future__ import annotations

import sys

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span
from wasmlathe.frontend.tova.lexer import tokenize
from wasmlathe.frontend.tova.parser_core import StopParsing
from wasmlathe.frontend.tova.parser_declarations import DeclarationParser
from wasmlathe.frontend.tova.syntax import Node, Program, Stmt, children
from wasmlathe.frontend.tova.tokens import RBRACE

MAX_TREE_DEPTH = 2_000  # so that what walks the tree recursively can tell how many Python frames it needs
_PARSER_FRAMES = 4_000  # the parser uses at most fifteen per level of its own nesting limit
_NODES_PER_LEVEL = 8  # of the tree, at most, for one level of nesting in the parser


class Parser(DeclarationParser):
    """All layers together."""

    def program(self) -> Program:
        """The whole file."""
        statements: list[Stmt] = []
        try:
            statements += self.statements()
            while self.at(RBRACE):
                self.report("E0017", "`}` has no opening brace")
                self.pos += 1
                statements += self.statements()
        except StopParsing:
            pass  # what has been reported is enough
        return Program(0, len(self.source.text), statements)


def parse(source: SourceFile, diagnostics: Diagnostics) -> Program:
    """The syntax tree of `source`; all problems go to `diagnostics`, broken statements are left out."""
    parser = Parser(source, tokenize(source, diagnostics), diagnostics)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _PARSER_FRAMES))
    try:
        program = parser.program()
    finally:
        sys.setrecursionlimit(limit)
    if parser.deepest * _NODES_PER_LEVEL + parser.deepest * parser.longest_chain > MAX_TREE_DEPTH:
        _check_depth(program, source, diagnostics)
    return program


def _check_depth(program: Program, source: SourceFile, diagnostics: Diagnostics) -> None:
    """Report the statement whose tree is too deep for recursive walks, and remove it."""
    for statement in list(program.statements):
        level: list[Node] = [statement]
        depth = 0
        while level:
            level = [child for node in level for child in children(node)]
            depth += 1
            if depth > MAX_TREE_DEPTH:
                hint = "split the expression: give parts of it names, or collect them in an array"
                span = Span(source, statement.start, statement.end)
                diagnostics.error("E0012", "this statement is nested too deeply", span, hint)
                program.statements.remove(statement)
                break
