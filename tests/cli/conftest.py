from __future__ import annotations

from pathlib import Path

import pytest
from wasmlathe import quick
from wasmlathe.bytecode.base import obtain
from wasmlathe.cache import Cache, default_root

_USERS_CACHE = default_root()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or fills the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("WASMLATHE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def _cache_with_base(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("cache-with-base"))
    quick.store_base(Cache(folder), obtain(Cache(_USERS_CACHE)))
    return folder


@pytest.fixture
def base_in_cache(_own_cache: Path, _cache_with_base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache for tests of the VM: it has the base module, which takes seconds to build and to compile."""
    monkeypatch.setenv("WASMLATHE_CACHE", _cache_with_base)
