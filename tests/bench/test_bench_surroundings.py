"""Where a measurement is made, and what is kept of what was built for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from wasmlathe.bench import data, surroundings
from wasmlathe.bench.failures import Failed
from wasmlathe.bench.runners import process, wasm


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_the_commit_is_that_of_the_source_and_an_edit_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "FOLDER", tmp_path)
    assert surroundings.commit() == ""
    git(tmp_path, "init")
    assert surroundings.commit() == "", "the folder is somebody else's"
    source = tmp_path / "surroundings.py"
    source.write_text("1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    clean = surroundings.commit()
    assert len(clean) == 10
    source.write_text("2\n")
    assert surroundings.commit() == f"{clean}+"


def test_what_was_built_is_kept_until_a_source_or_a_part_changes(tmp_path: Path) -> None:
    source = tmp_path / "kernel.c"
    source.write_text("1")
    made: list[Path] = []

    def build(path: Path) -> None:
        made.append(path)
        path.write_text("program")

    first = process.built(("cc 1",), [source], build)
    assert process.built(("cc 1",), [source], build) == first
    assert len(made) == 1
    assert first.read_text() == "program"
    assert process.built(("cc 2",), [source], build) != first
    source.write_text("2")
    assert process.built(("cc 1",), [source], build) != first
    assert len(made) == 3


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def build(path: Path) -> None:
        path.write_text("half")
        raise Failed("no")

    with pytest.raises(Failed):
        process.built(("cc",), [], build)
    assert [path for path in (Path(data.default_root()) / "bench-peers").iterdir()] == []


def test_the_file_of_a_kernel_is_made_once_and_the_same_every_time() -> None:
    path = data.file_for("brc", 500)
    text = path.read_text()
    assert len(text.splitlines()) == 500
    path.unlink()
    assert data.file_for("brc", 500).read_text() == text
    assert data.folder() == path.parent


def test_a_program_that_does_not_end_is_stopped_and_one_that_does_is_measured_without_checks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from wasmlathe.bench.runners import ours

    monkeypatch.setattr(wasm, "RUN_SECONDS", 0.2)
    endless = tmp_path / "endless.tova"
    endless.write_text('fn main() {\n  var n = 1\n  while n != 0 { n = n * 3 }\n  print("{n}")\n}\n')
    with pytest.raises(Failed, match="wasmlathe failed: timed out after 0.2 s"):
        ours.prepare(endless, [], "O0")()
    short = tmp_path / "short.tova"
    short.write_text('print("done")\n')
    run = ours.prepare(short, [], "O0")
    assert [run().text, run().text] == ["done\n", "done\n"]
