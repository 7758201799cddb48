"""Every public function of the library has a sentence and an example, and the examples hold.

/// The sum of the elements, added from the left.          sentences end in a full stop
/// sum([1, 2, 3]) == 6                                    an example becomes assertEq(sum([1, 2, 3]), 6)
"""

from __future__ import annotations

import re
from importlib import resources

import pytest
from wasmlathe.frontend.tova import library, names

from .library_programs import run

_FUNCTION = re.compile(r"((?:^///.*\n)*)^fn ([a-zA-Z]\w*)\(", re.MULTILINE)
_EXAMPLE = re.compile(r"^/// ([\w.]+\(.*) (==|<|>) (.*[^.])$", re.MULTILINE)

FILES = {
    entry.name: entry.read_text("utf-8")
    for entry in resources.files("wasmlathe.stdlib").iterdir()
    if entry.name.endswith(".tova")
}
#: What an example cannot show: it ends the program, or needs the world (tests/runtime/test_files.py).
WITHOUT_EXAMPLE = {"panel", "exit", "env", "readStdin", "readLines"}


def _examples(text: str) -> list[tuple[str, str, str]]:
    return _EXAMPLE.findall(text)


def test_every_public_function_has_a_sentence_and_an_example() -> None:
    found = {name: doc for text in FILES.values() for doc, name in _FUNCTION.findall(text)}
    assert len(found) > 130
    bare = [name for name, doc in found.items() if ".\n" not in doc]
    without = [name for name, doc in found.items() if not _examples(doc) and name not in WITHOUT_EXAMPLE]
    assert (bare, without) == ([], [])


@pytest.mark.parametrize("file", sorted(name for name, text in FILES.items() if _examples(text)))
def test_examples_hold(file: str) -> None:
    lines = []
    for actual, relation, expected in _examples(FILES[file]):
        lines.append(
            f"assertEq({actual}, {expected})" if relation == "==" else f"assert({actual} {relation} {expected})"
        )
    assert run("\n".join(lines) + '\nprint("ok")\n') == "ok\n"


def test_every_function_compiles_to_hir() -> None:
    library.check_all()


def test_no_name_is_defined_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.duplicates() == []
    files = {
        "a.tova": "fn one() { 1 }\ntype T { First, Second(x: Int) }\n",
        "b.tova": "fn one() { 2 }\ntype U { Second }\n",
    }
    monkeypatch.setattr(library, "_files", lambda: files)
    assert library.duplicates() == ["Second: a.tova, b.tova", "one: a.tova, b.tova"]


def test_what_is_told_to_be_missing_is_missing() -> None:
    there = {name for name in names.NOT_YET if name in library.names() or library.type_symbol(name, False)}
    assert there | (names.NOT_YET & names.NAMESPACES.keys()) == set()


def test_members_of_namespaces_and_methods_are_in_the_library() -> None:
    functions = {name for members in names.NAMESPACES.values() for name in members.values() if isinstance(name, str)}
    functions |= {
        names.method_function(kind, name) or name for kind, methods in names.METHODS.items() for name in methods
    }
    assert functions | set(names.CALLED_NAMESPACES.values()) <= library.names()


def test_older_spellings_of_names_are_accepted() -> None:
    assert run('print(starts_with("abc", "ab"), index_of([1, 2], 2), "abc".ends_with("c"))') == "true 1 true\n"
