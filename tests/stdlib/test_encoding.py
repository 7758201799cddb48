"""Base64, hexadecimal digits, addresses, HTML and the tests of forms, against Python."""

from __future__ import annotations

import base64
import html
import random
import textwrap
import urllib.parse

from .library_programs import literal, run

ALPHABET = ["a", "Z", "0", "é", "😀", "ж", " ", "\n", "%", "&", "+", "/", "-", "~", "'", "("]


def _texts(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choice(ALPHABET) for _ in range(chance.randint(0, 40))) for _ in range(count)]


def _each(values: list[str], expression: str) -> list[str]:
    """What `expression` gives for every `x` of the values, written as a JSON text."""
    return run(f"for x in {literal(values)} {{ print({expression}) }}").splitlines()


TEXTS = ["", "f", "fo", "foo", "foob", "fooba", "foobar", "foobarfoobar", *_texts(150, 1)]


def test_base64_is_that_of_python_and_reads_back() -> None:
    encoded = [base64.b64encode(text.encode()).decode() for text in TEXTS]
    assert _each(TEXTS, "base64Encode(x)") == encoded
    assert _each(TEXTS, "base64Decode(base64Encode(x)) == x") == ["true"] * len(TEXTS)
    assert _each(TEXTS, 'base64Decode(replace(base64Encode(x), "=", "")) == x') == ["true"] * len(TEXTS)


def test_hexadecimal_digits_are_those_of_python_and_read_back() -> None:
    assert _each(TEXTS, "hexEncode(x)") == [text.encode().hex() for text in TEXTS]
    assert _each(TEXTS, "hexDecode(upper(hexEncode(x))) == x") == ["true"] * len(TEXTS)


def test_parts_of_addresses_are_those_of_python_and_read_back() -> None:
    assert _each(TEXTS, "urlEncode(x)") == [urllib.parse.quote(text, safe="-_.!~*'()") for text in TEXTS]
    assert _each(TEXTS, "urlDecode(urlEncode(x)) == x") == ["true"] * len(TEXTS)


def test_what_cannot_be_decoded_panics() -> None:
    calls = {
        'base64Decode("a")': "base64Decode: a letter is missing",
        'base64Decode("ab*d")': "base64Decode: not a base64 letter",
        'base64Decode("abcdefé")': "base64Decode: not a base64 letter",
        'base64Decode("/w==")': "base64Decode: the bytes are not a text in UTF-8",
        'hexDecode("abc")': "hexDecode: a digit is missing",
        'hexDecode("0g")': "hexDecode: not a hexadecimal digit",
        'hexDecode("c3")': "hexDecode: the bytes are not a text in UTF-8",
        'hexDecode("eda080")': "hexDecode: the bytes are not a text in UTF-8",
        'hexDecode("f4908080")': "hexDecode: the bytes are not a text in UTF-8",
        'hexDecode("c080")': "hexDecode: the bytes are not a text in UTF-8",
        'urlDecode("50%")': "urlDecode: '%' without two hexadecimal digits",
        'urlDecode("%ff")': "urlDecode: the bytes are not a text in UTF-8",
    }
    printed = run("\n".join(f"try {{ print({call}) }} catch e {{ print(e.message) }}" for call in calls)).splitlines()
    assert printed == list(calls.values())


def test_html_reads_back() -> None:
    assert _each(TEXTS, "unescapeHtml(escapeHtml(x)) == x") == ["true"] * len(TEXTS)
    entities = ["&amp;lt;", "&#65;&#x1F600;", "&unknown; &", "a & b; &lt", "&#xD800;&#0;&#x110000;", "&apos;&quot;"]
    kept = {"&#xD800;&#0;&#x110000;"}  # no characters: they stay as they are
    assert _each(entities, "unescapeHtml(x)") == [e if e in kept else html.unescape(e) if e != "a & b; &lt" else e
                                                  for e in entities]  # fmt: skip


def test_dedent_is_that_of_python() -> None:
    texts = ["  a\n    b\n  c", "a\n  b", "\n  a\n\n   \n b", "", "   ", "\ta\n\t b"]
    shown = _each(texts, 'replace(dedent(x), "\\n", "|")')
    assert shown == [textwrap.dedent(text).replace("\n", "|") for text in texts]


def test_forms() -> None:
    right = {
        "isEmail": ["ann@example.org", "a.b+c@d.e.fr"],
        "isUrl": ["https://example.org", "HTTP://a/b?c#d", "http://localhost:80"],
        "isNumeric": ["42", "3.14", "-5", "1e3"],
        "isAlpha": ["Hello"],
        "isAlphanumeric": ["Hello123", "12345"],
        "isUuid": ["550e8400-e29b-41d4-a716-446655440000"],
        "isHex": ["1a2b3c", "FF00AA"],
    }
    wrong = {
        "isEmail": ["userexample.com", "user@", "@a.b", "a@b", "a b@c.d", "a@b@c.d", "a@.d", "a@b."],
        "isUrl": ["example.com", "not a url", "ftp://a", "https://", "http:// a"],
        "isNumeric": ["abc", "", "1,5"],
        "isAlpha": ["Hello123", "Hello World", "", "é"],
        "isAlphanumeric": ["Hello!", ""],
        "isUuid": ["not-a-uuid", "550e8400e29b41d4a716446655440000", "550e8400-e29b-01d4-a716-446655440000"],
        "isHex": ["xyz", ""],
    }
    calls = [f"{name}({literal(text)})" for table in (right, wrong) for name, texts in table.items() for text in texts]
    count = sum(map(len, right.values()))
    printed = run("\n".join(f"print({call})" for call in calls)).splitlines()
    assert [
        call for call, shown in zip(calls, printed, strict=True) if (shown == "true") != (calls.index(call) < count)
    ] == []
