from __future__ import annotations

from pathlib import Path

import pytest
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


@pytest.mark.parametrize("words", [[], ["--help"], ["--check"], ["docs", "more"]])
def test_other_words_than_a_folder_write_nothing(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert docgen.main(words) == 2
    assert "usage: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
