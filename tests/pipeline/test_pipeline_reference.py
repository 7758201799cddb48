from __future__ import annotations

from pathlib import Path

from wasmlathe import docgen

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_every_op_hook_pass_option_command_and_code_has_its_sentence() -> None:
    assert docgen.gaps() == []


def test_the_reference_is_what_the_tables_say() -> None:
    assert docgen.outdated(str(REFERENCE)) == [], "run: python -m wasmlathe.docgen docs/reference"


def test_every_table_has_its_page() -> None:
    assert "`i64.add`" in docgen.page("ops.md")
    assert "wasmlathe_before_pass" in docgen.page("hooks.md")
    assert "### dce" in docgen.page("passes.md")
    assert "`--set`" in docgen.page("options.md")
    assert "`E0200`" in docgen.page("diagnostics.md")
