"""Token kinds as small integers, and the tables that relate them to words, operators and precedences.

Kinds are numbered so that questions the parser asks often are one comparison or one list access: brackets come first,
then whatever may continue an operand (`POSTFIX_LIMIT`), and `LEVELS[kind]` is the precedence of an infix operator.
"""

from __future__ import annotations

# Spelling -> kind. The order is the numbering.
_SPELLINGS = (
    # brackets, opening ones even
    *("(", ")", "[", "]", "{", "}", "<text", "text>"),
    # postfix
    *(".", "?.", "?", ".0"),
    # infix
    *("|>", "??", "or", "||", "and", "&&", "|", "^", "&", "==", "!=", "===", "!==", "<", "<=", ">", ">=", "in", "is"),
    *("..", "..=", "<<", ">>", ">>>", "+", "-", "*", "/", "%", "**"),
    # assignment
    *("=", "+=", "-=", "*=", "/=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>="),
    # other operators
    *("not", "!", "~", ",", ":", ";", "=>", "->", "...", "@"),
    # words
    *("as", "async", "await", "break", "catch", "continue", "default", "defer", "derive", "elif", "else", "export"),
    *("extern", "false", "finally", "fn", "for", "from", "guard", "if", "impl", "import", "interface", "let", "loop"),
    *("match", "mut", "nil", "pub", "return", "trait", "true", "try", "type", "var", "when", "while", "with", "yield"),
    # classes
    *("a name", "an integer", "a float", "a string", "a regular expression"),
    *("the `}` of the interpolation", "the end of the file"),
)
_NUMBER = {spelling: number for number, spelling in enumerate(_SPELLINGS)}


def describe(kind: int) -> str:
    """A kind as messages show it."""
    spelling = _SPELLINGS[kind]
    return spelling if kind >= IDENT else f"`{spelling}`"


def spelling(kind: int) -> str:
    """The text of an operator or word."""
    return _SPELLINGS[kind]


LPAREN, RPAREN, LBRACKET, RBRACKET, LBRACE, RBRACE, TEXT_OPEN, TEXT_CLOSE = range(8)
BRACKET_LIMIT = 8
DOT, QDOT, QUESTION, TUPLE_INDEX = range(8, 12)
POSTFIX_LIMIT = 12  # kinds below may continue an operand (closing brackets are sorted out by the parser)

PIPE, COALESCE, OR, BARBAR, AND, AMPAMP, BAR, CARET, AMP = (
    _NUMBER[s] for s in ("|>", "??", "or", "||", "and", "&&", "|", "^", "&")
)
EQ, NE, EQ_JS, NE_JS, LT, LE, GT, GE, IN, IS = (
    _NUMBER[s] for s in ("==", "!=", "===", "!==", "<", "<=", ">", ">=", "in", "is")
)
DOTDOT, DOTDOT_EQ, SHL, SHR, SHR_U = (_NUMBER[s] for s in ("..", "..=", "<<", ">>", ">>>"))
PLUS, MINUS, STAR, SLASH, PERCENT, POW = (_NUMBER[s] for s in ("+", "-", "*", "/", "%", "**"))
ASSIGN, SLASH_ASSIGN, SHR_ASSIGN, BAR_ASSIGN = (_NUMBER[s] for s in ("=", "/=", ">>=", "|="))
LAST_ASSIGN = SHR_ASSIGN
NOT, BANG, TILDE, COMMA, COLON, SEMI = (_NUMBER[s] for s in ("not", "!", "~", ",", ":", ";"))
FAT_ARROW, ARROW, ELLIPSIS, AT = (_NUMBER[s] for s in ("=>", "->", "...", "@"))

AS, ASYNC, AWAIT, BREAK, CATCH, CONTINUE, DEFAULT, DEFER, DERIVE, ELIF, ELSE, EXPORT = range(AT + 1, AT + 13)
EXTERN, FALSE, FINALLY, FN, FOR, FROM, GUARD, IF, IMPL, IMPORT, INTERFACE, LET, LOOP = range(EXPORT + 1, EXPORT + 14)
MATCH, MUT, NIL, PUB, RETURN, TRAIT, TRUE, TRY, TYPE, VAR, WHEN, WHILE, WITH, YIELD = range(LOOP + 1, LOOP + 15)
IDENT, INT, FLOAT, STRING, REGEX, TEXT, EOF = range(YIELD + 1, YIELD + 8)

KEYWORDS: dict[str, int] = {s: n for s, n in _NUMBER.items() if s.isalpha() and n < IDENT}
"""The reserved words."""

FIXED: dict[str, int] = {s: n for s, n in _NUMBER.items() if n < IDENT and s not in ("<text", "text>", ".0")}
"""Every operator, bracket and reserved word."""

# Tokens after which a `/` divides; after any other it starts a regular expression.
ENDS_VALUE = frozenset(
    (IDENT, INT, FLOAT, STRING, REGEX, TEXT_CLOSE, RPAREN, RBRACKET, RBRACE, TUPLE_INDEX, TRUE, FALSE, NIL, QUESTION)
)

# Precedence, loose to tight. `LEVELS[kind]` is 0 for what is not an infix operator.
PIPE_LEVEL, COALESCE_LEVEL, OR_LEVEL, AND_LEVEL, NOT_LEVEL, BIT_OR_LEVEL, BIT_XOR_LEVEL, BIT_AND_LEVEL = range(1, 9)
COMPARE_LEVEL, MEMBER_LEVEL, RANGE_LEVEL, SHIFT_LEVEL, ADD_LEVEL, MULTIPLY_LEVEL, POWER_LEVEL, PREFIX_LEVEL = range(
    9, 17
)

_LEVEL_ROWS: dict[int, tuple[int, ...]] = {
    PIPE_LEVEL: (PIPE,),
    COALESCE_LEVEL: (COALESCE,),
    OR_LEVEL: (OR, BARBAR),
    AND_LEVEL: (AND, AMPAMP),
    BIT_OR_LEVEL: (BAR,),
    BIT_XOR_LEVEL: (CARET,),
    BIT_AND_LEVEL: (AMP,),
    COMPARE_LEVEL: (EQ, NE, EQ_JS, NE_JS, LT, LE, GT, GE),
    MEMBER_LEVEL: (IN, IS, NOT),  # NOT: of `not in`
    RANGE_LEVEL: (DOTDOT, DOTDOT_EQ),
    SHIFT_LEVEL: (SHL, SHR, SHR_U),
    ADD_LEVEL: (PLUS, MINUS),
    MULTIPLY_LEVEL: (STAR, SLASH, PERCENT),
    POWER_LEVEL: (POW,),
}
LEVELS: list[int] = [0] * len(_SPELLINGS)
for _level, _kinds in _LEVEL_ROWS.items():
    for _kind in _kinds:
        LEVELS[_kind] = _level

# What the syntax tree calls an operator: its spelling, except for the synonyms.
OPERATOR_NAMES: list[str] = [
    {"||": "or", "&&": "and", "!": "not", "===": "==", "!==": "!="}.get(s, s) for s in _SPELLINGS
]

# Tokens an expression can start with; used to tell `return x` from `return`.
STARTS_EXPRESSION = frozenset(
    (IDENT, INT, FLOAT, STRING, REGEX, TEXT_OPEN, LPAREN, LBRACKET, LBRACE, TRUE, FALSE, NIL, MINUS, NOT, BANG, TILDE)
    + (FN, ASYNC, IF, MATCH, AWAIT, YIELD, ELLIPSIS)
)
