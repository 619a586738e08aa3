"""The run folder and the small files that live on between runs. Every atomic write goes through here.

A folder is written beside its final name and renamed when whole, so a run that
fails leaves nothing half-written and nothing overwritten.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from siteplan.core.errors import RunLockedError, SiteplanError

_LOCK = ".siteplan.lock"
_PART, _OLD = ".part", ".old"
"""Ends of names of what is being written, and of what gives way to it."""
_BOM = "\ufeff".encode()
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
"""Full-width signs count too: a Chinese Excel reads them as the plain ones."""
_KEY_MARK = "R"
"""Written before keys, so that a spreadsheet does not read 3:1 as a time."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, or of its parts when it is a folder (FileGDB)."""
    digest = hashlib.sha256()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def atomic_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder that appears whole or not at all.

    Parameters
    ----------
    target
        Final name; its parent is created.
    replace
        Whether an existing folder of that name gives way when all went well.

    Yields
    ------
    Path
        The temporary folder to write into.

    Raises
    ------
    RunLockedError
        If the target exists (and ``replace`` is False), or cannot be written.
    """
    if target.exists() and not replace:
        raise RunLockedError("folder_exists", path=str(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=_PART, dir=target.parent))
    except OSError as error:
        raise RunLockedError("cannot_write", path=str(target), detail=str(error.strerror)) from error
    try:
        yield work
        work.chmod(0o755)
        _swap(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(work: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}{_OLD}")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if target.exists():
            target.rename(old)
        work.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise RunLockedError("open_elsewhere", path=str(target), detail=str(error.strerror)) from error
    shutil.rmtree(old, ignore_errors=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Write one file whole or not at all.

    Raises
    ------
    RunLockedError
        If the file cannot be written.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise RunLockedError("file_locked", path=str(path), detail=str(error.strerror)) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def project_lock(folder: Path) -> Iterator[None]:
    """Hold a project while ids are assigned, the journal grows and outputs appear.

    The operating system holds the lock, so that it ends with its process, however that ends. What a killed
    run left lying about is cleared away.

    Raises
    ------
    RunLockedError
        If another run holds it, or the folder cannot be written.
    """
    path = folder / _LOCK
    lock = FileLock(path, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise RunLockedError("project_locked", path=str(path)) from error
    except OSError as error:
        raise RunLockedError("cannot_write", path=str(path), detail=str(error)) from error
    try:
        clear_leftovers(folder)
        yield
    finally:
        lock.release()


def clear_leftovers(folder: Path) -> None:
    """Remove what a killed run left in a folder, and give back what it was about to replace.

    Parameters
    ----------
    folder
        Of a project or of runs; absent is fine. Only call it under the project's lock.
    """
    for old in sorted(folder.glob(f".*{_OLD}")):
        target = old.with_name(old.name[1 : -len(_OLD)])
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                old.rename(target)
    for part in sorted(folder.glob(f".*{_PART}")):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                part.unlink()


def require_writable(path: Path) -> None:
    """Raise now, not after minutes of work, when a file is open elsewhere.

    Parameters
    ----------
    path
        An existing file, or one that is not there yet.

    Raises
    ------
    RunLockedError
        If it exists and cannot be opened for writing.
    """
    try:
        if path.exists():
            path.open("r+b").close()
    except OSError as error:
        raise RunLockedError("file_locked", path=str(path), detail=str(error.strerror)) from error


def read_registry(path: Path) -> dict[str, str]:
    """Ids assigned so far.

    Raises
    ------
    SiteplanError
        If the file has lost its columns or its encoding.
    """
    if not path.exists():
        return {}
    content = path.read_bytes()
    try:
        if not content.startswith(_BOM):
            raise KeyError("BOM")
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return {row["key"].removeprefix(_KEY_MARK): row["candidate_id"] for row in rows}
    except (KeyError, UnicodeDecodeError) as error:
        raise SiteplanError("registry_damaged", path=str(path)) from error


def write_registry(path: Path, ids: dict[str, str]) -> None:
    """Keep assigned ids, in id order."""
    rows = sorted(((_KEY_MARK + key, given) for key, given in ids.items()), key=lambda pair: pair[1])
    write_atomic(path, csv_bytes(("key", "candidate_id"), rows))


def csv_bytes(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """CSV that Excel opens right: UTF-8 with BOM, CRLF.

    Examples
    --------
    >>> csv_bytes(["村"], [["五里亭"]]).decode("utf-8-sig")
    '村\\r\\n五里亭\\r\\n'
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


def read_lines(path: Path) -> tuple[str, ...]:
    """Lines of a text file that only grows.

    Returns
    -------
    tuple of str
        Without line ends; empty lines are dropped.

    Raises
    ------
    SiteplanError
        If it is no UTF-8 text or cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SiteplanError("lines_unreadable", path=str(path), detail=str(error)) from error
    return tuple(line for line in text.replace("\r\n", "\n").split("\n") if line.strip())


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Add lines to the end of a text file: all of them or none, and what was there stays byte for byte.

    Raises
    ------
    RunLockedError
        If the file cannot be written.
    """
    if not lines:
        return
    try:
        before = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise RunLockedError("file_locked", path=str(path), detail=str(error.strerror)) from error
    end = b"" if not before or before.endswith(b"\n") else b"\n"
    write_atomic(path, before + end + "".join(f"{line}\n" for line in lines).encode())


def inert(value: object) -> object:
    """A cell that no spreadsheet runs.

    Returns
    -------
    object
        Text starting with a formula sign (or an apostrophe) gets an apostrophe before it.

    Examples
    --------
    >>> inert("=cmd|' /C calc'!A0"), inert("坪石镇"), inert(-3.5)
    ("'=cmd|' /C calc'!A0", '坪石镇', -3.5)
    """
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def restored(cell: str) -> str:
    """Text as it was before :func:`inert`.

    Returns
    -------
    str
        Without the apostrophe that stands before a formula sign or another apostrophe.

    Examples
    --------
    >>> restored("'=1+1"), restored("''s-Gravenhage"), restored("'s-Gravenhage")
    ('=1+1', "'s-Gravenhage", "'s-Gravenhage")
    """
    is_marked = cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS)
    return cell[1:] if is_marked else cell
