"""Optimized functions in the user's cache folder: one database, as a program has hundreds of small entries.

    <root>/functions/entries.sqlite     entries(key, used, sealed value)

What a compilation adds is written in one transaction when it ends. Nothing here raises for a database that is locked, damaged
or cannot be written: then functions are optimized again. A damaged database is removed, and so is a damaged entry.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from .cache import DATABASES, Cache
from .sealed import seal, unseal

if TYPE_CHECKING:
    import sqlite3

_FILE = "entries.sqlite"
_KEEP = 0.7  # an eviction frees more than it must, so that the next compilations do not evict again
_PATIENCE_SECONDS = 2.0
#: Times of use are rounded to this: a compilation that finds everything used an hour ago writes nothing.
_GRAIN_SECONDS = 3600
_CREATE = """
create table if not exists entries (key blob primary key, used integer not null, size integer not null, value blob not null);
create index if not exists by_use on entries (used, size);
"""


class FunctionCache:
    """Sealed bytes by key, for one compilation."""

    def __init__(self, cache: Cache, limit_bytes: int | None = None) -> None:
        """By default a quarter of what the folder may hold."""
        self._path = os.path.join(cache.root, DATABASES, _FILE)
        self._limit_bytes = limit_bytes if limit_bytes is not None else cache.limit_bytes // 4
        self._new: dict[bytes, bytes] = {}
        self._touched: list[bytes] = []
        self._now = int(time.time()) // _GRAIN_SECONDS * _GRAIN_SECONDS
        self._database = self._open() if cache.problem() is None else None
        #: How many entries were asked for and found.
        self.found = 0
        self.missed = 0

    def get(self, key: bytes) -> bytes | None:
        """The value kept under `key`, if it is whole."""
        value = self._new.get(key) or self._read(key)
        if value is None:
            self.missed += 1
        else:
            self.found += 1
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value`, once `close` is called."""
        self._new[key] = value

    def discard(self, key: bytes) -> None:
        """Forget an entry that turned out to be of no use."""
        self._new.pop(key, None)
        self._do("delete from entries where key = ?", (key,))

    def close(self) -> None:
        """Write what is new, and make room for it."""
        if self._database is None:
            return
        import sqlite3

        rows = [(key, self._now, len(value), seal(value)) for key, value in self._new.items()]
        try:
            with self._database:
                if self._touched:
                    uses = [(self._now, key) for key in self._touched]
                    self._database.executemany("update entries set used = ? where key = ?", uses)
                if rows:
                    self._database.executemany("insert or replace into entries values (?, ?, ?, ?)", rows)
                    self._evict(self._database)
            self._database.close()
        except sqlite3.DatabaseError as error:
            self._give_up(error)
        self._database = None

    def _open(self) -> sqlite3.Connection | None:
        try:
            import sqlite3
        except ImportError:  # an interpreter built without it
            return None
        for _attempt in range(2):
            try:
                os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
                database = sqlite3.connect(self._path, timeout=_PATIENCE_SECONDS)
                # What a crash of the machine may damage is found by the seals, and can be made again.
                database.execute("pragma synchronous = off")
                if not database.execute("select 1 from sqlite_master where name = 'by_use'").fetchone():
                    database.executescript(_CREATE)
                return database
            except sqlite3.OperationalError:  # locked, or a folder that cannot be written
                return None
            except sqlite3.DatabaseError:  # no database at all
                self._remove()
            except OSError:
                return None
        return None

    def _read(self, key: bytes) -> bytes | None:
        row = self._do("select value, used from entries where key = ?", (key,))
        if row is None:
            return None
        value = unseal(row[0]) if isinstance(row[0], bytes) else None
        if value is None:
            self.discard(key)
            return None
        if row[1] < self._now:
            self._touched.append(key)
        return bytes(value)

    def _do(self, statement: str, values: tuple[object, ...]) -> tuple[bytes, int] | None:
        if self._database is None:
            return None
        import sqlite3

        try:
            found: tuple[bytes, int] | None = self._database.execute(statement, values).fetchone()
            return found
        except sqlite3.DatabaseError as error:
            self._give_up(error)
            return None

    def _evict(self, database: sqlite3.Connection) -> None:
        """Remove what was not used for the longest time if there are too many bytes."""
        (total,) = database.execute("select total(size) from entries").fetchone()
        if total <= self._limit_bytes:
            return
        goal = self._limit_bytes * _KEEP
        doomed = []
        for row, size in database.execute("select rowid, size from entries order by used, rowid"):
            if total <= goal:
                break
            doomed.append((row,))
            total -= size
        database.executemany("delete from entries where rowid = ?", doomed)

    def _give_up(self, error: Exception) -> None:
        """Do without the database from now on; a damaged one is removed."""
        import sqlite3

        database, self._database = self._database, None
        if database is not None:
            database.close()
        if not isinstance(error, sqlite3.OperationalError):
            self._remove()

    def _remove(self) -> None:
        for path in (self._path, f"{self._path}-journal"):
            try:
                os.unlink(path)
            except OSError:
                pass


def count(cache: Cache) -> int:
    """How many optimized functions are kept."""
    path = os.path.join(cache.root, DATABASES, _FILE)
    if cache.problem() is not None or not os.path.exists(path):
        return 0
    functions = FunctionCache(cache)
    row = functions._do("select count(*), 0 from entries", ())
    functions.close()
    return int(row[0]) if row is not None else 0
