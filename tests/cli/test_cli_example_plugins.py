"""The plugins in `examples/plugins` as their users meet them: installed, as files, and through a configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wasmlathe.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples" / "plugins"
FAST_MATH = EXAMPLES / "fast-math"
HALVES = "fn half(x) { x / 2.0 }\nfn main() { if half(3.0) == 1.5 { 7 } else { 8 } }\n"


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which the distribution is installed, as far as Python's metadata can tell."""
    info = tmp_path / "site" / "wasmlathe_fast_math-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wasmlathe-fast-math\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[wasmlathe.plugins]\nfast-math = wasmlathe_fast_math\n")
    shutil.copy(FAST_MATH / "wasmlathe_fast_math.py", tmp_path / "site")
    (tmp_path / "program.tova").write_text(HALVES)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site")}


def run(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wasmlathe", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment, cwd=folder)


def test_the_tests_of_the_distribution_pass() -> None:
    environment = {**os.environ, "PYTHONPATH": str(FAST_MATH)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment, cwd=FAST_MATH
    )
    assert ended.returncode == 0, ended.stdout


def test_an_installed_plugin_is_listed_and_does_nothing_unasked(installed: dict[str, str], tmp_path: Path) -> None:
    listed = run(installed, tmp_path, "plugins")
    assert "fast-math  wasmlathe-fast-math 0.1.0  (used where a pipeline or --plugin names it)" in listed.stdout
    plain = run(installed, tmp_path, "ir", "program.tova", "-O0")
    assert "f64.div" in plain.stdout
    asked = run(installed, tmp_path, "ir", "program.tova", "-O0", "--plugin", "fast-math")
    assert "f64.div" not in asked.stdout
    assert run(installed, tmp_path, "run", "program.tova", "--plugin", "fast-math").returncode == 7


def test_the_configuration_of_the_examples_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "plugins")
    monkeypatch.chdir(tmp_path / "plugins")
    Path("program.tova").write_text(HALVES)
    assert main(["build", "program.tova", "-o", "out", "--pipeline", "watched"]) == 0
    assert "program.growth.txt" in os.listdir("out")
