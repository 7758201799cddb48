"""What is shipped is what is in the folders, and things that are written down once are written down once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]
FOLDERS = SETUPTOOLS["package-dir"]
CASES = tomllib.loads((ROOT / "tests/programs/cases.toml").read_text())["case"]
SOURCES = sorted(path for folder in FOLDERS.values() for path in (ROOT / folder).rglob("*.py"))


def package_of(folder: Path) -> str:
    """The import name of a folder: `toolchain/ir/ops` is wasmlathe.ir.ops."""
    top, *rest = folder.relative_to(ROOT).parts
    names = {folder: name for name, folder in FOLDERS.items()}
    return ".".join([names[top], *rest])


def folder_of(package: str) -> Path:
    """The folder of an import name, by the longest prefix that pyproject maps."""
    known = max((name for name in FOLDERS if f"{package}.".startswith(f"{name}.")), key=len)
    return ROOT.joinpath(FOLDERS[known], *package.removeprefix(known).split("."))


def test_the_package_list_names_every_folder_with_python_files_and_no_other() -> None:
    assert sorted(SETUPTOOLS["packages"]) == sorted({package_of(path.parent) for path in SOURCES})


def test_every_package_has_an_init() -> None:
    assert [name for name in SETUPTOOLS["packages"] if not (folder_of(name) / "__init__.py").exists()] == []


def test_package_data_covers_every_file_that_is_not_python() -> None:
    shipped = {
        path
        for name, globs in SETUPTOOLS["package-data"].items()
        for glob in globs
        for path in folder_of(name).glob(glob)
    }
    present = {
        path
        for name in SETUPTOOLS["packages"]
        for path in folder_of(name).iterdir()
        if path.is_file() and path.suffix not in {".py", ".pyc", ".md"}
    }
    assert present - shipped == set()


def test_the_marker_for_type_checkers_is_shipped() -> None:
    assert (ROOT / "toolchain/py.typed").exists()
    assert "py.typed" in SETUPTOOLS["package-data"]["wasmlathe"]


def test_the_version_stands_in_pyproject_alone() -> None:
    version = PYPROJECT["project"]["version"]
    assert [str(path) for path in SOURCES if re.search(rf"""["']{re.escape(version)}["']""", path.read_text())] == []


@pytest.mark.parametrize("release", ["1.11", "1.112", "1.120"])
def test_releases_of_pybinaryen_are_named_in_one_table_only(release: str) -> None:
    """Set-up, doctor and code generation all ask toolchain/codegen/pybinaryen_release.py."""
    readers = [*SOURCES, ROOT / "setup.sh", ROOT / "Makefile", ROOT / ".ci/run"]
    named = re.compile(rf"(?<![\d.]){re.escape(release)}(?![\d.])")
    found = {path.relative_to(ROOT).as_posix() for path in readers if named.search(path.read_text())}
    assert found <= {"toolchain/codegen/pybinaryen_release.py"}


def test_every_program_has_a_case_and_every_case_its_files() -> None:
    programs = [*(ROOT / "examples").glob("*.tova"), *(ROOT / "bench/programs").glob("*.tova")]
    assert {case["program"] for case in CASES} == {path.relative_to(ROOT).as_posix() for path in programs}
    assert [case["expected"] for case in CASES if not (ROOT / case["expected"]).exists()] == []
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_every_program_begins_with_what_it_does_and_how_to_run_it() -> None:
    for case in CASES:
        first, *others = (ROOT / case["program"]).read_text().splitlines()
        assert first.startswith("// "), case["program"]
        comment = [line for line in others[:4] if line.startswith("// ")]
        run = re.compile(rf"// Run: wasmlathe run (--allow-read \S+ )?{re.escape(case['program'])}")
        assert any(run.match(line) for line in comment), case["program"]


def test_every_kernel_has_a_peer() -> None:
    kernels = {path.stem for path in (ROOT / "bench/programs").glob("*.tova")}
    assert {path.parent.name for path in (ROOT / "bench/peers/go").glob("*/main.go")} == kernels
