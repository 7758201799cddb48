"""A content-addressed cache in the user's cache folder.

    <root>/<kind>/<key>      sealed bytes (wasmlathe.sealed); the key says everything that the content depends on

Writing is a temporary file and a rename, so concurrent processes see whole entries or none. Damaged entries are as good
as absent and get replaced. A folder that cannot be used (read-only, or not ours) means that nothing is kept, not that
anything fails. It has to be ours alone to write: native code is mapped from here and run.
"""

from __future__ import annotations

import os

from wasmlathe.sealed import new_digest, seal, unseal

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Iterator

LOCATION = "WASMLATHE_CACHE"
LIMIT_BYTES = 512 << 20
#: The folder of what is no entry but a database of many (`function_cache.py`).
DATABASES = "functions"
_KEEP = 0.8  # an eviction frees more than it must, so that the next writes do not evict again
_STALE_SECONDS = 3600.0  # older temporary files were left by a process that died
_OTHERS_MAY_WRITE = 0o022


def key(*parts: str | bytes) -> str:
    """A name for the content that depends on `parts`, and on nothing else."""
    state = new_digest(digest_size=20)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))  # so that ("ab", "c") is not ("a", "bc")
        state.update(data)
    return state.hexdigest()


def default_root() -> str:
    """Where the cache is: $WASMLATHE_CACHE, else wasmlathe in $XDG_CACHE_HOME or ~/.cache."""
    override = os.environ.get(LOCATION)
    if override:
        return override
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "wasmlathe")


class CacheInfo:
    """What `Cache.info` found. `problem` says why the cache is not used, if it is not."""

    __slots__ = ("entries", "limit_bytes", "problem", "root", "size_bytes")

    def __init__(self, root: str, problem: str | None, entries: int, size_bytes: int, limit_bytes: int) -> None:
        self.root = root
        self.problem = problem
        self.entries = entries
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class Cache:
    """Entries by kind and key. No method raises for a folder or file that cannot be used."""

    __slots__ = ("_checked", "_problem", "limit_bytes", "root")

    def __init__(self, root: str | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
        self.root = root if root is not None else default_root()
        self.limit_bytes = limit_bytes
        self._checked = False
        self._problem: str | None = None

    @classmethod
    def off(cls) -> Cache:
        """A cache that keeps nothing."""
        cache = cls("")
        cache._checked, cache._problem = True, "switched off"
        return cache

    def get(self, kind: str, name: str) -> bytes | None:
        """The bytes kept under `name`; None if there are none, or not whole."""
        found = self._read(kind, name)
        return found and bytes(found[1])

    def file(self, kind: str, name: str) -> str | None:
        """Path of a file that holds the bytes kept under `name`, and the seal behind them, to be mapped."""
        found = self._read(kind, name)
        return found and found[0]

    def put(self, kind: str, name: str, data: bytes) -> bool:
        """Keep `data`, replacing what was there; False if it could not be kept."""
        if self.problem() is not None:
            return False
        folder = os.path.join(self.root, kind)
        temporary = os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            with open(temporary, "xb") as file:
                file.write(seal(data))
            os.replace(temporary, os.path.join(folder, name))
        except OSError:  # full, read-only, or cleared under our hands: the next run compiles again
            _remove(temporary)
            return False
        self._evict()
        return True

    def discard(self, kind: str, name: str) -> None:
        """Forget an entry that turned out to be of no use."""
        if self.problem() is None:
            _remove(os.path.join(self.root, kind, name))

    def info(self) -> CacheInfo:
        sizes = {path: stat.st_size for path, stat in self._files()}
        entries = [path for path in sizes if os.path.basename(os.path.dirname(path)) != DATABASES]
        return CacheInfo(self.root, self.problem(), len(entries), sum(sizes.values()), self.limit_bytes)

    def clear(self) -> tuple[int, int]:
        """Remove all entries; how many there were, and their bytes."""
        removed = [stat.st_size for path, stat in self._files() if _remove(path)]
        return len(removed), sum(removed)

    def problem(self) -> str | None:
        """Why this cache cannot be used, or None. Creates the folder."""
        if not self._checked:
            self._problem = self._check()
            self._checked = True
        return self._problem

    def _check(self) -> str | None:
        try:
            try:
                status = os.stat(self.root)
            except FileNotFoundError:
                os.makedirs(self.root, mode=0o700, exist_ok=True)
                status = os.stat(self.root)
        except OSError as error:
            return f"{self.root}: {error.strerror}"
        if not hasattr(os, "geteuid"):  # Windows: the profile's folder is the user's own
            return None
        if status.st_uid != os.geteuid():
            return f"{self.root} belongs to another user"
        if status.st_mode & _OTHERS_MAY_WRITE:
            return f"{self.root} can be written by other users"
        return None

    def _read(self, kind: str, name: str) -> tuple[str, memoryview] | None:
        if self.problem() is not None:
            return None
        path = os.path.join(self.root, kind, name)
        try:
            with open(path, "rb", buffering=0) as file:
                payload = unseal(file.read())
        except OSError:
            return None
        if payload is None:
            _remove(path)
            return None
        try:
            os.utime(path)  # used just now: the least recently used entry goes first
        except OSError:
            pass  # a read-only cache is still a cache
        return path, payload

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        if self.problem() is not None:
            return
        for folder in _entries(self.root):
            if folder.is_dir(follow_symlinks=False):
                for entry in _entries(folder.path):
                    try:
                        yield entry.path, entry.stat(follow_symlinks=False)
                    except OSError:
                        continue  # removed by another process

    def _evict(self) -> None:
        """Remove the least recently used entries if there are too many bytes, and what dead processes left."""
        files = sorted(self._files(), key=lambda file: file[1].st_mtime)
        total = sum(stat.st_size for _path, stat in files)
        goal = total if total <= self.limit_bytes else self.limit_bytes * _KEEP
        newest = files[-1][1].st_mtime if files else 0.0
        for path, stat in files:
            stale = os.path.basename(path).startswith(".") and stat.st_mtime < newest - _STALE_SECONDS
            if stale or total > goal:
                total -= stat.st_size if _remove(path) else 0


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
