"""Binaryen is missing or does not fit: an error that names the command that mends it."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from wasmlathe.codegen import binaryen, pybinaryen_release
from wasmlathe.codegen.binaryen import BinaryenMissing, library


@pytest.fixture(autouse=True)
def fresh_library() -> Iterator[None]:
    library.cache_clear()
    yield
    library.cache_clear()


def test_a_release_that_does_not_match_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pybinaryen_release, "installed_version", lambda: 120)
    with pytest.raises(BinaryenMissing, match="does not match libbinaryen 120") as caught:
        library()
    assert caught.value.command.endswith("pybinaryen==1.120")


def test_a_version_without_a_release_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pybinaryen_release, "installed_version", lambda: 110)
    with pytest.raises(BinaryenMissing, match="no pybinaryen release matches") as caught:
        library()
    assert caught.value.command == pybinaryen_release.APT_COMMAND


def test_a_library_that_cannot_be_loaded_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "binaryen":
            print("Cannot find a symbol", file=sys.stderr)
            raise ImportError("undefined symbol")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(BinaryenMissing, match="undefined symbol") as caught:
        library()
    assert "pip install --force-reinstall pybinaryen==" in caught.value.command
    assert capfd.readouterr().err == ""


def test_without_libbinaryen_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pybinaryen_release, "installed_version", lambda: None)
    monkeypatch.setitem(sys.modules, "binaryen", None)
    with pytest.raises(BinaryenMissing) as caught:
        binaryen.BinaryenModule()
    assert caught.value.command == pybinaryen_release.APT_COMMAND
