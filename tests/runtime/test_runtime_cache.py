"""The cache: what it keeps, what it does about damage, other processes and folders it cannot use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from wasmlathe import cache as caches
from wasmlathe.cache import Cache, key
from wasmlathe.fingerprint import fingerprint
from wasmlathe.wasm_runtime.engine import NATIVE_KIND, Limits, run
from wat_programs import HELLO, program


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "kept"))


def only_file(cache: Cache, kind: str) -> Path:
    (path,) = (Path(cache.root) / kind).iterdir()
    return path


def test_kept_bytes_come_back(cache):
    assert cache.get("things", "a") is None
    assert cache.put("things", "a", b"payload")
    assert cache.get("things", "a") == b"payload"
    assert cache.get("things", "b") is None
    assert cache.get("others", "a") is None


def test_empty_bytes_are_kept_too(cache):
    cache.put("things", "a", b"")
    assert cache.get("things", "a") == b""


def test_a_file_begins_with_the_payload(cache):
    cache.put("things", "a", b"payload")
    assert Path(cache.file("things", "a")).read_bytes().startswith(b"payload")


def test_keys_depend_on_every_part_and_on_their_borders():
    assert key("ab", "c") != key("a", "bc")
    assert key("a") != key("a", "")
    assert key("a", b"b") == key(b"a", "b")
    assert key("\ud800")  # a file name that is no Unicode


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"", lambda data: b"X" + data[1:], lambda _: b"?" * 99]
)
def test_damaged_entries_are_absent_and_replaced(cache, damage):
    cache.put("things", "a", b"payload")
    path = only_file(cache, "things")
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get("things", "a") is None
    cache.put("things", "a", b"payload")
    assert cache.get("things", "a") == b"payload"


def test_the_folder_is_the_users_alone(cache):
    cache.put("things", "a", b"payload")
    assert Path(cache.root).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_write_is_not_used(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    cache = Cache(str(tmp_path / "open"))
    assert not cache.put("things", "a", b"payload")
    assert cache.get("things", "a") is None
    assert "can be written by other users" in cache.info().problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    cache = Cache(str(tmp_path / "theirs"))
    assert not cache.put("things", "a", b"payload")
    assert "belongs to another user" in cache.info().problem


def test_a_root_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = Cache(str(tmp_path / "file" / "below"))
    assert not cache.put("things", "a", b"payload")
    assert cache.get("things", "a") is None
    assert cache.clear() == (0, 0)
    assert run_hello(cache) == 0


def test_a_cache_that_is_off_keeps_nothing():
    cache = Cache.off()
    assert not cache.put("things", "a", b"payload")
    assert cache.info().problem == "switched off"


def test_the_root_follows_the_environment(monkeypatch):
    monkeypatch.setenv("WASMLATHE_CACHE", "/one")
    assert Cache().root == "/one"
    monkeypatch.delenv("WASMLATHE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert Cache().root == "/two/wasmlathe"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/three")
    assert Cache().root == "/three/.cache/wasmlathe"


def test_info_counts_and_clear_removes(cache):
    cache.put("things", "a", b"1")
    cache.put("others", "b", b"2")
    info = cache.info()
    assert (info.entries, info.problem, info.root) == (2, None, cache.root)
    assert cache.clear() == (2, info.size_bytes)
    assert cache.info().entries == 0
    assert cache.get("things", "a") is None


def test_the_least_recently_used_entries_go_first(tmp_path):
    cache = Cache(str(tmp_path / "kept"), limit_bytes=5000)
    for age, name in enumerate("edcba"):
        cache.put("things", name, bytes(900))
        os.utime(Path(cache.root) / "things" / name, (1000 + age, 1000 + age))
    assert cache.get("things", "e") is not None  # the oldest, but used just now
    cache.put("things", "f", bytes(900))
    kept = {name for name in "abcdef" if cache.get("things", name) is not None}
    assert kept == {"a", "b", "e", "f"}


def test_what_a_dead_process_left_is_removed_later(cache):
    cache.put("things", "a", b"1")
    left = Path(cache.root) / "things" / ".b.123.abcd"
    left.write_bytes(b"half")
    os.utime(left, (1000, 1000))
    cache.put("things", "c", b"2")
    assert not left.exists()
    assert cache.get("things", "a") == b"1"


def test_processes_that_write_and_read_at_once_see_whole_entries(cache):
    script = f"""
from wasmlathe.cache import Cache
cache = Cache({cache.root!r})
for turn in range(150):
    data = cache.get("things", "shared")
    assert data is None or (len(data) == 50_000 and len(set(data)) == 1), "torn"
    cache.put("things", "shared", bytes([turn % 256]) * 50_000)
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert [path.name for path in (Path(cache.root) / "things").iterdir()] == ["shared"]


# Native code


def run_hello(cache: Cache, **options) -> int:
    with open(os.devnull, "w") as out:
        return run(program(HELLO), stdout=out, cache=cache, **options)


def test_native_code_is_compiled_once(cache):
    run_hello(cache)
    path = only_file(cache, NATIVE_KIND)
    before = path.stat().st_ino
    run_hello(cache)
    assert only_file(cache, NATIVE_KIND).stat().st_ino == before


def test_damaged_native_code_is_compiled_again(cache):
    run_hello(cache)
    path = only_file(cache, NATIVE_KIND)
    data = path.read_bytes()
    path.write_bytes(data[:5000] + bytes(100) + data[5100:])
    assert run_hello(cache) == 0
    assert path.read_bytes() == data


def test_native_code_that_wasmtime_does_not_know_is_compiled_again(cache):
    run_hello(cache)
    name = only_file(cache, NATIVE_KIND).name
    cache.put(NATIVE_KIND, name, b"sealed, but no code")
    assert run_hello(cache) == 0
    assert len(cache.get(NATIVE_KIND, name)) > 1000


def test_a_time_limit_has_native_code_of_its_own(cache):
    run_hello(cache)
    run_hello(cache, limits=Limits(timeout_seconds=60))
    assert cache.info().entries == 2


def test_the_fingerprint_is_stable_and_sees_an_edit(monkeypatch, tmp_path):
    from wasmlathe import fingerprint as module

    assert fingerprint() == fingerprint()
    (tmp_path / "source.py").write_text("x = 1")
    monkeypatch.setattr(module, "_own_folders", lambda: [str(tmp_path)])
    before = fingerprint()
    (tmp_path / "source.py").write_text("x = 22")
    assert fingerprint() != before


def test_the_fingerprint_sees_an_installed_plugin(monkeypatch, tmp_path):
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    before = fingerprint()
    (site / "plugin.py").write_text("")
    os.utime(site, ns=(1, 1))
    assert fingerprint() != before


def test_the_limit_is_what_the_manual_says():
    assert caches.LIMIT_BYTES == 512 * 1024 * 1024
