from __future__ import annotations

from collections.abc import Callable

import pytest
from wasmlathe.bench import dashboard, runners
from wasmlathe.bench.runners.peer import Peer


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the user's cache."""
    monkeypatch.setenv("WASMLATHE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the given peers the only ones there are."""

    def only(*known: Peer) -> None:
        table = {peer.name: peer for peer in known}
        monkeypatch.setattr(runners, "PEERS", table)
        monkeypatch.setattr(runners, "USUAL", tuple(table))
        monkeypatch.setattr(dashboard, "PEERS", table)

    return only
