"""Where reduced footprints are kept between runs: small values by content hash, in one file.

A cache may vanish at any time. A file that cannot be opened or read is as good as an
empty one, and a run never fails because of it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_WRITE_FROM = 32 * 2**20
"""Bytes that wait in memory before they are written."""
MEMORY_MIB = 256.0
"""Room for one run without a file [MiB]."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL)
WITHOUT ROWID
"""


Entries = tuple[tuple[bytes, bytes], ...]
"""Keys and what is kept under them."""


class Cache(Protocol):
    """Where reduced footprints are kept: bytes by content hash."""

    def get(self, key: bytes) -> bytes | None:
        """What was put under a key, or None."""

    def has(self, key: bytes) -> bool:
        """Whether something is kept under a key; does not count as asking for it."""

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value; it may be dropped at any time."""

    @property
    def kept_share(self) -> float:
        """Share of what was asked for that had been kept."""


def kept_array(
    cache: Cache | None,
    content: bytes,
    shape: tuple[int, ...],
    make: Callable[[], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """An array by the content of everything it depends on.

    Parameters
    ----------
    cache
        Where to keep it; None makes it anew.
    content
        All that decides its values.
    shape
        Of the array.
    make
        Computes it.

    Returns
    -------
    ndarray
        float32; the very values whether kept or made.
    """
    if cache is None:
        return make()
    key = hashlib.blake2b(content, digest_size=16).digest()
    kept = cache.get(key)
    if kept is not None:
        return np.frombuffer(zlib.decompress(kept), dtype=np.float32).reshape(shape).copy()
    made = make()
    cache.put(key, zlib.compress(np.ascontiguousarray(made, dtype=np.float32).tobytes(), 1))
    return made


class MemoryCache:
    """Keeps footprints for one run, the latest used ones first.

    Parameters
    ----------
    limit_mib
        Size at which the oldest go [MiB].
    """

    def __init__(self, limit_mib: float = MEMORY_MIB) -> None:
        self._left = int(limit_mib * 2**20)
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._asked, self._found = 0, 0
        self._lock = Lock()

    def get(self, key: bytes) -> bytes | None:
        """What was put under a key, or None."""
        with self._lock:
            self._asked += 1
            if key in self._kept:
                self._found += 1
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def has(self, key: bytes) -> bool:
        """Whether something is kept under a key."""
        return key in self._kept

    @property
    def kept_share(self) -> float:
        """Share of what was asked for that had been kept."""
        return self._found / max(self._asked, 1)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value until newer ones need the room."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value
                self._left -= len(value)
            while self._left < 0:
                self._left += len(self._kept.popitem(last=False)[1])


class OutgoingCache(MemoryCache):
    """Keeps footprints on a worker until they are handed over to whoever keeps them for good."""

    def __init__(self, limit_mib: float = MEMORY_MIB) -> None:
        super().__init__(limit_mib)
        self._new: list[tuple[bytes, bytes]] = []

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value, and remember to hand it over."""
        super().put(key, value)
        self._new.append((key, value))

    def handed_over(self) -> Entries:
        """What was put since the last call."""
        new, self._new = tuple(self._new), []
        return new


class FileCache:
    """Keeps footprints in a file of the project; use as a context manager.

    Parameters
    ----------
    path
        The file; made when absent, made anew when damaged. Deleting it is always safe.
    limit_mib
        Size at which those not used for longest go [MiB].
    """

    def __init__(self, path: Path, limit_mib: float) -> None:
        self._path, self._limit = path, int(limit_mib * 2**20)
        self._lock = Lock()
        self._new: dict[bytes, bytes] = {}
        self._own: set[bytes] = set()
        self._waiting, self._run = 0, 1
        self._hits: set[bytes] = set()
        self._asked: set[bytes] = set()
        self._base: sqlite3.Connection | None = None

    def __enter__(self) -> FileCache:
        self._base = _opened(self._path)
        if self._base is not None:
            try:
                last = self._base.execute("SELECT COALESCE(MAX(used), 0) FROM kept").fetchone()[0]
                self._run = int(last) + 1
            except sqlite3.DatabaseError:  # damaged further in: as good as none
                self._base.close()
                self._base = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        base, self._base = self._base, None
        if base is None:
            return
        try:
            self._save(base)
        except sqlite3.Error:
            pass  # the disk is full or the file is locked: the next run computes again
        finally:
            base.close()

    @property
    def added(self) -> int:
        """Values computed in this run."""
        return len(self._own)

    @property
    def kept_share(self) -> float:
        """Share of what was asked for that earlier runs had kept."""
        return len(self._hits) / max(len(self._asked), 1)

    def get(self, key: bytes) -> bytes | None:
        """What was put under a key, in this run or an earlier one."""
        with self._lock:
            self._asked.add(key)
            if key in self._new:
                return self._new[key]
            if self._base is None:
                return None
            try:
                row = self._base.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
            except sqlite3.DatabaseError:
                return None
            if row is None:
                return None
            if key not in self._own:
                self._hits.add(key)
            return bytes(row[0])

    def has(self, key: bytes) -> bool:
        """Whether something is kept under a key, from this run or an earlier one."""
        with self._lock:
            if key in self._new or self._base is None:
                return key in self._new
            try:
                row = self._base.execute("SELECT 1 FROM kept WHERE key = ?", (key,)).fetchone()
            except sqlite3.DatabaseError:
                return False
            return row is not None

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value; it is written with others, and for good when the context ends."""
        with self._lock:
            self._new[key] = value
            self._own.add(key)
            self._waiting += len(value)
            if self._base is not None and self._waiting > _WRITE_FROM:
                try:
                    self._write(self._base)
                except sqlite3.Error:
                    self._waiting = 0  # tried again after as much more; until then memory holds them

    def _write(self, base: sqlite3.Connection) -> None:
        """Write what waits, so that memory does not hold all that a run computes."""
        rows = [(key, value, self._run) for key, value in sorted(self._new.items())]
        base.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
        self._new.clear()
        self._waiting = 0

    def _save(self, base: sqlite3.Connection) -> None:
        """Write what is new, mark what was used, and let the oldest go."""
        with base:
            base.executemany(
                "UPDATE kept SET used = ? WHERE key = ?", [(self._run, key) for key in sorted(self._hits)]
            )
            self._write(base)
            _let_go(base, self._limit)
        base.execute("PRAGMA incremental_vacuum")


def _opened(path: Path) -> sqlite3.Connection | None:
    """The file as a database: an old one, or a new one where that is damaged; None where neither works."""
    for attempt in (1, 2):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
        except (OSError, sqlite3.Error):
            return None
        try:
            base.execute("PRAGMA auto_vacuum = INCREMENTAL")
            base.execute("PRAGMA synchronous = OFF")
            base.execute(_SCHEMA)
            base.commit()
        except sqlite3.DatabaseError:
            base.close()
            if attempt == 2 or not _removed(path):
                return None
        else:
            return base
    return None


def _removed(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _let_go(base: sqlite3.Connection, limit: int) -> None:
    """Delete the values used longest ago until the rest fits."""
    over = int(base.execute("SELECT COALESCE(SUM(LENGTH(value)), 0) FROM kept").fetchone()[0]) - limit
    for key, size in base.execute("SELECT key, LENGTH(value) FROM kept ORDER BY used, key").fetchall():
        if over <= 0:
            return
        base.execute("DELETE FROM kept WHERE key = ?", (key,))
        over -= int(size)
