"""The run folder and the small files that live on between runs. Every atomic write goes through here.

One decision to know: a folder is written beside its final name and renamed when whole, so a run that
fails leaves nothing half-written and nothing overwritten.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from siteplan.errors import RunLockedError, SiteplanError

_LOCK = ".siteplan.lock"
_LOCKED_FILE = (
    "{path}: 无法写入，若在 Excel 等程序中打开请关闭后重试 / "
    "cannot be written; close it if it is open in Excel: {why}"
)
_BOM = "\ufeff".encode()
_KEY_MARK = "R"
"""Written before keys, so that a spreadsheet does not read 3:1 as a time."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, or of its parts when it is a folder (FileGDB).

    Parameters
    ----------
    path
        File or folder.

    Returns
    -------
    str
        Hexadecimal digest.
    """
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
        raise RunLockedError(f"{target}: 已存在，请换一个 --out / exists already, choose another --out")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise RunLockedError(f"{target}: 无法写入 / cannot be written: {error.strerror}") from error
    try:
        yield work
        work.chmod(0o755)
        _swap(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(work: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if target.exists():
            target.rename(old)
        work.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise RunLockedError(
            f"{target}: 文件可能正在被 Excel 等程序打开，请关闭后重试 / "
            f"a file in it may be open elsewhere, close it and retry: {error.strerror}"
        ) from error
    shutil.rmtree(old, ignore_errors=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Write one file whole or not at all.

    Parameters
    ----------
    path
        Final name.
    content
        What it shall hold.

    Raises
    ------
    RunLockedError
        If the file cannot be written.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise RunLockedError(_LOCKED_FILE.format(path=path, why=error.strerror)) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def project_lock(folder: Path) -> Iterator[None]:
    """Hold a project while ids are assigned and outputs appear.

    The file names host and process; a lock whose process is gone from this host is taken over.

    Parameters
    ----------
    folder
        Project folder.

    Raises
    ------
    RunLockedError
        If another run holds it; the message names the file to delete after a crash.
    """
    path = folder / _LOCK
    handle = _take(path)
    try:
        os.write(handle, f"{socket.gethostname()}:{os.getpid()}".encode())
        os.fsync(handle)
        yield
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)


def _take(path: Path) -> int:
    """Handle of a fresh lock file, after one attempt to clear a stale one."""
    for attempt in (1, 2):
        try:
            return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError as error:
            if attempt == 1 and _cleared(path):
                continue
            raise RunLockedError(
                f"{path}: 另一个规划正在写入；若确认没有，请删除该文件 / "
                "another run is writing; delete this file if none is"
            ) from error
        except OSError as error:
            raise RunLockedError(f"{path}: 无法写入 / cannot be written: {error.strerror}") from error
    raise RunLockedError(str(path))


def _cleared(path: Path) -> bool:
    """Whether a stale lock was removed; unsure means it was not."""
    try:
        if os.name != "nt" and not _owner_is_gone(path.read_text()):
            return False
        path.unlink()  # Windows refuses while the owner, who keeps it open, is alive
    except (OSError, UnicodeDecodeError):
        return False
    return True


def _owner_is_gone(text: str) -> bool:
    host, _, pid = text.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit() or int(pid) <= 0:
        return False
    try:
        os.kill(int(pid), 0)
    except OSError as error:
        return error.errno == errno.ESRCH
    return False


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
        raise RunLockedError(_LOCKED_FILE.format(path=path, why=error.strerror)) from error


def read_registry(path: Path) -> dict[str, str]:
    """Ids assigned so far.

    Parameters
    ----------
    path
        ``candidate_ids.csv``; absent means none.

    Returns
    -------
    dict
        Candidate id by key.

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
        raise SiteplanError(
            f"{path}: 候选编号表已损坏，应为 UTF-8（带 BOM）的 key,candidate_id 两列；请从备份恢复，"
            "不要删除 / "
            "the table of ids is damaged, it needs the columns key,candidate_id in UTF-8 with BOM; restore "
            "it from a backup, do not delete it"
        ) from error


def write_registry(path: Path, ids: dict[str, str]) -> None:
    """Keep assigned ids, in id order.

    Parameters
    ----------
    path
        ``candidate_ids.csv``.
    ids
        Candidate id by key.
    """
    rows = sorted(((_KEY_MARK + key, given) for key, given in ids.items()), key=lambda pair: pair[1])
    write_atomic(path, csv_bytes(("key", "candidate_id"), rows))


def csv_bytes(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """CSV that Excel opens right: UTF-8 with BOM, CRLF.

    Parameters
    ----------
    header
        Column names.
    rows
        Values, one sequence a row.

    Returns
    -------
    bytes
        The file's content.

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
