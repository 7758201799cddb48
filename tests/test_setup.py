"""Set-up and doctor: what they do where something is missing."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wasmlathe import cache, doctor
from wasmlathe.codegen import pybinaryen_release
from wasmlathe.doctor import Check, State

ROOT = Path(__file__).resolve().parent.parent
RELEASE_SCRIPT = ROOT / "toolchain/codegen/pybinaryen_release.py"


# ---- the release table ----


@pytest.mark.parametrize(
    ("version", "release"), [(108, "1.11"), (112, "1.112"), (116, "1.116"), (120, "1.120"), (124, "1.124")]
)
def test_release_for(version: int, release: str) -> None:
    assert pybinaryen_release.release_for(version) == release


@pytest.mark.parametrize("version", [1, 107, 109, 111])
def test_a_version_without_a_release_is_refused_with_a_command(version: int) -> None:
    with pytest.raises(pybinaryen_release.NoMatchingRelease, match=rf"libbinaryen {version} .*apt-get install"):
        pybinaryen_release.release_for(version)


@pytest.mark.parametrize(
    ("text", "version"),
    [("108-1", 108), ("120-4+b1", 120), ("wasm-opt version 108", 108), ("wasm-opt version 112 (version_112)\n", 112)],
)
def test_parse_version(text: str, version: int) -> None:
    assert pybinaryen_release.parse_version(text) == version


def test_parse_version_of_nothing() -> None:
    assert pybinaryen_release.parse_version("") is None


def run_release_script(path: str) -> subprocess.CompletedProcess[str]:
    """Run it as set-up does: by its path, without the package, with nothing else on PATH."""
    return subprocess.run(
        [sys.executable, "-IS", RELEASE_SCRIPT], capture_output=True, text=True, check=False, env={"PATH": path}
    )


def fake_tool(folder: Path, name: str, answer: str) -> None:
    tool = folder / name
    tool.write_text(f"#!/bin/sh\n{answer}\n")
    tool.chmod(0o755)


def test_the_script_prints_what_pip_takes(tmp_path: Path) -> None:
    fake_tool(tmp_path, "dpkg-query", "printf 120-4")
    ended = run_release_script(str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "pybinaryen==1.120\n")


def test_the_script_asks_wasm_opt_where_there_is_no_package(tmp_path: Path) -> None:
    fake_tool(tmp_path, "dpkg-query", "echo no package found matching binaryen >&2; exit 1")
    fake_tool(tmp_path, "wasm-opt", "echo 'wasm-opt version 108'")
    ended = run_release_script(str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "pybinaryen==1.11\n")


def test_the_script_without_libbinaryen_names_the_command(tmp_path: Path) -> None:
    ended = run_release_script(str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "apt-get install -y binaryen" in ended.stderr
    assert "Traceback" not in ended.stderr


# ---- doctor ----


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The releases that the doctor sees; every native library imports, and libbinaryen 108 is there."""
    releases = {
        "pybinaryen": "1.11",
        "wasmtime": "50.0.1",
        "pluggy": "1.7.0",
        "click": "8.1.7",
        "rich": "13.0",
        "tomli": "2.0",
    }

    def version(name: str) -> str:
        if name not in releases:
            raise importlib.metadata.PackageNotFoundError(name)
        return releases[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(doctor, "import_problem", lambda module: None)
    monkeypatch.setattr(pybinaryen_release, "installed_version", lambda: 108)
    return releases


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    root = tmp_path / "cache"
    monkeypatch.setenv(cache.LOCATION, str(root))
    return root


def check_named(name: str) -> Check:
    return next(check for check in doctor.report() if check.name == name)


def test_doctor_where_all_parts_fit(installed: dict[str, str]) -> None:
    checks = [check for check in doctor.report() if not check.name.startswith("plugin")]
    assert doctor.is_healthy(checks)
    assert not any(check.mend for check in checks)
    assert doctor.render(checks).endswith("all parts fit")


def test_doctor_names_the_release_that_matches(installed: dict[str, str]) -> None:
    installed["pybinaryen"] = "1.124"
    check = check_named("pybinaryen")
    assert check.state is State.FAILED
    assert check.found == "1.124 does not match libbinaryen 108"
    assert check.mend == f"{sys.executable} -m pip install pybinaryen==1.11"


def test_doctor_without_libbinaryen(installed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pybinaryen_release, "installed_version", lambda: None)
    assert check_named("libbinaryen").mend == pybinaryen_release.APT_COMMAND
    assert check_named("pybinaryen").mend == pybinaryen_release.APT_COMMAND


def test_doctor_of_a_pybinaryen_that_matches_but_does_not_import(
    installed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "import_problem", lambda module: "OSError: cannot load library")
    check = check_named("pybinaryen")
    assert check.state is State.FAILED
    assert "OSError: cannot load library" in check.found
    assert check.mend is not None
    assert check.mend.endswith("pip install --force-reinstall pybinaryen==1.11")


@pytest.mark.parametrize("name", ["pybinaryen", "wasmtime", "pluggy", "click", "rich", "tomli"])
def test_doctor_of_a_missing_library(installed: dict[str, str], name: str) -> None:
    del installed[name]
    check = check_named(name)
    assert (check.state, check.found) == (State.FAILED, "not installed")
    assert check.mend is not None
    assert f"-m pip install '{name}" in check.mend or f"-m pip install {name}" in check.mend
    assert not doctor.is_healthy(doctor.report())


@pytest.mark.parametrize("release", ["49.0.0", "51.0.0"])
def test_doctor_of_a_library_outside_of_its_range(installed: dict[str, str], release: str) -> None:
    installed["wasmtime"] = release
    check = check_named("wasmtime")
    assert check.state is State.FAILED
    assert check.found.startswith(f"{release}, but wasmtime")


def test_doctor_without_any_tool_on_the_path(installed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    states = {check.name: check.state for check in doctor.report()}
    assert {states[name] for name in doctor.PEERS} == {State.ABSENT}
    assert states["c compiler"] is State.ABSENT  # pybinaryen is there already


def test_doctor_wants_a_compiler_where_pybinaryen_is_to_be_built(
    installed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del installed["pybinaryen"]
    monkeypatch.setenv("PATH", "/nonexistent")
    check = check_named("c compiler")
    assert check.state is State.FAILED
    assert check.mend is not None
    assert check.mend.startswith("apt-get install -y gcc")


def test_doctor_of_a_plugin_that_does_not_load(installed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = importlib.metadata.EntryPoint("twister", "no_such_module:plugin", doctor.PLUGIN_GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [broken])
    check = check_named("plugin twister")
    assert check.state is State.FAILED
    assert "No module named 'no_such_module'" in check.found


def test_doctor_of_a_cache_that_cannot_be_made(installed: dict[str, str], own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    check = check_named("cache")
    assert check.state is State.FAILED
    assert check.mend is not None
    assert check.mend.startswith(f"export {cache.LOCATION}=")


def test_import_problem_says_why_in_one_line() -> None:
    assert doctor.import_problem("sys") is None
    assert doctor.import_problem("no_such_module") == "ModuleNotFoundError: No module named 'no_such_module'"


@pytest.mark.parametrize(
    ("version", "range_text", "fits"),
    [
        ("8.1", ">=8.1,<9", True),
        ("8.10.1", ">=8.1,<9", True),
        ("8.0.9", ">=8.1,<9", False),
        ("9.0", ">=8.1,<9", False),
        ("1", "", True),
    ],
)
def test_is_within(version: str, range_text: str, fits: bool) -> None:
    assert doctor.is_within(version, range_text) is fits


def test_every_failed_check_is_rendered_with_its_command() -> None:
    text = doctor.render([Check("one", State.OK, "fine"), Check("two", State.FAILED, "gone", "mend --it")])
    assert text.splitlines() == [
        "  ok  one  fine",
        "FAIL  two  gone",
        "           run: mend --it",
        "1 of 2 checks failed",
    ]


# ---- make and setup.sh ----


def test_every_target_of_the_makefile_is_documented() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert targets is not None
    documented = re.findall(r"^([a-z]+):  ## \S", text, re.MULTILINE)
    assert sorted(documented) == sorted(targets[1].split())


def test_setup_without_root_names_the_command_and_changes_nothing(tmp_path: Path) -> None:
    """On a PATH with python and the shell's own tools, but no compiler, no apt-get and no sudo."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cksum", "cat", "tr", "id"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").symlink_to(sys.executable)
    clone = tmp_path / "clone"
    (clone / "toolchain/codegen").mkdir(parents=True)
    for name in ("setup.sh", "pyproject.toml", "toolchain/codegen/pybinaryen_release.py"):
        shutil.copy(ROOT / name, clone / name)
    before = sorted(clone.rglob("*"))
    ended = subprocess.run(
        ["./setup.sh"], cwd=clone, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert re.search(r"su -c 'apt-get update && apt-get install -y .*gcc libc6-dev'", ended.stderr)
    assert sorted(clone.rglob("*")) == before


def test_setup_refuses_an_unknown_word() -> None:
    ended = subprocess.run([ROOT / "setup.sh", "everything"], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "usage" in ended.stderr


def test_continuous_integration_runs_the_tests() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
